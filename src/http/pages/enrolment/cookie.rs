//! The cookie that binds a link to a browser: 256 random bits, of which the server keeps a MAC.
//!
//! It is Lax rather than Strict: a Strict one is not sent when somebody comes from a mail, so that the signer who follows
//! the link a second time would look like somebody else. Lax ones come with top-level GETs only, which change nothing.
//! It is set when a link is looked at, not when it is first used: were it set by the first POST, a button that is pressed
//! twice would bind the link to a cookie that the browser then drops.

use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::http::pages::cookie::{Cookie, Lasting};
use crate::keys::sad::Sad;
use crate::model::error::Result;
use crate::model::secret::SecretText;

const COOKIE: Cookie =
    Cookie { secure_name: "__Host-countersign-enrolment", plain_name: "countersign-enrolment" };
/// As long as a link lives at most.
const LASTING: Lasting = Lasting::Seconds(604_800);

/// The browser's, if it is one that we could have given. All links in one browser share it.
pub(super) fn presented(app: &App, request: &HttpRequest) -> Option<SecretText> {
    COOKIE.presented(app, request).map(SecretText::new).find(|value| Sad::parse(value).is_ok())
}

/// The answer, with a new one.
pub(super) fn give(app: &App, answer: HttpResponse) -> Result<HttpResponse> {
    Ok(COOKIE.set(app, Sad::generate()?.text().expose(), LASTING, answer))
}

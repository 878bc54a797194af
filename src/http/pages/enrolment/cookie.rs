//! The cookie that binds a link to a browser: 256 random bits, of which the server keeps a MAC.
//!
//! It is Lax rather than Strict: a Strict one is not sent when somebody comes from a mail, so that the signer who follows
//! the link a second time would look like somebody else. Lax ones come with top-level GETs only, which change nothing.
//! It is set when a link is looked at, not when it is first used: were it set by the first POST, a button that is pressed
//! twice would bind the link to a cookie that the browser then drops.

use actix_web::http::header::{COOKIE, HeaderValue, InvalidHeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::keys::sad::Sad;
use crate::model::error::{Error, Result};
use crate::model::secret::SecretText;

/// As long as a link lives at most, in seconds.
const MAX_AGE: u32 = 604_800;

/// The browser's, if it is one that we could have given. All links in one browser share it.
pub(super) fn presented(app: &App, request: &HttpRequest) -> Option<SecretText> {
    let name = name(app);
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| SecretText::new(value))
        .find(|value| Sad::parse(value).is_ok())
}

/// A new one.
pub(super) fn give(app: &App, answer: &mut HttpResponse) -> Result<()> {
    let (name, value) = (name(app), Sad::generate()?.text());
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let text =
        format!("{name}={}; Path=/; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}", value.expose());
    let mut header =
        HeaderValue::from_str(&text).map_err(|error: InvalidHeaderValue| Error::internal(error))?;
    header.set_sensitive(true);
    answer.headers_mut().append(SET_COOKIE, header);
    Ok(())
}

/// The prefix has the browser see to it that nobody but this very host set it, over TLS (RFC 6265bis, 4.1.3.2).
fn name(app: &App) -> &'static str {
    if is_secure(app) { "__Host-countersign-enrolment" } else { "countersign-enrolment" }
}

fn is_secure(app: &App) -> bool {
    app.service.public_url.starts_with("https://")
}

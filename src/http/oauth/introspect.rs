//! `POST /oauth2/introspect` (RFC 7662).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::check_token::AskedToken;
use super::client::asker;
use super::form::Form;
use super::granted;
use super::refusal::{OAuthError, Refused};
use crate::app::App;
use crate::http::blocking;
use crate::oauth::introspect::{Introspection, introspect};

/// Introspect a token
///
/// An application sees its own tokens, an administrator those of its tenants; of any other token, and of one that is
/// not good, there is nothing to see but `{"active":false}`. Refresh tokens are answered so too: they are good at the
/// token endpoint only, and no resource is to take one for an access token.
#[utoipa::path(post, path = "/oauth2/introspect", tag = "oauth",
    request_body(content = AskedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Introspection),
        (status = 400, description = "`invalid_request`", body = OAuthError),
        (status = 401, description = "Client authentication failed", body = OAuthError),
    ))]
pub async fn token(app: Data<App>, http: HttpRequest, form: Form) -> Result<HttpResponse, Refused> {
    let asker = asker(&http, &form)?;
    let token = form.required("token")?.clone();
    let now = app.clock.now();
    let found = blocking::run(&app, move |app| introspect(&app.oauth, &asker, &token, now)).await?;
    Ok(granted(&found))
}

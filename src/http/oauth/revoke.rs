//! `POST /oauth2/revoke` (RFC 7009).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::check_token::AskedToken;
use super::client::presented;
use super::form::Form;
use super::refusal::{OAuthError, Refused};
use super::request;
use crate::app::App;
use crate::http::blocking;
use crate::oauth::revoke::revoke;

/// Revoke a token
///
/// An access token, a refresh token or a SAD of the client that authenticates. A refresh token takes the access tokens
/// that it gave with it. A token that is unknown, malformed or ended already is revoked all the same; another client's
/// is refused.
#[utoipa::path(post, path = "/oauth2/revoke", tag = "oauth",
    request_body(content = AskedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token works nowhere any more; the body is empty"),
        (status = 400, description = "`invalid_request`: another client's token, or none", body = OAuthError),
        (status = 401, description = "Client authentication failed", body = OAuthError),
        (status = 503, description = "It could not be done; try again", body = OAuthError),
    ))]
pub async fn token(app: Data<App>, http: HttpRequest, form: Form) -> Result<HttpResponse, Refused> {
    let presented = presented(&http, &form)?;
    let token = form.required("token")?.clone();
    let request = request(&app, form.text("clientData"));
    blocking::run(&app, move |app| revoke(&app.oauth, &request, &presented, &token)).await?;
    Ok(HttpResponse::Ok().finish())
}

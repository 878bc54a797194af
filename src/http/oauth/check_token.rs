//! `POST /oauth2/check_token`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::ToSchema;

use super::client::asker;
use super::form::Form;
use super::granted;
use super::refusal::{OAuthError, Refused};
use crate::app::App;
use crate::http::blocking;
use crate::oauth::check_token::{CheckedToken, check_token};

/// The token that is asked about.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form in the OpenAPI document")]
pub struct AskedToken {
    token: String,
    /// `access_token` or `refresh_token`; a wrong one changes nothing.
    token_type_hint: Option<String>,
}

/// Check an access token
///
/// In the shape that clients of Spring Security OAuth expect: `scope` is an array, and a token that is not good is 400
/// `invalid_token`. The caller authenticates as a client, or bears the very token that it asks about.
#[utoipa::path(post, path = "/oauth2/check_token", tag = "oauth",
    request_body(content = AskedToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = CheckedToken),
        (status = 400, description = "`invalid_token`: expired or not recognised; `invalid_request`", body = OAuthError),
        (status = 401, description = "Client authentication failed", body = OAuthError),
    ))]
pub async fn check(app: Data<App>, http: HttpRequest, form: Form) -> Result<HttpResponse, Refused> {
    let asker = asker(&http, &form)?;
    let token = form.required("token")?.clone();
    let now = app.clock.now();
    let checked = blocking::run(&app, move |app| check_token(&app.oauth, &asker, &token, now)).await?;
    Ok(granted(&checked))
}

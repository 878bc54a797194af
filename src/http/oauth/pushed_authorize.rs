//! `POST /oauth2/pushed_authorize` (RFC 9126).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::client::presented;
use super::form::Form;
use super::refusal::{OAuthError, Refused};
use super::request;
use crate::app::App;
use crate::http::blocking;
use crate::oauth::authorization::push::{LIFETIME_SECONDS, Pushing, push};

#[derive(Serialize, ToSchema)]
pub struct PushedRequest<'a> {
    /// For `/oauth2/authorize`, with `client_id`; one browser may come with it, once.
    #[schema(example = "urn:ietf:params:oauth:request_uri:par_NCUDJFbW3JTfJGzuuSzSB5v0mf4nFpWQ2UQ4J6Qh3eI")]
    request_uri: &'a str,
    /// Seconds.
    #[schema(example = 90)]
    expires_in: i64,
}

/// Send an authorization request ahead
///
/// The parameters of `/oauth2/authorize`, but for `request_uri`, and the client's authentication as at `/oauth2/token`.
/// What would be wrong there is refused here. The browser is then sent to
/// `/oauth2/authorize?client_id=...&request_uri=...`, within the time that the answer says.
#[utoipa::path(post, path = "/oauth2/pushed_authorize", tag = "oauth",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "The parameters of `GET /oauth2/authorize` and those of the client's authentication"),
    responses(
        (status = 201, body = PushedRequest<'static>),
        (status = 400, description = "Refused (RFC 6749, 4.1.2.1)", body = OAuthError),
        (status = 401, description = "Client authentication failed", body = OAuthError),
        (status = 429, description = "Too many failed attempts", body = OAuthError),
        (status = 503, description = "Busy", body = OAuthError),
    ))]
pub async fn push_request(app: Data<App>, http: HttpRequest, form: Form) -> Result<HttpResponse, Refused> {
    let presented = presented(&http, &form)?;
    let parameters = form.without(&["client_secret", "client_assertion"]).into_texts();
    let request = request(&app, None);
    let pushing = blocking::run(&app, move |app| push(&app.oauth, &request, &presented, &parameters)).await?;
    match pushing {
        Pushing::Pushed { request_uri } => Ok(HttpResponse::Created()
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store")))
            .json(PushedRequest { request_uri: request_uri.expose(), expires_in: LIFETIME_SECONDS })),
        Pushing::Refused(refusal) => Err(refusal.into()),
    }
}

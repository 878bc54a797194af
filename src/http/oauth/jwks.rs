//! `GET /oauth2/jwks` (RFC 7517).

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::blocking;
use crate::http::problem::Problem;

#[derive(Serialize, ToSchema)]
pub struct Jwks {
    /// JSON Web Keys (RFC 7517), public halves only.
    keys: Vec<Value>,
}

/// The keys that verify access tokens
///
/// The next key is here at least an hour before it signs, and an old one until the last token that it signed has ended.
#[utoipa::path(get, path = "/oauth2/jwks", tag = "oauth", responses((status = 200, body = Jwks)))]
pub async fn list(app: Data<App>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let keys = blocking::run(&app, move |app| app.oauth.keyring.published(&app.service, now)).await?;
    // Shorter than the hour between a key's publication and its first use.
    let caching = HeaderValue::from_static("public, max-age=900");
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, caching)).json(Jwks { keys }))
}

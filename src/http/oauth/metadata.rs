//! `GET /.well-known/oauth-authorization-server` (RFC 8414) and `/.well-known/openid-configuration` (OpenID Connect
//! Discovery 1.0).

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use serde::Serialize;

use crate::app::App;
use crate::http::blocking;
use crate::http::problem::Problem;
use crate::oauth::metadata::{Metadata, OpenIdConfiguration, metadata, openid_configuration};

/// What this authorization server can do
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth",
    responses((status = 200, body = Metadata)))]
pub async fn show(app: Data<App>) -> HttpResponse {
    published(&metadata(&app.service))
}

/// What this authorization server can do, for OpenID Connect
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "oauth",
    responses((status = 200, body = OpenIdConfiguration)))]
pub async fn openid(app: Data<App>) -> Result<HttpResponse, Problem> {
    let now = app.clock.now();
    let configuration = blocking::run(&app, move |app| openid_configuration(&app.oauth, now)).await?;
    Ok(published(&configuration))
}

fn published(document: &impl Serialize) -> HttpResponse {
    let caching = HeaderValue::from_static("public, max-age=900");
    HttpResponse::Ok().insert_header((CACHE_CONTROL, caching)).json(document)
}

//! `GET /.well-known/oauth-authorization-server` (RFC 8414).

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;

use crate::app::App;
use crate::oauth::metadata::{Metadata, metadata};

/// What this authorization server can do
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth",
    responses((status = 200, body = Metadata)))]
pub async fn show(app: Data<App>) -> HttpResponse {
    let caching = HeaderValue::from_static("public, max-age=900");
    HttpResponse::Ok().insert_header((CACHE_CONTROL, caching)).json(metadata(&app.service))
}

//! The picture that CSC's info points to.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Where it is, below the public URL.
pub const PATH: &str = "/csc/logo.png";

/// 128 by 128 pixels; CSC v2 allows up to 256.
static LOGO: &[u8] = include_bytes!("logo.png");

/// The logo of this service
#[utoipa::path(get, path = "/csc/logo.png", tag = "csc", responses(
    (status = 200, description = "A picture", body = Vec<u8>, content_type = "image/png"),
))]
pub async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "image/png"))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(LOGO)
}

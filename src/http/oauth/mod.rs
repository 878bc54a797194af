//! The authorization server's endpoints. They speak OAuth: forms in, RFC 6749 errors out.

pub mod authorize;
pub mod check_token;
pub mod introspect;
pub mod jwks;
pub mod metadata;
pub mod older;
pub mod pushed_authorize;
pub mod revoke;
pub mod token;
pub mod userinfo;

pub mod form;

mod client;
mod refusal;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, PRAGMA};
use serde::Serialize;

use crate::app::App;
use crate::http::request_id;
use crate::oauth::Request;

/// What an endpoint answers when all went well; not to be kept by anyone (RFC 6749, 5.1).
pub(super) fn granted(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((PRAGMA, HeaderValue::from_static("no-cache")))
        .json(body)
}

/// The request that is being answered here, before it is known who sent it.
pub(super) fn request(app: &App, client_data: Option<&str>) -> Request {
    Request {
        id: Some(request_id::current()),
        at: app.clock.now(),
        client_data: client_data.map(str::to_owned),
    }
}

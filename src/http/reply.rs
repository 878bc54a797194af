//! The shapes of answers that the resources share.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::page::Listed;

/// 200 with a JSON body.
pub struct Found<T>(pub T);

/// 201 with a JSON body and the `Location` of what was made.
pub struct Created<T> {
    location: Option<String>,
    value: T,
}

/// 204.
pub struct Done;

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listing<T> {
    items: Vec<T>,
    /// `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

impl<T> Listing<T> {
    pub fn of<U>(listed: Listed<U>, show: impl FnMut(U) -> T) -> Self {
        Self { items: listed.items.into_iter().map(show).collect(), next_cursor: listed.next }
    }
}

impl<T> Created<T> {
    /// `path` is where the new thing can be read.
    pub fn at(path: impl Into<String>, value: T) -> Self {
        Self { location: Some(path.into()), value }
    }

    /// Made, but not to be read by itself.
    pub fn nowhere(value: T) -> Self {
        Self { location: None, value }
    }

    pub(super) fn into_parts(self) -> (Option<String>, T) {
        (self.location, self.value)
    }
}

impl<T: Serialize> Responder for Found<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self.0)
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::build(StatusCode::CREATED);
        if let Some(location) = self.location {
            answer.insert_header((LOCATION, location));
        }
        answer.json(self.value)
    }
}

impl Responder for Done {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

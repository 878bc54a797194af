//! Which browser a request comes from: by one cookie, which no script reads and no form of another site sends along.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse};

use super::cookie::{Cookie, Lasting};
use crate::app::App;
use crate::http::client_address::ClientAddress;
use crate::identity::sessions::Browser;
use crate::model::error::Result;

const COOKIE: Cookie = Cookie { secure_name: "__Host-countersign", plain_name: "countersign" };

/// The browser that sent a request, if it has our cookie.
pub fn of(app: &App, request: &HttpRequest) -> Option<Browser> {
    COOKIE.presented(app, request).next().and_then(Browser::parse)
}

/// The answer, with the browser's cookie, which lasts until the browser is closed.
pub fn keep(app: &App, browser: &Browser, answer: HttpResponse) -> HttpResponse {
    COOKIE.set(app, browser.cookie().expose(), Lasting::UntilClosed, answer)
}

/// The answer, after which the browser has no cookie of ours.
pub fn forget(app: &App, answer: HttpResponse) -> HttpResponse {
    COOKIE.set(app, "", Lasting::Seconds(0), answer)
}

pub fn address(request: &HttpRequest) -> Result<IpAddr> {
    ClientAddress::of(request).map(|ClientAddress(address)| address)
}

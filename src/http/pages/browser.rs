//! Which browser a request comes from: by one cookie, which no script reads and no form of another site sends along.

use std::net::IpAddr;

use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::http::client_address::ClientAddress;
use crate::identity::sessions::Browser;
use crate::model::error::Result;

/// Under https the prefix keeps other hosts of the domain from planting one (RFC 6265bis, 4.1.3.2). Without https no
/// browser would take it, and there is nothing to keep.
const SECURE_NAME: &str = "__Host-countersign";
const PLAIN_NAME: &str = "countersign";

/// The browser that sent a request, if it has our cookie.
pub fn of(app: &App, request: &HttpRequest) -> Option<Browser> {
    let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == name_of(app)).and_then(|(_, value)| Browser::parse(value))
}

/// The answer, with the browser's cookie, which lasts until the browser is closed.
pub fn keep(app: &App, browser: &Browser, answer: HttpResponse) -> HttpResponse {
    set(app, browser.cookie().expose(), "", answer)
}

/// The answer, after which the browser has no cookie of ours.
pub fn forget(app: &App, answer: HttpResponse) -> HttpResponse {
    set(app, "", "; Max-Age=0", answer)
}

fn set(app: &App, value: &str, lasting: &str, mut answer: HttpResponse) -> HttpResponse {
    let secure = if is_secure(app) { "; Secure" } else { "" };
    let name = name_of(app);
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lasting}");
    if let Ok(mut value) = HeaderValue::from_str(&cookie) {
        value.set_sensitive(true);
        answer.headers_mut().append(SET_COOKIE, value);
    }
    answer
}

pub fn address(request: &HttpRequest) -> Result<IpAddr> {
    ClientAddress::of(request).map(|ClientAddress(address)| address)
}

fn name_of(app: &App) -> &'static str {
    if is_secure(app) { SECURE_NAME } else { PLAIN_NAME }
}

fn is_secure(app: &App) -> bool {
    app.service.public_url.starts_with("https://")
}

//! The cookies of pages: no script reads one, and no form of another site sends one along.

use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;

/// A cookie by its name. Under https the prefix keeps other hosts of the domain from planting one (RFC 6265bis,
/// 4.1.3.2). Without https no browser would take it, and there is nothing to keep.
pub(super) struct Cookie {
    pub secure_name: &'static str,
    pub plain_name: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Lasting {
    UntilClosed,
    Seconds(u32),
}

impl Cookie {
    /// What a request has under the name, the first first.
    pub fn presented<'a>(
        &self,
        app: &App,
        request: &'a HttpRequest,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = self.name(app);
        let lines = request.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(move |(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The answer, with the cookie.
    pub fn set(&self, app: &App, value: &str, lasting: Lasting, mut answer: HttpResponse) -> HttpResponse {
        let name = self.name(app);
        let secure = if is_secure(app) { "; Secure" } else { "" };
        let lasting = match lasting {
            Lasting::UntilClosed => String::new(),
            Lasting::Seconds(seconds) => format!("; Max-Age={seconds}"),
        };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lasting}");
        if let Ok(mut value) = HeaderValue::from_str(&cookie) {
            value.set_sensitive(true);
            answer.headers_mut().append(SET_COOKIE, value);
        }
        answer
    }

    fn name(&self, app: &App) -> &'static str {
        if is_secure(app) { self.secure_name } else { self.plain_name }
    }
}

fn is_secure(app: &App) -> bool {
    app.service.public_url.starts_with("https://")
}

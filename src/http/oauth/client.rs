//! What a request says about who sends it.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::form::Form;
use crate::http::client_address::ClientAddress;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;
use crate::oauth::check_token::Asker;
use crate::oauth::client_authentication::Presented;

/// A client's authentication, by HTTP Basic or in the body.
pub(super) fn presented(request: &HttpRequest, form: &Form) -> Result<Presented> {
    let authorization = authorization(request)?;
    if form.text("client_assertion").is_some() || form.text("client_assertion_type").is_some() {
        // RFC 6749, 2.3: one method only, whichever they are.
        if authorization.is_some() || form.text("client_secret").is_some() {
            let detail = "Two ways of client authentication at once; use one.";
            return Err(Error::new(Code::InvalidRequest, detail));
        }
        let detail = "private_key_jwt is not supported yet; use client_secret_basic or client_secret_post.";
        return Err(Error::new(Code::InvalidClient, detail));
    }
    let ClientAddress(address) = ClientAddress::of(request)?;
    Presented::parse(authorization, form.text("client_id"), form.secret("client_secret"), address)
}

/// A client, or the bearer of the very token that is asked about.
pub(super) fn asker(request: &HttpRequest, form: &Form) -> Result<Asker> {
    if let Some((scheme, token)) = authorization(request)?.and_then(|line| line.split_once(' '))
        && scheme.eq_ignore_ascii_case("bearer")
    {
        return Ok(Asker::Bearer(SecretText::new(token.trim())));
    }
    presented(request, form).map(Asker::Client)
}

fn authorization(request: &HttpRequest) -> Result<Option<&str>> {
    let odd = || Error::new(Code::InvalidRequest, "The Authorization header is not one line of ASCII.");
    let mut lines = request.headers().get_all(AUTHORIZATION);
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => line.to_str().map(Some).map_err(|_| odd()),
        (Some(_), Some(_)) => Err(odd()),
    }
}

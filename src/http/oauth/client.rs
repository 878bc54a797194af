//! What a request says about who sends it.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::form::Form;
use crate::http::client_address::ClientAddress;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;
use crate::oauth::check_token::Asker;
use crate::oauth::client_authentication::{Presented, Sent};

/// A client's authentication, by HTTP Basic, in the body or by an assertion.
pub(super) fn presented(request: &HttpRequest, form: &Form) -> Result<Presented> {
    let ClientAddress(address) = ClientAddress::of(request)?;
    Presented::parse(Sent {
        authorization: authorization(request)?,
        client_id: form.text("client_id"),
        client_secret: form.secret("client_secret"),
        client_assertion_type: form.text("client_assertion_type"),
        client_assertion: form.secret("client_assertion"),
        path: request.path(),
        address,
    })
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

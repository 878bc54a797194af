//! A request that the application sends ahead, on its own way and under its own name, before it sends the browser
//! (RFC 9126): nobody on the browser's way sees or changes it.

use crate::keys::random;
use crate::model::authorization_request::AuthorizationRequest;
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretText;
use crate::oauth::authorization::answer::Refusal;
use crate::oauth::authorization::begin::{self, REQUEST_URI};
use crate::oauth::authorization::request::{Fault, Parameters, asked};
use crate::oauth::authorization::{account, count_arrival, handle_id};
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::{OAuth, Request};
use crate::store::used_assertions::Use;

/// What came of it.
#[derive(Clone)]
pub enum Pushing {
    /// It waits for a browser to come with this `request_uri`.
    Pushed {
        request_uri: SecretText,
    },
    Refused(Refusal),
}

/// Seconds that a browser may take to come.
pub const LIFETIME_SECONDS: i64 = 90;

const HANDLE_PREFIX: &str = "par";

/// Authenticates the client and keeps what it asks, once that is found good.
pub fn push(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    parameters: &Parameters,
) -> Result<Pushing> {
    if parameters.contains_key("request_uri") {
        // RFC 9126, 2.1.
        return Err(Error::new(Code::InvalidRequest, "request_uri is what this endpoint gives, not takes."));
    }
    on_behalf(oauth, presented, request.at, |client| {
        if !client.record.is_confidential() {
            // Anybody may use its name.
            count_arrival(oauth, parameters, presented.address(), request.at)?;
        }
        let (asked, account) = match asked(oauth, client, parameters, request.at) {
            Ok(read) => read,
            Err(Fault::Application { refusal, .. }) => return Ok(Pushing::Refused(refusal)),
            Err(Fault::Person(error)) => return Err(error),
        };
        let handle = random::token(HANDLE_PREFIX)?;
        let row = AuthorizationRequest {
            id: handle_id(oauth, &handle).to_vec(),
            client: client.record.id.clone(),
            browser: None,
            asked,
            passed: None,
            signed_in_at: None,
            expires_at: request.at.plus_seconds(LIFETIME_SECONDS),
        };
        let seen = client.seen();
        let first = oauth.service.store.bookkeep(request.at, move |tx| {
            seen.stands(tx)?;
            begin::keep(tx, account.as_ref(), &row)
        })?;
        if first == Use::Again {
            return Ok(Pushing::Refused(account::used()));
        }
        let request_uri = SecretText::new(format!("{REQUEST_URI}{}", handle.expose()));
        Ok(Pushing::Pushed { request_uri })
    })
}

//! A browser comes with a request: it is checked, and waits from then on under a handle, for this browser.

use std::net::IpAddr;

use crate::identity::sessions::Browser;
use crate::identity::sign_in::unless_changed_meanwhile;
use crate::keys::random;
use crate::model::authorization_request::{Asked, AuthorizationRequest};
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::language::Language;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::OAuth;
use crate::oauth::authorization::account::{self, Unspent};
use crate::oauth::authorization::answer::Answer;
use crate::oauth::authorization::request::{Fault, Parameters, asked, unknown_client};
use crate::oauth::authorization::{count_arrival, handle_id, known, push};
use crate::store::used_assertions::Use;
use crate::store::{Tx, authorization_requests};

/// Where the browser goes.
pub enum Begun {
    /// To the pages of the request.
    Waits { handle: SecretText, language: Option<Language> },
    /// Here again, with this and its cookie.
    Unbound { client: ClientId, request_uri: SecretText },
    /// Back to the application.
    Answered(Answer),
}

/// What the `request_uri` of a pushed request begins with (RFC 9126, 2.2).
pub const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

/// Seconds that a person has from the arrival to the decision.
const LIFETIME_SECONDS: i64 = 15 * 60;

/// Without a browser the request waits for whichever comes next with what it is given, as a pushed one does.
///
/// An error is for the person: nothing is known that would have to be told, or the application is not to be believed.
pub fn begin(
    oauth: &OAuth,
    parameters: &Parameters,
    browser: Option<&Browser>,
    address: IpAddr,
    at: Timestamp,
) -> Result<Begun> {
    count_arrival(oauth, parameters, address, at)?;
    unless_changed_meanwhile(|| arrive(oauth, parameters, browser, at))
}

fn arrive(oauth: &OAuth, parameters: &Parameters, browser: Option<&Browser>, at: Timestamp) -> Result<Begun> {
    let named = parameters.get("client_id").and_then(|id| ClientId::parse(id).ok());
    let id = named.ok_or_else(unknown_client)?;
    let client = known(oauth, &id, at)?.ok_or_else(unknown_client)?;
    let request = |asked: Asked, handle: &SecretText| AuthorizationRequest {
        id: handle_id(oauth, handle).to_vec(),
        client: id.clone(),
        browser: browser.map(|browser| browser.id(oauth.service.vault.pepper()).to_vec()),
        asked,
        passed: None,
        signed_in_at: None,
        expires_at: at.plus_seconds(if browser.is_some() {
            LIFETIME_SECONDS
        } else {
            push::LIFETIME_SECONDS
        }),
    };
    let seen = client.seen();
    let handle = random::token(HANDLE_PREFIX)?;
    let language = match parameters.get("request_uri") {
        Some(uri) => {
            let pushed = pushed_id(oauth, uri).ok_or_else(unknown_request_uri)?;
            let found = oauth.service.store.read(at, |tx| authorization_requests::find(tx, &pushed))?;
            let found = found.filter(|pushed| pushed.client == id && pushed.browser.is_none());
            let request = request(found.ok_or_else(unknown_request_uri)?.asked, &handle);
            let language = request.asked.language;
            oauth.service.store.bookkeep(at, move |tx| {
                seen.stands(tx)?;
                // RFC 9126, 7.3: one browser takes it, once.
                if !authorization_requests::take(tx, &pushed)? {
                    return Err(unknown_request_uri());
                }
                authorization_requests::insert(tx, &request)
            })?;
            language
        }
        None => {
            let (asked, account) = match asked(oauth, &client, parameters, at) {
                Ok(read) => read,
                Err(Fault::Application { answer, .. }) => return Ok(Begun::Answered(*answer)),
                Err(Fault::Person(error)) => return Err(error),
            };
            let request = request(asked, &handle);
            let language = request.asked.language;
            let again = Answer::to(&request.asked, &oauth.service.public_url).refused(&account::used());
            let first = oauth.service.store.bookkeep(at, move |tx| {
                seen.stands(tx)?;
                keep(tx, account.as_ref(), &request)
            })?;
            if first == Use::Again {
                return Ok(Begun::Answered(again));
            }
            language
        }
    };
    if browser.is_some() {
        return Ok(Begun::Waits { handle, language });
    }
    let request_uri = SecretText::new(format!("{REQUEST_URI}{}", handle.expose()));
    Ok(Begun::Unbound { client: id, request_uri })
}

const HANDLE_PREFIX: &str = "ar";

/// Keeps a request, unless its account token was used before.
pub(super) fn keep(tx: &mut Tx, account: Option<&Unspent>, request: &AuthorizationRequest) -> Result<Use> {
    let first = account.map_or(Ok(Use::First), |account| account.spend(tx))?;
    if first == Use::First {
        authorization_requests::insert(tx, request)?;
    }
    Ok(first)
}

/// What a pushed request is found by.
pub(super) fn pushed_id(oauth: &OAuth, request_uri: &str) -> Option<[u8; 32]> {
    let handle = request_uri.strip_prefix(REQUEST_URI)?;
    Some(handle_id(oauth, &SecretText::new(handle)))
}

fn unknown_request_uri() -> Error {
    Error::new(Code::InvalidRequest, "request_uri is unknown, expired or used already.")
}

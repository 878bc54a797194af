//! The authorization endpoint (RFC 6749, 3.1): an application sends a person here with a request, the person signs in,
//! sees what is asked and decides, and goes back with an answer. In the order in which a request lives.

pub mod request;
pub mod signatures;

pub mod account;
pub mod push;

pub mod begin;

pub mod next;
pub mod sign_in;

pub mod decide;
pub mod sign;

pub mod answer;

use std::net::IpAddr;
use std::sync::Arc;

use crate::identity::sessions::Browser;
use crate::model::authorization_request::{Asked, AuthorizationRequest, ResponseType};
use crate::model::client::Pkce;
use crate::model::error::{Code, Error, Result};
use crate::model::event::Actor;
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::session::Session;
use crate::model::time::Timestamp;
use crate::model::user::User;
use crate::oauth::OAuth;
use crate::oauth::authorization::request::Parameters;
use crate::oauth::known_clients::KnownClient;
use crate::store::{Tx, authorization_requests, sessions, users};

/// A browser that comes with the handle of a request.
#[derive(Clone)]
pub struct Visit {
    /// What the browser was sent here with; it is in the address of the page.
    pub handle: SecretText,
    pub browser: Browser,
    pub address: IpAddr,
    pub request_id: Option<String>,
    pub at: Timestamp,
}

/// Keeps MACs of handles apart from others under the same pepper.
const HANDLE: &str = "authorization request";

/// What a handle, or the last part of a `request_uri`, is found by.
fn handle_id(oauth: &OAuth, handle: &SecretText) -> [u8; 32] {
    oauth.service.vault.pepper().hash(HANDLE, handle.expose().as_bytes())
}

impl Visit {
    fn request_id(&self, oauth: &OAuth) -> [u8; 32] {
        handle_id(oauth, &self.handle)
    }

    fn browser_id(&self, oauth: &OAuth) -> [u8; 32] {
        self.browser.id(oauth.service.vault.pepper())
    }

    fn actor(&self, name: String) -> Actor {
        Actor { name, request_id: self.request_id.clone(), at: self.at }
    }
}

/// A request that waits in the browser that visits, the client that asks, and who is signed in.
struct Waiting {
    request: AuthorizationRequest,
    client: Arc<KnownClient>,
    signed_in: Option<(Session, User)>,
}

fn waiting(oauth: &OAuth, visit: &Visit) -> Result<Waiting> {
    let (id, browser) = (visit.request_id(oauth), visit.browser_id(oauth));
    let (request, signed_in) =
        oauth.service.store.read(visit.at, |tx| Ok((find(tx, &id, &browser)?, signed_in(tx, &browser)?)))?;
    let client =
        known(oauth, &request.client, visit.at)?.filter(|client| may_still_ask(client, &request.asked));
    let client = client.ok_or_else(gone)?;
    Ok(Waiting { request, client, signed_in })
}

/// Whether the client's record still allows what it allowed when the request came: nobody is sent where it does not.
fn may_still_ask(client: &KnownClient, asked: &Asked) -> bool {
    let pkce = asked.code_challenge.is_some()
        || asked.response == ResponseType::Token
        || client.record.pkce == Pkce::Optional;
    client.record.redirect(Some(&asked.redirect_uri)).is_ok()
        && client.may_use(asked.response.grant()).is_ok()
        && pkce
}

/// The client as the database has it now: nothing is decided for one that changed since a node remembered it.
fn known(oauth: &OAuth, id: &ClientId, now: Timestamp) -> Result<Option<Arc<KnownClient>>> {
    oauth.clients.read(&oauth.service.store, id, now)
}

/// Whoever comes from another browser than the request did has got hold of its address, and nothing else.
fn find(tx: &mut Tx, id: &[u8], browser: &[u8]) -> Result<AuthorizationRequest> {
    let found = authorization_requests::find(tx, id)?;
    found.filter(|request| request.browser.as_deref() == Some(browser)).ok_or_else(gone)
}

fn signed_in(tx: &mut Tx, browser: &[u8]) -> Result<Option<(Session, User)>> {
    let Some(session) = sessions::find(tx, browser)? else { return Ok(None) };
    let user = users::find(tx, &session.user)?;
    Ok(user.map(|user| (session, user)))
}

/// Counts a request that comes before anybody has shown who they are: it is kept, so one that is long counts for more.
fn count_arrival(oauth: &OAuth, parameters: &Parameters, address: IpAddr, now: Timestamp) -> Result<()> {
    let octets: usize = parameters.values().map(String::len).sum();
    (0..=octets / COUNTED_OCTETS).try_for_each(|_| oauth.arrivals.count(address, now))
}

/// Octets of a request that counts for one.
const COUNTED_OCTETS: usize = 16 * 1024;

/// Nobody is signed in, or not whom the request needs: its page asks again.
fn signed_out() -> Error {
    Error::new(Code::InvalidToken, "Nobody is signed in any more.")
}

fn gone() -> Error {
    Error::new(Code::NotFound, "The request is unknown, decided or too old. Begin again at the application.")
}

//! The authorization server (RFC 6749): who a client is, what it gets a token for, and what a token is worth.

pub mod client_authentication;
pub mod known_clients;

pub mod authorization;
pub mod grants;
pub mod login;
pub mod token;

pub mod check_token;
pub mod introspect;
pub mod revoke;

pub mod openid;

pub mod keyring;
pub mod metadata;

pub mod clients;
pub mod tokens;

mod inspect;
mod refresh;
mod user_access;

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::identity::slow_check::SlowChecks;
use crate::identity::strangers::{Allowance, Strangers};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, actor_name};
use crate::model::id::{ClientId, UserId};
use crate::model::time::Timestamp;
use crate::oauth::keyring::Keyring;
use crate::oauth::known_clients::KnownClients;
use crate::service::Service;

/// The authorization server of one node: what its verbs work with beside the [`Service`].
pub struct OAuth {
    pub service: Arc<Service>,
    pub keyring: Keyring,
    /// Of what people chose: client secrets and passwords.
    pub slow_checks: SlowChecks,
    /// Who sends browsers to the authorization endpoint: each request is kept, before anybody has signed in.
    arrivals: Strangers,
    clients: KnownClients,
}

/// What a node remembers, so as not to work it out again.
#[derive(Clone, Copy, Debug)]
pub struct Remembered {
    /// Access tokens whose signature was checked; about 1 KiB each.
    pub tokens: NonZeroUsize,
    /// Clients' records; about 1 KiB each.
    pub clients: NonZeroUsize,
    /// Checks of chosen secrets that passed; about 100 bytes each.
    pub secrets: NonZeroUsize,
}

impl Default for Remembered {
    fn default() -> Self {
        let thousands = |n: usize| NonZeroUsize::new(n * 1024).unwrap_or(NonZeroUsize::MIN);
        Self { tokens: thousands(8), clients: thousands(4), secrets: thousands(16) }
    }
}

/// The request that an unauthenticated caller made, before it is known who that is.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: Option<String>,
    pub at: Timestamp,
    /// What the caller wants the audit to remember with what comes of it (CSC `clientData`).
    pub client_data: Option<String>,
}

/// Requests that may arrive from one address: from behind it a whole company may sign in of a morning.
const ARRIVALS: Allowance = Allowance { at_once: 300, served_after: 1 };

impl OAuth {
    /// Opens the keys that sign tokens.
    pub fn open(service: Arc<Service>, remembered: Remembered, now: Timestamp) -> Result<Self> {
        let keyring = Keyring::open(&service, remembered.tokens, now)?;
        let clients = KnownClients::new(remembered.clients);
        let slow_checks = SlowChecks::new(remembered.secrets)?;
        let arrivals = Strangers::new(ARRIVALS);
        Ok(Self { service, keyring, slow_checks, arrivals, clients })
    }
}

impl Request {
    /// What completes the audit event of what a client does with this request.
    fn actor(&self, client: &ClientId) -> Actor {
        self.actor_for(client, None)
    }

    /// The same of what a client does for a user.
    fn actor_for(&self, client: &ClientId, user: Option<&UserId>) -> Actor {
        Actor { name: actor_name(client, user), request_id: self.id.clone(), at: self.at }
    }
}

/// The one answer for every fault of a client's authentication; the cause goes to the log.
fn invalid_client(cause: &str) -> Error {
    Error::new(Code::InvalidClient, "Client authentication failed.").caused_by(cause)
}

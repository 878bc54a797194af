//! By secret. What the server made has a prefix and 256 bits, and is only ever checked by HMAC; what somebody chose is
//! only ever checked by Argon2id. So the time a check takes depends on what was sent, never on who exists.

use std::sync::Arc;

use super::{Presented, SECRET_PREFIX};
use crate::identity::slow_check::Owner;
use crate::keys::mac::Pepper;
use crate::model::client::SecretVerifier;
use crate::model::error::Result;
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, invalid_client};

pub fn is_server_made(secret: &SecretText) -> bool {
    secret.expose().starts_with(SECRET_PREFIX)
}

/// What is stored of a server-made secret.
pub fn verifier(pepper: &Pepper, secret: &SecretText) -> SecretVerifier {
    SecretVerifier::Mac(pepper.hash(PURPOSE, secret.expose().as_bytes()).to_vec())
}

/// The active client that has one of the secrets.
pub(super) fn find(
    oauth: &OAuth,
    presented: &Presented,
    secrets: &[SecretText],
    now: Timestamp,
) -> Result<Arc<KnownClient>> {
    let id = ClientId::parse(&presented.client).ok();
    // What is remembered is good for a yes only: whoever acts on it asks the database whether it still stands.
    if let Some(known) = id.as_ref().and_then(|id| oauth.clients.recall(id))
        && secrets.iter().any(|secret| passes_at_once(oauth, &known, secret, now))
    {
        return Ok(known);
    }
    let known = match &id {
        Some(id) => oauth.clients.read(&oauth.service.store, id, now)?,
        None => None,
    };
    let service = &oauth.service;
    let owner = known.as_ref().map_or_else(
        || Owner::unknown_client(service.vault.pepper(), &presented.client),
        |known| Owner::client(&known.record.id),
    );
    let stored: Vec<&str> = known.iter().flat_map(|known| known.chosen(now)).collect();
    let mut attempt = oauth.slow_checks.attempt(service, owner, presented.address, now);
    for secret in secrets {
        let passed = if is_server_made(secret) {
            passes_mac(oauth, known.as_deref(), secret, now)
        } else {
            attempt.passes(&stored, secret)?
        };
        if let (true, Some(known)) = (passed, &known) {
            return Ok(Arc::clone(known));
        }
    }
    Err(invalid_client(match known {
        Some(known) if !known.record.authentication.is_by_secret() => "the client authenticates otherwise",
        Some(_) => "wrong client secret",
        None => "no such client, or not an active one",
    }))
}

/// Keeps MACs of client secrets apart from others under the same pepper.
const PURPOSE: &str = "client secret";

/// The fast checks: the MAC, and what passed Argon2id on this node before.
fn passes_at_once(oauth: &OAuth, known: &KnownClient, secret: &SecretText, now: Timestamp) -> bool {
    if is_server_made(secret) {
        return passes_mac(oauth, Some(known), secret, now);
    }
    let owner = Owner::client(&known.record.id);
    known.chosen(now).any(|phc| oauth.slow_checks.passed(&owner, phc, secret))
}

fn passes_mac(oauth: &OAuth, known: Option<&KnownClient>, secret: &SecretText, now: Timestamp) -> bool {
    let pepper = oauth.service.vault.pepper();
    let stored: Vec<&[u8]> = known
        .into_iter()
        .flat_map(|known| known.verifiers(now))
        .filter_map(|verifier| match verifier {
            SecretVerifier::Mac(mac) => Some(mac.as_slice()),
            SecretVerifier::Argon2id(_) => None,
        })
        .collect();
    if stored.is_empty() {
        // As long as it takes for a client that is there.
        pepper.matches(PURPOSE, secret.expose().as_bytes(), &[0; 32]);
        return false;
    }
    stored.into_iter().any(|mac| pepper.matches(PURPOSE, secret.expose().as_bytes(), mac))
}

impl KnownClient {
    /// How the secrets that work now are checked.
    fn verifiers(&self, now: Timestamp) -> impl Iterator<Item = &SecretVerifier> {
        self.good_secrets(now).map(|secret| &secret.verifier)
    }

    /// The PHC strings of those that somebody chose.
    fn chosen(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        self.verifiers(now).filter_map(|verifier| match verifier {
            SecretVerifier::Argon2id(phc) => Some(phc.as_str()),
            SecretVerifier::Mac(_) => None,
        })
    }
}

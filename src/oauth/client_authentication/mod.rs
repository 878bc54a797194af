//! How a client shows who it is: by a secret, by an assertion, or, being a public one, not at all. Its record says by
//! which of them, and no other will do.

mod assertion;
mod presented;
mod secrets;

use std::cell::Cell;
use std::sync::Arc;

use crate::keys::random;
use crate::model::error::{Code, Error, Result};
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, invalid_client};

use self::assertion::Unspent;
use self::presented::Proof;
pub use self::presented::{Presented, Sent};
pub use self::secrets::{is_server_made, verifier};

/// What a server-made client secret begins with.
pub const SECRET_PREFIX: &str = "cs_";

/// A new server-made secret of 256 bits.
pub fn new_secret() -> Result<SecretText> {
    random::token(SECRET_PREFIX.trim_end_matches('_'))
}

/// Does `work` for the client that authenticates, and once more when the client changed under it. A public client only
/// says who it is: what is for others asks [`KnownClient::is_confidential`](crate::model::client::Client::is_confidential).
///
/// [`Code::InvalidClient`] for every fault alike; [`Code::RateLimited`] and [`Code::Busy`] where nothing was checked.
pub fn on_behalf<T>(
    oauth: &OAuth,
    presented: &Presented,
    now: Timestamp,
    work: impl Fn(&KnownClient) -> Result<T>,
) -> Result<T> {
    // An assertion is good once, not once for every time that the work starts over.
    let spent = Cell::new(false);
    let authenticate = || {
        let (client, unspent) = find(oauth, presented, now)?;
        if let (Some(unspent), false) = (unspent, spent.get()) {
            assertion::spend(oauth, &unspent, now)?;
            spent.set(true);
        }
        Ok(client)
    };
    while_it_stands(oauth, authenticate, work)
}

/// The same for a client that does not authenticate: something that it was given speaks for it.
pub fn on_behalf_of<T>(
    oauth: &OAuth,
    id: &ClientId,
    now: Timestamp,
    work: impl Fn(&KnownClient) -> Result<T>,
) -> Result<T> {
    let find = || match oauth.clients.recall(id) {
        Some(known) => Ok(known),
        None => oauth
            .clients
            .read(&oauth.service.store, id, now)?
            .ok_or_else(|| invalid_client("no such client, or not an active one")),
    };
    while_it_stands(oauth, find, work)
}

/// The active client that was presented, and what is to be spent before anybody acts for it.
fn find(oauth: &OAuth, presented: &Presented, now: Timestamp) -> Result<(Arc<KnownClient>, Option<Unspent>)> {
    match &presented.proof {
        Proof::Secrets(sent) => Ok((secrets::find(oauth, presented, sent, now)?, None)),
        Proof::Assertion { jwt, path } => {
            let (client, unspent) = assertion::find(oauth, &presented.client, jwt, path, now)?;
            Ok((client, Some(unspent)))
        }
        Proof::Nothing => Ok((find_public(oauth, &presented.client, now)?, None)),
    }
}

/// One answer for a client that is not there and for one that has to authenticate.
fn find_public(oauth: &OAuth, id: &str, now: Timestamp) -> Result<Arc<KnownClient>> {
    let refused = || invalid_client("client_id alone, and it is no public client's");
    let id = ClientId::parse(id).map_err(|_| refused())?;
    let recalled = oauth.clients.recall(&id).filter(|known| !known.record.is_confidential());
    if let Some(known) = recalled {
        return Ok(known);
    }
    let read = oauth.clients.read(&oauth.service.store, &id, now)?;
    read.filter(|known| !known.record.is_confidential()).ok_or_else(refused)
}

const ATTEMPTS: usize = 3;

fn while_it_stands<T>(
    oauth: &OAuth,
    find: impl Fn() -> Result<Arc<KnownClient>>,
    work: impl Fn(&KnownClient) -> Result<T>,
) -> Result<T> {
    let mut outcome = Err(Error::conflict());
    for _ in 0..ATTEMPTS {
        let client = find()?;
        outcome = work(&client);
        match &outcome {
            Err(error) if error.code() == Code::Conflict => oauth.clients.forget(&client.record.id),
            _ => break,
        }
    }
    outcome
}

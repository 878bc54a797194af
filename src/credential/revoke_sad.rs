//! A SAD that is not wanted any more, or a handle that nobody waits for, is given back: what it would open is wiped.

use crate::credential::target;
use crate::keys::sad::Sad;
use crate::model::authorization::Authorization;
use crate::model::error::Result;
use crate::model::event::Actor;
use crate::model::event::{Audited, Event};
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::service::Service;
use crate::store::{Tx, authorizations};

/// Whose SAD a token turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It was open, and is ended now.
    Ended,
    /// It is no SAD that is open: there is nothing to revoke.
    Unknown,
    /// It is another client's; nothing was changed.
    AnotherClients,
}

/// Ends the authorization behind a SAD, for the client that got it.
pub fn revoke(service: &Service, actor: Actor, client: &ClientId, sad: &SecretText) -> Result<Revoked> {
    let Ok(sad) = Sad::parse(sad) else {
        return Ok(Revoked::Unknown);
    };
    let sad_id = sad.id()?;
    let known = service.store.read(actor.at, |tx| behind(tx, &sad_id))?;
    match known {
        None => return Ok(Revoked::Unknown),
        Some(known) if known.client != *client => return Ok(Revoked::AnotherClients),
        Some(known) if known.remaining == 0 || known.expires_at <= actor.at => return Ok(Revoked::Unknown),
        Some(_) => {}
    }
    let ended = service.store.write(actor, move |tx| {
        let mut authorization = match behind(tx, &sad_id)? {
            Some(open) if open.remaining > 0 && open.expires_at > tx.now() => open,
            _ => {
                let event = Event::done("credential.revoke_sad", "authorization:ended");
                return Ok(Audited::new(Revoked::Unknown, event));
            }
        };
        authorization.remaining = 0;
        authorization.wrapped_data_key.clear();
        authorizations::spend(tx, &authorization, &sad_id)?;
        let event = Event::done("credential.revoke_sad", target(&authorization.credential))
            .of(&authorization.tenant)
            .with("authorization", authorization.id.as_str());
        Ok(Audited::new(Revoked::Ended, event))
    })?;
    service.vault.opened.remove(&sad_id);
    Ok(ended)
}

/// The authorization behind a SAD, or behind the handle of one that is pending.
fn behind(tx: &mut Tx, id: &[u8]) -> Result<Option<Authorization>> {
    match authorizations::by_sad_id(tx, id)? {
        Some(authorization) => Ok(Some(authorization)),
        None => authorizations::by_handle_id(tx, id),
    }
}

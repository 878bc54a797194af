//! Token revocation (RFC 7009). From the moment that this returns the token works nowhere, on any node.

use crate::credential::revoke_sad::{self, Revoked};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event};
use crate::model::id::ClientId;
use crate::model::name::TenantName;
use crate::model::refresh_token::TokenFamily;
use crate::model::secret::SecretText;
use crate::model::token::{Call, Principal, VerifiedToken};
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::known_clients::Seen;
use crate::oauth::{OAuth, Request, refresh};
use crate::store::{Tx, refresh_tokens, tokens};

/// Revokes a token of the client that authenticates: an access token, a refresh token with all that it gave, or a SAD.
/// What is unknown, malformed or ended already is revoked all the same; another client's is refused.
pub fn revoke(oauth: &OAuth, request: &Request, presented: &Presented, token: &SecretText) -> Result<()> {
    on_behalf(oauth, presented, request.at, |client| {
        let id = client.record.id.clone();
        let revoker = Revoker {
            actor: request.actor(&id),
            client: id,
            standing: Standing::Client(client.seen()),
            client_data: request.client_data.clone(),
        };
        end(oauth, &revoker, token)
    })
}

/// The same for the bearer of an access token, of whose client the token has to be.
pub fn revoke_by_bearer(
    oauth: &OAuth,
    call: &Call,
    token: &SecretText,
    client_data: Option<String>,
) -> Result<()> {
    let client = call.principal.client().ok_or_else(|| Error::internal("a bearer without a client"))?;
    let standing = Standing::Bearer(call.principal.clone());
    let client = client.clone();
    end(oauth, &Revoker { client, actor: call.actor(), standing, client_data }, token)
}

/// Who revokes.
struct Revoker {
    client: ClientId,
    actor: Actor,
    standing: Standing,
    client_data: Option<String>,
}

impl Revoker {
    fn event(&self, target: String, tenant: Option<TenantName>) -> Event {
        let mut event = Event::done("token.revoke", target);
        event.tenant = tenant;
        match &self.client_data {
            Some(data) => event.with("clientData", data.as_str()),
            None => event,
        }
    }
}

/// What has to hold still in the transaction that ends something.
#[derive(Clone)]
enum Standing {
    Client(Seen),
    Bearer(Principal),
}

impl Standing {
    fn when_looking(&self, tx: &mut Tx) -> Result<()> {
        match self {
            Self::Client(seen) => seen.stands(tx),
            Self::Bearer(principal) => tx.admit_any(principal).map(|_| ()),
        }
    }

    fn when_ending(&self, tx: &mut Tx) -> Result<()> {
        match self {
            Self::Client(seen) => seen.stands(tx),
            Self::Bearer(principal) => tx.admit_any_to_revoke(principal).map(|_| ()),
        }
    }
}

/// The token says by itself what it is, whatever a hint says.
fn end(oauth: &OAuth, revoker: &Revoker, token: &SecretText) -> Result<()> {
    match oauth.keyring.recognise(&oauth.service, token.expose(), revoker.actor.at) {
        Ok(verified) => return end_access_token(oauth, revoker, &verified),
        Err(error) if error.code() == Code::InvalidToken => {}
        Err(error) => return Err(error),
    }
    match refresh::family_of(oauth, token, revoker.actor.at)? {
        Some(family) => end_family(oauth, revoker, family),
        None => end_sad(oauth, revoker, token),
    }
}

fn end_access_token(oauth: &OAuth, revoker: &Revoker, token: &VerifiedToken) -> Result<()> {
    if token.client != revoker.client {
        return Err(another_clients());
    }
    let store = &oauth.service.store;
    let (id, standing) = (token.id.clone(), revoker.standing.clone());
    let stands = store.read(revoker.actor.at, |tx| {
        standing.when_looking(tx)?;
        Ok(tokens::find(tx, &id)?
            .is_some_and(|record| record.revoked_at.is_none() && record.expires_at > tx.now()))
    })?;
    if !stands {
        return Ok(());
    }
    let event = revoker.event(format!("token:{id}"), token.tenant.clone());
    store.write(revoker.actor.clone(), move |tx| {
        standing.when_ending(tx)?;
        tokens::revoke(tx, &id)?;
        Ok(Audited::new((), event.clone()))
    })
}

fn end_family(oauth: &OAuth, revoker: &Revoker, family: TokenFamily) -> Result<()> {
    let store = &oauth.service.store;
    let standing = revoker.standing.clone();
    store.read(revoker.actor.at, |tx| standing.when_looking(tx))?;
    if family.client != revoker.client {
        return Err(another_clients());
    }
    if family.revoked_at.is_some() || family.expires_at <= revoker.actor.at {
        return Ok(());
    }
    let event = revoker.event(format!("family:{}", family.id), family.tenant);
    store.write(revoker.actor.clone(), move |tx| {
        standing.when_ending(tx)?;
        let revoked = refresh_tokens::revoke(tx, &family.id)?;
        Ok(Audited::new((), event.clone().with("tokensRevoked", revoked)))
    })
}

fn end_sad(oauth: &OAuth, revoker: &Revoker, token: &SecretText) -> Result<()> {
    let actor = revoker.actor.clone();
    oauth.service.store.read(actor.at, |tx| revoker.standing.when_looking(tx))?;
    match revoke_sad::revoke(&oauth.service, actor, &revoker.client, token)? {
        Revoked::Ended | Revoked::Unknown => Ok(()),
        Revoked::AnotherClients => Err(another_clients()),
    }
}

fn another_clients() -> Error {
    Error::new(Code::InvalidRequest, "The token was not issued to this client.").at("/token")
}

//! Token revocation (RFC 7009). From the moment that this returns the token works nowhere, on any node.

use crate::credential::revoke_sad::{self, Revoked};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::secret::SecretText;
use crate::model::token::VerifiedToken;
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, Request};
use crate::store::tokens;

/// Revokes an access token, or a SAD, of the client that authenticates. What is unknown, malformed or ended already is
/// revoked all the same; another client's is refused.
pub fn revoke(oauth: &OAuth, request: &Request, presented: &Presented, token: &SecretText) -> Result<()> {
    on_behalf(oauth, presented, request.at, |client| {
        match oauth.keyring.recognise(&oauth.service, token.expose(), request.at) {
            Ok(verified) => revoke_access_token(oauth, request, client, &verified),
            Err(error) if error.code() == Code::InvalidToken => revoke_sad(oauth, request, client, token),
            Err(error) => Err(error),
        }
    })
}

fn revoke_access_token(
    oauth: &OAuth,
    request: &Request,
    client: &KnownClient,
    token: &VerifiedToken,
) -> Result<()> {
    if token.client != client.record.id {
        return Err(another_clients());
    }
    let store = &oauth.service.store;
    let (id, seen) = (token.id.clone(), client.seen());
    let stands = store.read(request.at, |tx| {
        seen.stands(tx)?;
        Ok(tokens::find(tx, &id)?
            .is_some_and(|record| record.revoked_at.is_none() && record.expires_at > tx.now()))
    })?;
    if !stands {
        return Ok(());
    }
    let tenant = token.tenant.clone();
    store.write(request.actor(&client.record.id), move |tx| {
        seen.stands(tx)?;
        tokens::revoke(tx, &id)?;
        let mut event = Event::done("token.revoke", format!("token:{id}"));
        event.tenant.clone_from(&tenant);
        Ok(Audited::new((), event))
    })
}

fn revoke_sad(oauth: &OAuth, request: &Request, client: &KnownClient, token: &SecretText) -> Result<()> {
    let id = &client.record.id;
    oauth.service.store.read(request.at, |tx| client.seen().stands(tx))?;
    match revoke_sad::revoke(&oauth.service, request.actor(id), id, token)? {
        Revoked::Ended | Revoked::Unknown => Ok(()),
        Revoked::AnotherClients => Err(another_clients()),
    }
}

fn another_clients() -> Error {
    Error::new(Code::InvalidRequest, "The token was not issued to this client.")
}

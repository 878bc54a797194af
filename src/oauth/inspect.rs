//! What somebody may learn about a token: what `check_token` and `introspect` have in common. Nothing is written.

use std::sync::Arc;

use crate::credential::oauth2code::token as credential_token;
use crate::keys::sad::Sad;
use crate::model::authorization::Authorization;
use crate::model::error::{Code, Result};
use crate::model::name::UserName;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::{Principal, TokenRecord, VerifiedToken};
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::known_clients::KnownClient;
use crate::oauth::{OAuth, invalid_client};
use crate::store::{Tx, tokens, users};

/// Who asks about a token.
pub enum Asker {
    Client(Presented),
    /// Whoever bears the very token that is asked about.
    Bearer(SecretText),
}

pub(super) enum Found {
    Standing(Box<(TokenRecord, Arc<VerifiedToken>)>),
    /// Of scope `credential`, which is a SAD and not a JWT; and who gave it.
    Credential(Box<(Authorization, UserName)>),
    Expired,
    /// Forged, revoked, or not the asker's to see: nobody is told which.
    Unknown,
}

pub(super) fn inspect(oauth: &OAuth, asker: &Asker, token: &SecretText, now: Timestamp) -> Result<Found> {
    match asker {
        Asker::Client(presented) => {
            on_behalf(oauth, presented, now, |client| {
                // RFC 7662, 2.1: nobody tries out tokens without showing who it is.
                if !client.record.is_confidential() {
                    return Err(invalid_client("a public client asks about a token"));
                }
                look(oauth, Some(client), token, now)
            })
        }
        Asker::Bearer(own) if own.expose() == token.expose() => {
            let found = look(oauth, None, token, now)?;
            if matches!(found, Found::Unknown) {
                return Err(invalid_client("the bearer token was not recognised"));
            }
            Ok(found)
        }
        Asker::Bearer(_) => Err(invalid_client("a bearer token was sent to ask about another token")),
    }
}

fn look(oauth: &OAuth, client: Option<&KnownClient>, token: &SecretText, now: Timestamp) -> Result<Found> {
    let verified = match oauth.keyring.recognise(&oauth.service, token.expose(), now) {
        Ok(verified) => verified,
        Err(error) if error.code() == Code::InvalidToken => return look_for_sad(oauth, client, token, now),
        Err(error) => return Err(error),
    };
    oauth.service.store.read(now, |tx| {
        if let Some(client) = client {
            client.seen().stands(tx)?;
        }
        let record = tokens::find(tx, &verified.id)?;
        Ok(judge(client, record, verified, tx))
    })
}

fn look_for_sad(
    oauth: &OAuth,
    client: Option<&KnownClient>,
    token: &SecretText,
    now: Timestamp,
) -> Result<Found> {
    let sad_id = Sad::parse(token).ok().map(|sad| sad.id()).transpose()?;
    oauth.service.store.read(now, |tx| {
        if let Some(client) = client {
            client.seen().stands(tx)?;
        }
        let found = sad_id.map(|id| credential_token::bearer(tx, &id)).transpose()?.flatten();
        let Some((signer, authorization)) = found else { return Ok(Found::Unknown) };
        let visible = client.is_none_or(|client| {
            client.record.id == authorization.client
                || client.permissions.contains(&Permission::TokensRead)
                    && client.record.tenants.includes(&authorization.tenant)
        });
        if !visible {
            return Ok(Found::Unknown);
        }
        let user = signer.user.clone();
        match tx.admit_any(&Principal::Signer(signer.into())) {
            Ok(_) => {}
            Err(error) if error.code() == Code::ExpiredToken => return Ok(Found::Expired),
            Err(error) if error.code() == Code::InvalidToken => return Ok(Found::Unknown),
            Err(error) => return Err(error),
        }
        let user = user.map(|id| users::find(tx, &id)).transpose()?.flatten();
        Ok(user.map_or(Found::Unknown, |user| Found::Credential(Box::new((authorization, user.name)))))
    })
}

fn judge(
    client: Option<&KnownClient>,
    record: Option<TokenRecord>,
    verified: Arc<VerifiedToken>,
    tx: &Tx,
) -> Found {
    let own = client.is_none_or(|client| client.record.id == verified.client);
    let expired = verified.expires_at <= tx.now();
    let visible = own
        || record.as_ref().zip(client).is_some_and(|(record, client)| {
            client.permissions.contains(&Permission::TokensRead)
                && client.record.tenants.covers(&record.reach)
        });
    match record {
        _ if !visible => Found::Unknown,
        Some(record) if record.revoked_at.is_some() => Found::Unknown,
        _ if expired => Found::Expired,
        Some(record) => Found::Standing(Box::new((record, verified))),
        None => Found::Unknown,
    }
}

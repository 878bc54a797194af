//! Changing a client's record.

use crate::model::client::{Client, ClientSecret};
use crate::model::error::{Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::ClientId;
use crate::model::permission::{Permission, TenantReach};
use crate::model::secret::SecretText;
use crate::model::token::Call;
use crate::oauth::clients::create::described;
use crate::oauth::clients::settings::ClientSettings;
use crate::oauth::clients::{authority, secrets, target};
use crate::service::Service;
use crate::store::tokens::{self, TokenFilter};
use crate::store::{Tx, authorization_codes, authorization_requests, clients, consents};

#[derive(Clone, Default)]
pub struct ClientChange {
    /// For a client that begins to authenticate by one.
    pub secret: Option<SecretText>,
    pub settings: ClientSettings,
}

/// Changes what the settings name and leaves the rest. A change that takes something away revokes the client's tokens.
pub fn change(service: &Service, call: &Call, id: &ClientId, change: ClientChange) -> Result<Client> {
    // Before Argon2id runs, so that nobody has it run who may not change the client.
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::ClientsWrite)?;
        authority::visible(tx, &caller, id).map(drop)
    })?;
    let ClientChange { secret, settings } = change;
    let account_token_key = settings.wrap_account_token_key(service, id)?;
    let secret = secret.map(|secret| secrets::chosen(service, id, &secret, call.at)).transpose()?;
    let (principal, id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit_to_revoke(&principal, Permission::ClientsWrite)?;
        let before = authority::visible(tx, &caller, &id)?;
        authority::may_hand_out(&caller, &before)?;
        let after = settings
            .clone()
            .apply(before.clone(), account_token_key.clone(), || authority::default_tenants(tx, &caller))?;
        authority::may_hand_out(&caller, &after)?;
        authority::tenants_exist(tx, &after.tenants)?;
        authenticate_by(tx, &before, &after, secret.as_ref())?;
        clients::update(tx, &after)?;
        let mut named = settings.named();
        named.extend(secret.as_ref().map(|_| "clientSecret"));
        let mut event = described(Event::done("client.change", target(&id)), &after).with("changed", named);
        if after.status != before.status {
            event = event.with("status", after.status.as_str());
        }
        // What people allowed was less, or went elsewhere, or did not last.
        let asks_for_more = before.role_permissions != after.role_permissions
            || before.redirect_uris != after.redirect_uris
            || before.grant_types != after.grant_types;
        let narrows = authority::narrows(&before, &after);
        if asks_for_more {
            consents::forget_those_of_client(tx, &id)?;
        }
        if asks_for_more || narrows {
            // Pages that are open say what the former record gave, and what was allowed on them is not had yet.
            authorization_requests::forget_those_of_client(tx, &id)?;
            authorization_codes::forget_unused_of_client(tx, &id)?;
        }
        if narrows {
            let all_of_it = TokenFilter { client: Some(id.clone()), ..TokenFilter::default() };
            event = event.with("tokensRevoked", tokens::revoke_matching(tx, &all_of_it, &TenantReach::All)?);
        }
        Ok(Audited::new(after, event))
    })
}

/// A client that stops to authenticate by secrets has none left; one that begins to needs one.
fn authenticate_by(
    tx: &mut Tx,
    before: &Client,
    after: &Client,
    secret: Option<&ClientSecret>,
) -> Result<()> {
    let begins = after.authentication.is_by_secret() && !before.authentication.is_by_secret();
    match secret {
        Some(secret) if begins => clients::insert_secret(tx, secret)?,
        Some(_) => {
            let detail = "only with a change of tokenEndpointAuthMethod to a secret; POST /api/v1/clients/{id}/secrets makes a new one";
            return Err(Error::field("/clientSecret", detail));
        }
        None if begins && clients::secrets(tx, &after.id)?.is_empty() => {
            let detail = "the client has no secret: send clientSecret with this change";
            return Err(Error::field("/tokenEndpointAuthMethod", detail));
        }
        None => {}
    }
    if before.authentication.asks_as(after.authentication) || after.authentication.is_by_secret() {
        return Ok(());
    }
    clients::end_secrets(tx, &after.id, tx.now())
}

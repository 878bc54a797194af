//! Registering a client.

use crate::model::client::{AuthenticationMethod, Client};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::ClientId;
use crate::model::patch::Patch;
use crate::model::permission::{Permission, TenantReach};
use crate::model::secret::SecretText;
use crate::model::token::Call;
use crate::oauth::clients::settings::{ClientSettings, DEFAULT_AUTHENTICATION, blank};
use crate::oauth::clients::{authority, secrets, target};
use crate::service::Service;
use crate::store::clients;

#[derive(Clone)]
pub struct NewClient {
    pub id: ClientId,
    /// Chosen by the caller; left out, the server makes one for a client that authenticates by it.
    pub secret: Option<SecretText>,
    pub settings: ClientSettings,
}

pub struct CreatedClient {
    pub client: Client,
    /// Only when the server made it, and only this once.
    pub secret: Option<SecretText>,
}

pub fn create(service: &Service, call: &Call, new: NewClient) -> Result<CreatedClient> {
    // Before Argon2id runs, so that nobody has it run who may not register clients.
    service.store.read(call.at, |tx| tx.admit(&call.principal, Permission::ClientsCreate).map(drop))?;
    let NewClient { id, secret: chosen, settings } = new;
    let account_token_key = settings.wrap_account_token_key(service, &id)?;
    let method = settings.authentication.clone().apply(DEFAULT_AUTHENTICATION, || DEFAULT_AUTHENTICATION);
    let (secret, made) = match chosen {
        Some(_) if method == AuthenticationMethod::None => {
            let detail = "a public client (tokenEndpointAuthMethod none) has no secret";
            return Err(Error::field("/clientSecret", detail));
        }
        Some(chosen) => (Some(secrets::chosen(service, &id, &chosen, call.at)?), None),
        None if method.is_by_secret() => {
            let (secret, made) = secrets::made(service, &id, call.at)?;
            (Some(secret), Some(made))
        }
        None => (None, None),
    };
    let call = call.clone();
    let client = service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&call.principal, Permission::ClientsCreate)?;
        let tenants = match &settings.tenants {
            Patch::Set(tenants) => tenants.clone(),
            Patch::Keep | Patch::Reset => authority::default_tenants(tx, &caller)?,
        };
        let client = settings.clone().apply(
            blank(id.clone(), tenants.clone(), call.at),
            account_token_key.clone(),
            || Ok(tenants),
        )?;
        authority::may_hand_out(&caller, &client)?;
        authority::tenants_exist(tx, &client.tenants)?;
        if clients::find(tx, &client.id)?.is_some() {
            let detail =
                format!("The client id {} is taken; ids of deleted clients are not given again.", client.id);
            return Err(Error::new(Code::AlreadyExists, detail).at("/clientId"));
        }
        clients::insert(tx, &client)?;
        secret.as_ref().map_or(Ok(()), |secret| clients::insert_secret(tx, secret))?;
        let event = described(Event::done("client.create", target(&client.id)), &client);
        Ok(Audited::new(client, event))
    })?;
    Ok(CreatedClient { client, secret: made })
}

/// What an event tells of a client's record.
pub(super) fn described(event: Event, client: &Client) -> Event {
    let roles: Vec<&str> = client.roles.iter().map(|role| role.as_str()).collect();
    let permissions: Vec<&str> = client.permissions.iter().map(|permission| permission.as_str()).collect();
    let mut event =
        event.with("roles", roles).with("permissions", permissions).with("tenants", client.tenants.names());
    event.tenant = match &client.tenants {
        TenantReach::All => None,
        reach => reach.sole().cloned(),
    };
    event
}

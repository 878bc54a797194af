//! Registering a client.

use crate::keys::argon::Parameters;
use crate::model::client::{Client, ClientSecret, SecretVerifier};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::{ClientId, SecretId};
use crate::model::patch::Patch;
use crate::model::permission::{Permission, TenantReach};
use crate::model::secret::SecretText;
use crate::model::token::Call;
use crate::oauth::client_authentication;
use crate::oauth::clients::settings::{ClientSettings, blank};
use crate::oauth::clients::{authority, target};
use crate::service::{Service, id_octets};
use crate::store::clients;

#[derive(Clone)]
pub struct NewClient {
    pub id: ClientId,
    /// Chosen by the caller; left out, the server makes one.
    pub secret: Option<SecretText>,
    pub settings: ClientSettings,
}

pub struct CreatedClient {
    pub client: Client,
    /// Only when the server made it, and only this once.
    pub secret: Option<SecretText>,
}

/// In octets. Long enough for a sentence, and no work for nothing.
const LONGEST_SECRET: usize = 256;

pub fn create(service: &Service, call: &Call, new: NewClient) -> Result<CreatedClient> {
    // Before Argon2id runs, so that nobody has it run who may not register clients.
    service.store.read(call.at, |tx| tx.admit(&call.principal, Permission::ClientsCreate).map(drop))?;
    let made = match &new.secret {
        Some(_) => None,
        None => Some(client_authentication::new_secret()?),
    };
    let secret = ClientSecret {
        id: SecretId::new(call.at, id_octets()?),
        client: new.id.clone(),
        verifier: match (&new.secret, &made) {
            (Some(chosen), _) => chosen_verifier(service, chosen)?,
            (None, Some(made)) => client_authentication::verifier(service.vault.pepper(), made),
            (None, None) => return Err(Error::internal("a client without a secret")),
        },
        created_at: call.at,
        ends_at: None,
    };
    let (id, settings) = (new.id, new.settings);
    let call = call.clone();
    let client = service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&call.principal, Permission::ClientsCreate)?;
        let tenants = match &settings.tenants {
            Patch::Set(tenants) => tenants.clone(),
            Patch::Keep | Patch::Reset => authority::default_tenants(tx, &caller)?,
        };
        let client = settings.clone().apply(blank(id.clone(), tenants.clone(), call.at), || Ok(tenants))?;
        authority::may_hand_out(&caller, &client)?;
        authority::tenants_exist(tx, &client.tenants)?;
        if clients::find(tx, &client.id)?.is_some() {
            let detail =
                format!("The client id {} is taken; ids of deleted clients are not given again.", client.id);
            return Err(Error::new(Code::AlreadyExists, detail).at("/clientId"));
        }
        clients::insert(tx, &client)?;
        clients::insert_secret(tx, &secret)?;
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

fn chosen_verifier(service: &Service, secret: &SecretText) -> Result<SecretVerifier> {
    let text = secret.expose();
    if client_authentication::is_server_made(secret) {
        let detail = format!(
            "what begins with {} is made by the server; leave the field out to get one",
            client_authentication::SECRET_PREFIX
        );
        return Err(Error::field("/clientSecret", detail));
    }
    if text.is_empty() || text.len() > LONGEST_SECRET || text.chars().any(char::is_control) {
        let detail = format!("1 to {LONGEST_SECRET} octets without control characters");
        return Err(Error::field("/clientSecret", detail));
    }
    service.vault.argon.hash(text.as_bytes(), Parameters::PASSWORD).map(SecretVerifier::Argon2id)
}

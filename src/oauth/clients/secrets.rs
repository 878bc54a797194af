//! Clients' secrets: those that the server makes, and those that somebody chose. Beside a new one the old ones go on for
//! a while, so that nothing stops while it is rolled out.

use crate::keys::argon::Parameters;
use crate::model::client::{ClientSecret, SecretVerifier};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::{ClientId, SecretId};
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::Call;
use crate::oauth::client_authentication;
use crate::oauth::clients::create::described;
use crate::oauth::clients::{authority, target};
use crate::oauth::token::LONGEST_VALIDITY;
use crate::service::{Service, id_octets};
use crate::store::clients;

pub struct NewSecret {
    pub client: ClientId,
    /// Only this once.
    pub secret: SecretText,
    /// When the secrets before it end, unless they end sooner.
    pub old_end_at: Timestamp,
}

/// Seconds that old secrets work beside a new one, unless the caller says otherwise.
pub const DEFAULT_OVERLAP: i64 = 24 * 3600;

/// `old_expire_in`: seconds until the old secrets end; 0 ends them at once.
pub fn add(service: &Service, call: &Call, id: &ClientId, old_expire_in: Option<i64>) -> Result<NewSecret> {
    let overlap = old_expire_in.unwrap_or(DEFAULT_OVERLAP);
    if !(0..=i64::from(LONGEST_VALIDITY)).contains(&overlap) {
        let detail = format!("The old secrets end after 0 to {LONGEST_VALIDITY} seconds, not {overlap}.");
        return Err(Error::new(Code::InvalidValidity, detail).at("/expiresIn"));
    }
    let old_end_at = call.at.plus_seconds(overlap);
    let (secret, made) = made(service, id, call.at)?;
    let (principal, client_id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&principal, Permission::ClientsWrite)?;
        let client = authority::visible(tx, &caller, &client_id)?;
        // Whoever knows a secret of a client can do all that the client may.
        authority::may_hand_out(&caller, &client)?;
        if !client.authentication.is_by_secret() {
            let detail = format!(
                "The client authenticates by {}, which takes no secret; change its tokenEndpointAuthMethod first.",
                client.authentication.as_str()
            );
            return Err(Error::new(Code::InvalidState, detail));
        }
        clients::end_secrets(tx, &client_id, old_end_at)?;
        clients::insert_secret(tx, &secret)?;
        clients::update(tx, &client)?;
        let event = described(Event::done("client.new_secret", target(&client_id)), &client)
            .with("oldSecretsEndAt", old_end_at.to_string());
        Ok(Audited::new((), event))
    })?;
    Ok(NewSecret { client: id.clone(), secret: made, old_end_at })
}

/// A secret that the server makes, as it is stored and as it is shown this once.
pub(super) fn made(service: &Service, id: &ClientId, at: Timestamp) -> Result<(ClientSecret, SecretText)> {
    let made = client_authentication::new_secret()?;
    let verifier = client_authentication::verifier(service.vault.pepper(), &made);
    Ok((secret(id, verifier, at)?, made))
}

/// A secret that somebody chose, as it is stored.
pub(super) fn chosen(
    service: &Service,
    id: &ClientId,
    chosen: &SecretText,
    at: Timestamp,
) -> Result<ClientSecret> {
    secret(id, chosen_verifier(service, chosen)?, at)
}

/// In octets. Long enough for a sentence, and no work for nothing.
const LONGEST_SECRET: usize = 256;

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

fn secret(id: &ClientId, verifier: SecretVerifier, at: Timestamp) -> Result<ClientSecret> {
    Ok(ClientSecret {
        id: SecretId::new(at, id_octets()?),
        client: id.clone(),
        verifier,
        created_at: at,
        ends_at: None,
    })
}

//! A new secret for a client; the old ones go on for a while, so that nothing stops while it is rolled out.

use crate::model::client::ClientSecret;
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
    let made = client_authentication::new_secret()?;
    let secret = ClientSecret {
        id: SecretId::new(call.at, id_octets()?),
        client: id.clone(),
        verifier: client_authentication::verifier(service.vault.pepper(), &made),
        created_at: call.at,
        ends_at: None,
    };
    let (principal, client_id) = (call.principal.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&principal, Permission::ClientsWrite)?;
        let client = authority::visible(tx, &caller, &client_id)?;
        // Whoever knows a secret of a client can do all that the client may.
        authority::may_hand_out(&caller, &client)?;
        clients::end_secrets(tx, &client_id, old_end_at)?;
        clients::insert_secret(tx, &secret)?;
        clients::update(tx, &client)?;
        let event = described(Event::done("client.new_secret", target(&client_id)), &client)
            .with("oldSecretsEndAt", old_end_at.to_string());
        Ok(Audited::new((), event))
    })?;
    Ok(NewSecret { client: id.clone(), secret: made, old_end_at })
}

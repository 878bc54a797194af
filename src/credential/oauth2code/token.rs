//! Credential-scope access tokens: who bears one acts on its one credential, as long as the authorization is open.

use crate::keys::sad::Sad;
use crate::model::authorization::Authorization;
use crate::model::error::{Code, Error, Result};
use crate::model::permission::{Permission, Permissions};
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::{Principal, Proof, Signer};
use crate::service::Service;
use crate::store::{Tx, authorizations};

/// Whether a text may be one. Everything else that is a token here has a dot, or a prefix.
pub fn looks_like_one(text: &SecretText) -> bool {
    Sad::parse(text).is_ok()
}

/// Who bears it. [`Code::InvalidToken`] for one that is spent or unknown, [`Code::ExpiredToken`] for one that has expired.
pub fn recognise(service: &Service, at: Timestamp, token: &SecretText) -> Result<Signer> {
    let sad_id = Sad::parse(token).map_err(|_| unknown())?.id()?;
    service.store.read(at, |tx| {
        let (signer, _) = bearer(tx, &sad_id)?.ok_or_else(unknown)?;
        let principal = Principal::Signer(signer.clone().into());
        tx.admit_any(&principal)?;
        Ok(signer)
    })
}

/// Who bears the token with this id, which may have ended, and what it was given for. Whether it stands is for
/// [`Tx::admit`] to say.
pub fn bearer(tx: &mut Tx, sad_id: &[u8]) -> Result<Option<(Signer, Authorization)>> {
    let found = authorizations::by_sad_id(tx, sad_id)?;
    Ok(found.and_then(|authorization| {
        let signer = Signer {
            client: authorization.client.clone(),
            user: Some(authorization.user.clone()?),
            tenant: authorization.tenant.clone(),
            seat: authorization.seat.clone()?,
            credential: authorization.credential.clone(),
            permissions: Permissions::from([Permission::CredentialsUse]),
            proof: Proof::CredentialToken(sad_id.to_vec()),
        };
        Some((signer, authorization))
    }))
}

fn unknown() -> Error {
    Error::new(Code::InvalidToken, "The access token is not known here, or is spent.")
}

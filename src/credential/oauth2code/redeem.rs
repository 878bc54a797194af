//! A code becomes a credential-scope token, which is the SAD of its authorization. What takes time is done before the
//! transaction in which the code is spent, and that transaction is the caller's.

use std::sync::Arc;

use crate::credential::authorize::{self, Authorized};
use crate::credential::{places, target};
use crate::keys::opened::SadId;
use crate::keys::sad::Sad;
use crate::keys::software::OpenedKey;
use crate::model::authorization::Authorization;
use crate::model::credential::{Credential, StoredKey};
use crate::model::error::{Code, Error, Result};
use crate::model::event::Event;
use crate::model::id::{AuthorizationId, ClientId, CredentialId};
use crate::model::tenant::{Tenant, TenantStatus};
use crate::model::time::Timestamp;
use crate::service::Service;
use crate::store::{Tx, authorizations, configurations, credentials, keys, tenants};

/// A token that is made, and not given yet.
#[derive(Clone)]
pub struct Prepared {
    /// As it will be.
    authorization: Authorization,
    code_id: SadId,
    sad: Sad,
    sad_id: SadId,
    key: Arc<OpenedKey>,
    /// Seconds.
    validity: u32,
}

/// Wraps what a code opens under a new SAD, for the client that the code was given to. [`Code::InvalidGrant`] when there
/// is nothing that it opens.
pub fn prepare(
    service: &Service,
    now: Timestamp,
    client: &ClientId,
    code: &Sad,
    authorization: &AuthorizationId,
) -> Result<Prepared> {
    let code_id = code.id()?;
    let found = service.store.read(now, |tx| {
        let pending = authorizations::pending(tx, authorization)?.ok_or_else(refusal)?;
        if pending.sad_id != code_id || pending.client != *client || pending.user.is_none() {
            return Err(refusal());
        }
        let (credential, tenant) = active(tx, &pending.credential)?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        let key = keys::current(tx, &credential)?;
        Ok(Found { authorization: pending, tenant, key, validity: configuration.sad_validity })
    })?;
    let Found { mut authorization, tenant, key, validity } = found;
    let tenant_key = service.vault.tenant_key(&tenant)?;
    let place = places::authorized_data_key(&authorization.id);
    let dek = code.unwrap(&tenant_key, place, &authorization.wrapped_data_key)?;
    let sad = Sad::generate()?;
    let sad_id = sad.id()?;
    authorization.wrapped_data_key = sad.wrap(&tenant_key, place, &dek)?;
    authorization.sad_id = sad_id.to_vec();
    authorization.pending = false;
    (authorization.expires_at, authorization.ends_at) = authorize::lifetime(now, validity);
    Ok(Prepared { key: authorize::open(&key, &dek)?, authorization, code_id, sad, sad_id, validity })
}

struct Found {
    authorization: Authorization,
    tenant: Tenant,
    key: StoredKey,
    /// Seconds.
    validity: u32,
}

impl Prepared {
    pub fn credential(&self) -> &CredentialId {
        &self.authorization.credential
    }

    /// Gives the token, in the transaction in which its code is spent; the event that tells of it.
    pub fn commit(&self, tx: &mut Tx) -> Result<Event> {
        active(tx, &self.authorization.credential)?;
        authorizations::give(tx, &self.authorization, &self.code_id)?;
        Ok(Event::done("credential.redeem_code", target(&self.authorization.credential))
            .of(&self.authorization.tenant)
            .with("authorization", self.authorization.id.as_str())
            .with("numSignatures", self.authorization.remaining))
    }

    /// The token, once that transaction has been committed.
    pub fn release(self, service: &Service) -> Authorized {
        let Authorization { credential, expires_at, .. } = self.authorization;
        service.vault.opened.insert(self.sad_id, credential, self.key, expires_at);
        Authorized { sad: self.sad.text(), expires_in: self.validity }
    }
}

/// Ends what a code gave, or would have given, in the transaction of a caller who saw the code again; none where it had
/// ended already. After that transaction the node forgets the key: [`forget`].
pub fn end(tx: &mut Tx, authorization: &AuthorizationId) -> Result<Option<SadId>> {
    let open = authorizations::find(tx, authorization)?
        .filter(|authorization| authorization.remaining > 0 && authorization.expires_at > tx.now());
    let Some(open) = open else { return Ok(None) };
    authorizations::end(tx, &open)?;
    SadId::try_from(open.sad_id).map(Some).map_err(|_| Error::internal("a SAD's id of another length"))
}

pub fn forget(service: &Service, ended: &SadId) {
    service.vault.opened.remove(ended);
}

/// The credential of a code, if it can be signed with.
fn active(tx: &mut Tx, id: &CredentialId) -> Result<(Credential, Tenant)> {
    let credential = credentials::known(tx, id)?;
    let tenant = tenants::known(tx, &credential.tenant)?;
    if credential.require_active(tx.now()).is_err() || tenant.status != TenantStatus::Active {
        return Err(refusal());
    }
    Ok((credential, tenant))
}

fn refusal() -> Error {
    Error::new(Code::InvalidGrant, "Authorization code is invalid or expired")
}

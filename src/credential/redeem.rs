//! authorizeCheck: once the signer has approved, the handle becomes a SAD, once.

use crate::credential::authorize::{self, Authorized, Given, Waiting};
use crate::credential::{permit, places, target};
use crate::keys::sad::Sad;
use crate::model::approval::{Approval, Decision};
use crate::model::authorization::Authorization;
use crate::model::configuration::Configuration;
use crate::model::credential::{Credential, StoredKey};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::Factor;
use crate::model::id::CredentialId;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::token::{Call, Caller};
use crate::service::Service;
use crate::store::{Tx, approvals, authorizations, configurations, factors, keys};

/// The SAD, or the same handle while the signer has not decided. A refusal by the signer is a factor that was wrong.
pub fn redeem(service: &Service, call: &Call, handle: &SecretText) -> Result<Given> {
    let waiting = presented(service, call, handle)?;
    let handle_id = waiting.id()?;
    let found = service.store.read(call.at, |tx| {
        let caller = permit::admit(tx, call)?;
        let authorization = authorizations::by_handle_id(tx, &handle_id)?.ok_or_else(unknown)?;
        Found::look(tx, &caller, &authorization.credential, &handle_id)
    })?;
    if found.approval.decision.is_none() {
        let expires_in = u32::try_from(call.at.seconds_until(found.approval.expires_at)).unwrap_or(u32::MAX);
        return Ok(Given::Handle(Waiting { handle: waiting.text(), expires_in }));
    }
    let tenant_key = service.vault.tenant_key(&found.tenant)?;
    let place = places::authorized_data_key(&found.authorization.id);
    let dek = waiting.unwrap(&tenant_key, place, &found.authorization.wrapped_data_key)?;
    let sad = Sad::generate()?;
    let sad_id = sad.id()?;
    let wrapped = sad.wrap(&tenant_key, place, &dek)?;
    let opened = authorize::open(&found.key, &dek)?;
    let validity = found.configuration.sad_validity;
    let (expires_at, ends_at) = authorize::lifetime(call.at, validity);

    let credential = found.credential.id.clone();
    service.store.write(call.actor(), {
        let (call, credential) = (call.clone(), credential.clone());
        move |tx| {
            let caller = permit::admit(tx, &call)?;
            let Found { mut authorization, factors, .. } = Found::look(tx, &caller, &credential, &handle_id)?;
            authorization.sad_id = sad_id.to_vec();
            authorization.wrapped_data_key.clone_from(&wrapped);
            (authorization.expires_at, authorization.ends_at) = (expires_at, ends_at);
            authorizations::give(tx, &authorization, &handle_id)?;
            for mut factor in factors {
                factor.lockout.end_run(call.at);
                factors::update(tx, &factor)?;
            }
            let event = Event::done("credential.authorize", target(&credential))
                .of(&authorization.tenant)
                .with("authorization", authorization.id.as_str())
                .with("numSignatures", authorization.remaining)
                .with("approved", true);
            Ok(Audited::new((), event))
        }
    })?;
    service.vault.opened.insert(sad_id, credential, opened, expires_at);
    Ok(Given::Sad(Authorized { sad: sad.text(), expires_in: validity }))
}

struct Found {
    credential: Credential,
    configuration: Configuration,
    tenant: Tenant,
    key: StoredKey,
    factors: Vec<Factor>,
    authorization: Authorization,
    /// Undecided, or approved.
    approval: Approval,
}

impl Found {
    fn look(tx: &mut Tx, caller: &Caller, credential: &CredentialId, handle_id: &[u8]) -> Result<Self> {
        let (credential, tenant) =
            authorize::usable(tx, caller, credential).map_err(|error| match error.code() {
                Code::NotFound => unknown(),
                _ => error,
            })?;
        let factors = factors::of(tx, &credential.id)?;
        let authorization = authorizations::by_handle_id(tx, handle_id)?.ok_or_else(unknown)?;
        // What waits for an authorization code waits for nobody's approval.
        let ours = authorization.user.is_none()
            && authorization.credential == credential.id
            && Some(&authorization.client) == caller.client()
            && Some(&authorization.tenant) == caller.tenant()
            && authorization.seat.as_ref() == caller.seat();
        if !ours || authorization.expires_at <= tx.now() {
            return Err(unknown());
        }
        let approval = approvals::of_authorization(tx, &authorization.id)?.ok_or_else(unknown)?;
        match approval.decision {
            Some(Decision::Refused) => {
                return Err(Error::new(Code::InvalidFactors, "The signer refused."));
            }
            Some(Decision::Approved) => {}
            None if approval.expires_at <= tx.now() => return Err(unknown()),
            None => {}
        }
        if authorization.remaining == 0 {
            return Err(unknown());
        }
        credential.require_active(tx.now())?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        let key = keys::current(tx, &credential)?;
        Ok(Self { credential, configuration, tenant, key, factors, authorization, approval })
    }
}

/// The handle that a caller presents. What cannot be one is refused to those only who may use credentials at all.
fn presented(service: &Service, call: &Call, text: &SecretText) -> Result<Sad> {
    if let Ok(handle) = Sad::parse(text) {
        return Ok(handle);
    }
    service.store.read(call.at, |tx| permit::admit(tx, call))?;
    Err(unknown())
}

fn unknown() -> Error {
    Error::new(
        Code::HandleInvalid,
        "The handle is unknown, expired or was exchanged already; authorise again.",
    )
}

//! The end: every wrap of the private key is overwritten. The record stays for the audit.

use crate::credential::{added, target};
use crate::model::credential::CredentialStatus;
use crate::model::error::Result;
use crate::model::event::{Audited, Event};
use crate::model::id::CredentialId;
use crate::model::permission::Permission;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{authorizations, credentials, factors, keys};

/// Every state in which there is something to destroy.
const DESTRUCTIBLE: [CredentialStatus; 7] = [
    CredentialStatus::Created,
    CredentialStatus::Protected,
    CredentialStatus::AwaitingCertificate,
    CredentialStatus::Active,
    CredentialStatus::Suspended,
    CredentialStatus::Expired,
    CredentialStatus::Revoked,
];

pub fn destroy(service: &Service, call: &Call, id: &CredentialId) -> Result<()> {
    let (request, destroyed) = (call.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&request.principal, Permission::CredentialsProvision)?;
        let mut credential = credentials::visible(tx, &caller, &destroyed)?;
        let factors = factors::of(tx, &destroyed)?;
        credential.require(&DESTRUCTIBLE, &added(&credential, &factors), request.at)?;
        keys::destroy(tx, &destroyed)?;
        factors::destroy(tx, &destroyed)?;
        let ended = authorizations::end_all(tx, &destroyed)?;
        credential.status = CredentialStatus::Destroyed;
        credentials::update(tx, &credential)?;
        let event = Event::done("credential.destroy", target(&destroyed))
            .of(&credential.tenant)
            .with("endedAuthorizations", ended);
        Ok(Audited::new((), event))
    })?;
    service.vault.opened.remove_credential(id);
    Ok(())
}

//! Looking at credentials: one, a list, what waits for a CA, and what CSC clients are told.

use crate::credential::Progress;
use crate::credential::permit;
use crate::model::configuration::Configuration;
use crate::model::credential::{Credential, CredentialStatus, StoredChain, StoredKey};
use crate::model::error::{Error, Result};
use crate::model::factor::{Factor, FactorMaterial};
use crate::model::id::CredentialId;
use crate::model::name::{SeatName, TenantName};
use crate::model::permission::{Permission, insufficient};
use crate::model::time::Timestamp;
use crate::model::token::{Call, Caller};
use crate::service::Service;
use crate::store::credentials::CredentialFilter;
use crate::store::page::{Listed, Page};
use crate::store::{Tx, chains, configurations, credentials, factors, keys};

/// A credential as the native API shows it.
pub struct Shown {
    pub progress: Progress,
    pub key: Option<StoredKey>,
    pub chain: Option<StoredChain>,
}

pub fn show(service: &Service, call: &Call, id: &CredentialId) -> Result<Shown> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::CredentialsRead)?;
        let credential = credentials::visible(tx, &caller, id)?;
        shown(tx, credential)
    })
}

pub fn list(
    service: &Service,
    call: &Call,
    filter: &CredentialFilter,
    page: &Page,
) -> Result<Listed<Progress>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::CredentialsRead)?;
        let found = credentials::list(tx, &caller, filter, page)?;
        let mut items = Vec::with_capacity(found.items.len());
        for credential in found.items {
            let factors = factors::of(tx, &credential.id)?;
            items.push(Progress::of(credential, &factors, call.at));
        }
        Ok(Listed { items, next: found.next })
    })
}

/// The certificate request of a credential, for whoever provisions it or certifies it.
pub fn certificate_request(service: &Service, call: &Call, id: &CredentialId) -> Result<StoredKey> {
    service.store.read(call.at, |tx| {
        let caller = admit_reader(tx, call)?;
        let credential = credentials::visible(tx, &caller, id)?;
        match &credential.key {
            Some(key) if credential.status != CredentialStatus::Destroyed => {
                keys::find(tx, key)?.ok_or_else(Error::not_found)
            }
            _ => {
                let factors = factors::of(tx, id)?;
                let progress = Progress::of(credential, &factors, call.at);
                let detail = "The credential has no key pair yet, so there is no certificate request.";
                Err(Error::new(crate::model::error::Code::InvalidState, detail)
                    .in_state(progress.status.as_str(), progress.next_step.map(|step| step.as_str())))
            }
        }
    })
}

/// What waits for a certificate.
pub fn certificate_requests(
    service: &Service,
    call: &Call,
    tenant: Option<TenantName>,
    seat: Option<SeatName>,
    page: &Page,
) -> Result<Listed<(Credential, StoredKey)>> {
    service.store.read(call.at, |tx| {
        let caller = tx.admit(&call.principal, Permission::CertificatesRead)?;
        let filter = CredentialFilter {
            tenant: tenant.clone(),
            seat: seat.clone(),
            statuses: vec![CredentialStatus::AwaitingCertificate],
        };
        let found = credentials::list(tx, &caller, &filter, page)?;
        let mut items = Vec::with_capacity(found.items.len());
        for credential in found.items {
            if let Some(id) = &credential.key
                && let Some(key) = keys::find(tx, id)?
            {
                items.push((credential, key));
            }
        }
        Ok(Listed { items, next: found.next })
    })
}

/// A credential as CSC's credentials/info needs it.
pub struct Usable {
    pub credential: Credential,
    pub status: CredentialStatus,
    pub key: StoredKey,
    pub chain: StoredChain,
    pub configuration: Configuration,
    /// Where its one-time passwords are sent, in part; none when they are not sent.
    pub sent_to: Option<String>,
}

/// The credentials that a signer can be shown: those that have, or had, a certificate.
const CERTIFIED: [CredentialStatus; 4] = [
    CredentialStatus::Active,
    CredentialStatus::Suspended,
    CredentialStatus::Expired,
    CredentialStatus::Revoked,
];

pub fn usable(service: &Service, call: &Call, id: &CredentialId) -> Result<Usable> {
    service.store.read(call.at, |tx| {
        let caller = permit::admit(tx, call)?;
        let credential = credentials::visible(tx, &caller, id)?;
        with_all(tx, credential, call.at)
    })
}

/// Whose credentials are meant, and which.
pub struct Whose {
    /// A token that names no seat has to have one named here (CSC `userID`).
    pub seat: Option<SeatName>,
    /// Only those that can be signed with now.
    pub only_active: bool,
}

/// The ids of a seat's usable credentials.
pub fn usable_ids(
    service: &Service,
    call: &Call,
    whose: &Whose,
    page: &Page,
) -> Result<Listed<CredentialId>> {
    service.store.read(call.at, |tx| {
        let found = usable_of(tx, call, whose, page)?;
        Ok(Listed {
            items: found.items.into_iter().map(|credential| credential.id).collect(),
            next: found.next,
        })
    })
}

/// The same credentials, each with all that CSC clients are told of it.
pub fn usable_page(service: &Service, call: &Call, whose: &Whose, page: &Page) -> Result<Listed<Usable>> {
    service.store.read(call.at, |tx| {
        let found = usable_of(tx, call, whose, page)?;
        let usable = found.items.into_iter().map(|credential| with_all(tx, credential, call.at));
        Ok(Listed { items: usable.collect::<Result<_>>()?, next: found.next })
    })
}

fn usable_of(tx: &mut Tx, call: &Call, whose: &Whose, page: &Page) -> Result<Listed<Credential>> {
    let caller = permit::admit(tx, call)?;
    if caller.seat().or(whose.seat.as_ref()).is_none() {
        return Err(Error::field("/userID", "the token names no seat, so the request has to"));
    }
    let statuses = if whose.only_active { vec![CredentialStatus::Active] } else { CERTIFIED.to_vec() };
    let filter = CredentialFilter { tenant: caller.tenant().cloned(), seat: whose.seat.clone(), statuses };
    credentials::list(tx, &caller, &filter, page)
}

/// A credential that has, or had, a certificate; any other is not found.
fn with_all(tx: &mut Tx, credential: Credential, now: Timestamp) -> Result<Usable> {
    let (Some(key), Some(chain)) = (&credential.key, &credential.chain) else {
        return Err(Error::not_found());
    };
    let status = credential.status_at(now);
    if !CERTIFIED.contains(&status) {
        return Err(Error::not_found());
    }
    let configuration = configurations::find(tx, &credential.configuration)?.ok_or_else(Error::not_found)?;
    let is_sent = configuration.one_time_password().is_some_and(|kind| kind.channel().is_some());
    let sent_to = if is_sent { sent_to(&factors::of(tx, &credential.id)?) } else { None };
    Ok(Usable {
        sent_to,
        key: keys::find(tx, key)?.ok_or_else(Error::not_found)?,
        chain: chains::find(tx, chain)?.ok_or_else(Error::not_found)?,
        configuration,
        status,
        credential,
    })
}

fn sent_to(factors: &[Factor]) -> Option<String> {
    let mut codes = factors.iter().filter(|factor| factor.kind.is_one_time_password());
    codes.find_map(|factor| match &factor.material {
        FactorMaterial::Sent(material) => Some(material.masked_address()),
        FactorMaterial::Pin(_) | FactorMaterial::Otp(_) => None,
    })
}

fn shown(tx: &mut Tx, credential: Credential) -> Result<Shown> {
    let factors = factors::of(tx, &credential.id)?;
    let key = match &credential.key {
        Some(id) => keys::find(tx, id)?,
        None => None,
    };
    let chain = match &credential.chain {
        Some(id) => chains::find(tx, id)?,
        None => None,
    };
    Ok(Shown { progress: Progress::of(credential, &factors, tx.now()), key, chain })
}

/// Those who provision may read a request, and those who certify.
fn admit_reader(tx: &mut Tx, call: &Call) -> Result<Caller> {
    let caller = tx.admit_any(&call.principal)?;
    if caller.has(Permission::CredentialsRead) || caller.has(Permission::CertificatesRead) {
        return Ok(caller);
    }
    Err(insufficient(Permission::CertificatesRead))
}

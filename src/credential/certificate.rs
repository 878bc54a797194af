//! Step 5 of enrolment: the chain that a CA issued from the request makes the credential active.

use crate::credential::{Progress, added, target};
use crate::model::credential::{Credential, CredentialStatus, StoredChain, StoredKey};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::Factor;
use crate::model::id::{ChainId, CredentialId};
use crate::model::permission::Permission;
use crate::model::tenant::{SubjectRule, TrustAnchor};
use crate::model::token::Call;
use crate::pki::certificate::CertificateFacts;
use crate::pki::chain::{self, Expectation, Ignored};
use crate::service::{Service, id_octets};
use crate::store::{Tx, chains, credentials, factors, keys, tenants};

pub struct AttachedCertificate {
    pub progress: Progress,
    /// End entity first.
    pub chain: Vec<CertificateFacts>,
    /// What this upload held beside it.
    pub ignored: Vec<Ignored>,
}

pub fn attach(
    service: &Service,
    call: &Call,
    id: &CredentialId,
    upload: &[u8],
) -> Result<AttachedCertificate> {
    let context = service.store.read(call.at, |tx| Context::look(tx, call, id))?;
    let anchors: Vec<_> = context.anchors.iter().map(|anchor| anchor.der.clone()).collect();
    let accepted = chain::accept(
        upload,
        &Expectation {
            spki_der: &context.key.spki,
            csr_der: &context.key.csr,
            trust_anchors: &anchors,
            subject_rule: context.subject_rule,
            now: call.at,
        },
    )?;
    let end_entity =
        accepted.certificates.first().ok_or_else(|| Error::internal("an accepted chain is empty"))?;
    let (fingerprint, serial, expires_at) =
        (end_entity.fingerprint_sha256.clone(), end_entity.serial_number.clone(), end_entity.not_after);
    let new_chain = StoredChain {
        id: ChainId::new(call.at, id_octets()?),
        credential: id.clone(),
        key: context.key.id,
        certificates: accepted.certificates.iter().map(|certificate| certificate.der.clone()).collect(),
        attached_at: call.at,
    };
    let (call, id) = (call.clone(), id.clone());
    let progress = service.store.write(call.actor(), move |tx| {
        let Context { mut credential, factors, attached, anchors: pinned, .. } =
            Context::look(tx, &call, &id)?;
        if !pinned.iter().map(|anchor| &anchor.der).eq(&anchors) {
            return Err(Error::new(
                Code::Conflict,
                "The tenant's trust anchors changed meanwhile; upload again.",
            )
            .retry_after(1));
        }
        let event = Event::done("credential.attach_certificate", target(&id))
            .of(&credential.tenant)
            .with("fingerprintSha256", fingerprint.as_str())
            .with("serialNumber", serial.as_str());
        match attached {
            Some(chain) if chain.certificates == new_chain.certificates => {
                let event = event.with("alreadyAttached", true);
                return Ok(Audited::new(Progress::of(credential, &factors, call.at), event));
            }
            Some(_) => {
                return Err(Error::new(
                    Code::InvalidState,
                    "The credential is active with another end entity or path; that one stays.",
                )
                .in_state(credential.status_at(call.at).as_str(), None));
            }
            None => {}
        }
        chains::insert(tx, &new_chain)?;
        credential.activate(new_chain.id.clone(), expires_at);
        credentials::update(tx, &credential)?;
        Ok(Audited::new(Progress::of(credential, &factors, call.at), event))
    })?;
    Ok(AttachedCertificate { progress, chain: accepted.certificates, ignored: accepted.ignored })
}

struct Context {
    credential: Credential,
    key: StoredKey,
    subject_rule: SubjectRule,
    anchors: Vec<TrustAnchor>,
    factors: Vec<Factor>,
    attached: Option<StoredChain>,
}

impl Context {
    fn look(tx: &mut Tx, call: &Call, id: &CredentialId) -> Result<Self> {
        let caller = tx.admit(&call.principal, Permission::CertificatesAttach)?;
        let credential = credentials::visible(tx, &caller, id)?;
        let factors = factors::of(tx, id)?;
        credential.require(
            &[CredentialStatus::AwaitingCertificate, CredentialStatus::Active],
            &added(&credential, &factors),
            call.at,
        )?;
        let attached = match &credential.chain {
            Some(chain) => chains::find(tx, chain)?,
            None => None,
        };
        let tenant = tenants::known(tx, &credential.tenant)?;
        Ok(Self {
            key: keys::current(tx, &credential)?,
            subject_rule: tenant.subject_rule,
            anchors: tenants::anchors(tx, &credential.tenant)?,
            credential,
            factors,
            attached,
        })
    }
}

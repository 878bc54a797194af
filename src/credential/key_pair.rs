//! Step 4 of enrolment: the key pair, and the certificate request that it signs while it is open.

use crate::credential::{Progress, added, attempt, places, target};
use crate::keys::envelope::{Dek, TenantKey};
use crate::keys::pin;
use crate::keys::software::{GeneratedKey, OpenedKey};
use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use crate::model::credential::{Credential, CredentialStatus, DataKeyWrap, StoredKey};
use crate::model::error::{Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Factor, FactorMaterial, FactorType};
use crate::model::id::{CredentialId, KeyId};
use crate::model::permission::Permission;
use crate::model::tenant::{Seat, Tenant};
use crate::model::token::Call;
use crate::pki::csr;
use crate::pki::name::Subject;
use crate::service::{Service, id_octets};
use crate::store::{Tx, credentials, factors, keys, seats, tenants};

pub struct NewKeyPair {
    pub algorithm: KeyAlgorithm,
    /// The first that fits the key when left out.
    pub csr_algorithm: Option<CsrSignatureAlgorithm>,
    /// When left out, the credential's own; without one, CN = the seat's display name, else the seat, and O = the
    /// tenant's display name.
    pub subject: Option<Subject>,
}

pub struct MadeKeyPair {
    pub progress: Progress,
    pub key: StoredKey,
}

pub fn generate(service: &Service, call: &Call, id: &CredentialId, new: NewKeyPair) -> Result<MadeKeyPair> {
    let context = service.store.read(call.at, |tx| Context::look(tx, call, id))?;
    let csr_algorithm = match new.csr_algorithm {
        Some(algorithm) => algorithm,
        None => CsrSignatureAlgorithm::fitting(new.algorithm)
            .into_iter()
            .next()
            .ok_or_else(|| Error::internal("no CSR algorithm fits"))?,
    };
    let subject = match new.subject {
        Some(subject) => subject,
        None => context.default_subject()?,
    };
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    let generated = service.vault.rsa_pool.take(new.algorithm)?;
    let key = protect(generated, &context, &tenant_key, call, new.algorithm, csr_algorithm, &subject)?;
    let (call, id) = (call.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let Context { mut credential, factors, .. } = Context::look(tx, &call, &id)?;
        keys::insert(tx, &key)?;
        credential.give_key(key.id.clone());
        credentials::update(tx, &credential)?;
        let event = Event::done("credential.generate_key_pair", target(&id))
            .of(&credential.tenant)
            .with("algorithm", key.algorithm.as_str())
            .with("subject", key.subject.as_str());
        let progress = Progress::of(credential, &factors, call.at);
        Ok(Audited::new(MadeKeyPair { progress, key: key.clone() }, event))
    })
}

/// Has the key sign its request, then puts it under a data key that only the signer's PIN (or, without one, the
/// service) opens. The data key itself is forgotten here.
fn protect(
    generated: GeneratedKey,
    context: &Context,
    tenant_key: &TenantKey,
    call: &Call,
    algorithm: KeyAlgorithm,
    csr_algorithm: CsrSignatureAlgorithm,
    subject: &Subject,
) -> Result<StoredKey> {
    let id = KeyId::new(call.at, id_octets()?);
    let opened = OpenedKey::open(algorithm, &generated.pkcs8)?;
    let request = csr::build(&generated.spki_der, subject, csr_algorithm, |message, scheme| {
        opened.sign_message(scheme, message)
    })?;
    let dek = Dek::generate()?;
    let data_key = match context.sealing_public() {
        Some(public) => DataKeyWrap::Sealed(pin::seal(tenant_key, public, &dek, places::data_key(&id))?),
        None => DataKeyWrap::Tenant(dek.wrap_for_service(tenant_key, places::data_key(&id))?),
    };
    Ok(StoredKey {
        wrapped_pkcs8: dek.wrap(places::pkcs8(&id), &generated.pkcs8)?,
        id,
        credential: context.credential.id.clone(),
        algorithm,
        spki: generated.spki_der,
        data_key,
        csr: request,
        csr_algorithm,
        subject: subject.to_string(),
        created_at: call.at,
    })
}

struct Context {
    credential: Credential,
    tenant: Tenant,
    seat: Option<Seat>,
    factors: Vec<Factor>,
}

impl Context {
    fn look(tx: &mut Tx, call: &Call, id: &CredentialId) -> Result<Self> {
        let caller = tx.admit(&call.principal, Permission::CredentialsProvision)?;
        let credential = credentials::visible(tx, &caller, id)?;
        let tenant = tenants::known(tx, &credential.tenant)?;
        let seat = seats::find(tx, &credential.tenant, &credential.seat)?;
        let factors = factors::of(tx, id)?;
        credential.require(&[CredentialStatus::Protected], &added(&credential, &factors), call.at)?;
        Ok(Self { credential, tenant, seat, factors })
    }

    fn sealing_public(&self) -> Option<&[u8]> {
        match &attempt::find(&self.factors, FactorType::Pin)?.material {
            FactorMaterial::Pin(material) => Some(&material.public),
            FactorMaterial::Otp(_) | FactorMaterial::Sent(_) => None,
        }
    }

    fn default_subject(&self) -> Result<Subject> {
        if let Some(subject) = &self.credential.default_subject {
            return Subject::parse(subject);
        }
        let display_name = self.seat.as_ref().and_then(|seat| seat.display_name.as_deref());
        let common_name = display_name.unwrap_or(self.credential.seat.as_str());
        Ok(Subject::simple(common_name, &self.tenant.display_name))
    }
}

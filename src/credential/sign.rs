//! A signature: read, sign, spend; and only what was spent is released, or the responseID of signatures that wait.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::credential::{authorize, collect, permit, places, sign_algorithm, target};
use crate::keys::sad::Sad;
use crate::keys::software::OpenedKey;
use crate::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use crate::model::authorization::Authorization;
use crate::model::credential::{Credential, CredentialStatus, StoredKey};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::id::{CredentialId, SignResponseId};
use crate::model::secret::SecretText;
use crate::model::sign_response::{ResponseValidity, SignResponse, Wait};
use crate::model::tenant::Tenant;
use crate::model::time::Timestamp;
use crate::model::token::{Call, Caller};
use crate::model::webhook::WebhookUrl;
use crate::pki::certificate;
use crate::service::{self, Service};
use crate::store::{Tx, authorizations, chains, credentials, keys, sign_responses};

pub struct SignRequest {
    pub credential: CredentialId,
    pub sad: SecretText,
    pub hashes: Vec<Vec<u8>>,
    /// What CSC calls signAlgo, hashAlgo and signAlgoParams.
    pub algorithm: sign_algorithm::Requested,
    /// The caller's own, kept for billing.
    pub client_data: Option<String>,
}

/// Signatures in the order of the hashes.
pub struct Signatures {
    pub signatures: Vec<Vec<u8>>,
    pub algorithm: KeyAlgorithm,
}

/// Signatures that wait.
pub struct Kept {
    /// What collects them; the database does not hold it.
    pub response_id: SecretText,
    pub expires_at: Timestamp,
    pub algorithm: KeyAlgorithm,
    pub count: usize,
}

/// A key that is open already is signed with before the database is asked: the spending asks it everything, and what
/// it does not spend is never released.
pub fn sign(service: &Service, call: &Call, request: SignRequest) -> Result<Signatures> {
    let sad = presented(service, call, &request.sad)?;
    let sad_id = sad.id()?;
    let (key, found) = match service.vault.opened.find(&sad_id, call.at) {
        Some(key) => (key, None),
        None => {
            let found = service.store.read(call.at, |tx| look(tx, call, &request, &sad_id))?;
            (Arc::new(open(service, &sad, &found)?), Some(found))
        }
    };
    let unreleased = make(service, call, &request, &sad_id, &key, found.as_ref())?;
    let digest = unreleased.digest;
    let spent = spend(service, call, request, sad_id, digest, None)?;
    after(service, &spent, sad_id, key, found);
    Ok(unreleased.release(&spent))
}

/// As [`sign`], but the signatures wait: sealed under the responseID, which leaves only once they and their spending
/// are on disk, in one transaction. They are collected by [`crate::credential::collect`].
pub fn keep(service: &Service, call: &Call, request: SignRequest, wait: Wait) -> Result<Kept> {
    let sad = presented(service, call, &request.sad)?;
    let sad_id = sad.id()?;
    let found = service.store.read(call.at, |tx| look(tx, call, &request, &sad_id))?;
    let key = match service.vault.opened.find(&sad_id, call.at) {
        Some(key) => key,
        None => Arc::new(open(service, &sad, &found)?),
    };
    let unreleased = make(service, call, &request, &sad_id, &key, Some(&found))?;
    let digest = unreleased.digest;
    let (kept, response) = unreleased.seal(service, call, &found, wait.validity)?;
    let waiting = Waiting { response, notified: wait.notified };
    let spent = spend(service, call, request, sad_id, digest, Some(waiting))?;
    after(service, &spent, sad_id, key, Some(found));
    Ok(kept.release(&spent))
}

/// Checks and signs; nothing is spent yet.
fn make(
    service: &Service,
    call: &Call,
    request: &SignRequest,
    sad_id: &[u8],
    key: &OpenedKey,
    found: Option<&Found>,
) -> Result<Unreleased<Signatures>> {
    let scheme = match check(request, key, found) {
        Ok(scheme) => scheme,
        Err(refusal) => {
            // Who may not ask at all is told that first.
            service.store.read(call.at, |tx| look(tx, call, request, sad_id).map(drop))?;
            return Err(refusal);
        }
    };
    let signatures = request.hashes.iter().map(|hash| key.sign(scheme, hash)).collect::<Result<Vec<_>>>()?;
    let signatures = Signatures { signatures, algorithm: key.algorithm() };
    Ok(Unreleased { value: signatures, digest: scheme.digest() })
}

/// What is left of a key in memory once something was spent.
fn after(service: &Service, spent: &Spent, sad_id: [u8; 32], key: Arc<OpenedKey>, found: Option<Found>) {
    match (spent.remaining, found) {
        (0, _) => service.vault.opened.remove(&sad_id),
        // A node that did not authorise parses the key once too.
        (_, Some(Found { authorization: Authorization { credential, expires_at, .. }, .. })) => {
            service.vault.opened.insert(sad_id, credential, key, expires_at);
        }
        (_, None) => {}
    }
}

/// What would be refused is refused before any signature is made, as far as it is known.
fn check(request: &SignRequest, key: &OpenedKey, found: Option<&Found>) -> Result<SignatureScheme> {
    let (scheme, used) = request.algorithm.resolve(key.algorithm())?;
    check_lengths(&request.hashes, used, key.algorithm())?;
    if let Some(found) = found {
        found.authorization.clone().spend(&request.hashes, scheme.digest())?;
    }
    Ok(scheme)
}

/// The SAD that a caller presents. What cannot be one is refused to those only who may use credentials at all.
pub(super) fn presented(service: &Service, call: &Call, text: &SecretText) -> Result<Sad> {
    let refusal = match Sad::parse(text) {
        Ok(sad) => return Ok(sad),
        Err(refusal) => refusal,
    };
    service.store.read(call.at, |tx| permit::admit(tx, call))?;
    Err(refusal)
}

/// Signatures, or what collects them, that exist and must not leave: their spending is not on disk yet.
struct Unreleased<T> {
    value: T,
    /// Of the hashes that were signed.
    digest: Option<Digest>,
}

/// The proof that a spending was committed: the store's write gave it.
struct Spent {
    remaining: u32,
}

impl<T> Unreleased<T> {
    fn release(self, _: &Spent) -> T {
        self.value
    }
}

impl Unreleased<Signatures> {
    /// Puts the signatures under a new responseID: from here on they are in its record only.
    fn seal(
        self,
        service: &Service,
        call: &Call,
        found: &Found,
        validity: ResponseValidity,
    ) -> Result<(Unreleased<Kept>, SignResponse)> {
        let Signatures { signatures, algorithm } = self.value;
        let response_id = Sad::generate()?;
        let id = SignResponseId::new(call.at, service::id_octets()?);
        let tenant_key = service.vault.tenant_key(&found.tenant)?;
        let packed = collect::pack(&signatures)?;
        let Authorization { credential, tenant, client, .. } = found.authorization.clone();
        let response = SignResponse {
            response_id: response_id.id()?.to_vec(),
            sealed: response_id.seal(&tenant_key, places::waiting_signatures(&id), &packed)?,
            id,
            credential,
            tenant,
            // They are collected by who had them made.
            seat: call.principal.seat().cloned(),
            client,
            expires_at: validity.from(call.at),
            created_at: call.at,
        };
        let kept = Kept {
            response_id: response_id.text(),
            expires_at: response.expires_at,
            algorithm,
            count: signatures.len(),
        };
        Ok((Unreleased { value: kept, digest: self.digest }, response))
    }
}

struct Found {
    authorization: Authorization,
    key: StoredKey,
    tenant: Tenant,
}

fn look(tx: &mut Tx, call: &Call, request: &SignRequest, sad_id: &[u8]) -> Result<Found> {
    let caller = permit::admit(tx, call)?;
    let (credential, tenant) = authorize::usable(tx, &caller, &request.credential)?;
    let authorization = standing(tx, &caller, &credential, sad_id)?;
    must_be_active(tx, &credential)?;
    let key = keys::current(tx, &credential)?;
    Ok(Found { authorization, key, tenant })
}

/// The authorization behind a SAD, if it is this caller's, for this credential, and open.
pub(super) fn standing(
    tx: &mut Tx,
    caller: &Caller,
    credential: &Credential,
    sad_id: &[u8],
) -> Result<Authorization> {
    // Who signs does not know destroyed credentials any more.
    if credential.status == CredentialStatus::Destroyed {
        return Err(Error::not_found());
    }
    let unknown = || Error::new(Code::SadInvalid, "The SAD is unknown, spent or replaced; authorise again.");
    let authorization = authorizations::by_sad_id(tx, sad_id)?.ok_or_else(unknown)?;
    let seat_fits = match (&authorization.user, caller.seat()) {
        // Given in the browser, by whom the service token need not speak of.
        (Some(_), None) => true,
        (_, seat) => authorization.seat.as_ref() == seat,
    };
    let ours = authorization.credential == credential.id
        && Some(&authorization.client) == caller.client()
        && Some(&authorization.tenant) == caller.tenant()
        && caller.credential_token().is_none_or(|own| own == sad_id)
        && seat_fits;
    if !ours || authorization.remaining == 0 {
        return Err(unknown());
    }
    if authorization.expires_at <= tx.now() {
        return Err(Error::new(Code::SadExpired, "The SAD has expired; authorise again."));
    }
    Ok(authorization)
}

fn must_be_active(tx: &mut Tx, credential: &Credential) -> Result<()> {
    match credential.status_at(tx.now()) {
        CredentialStatus::Expired => {
            let chain = match &credential.chain {
                Some(id) => chains::find(tx, id)?,
                None => None,
            };
            let end_entity = chain.and_then(|chain| chain.certificates.into_iter().next());
            let facts = end_entity.map(|der| certificate::facts(&der)).transpose()?;
            let name = facts.map_or_else(String::new, |facts| {
                format!(
                    "O={},CN={}",
                    facts.organization.unwrap_or_default(),
                    facts.common_name.unwrap_or_default()
                )
            });
            Err(Error::new(Code::SigningCertificateExpired, "The signing certificate has expired.")
                .about(name))
        }
        _ => credential.require_active(tx.now()),
    }
}

fn open(service: &Service, sad: &Sad, found: &Found) -> Result<OpenedKey> {
    let Found { authorization, key, tenant } = found;
    let tenant_key = service.vault.tenant_key(tenant)?;
    let place = places::authorized_data_key(&authorization.id);
    let dek = sad.unwrap(&tenant_key, place, &authorization.wrapped_data_key)?;
    OpenedKey::open(key.algorithm, &dek.open(places::pkcs8(&key.id), &key.wrapped_pkcs8)?)
}

fn check_lengths(hashes: &[Vec<u8>], digest: Option<Digest>, key: KeyAlgorithm) -> Result<()> {
    if hashes.iter().all(|hash| Digest::fits(digest, hash)) {
        return Ok(());
    }
    let expected = match digest {
        Some(digest) => format!("{} octets", digest.len()),
        None => format!("32, 48 or 64 octets for {}", key.as_str()),
    };
    Err(Error::new(Code::InvalidDigestLength, format!("A hash has another length than {expected}.")))
}

/// Sealed signatures on their way to disk.
struct Waiting {
    response: SignResponse,
    notified: Option<WebhookUrl>,
}

/// One transaction: the token stands, the credential is active, the hashes are left; then they are spent, and what is
/// to wait is kept.
fn spend(
    service: &Service,
    call: &Call,
    request: SignRequest,
    sad_id: [u8; 32],
    digest: Option<Digest>,
    waiting: Option<Waiting>,
) -> Result<Spent> {
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let caller = permit::admit(tx, &call)?;
        let credential = credentials::held(tx, &caller, &request.credential)?;
        must_be_active(tx, &credential)?;
        let mut authorization = standing(tx, &caller, &credential, &sad_id)?;
        authorization.spend(&request.hashes, digest)?;
        authorizations::spend(tx, &authorization, &sad_id)?;
        let mut event = Event::done("credential.sign", target(&credential.id))
            .of(&credential.tenant)
            .with("authorization", authorization.id.as_str())
            .with("signAlgo", request.algorithm.sign_algo.as_str())
            .with("hashes", base64_all(&request.hashes))
            .with("remaining", authorization.remaining);
        if let Some(Waiting { response, notified }) = &waiting {
            sign_responses::insert(tx, response)?;
            event = event
                .with("operationMode", "A")
                .with("response", response.id.as_str())
                .with("expiresAt", response.expires_at.to_string());
            if let Some(url) = notified {
                event = event.with("notified", url.authority());
            }
        }
        if let Some(data) = &request.client_data {
            event = event.with("clientData", data.as_str());
        }
        Ok(Audited::new(Spent { remaining: authorization.remaining }, event))
    })
}

pub(super) fn base64_all(hashes: &[Vec<u8>]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

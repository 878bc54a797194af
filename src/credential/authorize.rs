//! The signer's factors become a SAD: random, short-lived, for so many signatures, and (SCAL 2) for these hashes.

use std::sync::Arc;

use crate::credential::attempt::{self, Verdict};
use crate::credential::confirm_otp::otp_material;
use crate::credential::{permit, places, target};
use crate::keys::envelope::{Dek, TenantKey};
use crate::keys::sad::Sad;
use crate::keys::software::OpenedKey;
use crate::keys::{otp, pin};
use crate::model::algorithm::Digest;
use crate::model::authorization::{Authorization, AuthorizedHashes};
use crate::model::configuration::{Configuration, Scal};
use crate::model::credential::{Credential, CredentialStatus, DataKeyWrap, StoredKey};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Factor, FactorMaterial, FactorType};
use crate::model::id::{AuthorizationId, CredentialId};
use crate::model::lockout::Attempt;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::tenant::{Tenant, TenantStatus};
use crate::model::token::{Call, Caller};
use crate::service::{Service, id_octets};
use crate::store::{Tx, authorizations, configurations, credentials, factors, keys, tenants};

pub struct AuthorizeRequest {
    pub credential: CredentialId,
    pub num_signatures: u32,
    pub hashes: Option<Vec<Vec<u8>>>,
    /// The digest algorithm of the hashes, where the protocol says it.
    pub digest: Option<Digest>,
    pub pin: Option<SecretText>,
    pub otp: Option<SecretText>,
    /// What is being signed, in words; at most 500 characters.
    pub description: Option<String>,
    /// The caller's own, kept for billing.
    pub client_data: Option<String>,
}

pub struct Authorized {
    pub sad: SecretText,
    /// Seconds.
    pub expires_in: u32,
}

/// An authorization, extended however often, does not outlive this many of its validities.
const MAX_VALIDITIES: i64 = 10;

pub fn authorize(service: &Service, call: &Call, request: AuthorizeRequest) -> Result<Authorized> {
    let ids = [attempt::new_attempt_id()?, attempt::new_attempt_id()?];
    let request = Arc::new(request);
    let (context, attempts) = {
        let (call, request) = (call.clone(), Arc::clone(&request));
        service.store.bookkeep(call.at, move |tx| {
            let context = Context::look(tx, &call, &request)?;
            let attempts = context.take_attempts(tx, ids)?;
            Ok((context, attempts))
        })?
    };
    let outcome = match context.check(service, call, &request) {
        Ok(Checked::Right(proof)) => grant(service, call, &request, &context, attempts.clone(), proof),
        Ok(Checked::Wrong(wrong)) => return refuse(service, call, &request, attempts, wrong),
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        attempt::give_back(service, call, &request.credential, attempts);
        Err(error)
    })
}

/// What the factors showed.
enum Checked {
    Right(Proof),
    Wrong(FactorType),
}

/// What right factors open: the data key, and the OTP's time step to be spent.
struct Proof {
    dek: Dek,
    otp_step: Option<i64>,
}

struct Context {
    credential: Credential,
    configuration: Configuration,
    tenant: Tenant,
    key: StoredKey,
    factors: Vec<Factor>,
}

impl Context {
    /// Everything that can be refused without touching a factor is refused here.
    fn look(tx: &mut Tx, call: &Call, request: &AuthorizeRequest) -> Result<Self> {
        let caller = permit::admit(tx, call)?;
        let (credential, tenant) = usable(tx, &caller, &request.credential)?;
        let configuration = configurations::find(tx, &credential.configuration)?
            .ok_or_else(|| Error::internal("a credential without its configuration"))?;
        check_numbers(request, &credential, &configuration)?;
        if credential.status_at(call.at) != CredentialStatus::Active {
            return Err(Error::new(
                Code::InvalidCertificateStatus,
                format!("The credential is {}, not active.", credential.status_at(call.at).as_str()),
            ));
        }
        for kind in &credential.required_factors {
            if request.value(*kind).is_none() {
                return Err(Error::new(
                    Code::FactorMissing,
                    format!("The credential requires a {}, which was not sent.", kind.as_str()),
                )
                .about(kind.as_str()));
            }
        }
        let key = match &credential.key {
            Some(id) => keys::find(tx, id)?,
            None => None,
        };
        let key = key.ok_or_else(|| Error::internal("an active credential without its key"))?;
        let factors = factors::of(tx, &credential.id)?;
        Ok(Self { credential, configuration, tenant, key, factors })
    }

    /// One attempt at each required factor; a locked one refuses all.
    fn take_attempts(&self, tx: &mut Tx, ids: [u64; 2]) -> Result<Vec<(FactorType, Attempt)>> {
        let rules = attempt::rules(&self.configuration);
        let mut attempts = Vec::with_capacity(ids.len());
        for (kind, id) in self.credential.required_factors.iter().zip(ids) {
            attempts.push((*kind, attempt::take(tx, self.factor(*kind)?, id, rules)?));
        }
        Ok(attempts)
    }

    /// The PIN first; after a wrong PIN the OTP is not looked at.
    fn check(&self, service: &Service, call: &Call, request: &AuthorizeRequest) -> Result<Checked> {
        let tenant_key = service.vault.tenant_key(&self.tenant)?;
        let dek = match &request.pin {
            Some(value) if self.requires(FactorType::Pin) => {
                match self.open_with_pin(service, &tenant_key, value)? {
                    Some(dek) => dek,
                    None => return Ok(Checked::Wrong(FactorType::Pin)),
                }
            }
            _ => self.open_without_pin(&tenant_key)?,
        };
        let otp_step = match &request.otp {
            Some(code) if self.requires(FactorType::Otp) => match self.otp_step(&tenant_key, code, call)? {
                Some(step) => Some(step),
                None => return Ok(Checked::Wrong(FactorType::Otp)),
            },
            _ => None,
        };
        Ok(Checked::Right(Proof { dek, otp_step }))
    }

    fn open_with_pin(
        &self,
        service: &Service,
        tenant_key: &TenantKey,
        value: &SecretText,
    ) -> Result<Option<Dek>> {
        let factor = self.factor(FactorType::Pin)?;
        let (FactorMaterial::Pin(material), DataKeyWrap::Sealed(sealed)) =
            (&factor.material, &self.key.data_key)
        else {
            return Err(Error::internal("a PIN that seals nothing"));
        };
        let place = places::sealing_key(&factor.id);
        let opened = pin::open(tenant_key, &service.vault.argon, value, place, material)?;
        opened
            .map(|opened| pin::unseal(tenant_key, &opened, sealed, places::data_key(&self.key.id)))
            .transpose()
    }

    fn open_without_pin(&self, tenant_key: &TenantKey) -> Result<Dek> {
        match &self.key.data_key {
            DataKeyWrap::Tenant(wrapped) => {
                Dek::open_for_service(tenant_key, places::data_key(&self.key.id), wrapped)
            }
            DataKeyWrap::Sealed(_) => Err(Error::internal("a sealed data key without a PIN")),
        }
    }

    fn otp_step(&self, tenant_key: &TenantKey, code: &SecretText, call: &Call) -> Result<Option<i64>> {
        let factor = self.factor(FactorType::Otp)?;
        let material = otp_material(factor)?;
        let secret = tenant_key.open(places::otp_secret(&factor.id), &material.wrapped_secret)?;
        let step = otp::matching_step(&secret, &material.rules, code, call.at)?;
        Ok(step.filter(|step| material.last_step.is_none_or(|last| last < *step)))
    }

    fn requires(&self, kind: FactorType) -> bool {
        self.credential.required_factors.contains(&kind)
    }

    fn factor(&self, kind: FactorType) -> Result<&Factor> {
        attempt::find(&self.factors, kind).ok_or_else(|| Error::internal("a required factor is not there"))
    }
}

/// A credential that this caller may use, of a tenant that is not suspended.
pub(super) fn usable(tx: &mut Tx, caller: &Caller, id: &CredentialId) -> Result<(Credential, Tenant)> {
    let credential = credentials::visible(tx, caller, id)?;
    let certified = credential.chain.is_some() && credential.status != CredentialStatus::Destroyed;
    let tenant = tenants::known(tx, &credential.tenant)?;
    if !certified || tenant.status != TenantStatus::Active {
        return Err(Error::not_found());
    }
    Ok((credential, tenant))
}

fn check_numbers(
    request: &AuthorizeRequest,
    credential: &Credential,
    configuration: &Configuration,
) -> Result<()> {
    let wanted = request.num_signatures;
    if wanted < 1 {
        return Err(Error::new(Code::InvalidNumSignatures, "The number of signatures is at least 1."));
    }
    if wanted > credential.multi_signature {
        return Err(Error::new(
            Code::TooManySignatures,
            format!(
                "{wanted} signatures, but the credential's multiSignature is {}.",
                credential.multi_signature
            ),
        ));
    }
    match &request.hashes {
        None if configuration.scal == Scal::Two => Err(Error::new(
            Code::HashesRequired,
            "With SCAL 2 the hashes have to be sent with the authorisation.",
        )),
        Some(hashes) if hashes.len() > wanted as usize => Err(Error::new(
            Code::InvalidNumSignatures,
            format!("{} hashes for {wanted} signatures.", hashes.len()),
        )),
        _ => Ok(()),
    }
}

/// The outer error: nothing was settled, though the factors were right. The inner: a refusal that was.
fn grant(
    service: &Service,
    call: &Call,
    request: &Arc<AuthorizeRequest>,
    context: &Context,
    attempts: Vec<(FactorType, Attempt)>,
    proof: Proof,
) -> Result<Result<Authorized>> {
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    let sad = Sad::generate()?;
    let sad_id = sad.id()?;
    let id = AuthorizationId::new(call.at, id_octets()?);
    let validity = context.configuration.sad_validity;
    let expires_at = call.at.plus_seconds(i64::from(validity));
    let authorization = Authorization {
        wrapped_data_key: sad.wrap(&tenant_key, places::authorized_data_key(&id), &proof.dek)?,
        id,
        sad_id: sad_id.to_vec(),
        credential: request.credential.clone(),
        tenant: context.credential.tenant.clone(),
        seat: call.principal.seat().cloned(),
        client: call.principal.client().cloned().ok_or_else(|| Error::internal("only clients authorise"))?,
        remaining: request.num_signatures,
        hashes: match &request.hashes {
            Some(hashes) => AuthorizedHashes::Exactly { digest: request.digest, left: hashes.clone() },
            None => AuthorizedHashes::Any,
        },
        expires_at,
        ends_at: call.at.plus_seconds(i64::from(validity) * MAX_VALIDITIES),
        created_at: call.at,
        version: 0,
    };
    // Parsed once, here, for as long as the authorization is open.
    let pkcs8 = proof.dek.open(places::pkcs8(&context.key.id), &context.key.wrapped_pkcs8)?;
    let opened = Arc::new(OpenedKey::open(context.key.algorithm, &pkcs8)?);

    let otp_step = proof.otp_step;
    let outcome = {
        let (call, request) = (call.clone(), Arc::clone(request));
        service.store.write(call.actor(), move |tx| {
            let Context { credential, configuration, mut factors, .. } = Context::look(tx, &call, &request)?;
            let rules = attempt::rules(&configuration);
            let mut held = Vec::with_capacity(attempts.len());
            let mut spent_meanwhile = false;
            for (kind, taken) in &attempts {
                let mut factor = attempt::pick(&mut factors, *kind)?;
                if let (FactorType::Otp, Some(step)) = (kind, otp_step) {
                    spent_meanwhile |= !attempt::spend_step(&mut factor, step);
                }
                held.push((factor, *taken));
            }
            for (mut factor, taken) in held {
                let verdict = match factor.kind {
                    _ if !spent_meanwhile => Verdict::Right,
                    FactorType::Otp => Verdict::Wrong,
                    FactorType::Pin => Verdict::GivenBack,
                };
                if !attempt::settle(&mut factor, taken, verdict, rules, call.at) {
                    return Err(attempt::stale());
                }
                factors::update(tx, &factor)?;
            }
            if spent_meanwhile {
                let event = refused_event(&credential, FactorType::Otp).with("reason", "spent meanwhile");
                return Ok(Audited::new(Err(wrong_factor(FactorType::Otp)), event));
            }
            authorizations::insert(tx, &authorization)?;
            let event = with_request(
                Event::done("credential.authorize", target(&credential.id))
                    .of(&credential.tenant)
                    .with("authorization", authorization.id.as_str())
                    .with("numSignatures", request.num_signatures),
                &request,
            );
            Ok(Audited::new(Ok(()), event))
        })?
    };
    Ok(outcome.map(|()| {
        service.vault.opened.insert(sad_id, request.credential.clone(), opened, expires_at);
        Authorized { sad: sad.text(), expires_in: validity }
    }))
}

/// The wrong factor's failure is counted; the others' attempts are given back, their runs as they were.
fn refuse(
    service: &Service,
    call: &Call,
    request: &Arc<AuthorizeRequest>,
    attempts: Vec<(FactorType, Attempt)>,
    wrong: FactorType,
) -> Result<Authorized> {
    let (call, request) = (call.clone(), Arc::clone(request));
    service.store.write(call.actor(), move |tx| {
        let caller = tx.admit(&call.principal, Permission::CredentialsUse)?;
        let (credential, _) = usable(tx, &caller, &request.credential)?;
        let configuration = configurations::find(tx, &credential.configuration)?
            .ok_or_else(|| Error::internal("a credential without its configuration"))?;
        let rules = attempt::rules(&configuration);
        let mut factors = factors::of(tx, &credential.id)?;
        for (kind, taken) in &attempts {
            let mut factor = attempt::pick(&mut factors, *kind)?;
            let verdict = if *kind == wrong { Verdict::Wrong } else { Verdict::GivenBack };
            attempt::settle(&mut factor, *taken, verdict, rules, call.at);
            factors::update(tx, &factor)?;
        }
        Ok(Audited::new((), with_request(refused_event(&credential, wrong), &request)))
    })?;
    Err(wrong_factor(wrong))
}

/// A right PIN beside a wrong OTP is an event of its own: somebody may know the PIN who lacks the device.
fn refused_event(credential: &Credential, wrong: FactorType) -> Event {
    let pin_was_right = wrong == FactorType::Otp && credential.required_factors.contains(&FactorType::Pin);
    let action = if pin_was_right { "credential.right_pin_wrong_otp" } else { "credential.authorize" };
    Event::refused(action, target(&credential.id)).of(&credential.tenant).with("factor", wrong.as_str())
}

fn with_request(mut event: Event, request: &AuthorizeRequest) -> Event {
    if let Some(hashes) = &request.hashes {
        event = event.with("hashes", super::sign::base64_all(hashes));
    }
    if let Some(description) = &request.description {
        event = event.with("description", description.as_str());
    }
    if let Some(data) = &request.client_data {
        event = event.with("clientData", data.as_str());
    }
    event
}

fn wrong_factor(kind: FactorType) -> Error {
    match kind {
        FactorType::Pin => Error::new(Code::InvalidPin, "The PIN is wrong."),
        FactorType::Otp => {
            Error::new(Code::InvalidOtp, "The one-time password is wrong or was used already.")
        }
    }
}

impl AuthorizeRequest {
    fn value(&self, kind: FactorType) -> Option<&SecretText> {
        match kind {
            FactorType::Pin => self.pin.as_ref(),
            FactorType::Otp => self.otp.as_ref(),
        }
    }
}

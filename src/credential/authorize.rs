//! The signer's factors become a SAD: random, short-lived, for so many signatures, and (SCAL 2) for these hashes. Where
//! the signer has to approve as well they become a handle, which [`crate::credential::redeem`] exchanges for the SAD.

use std::sync::Arc;

use crate::credential::attempt::{self, Verdict};
use crate::credential::demand::{Checked, Demand, Proof, wrong_factor};
use crate::credential::{approval, one_time, places, target};
use crate::keys::envelope::Dek;
use crate::keys::sad::Sad;
use crate::keys::software::OpenedKey;
use crate::model::algorithm::Digest;
use crate::model::approval::Approval;
use crate::model::authorization::{Authorization, AuthorizedHashes};
use crate::model::credential::{Credential, CredentialStatus, StoredKey};
use crate::model::error::{Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::FactorType;
use crate::model::id::{AuthorizationId, CredentialId};
use crate::model::language::Language;
use crate::model::lockout::Attempt;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::tenant::{Tenant, TenantStatus};
use crate::model::time::Timestamp;
use crate::model::token::{Call, Caller};
use crate::service::{Service, id_octets};
use crate::store::{
    Tx, approvals, authorizations, configurations, credentials, factors, signature_rates, tenants,
};

pub struct AuthorizeRequest {
    pub credential: CredentialId,
    pub num_signatures: u32,
    pub hashes: Option<Vec<Vec<u8>>>,
    /// The digest algorithm of the hashes, where the protocol says it.
    pub digest: Option<Digest>,
    pub pin: Option<SecretText>,
    pub otp: Option<SecretText>,
    /// The approval that the caller expects to wait for, if it names one. Whether one is needed is not for it to say.
    pub approval: Option<FactorType>,
    /// In which the signer is asked to approve.
    pub language: Language,
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

/// What comes of right factors.
pub enum Given {
    Sad(Authorized),
    Handle(Waiting),
}

/// An authorization, extended however often, does not outlive this many of its validities.
const MAX_VALIDITIES: i64 = 10;

/// The signer was asked to approve.
pub struct Waiting {
    /// What the SAD is asked for with. It signs nothing.
    pub handle: SecretText,
    /// Seconds that the signer has.
    pub expires_in: u32,
}

/// Whether a caller can wait for the signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    None,
    Waits,
}

/// For callers who cannot wait: where the signer has to approve they are refused, before any factor is looked at.
pub fn authorize(service: &Service, call: &Call, request: AuthorizeRequest) -> Result<Authorized> {
    match give(service, call, request, Patience::None)? {
        Given::Sad(authorized) => Ok(authorized),
        Given::Handle(_) => Err(Error::internal("a handle for a caller who cannot wait")),
    }
}

/// For callers who take a handle where the signer has to approve.
pub fn authorize_or_wait(service: &Service, call: &Call, request: AuthorizeRequest) -> Result<Given> {
    give(service, call, request, Patience::Waits)
}

fn give(service: &Service, call: &Call, request: AuthorizeRequest, patience: Patience) -> Result<Given> {
    let request = Arc::new(request);
    decide(service, call, &request, patience, |right| grant(service, call, &request, right))
}

/// Right factors, and the attempts at them that are still to be settled.
pub(super) struct Right {
    pub demand: Demand,
    pub attempts: Vec<(FactorType, Attempt)>,
    pub proof: Proof,
}

/// Takes attempts, checks what was sent, and has right factors granted what they are for. Of `grant` the outer error is
/// that nothing was settled, though the factors were right; the inner one a refusal that was.
pub(super) fn decide<T>(
    service: &Service,
    call: &Call,
    request: &Arc<AuthorizeRequest>,
    patience: Patience,
    grant: impl FnOnce(Right) -> Result<Result<T>>,
) -> Result<T> {
    let ids = [attempt::new_attempt_id()?, attempt::new_attempt_id()?];
    let (demand, attempts) = {
        let (call, request) = (call.clone(), Arc::clone(request));
        service.store.bookkeep(call.at, move |tx| {
            let demand = Demand::look(tx, &call, &request)?;
            demand.check_patience(patience)?;
            let attempts = demand.take_attempts(tx, ids)?;
            Ok((demand, attempts))
        })?
    };
    let outcome = match demand.check(service, call, request) {
        Ok(Checked::Right(proof)) => grant(Right { demand, attempts: attempts.clone(), proof }),
        Ok(Checked::Wrong(wrong)) => return refuse(service, call, request, attempts, wrong),
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        attempt::give_back(service, call, &request.credential, attempts);
        Err(error)
    })
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

fn grant(
    service: &Service,
    call: &Call,
    request: &Arc<AuthorizeRequest>,
    right: Right,
) -> Result<Result<Given>> {
    let Right { demand, attempts, proof } = right;
    let sad = Sad::generate()?;
    let sad_id = sad.id()?;
    let mut authorization = authorization(service, call, request, &demand, &proof.dek, &sad)?;
    let validity = demand.configuration.sad_validity;
    let Some(factor) = demand.approval()? else {
        // Parsed once, here, for as long as the authorization is open.
        let opened = open(&demand.key, &proof.dek)?;
        let expires_at = authorization.expires_at;
        let settlement = Settlement { attempts, one_time: proof.one_time, authorization, approval: None };
        let settled = settle(service, call, request, settlement, |_| Ok(()))?;
        return Ok(settled.map(|()| {
            service.vault.opened.insert(sad_id, request.credential.clone(), opened, expires_at);
            Given::Sad(Authorized { sad: sad.text(), expires_in: validity })
        }));
    };
    // Sent before anything is settled, so that a message that does not leave costs nothing.
    let approval = approval::ask(service, call, &demand, factor, &authorization.id, request)?;
    authorization.pending = true;
    authorization.expires_at = approval::collected_until(&approval);
    let expires_in = u32::try_from(call.at.seconds_until(approval.expires_at)).unwrap_or(u32::MAX);
    let settlement =
        Settlement { attempts, one_time: proof.one_time, authorization, approval: Some(approval) };
    let settled = settle(service, call, request, settlement, |_| Ok(()))?;
    Ok(settled.map(|()| Given::Handle(Waiting { handle: sad.text(), expires_in })))
}

/// What was authorised, under `sad`, for as long as the configuration lets a SAD live.
pub(super) fn authorization(
    service: &Service,
    call: &Call,
    request: &AuthorizeRequest,
    demand: &Demand,
    dek: &Dek,
    sad: &Sad,
) -> Result<Authorization> {
    let tenant_key = service.vault.tenant_key(&demand.tenant)?;
    let id = AuthorizationId::new(call.at, id_octets()?);
    let (expires_at, ends_at) = lifetime(call.at, demand.configuration.sad_validity);
    Ok(Authorization {
        wrapped_data_key: sad.wrap(&tenant_key, places::authorized_data_key(&id), dek)?,
        id,
        sad_id: sad.id()?.to_vec(),
        pending: false,
        credential: request.credential.clone(),
        tenant: demand.credential.tenant.clone(),
        seat: call.principal.seat().cloned(),
        client: call.principal.client().cloned().ok_or_else(|| Error::internal("only clients authorise"))?,
        user: None,
        remaining: request.num_signatures,
        hashes: match &request.hashes {
            Some(hashes) => AuthorizedHashes::Exactly { digest: request.digest, left: hashes.clone() },
            None => AuthorizedHashes::Any,
        },
        expires_at,
        ends_at,
        created_at: call.at,
        version: 0,
    })
}

/// When a SAD that is given now expires, and when what it is extended to ends.
pub(super) fn lifetime(now: Timestamp, validity: u32) -> (Timestamp, Timestamp) {
    let validity = i64::from(validity);
    (now.plus_seconds(validity), now.plus_seconds(validity * MAX_VALIDITIES))
}

pub(super) fn open(key: &StoredKey, dek: &Dek) -> Result<Arc<OpenedKey>> {
    let pkcs8 = dek.open(places::pkcs8(&key.id), &key.wrapped_pkcs8)?;
    OpenedKey::open(key.algorithm, &pkcs8).map(Arc::new)
}

/// What is written once the factors were right.
pub(super) struct Settlement {
    pub attempts: Vec<(FactorType, Attempt)>,
    pub one_time: Option<one_time::Proof>,
    pub authorization: Authorization,
    pub approval: Option<Approval>,
}

/// One transaction: everything still is as it was when the factors were checked; what is good once is spent, and the
/// authorization is there, with what `beside` writes. A run of failures ends with the whole authorisation, which an
/// approval is part of.
pub(super) fn settle(
    service: &Service,
    call: &Call,
    request: &Arc<AuthorizeRequest>,
    settlement: Settlement,
    beside: impl Fn(&mut Tx) -> Result<()> + Send + 'static,
) -> Result<Result<()>> {
    let Settlement { attempts, one_time, authorization, approval } = settlement;
    let (call, request) = (call.clone(), Arc::clone(request));
    service.store.write(call.actor(), move |tx| {
        let Demand { credential, configuration, mut factors, .. } = Demand::look(tx, &call, &request)?;
        let rules = attempt::rules(&configuration);
        let mut held = Vec::with_capacity(attempts.len());
        let mut spent_meanwhile = false;
        for (kind, taken) in &attempts {
            let mut factor = attempt::pick(&mut factors, *kind)?;
            if let (true, Some(proof)) = (kind.is_one_time_password(), &one_time) {
                spent_meanwhile |= !one_time::spend(&mut factor, proof);
            }
            held.push((factor, *taken));
        }
        for (mut factor, taken) in held {
            let verdict = match factor.kind {
                _ if !spent_meanwhile && approval.is_some() => Verdict::RightSoFar,
                _ if !spent_meanwhile => Verdict::Right,
                FactorType::Pin => Verdict::GivenBack,
                _ => Verdict::Wrong,
            };
            if !attempt::settle(&mut factor, taken, verdict, rules, call.at) {
                return Err(attempt::stale());
            }
            factors::update(tx, &factor)?;
        }
        if let (true, Some(kind)) = (spent_meanwhile, configuration.one_time_password()) {
            let event = refused_event(&credential, kind).with("reason", "spent meanwhile");
            return Ok(Audited::new(Err(wrong_factor(kind, &configuration)), event));
        }
        if let Some(per_minute) = configuration.signatures_per_minute {
            signature_rates::take(tx, &credential.id, request.num_signatures, per_minute)?;
        }
        authorizations::insert(tx, &authorization)?;
        let mut action = "credential.authorize";
        if let Some(approval) = &approval {
            approvals::insert(tx, approval)?;
            action = "credential.ask_approval";
        }
        beside(tx)?;
        let event = with_request(
            Event::done(action, target(&credential.id))
                .of(&credential.tenant)
                .with("authorization", authorization.id.as_str())
                .with("numSignatures", request.num_signatures),
            &request,
        );
        Ok(Audited::new(Ok(()), event))
    })
}

/// The wrong factor's failure is counted; the others' attempts are given back, their runs as they were.
fn refuse<T>(
    service: &Service,
    call: &Call,
    request: &Arc<AuthorizeRequest>,
    attempts: Vec<(FactorType, Attempt)>,
    wrong: FactorType,
) -> Result<T> {
    let (call, request) = (call.clone(), Arc::clone(request));
    service
        .store
        .write(call.actor(), move |tx| {
            let caller = tx.admit(&call.principal, Permission::CredentialsUse)?;
            let (credential, _) = usable(tx, &caller, &request.credential)?;
            let configuration = configurations::known(tx, &credential.configuration)?;
            let rules = attempt::rules(&configuration);
            let mut factors = factors::of(tx, &credential.id)?;
            for (kind, taken) in &attempts {
                let mut factor = attempt::pick(&mut factors, *kind)?;
                let verdict = if *kind == wrong { Verdict::Wrong } else { Verdict::GivenBack };
                attempt::settle(&mut factor, *taken, verdict, rules, call.at);
                factors::update(tx, &factor)?;
            }
            let refusal = wrong_factor(wrong, &configuration);
            Ok(Audited::new(refusal, with_request(refused_event(&credential, wrong), &request)))
        })
        .and_then(Err)
}

/// A right PIN beside a wrong OTP is an event of its own: somebody may know the PIN who lacks the device.
fn refused_event(credential: &Credential, wrong: FactorType) -> Event {
    let pin_was_right =
        wrong.is_one_time_password() && credential.required_factors.contains(&FactorType::Pin);
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

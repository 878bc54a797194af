//! Step 3, second half: the first code shows that the signer's device has the secret, or that codes arrive.

use crate::credential::attempt::{self, Verdict};
use crate::credential::{Progress, added, enrolment_link, one_time, target};
use crate::model::configuration::Configuration;
use crate::model::credential::{Credential, CredentialStatus};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::Factor;
use crate::model::id::{CredentialId, FactorId};
use crate::model::lockout::Attempt;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{Tx, configurations, credentials, factors, tenants};

pub fn confirm(service: &Service, call: &Call, id: &CredentialId, code: &SecretText) -> Result<Progress> {
    let attempt_id = attempt::new_attempt_id()?;
    let taken = {
        let (call, id) = (call.clone(), id.clone());
        service.store.bookkeep(call.at, move |tx| {
            let context = Context::look(tx, &call, &id)?;
            let rules = attempt::rules(&context.configuration);
            let attempt = attempt::take(tx, &context.otp, attempt_id, rules)?;
            Ok((context, attempt))
        })?
    };
    let (context, attempt) = taken;
    let proof = check(service, &context, code, call);
    let wrong = matches!(proof, Ok(None));
    let kind = context.otp.kind;
    let settled =
        proof.and_then(|proof| settle(service, call, id, Checked { factor: context.otp.id, attempt, proof }));
    settled.unwrap_or_else(|error| {
        // A wrong code that could not be settled counts all the same, before long.
        if !wrong {
            attempt::give_back(service, call, id, vec![(kind, attempt)]);
        }
        Err(error)
    })
}

/// What came of the check, and of which OTP.
struct Checked {
    factor: FactorId,
    attempt: Attempt,
    /// None: the code was wrong.
    proof: Option<one_time::Proof>,
}

/// None when the code is wrong.
fn check(
    service: &Service,
    context: &Context,
    code: &SecretText,
    call: &Call,
) -> Result<Option<one_time::Proof>> {
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    one_time::check(&tenant_key, &context.otp, code, call.at)
}

fn settle(service: &Service, call: &Call, id: &CredentialId, checked: Checked) -> Result<Result<Progress>> {
    let (call, id) = (call.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let Context { mut credential, configuration, mut otp, mut factors, .. } =
            Context::look(tx, &call, &id)?;
        let rules = attempt::rules(&configuration);
        // An OTP that was added anew meanwhile has another secret, which this code says nothing of.
        let same = otp.id == checked.factor;
        let fresh = same && checked.proof.as_ref().is_some_and(|proof| one_time::spend(&mut otp, proof));
        let verdict = if fresh { Verdict::Right } else { Verdict::Wrong };
        otp.confirmed = attempt::settle(&mut otp, checked.attempt, verdict, rules, call.at) && fresh;
        factors::update(tx, &otp)?;
        if !otp.confirmed {
            let event = Event::refused("credential.confirm_otp", target(&id)).of(&credential.tenant);
            return Ok(Audited::new(Err(mismatch()), event));
        }
        factors.push(otp);
        credential.protect(&added(&credential, &factors));
        credentials::update(tx, &credential)?;
        let event = Event::done("credential.confirm_otp", target(&id)).of(&credential.tenant);
        let event = enrolment_link::note_step(tx, &call, &credential, &factors, event)?;
        Ok(Audited::new(Ok(Progress::of(credential, &factors, call.at)), event))
    })
}

struct Context {
    credential: Credential,
    configuration: Configuration,
    tenant: Tenant,
    otp: Factor,
    /// The others.
    factors: Vec<Factor>,
}

impl Context {
    fn look(tx: &mut Tx, call: &Call, id: &CredentialId) -> Result<Self> {
        let caller = tx.admit(&call.principal, Permission::CredentialsProvision)?;
        let credential = credentials::visible(tx, &caller, id)?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        let tenant = tenants::known(tx, &credential.tenant)?;
        let mut factors = factors::of(tx, id)?;
        let added = added(&credential, &factors);
        credential.require(&[CredentialStatus::Created], &added, call.at)?;
        let waiting = attempt::find_one_time_password(&factors).filter(|factor| !factor.confirmed);
        let Some(kind) = waiting.map(|factor| factor.kind) else {
            let next = credential.next_step(&added).map(|step| step.as_str());
            return Err(Error::new(
                Code::InvalidState,
                "There is no OTP that waits to be confirmed; add one first.",
            )
            .in_state(credential.status_at(call.at).as_str(), next));
        };
        let otp = attempt::pick(&mut factors, kind)?;
        Ok(Self { credential, configuration, tenant, otp, factors })
    }
}

fn mismatch() -> Error {
    Error::new(
        Code::OtpMismatch,
        "The code is not the current one, or was used already. Wait for the authenticator's next code, or have one sent anew.",
    )
    .at("/value")
}

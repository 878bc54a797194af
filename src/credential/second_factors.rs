//! Step 3 of enrolment: the PIN that seals the key to come, the OTP that shows who holds the device, or who reads the
//! mail.

use crate::credential::approval_factors::{self, NewApprovalFactor};
use crate::credential::sent_factors::{self, NewSentFactor};
use crate::credential::{Progress, added, attempt, enrolment_link, pin_rules, places, target};
use crate::keys::envelope::TenantKey;
use crate::keys::{otp, pin};
use crate::model::configuration::{Configuration, OtpRules};
use crate::model::credential::{Credential, CredentialStatus};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Factor, FactorMaterial, FactorType, OtpMaterial};
use crate::model::id::{CredentialId, FactorId};
use crate::model::permission::Permission;
use crate::model::secret::{SecretBytes, SecretText};
use crate::model::tenant::Tenant;
use crate::model::token::Call;
use crate::service::{Service, id_octets};
use crate::store::{Tx, configurations, credentials, factors, tenants};

/// What is to be added.
pub enum NewFactor {
    /// Chosen by the signer.
    Pin(SecretText),
    /// Its secret is made here, and shown once.
    Otp,
    /// Its codes are sent.
    Sent(NewSentFactor),
    /// The links of its questions are sent.
    Approval(NewApprovalFactor),
}

/// What was added, with what is shown this once.
pub struct AddedSecondFactor {
    pub progress: Progress,
    pub kind: FactorType,
    pub confirmed: bool,
    pub shown: Shown,
}

pub enum Shown {
    Nothing,
    Otp(ShownOtp),
    /// Where the first code or link went, in part, and for how many seconds it is good.
    Sent {
        address: String,
        expires_in: u32,
    },
}

/// The secret of an OTP in the three forms that authenticators take.
pub struct ShownOtp {
    pub enrolment: otp::Enrolment,
    pub issuer: String,
    pub user: String,
    pub rules: OtpRules,
}

pub fn add(service: &Service, call: &Call, id: &CredentialId, new: NewFactor) -> Result<AddedSecondFactor> {
    let new = match new {
        NewFactor::Pin(value) => Held::Pin(value),
        NewFactor::Otp => Held::Otp,
        NewFactor::Sent(new) => return sent_factors::add(service, call, id, new),
        NewFactor::Approval(new) => return approval_factors::add(service, call, id, new),
    };
    add_held(service, call, id, new)
}

/// What the signer knows or has.
enum Held {
    Pin(SecretText),
    Otp,
}

fn add_held(service: &Service, call: &Call, id: &CredentialId, new: Held) -> Result<AddedSecondFactor> {
    let kind = match &new {
        Held::Pin(_) => FactorType::Pin,
        Held::Otp => FactorType::Otp,
    };
    let context = service.store.read(call.at, |tx| Context::look(tx, call, id, kind))?;
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    let factor_id = FactorId::new(call.at, id_octets()?);
    let (material, shown) = match new {
        Held::Pin(value) => {
            pin_rules::check(&value, &context.configuration.pin)?;
            let material =
                pin::set(&tenant_key, &service.vault.argon, &value, places::sealing_key(&factor_id))?;
            (FactorMaterial::Pin(material), Shown::Nothing)
        }
        Held::Otp => {
            let (material, shown) = new_otp(&context, &tenant_key, &factor_id)?;
            (FactorMaterial::Otp(material), Shown::Otp(shown))
        }
    };
    // Whoever typed the PIN has confirmed it; an OTP is confirmed by its first code.
    let confirmed = kind == FactorType::Pin;
    let factor = Factor {
        id: factor_id,
        credential: id.clone(),
        kind,
        confirmed,
        material,
        lockout: Default::default(),
        created_at: call.at,
        version: 0,
    };
    let call = call.clone();
    let id = id.clone();
    let progress = service.store.write(call.actor(), move |tx| {
        let Context { mut credential, mut factors, .. } = Context::look(tx, &call, &id, kind)?;
        let mut factor = factor.clone();
        if let Some(at) = factors.iter().position(|other| other.kind == kind) {
            // An unconfirmed OTP is replaced; the failures at confirming it stay counted.
            let replaced = factors.swap_remove(at);
            factor.lockout = replaced.lockout.clone();
            factors::remove(tx, &replaced)?;
        }
        factors::insert(tx, &factor)?;
        enrolment_link::note_otp(tx, &call, &factor)?;
        factors.push(factor);
        credential.protect(&added(&credential, &factors));
        credentials::update(tx, &credential)?;
        let event = Event::done("credential.add_second_factor", target(&id))
            .of(&credential.tenant)
            .with("type", kind.as_str());
        let event = enrolment_link::note_step(tx, &call, &credential, &factors, event)?;
        Ok(Audited::new(Progress::of(credential, &factors, call.at), event))
    })?;
    Ok(AddedSecondFactor { progress, kind, confirmed, shown })
}

/// What adding a factor depends on, looked up before the slow part and again with the change.
pub(super) struct Context {
    pub credential: Credential,
    pub configuration: Configuration,
    pub tenant: Tenant,
    pub factors: Vec<Factor>,
}

impl Context {
    pub fn look(tx: &mut Tx, call: &Call, id: &CredentialId, kind: FactorType) -> Result<Self> {
        let caller = tx.admit(&call.principal, Permission::CredentialsProvision)?;
        let credential = credentials::visible(tx, &caller, id)?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        let tenant = tenants::known(tx, &credential.tenant)?;
        let factors = factors::of(tx, id)?;
        if !credential.required_factors.contains(&kind) {
            return Err(Error::new(
                Code::FactorNotRequired,
                format!(
                    "The configuration {} does not ask for a factor of type {}.",
                    configuration.name,
                    kind.as_str()
                ),
            ));
        }
        if attempt::find(&factors, kind).is_some_and(|factor| factor.confirmed) {
            return Err(Error::new(
                Code::AlreadyExists,
                format!("The credential has a factor of type {} already.", kind.as_str()),
            ));
        }
        credential.require(&[CredentialStatus::Created], &added(&credential, &factors), call.at)?;
        Ok(Self { credential, configuration, tenant, factors })
    }
}

fn new_otp(context: &Context, tenant_key: &TenantKey, id: &FactorId) -> Result<(OtpMaterial, ShownOtp)> {
    let rules = context.configuration.otp.clone();
    let secret = otp::new_secret(rules.algorithm)?;
    let shown = shown(&secret, &rules, &context.tenant, &context.credential)?;
    let wrapped_secret = tenant_key.wrap(places::otp_secret(id), &secret)?;
    Ok((OtpMaterial { wrapped_secret, rules, last_step: None }, shown))
}

pub(super) fn shown(
    secret: &SecretBytes,
    rules: &OtpRules,
    tenant: &Tenant,
    credential: &Credential,
) -> Result<ShownOtp> {
    let issuer = rules.issuer.as_ref().or(tenant.otp_issuer.as_ref()).unwrap_or(&tenant.display_name).clone();
    let user = credential.seat.to_string();
    let enrolment = otp::enrolment(secret, rules, &issuer, &user)?;
    Ok(ShownOtp { enrolment, issuer, user, rules: rules.clone() })
}

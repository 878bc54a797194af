//! A user's authenticator: made and shown once, asked for at sign-in from its first code on.

use crate::identity::users::{authority, target};
use crate::keys::envelope::Place;
use crate::keys::otp;
use crate::keys::vault::Vault;
use crate::model::configuration::OtpRules;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::OtpMaterial;
use crate::model::id::{FactorId, UserId};
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::time::Timestamp;
use crate::model::token::Call;
use crate::model::user::{OtpStanding, User, UserOtp};
use crate::service::{Service, id_octets};
use crate::store::{Tx, tenants, users};

/// What is shown of a new authenticator, this once.
pub struct EnrolledOtp {
    pub enrolment: otp::Enrolment,
    pub issuer: String,
    /// As the authenticator names it.
    pub user: String,
    pub rules: OtpRules,
}

/// Makes an authenticator. One that was never confirmed is replaced; one that was has to be removed first.
pub fn enrol(service: &Service, call: &Call, id: &UserId) -> Result<EnrolledOtp> {
    let (user, tenant) = service.store.read(call.at, |tx| may_enrol(tx, call, id))?;
    let rules = OtpRules::default();
    let secret = otp::new_secret(rules.algorithm)?;
    let issuer = tenant.otp_issuer.as_ref().unwrap_or(&tenant.display_name).clone();
    let shown = label(user.name.as_str());
    let enrolment = otp::enrolment(&secret, &rules, &issuer, &shown)?;
    let factor = FactorId::new(call.at, id_octets()?);
    let wrapped_secret = service.vault.tenant_key(&tenant)?.wrap(place(&factor), &secret)?;
    let material = OtpMaterial { wrapped_secret, rules: rules.clone(), last_step: None };
    let made = UserOtp { id: factor, user: id.clone(), material, confirmed: false };
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let (user, _) = may_enrol(tx, &call, &made.user)?;
        users::update(tx, &user)?;
        users::replace_otp(tx, &made)?;
        Ok(Audited::new((), Event::done("user.add_otp", target(&made.user)).of(&user.tenant)))
    })?;
    Ok(EnrolledOtp { enrolment, issuer, user: shown, rules })
}

/// The first code shows that the user has the authenticator; it is asked for from then on.
///
/// [`Code::OtpMismatch`] for any other code; [`Code::InvalidState`] when nothing waits to be confirmed.
pub fn confirm(service: &Service, call: &Call, id: &UserId, code: &SecretText) -> Result<()> {
    let (user, tenant, otp) = service.store.read(call.at, |tx| {
        let user = may_write(tx, call, id)?;
        let tenant = tenants::known(tx, &user.tenant)?;
        let waiting = users::otp(tx, id)?.filter(|otp| !otp.confirmed).ok_or_else(nothing_waits)?;
        Ok((user, tenant, waiting))
    })?;
    let step = fresh_step(&service.vault, &tenant, &otp, code, call.at)?;
    let call = call.clone();
    service.store.write(call.actor(), move |tx| {
        let current = may_write(tx, &call, &user.id)?;
        let spent = match step {
            Some(step) => users::confirm_otp(tx, &otp.id, step)?,
            None => false,
        };
        if !spent {
            let event = Event::refused("user.confirm_otp", target(&user.id)).of(&user.tenant);
            return Ok(Audited::new(Err(mismatch()), event));
        }
        // What began before is asked for a code, too.
        users::update(tx, &current)?;
        Ok(Audited::new(Ok(()), Event::done("user.confirm_otp", target(&user.id)).of(&user.tenant)))
    })?
}

/// Takes the authenticator away: the password is enough from then on.
pub fn remove(service: &Service, call: &Call, id: &UserId) -> Result<()> {
    let (call, id) = (call.clone(), id.clone());
    service.store.write(call.actor(), move |tx| {
        let user = may_write(tx, &call, &id)?;
        users::update(tx, &user)?;
        if !users::remove_otp(tx, &id)? {
            return Err(Error::not_found());
        }
        Ok(Audited::new((), Event::done("user.remove_otp", target(&id)).of(&user.tenant)))
    })
}

/// The time step of a right code that was not used yet.
pub(in crate::identity) fn fresh_step(
    vault: &Vault,
    tenant: &Tenant,
    otp: &UserOtp,
    code: &SecretText,
    now: Timestamp,
) -> Result<Option<i64>> {
    let secret = vault.tenant_key(tenant)?.open(place(&otp.id), &otp.material.wrapped_secret)?;
    let step = otp::matching_step(&secret, &otp.material.rules, code, now)?;
    Ok(step.filter(|step| otp.material.last_step.is_none_or(|last| last < *step)))
}

fn may_write(tx: &mut Tx, call: &Call, id: &UserId) -> Result<User> {
    let caller = tx.admit(&call.principal, Permission::UsersWrite)?;
    let user = authority::visible(tx, &caller, id)?;
    authority::may_hand_out(tx, &caller, &user)?;
    Ok(user)
}

fn may_enrol(tx: &mut Tx, call: &Call, id: &UserId) -> Result<(User, Tenant)> {
    let user = may_write(tx, call, id)?;
    if user.otp == OtpStanding::Confirmed {
        let detail = "The user has an authenticator already; remove it first.";
        return Err(Error::new(Code::AlreadyExists, detail));
    }
    let tenant = tenants::known(tx, &user.tenant)?;
    Ok((user, tenant))
}

/// Authenticators show 64 characters; names are ASCII.
fn label(name: &str) -> String {
    name.get(..64).unwrap_or(name).to_owned()
}

fn place(otp: &FactorId) -> Place<'_> {
    Place { table: "user_otps", row: otp.as_str(), column: "wrapped_secret", version: 1 }
}

fn nothing_waits() -> Error {
    Error::new(Code::InvalidState, "There is no authenticator that waits to be confirmed; add one first.")
}

fn mismatch() -> Error {
    let detail =
        "The code is not the current one, or was used already. Wait for the authenticator's next code.";
    Error::new(Code::OtpMismatch, detail).at("/value")
}

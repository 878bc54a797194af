//! One-time passwords, however they come: checked outside of the transaction, spent in it.

use crate::credential::places;
use crate::keys::envelope::TenantKey;
use crate::keys::{otp, sent_code};
use crate::model::error::{Error, Result};
use crate::model::factor::{Factor, FactorMaterial, SentCode};
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;

/// What a right one-time password has used up once it is spent.
pub(super) enum Proof {
    /// The time step of an authenticator's code, and every earlier one.
    Step(i64),
    /// The code that was sent last.
    Code(SentCode),
}

/// None when the value is wrong, spent or too old.
pub(super) fn check(
    tenant_key: &TenantKey,
    factor: &Factor,
    value: &SecretText,
    now: Timestamp,
) -> Result<Option<Proof>> {
    match &factor.material {
        FactorMaterial::Otp(material) => {
            let secret = tenant_key.open(places::otp_secret(&factor.id), &material.wrapped_secret)?;
            let step = otp::matching_step(&secret, &material.rules, value, now)?;
            Ok(step.filter(|step| material.last_step.is_none_or(|last| last < *step)).map(Proof::Step))
        }
        FactorMaterial::Sent(material) => {
            let Some(code) = &material.code else { return Ok(None) };
            let is_right = sent_code::matches(tenant_key, places::sent_code(&factor.id), code, value, now)?;
            Ok(is_right.then(|| Proof::Code(code.clone())))
        }
        FactorMaterial::Pin(_) => Err(Error::internal("a one-time password that holds a PIN's material")),
    }
}

/// Spends what was proved; false when it is spent already. The caller writes the factor.
pub(super) fn spend(factor: &mut Factor, proof: &Proof) -> bool {
    match (&mut factor.material, proof) {
        (FactorMaterial::Otp(material), Proof::Step(step)) => {
            let is_fresh = material.last_step.is_none_or(|last| last < *step);
            if is_fresh {
                material.last_step = Some(*step);
            }
            is_fresh
        }
        (FactorMaterial::Sent(material), Proof::Code(code)) => {
            let is_fresh = material.code.as_ref() == Some(code);
            if is_fresh {
                material.code = None;
            }
            is_fresh
        }
        _ => false,
    }
}

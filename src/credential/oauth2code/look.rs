//! What a credential demands of its signer, for the page on which it is asked.

use crate::credential::authorize::AuthorizeRequest;
use crate::credential::demand::Demand;
use crate::model::configuration::{PinRules, Scal};
use crate::model::error::{Error, Result};
use crate::model::factor::{FactorMaterial, FactorType};
use crate::model::id::CredentialId;
use crate::model::lockout::LockState;
use crate::model::name::SeatName;
use crate::model::time::Timestamp;
use crate::model::token::Call;
use crate::pki::certificate;
use crate::service::Service;
use crate::store::chains;

pub struct Demanded {
    pub credential: CredentialId,
    pub description: Option<String>,
    pub seat: SeatName,
    /// The name of its tenant.
    pub tenant: String,
    /// Whom the certificate names.
    pub common_name: Option<String>,
    /// Signatures per authorisation.
    pub multi_signature: u32,
    pub scal: Scal,
    pub pin: Option<PinRules>,
    pub one_time_password: Option<OneTimePassword>,
    /// Whether one of the factors is locked.
    pub lock: LockState,
}

pub struct OneTimePassword {
    pub kind: FactorType,
    pub digits: u8,
    pub sent: Option<Sent>,
}

/// Of one that has to be sent first.
pub struct Sent {
    /// Where to, in part.
    pub address: String,
    /// Until when a code is good that was sent already.
    pub good_until: Option<Timestamp>,
}

impl Demanded {
    /// Whether the credential has no factor of its own: then something else has to show that it is the signer.
    pub fn is_nothing(&self) -> bool {
        self.pin.is_none() && self.one_time_password.is_none()
    }
}

/// Refuses what would be refused with right factors too, and takes no attempt.
pub fn look(service: &Service, call: &Call, request: &AuthorizeRequest) -> Result<Demanded> {
    let (demand, certificate) = service.store.read(call.at, |tx| {
        let demand = Demand::look_ahead(tx, call, request)?;
        let chain = match &demand.credential.chain {
            Some(id) => chains::find(tx, id)?,
            None => None,
        };
        Ok((demand, chain.and_then(|chain| chain.certificates.into_iter().next())))
    })?;
    let facts = certificate.map(|der| certificate::facts(&der)).transpose()?;
    let one_time_password =
        demand.configuration.one_time_password().map(|kind| one_time_password(&demand, kind, call.at));
    let has_pin = demand.credential.required_factors.contains(&FactorType::Pin);
    Ok(Demanded {
        common_name: facts.and_then(|facts| facts.common_name),
        pin: has_pin.then(|| demand.configuration.pin.clone()),
        one_time_password: one_time_password.transpose()?,
        lock: lock(&demand, call.at)?,
        scal: demand.configuration.scal,
        tenant: demand.tenant.display_name,
        credential: demand.credential.id,
        description: demand.credential.description,
        seat: demand.credential.seat,
        multi_signature: demand.credential.multi_signature,
    })
}

fn one_time_password(demand: &Demand, kind: FactorType, now: Timestamp) -> Result<OneTimePassword> {
    let (digits, sent) = match &demand.factor(kind)?.material {
        FactorMaterial::Otp(material) => (material.rules.digits, None),
        FactorMaterial::Sent(material) => {
            let end = material.code.as_ref().map(|code| Timestamp::from_micros(code.expires_at));
            let good_until = end.filter(|end| *end > now);
            (demand.configuration.otp.digits, Some(Sent { address: material.masked_address(), good_until }))
        }
        FactorMaterial::Pin(_) => {
            return Err(Error::internal("a one-time password that holds a PIN's material"));
        }
    };
    Ok(OneTimePassword { kind, digits, sent })
}

/// The lock that lasts longest.
fn lock(demand: &Demand, now: Timestamp) -> Result<LockState> {
    let mut longest = LockState::Open;
    for kind in &demand.credential.required_factors {
        longest = match (longest, demand.factor(*kind)?.lockout.state(now)) {
            (LockState::Blocked, _) | (_, LockState::Blocked) => LockState::Blocked,
            (LockState::Locked(a), LockState::Locked(b)) => LockState::Locked(a.max(b)),
            (LockState::Open, other) | (other, LockState::Open) => other,
        };
    }
    Ok(longest)
}

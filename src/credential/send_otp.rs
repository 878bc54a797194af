//! A new one-time password on its way to the signer: it replaces the one that was sent before.

use crate::credential::authorize::usable;
use crate::credential::deliver::{self, Envelope, Lifetime, Message};
use crate::credential::{permit, places, target};
use crate::keys::envelope::TenantKey;
use crate::keys::sent_code;
use crate::model::credential::Credential;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Channel, Factor, FactorMaterial, SentCode, SentMaterial};
use crate::model::id::{CredentialId, FactorId};
use crate::model::language::Language;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{Tx, configurations, factors};

/// Sends the signer of an active credential a code. `factor_not_required` when its configuration asks for none that is
/// sent; `rate_limited` after too many; `delivery_failed` leaves the code before in force.
pub fn send(service: &Service, call: &Call, id: &CredentialId, language: Language) -> Result<()> {
    let context = service.store.read(call.at, |tx| Context::look(tx, call, id))?;
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    let new = NewCode::make(&tenant_key, &context.factor.id, context.digits, call)?;
    let (factor_id, kept) = (context.factor.id, new.kept.clone());
    let (call_too, id_too) = (call.clone(), id.clone());
    let (tenant, former) = service.store.write(call.actor(), move |tx| {
        let Context { credential, tenant, mut factor, .. } = Context::look(tx, &call_too, &id_too)?;
        if factor.id != factor_id {
            return Err(Error::conflict());
        }
        let material = sent_material(&mut factor)?;
        let former = material.clone();
        deliver::take_turn(material, call_too.at)?;
        material.code = Some(kept.clone());
        let event = Event::done(ACTION, target(&id_too))
            .of(&credential.tenant)
            .with("type", factor.kind.as_str())
            .with("address", former.masked_address());
        factors::update(tx, &factor)?;
        Ok(Audited::new((tenant, former), event))
    })?;
    let to = To { tenant: &tenant, channel: context.channel, address: &former.address, language };
    new.deliver(service, call, id, &to, Some(former.clone()))
}

const ACTION: &str = "credential.send_otp";

/// Seconds that a code is good for.
pub(super) const LIFETIME: u32 = 300;

/// A code, and what is kept of it.
pub(super) struct NewCode {
    code: SecretText,
    pub kept: SentCode,
}

/// Where a code goes.
pub(super) struct To<'a> {
    pub tenant: &'a Tenant,
    pub channel: Channel,
    pub address: &'a str,
    pub language: Language,
}

impl NewCode {
    pub fn make(tenant_key: &TenantKey, factor: &FactorId, digits: u8, call: &Call) -> Result<Self> {
        let code = sent_code::generate(digits)?;
        let expires_at = call.at.plus_seconds(i64::from(LIFETIME));
        let kept = sent_code::keep(tenant_key, places::sent_code(factor), &code, expires_at)?;
        Ok(Self { code, kept })
    }

    /// Sends a code that is in force already. When it cannot be delivered, what was in force before is so again: its
    /// code may lie in front of the signer.
    pub fn deliver(
        self,
        service: &Service,
        call: &Call,
        id: &CredentialId,
        to: &To,
        former: Option<SentMaterial>,
    ) -> Result<()> {
        let To { tenant, channel, address, language } = *to;
        let envelope = Envelope { tenant, channel, address, language, at: call.at };
        let message = Message::Code { code: &self.code, lifetime: Lifetime(LIFETIME) };
        let Err(refusal) = deliver::send(service, &envelope, &message) else { return Ok(()) };
        let event =
            Event::refused(ACTION, target(id)).of(&tenant.name).with("reason", refusal.code().as_str());
        let (id, kept) = (id.clone(), self.kept);
        let taken_back = service.store.write(call.actor(), move |tx| {
            for mut factor in factors::of(tx, &id)? {
                if let FactorMaterial::Sent(material) = &mut factor.material
                    && material.code.as_ref() == Some(&kept)
                {
                    material.code = None;
                    if let Some(former) = &former {
                        material.address.clone_from(&former.address);
                        material.code.clone_from(&former.code);
                    }
                    factors::update(tx, &factor)?;
                }
            }
            Ok(Audited::new((), event.clone()))
        });
        if let Err(error) = taken_back {
            tracing::warn!(%error, cause = error.cause(), "a code that was not delivered could not be taken back");
        }
        Err(refusal)
    }
}

struct Context {
    credential: Credential,
    tenant: Tenant,
    factor: Factor,
    channel: Channel,
    digits: u8,
}

impl Context {
    fn look(tx: &mut Tx, call: &Call, id: &CredentialId) -> Result<Self> {
        let caller = permit::admit(tx, call)?;
        let (credential, tenant) = usable(tx, &caller, id)?;
        let configuration = configurations::known(tx, &credential.configuration)?;
        permit::require_way(&caller, &configuration)?;
        credential.require_active(call.at)?;
        let mut codes = factors::of(tx, id)?.into_iter().filter(|factor| factor.kind.is_one_time_password());
        let found = codes.find_map(|factor| {
            let channel = factor.kind.channel()?;
            Some((factor, channel))
        });
        let (factor, channel) = found.ok_or_else(|| {
            Error::new(
                Code::FactorNotRequired,
                "The credential identified by credentialID has no one-time password that is sent",
            )
        })?;
        factor.lockout.check(call.at).map_err(|refusal| refusal.about(factor.kind.csc_name()))?;
        Ok(Self { credential, tenant, factor, channel, digits: configuration.otp.digits })
    }
}

pub(super) fn sent_material(factor: &mut Factor) -> Result<&mut SentMaterial> {
    match &mut factor.material {
        FactorMaterial::Sent(material) => Ok(material),
        FactorMaterial::Pin(_) | FactorMaterial::Otp(_) => {
            Err(Error::internal("a one-time password that is sent, without an address"))
        }
    }
}

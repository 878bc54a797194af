//! Step 3 of enrolment, for one-time passwords that are sent: the first code goes out, and shows that codes arrive.

use crate::credential::second_factors::{AddedSecondFactor, Context, Shown};
use crate::credential::send_otp::{LIFETIME, NewCode, To, sent_material};
use crate::credential::{Progress, added, attempt, deliver, target};
use crate::model::error::{Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Channel, Factor, FactorMaterial, SentMaterial};
use crate::model::id::{CredentialId, FactorId};
use crate::model::language::Language;
use crate::model::token::Call;
use crate::service::{Service, id_octets};
use crate::store::{credentials, factors, seats};

/// Where codes are to be sent.
pub struct NewSentFactor {
    pub channel: Channel,
    /// The seat's e-mail address, when left out.
    pub address: Option<String>,
    pub language: Language,
}

/// Adds the factor, or gives one that is not confirmed another address and another code. How often that may be is
/// counted across all of them.
pub(super) fn add(
    service: &Service,
    call: &Call,
    id: &CredentialId,
    new: NewSentFactor,
) -> Result<AddedSecondFactor> {
    let kind = new.channel.factor();
    let (context, seat_mail) = service.store.read(call.at, |tx| {
        let context = Context::look(tx, call, id, kind)?;
        let seat = seats::find(tx, &context.credential.tenant, &context.credential.seat)?;
        Ok((context, seat.and_then(|seat| seat.email)))
    })?;
    let address = address(&new, seat_mail)?;
    deliver::require(service, &context.tenant, kind)?;
    let known = attempt::find(&context.factors, kind).map(|factor| factor.id.clone());
    let factor_id = known.unwrap_or(FactorId::new(call.at, id_octets()?));
    let tenant_key = service.vault.tenant_key(&context.tenant)?;
    let code = NewCode::make(&tenant_key, &factor_id, context.configuration.otp.digits, call)?;

    let fresh = Factor {
        id: factor_id,
        credential: id.clone(),
        kind,
        confirmed: false,
        material: FactorMaterial::Sent(SentMaterial {
            address: address.clone(),
            sent_at: Vec::new(),
            code: None,
        }),
        lockout: Default::default(),
        created_at: call.at,
        version: 0,
    };
    let (call_too, id_too, kept, to) = (call.clone(), id.clone(), code.kept.clone(), address.clone());
    let (progress, former) = service.store.write(call.actor(), move |tx| {
        let Context { mut credential, mut factors, .. } = Context::look(tx, &call_too, &id_too, kind)?;
        let known = factors.iter().position(|factor| factor.kind == kind).map(|at| factors.swap_remove(at));
        // Whoever added one meanwhile made a code for another factor.
        if known.as_ref().is_some_and(|known| known.id != fresh.id) {
            return Err(Error::conflict());
        }
        let mut factor = known.clone().unwrap_or_else(|| fresh.clone());
        let material = sent_material(&mut factor)?;
        let former = material.clone();
        deliver::take_turn(material, call_too.at)?;
        material.address.clone_from(&to);
        material.code = Some(kept.clone());
        let event = Event::done("credential.add_second_factor", target(&id_too))
            .of(&credential.tenant)
            .with("type", kind.as_str())
            .with("address", material.masked_address());
        match &known {
            Some(_) => factors::update(tx, &factor)?,
            None => factors::insert(tx, &factor)?,
        }
        factors.push(factor);
        credential.protect(&added(&credential, &factors));
        credentials::update(tx, &credential)?;
        let progress = Progress::of(credential, &factors, call_too.at);
        Ok(Audited::new((progress, known.map(|_| former)), event))
    })?;

    let to = To { tenant: &context.tenant, channel: new.channel, address: &address, language: new.language };
    code.deliver(service, call, id, &to, former)?;
    let masked = SentMaterial { address, sent_at: Vec::new(), code: None }.masked_address();
    let shown = Shown::Sent { address: masked, expires_in: LIFETIME };
    Ok(AddedSecondFactor { progress, kind, confirmed: false, shown })
}

fn address(new: &NewSentFactor, seat_mail: Option<String>) -> Result<String> {
    let form = match new.channel {
        Channel::Email => "an e-mail address, such as jdoe@acme.example",
        Channel::Gateway => "a telephone number in E.164's form, such as +34600123456",
    };
    let (given, complaint) = match (&new.address, new.channel) {
        (Some(address), _) => (Some(address.clone()), form),
        (None, Channel::Email) => {
            (seat_mail, "the seat has no e-mail address that codes can be sent to: name one here")
        }
        (None, Channel::Gateway) => (None, "the telephone number is missing: name one, such as +34600123456"),
    };
    given
        .and_then(|address| deliver::address(new.channel, &address))
        .ok_or_else(|| Error::field("/address", complaint))
}

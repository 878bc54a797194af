//! Step 3 of enrolment, for approvals: a first link goes out, by which the signer says that it reached them.

use crate::credential::second_factors::{AddedSecondFactor, Context, Shown};
use crate::credential::send_otp::sent_material;
use crate::credential::{Progress, approval, attempt, deliver, target};
use crate::model::error::{Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Channel, Factor, FactorMaterial, FactorType, SentMaterial};
use crate::model::id::{CredentialId, FactorId};
use crate::model::language::Language;
use crate::model::name::SeatName;
use crate::model::token::Call;
use crate::service::{Service, id_octets};
use crate::store::{approvals, credentials, factors, seats};

/// Where links are to be sent.
pub struct NewApprovalFactor {
    pub kind: FactorType,
    pub channel: Channel,
    /// Left out, the seat's e-mail address, or the seat itself where a gateway knows it.
    pub address: Option<String>,
    pub language: Language,
}

/// Adds the factor, or asks for one that is not confirmed anew, perhaps at another address: former links are worth
/// nothing then. How often that may be is counted across all of them.
pub(super) fn add(
    service: &Service,
    call: &Call,
    id: &CredentialId,
    new: NewApprovalFactor,
) -> Result<AddedSecondFactor> {
    let kind = new.kind;
    let (context, seat_mail) = service.store.read(call.at, |tx| {
        let context = Context::look(tx, call, id, kind)?;
        let seat = seats::find(tx, &context.credential.tenant, &context.credential.seat)?;
        Ok((context, seat.and_then(|seat| seat.email)))
    })?;
    let address = address(&new, seat_mail, &context.credential.seat)?;
    deliver::require(service, &context.tenant, kind)?;
    let material = SentMaterial { address, sent_at: Vec::new(), code: None };
    let masked = material.masked_address();
    let fresh = Factor {
        id: FactorId::new(call.at, id_octets()?),
        credential: id.clone(),
        kind,
        confirmed: false,
        material: FactorMaterial::Sent(material),
        lockout: Default::default(),
        created_at: call.at,
        version: 0,
    };
    let turn = take_turn(service, call, id, fresh)?;
    let sent = approval::ask_to_confirm(
        service,
        call,
        &context.tenant,
        &context.credential,
        &turn.factor,
        new.language,
    );
    let asked = match sent {
        Ok(asked) => asked,
        Err(error) => {
            turn.give_back(service, call);
            return Err(error);
        }
    };

    let expires_in = u32::try_from(call.at.seconds_until(asked.expires_at)).unwrap_or(u32::MAX);
    let (call_too, id_too) = (call.clone(), id.clone());
    let progress = service.store.write(call.actor(), move |tx| {
        let Context { credential, mut factors, .. } = Context::look(tx, &call_too, &id_too, kind)?;
        let ours = factors.iter_mut().find(|factor| factor.id == asked.factor);
        // Whoever added one meanwhile asked at another's address.
        let factor = ours.ok_or_else(Error::conflict)?;
        sent_material(factor)?.address.clone_from(&asked.asked.address);
        factors::update(tx, factor)?;
        approvals::withdraw(tx, &asked.factor)?;
        approvals::insert(tx, &asked)?;
        credentials::update(tx, &credential)?;
        let event = Event::done("credential.add_second_factor", target(&id_too))
            .of(&credential.tenant)
            .with("type", kind.as_str())
            .with("address", sent_material(factor)?.masked_address());
        Ok(Audited::new(Progress::of(credential, &factors, call_too.at), event))
    })?;
    let shown = Shown::Sent { address: masked, expires_in };
    Ok(AddedSecondFactor { progress, kind, confirmed: false, shown })
}

/// The right to send once, counted by the factor's own record.
struct Turn {
    /// As it will be.
    factor: Factor,
    is_new: bool,
}

fn take_turn(service: &Service, call: &Call, id: &CredentialId, fresh: Factor) -> Result<Turn> {
    let (call, id) = (call.clone(), id.clone());
    service.store.bookkeep(call.at, move |tx| {
        let Context { factors, .. } = Context::look(tx, &call, &id, fresh.kind)?;
        let mut factor = fresh.clone();
        match attempt::find(&factors, fresh.kind).cloned() {
            None => {
                deliver::take_turn(sent_material(&mut factor)?, call.at)?;
                factors::insert(tx, &factor)?;
                Ok(Turn { factor, is_new: true })
            }
            Some(mut known) => {
                deliver::take_turn(sent_material(&mut known)?, call.at)?;
                factors::update(tx, &known)?;
                factor.id = known.id;
                Ok(Turn { factor, is_new: false })
            }
        }
    })
}

impl Turn {
    /// A factor that nobody was asked for is as if never added; of others the turn stays taken.
    fn give_back(self, service: &Service, call: &Call) {
        if !self.is_new {
            return;
        }
        let factor = self.factor;
        let given_back = service.store.bookkeep(call.at, move |tx| {
            let untouched = factors::of(tx, &factor.credential)?
                .into_iter()
                .find(|known| known.id == factor.id && known.version == factor.version);
            untouched.map_or(Ok(()), |known| factors::remove(tx, &known))
        });
        if let Err(error) = given_back {
            tracing::warn!(%error, cause = error.cause(), "a factor whose link was not delivered could not be taken back");
        }
    }
}

/// Characters of what a gateway knows a signer by.
const LONGEST_NAME: usize = 255;

fn address(new: &NewApprovalFactor, seat_mail: Option<String>, seat: &SeatName) -> Result<String> {
    match (&new.address, new.channel) {
        (Some(address), Channel::Email) => deliver::address(Channel::Email, address)
            .ok_or_else(|| Error::field("/address", "an e-mail address, such as jdoe@acme.example")),
        (None, Channel::Email) => {
            seat_mail.and_then(|address| deliver::address(Channel::Email, &address)).ok_or_else(|| {
                Error::field(
                    "/address",
                    "the seat has no e-mail address that links can be sent to: name one here",
                )
            })
        }
        (None, Channel::Gateway) => Ok(seat.to_string()),
        (Some(name), Channel::Gateway) => {
            let fits =
                (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            let complaint =
                "1 to 255 characters without control characters, by which the gateway knows the signer";
            if fits { Ok(name.clone()) } else { Err(Error::field("/address", complaint)) }
        }
    }
}

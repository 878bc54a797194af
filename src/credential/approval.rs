//! Asking the signer, apart from the application: a link with a random token goes to where only the signer reads it.

use crate::credential::authorize::AuthorizeRequest;
use crate::credential::deliver::{self, Envelope, Lifetime, Message};
use crate::credential::demand::Demand;
use crate::keys::sad::Sad;
use crate::model::approval::{Approval, Asked, Purpose};
use crate::model::credential::Credential;
use crate::model::error::{Error, Result};
use crate::model::factor::{Factor, FactorMaterial};
use crate::model::id::AuthorizationId;
use crate::model::language::Language;
use crate::model::secret::SecretText;
use crate::model::tenant::Tenant;
use crate::model::time::Timestamp;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{clients, factors};

/// Seconds that the signer has to approve signatures.
const SIGNING_SECONDS: i64 = 10 * 60;
/// Seconds that the signer has to say that an address is theirs.
const CONFIRMING_SECONDS: i64 = 24 * 3600;
/// Seconds that an application has left to collect what was approved at the last moment.
const COLLECTING_SECONDS: i64 = 60;

/// Asks for signatures. The message has left when this returns; that it was asked is for the caller to write down.
pub(super) fn ask(
    service: &Service,
    call: &Call,
    demand: &Demand,
    factor: &Factor,
    authorization: &AuthorizationId,
    request: &AuthorizeRequest,
) -> Result<Approval> {
    take_turn(service, call, factor)?;
    let end = call.at.plus_seconds(SIGNING_SECONDS);
    let question = Question {
        purpose: Purpose::Authorize(authorization.clone()),
        description: request.description.clone(),
        language: request.language,
        expires_at: demand.credential.expires_at.map_or(end, |certificate| end.min(certificate)),
    };
    send(service, call, &demand.tenant, &demand.credential, factor, question)
}

/// Asks whether an address is the signer's. Its turn is the caller's to take.
pub(super) fn ask_to_confirm(
    service: &Service,
    call: &Call,
    tenant: &Tenant,
    credential: &Credential,
    factor: &Factor,
    language: Language,
) -> Result<Approval> {
    let question = Question {
        purpose: Purpose::ConfirmFactor,
        description: None,
        language,
        expires_at: call.at.plus_seconds(CONFIRMING_SECONDS),
    };
    send(service, call, tenant, credential, factor, question)
}

/// Until when the handle is good.
pub(super) fn collected_until(approval: &Approval) -> Timestamp {
    approval.expires_at.plus_seconds(COLLECTING_SECONDS)
}

struct Question {
    purpose: Purpose,
    description: Option<String>,
    language: Language,
    expires_at: Timestamp,
}

/// A question is a message like others: so many may be sent to one address.
fn take_turn(service: &Service, call: &Call, factor: &Factor) -> Result<()> {
    let (credential, id) = (factor.credential.clone(), factor.id.clone());
    service.store.bookkeep(call.at, move |tx| {
        let mut factors = factors::of(tx, &credential)?;
        let gone = || Error::internal("a factor vanished during its check");
        let factor = factors.iter_mut().find(|factor| factor.id == id).ok_or_else(gone)?;
        if let FactorMaterial::Sent(material) = &mut factor.material {
            deliver::take_turn(material, tx.now())?;
        }
        factors::update(tx, factor)
    })
}

fn send(
    service: &Service,
    call: &Call,
    tenant: &Tenant,
    credential: &Credential,
    factor: &Factor,
    question: Question,
) -> Result<Approval> {
    let FactorMaterial::Sent(material) = &factor.material else {
        return Err(Error::internal("an approval that is sent nowhere"));
    };
    let token = Sad::generate()?;
    let asked = Asked {
        application: application(service, call)?,
        tenant: tenant.display_name.clone(),
        credential: credential.description.clone(),
        description: question.description,
        address: material.address.clone(),
    };
    let link = SecretText::new(format!("{}/approvals/{}", service.public_url, token.text().expose()));
    let lifetime = Lifetime(u32::try_from(call.at.seconds_until(question.expires_at)).unwrap_or(u32::MAX));
    let about = [&asked.description, &asked.credential].into_iter().flatten().next();
    let message = match &question.purpose {
        Purpose::Authorize(_) => {
            Message::Approval { link: &link, about: about.unwrap_or(&asked.application), lifetime }
        }
        Purpose::ConfirmFactor => Message::Confirmation { link: &link, lifetime },
    };
    let channel = factor.kind.channel().ok_or_else(|| Error::internal("an approval that is sent nowhere"))?;
    let envelope =
        Envelope { tenant, channel, address: &material.address, language: question.language, at: call.at };
    deliver::send(service, &envelope, &message)?;
    Ok(Approval {
        id: token.id()?.to_vec(),
        credential: credential.id.clone(),
        factor: factor.id.clone(),
        purpose: question.purpose,
        asked,
        decision: None,
        created_at: call.at,
        expires_at: question.expires_at,
        decided_at: None,
    })
}

/// The application as its users know it.
fn application(service: &Service, call: &Call) -> Result<String> {
    let Some(id) = call.principal.client() else { return Ok("countersign".to_owned()) };
    let client = service.store.read(call.at, |tx| clients::find(tx, id))?;
    Ok(client.and_then(|client| client.display_name).unwrap_or_else(|| id.to_string()))
}

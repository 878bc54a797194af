//! A link that an application hands its signer, who sets PIN and OTP behind it ([`crate::credential::enrol`]): neither
//! passes through the application.

use crate::credential::{Progress, added, target};
use crate::keys::sad::Sad;
use crate::model::configuration::Configuration;
use crate::model::credential::{Credential, CredentialStatus};
use crate::model::enrolment_link::EnrolmentLink;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::factor::{Factor, FactorType};
use crate::model::id::CredentialId;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::Call;
use crate::service::Service;
use crate::store::{Tx, configurations, credentials, enrolment_links, factors};

/// How long a link is good unless it is finished before.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    seconds: i64,
}

impl Lifetime {
    /// 60 seconds to a week; a day when nobody says.
    pub fn new(seconds: Option<i64>) -> Result<Self> {
        match seconds.unwrap_or(86_400) {
            seconds @ 60..=604_800 => Ok(Self { seconds }),
            _ => Err(Error::field("/expiresIn", "60 to 604800 seconds")),
        }
    }
}

pub struct MadeLink {
    pub progress: Progress,
    pub url: SecretText,
    pub expires_at: Timestamp,
}

/// Makes a link, and has a former one expire.
pub fn make(service: &Service, call: &Call, id: &CredentialId, lifetime: Lifetime) -> Result<MadeLink> {
    service.store.read(call.at, |tx| look(tx, call, id).map(drop))?;
    let token = Sad::generate()?;
    let link_id = token.id()?.to_vec();
    let expires_at = call.at.plus_seconds(lifetime.seconds);
    let (call, id) = (call.clone(), id.clone());
    let progress = service.store.write(call.actor(), move |tx| {
        // Links before their credential, as the link's own calls take them.
        let ended = enrolment_links::end_those_of(tx, &id)?;
        let (credential, factors) = look(tx, &call, &id)?;
        let client = call.principal.client().unwrap_or(&credential.client).clone();
        enrolment_links::insert(
            tx,
            &EnrolmentLink {
                id: link_id.clone(),
                credential: id.clone(),
                client,
                browser: None,
                otp: None,
                created_at: call.at,
                expires_at,
                finished_at: None,
            },
        )?;
        let event = Event::done("credential.make_enrolment_link", target(&id))
            .of(&credential.tenant)
            .with("expiresAt", expires_at.to_string())
            .with("endedLinks", ended);
        Ok(Audited::new(Progress::of(credential, &factors, call.at), event))
    })?;
    let url = SecretText::new(format!("{}/enrolment/{}", service.public_url, token.text().expose()));
    Ok(MadeLink { progress, url, expires_at })
}

fn look(tx: &mut Tx, call: &Call, id: &CredentialId) -> Result<(Credential, Vec<Factor>)> {
    let caller = tx.admit(&call.principal, Permission::CredentialsProvision)?;
    let credential = credentials::visible(tx, &caller, id)?;
    if those_of_signer(&credential).next().is_none() {
        let Configuration { name, .. } = configurations::known(tx, &credential.configuration)?;
        return Err(Error::new(
            Code::FactorNotRequired,
            format!(
                "The configuration {name} asks for neither a PIN nor an OTP, so there is nothing for the signer to set up."
            ),
        ));
    }
    let factors = factors::of(tx, id)?;
    let added = added(&credential, &factors);
    credential.require(&[CredentialStatus::Created], &added, call.at)?;
    if remaining(&credential, &factors).is_empty() {
        let next = credential.next_step(&added).map(|step| step.as_str());
        return Err(Error::new(
            Code::InvalidState,
            "The PIN and the OTP that the credential asks for are there already.",
        )
        .in_state(credential.status_at(call.at).as_str(), next));
    }
    Ok((credential, factors))
}

/// The factors that a signer sets up behind a link, in the order of the steps.
pub(super) fn those_of_signer(credential: &Credential) -> impl Iterator<Item = FactorType> + '_ {
    [FactorType::Pin, FactorType::Otp].into_iter().filter(|kind| credential.required_factors.contains(kind))
}

/// What the signer has yet to set up.
pub(super) fn remaining(credential: &Credential, factors: &[Factor]) -> Vec<FactorType> {
    let is_there = |kind: &FactorType| factors.iter().any(|factor| factor.kind == *kind && factor.confirmed);
    those_of_signer(credential).filter(|kind| !is_there(kind)).collect()
}

/// An OTP was made behind a link, which the link then shows. Steps of others leave links alone.
pub(super) fn note_otp(tx: &mut Tx, call: &Call, otp: &Factor) -> Result<()> {
    match call.principal.enrolment_link() {
        Some(link) if otp.kind == FactorType::Otp => enrolment_links::keep_otp(tx, link, &otp.id),
        _ => Ok(()),
    }
}

/// A step was taken behind a link, which is finished when it was the last; in the step's own transaction.
pub(super) fn note_step(
    tx: &mut Tx,
    call: &Call,
    credential: &Credential,
    factors: &[Factor],
    event: Event,
) -> Result<Event> {
    let Some(link) = call.principal.enrolment_link() else { return Ok(event) };
    if !remaining(credential, factors).is_empty() {
        return Ok(event);
    }
    enrolment_links::finish(tx, link)?;
    Ok(event.with("enrolmentLink", "finished"))
}

//! The signer's answer to a link: approved or refused, once. Whoever holds the link's token is taken for the signer.

use crate::credential::{added, target};
use crate::keys::sad::Sad;
use crate::model::algorithm::Digest;
use crate::model::approval::{Approval, Asked, Decision, Purpose};
use crate::model::authorization::{Authorization, AuthorizedHashes};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event, Outcome};
use crate::model::factor::FactorType;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::service::Service;
use crate::store::{Tx, approvals, authorizations, credentials, factors};

/// What the signer is asked.
pub struct Question {
    pub asked: Asked,
    pub matter: Matter,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What it is about.
pub enum Matter {
    Signatures {
        number: u32,
        /// None: the application may have anything signed.
        hashes: Option<Vec<Vec<u8>>>,
        digest: Option<Digest>,
    },
    /// Whether links that are sent there reach the signer.
    Address,
}

/// Looks, and changes nothing: whoever fetches links before people follow them decides nothing.
pub fn look(service: &Service, now: Timestamp, token: &SecretText) -> Result<Question> {
    let id = id(token)?;
    let (approval, pending) = service.store.read(now, |tx| open(tx, &id))?;
    let matter = match pending {
        None => Matter::Address,
        Some(Authorization { remaining, hashes, .. }) => match hashes {
            AuthorizedHashes::Any => Matter::Signatures { number: remaining, hashes: None, digest: None },
            AuthorizedHashes::Exactly { digest, left } => {
                Matter::Signatures { number: remaining, hashes: Some(left), digest }
            }
        },
    };
    let Approval { asked, created_at, expires_at, .. } = approval;
    Ok(Question { asked, matter, created_at, expires_at })
}

/// Decides. A refusal wipes what it was about; the first decision stands.
pub fn decide(
    service: &Service,
    now: Timestamp,
    request_id: Option<String>,
    token: &SecretText,
    decision: Decision,
) -> Result<()> {
    let id = id(token)?;
    // Strangers who guess at links get no further than a look.
    service.store.read(now, |tx| open(tx, &id).map(drop))?;
    let actor = Actor { name: "approval-link".to_owned(), request_id, at: now };
    service.store.write(actor, move |tx| {
        let of = approvals::find(tx, &id)?.ok_or_else(unknown)?.credential;
        // Before all that hangs on it, as everybody takes it.
        let mut credential = credentials::known(tx, &of)?;
        let mut factors = factors::of(tx, &of)?;
        let (approval, pending) = open(tx, &id)?;
        if !approvals::decide(tx, &id, decision)? {
            return Err(decided());
        }
        let factor = factors.iter_mut().find(|factor| factor.id == approval.factor).ok_or_else(unknown)?;
        let kind = factor.kind;
        match (&pending, decision) {
            (None, Decision::Approved) => {
                factor.confirmed = true;
                factors::update(tx, factor)?;
                credential.protect(&added(&credential, &factors));
                credentials::update(tx, &credential)?;
            }
            (Some(authorization), Decision::Refused) => authorizations::end(tx, authorization)?,
            // What was approved is for the application to collect; an address that is not theirs stays unconfirmed.
            (Some(_), Decision::Approved) | (None, Decision::Refused) => {}
        }
        let event = event(&approval, kind, decision).of(&credential.tenant);
        Ok(Audited::new((), event))
    })
}

fn event(approval: &Approval, kind: FactorType, decision: Decision) -> Event {
    let action = match &approval.purpose {
        Purpose::Authorize(_) => "credential.approve",
        Purpose::ConfirmFactor => "credential.confirm_approval",
    };
    let mut event = Event::done(action, target(&approval.credential)).with("factor", kind.as_str());
    if decision == Decision::Refused {
        event.outcome = Outcome::Refused;
    }
    match &approval.purpose {
        Purpose::Authorize(id) => event.with("authorization", id.as_str()),
        Purpose::ConfirmFactor => event,
    }
}

/// What still waits for a decision, with the authorization that it is about. What has expired, was replaced or ended is
/// as unknown as what never was.
fn open(tx: &mut Tx, id: &[u8]) -> Result<(Approval, Option<Authorization>)> {
    let approval = approvals::find(tx, id)?.ok_or_else(unknown)?;
    if approval.decision.is_some() {
        return Err(decided());
    }
    let pending = match &approval.purpose {
        Purpose::ConfirmFactor => None,
        Purpose::Authorize(id) => Some(authorizations::pending(tx, id)?.ok_or_else(unknown)?),
    };
    Ok((approval, pending))
}

fn id(token: &SecretText) -> Result<[u8; 32]> {
    Sad::parse(token).map_err(|_| unknown())?.id()
}

fn unknown() -> Error {
    Error::new(
        Code::NotFound,
        "This link is not valid, or not any more. Ask for another one where it came from.",
    )
}

fn decided() -> Error {
    Error::new(Code::ApprovalDecided, "This was decided already, and the first decision stands.")
}

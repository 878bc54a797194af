//! What a signer does behind an enrolment link: look, and set up PIN and OTP by the verbs that applications use.
//!
//! A link belongs to the first browser that posts with it. What was made behind it can be seen there again until it is
//! confirmed: the secret of an OTP lies in the envelope anyway, and a signer who reloads the page before the device has
//! read the picture is to find the same one. A new secret is made only when the signer asks for one. The secret of an
//! OTP that the application added is not shown: it would have passed through the application.

use crate::credential::second_factors::{self, NewFactor, ShownOtp};
use crate::credential::{attempt, confirm_otp, enrolment_link, pin_rules, places, target};
use crate::keys::mac;
use crate::keys::sad::Sad;
use crate::model::client::ClientStatus;
use crate::model::configuration::{Configuration, PinRules};
use crate::model::credential::{Credential, CredentialStatus};
use crate::model::enrolment_link::EnrolmentLink;
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event};
use crate::model::factor::{Factor, FactorMaterial, FactorType};
use crate::model::lockout::LockState;
use crate::model::name::SeatName;
use crate::model::permission::Permission;
use crate::model::secret::SecretText;
use crate::model::tenant::{Tenant, TenantStatus};
use crate::model::time::Timestamp;
use crate::model::token::{Call, Principal, Proof, Signer};
use crate::service::Service;
use crate::store::{Tx, clients, configurations, credentials, enrolment_links, factors, tenants};

/// Somebody with a link.
#[derive(Clone)]
pub struct Visitor {
    pub token: SecretText,
    /// The cookie of their browser.
    pub browser: Option<SecretText>,
    pub request_id: Option<String>,
    pub at: Timestamp,
}

/// What the signer sees.
pub struct Enrolment {
    /// The name of the application that gave them the link.
    pub application: String,
    /// The name of its tenant.
    pub tenant: String,
    /// The credential's.
    pub description: Option<String>,
    pub seat: SeatName,
    pub expires_at: Timestamp,
    pub steps: Vec<Step>,
    pub stage: Stage,
}

/// Something to set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub factor: FactorType,
    pub state: StepState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Current,
    ToCome,
}

/// Where the signer stands.
pub enum Stage {
    /// No browser has used the link yet.
    Unopened,
    Pin(PinRules),
    /// There is no OTP yet, or one that the application may know.
    NoOtp,
    /// One that waits for its first code.
    Otp(ShownOtp),
    /// Too many wrong codes: until then, or until an administrator unlocks it.
    Locked(Option<Timestamp>),
    Finished,
}

/// What the signer does.
pub enum Deed {
    Begin,
    SetPin {
        pin: SecretText,
        again: SecretText,
    },
    /// Another secret, in place of one that was not confirmed.
    NewOtp,
    Confirm(SecretText),
}

/// What came of it.
pub enum Done {
    Done,
    Wrong(Fault),
}

/// What the signer has to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The browser keeps no cookies.
    Cookies,
    Pin(pin_rules::PinFault),
    /// The two PINs differ.
    Mismatch,
    Code,
}

/// Looks, and changes nothing: whoever fetches links before people follow them uses nothing up.
pub fn look(service: &Service, visitor: &Visitor) -> Result<Enrolment> {
    let seen = Seen::of(service, visitor)?;
    let stage = seen.stage(service, visitor.at)?;
    let remaining = enrolment_link::remaining(&seen.credential, &seen.factors);
    let state = |factor| match remaining.first() {
        Some(first) if *first == factor => StepState::Current,
        _ if remaining.contains(&factor) => StepState::ToCome,
        _ => StepState::Done,
    };
    let steps = enrolment_link::those_of_signer(&seen.credential)
        .map(|factor| Step { factor, state: state(factor) })
        .collect();
    Ok(Enrolment {
        application: seen.application,
        tenant: seen.tenant.display_name,
        description: seen.credential.description,
        seat: seen.credential.seat,
        expires_at: seen.link.expires_at,
        steps,
        stage,
    })
}

/// Takes a step. What was done meanwhile, by another window of the same browser, counts as done.
pub fn act(service: &Service, visitor: &Visitor, deed: Deed) -> Result<Done> {
    let mut seen = Seen::of(service, visitor)?;
    if seen.is_finished() {
        return Ok(Done::Done);
    }
    if seen.link.browser.is_none() {
        let Some(browser) = &visitor.browser else { return Ok(Done::Wrong(Fault::Cookies)) };
        open(service, visitor, &seen, browser)?;
        seen = Seen::of(service, visitor)?;
    }
    match take(service, visitor, &seen, deed) {
        Err(late) if matches!(late.code(), Code::AlreadyExists | Code::InvalidState | Code::LinkExpired) => {
            Seen::of(service, visitor).map(|_| Done::Done)
        }
        other => other,
    }
}

fn take(service: &Service, visitor: &Visitor, seen: &Seen, deed: Deed) -> Result<Done> {
    let call = seen.call(visitor);
    let id = &seen.credential.id;
    match deed {
        Deed::Begin => {}
        Deed::SetPin { pin, again } => {
            if let Some(fault) = pin_rules::fault(&pin, &seen.configuration.pin) {
                return Ok(Done::Wrong(Fault::Pin(fault)));
            }
            if !mac::equal(pin.expose().as_bytes(), again.expose().as_bytes()) {
                return Ok(Done::Wrong(Fault::Mismatch));
            }
            second_factors::add(service, &call, id, NewFactor::Pin(pin))?;
        }
        Deed::NewOtp => {
            second_factors::add(service, &call, id, NewFactor::Otp)?;
            return Ok(Done::Done);
        }
        Deed::Confirm(code) => {
            if seen.otp().is_none() {
                return Ok(Done::Done);
            }
            // Authenticators show codes in groups, and people type them so.
            let code = SecretText::new(code.expose().replace(char::is_whitespace, ""));
            if code.expose().is_empty() {
                return Ok(Done::Wrong(Fault::Code));
            }
            return match confirm_otp::confirm(service, &call, id, &code) {
                Ok(_) => Ok(Done::Done),
                Err(wrong) if wrong.code() == Code::OtpMismatch => Ok(Done::Wrong(Fault::Code)),
                Err(error) => Err(error),
            };
        }
    }
    // What the signer scans next is there when the page is.
    if matches!(Seen::of(service, visitor)?.stage(service, visitor.at)?, Stage::NoOtp) {
        second_factors::add(service, &call, id, NewFactor::Otp)?;
    }
    Ok(Done::Done)
}

/// Binds the link to a browser: of many that come at once, to one.
fn open(service: &Service, visitor: &Visitor, seen: &Seen, browser: &SecretText) -> Result<()> {
    let name = seen.call(visitor).principal.actor();
    let actor = Actor { name, request_id: visitor.request_id.clone(), at: visitor.at };
    let (id, browser) = (seen.link.id.clone(), browser_mac(service, browser));
    let event = Event::done("credential.open_enrolment_link", target(&seen.credential.id))
        .of(&seen.credential.tenant);
    let opened = service.store.write(actor, move |tx| {
        if enrolment_links::bind(tx, &id, &browser)? {
            Ok(Audited::new((), event.clone()))
        } else {
            Err(in_use())
        }
    });
    match opened {
        // Perhaps by this very browser, when a button is pressed twice; whoever looks again is told.
        Err(error) if error.code() == Code::LinkInUse => Ok(()),
        other => other,
    }
}

/// A link with what it depends on, for a visitor who may see it.
struct Seen {
    link: EnrolmentLink,
    credential: Credential,
    configuration: Configuration,
    tenant: Tenant,
    factors: Vec<Factor>,
    application: String,
}

impl Seen {
    fn of(service: &Service, visitor: &Visitor) -> Result<Self> {
        let id = Sad::parse(&visitor.token).map_err(|_| unknown())?.id()?;
        let seen = service.store.read(visitor.at, |tx| Self::read(tx, &id))?;
        let browser = visitor.browser.as_ref().map(|browser| browser_mac(service, browser));
        let is_theirs = match (&seen.link.browser, &browser) {
            (Some(bound), Some(browser)) => mac::equal(bound, browser),
            _ => false,
        };
        match &seen.link.browser {
            _ if seen.is_finished() && !is_theirs => Err(used()),
            Some(_) if !is_theirs => Err(in_use()),
            _ => Ok(seen),
        }
    }

    fn read(tx: &mut Tx, id: &[u8]) -> Result<Self> {
        let link = enrolment_links::find(tx, id)?.ok_or_else(unknown)?;
        let credential = credentials::known(tx, &link.credential)?;
        let tenant = tenants::known(tx, &credential.tenant)?;
        let client = clients::find(tx, &link.client)?.ok_or_else(expired)?;
        let stands = credential.status != CredentialStatus::Destroyed
            && tenant.status == TenantStatus::Active
            && client.status == ClientStatus::Active
            && client.tenants.includes(&credential.tenant)
            && link.expires_at > tx.now();
        if !stands && link.finished_at.is_none() {
            return Err(expired());
        }
        Ok(Self {
            configuration: configurations::known(tx, &credential.configuration)?,
            factors: factors::of(tx, &credential.id)?,
            application: client.display_name.unwrap_or_else(|| client.id.to_string()),
            link,
            credential,
            tenant,
        })
    }

    /// Also when the application did what was left to do.
    fn is_finished(&self) -> bool {
        self.link.finished_at.is_some()
            || self.credential.status != CredentialStatus::Created
            || enrolment_link::remaining(&self.credential, &self.factors).is_empty()
    }

    fn stage(&self, service: &Service, now: Timestamp) -> Result<Stage> {
        if self.is_finished() {
            return Ok(Stage::Finished);
        }
        if self.link.browser.is_none() {
            return Ok(Stage::Unopened);
        }
        let remaining = enrolment_link::remaining(&self.credential, &self.factors);
        if remaining.contains(&FactorType::Pin) {
            return Ok(Stage::Pin(self.configuration.pin.clone()));
        }
        let Some(otp) = self.otp() else { return Ok(Stage::NoOtp) };
        match otp.lockout.state(now) {
            LockState::Locked(seconds) => {
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                return Ok(Stage::Locked(Some(now.plus_seconds(seconds))));
            }
            LockState::Blocked => return Ok(Stage::Locked(None)),
            LockState::Open => {}
        }
        let FactorMaterial::Otp(material) = &otp.material else {
            return Err(Error::internal("an OTP without a secret"));
        };
        let tenant_key = service.vault.tenant_key(&self.tenant)?;
        let secret = tenant_key.open(places::otp_secret(&otp.id), &material.wrapped_secret)?;
        second_factors::shown(&secret, &material.rules, &self.tenant, &self.credential).map(Stage::Otp)
    }

    /// The OTP that was made behind this link and waits to be confirmed.
    fn otp(&self) -> Option<&Factor> {
        attempt::find(&self.factors, FactorType::Otp)
            .filter(|otp| !otp.confirmed && self.link.otp.as_ref() == Some(&otp.id))
    }

    /// The signer, who acts on the one credential.
    fn call(&self, visitor: &Visitor) -> Call {
        let signer = Signer {
            client: self.link.client.clone(),
            user: None,
            tenant: self.credential.tenant.clone(),
            seat: self.credential.seat.clone(),
            credential: self.credential.id.clone(),
            permissions: [Permission::CredentialsProvision].into(),
            proof: Proof::EnrolmentLink(self.link.id.clone()),
        };
        Call {
            principal: Principal::Signer(signer.into()),
            request_id: visitor.request_id.clone(),
            at: visitor.at,
        }
    }
}

fn browser_mac(service: &Service, browser: &SecretText) -> Vec<u8> {
    service.vault.pepper().hash("enrolment browser", browser.expose().as_bytes()).to_vec()
}

fn unknown() -> Error {
    Error::new(
        Code::NotFound,
        "This link is not valid, or not any more. Ask for another one where it came from.",
    )
}

fn expired() -> Error {
    Error::new(Code::LinkExpired, "This link is not valid any more. Ask for another one where it came from.")
}

fn used() -> Error {
    Error::new(Code::LinkUsed, "This link was used already, and works once.")
}

fn in_use() -> Error {
    Error::new(Code::LinkInUse, "This link was opened in another browser, and works there only.")
}

//! Signing in: a name or an e-mail address, the password, and a code where the user has an authenticator.
//!
//! Who is not there, is disabled, has no password or gave a wrong one is answered the same, after the same work; that a
//! code is needed is said after a right password only. Failures are counted as [`crate::identity::slow_check`] has it.

use std::net::IpAddr;

use crate::identity::passwords;
use crate::identity::slow_check::SlowChecks;
use crate::identity::slow_check::throttle::{self, Owner};
use crate::identity::users::{otp, target};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Actor, Audited, Event};
use crate::model::id::{ClientId, FactorId, UserId};
use crate::model::name::{TenantName, UserName};
use crate::model::permission::TenantReach;
use crate::model::secret::SecretText;
use crate::model::tenant::TenantStatus;
use crate::model::time::Timestamp;
use crate::model::user::{OtpStanding, User, UserStatus};
use crate::service::Service;
use crate::store::{Tx, tenants, users};

/// What somebody says to sign in.
#[derive(Clone)]
pub struct Presented {
    /// The tenant that is meant, or those that the application may act for. What names users of several is refused.
    pub tenants: TenantReach,
    /// A user's name or e-mail address.
    pub name: String,
    pub password: SecretText,
    pub otp: Option<SecretText>,
}

/// Where a sign-in comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The application that the user signs in for.
    pub client: Option<ClientId>,
    pub address: IpAddr,
    pub request_id: Option<String>,
    pub at: Timestamp,
}

/// What came of it. A refusal is an error, and always the same one.
#[derive(Clone, Debug)]
pub enum SignIn {
    Done(SignedIn),
    /// The password is right, and a code has to follow.
    OtpNeeded(Seen),
    /// The password is right and the code is not: wrong, too old or used before.
    OtpWrong(Seen),
}

/// A user who has shown who they are.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub user: Box<User>,
}

/// Which state of a user was acted on: what is issued is issued on condition of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub user: UserId,
    pub version: i64,
}

/// [`Code::InvalidGrant`] for every fault alike; [`Code::RateLimited`] and [`Code::Busy`] where nothing was checked.
pub fn sign_in(
    service: &Service,
    checks: &SlowChecks,
    origin: &Origin,
    presented: &Presented,
) -> Result<SignIn> {
    unless_changed_meanwhile(|| {
        let found = service.store.read(origin.at, |tx| Account::find(tx, presented))?;
        let owner = match &found.user {
            Some(user) => Owner::user(&user.id),
            None => Owner::unknown_user(service.vault.pepper(), &presented.name),
        };
        let password = passwords::normalised(&presented.password);
        let mut attempt = checks.attempt(service, owner, origin.address, origin.at);
        let passed = attempt.passes(found.verifier().as_slice(), &password)?;
        match &found.user {
            Some(user) if passed => go_on(service, origin, user, presented.otp.as_ref()),
            _ => Err(refuse(service, origin, &found)),
        }
    })
}

/// The second step of whoever was told that a code is needed. `seen` is what [`sign_in`] gave, and was kept since where
/// nobody else could write it.
///
/// [`Code::InvalidGrant`] when the user changed meanwhile: it begins anew.
pub fn with_code(service: &Service, origin: &Origin, seen: &Seen, code: &SecretText) -> Result<SignIn> {
    let user = service.store.read(origin.at, |tx| {
        let user = users::find(tx, &seen.user)?.filter(|user| user.version == seen.version);
        match user {
            Some(user) if is_open(tx, &user)? => Ok(user),
            _ => Err(refused("the user changed since the password was right")),
        }
    })?;
    go_on(service, origin, &user, Some(code)).map_err(|error| match error.code() {
        Code::Conflict => refused("the user changed since the password was right"),
        _ => error,
    })
}

/// Whoever signed in before, as they are now: when they still may.
pub fn who_may_still(
    service: &Service,
    tenant: &TenantName,
    name: &UserName,
    now: Timestamp,
) -> Result<Option<User>> {
    service.store.read(now, |tx| {
        let Some(id) = users::identifier_holder(tx, tenant, name.as_str())? else { return Ok(None) };
        match users::find(tx, &id)?.filter(|user| user.name == *name && user.password.is_some()) {
            Some(user) if is_open(tx, &user)? => Ok(Some(user)),
            _ => Ok(None),
        }
    })
}

impl SignedIn {
    pub fn seen(&self) -> Seen {
        Seen::of(&self.user)
    }
}

impl Seen {
    pub fn of(user: &User) -> Self {
        Self { user: user.id.clone(), version: user.version }
    }

    /// A conflict when the user changed since; in a write transaction it cannot until that ends.
    pub fn stands(&self, tx: &mut Tx) -> Result<()> {
        if users::version(tx, &self.user)? == Some(self.version) { Ok(()) } else { Err(Error::conflict()) }
    }
}

/// Whom a name was found to mean.
struct Account {
    user: Option<User>,
    /// Why this user cannot sign in, whatever the password; for the log and the audit.
    closed: Option<&'static str>,
    tenant: Option<TenantName>,
}

impl Account {
    fn find(tx: &mut Tx, presented: &Presented) -> Result<Self> {
        let mut found = users::identified(tx, &presented.tenants, &presented.name)?;
        if found.len() > 1 {
            let closed = Some("the name is that of users of several tenants");
            return Ok(Self { user: None, closed, tenant: None });
        }
        let Some(user) = found.pop() else {
            let tenant = presented.tenants.sole().cloned();
            return Ok(Self { user: None, closed: Some("no such user"), tenant });
        };
        let closed = match user.status {
            UserStatus::Active if user.password.is_none() => Some("no password is set"),
            UserStatus::Active if !is_open(tx, &user)? => Some("the tenant is suspended"),
            UserStatus::Active => None,
            UserStatus::Disabled => Some("the user is disabled"),
            UserStatus::Deleted => Some("the user is deleted"),
        };
        Ok(Self { tenant: Some(user.tenant.clone()), user: Some(user), closed })
    }

    /// What the password is checked against, if it could help.
    fn verifier(&self) -> Vec<&str> {
        let password =
            self.user.as_ref().filter(|_| self.closed.is_none()).and_then(|user| user.password.as_ref());
        password.map(|verifier| verifier.as_phc()).into_iter().collect()
    }
}

fn is_open(tx: &mut Tx, user: &User) -> Result<bool> {
    let tenant = tenants::find(tx, &user.tenant)?;
    Ok(user.status == UserStatus::Active
        && tenant.is_some_and(|tenant| tenant.status == TenantStatus::Active))
}

/// What follows a right password.
fn go_on(service: &Service, origin: &Origin, user: &User, code: Option<&SecretText>) -> Result<SignIn> {
    match (user.otp, code) {
        (OtpStanding::None | OtpStanding::Unconfirmed, _) => finish(service, origin, user, None),
        (OtpStanding::Confirmed, None) => Ok(SignIn::OtpNeeded(Seen::of(user))),
        (OtpStanding::Confirmed, Some(code)) => check_code(service, origin, user, code),
    }
}

/// A right code, which the sign-in spends.
#[derive(Clone)]
struct RightCode {
    otp: FactorId,
    step: i64,
}

fn check_code(service: &Service, origin: &Origin, user: &User, code: &SecretText) -> Result<SignIn> {
    let (tenant, otp) = service.store.read(origin.at, |tx| {
        let tenant = tenants::known(tx, &user.tenant)?;
        let otp = users::otp(tx, &user.id)?.filter(|otp| otp.confirmed).ok_or_else(Error::conflict)?;
        Ok((tenant, otp))
    })?;
    // Who guesses codes knows the password, and holds up nobody but the user whose password that is.
    let owner = Owner::authenticator_of(&user.id);
    throttle::count(service, &owner, origin.at)?;
    let step = otp::fresh_step(&service.vault, &tenant, &otp, code, origin.at);
    match throttle::settle(service, &owner, origin.at, step)? {
        Some(step) => finish(service, origin, user, Some(RightCode { otp: otp.id, step })),
        None => {
            let event =
                origin.describe(Event::refused(ACTION, target(&user.id)), user).with("reason", "wrong code");
            let actor = origin.actor("nobody".to_owned());
            service.store.write(actor, move |_| Ok(Audited::new((), event.clone())))?;
            Ok(SignIn::OtpWrong(Seen::of(user)))
        }
    }
}

/// Spends the code, and leaves the event of a sign-in: for a user who is still the one whose password was checked.
fn finish(service: &Service, origin: &Origin, user: &User, code: Option<RightCode>) -> Result<SignIn> {
    let actor = origin.actor(target(&user.id));
    let (seen, origin, user) = (Seen::of(user), origin.clone(), user.clone());
    service.store.write(actor, move |tx| {
        seen.stands(tx)?;
        if !is_open(tx, &user)? {
            return Err(Error::conflict());
        }
        if let Some(code) = &code {
            if !users::spend_otp_step(tx, &code.otp, code.step)? {
                let event = origin.describe(Event::refused(ACTION, target(&user.id)), &user);
                return Ok(Audited::new(SignIn::OtpWrong(seen.clone()), event.with("reason", "used code")));
            }
            throttle::forget(tx, &Owner::authenticator_of(&user.id))?;
        }
        let event =
            origin.describe(Event::done(ACTION, target(&user.id)), &user).with("withCode", code.is_some());
        Ok(Audited::new(SignIn::Done(SignedIn { user: Box::new(user.clone()) }), event))
    })
}

const ACTION: &str = "user.sign_in";

/// The one answer; the cause is for the audit. An event is written whoever it was, so that this does not tell.
fn refuse(service: &Service, origin: &Origin, account: &Account) -> Error {
    let reason = account.closed.unwrap_or("wrong password");
    let mut event = match &account.user {
        Some(user) => origin.describe(Event::refused(ACTION, target(&user.id)), user),
        // What was typed may be a password in the wrong field: who is unknown is not named.
        None => origin.place(Event::refused(ACTION, "user:?")),
    };
    event.tenant.clone_from(&account.tenant);
    let event = event.with("reason", reason);
    let actor = origin.actor("nobody".to_owned());
    let kept = service.store.write(actor, move |_| Ok(Audited::new((), event.clone())));
    kept.err().unwrap_or_else(|| refused(reason))
}

impl Origin {
    fn actor(&self, name: String) -> Actor {
        Actor { name, request_id: self.request_id.clone(), at: self.at }
    }

    fn describe(&self, event: Event, user: &User) -> Event {
        self.place(event.of(&user.tenant).with("name", user.name.as_str()))
    }

    fn place(&self, event: Event) -> Event {
        let event = event.with("address", self.address.to_string());
        match &self.client {
            Some(client) => event.with("client", client.as_str()),
            None => event,
        }
    }
}

fn refused(reason: &str) -> Error {
    Error::new(Code::InvalidGrant, "The user name or the password is wrong.").caused_by(reason)
}

const ATTEMPTS: usize = 3;

/// Once more when the user, or whatever else was looked at, changed between the check and the end.
pub fn unless_changed_meanwhile<T>(work: impl Fn() -> Result<T>) -> Result<T> {
    let mut outcome = Err(Error::conflict());
    for _ in 0..ATTEMPTS {
        outcome = work();
        if !matches!(&outcome, Err(error) if error.code() == Code::Conflict) {
            break;
        }
    }
    outcome
}

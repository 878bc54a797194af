//! Signing in for a request: the password, then the code of whoever has an authenticator. The browser gets another
//! cookie with it.

use std::num::NonZeroU32;

use crate::identity::sessions::{self, Browser};
use crate::identity::sign_in::{self, Origin, Presented, Seen, SignIn};
use crate::model::authorization_request::{Asked, Passed};
use crate::model::error::{Code, Error, Result};
use crate::model::event::{Audited, Event};
use crate::model::name::TenantName;
use crate::model::permission::TenantReach;
use crate::model::secret::SecretText;
use crate::model::user::identifier;
use crate::oauth::OAuth;
use crate::oauth::authorization::{Visit, Waiting, find, gone, waiting};
use crate::oauth::known_clients::KnownClient;
use crate::store::authorization_requests;

/// What somebody typed.
pub enum Typed {
    Password { name: String, password: SecretText },
    Code(SecretText),
}

impl Typed {
    /// What was typed for the name.
    pub fn name(&self) -> &str {
        match self {
            Self::Password { name, .. } => name,
            Self::Code(_) => "",
        }
    }
}

/// What came of it.
pub enum Outcome {
    /// Signed in: the browser's new cookie.
    SignedIn(Browser),
    /// The password was right, and the code is to follow.
    CodeNeeded,
    /// The name or the password is wrong.
    WrongPassword,
    /// The code is wrong, too old or was used before.
    WrongCode,
    /// The application expects somebody else, and nobody but them.
    NotExpected,
}

/// `validity`: seconds that the session lasts.
pub fn sign_in(oauth: &OAuth, visit: &Visit, typed: Typed, validity: NonZeroU32) -> Result<Outcome> {
    let Waiting { request, client, .. } = waiting(oauth, visit)?;
    let origin = Origin {
        client: Some(client.record.id.clone()),
        address: visit.address,
        request_id: visit.request_id.clone(),
        at: visit.at,
    };
    let tried = match typed {
        Typed::Password { name, .. } if !is_expected(&request.asked, &name) => {
            return Ok(Outcome::NotExpected);
        }
        Typed::Password { name, password } => {
            let tenants = tenants(&client, request.asked.scope.tenant.as_ref())?;
            let presented = Presented { tenants, name, password, otp: None };
            sign_in::sign_in(&oauth.service, &oauth.slow_checks, &origin, &presented)
        }
        Typed::Code(code) => {
            let Passed { user, version } = request.passed.ok_or_else(gone)?;
            sign_in::with_code(&oauth.service, &origin, &Seen { user, version }, &code)
        }
    };
    let signed_in = match tried {
        Ok(SignIn::Done(signed_in)) => signed_in,
        Ok(SignIn::OtpNeeded(seen)) => return pass(oauth, visit, seen),
        Ok(SignIn::OtpWrong(_)) => return Ok(Outcome::WrongCode),
        Err(error) if error.code() == Code::InvalidGrant => return Ok(Outcome::WrongPassword),
        Err(error) => return Err(error),
    };
    let browser = Browser::fresh()?;
    let session = sessions::session(&oauth.service, &signed_in, &browser, validity, visit.at);
    let (id, before) = (visit.request_id(oauth), visit.browser_id(oauth));
    let actor = visit.actor(format!("user:{}", session.user));
    oauth.service.store.write(actor, move |tx| {
        sessions::begin(tx, &before, &session)?;
        // It has followed, if it was this browser's.
        find(tx, &id, &session.id)?;
        authorization_requests::signed_in(tx, &id, session.signed_in_at)?;
        let event = Event::done("session.begin", format!("user:{}", session.user))
            .with("expiresAt", session.expires_at.to_string());
        Ok(Audited::new((), event))
    })?;
    Ok(Outcome::SignedIn(browser))
}

fn is_expected(asked: &Asked, typed: &str) -> bool {
    asked.account.as_deref().is_none_or(|account| identifier(account) == identifier(typed))
}

/// The tenants whose users may sign in for this client.
pub(super) fn tenants(client: &KnownClient, named: Option<&TenantName>) -> Result<TenantReach> {
    match named {
        None => Ok(client.record.tenants.clone()),
        Some(tenant) if client.record.tenants.includes(tenant) => Ok(TenantReach::one(tenant.clone())),
        Some(_) => {
            let detail = "The client may not act for the tenant that the scope names.";
            Err(Error::new(Code::InvalidScope, detail))
        }
    }
}

fn pass(oauth: &OAuth, visit: &Visit, seen: Seen) -> Result<Outcome> {
    let passed = Passed { user: seen.user, version: seen.version };
    let (id, browser) = (visit.request_id(oauth), visit.browser_id(oauth));
    oauth.service.store.bookkeep(visit.at, move |tx| {
        find(tx, &id, &browser)?;
        authorization_requests::pass(tx, &id, &passed)
    })?;
    Ok(Outcome::CodeNeeded)
}

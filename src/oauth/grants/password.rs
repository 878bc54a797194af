//! A user's name and password by way of an application (RFC 6749, 4.3), for those whose record lists it: the application
//! sees the password, which is why none does by default.

use crate::identity::sign_in::{self, Origin, SignIn, sign_in};
use crate::model::client::GrantType;
use crate::model::error::{Code, Error, Result};
use crate::model::permission::TenantReach;
use crate::model::refresh_token::FamilyOrigin;
use crate::model::scope::RequestedScope;
use crate::model::secret::SecretText;
use crate::model::user::User;
use crate::oauth::client_authentication::{Presented, on_behalf};
use crate::oauth::grants::refusal::remember;
use crate::oauth::known_clients::KnownClient;
use crate::oauth::token::{self, Granted, IssuedToken};
use crate::oauth::{OAuth, Request, user_access};

/// What a user says to sign in.
#[derive(Clone)]
pub struct UserLogin {
    /// A name or an e-mail address.
    pub name: String,
    pub password: SecretText,
    /// For whoever has an authenticator.
    pub otp: Option<SecretText>,
}

/// Authenticates the client, then the user, and gives a token for both.
///
/// [`Code::InvalidGrant`] for every fault of the user's alike, but that a right password wants a one-time password.
pub fn password(
    oauth: &OAuth,
    request: &Request,
    presented: &Presented,
    login: &UserLogin,
    scope: Option<&str>,
) -> Result<IssuedToken> {
    let refused = |client: &KnownClient, error: Error| {
        remember(oauth, client, request, GrantType::Password, scope, error)
    };
    on_behalf(oauth, presented, request.at, |client| {
        let asked = Asked::of(client, scope).map_err(|error| refused(client, error))?;
        // Nobody checks a password for a client that changed since this node read it.
        let seen = client.seen();
        oauth.service.store.read(request.at, |tx| seen.stands(tx))?;
        let origin = Origin {
            client: Some(client.record.id.clone()),
            address: presented.address(),
            request_id: request.id.clone(),
            at: request.at,
        };
        let user = authenticate(oauth, &origin, asked.tenants, login)?;
        let granted = user_access::granted(GrantType::Password, user, &asked.scope)
            .map_err(|error| refused(client, error))?;
        token::issue(oauth, client, request, Granted { refresh: refresh(client), ..granted })
    })
}

/// What can be told before it is known who the user is.
struct Asked {
    scope: RequestedScope,
    tenants: TenantReach,
}

impl Asked {
    /// The client's default scope says what it is itself; users are not asked for it.
    fn of(client: &KnownClient, scope: Option<&str>) -> Result<Self> {
        client.may_use(GrantType::Password)?;
        let scope = RequestedScope::parse(scope.unwrap_or_default())?;
        if scope.credential {
            return Err(Error::new(Code::InvalidScope, "The scope credential is not for password."));
        }
        let tenants = match &scope.tenant {
            None => client.record.tenants.clone(),
            Some(tenant) if client.record.tenants.includes(tenant) => TenantReach::one(tenant.clone()),
            Some(_) => {
                let detail = "The client may not act for the tenant that the scope names.";
                return Err(Error::new(Code::InvalidScope, detail));
            }
        };
        Ok(Self { scope, tenants })
    }
}

fn authenticate(oauth: &OAuth, origin: &Origin, tenants: TenantReach, login: &UserLogin) -> Result<User> {
    let UserLogin { name, password, otp } = login.clone();
    let presented = sign_in::Presented { tenants, name, password, otp };
    match sign_in(&oauth.service, &oauth.slow_checks, origin, &presented)? {
        SignIn::Done(signed_in) => Ok(*signed_in.user),
        SignIn::OtpNeeded(_) => {
            Err(Error::new(Code::InvalidGrant, "A one-time password is needed besides: send it as otp."))
        }
        SignIn::OtpWrong(_) => Err(Error::new(
            Code::InvalidGrant,
            "The one-time password is not the current one, or was used already.",
        )),
    }
}

fn refresh(client: &KnownClient) -> Option<FamilyOrigin> {
    client.record.grant_types.contains(&GrantType::RefreshToken).then_some(FamilyOrigin::Grant)
}

//! Who signed in, as applications are told: by ID tokens (OpenID Connect Core, 2) and at the userinfo endpoint (5.3). Of
//! a person they learn what the scopes name, and the id that the person keeps for ever.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::error::{Code, Error, Result};
use crate::model::scope::RequestedScope;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::{Call, Principal, TokenRecord};
use crate::model::user::{User, UserStatus};
use crate::oauth::OAuth;
use crate::service::Service;
use crate::store::users;

/// The header's `typ`: not that of access tokens, so that none is taken for one.
pub const TYP: &str = "JWT";

/// What is said of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// The user's id.
    pub sub: String,
    /// With scope `profile`, like the next three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// With scope `email`. Nobody has verified it for us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The claims that there may be in an ID token or at the userinfo endpoint.
pub const CLAIMS: [&str; 12] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "email",
];

/// How somebody came to be signed in.
#[derive(Clone, Copy, Debug)]
pub struct Authentication<'a> {
    pub at: Timestamp,
    /// Of the request that it was for; a refresh is for none.
    pub nonce: Option<&'a str>,
}

/// The ID token that goes with an access token; none without scope `openid`. It ends when that does.
pub(super) fn id_token(
    oauth: &OAuth,
    token: &TokenRecord,
    user: &User,
    authentication: &Authentication<'_>,
) -> Result<Option<SecretText>> {
    let Some(person) = Person::of(user, &token.scope)? else { return Ok(None) };
    let claims = IdToken {
        iss: &oauth.service.public_url,
        aud: token.client.as_str(),
        exp: token.expires_at.seconds(),
        iat: token.issued_at.seconds(),
        auth_time: authentication.at.seconds(),
        nonce: authentication.nonce,
        person,
    };
    oauth.keyring.sign(&oauth.service, TYP, &claims, token.issued_at).map(|text| Some(SecretText::new(text)))
}

/// The person whom the bearer's token is of.
pub fn userinfo(service: &Service, call: &Call) -> Result<Person> {
    let not_about_somebody = || {
        Error::new(Code::InsufficientScope, "The token's scope does not hold openid, or it is of no user.")
    };
    service.store.read(call.at, |tx| {
        tx.admit_any(&call.principal)?;
        let Principal::Token(token) = &call.principal else { return Err(not_about_somebody()) };
        let of = token.user.as_ref().ok_or_else(not_about_somebody)?;
        let user = users::find(tx, &of.id)?.filter(|user| user.status == UserStatus::Active);
        let user = user.ok_or_else(|| Error::new(Code::InvalidToken, "The user is no more."))?;
        Person::of(&user, &token.scope)?.ok_or_else(not_about_somebody)
    })
}

impl Person {
    /// `None` without the scope `openid`.
    fn of(user: &User, scope: &str) -> Result<Option<Self>> {
        let scope = RequestedScope::parse(scope)?;
        let profile = |value: Option<String>| value.filter(|_| scope.profile);
        Ok(scope.openid.then(|| Self {
            sub: user.id.to_string(),
            name: profile(Some(user.display_name())),
            given_name: profile(user.first_name.clone()),
            family_name: profile(user.last_name.clone()),
            preferred_username: profile(Some(user.name.to_string())),
            email: user.email.clone().filter(|_| scope.email),
        }))
    }
}

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(flatten)]
    person: Person,
}

//! `check_token`, in the shape that clients of Spring Security OAuth expect.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::authorization::Authorization;
use crate::model::error::{Code, Error, Result};
use crate::model::name::UserName;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::VerifiedToken;
use crate::oauth::OAuth;
pub use crate::oauth::inspect::Asker;
use crate::oauth::inspect::{Found, inspect};

/// A token that is good. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckedToken {
    pub active: bool,
    pub client_id: String,
    pub scope: Vec<String>,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub aud: Vec<String>,
    /// The roles, as Spring spells them: `ROLE_APPLICATION`. Of a user's token the user's, which are free names: they say
    /// nothing of what the token may do here.
    pub authorities: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whom the client acts for, if not for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
}

/// [`Code::ExpiredToken`] for one that has expired, [`Code::TokenNotRecognised`] for any other that is not good.
pub fn check_token(oauth: &OAuth, asker: &Asker, token: &SecretText, now: Timestamp) -> Result<CheckedToken> {
    let (record, verified) = match inspect(oauth, asker, token, now)? {
        Found::Standing(found) => *found,
        Found::Credential(found) => return Ok(of_credential_token(oauth, *found)),
        Found::Expired => return Err(Error::new(Code::ExpiredToken, "Token has expired")),
        Found::Unknown => return Err(Error::new(Code::TokenNotRecognised, "Token was not recognised")),
    };
    Ok(CheckedToken {
        active: true,
        client_id: record.client.to_string(),
        scope: record.scope.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        exp: verified.expires_at.seconds(),
        iat: verified.issued_at.seconds(),
        jti: record.id.to_string(),
        aud: verified.audience.clone(),
        authorities: roles(&verified)
            .into_iter()
            .map(|role| format!("ROLE_{}", role.to_ascii_uppercase()))
            .collect(),
        seat: record.seat.map(|seat| seat.to_string()),
        tenant: record.tenant.map(|tenant| tenant.to_string()),
        user_name: record.user.map(|name| name.to_string()),
    })
}

fn of_credential_token(oauth: &OAuth, (authorization, user): (Authorization, UserName)) -> CheckedToken {
    CheckedToken {
        active: true,
        client_id: authorization.client.to_string(),
        scope: vec!["credential".to_owned()],
        exp: authorization.expires_at.seconds(),
        iat: authorization.created_at.seconds(),
        jti: authorization.id.to_string(),
        aud: vec![oauth.service.public_url.clone()],
        authorities: Vec::new(),
        seat: authorization.seat.map(|seat| seat.to_string()),
        tenant: Some(authorization.tenant.to_string()),
        user_name: Some(user.to_string()),
    }
}

fn roles(token: &VerifiedToken) -> Vec<&str> {
    match &token.user {
        Some(user) => user.roles.iter().map(String::as_str).collect(),
        None => token.roles.iter().map(|role| role.as_str()).collect(),
    }
}

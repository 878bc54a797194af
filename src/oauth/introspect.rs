//! Token introspection (RFC 7662).

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::authorization::Authorization;
use crate::model::error::Result;
use crate::model::name::UserName;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
use crate::model::token::{TokenRecord, VerifiedToken};
use crate::oauth::OAuth;
use crate::oauth::inspect::{Asker, Found, inspect};

/// What there is to say of a token: everything when it is good, that it is not otherwise. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Introspection {
    pub active: bool,
    #[serde(flatten)]
    pub facts: Option<Facts>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facts {
    pub scope: String,
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    pub token_type: &'static str,
    pub exp: i64,
    pub iat: i64,
    pub sub: String,
    pub aud: Vec<String>,
    pub iss: String,
    pub jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of scope `credential`: the one credential that the token is for.
    #[serde(rename = "credentialID", skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Of scope `credential`: the signatures that are left.
    #[serde(rename = "numSignatures", skip_serializing_if = "Option::is_none")]
    pub signatures_left: Option<u32>,
}

pub fn introspect(oauth: &OAuth, asker: &Asker, token: &SecretText, now: Timestamp) -> Result<Introspection> {
    let facts = match inspect(oauth, asker, token, now)? {
        Found::Standing(found) => of_service_token(oauth, *found),
        Found::Credential(found) => of_credential_token(oauth, *found),
        Found::Expired | Found::Unknown => return Ok(Introspection::default()),
    };
    Ok(Introspection { active: true, facts: Some(facts) })
}

fn of_service_token(oauth: &OAuth, (record, verified): (TokenRecord, Arc<VerifiedToken>)) -> Facts {
    Facts {
        scope: record.scope,
        client_id: record.client.to_string(),
        token_type: "Bearer",
        exp: verified.expires_at.seconds(),
        iat: verified.issued_at.seconds(),
        sub: verified.user.as_ref().map_or_else(|| record.client.to_string(), |user| user.id.to_string()),
        username: record.user.map(|name| name.to_string()),
        aud: verified.audience.clone(),
        iss: oauth.service.public_url.clone(),
        jti: record.id.to_string(),
        seat: record.seat.map(|seat| seat.to_string()),
        tenant: record.tenant.map(|tenant| tenant.to_string()),
        credential: None,
        signatures_left: None,
    }
}

/// It is good as a bearer token, whatever the answer that gave it called it.
fn of_credential_token(oauth: &OAuth, (authorization, user): (Authorization, UserName)) -> Facts {
    let issuer = &oauth.service.public_url;
    Facts {
        scope: "credential".to_owned(),
        token_type: "Bearer",
        exp: authorization.expires_at.seconds(),
        iat: authorization.created_at.seconds(),
        sub: authorization
            .user
            .as_ref()
            .map_or_else(|| authorization.client.to_string(), |user| user.to_string()),
        username: Some(user.to_string()),
        aud: vec![issuer.clone()],
        iss: issuer.clone(),
        jti: authorization.id.to_string(),
        client_id: authorization.client.to_string(),
        seat: authorization.seat.map(|seat| seat.to_string()),
        tenant: Some(authorization.tenant.to_string()),
        credential: Some(authorization.credential.to_string()),
        signatures_left: Some(authorization.remaining),
    }
}

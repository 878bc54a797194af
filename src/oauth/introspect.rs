//! Token introspection (RFC 7662).

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::error::Result;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;
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
}

pub fn introspect(oauth: &OAuth, asker: &Asker, token: &SecretText, now: Timestamp) -> Result<Introspection> {
    let Found::Standing(found) = inspect(oauth, asker, token, now)? else {
        return Ok(Introspection::default());
    };
    let (record, verified) = *found;
    let facts = Facts {
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
    };
    Ok(Introspection { active: true, facts: Some(facts) })
}

//! Authorization codes (RFC 6749, 4.1.2): good once, for a minute, for the client that they were given to.

use serde::{Deserialize, Serialize};

use crate::model::authorization_request::CredentialTokenType;
use crate::model::id::{AuthorizationId, ClientId, FamilyId, UserId};
use crate::model::scope::RequestedScope;
use crate::model::time::Timestamp;

/// Seconds that a code is good.
pub const LIFETIME_SECONDS: i64 = 60;

#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// A MAC under the instance's pepper; the code itself is nowhere.
    pub hash: Vec<u8>,
    pub client: ClientId,
    pub user: UserId,
    /// The state of the user who decided: another one gets nothing by the code.
    pub user_version: i64,
    pub given: Given,
    /// For scope `credential`: what waits for the code, under the code's own octets.
    pub authorization: Option<AuthorizationId>,
    /// What was given for it, which ends when it comes again.
    pub family: Option<FamilyId>,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    /// Where the code went.
    pub redirect_uri: String,
    /// Whether the request named that: then the token request has to repeat it (RFC 6749, 4.1.3).
    pub names_redirect_uri: bool,
    /// Of method S256 (RFC 7636).
    pub code_challenge: Option<String>,
    pub scope: RequestedScope,
    pub nonce: Option<String>,
    /// When the user signed in, in seconds since 1970.
    pub signed_in_at: i64,
    pub client_data: Option<String>,
    pub signatures: Option<SignaturesGiven>,
}

/// How the token response of scope `credential` looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignaturesGiven {
    pub token_type: CredentialTokenType,
    /// The server chose the credential, and says which.
    pub names_credential: bool,
    /// The RFC 9396 authorization_details to be repeated.
    pub details: Option<serde_json::Value>,
}

/// What it amounts to when a code is presented by its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presentation {
    First,
    /// It was used before: whoever has it may be a thief, and so may whoever used it.
    Replay,
    Expired,
}

impl AuthorizationCode {
    pub fn presentation(&self, now: Timestamp) -> Presentation {
        match self.used_at {
            Some(_) => Presentation::Replay,
            None if now >= self.expires_at => Presentation::Expired,
            None => Presentation::First,
        }
    }
}

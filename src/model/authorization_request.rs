//! What an application asks a person for by way of the browser (RFC 6749, 4.1.1), and what is known of it so far.

use serde::{Deserialize, Serialize};

use crate::model::algorithm::Digest;
use crate::model::base64;
use crate::model::client::GrantType;
use crate::model::id::{ClientId, CredentialId, UserId};
use crate::model::language::Language;
use crate::model::scope::RequestedScope;
use crate::model::session::Session;
use crate::model::time::Timestamp;

/// A request that waits for somebody's decision. It is decided once, and gone then.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// A MAC of its handle, or of the `request_uri` of one that was pushed.
    pub id: Vec<u8>,
    pub client: ClientId,
    /// The browser that it is decided in, by a MAC of its cookie; none as long as it was only pushed (RFC 9126).
    pub browser: Option<Vec<u8>>,
    pub asked: Asked,
    /// Whose password was right, while a code has to follow.
    pub passed: Option<Passed>,
    /// When somebody signed in for this very request.
    pub signed_in_at: Option<Timestamp>,
    pub expires_at: Timestamp,
}

impl AuthorizationRequest {
    /// Whether the session is of the sign-in for this very request. One that somebody else began in the same browser since,
    /// for another request, is not.
    pub fn is_signed_in_for(&self, session: &Session) -> bool {
        self.signed_in_at == Some(session.signed_in_at)
    }
}

/// The request itself, checked against the client's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    pub response: ResponseType,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Whether the request named it: then the token request has to name it too (RFC 6749, 4.1.3).
    pub names_redirect_uri: bool,
    pub state: Option<String>,
    pub scope: RequestedScope,
    /// Of method S256 (RFC 7636).
    pub code_challenge: Option<String>,
    /// For the ID token.
    pub nonce: Option<String>,
    pub prompt: Prompt,
    /// Seconds since somebody signed in, at most.
    pub max_age: Option<u32>,
    /// Whom the application expects.
    pub login_hint: Option<String>,
    /// By name or e-mail address, the only one who may sign in for this and decide it (CSC `account_token`).
    #[serde(default)]
    pub account: Option<String>,
    pub language: Option<Language>,
    /// The caller's own, kept for billing.
    pub client_data: Option<String>,
    /// For scope `credential`.
    pub signatures: Option<SignaturesAsked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResponseType {
    Code,
    /// The implicit grant.
    Token,
}

/// What the application wants to be asked, or not to be (OpenID Connect Core, 3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompt {
    /// Nothing may be asked: an error instead.
    pub none: bool,
    /// To sign in, even if somebody is.
    pub login: bool,
    /// For consent, even if it was given.
    pub consent: bool,
}

/// The signatures that the signer is to authorise (CSC, scope `credential`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignaturesAsked {
    /// Left out, the signer's only one of the qualifier is meant.
    pub credential: Option<CredentialId>,
    pub qualifier: Option<String>,
    pub num_signatures: u32,
    /// None: SCAL 1, any hash.
    pub documents: Option<Vec<Document>>,
    pub digest: Option<Digest>,
    /// What is signed, in the application's words; at most 500 characters.
    pub description: Option<String>,
    /// What the token is called in the answer.
    pub token_type: CredentialTokenType,
    /// Whether it came as RFC 9396 authorization_details, which the token response then repeats: their `type`.
    pub details_type: Option<String>,
}

/// A hash to be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    #[serde(with = "base64::text")]
    pub hash: Vec<u8>,
    /// What it is of, in the application's words.
    pub label: Option<String>,
}

/// CSC v1 calls a credential token `SAD`, v2 `Bearer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CredentialTokenType {
    #[serde(rename = "SAD")]
    Sad,
    Bearer,
}

/// Which state of a user showed the right password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub user: UserId,
    pub version: i64,
}

impl ResponseType {
    /// Which the client has to be allowed.
    pub const fn grant(self) -> GrantType {
        match self {
            Self::Code => GrantType::AuthorizationCode,
            Self::Token => GrantType::Implicit,
        }
    }
}

impl CredentialTokenType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sad => "SAD",
            Self::Bearer => "Bearer",
        }
    }
}

//! Applications: OAuth clients, their secrets and what they may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::id::{ClientId, SecretId};
use crate::model::permission::{Permissions, Role, TenantReach};
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    ClientCredentials,
    AuthorizationCode,
    RefreshToken,
    Password,
    Implicit,
}

impl GrantType {
    pub const ALL: [Self; 5] = [
        Self::ClientCredentials,
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::Password,
        Self::Implicit,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Password => "password",
            Self::Implicit => "implicit",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// `token_endpoint_auth_method` (RFC 7591, 2): how a client shows who it is, wherever it has to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    ClientSecretBasic,
    /// The other spelling of the same: a secret is taken in either place.
    ClientSecretPost,
    /// An assertion signed by a key of its `jwks` (RFC 7523).
    PrivateKeyJwt,
    /// A public client: its id names it, and nothing authenticates it.
    None,
}

impl AuthenticationMethod {
    pub const ALL: [Self; 4] =
        [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    pub const fn is_by_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }

    /// Whether both ask for the same of a client.
    pub fn asks_as(self, other: Self) -> bool {
        self == other || (self.is_by_secret() && other.is_by_secret())
    }
}

/// Whether the authorization code grant wants a code challenge (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    Required,
    /// For applications of CSC v1, which does not know it.
    Optional,
}

impl Pkce {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Required, Self::Optional].into_iter().find(|pkce| pkce.as_str() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientStatus {
    Active,
    Disabled,
    /// Its record stays for the audit; its id is not given again.
    Deleted,
}

impl ClientStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Deleted].into_iter().find(|s| s.as_str() == text)
    }
}

#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    pub display_name: Option<String>,
    pub status: ClientStatus,
    pub authentication: AuthenticationMethod,
    pub pkce: Pkce,
    pub grant_types: Vec<GrantType>,
    pub roles: Vec<Role>,
    pub tenants: TenantReach,
    /// Granted beside what the roles bundle.
    pub permissions: Permissions,
    /// Seconds, 1..=31536000.
    pub access_token_validity: u32,
    /// Seconds.
    pub refresh_token_validity: Option<u32>,
    pub redirect_uris: Vec<String>,
    /// What this application grants to its users' roles and groups.
    pub role_permissions: BTreeMap<String, Permissions>,
    pub default_scope: Option<String>,
    /// Public keys (RFC 7517) for private_key_jwt.
    pub jwks: Option<serde_json::Value>,
    /// What its account tokens are signed with, as it is stored.
    pub wrapped_account_token_key: Option<Vec<u8>>,
    pub created_at: Timestamp,
    /// Counts the changes of what its tokens depend on: the record, its secrets, the status of its tenants. Every
    /// change is conditional on it, and so is every token.
    pub version: i64,
}

impl Client {
    /// What a token of this client carries: its roles' permissions and its own.
    pub fn effective_permissions(&self) -> Permissions {
        let bundled = self.roles.iter().flat_map(|role| role.permissions()).copied();
        bundled.chain(self.permissions.iter().copied()).collect()
    }

    /// Whether it shows who it is (RFC 6749, 2.1); of any other it is only known who it says that it is.
    pub fn is_confidential(&self) -> bool {
        self.authentication != AuthenticationMethod::None
    }
}

/// How a client secret is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretVerifier {
    /// HMAC-SHA-256 under the instance's pepper: for secrets that the server made, of 256 bits.
    Mac(Vec<u8>),
    /// Argon2id as a PHC string: for secrets that somebody chose.
    Argon2id(String),
}

#[derive(Clone, Debug)]
pub struct ClientSecret {
    pub id: SecretId,
    pub client: ClientId,
    pub verifier: SecretVerifier,
    pub created_at: Timestamp,
    pub ends_at: Option<Timestamp>,
}

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

//! Tenants, their seats and the roots they trust.

use crate::model::id::ConfigurationId;
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantStatus {
    Active,
    /// Gets no tokens and signs nothing.
    Suspended,
}

impl TenantStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|s| s.as_str() == text)
    }
}

/// Who decides the subject of a tenant's certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectRule {
    /// The CA may set another subject than the CSR's: the default, since CAs do.
    CaSets,
    /// The certificate's subject must be the CSR's.
    AsRequested,
}

#[derive(Clone, Debug)]
pub struct Tenant {
    pub name: TenantName,
    pub display_name: String,
    /// The issuer that authenticators show; the display name when not set.
    pub otp_issuer: Option<String>,
    pub subject_rule: SubjectRule,
    pub status: TenantStatus,
    /// The authorization configurations under which CSC clients may create credentials; none by default.
    pub csc_configurations: Vec<ConfigurationId>,
    /// The tenant's key, wrapped under the master key.
    pub wrapped_key: Vec<u8>,
    /// What passes text messages on.
    pub gateway: Option<Gateway>,
    pub created_at: Timestamp,
}

/// A tenant's own service that gets a signed request for each message to a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// On a host that the operator allowed when it was set.
    pub url: String,
    /// What the requests are signed with, wrapped under the tenant's key.
    pub wrapped_secret: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct TrustAnchor {
    pub tenant: TenantName,
    /// SHA-256 over the certificate, lower-case hex.
    pub fingerprint: String,
    pub subject: String,
    pub der: Vec<u8>,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Seat {
    pub tenant: TenantName,
    pub name: SeatName,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub created_at: Timestamp,
}

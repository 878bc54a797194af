//! Tenants, their seats and the roots they trust.

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
    /// The tenant's key, wrapped under the master key.
    pub wrapped_key: Vec<u8>,
    pub created_at: Timestamp,
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

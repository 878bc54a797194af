//! What a signer is asked by a link, apart from the application that asks: to approve signatures, or that an address is
//! theirs.

use serde::{Deserialize, Serialize};

use crate::model::id::{AuthorizationId, CredentialId, FactorId};
use crate::model::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Approval {
    /// HKDF(token of the link, "id"): finds the record.
    pub id: Vec<u8>,
    pub credential: CredentialId,
    /// By which the link was sent.
    pub factor: FactorId,
    pub purpose: Purpose,
    pub asked: Asked,
    pub decision: Option<Decision>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub decided_at: Option<Timestamp>,
}

/// What follows when it is approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A pending authorization may become a SAD.
    Authorize(AuthorizationId),
    /// The factor is confirmed: links reach the signer.
    ConfirmFactor,
}

/// The signer's answer. The first one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Approved,
    Refused,
}

/// What the signer is told of who asks and for what, as it was when they were asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The name of the application.
    pub application: String,
    /// The name of the tenant.
    pub tenant: String,
    pub credential: Option<String>,
    /// What is signed, in the application's words.
    pub description: Option<String>,
    /// Where the link was sent.
    pub address: String,
}

impl Decision {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Approved, Self::Refused].into_iter().find(|decision| decision.as_str() == text)
    }
}

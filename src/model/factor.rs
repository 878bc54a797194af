//! Second factors: something the signer knows (PIN) and something the signer has (OTP).

use serde::{Deserialize, Serialize};

use crate::model::configuration::OtpRules;
use crate::model::id::{CredentialId, FactorId};
use crate::model::lockout::Lockout;
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FactorType {
    Pin,
    Otp,
}

impl FactorType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "PIN",
            Self::Otp => "OTP",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pin, Self::Otp].into_iter().find(|t| t.as_str() == text)
    }
}

/// What a factor keeps to be checked against.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum FactorMaterial {
    /// The sealing key pair that the PIN opens; checking the PIN is opening it.
    Pin(PinMaterial),
    /// A TOTP secret in the tenant's envelope.
    Otp(OtpMaterial),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinMaterial {
    /// X25519, in clear: key generation seals the data key to it.
    pub public: Vec<u8>,
    pub wrapped_private: Vec<u8>,
    pub salt: Vec<u8>,
    /// Argon2id: memory in KiB, passes, lanes.
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OtpMaterial {
    pub wrapped_secret: Vec<u8>,
    pub rules: OtpRules,
    /// The last time step that was accepted; it and every earlier one are spent.
    pub last_step: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Factor {
    pub id: FactorId,
    pub credential: CredentialId,
    pub kind: FactorType,
    pub confirmed: bool,
    pub material: FactorMaterial,
    pub lockout: Lockout,
    pub created_at: Timestamp,
    /// Counts the changes of this record; every change is conditional on it.
    pub version: i64,
}

//! Authorization configurations: what a credential demands of its signer.

use serde::{Deserialize, Serialize};

use crate::model::factor::FactorType;
use crate::model::id::ConfigurationId;
use crate::model::name::TenantName;
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigurationType {
    /// The signer's factors come with the authorize call.
    Explicit,
    /// Nothing is asked of the signer.
    Implicit,
    /// The signer authorises in the browser.
    Oauth2,
}

impl ConfigurationType {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explicit => "explicit",
            Self::Implicit => "implicit",
            Self::Oauth2 => "oauth2",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Explicit, Self::Implicit, Self::Oauth2].into_iter().find(|t| t.as_str() == text)
    }
}

/// CSC's Sole Control Assurance Level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scal {
    /// A SAD is not necessarily tied to hashes.
    #[serde(rename = "1")]
    One,
    /// A SAD is tied to the hashes that were authorised.
    #[serde(rename = "2")]
    Two,
}

impl Scal {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|s| s.as_str() == text)
    }
}

/// CSC `PIN.format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PinFormat {
    #[serde(rename = "N")]
    Numeric,
    #[serde(rename = "A")]
    Alphanumeric,
}

impl PinFormat {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Numeric => "N",
            Self::Alphanumeric => "A",
        }
    }
}

/// Lengths are in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PinRules {
    pub min_length: u8,
    pub max_length: u8,
    pub format: PinFormat,
}

impl Default for PinRules {
    fn default() -> Self {
        Self { min_length: 6, max_length: 12, format: PinFormat::Numeric }
    }
}

/// The hash of the HMAC in TOTP (RFC 6238).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OtpAlgorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl OtpAlgorithm {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// TOTP's parameters (RFC 6238).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtpRules {
    /// 6 to 8.
    pub digits: u8,
    /// Seconds per step.
    pub period: u16,
    pub algorithm: OtpAlgorithm,
    pub issuer: Option<String>,
}

impl Default for OtpRules {
    fn default() -> Self {
        Self { digits: 6, period: 30, algorithm: OtpAlgorithm::Sha1, issuer: None }
    }
}

#[derive(Clone, Debug)]
pub struct Configuration {
    pub id: ConfigurationId,
    pub tenant: TenantName,
    pub name: String,
    pub kind: ConfigurationType,
    pub second_factors: Vec<FactorType>,
    pub pin: PinRules,
    pub otp: OtpRules,
    /// Failures that lock a factor.
    pub max_attempts: u32,
    /// Seconds of the first lock; each further one is twice as long.
    pub lockout_seconds: u32,
    /// Seconds that a SAD lives.
    pub sad_validity: u32,
    pub scal: Scal,
    /// Whether a refusal leaves open which factor was wrong.
    pub factor_errors: FactorErrors,
    /// What one credential of an implicit configuration may be authorised for in a minute; none for the others.
    pub signatures_per_minute: Option<u32>,
    pub created_at: Timestamp,
}

/// What a refusal of wrong factors says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FactorErrors {
    /// Which factor was wrong, as CSC v1 has it.
    #[default]
    Distinct,
    /// Only that one was, as CSC v2 has it.
    Uniform,
}

impl Configuration {
    /// How its one-time passwords come; CSC v1 has a field for one only.
    pub fn one_time_password(&self) -> Option<FactorType> {
        self.second_factors.iter().copied().find(|kind| kind.is_one_time_password())
    }

    /// How its signers approve, apart from the call that asks for it.
    pub fn approval(&self) -> Option<FactorType> {
        self.second_factors.iter().copied().find(|kind| kind.is_approval())
    }
}

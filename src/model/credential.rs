//! A credential and its life: created, protected, awaiting its certificate, active, and what ends it.

use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use crate::model::error::{Code, Error, Result};
use crate::model::factor::FactorType;
use crate::model::id::{ChainId, ClientId, ConfigurationId, CredentialId, KeyId};
use crate::model::name::{SeatName, TenantName};
use crate::model::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialStatus {
    Created,
    Protected,
    AwaitingCertificate,
    Active,
    Suspended,
    Expired,
    Revoked,
    Destroyed,
}

impl CredentialStatus {
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Protected,
        Self::AwaitingCertificate,
        Self::Active,
        Self::Suspended,
        Self::Expired,
        Self::Revoked,
        Self::Destroyed,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Protected => "protected",
            Self::AwaitingCertificate => "awaiting_certificate",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Destroyed => "destroyed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a credential waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    AddSecondFactor,
    ConfirmOtp,
    /// The signer's, by the link that was sent.
    ConfirmApproval,
    GenerateKeyPair,
    AddCertificate,
}

impl NextStep {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddSecondFactor => "add_second_factor",
            Self::ConfirmOtp => "confirm_otp",
            Self::ConfirmApproval => "confirm_approval",
            Self::GenerateKeyPair => "generate_key_pair",
            Self::AddCertificate => "add_certificate",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Credential {
    pub id: CredentialId,
    pub tenant: TenantName,
    pub seat: SeatName,
    pub configuration: ConfigurationId,
    /// The application that created it.
    pub client: ClientId,
    pub description: Option<String>,
    /// Signatures per authorisation, 1..=1000.
    pub multi_signature: u32,
    pub status: CredentialStatus,
    pub required_factors: Vec<FactorType>,
    /// What the subject of the certificate request is unless another one is asked for (RFC 4514).
    pub default_subject: Option<String>,
    pub key: Option<KeyId>,
    pub chain: Option<ChainId>,
    /// The end of the attached certificate.
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Counts the changes of this record; every change is conditional on it.
    pub version: i64,
}

/// A factor that was added, as far as the steps care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddedFactor {
    pub kind: FactorType,
    pub confirmed: bool,
}

impl Credential {
    /// The status as of now: an active credential whose certificate has ended is expired.
    pub fn status_at(&self, now: Timestamp) -> CredentialStatus {
        match (self.status, self.expires_at) {
            (CredentialStatus::Active, Some(end)) if end < now => CredentialStatus::Expired,
            (status, _) => status,
        }
    }

    pub fn next_step(&self, added: &[AddedFactor]) -> Option<NextStep> {
        match self.status {
            CredentialStatus::Created => {
                Some(self.missing_factor(added).unwrap_or(NextStep::GenerateKeyPair))
            }
            CredentialStatus::Protected => Some(NextStep::GenerateKeyPair),
            CredentialStatus::AwaitingCertificate => Some(NextStep::AddCertificate),
            _ => None,
        }
    }

    /// Protected once every required factor is there and confirmed.
    pub fn protect(&mut self, added: &[AddedFactor]) {
        if self.status == CredentialStatus::Created && self.missing_factor(added).is_none() {
            self.status = CredentialStatus::Protected;
        }
    }

    /// A key pair is made once, when the factors that guard it are there.
    pub fn give_key(&mut self, key: KeyId) {
        self.key = Some(key);
        self.status = CredentialStatus::AwaitingCertificate;
    }

    pub fn activate(&mut self, chain: ChainId, expires_at: Timestamp) {
        self.chain = Some(chain);
        self.expires_at = Some(expires_at);
        self.status = CredentialStatus::Active;
    }

    /// Refuses a step that is out of order, saying where the credential stands.
    pub fn require(&self, wanted: &[CredentialStatus], added: &[AddedFactor], now: Timestamp) -> Result<()> {
        let status = self.status_at(now);
        if wanted.contains(&status) {
            return Ok(());
        }
        let next = self.next_step(added).map(NextStep::as_str);
        let detail = match next {
            Some(step) => format!("The credential is {}; its next step is {step}.", status.as_str()),
            None => format!("The credential is {}; this step is not open to it.", status.as_str()),
        };
        Err(Error::new(Code::InvalidState, detail).in_state(status.as_str(), next))
    }

    /// Refuses to sign, or to prepare it, with a credential that is not active.
    pub fn require_active(&self, now: Timestamp) -> Result<()> {
        match self.status_at(now) {
            CredentialStatus::Active => Ok(()),
            status => Err(Error::new(
                Code::InvalidCertificateStatus,
                format!("The credential is {}, not active.", status.as_str()),
            )),
        }
    }

    fn missing_factor(&self, added: &[AddedFactor]) -> Option<NextStep> {
        let of = |kind| added.iter().find(|factor| factor.kind == kind);
        if self.required_factors.iter().any(|kind| of(*kind).is_none()) {
            return Some(NextStep::AddSecondFactor);
        }
        let unconfirmed =
            self.required_factors.iter().find(|kind| of(**kind).is_some_and(|f| !f.confirmed))?;
        Some(if unconfirmed.is_approval() { NextStep::ConfirmApproval } else { NextStep::ConfirmOtp })
    }
}

/// How the data key of a key pair is kept.
#[derive(Clone, Debug)]
pub enum DataKeyWrap {
    /// Sealed to the public half of the PIN's sealing key (HPKE): nobody opens it without the PIN.
    Sealed(Vec<u8>),
    /// Under the tenant's key: held by the service alone.
    Tenant(Vec<u8>),
}

/// A key pair as it is stored.
#[derive(Clone, Debug)]
pub struct StoredKey {
    pub id: KeyId,
    pub credential: CredentialId,
    pub algorithm: KeyAlgorithm,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    /// PKCS#8 under the data key.
    pub wrapped_pkcs8: Vec<u8>,
    pub data_key: DataKeyWrap,
    /// The certificate request, DER, signed when the key was made.
    pub csr: Vec<u8>,
    pub csr_algorithm: CsrSignatureAlgorithm,
    pub subject: String,
    pub created_at: Timestamp,
}

/// A certificate chain as it was attached: end entity first, root last.
#[derive(Clone, Debug)]
pub struct StoredChain {
    pub id: ChainId,
    pub credential: CredentialId,
    pub key: KeyId,
    /// DER.
    pub certificates: Vec<Vec<u8>>,
    pub attached_at: Timestamp,
}

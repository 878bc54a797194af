//! What a refusal is in CSC: a code and a text, the same in both versions but for what [`Version`] says. Clients compare
//! these texts, so they are written here and nowhere else.

use std::borrow::Cow;

use super::version::Version;
use crate::model::error::{Code, Error};

/// A refusal's code and its description.
pub struct Words<'a> {
    pub code: &'static str,
    pub description: Cow<'a, str>,
}

impl<'a> Words<'a> {
    pub fn new(code: &'static str, description: impl Into<Cow<'a, str>>) -> Self {
        Self { code, description: description.into() }
    }

    pub fn invalid_request(description: impl Into<Cow<'a, str>>) -> Self {
        Self::new("invalid_request", description)
    }

    /// Those of an error in this version.
    pub fn of<V: Version>(error: &'a Error) -> Self {
        match error.code() {
            Code::NotFound => Self::invalid_request("Invalid parameter credentialID"),
            Code::CredentialDisabled => {
                Self::invalid_request("The credential identified by credentialID is disabled")
            }
            Code::InvalidCertificateStatus => Self::invalid_request("Invalid certificate status"),
            Code::SigningCertificateExpired => V::expired_certificate(error.subject().unwrap_or_default()),

            Code::InvalidNumSignatures => Self::invalid_request("Invalid value for parameter numSignatures"),
            Code::TooManySignatures => Self::invalid_request("Numbers of signatures is too high"),

            Code::FactorMissing
            | Code::FactorLocked
            | Code::CredentialLocked
            | Code::InvalidPin
            | Code::InvalidOtp => V::factor(error),

            Code::InvalidFactors => {
                Self::new("invalid_authentication_data", "The authentication data is invalid")
            }

            Code::FactorNotRequired => Self::invalid_request(error.detail()),

            Code::SadInvalid => Self::invalid_request("Invalid parameter SAD"),
            Code::HandleInvalid => Self::invalid_request("Invalid parameter handle"),
            Code::ApprovalNeeded => Self::invalid_request(error.detail()),
            Code::SadExpired => Self::invalid_request("SAD expired"),
            Code::ResponseUnknown => Self::invalid_request("Invalid parameter requestID"),

            Code::HashesRequired => Self::invalid_request("Missing (or invalid type) array parameter hash"),
            Code::HashNotAuthorized => Self::invalid_request("Hash is not authorized by the SAD"),
            Code::InvalidDigestLength => Self::invalid_request("Invalid digest value length"),
            Code::InvalidSignAlgo => Self::invalid_request("Invalid parameter signAlgo"),
            Code::InvalidSignAlgoParams => Self::invalid_request("Invalid parameter signAlgoParams"),
            Code::InvalidHashAlgo => {
                Self::invalid_request(format!("Invalid parameter {}", V::HASH_ALGO.name()))
            }

            // Only auth/login refuses with these.
            Code::AuthenticationRequired => Self::invalid_request("Malformed authentication parameter"),
            Code::InvalidGrant => Self::invalid_request("Invalid refresh_token"),
            Code::InvalidClient | Code::InvalidScope | Code::UnauthorizedClient => {
                Self::new("authentication_error", "An error occurred during authentication process")
            }

            Code::InvalidToken => Self::new("invalid_token", error.detail()),
            Code::ExpiredToken => Self::new("expired_token", error.detail()),
            Code::InsufficientPermission | Code::InsufficientScope => {
                Self::new("insufficient_scope", error.detail())
            }

            Code::RateLimited
            | Code::Busy
            | Code::Conflict
            | Code::DeliveryFailed
            | Code::StorageUnavailable
            | Code::TimestampUnavailable
            | Code::OutcomeUnknown => Self::new("temporarily_unavailable", error.detail()),
            Code::SelfTestFailed | Code::InternalError => Self::new("server_error", error.detail()),

            Code::InvalidRequest => match error.fields() {
                [field, ..] => {
                    let parameter = field.pointer.trim_start_matches('/');
                    Self::invalid_request(format!("Invalid parameter {parameter}"))
                }
                [] => Self::invalid_request(error.detail()),
            },
            Code::UnknownField
            | Code::PayloadTooLarge
            | Code::UnsupportedMediaType
            | Code::MethodNotAllowed => Self::invalid_request(error.detail()),

            // What only enrolment, administration and OAuth refuse with. No CSC method gets here.
            Code::InvalidState
            | Code::AlreadyExists
            | Code::IdempotencyKeyReused
            | Code::IdempotencyInProgress
            | Code::WeakPin
            | Code::WeakPassword
            | Code::OtpMismatch
            | Code::PublicKeyMismatch
            | Code::ExplicitEcParameters
            | Code::MalformedPkcs7
            | Code::UnexpectedPkcs7Content
            | Code::NoCertificates
            | Code::MalformedCertificate
            | Code::InvalidSignature
            | Code::IntermediateMissing
            | Code::RootMissing
            | Code::UntrustedRoot
            | Code::NotACa
            | Code::PathLengthExceeded
            | Code::CertificateExpired
            | Code::CertificateNotYetValid
            | Code::KeyUsage
            | Code::WeakKey
            | Code::WeakSignature
            | Code::SubjectMismatch
            | Code::CertificateRevoked
            | Code::NameConstraints
            | Code::UnsupportedAlgorithm
            | Code::InvalidValidity
            | Code::InvalidMultiSignature
            | Code::NoSecondFactor
            | Code::ApprovalDecided
            | Code::LinkExpired
            | Code::LinkUsed
            | Code::LinkInUse
            | Code::CrossSiteRequest
            | Code::NotSupportedYet
            | Code::DeliveryNotConfigured
            | Code::UnsupportedGrantType
            | Code::TokenNotRecognised => Self::invalid_request(error.detail()),
        }
    }
}

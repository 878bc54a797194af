//! What a certificate says.

use crate::model::error::{Error, Result};
use crate::model::time::Timestamp;

/// What is stored and shown of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    pub der: Vec<u8>,
    /// RFC 4514.
    pub subject: String,
    /// RFC 4514.
    pub issuer: String,
    /// Hexadecimal, lower case.
    pub serial_number: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// SHA-256 over the DER, hexadecimal, lower case.
    pub fingerprint_sha256: String,
    pub organization: Option<String>,
    pub common_name: Option<String>,
}

/// The facts of one DER certificate.
pub fn facts(_der: &[u8]) -> Result<CertificateFacts> {
    Err(Error::internal("not written yet"))
}

/// Reads one CA certificate, PEM or DER, to be pinned.
pub fn trust_anchor(_upload: &[u8]) -> Result<CertificateFacts> {
    Err(Error::internal("not written yet"))
}

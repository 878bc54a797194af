//! Certification requests (PKCS#10, RFC 2986).

use crate::model::algorithm::{CsrSignatureAlgorithm, SignatureScheme};
use crate::model::error::{Error, Result};
use crate::pki::name::Subject;

/// The DER of a CSR for `spki_der`; `sign` gets the DER of the CertificationRequestInfo and how to sign it.
pub fn build(
    _spki_der: &[u8],
    _subject: &Subject,
    _algorithm: CsrSignatureAlgorithm,
    _sign: impl FnOnce(&[u8], SignatureScheme) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    Err(Error::internal("not written yet"))
}

/// The CSR as PEM (`CERTIFICATE REQUEST`).
pub fn pem(_csr_der: &[u8]) -> String {
    String::new()
}

/// A SubjectPublicKeyInfo as PEM (`PUBLIC KEY`).
pub fn public_key_pem(_spki_der: &[u8]) -> String {
    String::new()
}

/// The CSR's subject, as RFC 4514 writes it.
pub fn subject(_csr_der: &[u8]) -> Result<String> {
    Err(Error::internal("not written yet"))
}

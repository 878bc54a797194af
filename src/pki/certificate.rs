//! What a certificate says.

use crate::model::error::{Code, Error, Result};
use crate::model::time::Timestamp;
use crate::pki::armor;
use crate::pki::strict::Certificate;

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
    /// O of the subject, the most specific one.
    pub organization: Option<String>,
    /// CN of the subject, the most specific one.
    pub common_name: Option<String>,
    /// The OIDs of its policies (RFC 5280 section 4.2.1.4).
    pub policies: Vec<String>,
    /// The OIDs of its qualified-certificate statements (RFC 3739 section 3.2.6).
    pub qc_statements: Vec<String>,
}

/// The facts of one DER certificate, which has to parse strictly.
pub fn facts(der: &[u8]) -> Result<CertificateFacts> {
    Certificate::parse(der).map(|certificate| certificate.facts).map_err(malformed)
}

/// Reads one CA certificate, PEM, DER or base64, to be pinned.
pub fn trust_anchor(upload: &[u8]) -> Result<CertificateFacts> {
    let blocks = armor::blocks(upload)
        .map_err(|fault| Error::new(Code::MalformedCertificate, fault.within("the upload").detail()))?;
    let [block] = blocks.as_slice() else {
        return Err(malformed(format!("there are {} PEM blocks; pin one at a time", blocks.len())));
    };
    if let Some(label) = block.label.as_deref()
        && !matches!(label, "CERTIFICATE" | "X509 CERTIFICATE")
    {
        return Err(malformed(format!("the PEM block is labelled {label:?}, not CERTIFICATE")));
    }
    let certificate = Certificate::parse(&block.der).map_err(malformed)?;
    let may_sign = certificate.key_usage.is_none_or(|usage| usage.key_cert_sign());
    if !certificate.is_ca || !may_sign {
        return Err(Error::new(
            Code::NotACa,
            format!(
                "The certificate of \"{}\" is no CA's (basicConstraints cA, keyUsage keyCertSign); pin the root of the chains instead.",
                certificate.facts.subject
            ),
        ));
    }
    Ok(certificate.facts)
}

fn malformed(reason: impl std::fmt::Display) -> Error {
    Error::new(Code::MalformedCertificate, format!("The certificate cannot be used: {reason}."))
}

//! From an upload to an accepted certificate chain.

use crate::model::error::{Error, Result};
use crate::model::time::Timestamp;
use crate::pki::certificate::CertificateFacts;

/// What an upload is held against.
pub struct Expectation<'a> {
    /// The credential's SubjectPublicKeyInfo.
    pub spki_der: &'a [u8],
    /// The credential's CSR.
    pub csr_der: &'a [u8],
    /// The tenant's pinned anchors; empty when none is pinned.
    pub trust_anchors: &'a [Vec<u8>],
    pub subject_rule: SubjectRule,
    pub now: Timestamp,
}

/// Who decides on the certificate's subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectRule {
    /// The CA does (`caSetsSubject`).
    CaSetsSubject,
    /// It has to be the CSR's.
    SameAsCsr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedChain {
    /// End entity first, root last.
    pub certificates: Vec<CertificateFacts>,
    pub ignored: Vec<Ignored>,
}

/// Something in the upload that was not used, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Ignored {
    pub subject: String,
    pub reason: String,
}

/// Finds the chain in an upload and checks it.
pub fn accept(_upload: &[u8], _expected: &Expectation<'_>) -> Result<AcceptedChain> {
    Err(Error::internal("not written yet"))
}

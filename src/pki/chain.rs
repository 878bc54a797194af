//! From an upload to an accepted certificate chain: the checks of an upload, in their order.
//!
//! The end entity is found by its key and the chain is built by signatures, so container and order never matter. When
//! several paths lead to a root, they are tried in order of preference and the first that passes everything is taken;
//! when none does, the error is that of the most preferred one.

mod checks;
mod end_entity;
mod leftovers;
mod path;
mod revocation;

use std::collections::HashMap;

use openssl::x509::X509Req;
use serde::Serialize;

use crate::model::error::{Code, Error, Result};
use crate::model::tenant::SubjectRule;
use crate::model::time::Timestamp;
use crate::pki::certificate::CertificateFacts;
use crate::pki::container::{self, Contents};
use crate::pki::key::PublicKey;
use crate::pki::strict::Certificate;

/// What an upload is held against.
pub struct Expectation<'a> {
    /// The credential's SubjectPublicKeyInfo.
    pub spki_der: &'a [u8],
    /// The credential's CSR.
    pub csr_der: &'a [u8],
    /// The tenant's pinned anchors (DER); empty when none is pinned.
    pub trust_anchors: &'a [Vec<u8>],
    pub subject_rule: SubjectRule,
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedChain {
    /// End entity first, root last.
    pub certificates: Vec<CertificateFacts>,
    /// In an order of its own, which is not the upload's.
    pub ignored: Vec<Ignored>,
}

/// Something in the upload that was not used, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ignored {
    /// RFC 4514; empty for what has no subject. Of a CRL, its issuer.
    pub subject: String,
    pub reason: String,
}

/// Finds the chain in an upload and checks it.
pub fn accept(upload: &[u8], expected: &Expectation<'_>) -> Result<AcceptedChain> {
    let request = Request::of(expected)?;
    let contents = container::open(upload)?;
    let mut pool = Pool::of(&contents)?;
    let end_entity = end_entity::find(&mut pool, &request.key)?;
    let paths = path::find(&mut pool, end_entity, &request)?;
    let crls = revocation::read(&contents.crls);

    let mut first_refusal = None;
    for path in paths {
        match checks::check(&mut pool, &path, &crls, &request) {
            Ok(()) => {
                let ignored = leftovers::list(&pool, &path, &crls, &contents, &request);
                let certificates = path.iter().filter_map(|at| pool.certificates.get(*at));
                return Ok(AcceptedChain {
                    certificates: certificates.map(|c| c.facts.clone()).collect(),
                    ignored,
                });
            }
            Err(refusal) => {
                first_refusal.get_or_insert(refusal);
            }
        }
    }
    Err(first_refusal.unwrap_or_else(|| Error::internal("no path and no refusal")))
}

/// The expectation, parsed.
struct Request {
    key: PublicKey,
    csr: X509Req,
    anchors: Vec<PublicKey>,
    subject_rule: SubjectRule,
    now: Timestamp,
}

impl Request {
    /// What is wrong here is wrong in our own records.
    fn of(expected: &Expectation<'_>) -> Result<Self> {
        let damaged = |what: &str| {
            Error::new(
                Code::SelfTestFailed,
                format!("The stored {what} cannot be read; nothing was changed."),
            )
        };
        let anchor = |der: &Vec<u8>| Certificate::parse(der).ok().map(|certificate| certificate.key);
        Ok(Self {
            key: PublicKey::parse(expected.spki_der).ok_or_else(|| damaged("public key"))?,
            csr: X509Req::from_der(expected.csr_der).map_err(|error| damaged("CSR").caused_by(error))?,
            anchors: expected
                .trust_anchors
                .iter()
                .map(anchor)
                .collect::<Option<_>>()
                .ok_or_else(|| damaged("trust anchor"))?,
            subject_rule: expected.subject_rule,
            now: expected.now,
        })
    }

    fn pins(&self, root: &Certificate) -> bool {
        self.anchors.contains(&root.key)
    }
}

/// How far clocks may differ, in seconds.
const CLOCK_SKEW: i64 = 300;
/// The most signatures that are verified for one upload.
const MAX_SIGNATURE_CHECKS: usize = 100;

/// The distinct certificates of an upload, ordered by fingerprint so that the upload's order is forgotten, and the
/// signatures among them that were verified so far.
struct Pool {
    certificates: Vec<Certificate>,
    duplicates: Vec<Ignored>,
    verified: HashMap<(usize, usize), bool>,
    signature_checks: usize,
}

impl Pool {
    fn of(contents: &Contents) -> Result<Self> {
        if contents.certificates.is_empty() {
            return Err(Error::new(
                Code::NoCertificates,
                "The upload holds no certificate. Send the end entity's certificate with its issuers, up to the root.",
            ));
        }
        let mut certificates: Vec<Certificate> = Vec::new();
        let mut duplicates = Vec::new();
        for (position, candidate) in contents.certificates.iter().enumerate() {
            let certificate = Certificate::parse(&candidate.der).map_err(|reason| {
                Error::new(
                    Code::MalformedCertificate,
                    format!(
                        "Certificate {} of {}, at {}, cannot be used: {reason}.",
                        position + 1,
                        contents.certificates.len(),
                        candidate.place
                    ),
                )
            })?;
            if certificates.iter().any(|other| other.facts.der == certificate.facts.der) {
                duplicates.push(Ignored {
                    subject: certificate.facts.subject,
                    reason: "the same certificate is in the upload more than once".to_owned(),
                });
            } else {
                certificates.push(certificate);
            }
        }
        certificates.sort_by(|a, b| a.facts.fingerprint_sha256.cmp(&b.facts.fingerprint_sha256));
        Ok(Self { certificates, duplicates, verified: HashMap::new(), signature_checks: 0 })
    }

    fn certificate(&self, at: usize) -> Result<&Certificate> {
        self.certificates.get(at).ok_or_else(|| Error::internal("an index outside the pool"))
    }

    /// Whether one certificate's key verifies the signature of another; found out once.
    fn is_signed(&mut self, subject: usize, issuer: usize) -> Result<bool> {
        if let Some(known) = self.verified.get(&(subject, issuer)) {
            return Ok(*known);
        }
        self.count_signature_check()?;
        let is_signed = self.certificate(subject)?.is_signed_by(self.certificate(issuer)?);
        self.verified.insert((subject, issuer), is_signed);
        Ok(is_signed)
    }

    fn count_signature_check(&mut self) -> Result<()> {
        self.signature_checks += 1;
        if self.signature_checks > MAX_SIGNATURE_CHECKS {
            return Err(Error::new(
                Code::MalformedPkcs7,
                format!(
                    "Finding the chain takes more than the limit of {MAX_SIGNATURE_CHECKS} signature checks. Send the chain's certificates only."
                ),
            ));
        }
        Ok(())
    }

    /// Subject = issuer, and its own key verifies its signature. An explicit curve is never computed with.
    fn is_self_signed(&mut self, at: usize) -> Result<bool> {
        let certificate = self.certificate(at)?;
        let may_be = certificate.is_self_issued() && !matches!(certificate.key, PublicKey::ExplicitEc { .. });
        Ok(may_be && self.is_signed(at, at)?)
    }
}

//! The checks of one path (8 to 16), in the order in which they are promised.

use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509StoreContext, X509VerifyResult};

use super::revocation::{self, Crl};
use super::{CLOCK_SKEW, Pool, Request};
use crate::model::error::{Code, Error, Result};
use crate::model::tenant::SubjectRule;
use crate::pki::strict::Certificate;

pub fn check(pool: &mut Pool, path: &[usize], crls: &[Crl], request: &Request) -> Result<()> {
    {
        let path: Vec<&Certificate> = path.iter().map(|at| pool.certificate(*at)).collect::<Result<_>>()?;
        let [end_entity, issuers @ ..] = path.as_slice() else {
            return Err(Error::internal("an empty path"));
        };
        check_root(issuers, request)?;
        check_issuers(issuers)?;
        check_validity(&path, request)?;
        check_key_usage(end_entity)?;
        check_strength(&path)?;
        check_subject(end_entity, request)?;
    }
    revocation::check(pool, path, crls, request.now)?;
    let path: Vec<&Certificate> = path.iter().map(|at| pool.certificate(*at)).collect::<Result<_>>()?;
    check_name_constraints(&path)?;
    check_proof(&path, request)
}

/// A root counts by its key, wherever it came from.
fn check_root(issuers: &[&Certificate], request: &Request) -> Result<()> {
    let Some(root) = issuers.last() else {
        return Err(Error::internal("a path without a root"));
    };
    if request.anchors.is_empty() || request.pins(root) {
        return Ok(());
    }
    Err(Error::new(
        Code::UntrustedRoot,
        format!(
            "The chain ends at \"{}\" (SHA-256 {}), which is not among the tenant's trust anchors. Send a chain to one of them, or have an administrator pin this root.",
            root.facts.subject, root.facts.fingerprint_sha256
        ),
    ))
}

fn check_issuers(issuers: &[&Certificate]) -> Result<()> {
    for issuer in issuers {
        let subject = &issuer.facts.subject;
        if !issuer.is_ca {
            return Err(Error::new(
                Code::NotACa,
                format!(
                    "The certificate of \"{subject}\" issued another one, but its basicConstraints do not make it a CA."
                ),
            ));
        }
        if issuer.key_usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(Error::new(
                Code::NotACa,
                format!(
                    "The certificate of \"{subject}\" issued another one, but its keyUsage lacks keyCertSign."
                ),
            ));
        }
    }
    // RFC 5280 section 6.1.4: self-issued certificates do not count.
    let mut below = 0;
    for issuer in issuers {
        if let Some(limit) = issuer.path_length.filter(|limit| below > *limit) {
            return Err(Error::new(
                Code::PathLengthExceeded,
                format!(
                    "The CA \"{}\" allows {limit} CAs below itself (pathLenConstraint), but there are {below}.",
                    issuer.facts.subject
                ),
            ));
        }
        if !issuer.is_self_issued() {
            below += 1;
        }
    }
    Ok(())
}

/// Both ends of a validity belong to it. Seconds are compared, since certificates know nothing finer.
fn check_validity(path: &[&Certificate], request: &Request) -> Result<()> {
    let now = request.now.seconds();
    for certificate in path {
        let facts = &certificate.facts;
        if now - CLOCK_SKEW > facts.not_after.seconds() {
            return Err(Error::new(
                Code::CertificateExpired,
                format!("The certificate of \"{}\" expired at {}.", facts.subject, facts.not_after),
            ));
        }
        if now + CLOCK_SKEW < facts.not_before.seconds() {
            return Err(Error::new(
                Code::CertificateNotYetValid,
                format!(
                    "The certificate of \"{}\" is valid only from {} on.",
                    facts.subject, facts.not_before
                ),
            ));
        }
    }
    Ok(())
}

fn check_key_usage(end_entity: &Certificate) -> Result<()> {
    let Some(usage) = end_entity.key_usage else {
        return Ok(());
    };
    let subject = &end_entity.facts.subject;
    if usage.key_cert_sign() {
        return Err(Error::new(
            Code::KeyUsage,
            format!(
                "The certificate of \"{subject}\" has keyCertSign in its keyUsage, which an end entity must not have."
            ),
        ));
    }
    if !usage.digital_signature() && !usage.non_repudiation() {
        return Err(Error::new(
            Code::KeyUsage,
            format!(
                "The certificate of \"{subject}\" has neither digitalSignature nor nonRepudiation in its keyUsage."
            ),
        ));
    }
    Ok(())
}

fn check_strength(path: &[&Certificate]) -> Result<()> {
    for certificate in path {
        if let Some(weakness) = certificate.key.weakness() {
            return Err(Error::new(
                Code::WeakKey,
                format!("The certificate of \"{}\" has {weakness}.", certificate.facts.subject),
            ));
        }
    }
    // Nobody relies on the signature of a root on itself.
    let below_the_root = path.split_last().map(|(_, below)| below).unwrap_or_default();
    for certificate in below_the_root {
        if let Some(digest) = certificate.weak_digest {
            return Err(Error::new(
                Code::WeakSignature,
                format!("The certificate of \"{}\" is signed with {digest}.", certificate.facts.subject),
            ));
        }
    }
    Ok(())
}

fn check_subject(end_entity: &Certificate, request: &Request) -> Result<()> {
    let wanted = request.csr.subject_name();
    let is_same = end_entity.x509.subject_name().try_cmp(wanted).is_ok_and(|order| order.is_eq());
    if request.subject_rule == SubjectRule::CaSets || is_same {
        return Ok(());
    }
    let wanted = wanted.to_der().map(|der| crate::pki::name::rfc4514(&der)).unwrap_or_default();
    Err(Error::new(
        Code::SubjectMismatch,
        format!(
            "The certificate is issued to \"{}\", but the CSR asked for \"{wanted}\".",
            end_entity.facts.subject
        ),
    ))
}

/// OpenSSL checks name constraints as part of a path validation, so that it validates exactly this path once more. Time and
/// critical extensions were judged before, by our own rules; any other objection of OpenSSL's refuses the chain too, because
/// constraints that could not be evaluated are not held.
fn check_name_constraints(path: &[&Certificate]) -> Result<()> {
    if !path.iter().any(|certificate| certificate.has_name_constraints) {
        return Ok(());
    }
    let ([end_entity, issuers @ ..], Some(root)) = (path, path.last()) else {
        return Err(Error::internal("an empty path"));
    };
    let validate = || -> Result<X509VerifyResult, openssl::error::ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(root.x509.clone())?;
        store.set_flags(X509VerifyFlags::NO_CHECK_TIME | X509VerifyFlags::IGNORE_CRITICAL)?;
        let mut untrusted = Stack::new()?;
        for issuer in issuers {
            untrusted.push(issuer.x509.clone())?;
        }
        X509StoreContext::new()?.init(&store.build(), &end_entity.x509, &untrusted, |context| {
            context.verify_cert()?;
            Ok(context.error())
        })
    };
    let verdict = validate().map_err(Error::internal)?;
    if verdict == X509VerifyResult::OK {
        return Ok(());
    }
    Err(Error::new(
        Code::NameConstraints,
        format!(
            "A CA of the chain constrains names, and the certificate of \"{}\" does not pass: {}.",
            end_entity.facts.subject,
            verdict.error_string()
        ),
    ))
}

/// The private key made the signature of the CSR when it was generated; that the certificate's key verifies it shows that
/// the two belong together. No private key is opened for it.
fn check_proof(path: &[&Certificate], request: &Request) -> Result<()> {
    let verifies = path
        .first()
        .and_then(|end_entity| end_entity.x509.public_key().ok())
        .is_some_and(|key| request.csr.verify(&key).unwrap_or(false));
    if verifies {
        return Ok(());
    }
    Err(Error::new(
        Code::SelfTestFailed,
        "The certificate's public key does not verify the signature of the stored CSR. Nothing was changed.",
    ))
}

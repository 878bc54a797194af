//! Finding the end entity: the certificate of the stored key (checks 4 and 5).

use super::Pool;
use crate::model::error::{Code, Error, Result};
use crate::pki::key::PublicKey;

/// Among several certificates of the key, the one that was issued last.
pub fn find(pool: &mut Pool, stored: &PublicKey) -> Result<usize> {
    let mut end_entities = Vec::new();
    let mut others = Vec::new();
    for at in 0..pool.certificates.len() {
        let certificate = pool.certificate(at)?;
        if certificate.key != *stored {
            continue;
        }
        if certificate.is_ca || pool.is_self_signed(at)? {
            others.push(at);
        } else {
            end_entities.push(at);
        }
    }
    let newest = end_entities.into_iter().max_by_key(|at| {
        let facts = pool.certificates.get(*at).map(|certificate| &certificate.facts);
        facts.map(|facts| (facts.not_before, facts.not_after, facts.fingerprint_sha256.clone()))
    });
    match newest {
        Some(at) => Ok(at),
        None => Err(refusal(pool, stored, others.first().copied())?),
    }
}

fn refusal(pool: &Pool, stored: &PublicKey, other: Option<usize>) -> Result<Error> {
    let explicit = pool.certificates.iter().find(|certificate| certificate.key.is_explicit_form_of(stored));
    if let Some(explicit) = explicit {
        return Ok(Error::new(
            Code::ExplicitEcParameters,
            format!(
                "The certificate of \"{}\" writes its curve out instead of naming it. Have it issued with the named curve of the CSR.",
                explicit.facts.subject
            ),
        ));
    }
    let detail = match other {
        Some(at) => {
            let certificate = pool.certificate(at)?;
            let what = if certificate.is_ca { "a CA certificate" } else { "a self-signed certificate" };
            format!(
                "The credential's public key is only in {what}, of \"{}\". Have an end-entity certificate issued from the credential's CSR.",
                certificate.facts.subject
            )
        }
        None if is_restricted_to_pss(pool, stored) => {
            "The credential's public key is there only as an id-RSASSA-PSS key, which the CSR's rsaEncryption key is not. Have the CA copy the CSR's key unchanged.".to_owned()
        }
        None => "No certificate in the upload carries the credential's public key. Have one issued from the credential's CSR, and upload that.".to_owned(),
    };
    Ok(Error::new(Code::PublicKeyMismatch, detail))
}

fn is_restricted_to_pss(pool: &Pool, stored: &PublicKey) -> bool {
    let PublicKey::Rsa { modulus, exponent } = stored else {
        return false;
    };
    let restricted = PublicKey::RsaPss { modulus: modulus.clone(), exponent: exponent.clone() };
    pool.certificates.iter().any(|certificate| certificate.key == restricted)
}

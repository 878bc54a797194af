//! From CSC's signAlgo, hashAlgo and signAlgoParams to one signature scheme, or the refusal that fits.

use crate::model::algorithm::{Digest, KeyAlgorithm, OID_ED25519, OID_RSA, OID_RSA_PSS, SignatureScheme};
use crate::model::error::{Code, Error, Result};
use crate::pki::pss;

/// The algorithm as a request names it.
#[derive(Clone, Debug)]
pub struct Requested {
    /// An OID out of `key.algo`.
    pub sign_algo: String,
    /// The digest's OID; needed where `sign_algo` implies none.
    pub hash_algo: Option<String>,
    /// RSASSA-PSS-params, DER.
    pub params: Option<Vec<u8>>,
}

impl Requested {
    /// The scheme for a key, and the digest whose length the hashes must have (none for Ed25519).
    pub fn resolve(&self, key: KeyAlgorithm) -> Result<(SignatureScheme, Option<Digest>)> {
        if !key.signature_oids().contains(&self.sign_algo.as_str()) {
            return Err(Error::new(
                Code::InvalidSignAlgo,
                format!("A key of {} signs with: {}.", key.as_str(), key.signature_oids().join(", ")),
            ));
        }
        if self.sign_algo == OID_ED25519 {
            return Ok((SignatureScheme::Ed25519, None));
        }
        let named = self
            .hash_algo
            .as_deref()
            .map(|oid| Digest::from_oid(oid).ok_or_else(unknown_digest))
            .transpose()?;
        let scheme = match self.sign_algo.as_str() {
            OID_RSA => SignatureScheme::RsaPkcs1(named.ok_or_else(unknown_digest)?),
            OID_RSA_PSS => self.pss(named)?,
            oid => implied(oid).ok_or_else(|| Error::internal("an OID without a scheme"))?,
        };
        let digest = scheme.digest();
        if let (Some(named), Some(digest)) = (named, digest)
            && named != digest
        {
            return Err(Error::new(
                Code::InvalidHashAlgo,
                "hashAlgo is not the digest that signAlgo implies.",
            ));
        }
        Ok((scheme, digest))
    }

    fn pss(&self, named: Option<Digest>) -> Result<SignatureScheme> {
        match (&self.params, named) {
            (Some(der), _) => pss::parse(der),
            // RFC 8017's usual choice: MGF1 with the same digest, a salt as long as it.
            (None, Some(digest)) => {
                Ok(SignatureScheme::RsaPss { digest, mgf1: digest, salt_length: digest.len() })
            }
            (None, None) => Err(Error::new(
                Code::InvalidSignAlgoParams,
                "RSASSA-PSS needs signAlgoParams (or at least hashAlgo, for its defaults).",
            )),
        }
    }
}

/// The scheme of an OID that names its digest.
fn implied(oid: &str) -> Option<SignatureScheme> {
    Some(match oid {
        "1.2.840.113549.1.1.11" => SignatureScheme::RsaPkcs1(Digest::Sha256),
        "1.2.840.113549.1.1.12" => SignatureScheme::RsaPkcs1(Digest::Sha384),
        "1.2.840.113549.1.1.13" => SignatureScheme::RsaPkcs1(Digest::Sha512),
        "1.2.840.10045.4.3.2" => SignatureScheme::Ecdsa(Digest::Sha256),
        "1.2.840.10045.4.3.3" => SignatureScheme::Ecdsa(Digest::Sha384),
        "1.2.840.10045.4.3.4" => SignatureScheme::Ecdsa(Digest::Sha512),
        _ => return None,
    })
}

fn unknown_digest() -> Error {
    Error::new(
        Code::InvalidHashAlgo,
        "hashAlgo is the OID of SHA-256, SHA-384 or SHA-512, and needed with this signAlgo.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(sign_algo: &str, hash_algo: Option<Digest>) -> Requested {
        Requested { sign_algo: sign_algo.into(), hash_algo: hash_algo.map(|d| d.oid().into()), params: None }
    }

    #[test]
    fn every_advertised_oid_resolves() {
        for key in KeyAlgorithm::ALL {
            for oid in key.signature_oids() {
                let digest = implied(oid).and_then(SignatureScheme::digest).unwrap_or(Digest::Sha256);
                assert!(requested(oid, Some(digest)).resolve(key).is_ok(), "{} {oid}", key.as_str());
            }
        }
    }

    #[test]
    fn disagreement_and_absence_are_told_apart() {
        let code = |r: Requested| r.resolve(KeyAlgorithm::Rsa2048).unwrap_err().code();
        assert_eq!(code(requested("1.2.840.113549.1.1.11", Some(Digest::Sha512))), Code::InvalidHashAlgo);
        assert_eq!(code(requested(OID_RSA, None)), Code::InvalidHashAlgo);
        assert_eq!(code(requested(OID_RSA_PSS, None)), Code::InvalidSignAlgoParams);
        assert_eq!(code(requested("1.2.840.10045.4.3.2", None)), Code::InvalidSignAlgo);
    }
}

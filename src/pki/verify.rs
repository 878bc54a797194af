//! Whether a signature was made by the key that a certificate names: what whoever receives a signature does with it.

use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;

use crate::model::algorithm::{Digest, SignatureScheme};
use crate::model::error::{Code, Error, Result};

/// `digest` is what was signed: a digest's value, or for Ed25519 the octets themselves.
pub fn verify(
    certificate_der: &[u8],
    scheme: SignatureScheme,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool> {
    let key = X509::from_der(certificate_der)
        .and_then(|certificate| certificate.public_key())
        .map_err(|_| Error::new(Code::MalformedCertificate, "The certificate or its key cannot be read."))?;
    // OpenSSL reports some signatures that are merely wrong as errors.
    Ok(by_key(&key, scheme, digest, signature).unwrap_or(false))
}

fn by_key(
    key: &PKey<Public>,
    scheme: SignatureScheme,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    if scheme == SignatureScheme::Ed25519 {
        return Verifier::new_without_digest(key)?.verify_oneshot(signature, digest);
    }
    let mut context = PkeyCtx::new(key)?;
    context.verify_init()?;
    match scheme {
        SignatureScheme::RsaPkcs1(_) => context.set_rsa_padding(Padding::PKCS1)?,
        SignatureScheme::RsaPss { mgf1, salt_length, .. } => {
            context.set_rsa_padding(Padding::PKCS1_PSS)?;
            let salt_length = i32::try_from(salt_length).unwrap_or(i32::MAX);
            context.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt_length))?;
            context.set_rsa_mgf1_md(md(mgf1))?;
        }
        SignatureScheme::Ecdsa(_) | SignatureScheme::Ed25519 => {}
    }
    if let Some(digest) = scheme.digest() {
        context.set_signature_md(md(digest))?;
    }
    context.verify(digest, signature)
}

fn md(digest: Digest) -> &'static MdRef {
    match digest {
        Digest::Sha256 => Md::sha256(),
        Digest::Sha384 => Md::sha384(),
        Digest::Sha512 => Md::sha512(),
    }
}

#[cfg(test)]
mod tests {
    use openssl::hash::{MessageDigest, hash};

    use super::*;
    use crate::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
    use crate::model::time::Timestamp;
    use crate::pki::authority::Authority;
    use crate::pki::csr;
    use crate::pki::name::Subject;
    use crate::pki::tests::keys;

    #[test]
    fn a_signature_holds_for_its_key_its_digest_and_its_scheme_only() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let authority = Authority::new("Demo", 0, now).unwrap();
        for kind in KeyAlgorithm::ALL {
            let key = keys::of(kind);
            let scheme = CsrSignatureAlgorithm::fitting(kind).pop().unwrap();
            let spki = key.public_key_to_der().unwrap();
            let csr_der = csr::build(&spki, &Subject::simple("J", "Acme"), scheme, |info, scheme| {
                Ok(csr::tests::sign(&key, info, scheme))
            })
            .unwrap();
            let certificate = authority.issue(&csr_der, 1, now).unwrap();
            let stranger = authority.issue_to_a_stranger("S", 1, now).unwrap();

            let message = b"the message";
            let signature = csr::tests::sign(&key, message, scheme.scheme());
            let digest = |bytes: &[u8]| match scheme.scheme().digest() {
                Some(Digest::Sha256) => hash(MessageDigest::sha256(), bytes).unwrap().to_vec(),
                Some(Digest::Sha384) => hash(MessageDigest::sha384(), bytes).unwrap().to_vec(),
                Some(Digest::Sha512) => hash(MessageDigest::sha512(), bytes).unwrap().to_vec(),
                None => bytes.to_vec(),
            };
            let holds = |certificate: &[u8], bytes: &[u8]| {
                verify(certificate, scheme.scheme(), &digest(bytes), &signature).unwrap()
            };
            assert!(holds(&certificate, message), "{kind:?}");
            assert!(!holds(&certificate, b"another message"), "{kind:?}");
            assert!(!holds(&stranger, message), "{kind:?}");
            assert!(!verify(&certificate, scheme.scheme(), &digest(message), b"short").unwrap());
        }
        assert_eq!(
            verify(b"x", SignatureScheme::Ed25519, b"", b"").unwrap_err().code(),
            Code::MalformedCertificate
        );
    }
}

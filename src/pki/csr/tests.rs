use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer};

use super::*;
use crate::model::algorithm::KeyAlgorithm;
use crate::pki::tests::{command_line, keys};

/// Signs as a key backend would.
pub(in crate::pki) fn sign(key: &PKey<Private>, octets: &[u8], scheme: SignatureScheme) -> Vec<u8> {
    let digest = |digest: Digest| match digest {
        Digest::Sha256 => MessageDigest::sha256(),
        Digest::Sha384 => MessageDigest::sha384(),
        Digest::Sha512 => MessageDigest::sha512(),
    };
    let mut signer = match scheme.digest() {
        Some(d) => Signer::new(digest(d), key).unwrap(),
        None => Signer::new_without_digest(key).unwrap(),
    };
    if let SignatureScheme::RsaPss { mgf1, salt_length, .. } = scheme {
        signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
        signer.set_rsa_mgf1_md(digest(mgf1)).unwrap();
        signer.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt_length as i32)).unwrap();
    }
    signer.sign_oneshot_to_vec(octets).unwrap()
}

#[test]
fn every_key_and_algorithm_gives_a_csr_that_openssl_verifies() {
    let subject = Subject::parse(r"CN=J\C3\BCrgen Doe,O=Acme,C=DE").unwrap();
    for algorithm in KeyAlgorithm::ALL {
        let key = keys::of(algorithm);
        let spki = key.public_key_to_der().unwrap();
        for signature in CsrSignatureAlgorithm::fitting(algorithm) {
            let case = format!("{} {}", algorithm.as_str(), signature.java_name());
            let csr = build(&spki, &subject, signature, |info, scheme| Ok(sign(&key, info, scheme))).unwrap();
            let read = X509Req::from_der(&csr).unwrap();
            assert!(read.verify(&read.public_key().unwrap()).unwrap(), "{case}");
            assert_eq!(read.to_der().unwrap(), csr, "{case}");
            assert_eq!(read.public_key().unwrap().public_key_to_der().unwrap(), spki, "{case}");
            assert_eq!(super::subject(&csr).unwrap(), "CN=Jürgen Doe,O=Acme,C=DE", "{case}");
            let said = command_line::openssl(&["req", "-verify", "-noout"], pem(&csr).as_bytes());
            let said = String::from_utf8_lossy(&said).to_lowercase();
            assert!(said.contains("verify ok"), "{case}: {said}");
        }
    }
}

#[test]
fn a_signer_that_fails_fails_the_csr() {
    let algorithm = *CsrSignatureAlgorithm::fitting(KeyAlgorithm::Ed25519).first().unwrap();
    let refused =
        build(&[0x30, 0], &Subject::simple("a", "b"), algorithm, |_, _| Err(Error::internal("no key")));
    assert_eq!(refused.unwrap_err().cause(), Some("no key"));
}

#[test]
fn pem_lines_have_64_characters() {
    let text = public_key_pem(&[7; 100]);
    assert_eq!(text.lines().next(), Some("-----BEGIN PUBLIC KEY-----"));
    assert_eq!(text.lines().nth(1).unwrap().len(), 64);
    assert!(text.ends_with("=\n-----END PUBLIC KEY-----\n"), "{text}");
    assert_eq!(public_key_pem(&[7; 48]).lines().count(), 3);
}

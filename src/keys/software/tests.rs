//! Every algorithm signs, and openssl, which had no hand in most of it, verifies.

use std::sync::LazyLock;

use openssl::pkey::Public;
use openssl::sign::Verifier;
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use super::*;

const MESSAGE: &[u8] = b"to whom it may concern";

struct Pair {
    opened: OpenedKey,
    public: PKey<Public>,
    spki: Vec<u8>,
}

fn pair(algorithm: KeyAlgorithm) -> Pair {
    let GeneratedKey { pkcs8, spki_der } = generate(algorithm).unwrap();
    Pair {
        opened: OpenedKey::open(algorithm, &pkcs8).unwrap(),
        public: PKey::public_key_from_der(&spki_der).unwrap(),
        spki: spki_der,
    }
}

/// One RSA key for all that is about signing with RSA.
static RSA: LazyLock<Pair> = LazyLock::new(|| pair(KeyAlgorithm::Rsa2048));

fn hashed(digest: Digest) -> Vec<u8> {
    aws_lc_rs::digest::digest(algorithm_of(digest), MESSAGE).as_ref().to_vec()
}

/// What openssl says of a signature over [`MESSAGE`].
fn verifies(key: &PKey<Public>, scheme: SignatureScheme, signature: &[u8]) -> bool {
    let Some(digest) = scheme.digest() else {
        return Verifier::new_without_digest(key).unwrap().verify_oneshot(signature, MESSAGE).unwrap();
    };
    let mut context = PkeyCtx::new(key).unwrap();
    context.verify_init().unwrap();
    match scheme {
        SignatureScheme::RsaPkcs1(_) => context.set_rsa_padding(Padding::PKCS1).unwrap(),
        SignatureScheme::RsaPss { mgf1, salt_length, .. } => {
            context.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            context.set_rsa_mgf1_md(md(mgf1)).unwrap();
            context.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt_length.try_into().unwrap())).unwrap();
        }
        SignatureScheme::Ecdsa(_) | SignatureScheme::Ed25519 => {}
    }
    context.set_signature_md(md(digest)).unwrap();
    context.verify(&hashed(digest), signature).unwrap_or(false)
}

fn assert_signs(pair: &Pair, scheme: SignatureScheme) {
    let input = scheme.digest().map_or(MESSAGE.to_vec(), hashed);
    let over_digest = pair.opened.sign(scheme, &input).unwrap();
    assert!(verifies(&pair.public, scheme, &over_digest), "{scheme:?} over a digest");
    let over_message = pair.opened.sign_message(scheme, MESSAGE).unwrap();
    assert!(verifies(&pair.public, scheme, &over_message), "{scheme:?} over a message");
}

#[test]
fn rsa_signs_pkcs1_with_every_digest() {
    for digest in Digest::ALL {
        assert_signs(&RSA, SignatureScheme::RsaPkcs1(digest));
    }
}

#[test]
fn rsa_signs_pss_with_every_salt_length_that_fits_and_no_longer_one() {
    for (digest, mgf1) in [
        (Digest::Sha256, Digest::Sha256),
        (Digest::Sha384, Digest::Sha384),
        (Digest::Sha512, Digest::Sha512),
        (Digest::Sha256, Digest::Sha512),
        (Digest::Sha512, Digest::Sha256),
    ] {
        let most = 2048 / 8 - digest.len() - 2;
        for salt_length in [0, 1, digest.len(), most] {
            assert_signs(&RSA, SignatureScheme::RsaPss { digest, mgf1, salt_length });
        }
        for salt_length in [most + 1, usize::MAX] {
            let scheme = SignatureScheme::RsaPss { digest, mgf1, salt_length };
            let error = RSA.opened.sign(scheme, &hashed(digest)).unwrap_err();
            assert_eq!(error.code(), Code::InvalidSignAlgoParams);
            assert!(error.detail().contains(&format!("0 to {most}")), "{error}");
        }
    }
}

#[test]
fn a_signature_with_another_salt_length_is_told_apart() {
    let scheme =
        |salt_length| SignatureScheme::RsaPss { digest: Digest::Sha256, mgf1: Digest::Sha256, salt_length };
    let signature = RSA.opened.sign(scheme(20), &hashed(Digest::Sha256)).unwrap();
    assert!(verifies(&RSA.public, scheme(20), &signature));
    assert!(!verifies(&RSA.public, scheme(32), &signature));
}

#[test]
fn longer_rsa_keys_sign_too() {
    for algorithm in [KeyAlgorithm::Rsa3072, KeyAlgorithm::Rsa4096] {
        let pair = pair(algorithm);
        assert_eq!(pair.public.bits(), algorithm.bits());
        assert_signs(&pair, SignatureScheme::RsaPkcs1(Digest::Sha256));
        let (digest, mgf1) = (Digest::Sha256, Digest::Sha256);
        let salt_length = algorithm.bits() as usize / 8 - 34;
        assert_signs(&pair, SignatureScheme::RsaPss { digest, mgf1, salt_length });
    }
}

#[test]
fn curves_sign_in_der_and_ed25519_signs_the_octets() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::P521] {
        assert_signs(&pair(algorithm), SignatureScheme::Ecdsa(algorithm.curve_digest().unwrap()));
    }
    assert_signs(&pair(KeyAlgorithm::Ed25519), SignatureScheme::Ed25519);
}

#[test]
fn a_scheme_that_is_not_the_keys_is_refused() {
    let (p256, ed25519) = (pair(KeyAlgorithm::P256), pair(KeyAlgorithm::Ed25519));
    let pkcs1 = SignatureScheme::RsaPkcs1(Digest::Sha256);
    for (pair, scheme) in [
        (&p256, pkcs1),
        (&p256, SignatureScheme::Ecdsa(Digest::Sha384)),
        (&p256, SignatureScheme::Ed25519),
        (&ed25519, pkcs1),
        (&*RSA, SignatureScheme::Ecdsa(Digest::Sha256)),
        (&*RSA, SignatureScheme::Ed25519),
    ] {
        let error = pair.opened.sign(scheme, &hashed(Digest::Sha256)).unwrap_err();
        assert_eq!(error.code(), Code::InvalidSignAlgo, "{scheme:?}");
    }
}

#[test]
fn a_digest_of_another_length_is_refused() {
    let p384 = pair(KeyAlgorithm::P384);
    let pss = SignatureScheme::RsaPss { digest: Digest::Sha256, mgf1: Digest::Sha256, salt_length: 0 };
    for (pair, scheme, length) in [
        (&*RSA, SignatureScheme::RsaPkcs1(Digest::Sha256), 31),
        (&*RSA, SignatureScheme::RsaPkcs1(Digest::Sha512), 32),
        (&*RSA, pss, 64),
        (&p384, SignatureScheme::Ecdsa(Digest::Sha384), 0),
    ] {
        let error = pair.opened.sign(scheme, &vec![0; length]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidDigestLength, "{scheme:?} over {length} octets");
    }
}

#[test]
fn a_key_opens_as_what_it_is_only() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048] {
        let key = generate(algorithm).unwrap();
        for other in KeyAlgorithm::ALL {
            assert_eq!(
                OpenedKey::open(other, &key.pkcs8).is_ok(),
                other == algorithm,
                "{algorithm:?} as {other:?}"
            );
        }
        assert!(OpenedKey::open(algorithm, &SecretBytes::new(&key.pkcs8.expose()[1..])).is_err());
    }
}

#[test]
fn public_keys_are_encoded_as_certificates_want_them() {
    for (algorithm, pair) in [
        (KeyAlgorithm::P256, &pair(KeyAlgorithm::P256)),
        (KeyAlgorithm::P384, &pair(KeyAlgorithm::P384)),
        (KeyAlgorithm::P521, &pair(KeyAlgorithm::P521)),
        (KeyAlgorithm::Ed25519, &pair(KeyAlgorithm::Ed25519)),
        (KeyAlgorithm::Rsa2048, &*RSA),
    ] {
        assert_eq!(pair.opened.spki_der().unwrap(), pair.spki);
        let (rest, spki) = SubjectPublicKeyInfo::from_der(&pair.spki).unwrap();
        assert!(rest.is_empty());
        let parameters = spki.algorithm.parameters.as_ref();
        if let Some(curve) = algorithm.curve_oid() {
            assert_eq!(parameters.unwrap().as_oid().unwrap().to_id_string(), curve);
            assert_eq!(spki.subject_public_key.data[0], 4, "an uncompressed point");
        } else if algorithm.is_rsa() {
            assert_eq!(spki.algorithm.oid().to_id_string(), "1.2.840.113549.1.1.1");
            assert!(parameters.unwrap().as_null().is_ok());
        } else {
            assert!(parameters.is_none());
        }
    }
}

#[test]
fn one_opened_key_signs_from_many_threads() {
    let (digest, mgf1) = (Digest::Sha256, Digest::Sha256);
    let scheme = SignatureScheme::RsaPss { digest, mgf1, salt_length: 20 };
    let fresh = pair(KeyAlgorithm::Rsa2048);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_signs(&fresh, scheme));
        }
    });
}

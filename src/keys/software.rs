//! Key pairs in software: making, opening, signing. aws-lc does all of it but one thing: RSASSA-PSS with a salt length of
//! the caller's choice, which openssl does.

use std::sync::OnceLock;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use crate::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use crate::model::error::{Code, Error, Result};
use crate::model::secret::SecretBytes;

/// A key pair fresh from the generator.
pub struct GeneratedKey {
    /// The private key (RFC 5958).
    pub pkcs8: SecretBytes,
    /// The SubjectPublicKeyInfo (RFC 5280): rsaEncryption with NULL parameters, a named curve with an uncompressed point,
    /// or Ed25519.
    pub spki_der: Vec<u8>,
}

/// Makes a key pair. RSA takes from a tenth of a second to several; see [`crate::keys::pool`].
pub fn generate(algorithm: KeyAlgorithm) -> Result<GeneratedKey> {
    let failed = |_| Error::internal(format!("a key pair of {} could not be made", algorithm.as_str()));
    let key = match algorithm {
        KeyAlgorithm::Rsa2048 => Parsed::rsa(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?),
        KeyAlgorithm::Rsa3072 => Parsed::rsa(RsaKeyPair::generate(KeySize::Rsa3072).map_err(failed)?),
        KeyAlgorithm::Rsa4096 => Parsed::rsa(RsaKeyPair::generate(KeySize::Rsa4096).map_err(failed)?),
        KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {
            Parsed::Ec(EcdsaKeyPair::generate(curve(algorithm)?).map_err(failed)?)
        }
        KeyAlgorithm::Ed25519 => Parsed::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
    };
    Ok(GeneratedKey { pkcs8: key.pkcs8().map_err(failed)?, spki_der: key.spki_der().map_err(failed)? })
}

/// A private key, parsed once, that signs. Share it behind an `Arc`; it lives no longer than the authorization that opened
/// it ([`crate::keys::opened`]).
pub struct OpenedKey {
    algorithm: KeyAlgorithm,
    key: Parsed,
}

enum Parsed {
    Rsa { key: RsaKeyPair, openssl: OnceLock<PKey<Private>> },
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl OpenedKey {
    /// Parses a PKCS#8 of the given algorithm; one of another algorithm or size is damage.
    pub fn open(algorithm: KeyAlgorithm, pkcs8: &SecretBytes) -> Result<Self> {
        let odd = || Error::internal(format!("a stored private key is not one of {}", algorithm.as_str()));
        let octets = pkcs8.expose();
        let key = if algorithm.is_rsa() {
            Parsed::rsa(RsaKeyPair::from_pkcs8(octets).map_err(|_| odd())?)
        } else if algorithm.curve_oid().is_some() {
            Parsed::Ec(EcdsaKeyPair::from_pkcs8(curve(algorithm)?, octets).map_err(|_| odd())?)
        } else {
            Parsed::Ed25519(Ed25519KeyPair::from_pkcs8(octets).map_err(|_| odd())?)
        };
        if let Parsed::Rsa { key, .. } = &key
            && key.public_modulus_len() * 8 != algorithm.bits() as usize
        {
            return Err(odd());
        }
        Ok(Self { algorithm, key })
    }

    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The SubjectPublicKeyInfo, as [`GeneratedKey::spki_der`].
    pub fn spki_der(&self) -> Result<Vec<u8>> {
        self.key.spki_der().map_err(|_| Error::internal("a public key could not be encoded"))
    }

    /// Signs a digest, or for Ed25519 the octets as they are (RFC 8032, PureEdDSA).
    ///
    /// [`Code::InvalidSignAlgo`] when the scheme is not this key's, [`Code::InvalidDigestLength`] when the digest is not as
    /// long as the scheme's, [`Code::InvalidSignAlgoParams`] when a salt is longer than the key has room for.
    pub fn sign(&self, scheme: SignatureScheme, octets: &[u8]) -> Result<Vec<u8>> {
        self.check(scheme)?;
        check_length(scheme, octets)?;
        let failed = |_| Error::internal(format!("signing with a key of {} failed", self.algorithm.as_str()));
        match (&self.key, scheme) {
            (Parsed::Rsa { key, .. }, SignatureScheme::RsaPkcs1(digest)) => {
                sign_rsa(key, pkcs1(digest), digest, octets)
            }
            // The commonest form of PSS needs no second library.
            (Parsed::Rsa { key, .. }, SignatureScheme::RsaPss { digest, mgf1, salt_length })
                if mgf1 == digest && salt_length == digest.len() =>
            {
                sign_rsa(key, pss(digest), digest, octets)
            }
            (Parsed::Rsa { key, openssl }, SignatureScheme::RsaPss { digest, mgf1, salt_length }) => {
                let salt_length = checked_salt_length(salt_length, digest, key.public_modulus_len())?;
                let key = for_openssl(key, openssl)?;
                sign_pss(key, digest, mgf1, salt_length, octets)
                    .map_err(|e| Error::internal(format!("RSASSA-PSS failed: {e}")))
            }
            (Parsed::Ec(key), SignatureScheme::Ecdsa(digest)) => {
                let signature = key.sign_digest(&imported(digest, octets)?).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            (Parsed::Ed25519(key), SignatureScheme::Ed25519) => {
                Ok(key.try_sign(octets).map_err(failed)?.as_ref().to_vec())
            }
            _ => Err(self.does_not_fit()),
        }
    }

    /// Signs a message, hashing it first where the scheme hashes: for CSRs.
    pub fn sign_message(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>> {
        match scheme.digest() {
            Some(by) => self.sign(scheme, digest::digest(algorithm_of(by), message).as_ref()),
            None => self.sign(scheme, message),
        }
    }

    fn check(&self, scheme: SignatureScheme) -> Result<()> {
        let fits = match scheme {
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => self.algorithm.is_rsa(),
            SignatureScheme::Ecdsa(digest) => self.algorithm.curve_digest() == Some(digest),
            SignatureScheme::Ed25519 => self.algorithm == KeyAlgorithm::Ed25519,
        };
        if fits { Ok(()) } else { Err(self.does_not_fit()) }
    }

    fn does_not_fit(&self) -> Error {
        Error::new(
            Code::InvalidSignAlgo,
            format!(
                "A key of {} does not sign that way; it signs with {}.",
                self.algorithm.as_str(),
                self.algorithm.signature_oids().join(", ")
            ),
        )
    }
}

impl Parsed {
    fn rsa(key: RsaKeyPair) -> Self {
        Self::Rsa { key, openssl: OnceLock::new() }
    }

    fn pkcs8(&self) -> Result<SecretBytes, aws_lc_rs::error::Unspecified> {
        Ok(match self {
            Self::Rsa { key, .. } => SecretBytes::new(AsDer::<Pkcs8V1Der<'_>>::as_der(key)?.as_ref()),
            Self::Ec(key) => SecretBytes::new(key.to_pkcs8v1()?.as_ref()),
            Self::Ed25519(key) => SecretBytes::new(key.to_pkcs8v1()?.as_ref()),
        })
    }

    fn spki_der(&self) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Rsa { key, .. } => key.public_key().as_der()?,
            Self::Ec(key) => key.public_key().as_der()?,
            Self::Ed25519(key) => key.public_key().as_der()?,
        };
        Ok(der.as_ref().to_vec())
    }
}

fn sign_rsa(
    key: &RsaKeyPair,
    encoding: &'static dyn RsaEncoding,
    digest: Digest,
    octets: &[u8],
) -> Result<Vec<u8>> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign_digest(encoding, &imported(digest, octets)?, &mut signature)
        .map_err(|_| Error::internal("an RSA signature failed"))?;
    Ok(signature)
}

fn sign_pss(
    key: &PKey<Private>,
    digest: Digest,
    mgf1: Digest,
    salt_length: RsaPssSaltlen,
    octets: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.sign_init()?;
    context.set_rsa_padding(Padding::PKCS1_PSS)?;
    context.set_signature_md(md(digest))?;
    context.set_rsa_mgf1_md(md(mgf1))?;
    context.set_rsa_pss_saltlen(salt_length)?;
    let mut signature = Vec::new();
    context.sign_to_vec(octets, &mut signature)?;
    Ok(signature)
}

/// openssl's form of the key, parsed when it is first asked for.
fn for_openssl<'a>(key: &RsaKeyPair, parsed: &'a OnceLock<PKey<Private>>) -> Result<&'a PKey<Private>> {
    if let Some(ready) = parsed.get() {
        return Ok(ready);
    }
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| Error::internal("an RSA key could not be encoded"))?;
    let key = PKey::private_key_from_pkcs8(der.as_ref())
        .map_err(|e| Error::internal(format!("openssl does not parse an RSA key: {e}")))?;
    Ok(parsed.get_or_init(|| key))
}

/// RFC 8017, 9.1.1: the encoded message has to hold digest, salt and two octets more.
fn checked_salt_length(salt: usize, digest: Digest, modulus: usize) -> Result<RsaPssSaltlen> {
    let room = modulus.saturating_sub(digest.len() + 2);
    match i32::try_from(salt) {
        Ok(length) if salt <= room => Ok(RsaPssSaltlen::custom(length)),
        _ => Err(Error::new(
            Code::InvalidSignAlgoParams,
            format!("saltLength is {salt}; this key and digest have room for 0 to {room} octets."),
        )),
    }
}

fn check_length(scheme: SignatureScheme, octets: &[u8]) -> Result<()> {
    match scheme.digest() {
        Some(digest) if octets.len() != digest.len() => Err(Error::new(
            Code::InvalidDigestLength,
            format!("A hash has {} octets; SHA-{} gives {}.", octets.len(), digest.bits(), digest.len()),
        )),
        _ => Ok(()),
    }
}

fn imported(digest: Digest, octets: &[u8]) -> Result<digest::Digest> {
    digest::Digest::import_less_safe(octets, algorithm_of(digest))
        .map_err(|_| Error::internal("a digest of the wrong length reached the key"))
}

fn curve(algorithm: KeyAlgorithm) -> Result<&'static EcdsaSigningAlgorithm> {
    match algorithm {
        KeyAlgorithm::P256 => Ok(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyAlgorithm::P384 => Ok(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyAlgorithm::P521 => Ok(&ECDSA_P521_SHA512_ASN1_SIGNING),
        other => Err(Error::internal(format!("{} is not a curve", other.as_str()))),
    }
}

fn algorithm_of(digest: Digest) -> &'static digest::Algorithm {
    match digest {
        Digest::Sha256 => &digest::SHA256,
        Digest::Sha384 => &digest::SHA384,
        Digest::Sha512 => &digest::SHA512,
    }
}

fn pkcs1(digest: Digest) -> &'static dyn RsaEncoding {
    match digest {
        Digest::Sha256 => &RSA_PKCS1_SHA256,
        Digest::Sha384 => &RSA_PKCS1_SHA384,
        Digest::Sha512 => &RSA_PKCS1_SHA512,
    }
}

fn pss(digest: Digest) -> &'static dyn RsaEncoding {
    match digest {
        Digest::Sha256 => &RSA_PSS_SHA256,
        Digest::Sha384 => &RSA_PSS_SHA384,
        Digest::Sha512 => &RSA_PSS_SHA512,
    }
}

fn md(digest: Digest) -> &'static MdRef {
    match digest {
        Digest::Sha256 => Md::sha256(),
        Digest::Sha384 => Md::sha384(),
        Digest::Sha512 => Md::sha512(),
    }
}

#[cfg(test)]
mod tests;

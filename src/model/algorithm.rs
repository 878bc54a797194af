//! Key, digest and signature algorithms, with their object identifiers.

use serde::{Deserialize, Serialize};

use crate::model::error::{Code, Error, Result};

/// A digest algorithm of at least SHA-256's strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    pub const fn oid(self) -> &'static str {
        match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }

    pub fn from_oid(oid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|digest| digest.oid() == oid)
    }

    /// The length of the digest, in octets.
    #[expect(clippy::len_without_is_empty, reason = "a digest is never empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Whether a hash has this digest's length or, where none is named, that of some digest.
    pub fn fits(named: Option<Self>, hash: &[u8]) -> bool {
        match named {
            Some(digest) => digest.len() == hash.len(),
            None => Self::ALL.iter().any(|digest| digest.len() == hash.len()),
        }
    }

    /// The digits of the name: 256, 384 or 512.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Sha256 => 256,
            Self::Sha384 => 384,
            Self::Sha512 => 512,
        }
    }
}

/// A kind of key pair that credentials may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    P256,
    P384,
    P521,
    Ed25519,
}

/// RSASSA-PKCS1-v1_5 where the digest is named beside it (RFC 8017).
pub const OID_RSA: &str = "1.2.840.113549.1.1.1";
/// RSASSA-PSS (RFC 8017).
pub const OID_RSA_PSS: &str = "1.2.840.113549.1.1.10";
/// Ed25519 (RFC 8410).
pub const OID_ED25519: &str = "1.3.101.112";

impl KeyAlgorithm {
    pub const ALL: [Self; 7] =
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384, Self::P521, Self::Ed25519];

    /// The name that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::Rsa4096 => "RSA-4096",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }

    /// The family as the native API names it: RSA, EC or Ed25519.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => "RSA",
            Self::P256 | Self::P384 | Self::P521 => "EC",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The length of the modulus or the curve's field, in bits (CSC `key.len`).
    pub const fn bits(self) -> u32 {
        match self {
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P256 | Self::Ed25519 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Family and length as the native API writes them; Ed25519 has no length.
    pub fn from_request(family: &str, length: Option<u32>) -> Result<Self> {
        let unsupported = || {
            Error::new(
                Code::UnsupportedAlgorithm,
                "keyAlgorithm is RSA (keyLength 2048, 3072 or 4096), EC (256, 384 or 521) or Ed25519 (no keyLength).",
            )
        };
        match (family.to_ascii_uppercase().as_str(), length) {
            ("RSA", Some(2048) | None) => Ok(Self::Rsa2048),
            ("RSA", Some(3072)) => Ok(Self::Rsa3072),
            ("RSA", Some(4096)) => Ok(Self::Rsa4096),
            ("EC" | "ECDSA", Some(256) | None) => Ok(Self::P256),
            ("EC" | "ECDSA", Some(384)) => Ok(Self::P384),
            ("EC" | "ECDSA", Some(521)) => Ok(Self::P521),
            ("ED25519", None) => Ok(Self::Ed25519),
            _ => Err(unsupported()),
        }
    }

    /// The curve's OID, for EC keys (CSC `key.curve`).
    pub const fn curve_oid(self) -> Option<&'static str> {
        match self {
            Self::P256 => Some("1.2.840.10045.3.1.7"),
            Self::P384 => Some("1.3.132.0.34"),
            Self::P521 => Some("1.3.132.0.35"),
            _ => None,
        }
    }

    pub const fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// The one digest that goes with an EC key here.
    pub const fn curve_digest(self) -> Option<Digest> {
        match self {
            Self::P256 => Some(Digest::Sha256),
            Self::P384 => Some(Digest::Sha384),
            Self::P521 => Some(Digest::Sha512),
            _ => None,
        }
    }

    /// What a signer may put into CSC's signAlgo (CSC `key.algo`).
    pub const fn signature_oids(self) -> &'static [&'static str] {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => &[
                OID_RSA,
                "1.2.840.113549.1.1.11",
                "1.2.840.113549.1.1.12",
                "1.2.840.113549.1.1.13",
                OID_RSA_PSS,
            ],
            Self::P256 => &["1.2.840.10045.4.3.2"],
            Self::P384 => &["1.2.840.10045.4.3.3"],
            Self::P521 => &["1.2.840.10045.4.3.4"],
            Self::Ed25519 => &[OID_ED25519],
        }
    }
}

/// How one signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 over a digest.
    RsaPkcs1(Digest),
    /// RSASSA-PSS over a digest; MGF1's digest and the salt's length in octets are the caller's.
    RsaPss { digest: Digest, mgf1: Digest, salt_length: usize },
    /// ECDSA over a digest; the signature is a DER Ecdsa-Sig-Value.
    Ecdsa(Digest),
    /// PureEdDSA over the octets given (RFC 8032).
    Ed25519,
}

impl SignatureScheme {
    /// The digest whose value is signed; `None` for Ed25519, which takes the octets as they are.
    pub const fn digest(self) -> Option<Digest> {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss { digest, .. } | Self::Ecdsa(digest) => Some(digest),
            Self::Ed25519 => None,
        }
    }
}

/// The algorithm that signs a CSR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CsrSignatureAlgorithm(SignatureScheme);

impl CsrSignatureAlgorithm {
    /// The Java spelling (`SHA256withRSA`), OpenSSL's (`sha256WithRSAEncryption`, `RSA-SHA256`, `ecdsa-with-SHA256`)
    /// or an OID, checked against the key. RSASSA-PSS takes a salt as long as its digest.
    pub fn parse(text: &str, key: KeyAlgorithm) -> Result<Self> {
        Self::fitting(key)
            .into_iter()
            .find(|candidate| candidate.spellings().iter().any(|s| s.eq_ignore_ascii_case(text.trim())))
            .ok_or_else(|| {
                let names: Vec<_> = Self::fitting(key).iter().map(|a| a.java_name()).collect();
                Error::new(
                    Code::UnsupportedAlgorithm,
                    format!(
                        "{text:?} does not fit a key of {}; what fits: {}.",
                        key.as_str(),
                        names.join(", ")
                    ),
                )
            })
    }

    /// Every algorithm that fits a key, the default one first.
    pub fn fitting(key: KeyAlgorithm) -> Vec<Self> {
        if let Some(digest) = key.curve_digest() {
            return vec![Self(SignatureScheme::Ecdsa(digest))];
        }
        if !key.is_rsa() {
            return vec![Self(SignatureScheme::Ed25519)];
        }
        let pkcs1 = Digest::ALL.map(|digest| Self(SignatureScheme::RsaPkcs1(digest)));
        let pss = Digest::ALL
            .map(|digest| Self(SignatureScheme::RsaPss { digest, mgf1: digest, salt_length: digest.len() }));
        pkcs1.into_iter().chain(pss).collect()
    }

    pub const fn scheme(self) -> SignatureScheme {
        self.0
    }

    /// The Java spelling: what answers carry.
    pub fn java_name(self) -> String {
        match self.0 {
            SignatureScheme::RsaPkcs1(d) => format!("SHA{}withRSA", d.bits()),
            SignatureScheme::RsaPss { digest: d, .. } => format!("SHA{}withRSAandMGF1", d.bits()),
            SignatureScheme::Ecdsa(d) => format!("SHA{}withECDSA", d.bits()),
            SignatureScheme::Ed25519 => "Ed25519".to_owned(),
        }
    }

    fn spellings(self) -> Vec<String> {
        let mut names = vec![self.java_name()];
        match self.0 {
            SignatureScheme::RsaPkcs1(d) => {
                let last = match d {
                    Digest::Sha256 => 11,
                    Digest::Sha384 => 12,
                    Digest::Sha512 => 13,
                };
                names.push(format!("sha{}WithRSAEncryption", d.bits()));
                names.push(format!("RSA-SHA{}", d.bits()));
                names.push(format!("1.2.840.113549.1.1.{last}"));
            }
            SignatureScheme::RsaPss { digest: d, .. } => {
                names.push(format!("SHA{}withRSASSA-PSS", d.bits()));
                // The bare name of the scheme means its commonest form.
                if d == Digest::Sha256 {
                    names.extend(["RSASSA-PSS", "rsassaPss", OID_RSA_PSS].map(str::to_owned));
                }
            }
            SignatureScheme::Ecdsa(d) => {
                let last = match d {
                    Digest::Sha256 => 2,
                    Digest::Sha384 => 3,
                    Digest::Sha512 => 4,
                };
                names.push(format!("ecdsa-with-SHA{}", d.bits()));
                names.push(format!("1.2.840.10045.4.3.{last}"));
            }
            SignatureScheme::Ed25519 => names.extend(["EdDSA", OID_ED25519].map(str::to_owned)),
        }
        names
    }
}

/// How tokens are signed (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenAlgorithm {
    #[default]
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
}

impl TokenAlgorithm {
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// The JOSE name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }

    /// The key pair that it takes. RSA takes a while: not for an async thread.
    pub const fn key_algorithm(self) -> KeyAlgorithm {
        match self {
            Self::EdDsa => KeyAlgorithm::Ed25519,
            Self::Es256 => KeyAlgorithm::P256,
            Self::Rs256 => KeyAlgorithm::Rsa2048,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csr_algorithms_are_known_by_their_three_spellings() {
        for spelling in ["SHA256withRSA", "sha256WithRSAEncryption", "1.2.840.113549.1.1.11"] {
            let parsed = CsrSignatureAlgorithm::parse(spelling, KeyAlgorithm::Rsa2048).unwrap();
            assert_eq!(parsed.java_name(), "SHA256withRSA");
        }
    }

    #[test]
    fn a_pair_that_does_not_fit_is_refused_with_what_would() {
        let error = CsrSignatureAlgorithm::parse("SHA256withECDSA", KeyAlgorithm::P384).unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedAlgorithm);
        assert!(error.detail().contains("SHA384withECDSA"), "{error}");
    }
}

//! Public keys by their value, whichever way their SubjectPublicKeyInfo is encoded (RFC 3279, RFC 5480, RFC 8410).

use openssl::asn1::Asn1Object;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use x509_parser::asn1_rs::{Any, FromDer, Oid, Tag};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::model::algorithm::{OID_ED25519, OID_RSA, OID_RSA_PSS};

/// FIPS 186-5 section A.1.1 bounds the exponent from below; what is smaller counts as tiny.
const LEAST_RSA_EXPONENT: [u8; 3] = [1, 0, 1];
const LEAST_RSA_BITS: usize = 2048;
/// Below it lie P-192 and P-224.
const LEAST_EC_BITS: u32 = 256;

/// Equal values are equal keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Modulus and exponent without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An RSA key that may sign by RSASSA-PSS only; never equal to one without that restriction.
    RsaPss {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point, uncompressed, on a named curve.
    Ec {
        curve_oid: String,
        curve_bits: u32,
        point: Vec<u8>,
    },
    /// A point on a curve that is written out; how the point is encoded is the certificate's.
    ExplicitEc {
        point: Vec<u8>,
        spki_der: Vec<u8>,
    },
    Ed25519(Vec<u8>),
    Dsa {
        spki_der: Vec<u8>,
    },
    /// Some other algorithm, or one whose key could not be made out: only the same octets are the same key.
    Other {
        spki_der: Vec<u8>,
    },
}

impl PublicKey {
    pub fn parse(spki_der: &[u8]) -> Option<Self> {
        let (_, spki) = SubjectPublicKeyInfo::from_der(spki_der).ok()?;
        let algorithm_oid = spki.algorithm.algorithm.to_id_string();
        let parameters = spki.algorithm.parameters.as_ref();
        let octets = spki.subject_public_key.data.as_ref();
        let key = match algorithm_oid.as_str() {
            OID_RSA if parameters.is_none_or(|p| p.tag() == Tag::Null) => {
                rsa(octets).map(|(modulus, exponent)| Self::Rsa { modulus, exponent })
            }
            OID_RSA_PSS => rsa(octets).map(|(modulus, exponent)| Self::RsaPss { modulus, exponent }),
            OID_EC => ec(parameters, octets, spki_der),
            OID_ED25519 if parameters.is_none() => Some(Self::Ed25519(octets.to_vec())),
            OID_DSA => Some(Self::Dsa { spki_der: spki_der.to_vec() }),
            _ => None,
        };
        Some(key.unwrap_or_else(|| Self::Other { spki_der: spki_der.to_vec() }))
    }

    /// Whether this key, its curve written out, has the point of a key on a named curve.
    pub fn is_explicit_form_of(&self, named: &Self) -> bool {
        let (Self::ExplicitEc { point: theirs, .. }, Self::Ec { point: ours, .. }) = (self, named) else {
            return false;
        };
        let ours = ours.get(1..).unwrap_or_default();
        match theirs.as_slice() {
            [2 | 3, x @ ..] => Some(x) == ours.get(..ours.len() / 2),
            [_, x_and_y @ ..] => x_and_y == ours,
            [] => false,
        }
    }

    /// Why the key is too weak, if it is.
    pub fn weakness(&self) -> Option<String> {
        match self {
            Self::Rsa { modulus, exponent } | Self::RsaPss { modulus, exponent } => {
                let bits = bit_length(modulus);
                if bits < LEAST_RSA_BITS {
                    return Some(format!("an RSA key of {bits} bits; {LEAST_RSA_BITS} is the least"));
                }
                let is_even = exponent.last().is_none_or(|octet| octet % 2 == 0);
                let is_tiny = exponent.len() < LEAST_RSA_EXPONENT.len()
                    || exponent.len() == LEAST_RSA_EXPONENT.len()
                        && exponent.as_slice() < LEAST_RSA_EXPONENT.as_slice();
                (is_even || is_tiny)
                    .then(|| "an RSA key whose public exponent is even or below 65537".to_owned())
            }
            Self::Ec { curve_bits, .. } if *curve_bits < LEAST_EC_BITS => {
                Some(format!("a key on a curve of {curve_bits} bits; {LEAST_EC_BITS} is the least"))
            }
            Self::Dsa { .. } => Some("a DSA key".to_owned()),
            _ => None,
        }
    }
}

const OID_EC: &str = "1.2.840.10045.2.1";
const OID_DSA: &str = "1.2.840.10040.4.1";

fn rsa(octets: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (rest, key) = RSAPublicKey::from_der(octets).ok()?;
    let positive = |integer: &[u8]| -> Option<Vec<u8>> {
        let is_negative = integer.first().is_none_or(|octet| octet & 0x80 != 0);
        (!is_negative).then(|| integer.iter().copied().skip_while(|octet| *octet == 0).collect())
    };
    rest.is_empty().then_some(())?;
    Some((positive(key.modulus)?, positive(key.exponent)?))
}

fn bit_length(integer: &[u8]) -> usize {
    integer.first().map_or(0, |first| integer.len() * 8 - first.leading_zeros() as usize)
}

fn ec(parameters: Option<&Any<'_>>, octets: &[u8], spki_der: &[u8]) -> Option<PublicKey> {
    let Some(curve) = parameters.filter(|p| p.tag() == Tag::Oid) else {
        return Some(PublicKey::ExplicitEc { point: octets.to_vec(), spki_der: spki_der.to_vec() });
    };
    let curve_oid = Oid::new(curve.as_bytes().into()).to_id_string();
    let (curve_bits, point) = uncompressed(&curve_oid, octets).ok()?;
    Some(PublicKey::Ec { curve_oid, curve_bits, point })
}

fn uncompressed(curve_oid: &str, point: &[u8]) -> Result<(u32, Vec<u8>), ErrorStack> {
    let group = EcGroup::from_curve_name(Asn1Object::from_str(curve_oid)?.nid())?;
    let mut context = BigNumContext::new()?;
    let point = EcPoint::from_bytes(&group, point, &mut context)?;
    let point = point.to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context)?;
    Ok((group.degree(), point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::tests::made::spki;

    #[test]
    fn keys_that_are_not_understood_are_equal_only_octet_by_octet() {
        const ED448: &[u64] = &[1, 3, 101, 113];
        let one = PublicKey::parse(&spki(ED448, None, &[1; 57])).unwrap();
        let other = PublicKey::parse(&spki(ED448, None, &[2; 57])).unwrap();
        assert_ne!(one, other);
        assert_eq!(one, one.clone());
        assert_eq!(one.weakness(), None);
    }

    #[test]
    fn dsa_keys_are_weak() {
        let key = PublicKey::parse(&spki(&[1, 2, 840, 10040, 4, 1], None, &[2, 1, 5])).unwrap();
        assert_eq!(key.weakness().as_deref(), Some("a DSA key"));
    }

    #[test]
    fn an_rsa_exponent_is_odd_and_not_tiny() {
        let key = |exponent: &[u8]| PublicKey::Rsa { modulus: vec![0xff; 256], exponent: exponent.to_vec() };
        for (exponent, is_weak) in
            [(&[1, 0, 1][..], false), (&[1, 0, 0, 1], false), (&[3], true), (&[1, 0, 0], true), (&[], true)]
        {
            assert_eq!(key(exponent).weakness().is_some(), is_weak, "{exponent:?}");
        }
    }
}

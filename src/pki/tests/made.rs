//! Certificates made to order, octet by octet, so that they can be wrong in any way.

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;
use time::OffsetDateTime;
use yasna::models::{GeneralizedTime, ObjectIdentifier};
use yasna::{Tag, construct_der};

use crate::model::time::Timestamp;
use crate::pki::name::Subject;
use crate::pki::tests::world::NOW;

/// Everything in a certificate but its signature.
#[derive(Clone)]
pub struct Template {
    pub version: u8,
    /// Content octets.
    pub serial: Vec<u8>,
    pub subject: String,
    pub spki_der: Vec<u8>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Whole Extensions.
    pub extensions: Vec<Vec<u8>>,
    pub digest: MessageDigest,
}

/// A CA: its name, its key, its certificate.
#[derive(Clone)]
pub struct Ca {
    pub subject: String,
    pub key: PKey<Private>,
    pub der: Vec<u8>,
}

/// A template for a CA that may do everything.
pub fn ca_template(subject: &str, key: &PKey<Private>) -> Template {
    template(subject, key, vec![basic_constraints(true, None), key_usage(&[KEY_CERT_SIGN, CRL_SIGN])])
}

/// A template for a signer's certificate.
pub fn leaf_template(subject: &str, key: &PKey<Private>) -> Template {
    template(
        subject,
        key,
        vec![basic_constraints(false, None), key_usage(&[DIGITAL_SIGNATURE, NON_REPUDIATION])],
    )
}

fn template(subject: &str, key: &PKey<Private>, extensions: Vec<Vec<u8>>) -> Template {
    Template {
        version: 2,
        serial: vec![0x41, 0x07],
        subject: subject.to_owned(),
        spki_der: key.public_key_to_der().unwrap(),
        from: NOW.plus_seconds(-86_400),
        to: NOW.plus_seconds(86_400),
        extensions,
        digest: MessageDigest::sha256(),
    }
}

pub fn root(subject: &str, key: &PKey<Private>) -> Ca {
    ca_template(subject, key).self_signed(key)
}

impl Ca {
    /// A CA below this one.
    pub fn ca(&self, subject: &str, key: &PKey<Private>) -> Ca {
        let der = ca_template(subject, key).signed_by(self);
        Ca { subject: subject.to_owned(), key: key.clone(), der }
    }

    pub fn leaf(&self, subject: &str, key: &PKey<Private>) -> Vec<u8> {
        leaf_template(subject, key).signed_by(self)
    }
}

impl Template {
    pub fn self_signed(self, key: &PKey<Private>) -> Ca {
        let subject = self.subject.clone();
        let der = self.signed(&subject, key);
        Ca { subject, key: key.clone(), der }
    }

    pub fn signed_by(self, issuer: &Ca) -> Vec<u8> {
        self.signed(&issuer.subject, &issuer.key)
    }

    pub fn signed(self, issuer: &str, key: &PKey<Private>) -> Vec<u8> {
        let algorithm = signature_algorithm(key, self.digest);
        let tbs = construct_der(|w| {
            w.write_sequence(|w| {
                w.next().write_tagged(Tag::context(0), |w| w.write_u8(self.version));
                w.next().write_der(&[&[2, self.serial.len() as u8], &self.serial[..]].concat());
                w.next().write_der(&algorithm);
                w.next().write_der(&Subject::parse(issuer).unwrap().der());
                w.next().write_sequence(|w| {
                    w.next().write_generalized_time(&time(self.from));
                    w.next().write_generalized_time(&time(self.to));
                });
                w.next().write_der(&Subject::parse(&self.subject).unwrap().der());
                w.next().write_der(&self.spki_der);
                w.next().write_tagged(Tag::context(3), |w| {
                    w.write_sequence(|w| self.extensions.iter().for_each(|e| w.next().write_der(e)));
                });
            });
        });
        sign(&tbs, key, self.digest)
    }
}

impl Ca {
    /// A CRL (RFC 5280 section 5.1) that is fresh from an hour before `at` to an hour after it.
    pub fn crl(&self, revoked: &[&[u8]], at: Timestamp) -> Vec<u8> {
        let tbs = construct_der(|w| {
            w.write_sequence(|w| {
                w.next().write_u8(1);
                w.next().write_der(&signature_algorithm(&self.key, MessageDigest::sha256()));
                w.next().write_der(&Subject::parse(&self.subject).unwrap().der());
                w.next().write_generalized_time(&time(at.plus_seconds(-3600)));
                w.next().write_generalized_time(&time(at.plus_seconds(3600)));
                w.next().write_sequence(|w| {
                    for serial in revoked {
                        w.next().write_sequence(|w| {
                            w.next().write_bigint_bytes(serial, true);
                            w.next().write_generalized_time(&time(at.plus_seconds(-3600)));
                        });
                    }
                });
            });
        });
        sign(&tbs, &self.key, MessageDigest::sha256())
    }
}

fn time(at: Timestamp) -> GeneralizedTime {
    GeneralizedTime::from_datetime(OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap())
}

fn sign(tbs: &[u8], key: &PKey<Private>, digest: MessageDigest) -> Vec<u8> {
    let mut signer = match key.id() {
        Id::ED25519 => Signer::new_without_digest(key).unwrap(),
        _ => Signer::new(digest, key).unwrap(),
    };
    let signature = signer.sign_oneshot_to_vec(tbs).unwrap();
    construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_der(tbs);
            w.next().write_der(&signature_algorithm(key, digest));
            w.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    })
}

fn signature_algorithm(key: &PKey<Private>, digest: MessageDigest) -> Vec<u8> {
    let oid: &[u64] = match (key.id(), digest.type_()) {
        (Id::EC, Nid::SHA1) => &[1, 2, 840, 10045, 4, 1],
        (Id::EC, Nid::SHA256) => &[1, 2, 840, 10045, 4, 3, 2],
        (Id::RSA, Nid::MD5) => &[1, 2, 840, 113549, 1, 1, 4],
        (Id::RSA, Nid::SHA1) => &[1, 2, 840, 113549, 1, 1, 5],
        (Id::RSA, Nid::SHA256) => &[1, 2, 840, 113549, 1, 1, 11],
        (Id::ED25519, _) => &[1, 3, 101, 112],
        other => panic!("no signature algorithm for {other:?}"),
    };
    construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_oid(&ObjectIdentifier::from_slice(oid));
            if key.id() == Id::RSA {
                w.next().write_null();
            }
        });
    })
}

pub const DIGITAL_SIGNATURE: usize = 0;
pub const NON_REPUDIATION: usize = 1;
pub const KEY_ENCIPHERMENT: usize = 2;
pub const KEY_CERT_SIGN: usize = 5;
pub const CRL_SIGN: usize = 6;

pub fn key_usage(bits: &[usize]) -> Vec<u8> {
    let octet = bits.iter().fold(0_u8, |octet, bit| octet | 0x80 >> bit);
    let length = bits.iter().max().unwrap() + 1;
    extension(&[2, 5, 29, 15], true, &construct_der(|w| w.write_bitvec_bytes(&[octet], length)))
}

pub fn basic_constraints(is_ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let value = construct_der(|w| {
        w.write_sequence(|w| {
            if is_ca {
                w.next().write_bool(true);
            }
            if let Some(length) = path_length {
                w.next().write_u8(length);
            }
        });
    });
    extension(&[2, 5, 29, 19], true, &value)
}

/// Permits directory names below one name only.
pub fn name_constraints(permitted: &str) -> Vec<u8> {
    let value = construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_tagged_implicit(Tag::context(0), |w| {
                w.write_sequence(|w| {
                    w.next().write_sequence(|w| {
                        w.next().write_tagged(Tag::context(4), |w| {
                            w.write_der(&Subject::parse(permitted).unwrap().der());
                        });
                    });
                });
            });
        });
    });
    extension(&[2, 5, 29, 30], true, &value)
}

pub fn extension(oid: &[u64], is_critical: bool, value: &[u8]) -> Vec<u8> {
    construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_oid(&ObjectIdentifier::from_slice(oid));
            if is_critical {
                w.next().write_bool(true);
            }
            w.next().write_bytes(value);
        });
    })
}

/// A SubjectPublicKeyInfo from its parts.
pub fn spki(oid: &[u64], parameters: Option<&[u8]>, key: &[u8]) -> Vec<u8> {
    construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&ObjectIdentifier::from_slice(oid));
                if let Some(parameters) = parameters {
                    w.next().write_der(parameters);
                }
            });
            w.next().write_bitvec_bytes(key, key.len() * 8);
        });
    })
}

//! Key pairs for tests. RSA keys are dear: each length is made once and shared.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use crate::model::algorithm::KeyAlgorithm;

/// A key of this kind: a fresh one, except RSA, which is always the same one.
pub fn of(algorithm: KeyAlgorithm) -> PKey<Private> {
    match algorithm {
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => rsa(algorithm.bits()),
        KeyAlgorithm::P256 => ec(Nid::X9_62_PRIME256V1),
        KeyAlgorithm::P384 => ec(Nid::SECP384R1),
        KeyAlgorithm::P521 => ec(Nid::SECP521R1),
        KeyAlgorithm::Ed25519 => PKey::generate_ed25519().unwrap(),
    }
}

pub fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub fn rsa(bits: u32) -> PKey<Private> {
    static MADE: LazyLock<Mutex<HashMap<u32, PKey<Private>>>> = LazyLock::new(Mutex::default);
    MADE.lock()
        .unwrap()
        .entry(bits)
        .or_insert_with(|| PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap())
        .clone()
}

//! PIN-bound keys. Setting the PIN makes a *sealing* key pair; its private half opens with the PIN only, its public half lies
//! in clear. A key pair made later, when nobody types a PIN, seals its DEK to the public half and forgets it.
//!
//! Sealing is HPKE (RFC 9180, base mode) as rustls has it: public, maintained, tested with the RFC's vectors, over aws-lc,
//! and in the tree already for TLS. Its one blemish: a copy of the opened DEK stays unwiped in memory that was given back.

use aws_lc_rs::agreement::{self, X25519};
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};

use crate::keys::argon::{Argon, Parameters};
use crate::keys::envelope::{Dek, Key256, Place, TenantKey};
use crate::keys::{mac, random};
use crate::model::error::{Error, Result};
use crate::model::factor::PinMaterial;
use crate::model::secret::{SecretBytes, SecretText};

/// The private half, opened by the PIN for the time of one call.
pub struct OpenedSealingKey(HpkePrivateKey);

/// Makes the sealing key pair of a new PIN. `place` is where the wrapped private half will lie.
///
/// Takes one Argon2id run; [`crate::model::error::Code::Busy`] when there are too many.
pub fn set(tenant: &TenantKey, argon: &Argon, pin: &SecretText, place: Place<'_>) -> Result<PinMaterial> {
    let (public, private) = new_key_pair()?;
    let salt = random::bytes::<16>()?.to_vec();
    let parameters = Parameters::PIN;
    let key = key_encryption_key(tenant, argon, pin, &salt, parameters)?;
    let wrapped_private = key.wrap(place, private.expose())?;
    let Parameters { memory_kib, passes, lanes } = parameters;
    Ok(PinMaterial { public, wrapped_private, salt, memory_kib, passes, lanes })
}

/// Checks the PIN by opening the private half with it; `None` is a wrong PIN (or a row that was tampered with, which cannot
/// be told apart from outside).
pub fn open(
    tenant: &TenantKey,
    argon: &Argon,
    pin: &SecretText,
    place: Place<'_>,
    material: &PinMaterial,
) -> Result<Option<OpenedSealingKey>> {
    let &PinMaterial { memory_kib, passes, lanes, .. } = material;
    let parameters = Parameters { memory_kib, passes, lanes };
    let key = key_encryption_key(tenant, argon, pin, &material.salt, parameters)?;
    let private = key.try_open(place, &material.wrapped_private)?;
    Ok(private.map(|private| OpenedSealingKey(HpkePrivateKey::from(private.expose().to_vec()))))
}

/// Seals a DEK to the public half, so that only the PIN opens it. `place` is where the sealed DEK will lie.
///
/// The tenant key wraps the whole: whoever can write to the database, but lacks the master key, gains nothing by putting a
/// public key of their own into a factor's row.
pub fn seal(tenant: &TenantKey, public: &[u8], dek: &Dek, place: Place<'_>) -> Result<Vec<u8>> {
    let (encapsulated, ciphertext) = SUITE
        .seal(INFO, &place.encode(), dek.octets(), &HpkePublicKey(public.to_vec()))
        .map_err(|e| Error::internal(format!("HPKE could not seal for {place}: {e}")))?;
    tenant.wrap(place, &SecretBytes::new([encapsulated.0, ciphertext].concat()))
}

/// Opens what [`seal`] made for the same place.
pub fn unseal(tenant: &TenantKey, opened: &OpenedSealingKey, sealed: &[u8], place: Place<'_>) -> Result<Dek> {
    let refused = || Error::internal(format!("{place} does not unseal with the key that the PIN opens"));
    let sealed = tenant.open(place, sealed)?;
    let (encapsulated, ciphertext) =
        sealed.expose().split_first_chunk::<ENCAPSULATED>().ok_or_else(refused)?;
    SUITE
        .open(&EncapsulatedSecret(encapsulated.to_vec()), INFO, &place.encode(), ciphertext, &opened.0)
        .map_err(|_| refused())
        .and_then(|octets| Dek::new(SecretBytes::new(octets)))
}

/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
static SUITE: &dyn Hpke = DH_KEM_X25519_HKDF_SHA256_AES_256;
/// Octets of an encapsulated key (RFC 9180, 7.1: Nenc of X25519).
const ENCAPSULATED: usize = 32;
const INFO: &[u8] = b"countersign dek";

fn new_key_pair() -> Result<(Vec<u8>, SecretBytes)> {
    let failed = |_| Error::internal("X25519 key generation failed");
    let private = agreement::PrivateKey::generate(&X25519).map_err(failed)?;
    let public = private.compute_public_key().map_err(failed)?.as_ref().to_vec();
    let seed: Curve25519SeedBin<'_> = private.as_be_bytes().map_err(failed)?;
    Ok((public, SecretBytes::new(seed.as_ref())))
}

fn key_encryption_key(
    tenant: &TenantKey,
    argon: &Argon,
    pin: &SecretText,
    salt: &[u8],
    parameters: Parameters,
) -> Result<Key256> {
    let stretched = argon.derive(pin.expose().as_bytes(), salt, parameters)?;
    let bound = tenant.hmac("pin", stretched.expose())?;
    Key256::new(mac::hkdf_sha256(bound.expose(), &[], b"pin sealing key")?)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::keys::argon::Limits;

    const PRIVATE: Place<'_> = Place { table: "factors", row: "f1", column: "private", version: 1 };
    const DEK: Place<'_> = Place { table: "keys", row: "k1", column: "sealed_dek", version: 1 };

    struct World {
        tenant: TenantKey,
        argon: Argon,
        pin: SecretText,
        sealing: PinMaterial,
    }

    fn world() -> World {
        let tenant = TenantKey::generate().unwrap();
        let argon = Argon::new(Limits { running: NonZeroUsize::MIN, waiting: 0 });
        let pin = SecretText::new("739154");
        let sealing = set(&tenant, &argon, &pin, PRIVATE).unwrap();
        World { tenant, argon, pin, sealing }
    }

    #[test]
    fn the_right_pin_opens_what_was_sealed_without_it() {
        let w = world();
        let dek = Dek::generate().unwrap();
        let sealed = seal(&w.tenant, &w.sealing.public, &dek, DEK).unwrap();
        let opened = open(&w.tenant, &w.argon, &w.pin, PRIVATE, &w.sealing).unwrap().unwrap();
        assert_eq!(unseal(&w.tenant, &opened, &sealed, DEK).unwrap().octets(), dek.octets());

        let moved = Place { row: "k2", ..DEK };
        assert!(unseal(&w.tenant, &opened, &sealed, moved).is_err());
        let other = TenantKey::generate().unwrap();
        assert!(unseal(&other, &opened, &sealed, DEK).is_err());
        assert!(unseal(&w.tenant, &opened, &[], DEK).is_err());
    }

    #[test]
    fn neither_another_pin_nor_another_tenant_nor_another_place_opens() {
        let w = world();
        let wrong = SecretText::new("739155");
        let other = TenantKey::generate().unwrap();
        let moved = Place { row: "f2", ..PRIVATE };
        assert!(open(&w.tenant, &w.argon, &wrong, PRIVATE, &w.sealing).unwrap().is_none());
        assert!(open(&other, &w.argon, &w.pin, PRIVATE, &w.sealing).unwrap().is_none());
        assert!(open(&w.tenant, &w.argon, &w.pin, moved, &w.sealing).unwrap().is_none());
    }

    #[test]
    fn a_dek_sealed_to_a_key_of_ones_own_does_not_open_without_the_tenant_key() {
        let w = world();
        let (public, private) = new_key_pair().unwrap();
        let sealed = seal(&w.tenant, &public, &Dek::generate().unwrap(), DEK).unwrap();
        let intruder = OpenedSealingKey(HpkePrivateKey::from(private.expose().to_vec()));
        let (encapsulated, ciphertext) = sealed.split_at(ENCAPSULATED);
        let opened = SUITE.open(
            &EncapsulatedSecret(encapsulated.to_vec()),
            INFO,
            &DEK.encode(),
            ciphertext,
            &intruder.0,
        );
        assert!(opened.is_err());
        assert!(unseal(&w.tenant, &intruder, &sealed, DEK).is_ok());
    }

    /// RFC 9180, A.1.1: the same KEM and KDF as ours, with AES-128-GCM.
    #[test]
    fn a_vector_of_rfc_9180_opens() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
        };
        let suite = rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_128;
        let plain = suite
            .open(
                &EncapsulatedSecret(hex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")),
                &hex("4f6465206f6e2061204772656369616e2055726e"),
                b"Count-0",
                &hex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"),
                &HpkePrivateKey::from(hex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")),
            )
            .unwrap();
        assert_eq!(plain, b"Beauty is truth, truth beauty");
    }
}

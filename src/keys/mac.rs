//! Message authentication: fast hashes of server-made secrets, comparison in constant time, keys derived from keys.

use aws_lc_rs::{constant_time, digest, hkdf, hmac};

use crate::model::error::{Error, Result};
use crate::model::secret::SecretBytes;

/// The instance's key for hashing secrets that have 256 bits of their own, such as refresh tokens and server-made client
/// secrets. What people choose goes through [`crate::keys::argon`] instead.
pub struct Pepper(SecretBytes);

impl Pepper {
    pub fn new(key: SecretBytes) -> Self {
        Self(key)
    }

    /// What is stored in a secret's place. The purpose keeps hashes of different kinds apart.
    pub fn hash(&self, purpose: &str, secret: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.0, purpose, secret)
    }

    /// Whether a stored hash is this secret's, in constant time.
    pub fn matches(&self, purpose: &str, secret: &[u8], stored: &[u8]) -> bool {
        equal(&self.hash(purpose, secret), stored)
    }
}

/// HMAC-SHA-256 over a purpose and a message; the purpose's length in front keeps the two apart.
pub fn hmac_sha256(key: &SecretBytes, purpose: &str, message: &[u8]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    context.update(&(purpose.len() as u64).to_be_bytes());
    context.update(purpose.as_bytes());
    context.update(message);
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// SHA-256, where no key is needed: the hashed value has 256 bits of its own, or is no secret.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, message).as_ref());
    out
}

/// Whether two values are equal, in a time that depends on their lengths only.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// HKDF-SHA-256 (RFC 5869) to 32 octets.
pub(super) fn hkdf_sha256(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<SecretBytes> {
    let mut out = zeroize::Zeroizing::new(vec![0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| Error::internal("HKDF failed"))?;
    Ok(SecretBytes::new(std::mem::take(&mut *out)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper() -> Pepper {
        Pepper::new(SecretBytes::new([7; 32]))
    }

    #[test]
    fn a_hash_is_of_its_purpose_and_its_secret_only() {
        let hash = pepper().hash("refresh token", b"rt_abc");
        assert!(pepper().matches("refresh token", b"rt_abc", &hash));
        assert!(!pepper().matches("refresh token", b"rt_abd", &hash));
        assert!(!pepper().matches("code", b"rt_abc", &hash));
        assert!(!pepper().matches("refresh tokenr", b"t_abc", &hash));
        assert!(!pepper().matches("refresh token", b"rt_abc", &hash[..31]));
        assert!(!Pepper::new(SecretBytes::new([8; 32])).matches("refresh token", b"rt_abc", &hash));
    }

    /// RFC 5869, A.1, the first 32 of its 42 octets.
    #[test]
    fn hkdf_gives_the_octets_of_its_rfc() {
        let salt: Vec<u8> = (0x00..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let hex: String = hkdf_sha256(&[0x0b; 22], &salt, &info)
            .unwrap()
            .expose()
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        assert_eq!(hex, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }
}

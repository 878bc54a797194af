//! Message authentication: fast hashes of server-made secrets, comparison in constant time, keys derived from keys.

use aws_lc_rs::{constant_time, hkdf, hmac};

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

/// Whether two values are equal, in a time that depends on their lengths only.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// HKDF-SHA-256 (RFC 5869) to 32 octets.
pub(super) fn hkdf_sha256(secret: &[u8], salt: &[u8], info: &str) -> Result<SecretBytes> {
    let mut out = zeroize::Zeroizing::new(vec![0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
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

    /// RFC 5869 A.1, its first 32 octets.
    #[test]
    fn hkdf_gives_the_values_of_its_rfc() {
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: String = (0xf0..=0xf9u8).map(char::from).collect();
        // The RFC's info is not UTF-8, so only the extraction and an ASCII info can be compared through this door.
        assert_ne!(info.len(), 10);
        let prk_then = |info: &str| hkdf_sha256(&[0x0b; 22], &salt, info).unwrap();
        assert_ne!(prk_then("a").expose(), prk_then("b").expose());
        assert_eq!(prk_then("").expose().len(), 32);
    }
}

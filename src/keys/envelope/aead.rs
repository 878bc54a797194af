//! AES-256-GCM with random nonces, bound to a place in the database.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::keys::{mac, random};
use crate::model::error::{Error, Result};
use crate::model::secret::SecretBytes;

/// Where a blob lies. It is authenticated with the blob, so a blob moved elsewhere does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    pub row: &'a str,
    pub column: &'a str,
    /// The version of what the blob belongs to: an older blob put back into its own place does not open either.
    pub version: i64,
}

impl Place<'_> {
    /// Unambiguous octets: each name behind its length.
    pub(in crate::keys) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        for name in [self.table, self.row, self.column] {
            out.extend((name.len() as u64).to_be_bytes());
            out.extend(name.as_bytes());
        }
        out.extend(self.version.to_be_bytes());
        out
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} of {} (version {})", self.table, self.column, self.row, self.version)
    }
}

/// The first octet of a blob: AES-256-GCM, then 12 octets of nonce, then ciphertext and tag.
const FORMAT: u8 = 1;

/// A 256-bit key of any level; the newtypes around it keep the levels apart.
///
/// Nonces are random: below 2^32 blobs under one key the chance of a repeated nonce stays under 2^-32 (NIST SP 800-38D,
/// 8.3). A tenant key writes a few blobs for each credential, far from that.
#[derive(Clone)]
pub(in crate::keys) struct Key256(SecretBytes);

impl Key256 {
    pub fn generate() -> Result<Self> {
        random::secret::<32>().map(Self)
    }

    pub fn new(key: SecretBytes) -> Result<Self> {
        match key.expose().len() {
            32 => Ok(Self(key)),
            length => Err(Error::internal(format!("a key has {length} octets in place of 32"))),
        }
    }

    pub fn octets(&self) -> &SecretBytes {
        &self.0
    }

    /// A key for another purpose, so that no key serves both AES and HMAC.
    pub fn subkey(&self, purpose: &str) -> Result<SecretBytes> {
        mac::hkdf_sha256(self.0.expose(), &[], purpose.as_bytes())
    }

    pub fn wrap(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce = random::bytes::<NONCE_LEN>()?;
        let mut blob = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        blob.push(FORMAT);
        blob.extend(nonce);
        let mut body = Zeroizing::new(plain.to_vec());
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad(place), &mut body)
            .map_err(|_| Error::internal(format!("{place} could not be encrypted")))?;
        blob.extend(body.iter());
        blob.extend(tag.as_ref());
        Ok(blob)
    }

    /// `None` when the blob does not open: another key, another place, or damage.
    pub fn try_open(&self, place: Place<'_>, blob: &[u8]) -> Result<Option<SecretBytes>> {
        let Some((&FORMAT, rest)) = blob.split_first() else { return Ok(None) };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else { return Ok(None) };
        let mut body = Zeroizing::new(body.to_vec());
        let opened =
            self.cipher()?.open_in_place(Nonce::assume_unique_for_key(*nonce), aad(place), &mut body);
        let Ok(length) = opened.map(|plain| plain.len()) else { return Ok(None) };
        body.truncate(length);
        Ok(Some(SecretBytes::new(std::mem::take(&mut *body))))
    }

    pub fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretBytes> {
        self.try_open(place, blob)?.ok_or_else(|| {
            Error::internal(format!("{place} does not open: it is damaged, moved or under another key"))
        })
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.0.expose())
            .map(LessSafeKey::new)
            .map_err(|_| Error::internal("AES-256-GCM refused a key"))
    }
}

fn aad(place: Place<'_>) -> Aad<Vec<u8>> {
    let mut octets = vec![FORMAT];
    octets.extend(place.encode());
    Aad::from(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Place<'_> = Place { table: "keys", row: "k1", column: "pkcs8", version: 1 };

    #[test]
    fn a_blob_opens_in_its_own_place_only() {
        let key = Key256::generate().unwrap();
        let blob = key.wrap(HOME, b"secret").unwrap();
        assert_eq!(key.open(HOME, &blob).unwrap().expose(), b"secret");
        for elsewhere in [
            Place { table: "factors", ..HOME },
            Place { row: "k2", ..HOME },
            Place { column: "dek", ..HOME },
            Place { version: 2, ..HOME },
            Place { table: "keysk", row: "1", ..HOME },
        ] {
            assert!(key.try_open(elsewhere, &blob).unwrap().is_none(), "{elsewhere}");
        }
        assert!(Key256::generate().unwrap().try_open(HOME, &blob).unwrap().is_none());
    }

    #[test]
    fn a_damaged_or_shortened_blob_does_not_open() {
        let key = Key256::generate().unwrap();
        let blob = key.wrap(HOME, b"secret").unwrap();
        for at in 0..blob.len() {
            let mut damaged = blob.clone();
            damaged[at] ^= 1;
            assert!(key.try_open(HOME, &damaged).unwrap().is_none(), "octet {at}");
            assert!(key.try_open(HOME, &blob[..at]).unwrap().is_none(), "length {at}");
        }
        assert!(key.open(HOME, &[]).is_err_and(|e| e.cause().unwrap().contains("keys.pkcs8 of k1")));
    }

    #[test]
    fn the_same_secret_twice_gives_different_blobs() {
        let key = Key256::generate().unwrap();
        assert_ne!(key.wrap(HOME, b"secret").unwrap(), key.wrap(HOME, b"secret").unwrap());
    }
}

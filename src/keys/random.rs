//! Randomness, all of it from aws-lc's generator, which reseeds itself from the operating system.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::model::error::{Error, Result};
use crate::model::secret::{SecretBytes, SecretText};

/// Fills a buffer with random octets.
pub fn fill(buffer: &mut [u8]) -> Result<()> {
    aws_lc_rs::rand::fill(buffer).map_err(|_| Error::internal("the random generator failed"))
}

/// Random octets that need not be secret: salts, nonces, identifiers.
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut octets = [0; N];
    fill(&mut octets)?;
    Ok(octets)
}

/// Random octets that are a secret of their own: a key, a SAD.
pub fn secret<const N: usize>() -> Result<SecretBytes> {
    // Into the heap at once, so that no copy stays behind on the stack.
    let mut octets = Zeroizing::new(vec![0; N]);
    fill(&mut octets)?;
    Ok(SecretBytes::new(std::mem::take(&mut *octets)))
}

/// A server-made secret of 256 bits: `prefix_` and 43 characters of base64url. The prefix says what it is to whoever
/// finds one, and to client authentication that a fast MAC is enough.
pub fn token(prefix: &str) -> Result<SecretText> {
    let octets = secret::<32>()?;
    let mut text = String::with_capacity(prefix.len() + 44);
    text.push_str(prefix);
    text.push('_');
    URL_SAFE_NO_PAD.encode_string(octets.expose(), &mut text);
    Ok(SecretText::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_prefix_and_256_bits() {
        let token = token("csec").unwrap();
        let body = token.expose().strip_prefix("csec_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(body).unwrap().len(), 32);
    }

    #[test]
    fn two_draws_differ() {
        assert_ne!(bytes::<16>().unwrap(), bytes::<16>().unwrap());
        assert_ne!(secret::<32>().unwrap().expose(), secret::<32>().unwrap().expose());
    }
}

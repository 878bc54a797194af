//! Passwords: length over composition (NIST SP 800-63B-4, 3.1.1.2), nothing that everybody tries first, and Argon2id.

mod rules;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::keys::argon::Parameters;
use crate::keys::random;
use crate::model::error::Result;
use crate::model::secret::SecretText;
use crate::model::user::{PasswordVerifier, User};
use crate::service::Service;

/// What is stored of a password that a user may have; takes as long as Argon2id does.
///
/// [`crate::model::error::Code::WeakPassword`] says what is wrong with it.
pub(super) fn verifier(service: &Service, user: &User, password: &SecretText) -> Result<PasswordVerifier> {
    let password = normalised(password);
    rules::check(user, &password)?;
    let phc = service.vault.argon.hash(password.expose().as_bytes(), Parameters::PASSWORD)?;
    Ok(PasswordVerifier::new(phc))
}

/// In the one form (NFC) that keyboards which write the same differently agree on.
pub(super) fn normalised(password: &SecretText) -> SecretText {
    if password.expose().is_ascii() {
        return password.clone();
    }
    SecretText::new(ComposingNormalizerBorrowed::new_nfc().normalize(password.expose()))
}

/// A password of 120 bits, for whoever has none to choose.
pub fn generate() -> Result<SecretText> {
    random::secret::<15>().map(|octets| SecretText::new(URL_SAFE_NO_PAD.encode(octets.expose())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_same_however_its_characters_are_composed() {
        let composed = normalised(&SecretText::new("caf\u{e9} au lait"));
        assert_eq!(normalised(&SecretText::new("cafe\u{301} au lait")).expose(), composed.expose());
        // Not more than that: what looks alike stays apart.
        assert_ne!(normalised(&SecretText::new("\u{fb01}")).expose(), "fi");
    }

    #[test]
    fn a_generated_password_is_long_enough() {
        assert_eq!(generate().unwrap().expose().len(), 20);
    }
}

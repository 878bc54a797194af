//! Time-based one-time passwords (RFC 6238).

use totp_rs::{Algorithm, Builder, Totp};

use crate::keys::{mac, random};
use crate::model::configuration::{OtpAlgorithm, OtpRules};
use crate::model::error::{Error, Result};
use crate::model::secret::{SecretBytes, SecretText};
use crate::model::time::Timestamp;

/// What an authenticator needs to know, shown once.
pub struct Enrolment {
    /// Base32 without padding, for typing in.
    pub secret: SecretText,
    /// `otpauth://totp/...`
    pub uri: SecretText,
    /// The URI as a QR code, `data:image/png;base64,...`
    pub qr_code: SecretText,
}

/// A new secret, as long as the hash (RFC 4226, 4; RFC 6238, 5.1).
pub fn new_secret(algorithm: OtpAlgorithm) -> Result<SecretBytes> {
    match algorithm {
        OtpAlgorithm::Sha1 => random::secret::<20>(),
        OtpAlgorithm::Sha256 => random::secret::<32>(),
        OtpAlgorithm::Sha512 => random::secret::<64>(),
    }
}

/// The enrolment of a secret under an issuer and a user, as the authenticator will name it.
pub fn enrolment(secret: &SecretBytes, rules: &OtpRules, issuer: &str, user: &str) -> Result<Enrolment> {
    check_label("/issuer", issuer)?;
    check_label("/user", user)?;
    let totp = parameters(secret, rules)
        .with_issuer(Some(issuer))
        .with_account_name(user)
        .build()
        .map_err(|e| Error::internal(format!("OTP enrolment: {e:?}")))?;
    let uri = totp.to_url().map_err(|_| Error::internal("an OTP URI could not be written"))?;
    let png = totp.to_qr_base64().map_err(|_| Error::internal("a QR code could not be drawn"))?;
    Ok(Enrolment {
        secret: SecretText::new(totp.secret().to_base32()),
        uri: SecretText::new(uri),
        qr_code: SecretText::new(format!("data:image/png;base64,{png}")),
    })
}

/// Whether a text may stand in an authenticator's label: 1 to 64 characters, none of them a colon, which parts issuer and
/// user there, or a control character.
pub fn check_label(pointer: &str, text: &str) -> Result<()> {
    let length = text.chars().count();
    if length == 0 || length > 64 || text.contains(|c: char| c == ':' || c.is_control()) {
        return Err(Error::field(
            pointer,
            "has to be 1 to 64 characters without colons and control characters.",
        ));
    }
    Ok(())
}

/// The latest time step, out of the current one and its neighbours, whose code this is; `None` when it is none's. Nothing is
/// trimmed. The caller refuses a step that is not later than the last one accepted.
pub fn matching_step(
    secret: &SecretBytes,
    rules: &OtpRules,
    code: &SecretText,
    now: Timestamp,
) -> Result<Option<i64>> {
    let totp = totp(secret, rules)?;
    let period = i64::from(rules.period);
    let current = now.seconds().div_euclid(period);
    let mut latest = None;
    // Every step is computed and compared, so the time taken does not tell which one it was.
    for step in current - 1..=current + 1 {
        let Ok(start) = u64::try_from(step * period) else { continue };
        let expected = SecretText::new(totp.generate(start).to_string());
        if mac::equal(expected.expose().as_bytes(), code.expose().as_bytes()) {
            latest = Some(step);
        }
    }
    Ok(latest)
}

/// The code of the current step: what an authenticator shows. For `countersign demo` and tests.
pub fn current_code(secret: &SecretBytes, rules: &OtpRules, now: Timestamp) -> Result<SecretText> {
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    Ok(SecretText::new(totp(secret, rules)?.generate(seconds).to_string()))
}

fn totp(secret: &SecretBytes, rules: &OtpRules) -> Result<Totp> {
    parameters(secret, rules).build().map_err(|e| Error::internal(format!("stored OTP parameters: {e:?}")))
}

fn parameters(secret: &SecretBytes, rules: &OtpRules) -> Builder {
    let algorithm = match rules.algorithm {
        OtpAlgorithm::Sha1 => Algorithm::SHA1,
        OtpAlgorithm::Sha256 => Algorithm::SHA256,
        OtpAlgorithm::Sha512 => Algorithm::SHA512,
    };
    Builder::new()
        .with_algorithm(algorithm)
        .with_digits(rules.digits)
        .with_step_duration(u64::from(rules.period))
        .with_secret(secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(algorithm: OtpAlgorithm, digits: u8) -> OtpRules {
        OtpRules { digits, period: 30, algorithm, issuer: None }
    }

    fn step(secret: &SecretBytes, rules: &OtpRules, code: &str, now: i64) -> Option<i64> {
        matching_step(secret, rules, &SecretText::new(code), Timestamp::from_seconds(now)).unwrap()
    }

    /// RFC 6238, appendix B.
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        let seed = |length: usize| -> SecretBytes {
            SecretBytes::new(b"1234567890".iter().copied().cycle().take(length).collect::<Vec<u8>>())
        };
        let vectors = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (at, sha1, sha256, sha512) in vectors {
            for (algorithm, length, code) in [
                (OtpAlgorithm::Sha1, 20, sha1),
                (OtpAlgorithm::Sha256, 32, sha256),
                (OtpAlgorithm::Sha512, 64, sha512),
            ] {
                let rules = rules(algorithm, 8);
                assert_eq!(step(&seed(length), &rules, code, at), Some(at / 30), "{algorithm:?} at {at}");
                let now = Timestamp::from_seconds(at);
                assert_eq!(current_code(&seed(length), &rules, now).unwrap().expose(), code);
            }
        }
    }

    /// Fixed, so that no two codes of a test happen to be alike.
    fn secret() -> SecretBytes {
        SecretBytes::new(*b"12345678901234567890")
    }

    #[test]
    fn one_step_on_either_side_is_accepted_and_named() {
        let rules = rules(OtpAlgorithm::Sha1, 6);
        let secret = secret();
        let code = current_code(&secret, &rules, Timestamp::from_seconds(30_000)).unwrap();
        for (now, accepted) in
            [(29_940, false), (29_970, true), (30_029, true), (30_059, true), (30_060, false)]
        {
            let found = step(&secret, &rules, code.expose(), now);
            assert_eq!(found == Some(1000), accepted, "at {now}: {found:?}");
        }
    }

    #[test]
    fn a_code_with_anything_around_it_is_another_code() {
        let rules = rules(OtpAlgorithm::Sha1, 6);
        let secret = secret();
        let code = current_code(&secret, &rules, Timestamp::from_seconds(30_000)).unwrap();
        let code = code.expose();
        for bad in
            [format!(" {code}"), format!("{code} "), format!("+{code}"), format!("0{code}"), String::new()]
        {
            assert_eq!(step(&secret, &rules, &bad, 30_000), None, "{bad:?}");
        }
        assert_eq!(step(&secret, &rules, code, -30), None);
    }

    #[test]
    fn an_enrolment_holds_what_an_authenticator_needs() {
        let rules = OtpRules { digits: 8, period: 60, ..rules(OtpAlgorithm::Sha256, 8) };
        let secret = new_secret(rules.algorithm).unwrap();
        let shown = enrolment(&secret, &rules, "Acme & Söhne", "jdoe@acme").unwrap();
        let parsed = Totp::from_url(shown.uri.expose()).unwrap();
        assert_eq!(parsed.secret().as_bytes(), secret.expose());
        assert_eq!((parsed.digits(), parsed.step(), parsed.algorithm()), (8, 60, Algorithm::SHA256));
        assert_eq!((parsed.issuer(), parsed.account_name()), (Some("Acme & Söhne"), "jdoe@acme"));
        assert_eq!(shown.secret.expose().len(), 52);
        assert!(shown.qr_code.expose().starts_with("data:image/png;base64,iVBOR"));
    }

    #[test]
    fn a_label_that_an_authenticator_would_misread_is_refused() {
        let rules = rules(OtpAlgorithm::Sha1, 6);
        let secret = new_secret(OtpAlgorithm::Sha1).unwrap();
        for (issuer, user) in [("Ac:me", "jdoe"), ("Acme", "j:doe"), ("", "jdoe"), ("Acme", "j\ndoe")] {
            assert!(enrolment(&secret, &rules, issuer, user).is_err(), "{issuer:?} {user:?}");
        }
    }
}

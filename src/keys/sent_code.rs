//! One-time passwords that are sent to the signer: random digits, of which only a MAC under the tenant's key is kept.

use crate::keys::envelope::{Place, TenantKey};
use crate::keys::{mac, random};
use crate::model::error::Result;
use crate::model::factor::SentCode;
use crate::model::secret::SecretText;
use crate::model::time::Timestamp;

/// A new code of so many decimal digits (6 to 8). The remainder of 64 random bits favours none by more than 2^-37.
pub fn generate(digits: u8) -> Result<SecretText> {
    let number = u64::from_be_bytes(random::bytes()?) % 10_u64.pow(u32::from(digits));
    Ok(SecretText::new(format!("{number:0width$}", width = usize::from(digits))))
}

/// What is kept of a code. `place` is the factor's, so that a code is good for that factor alone.
pub fn keep(
    tenant: &TenantKey,
    place: Place<'_>,
    code: &SecretText,
    expires_at: Timestamp,
) -> Result<SentCode> {
    let nonce = random::bytes::<16>()?.to_vec();
    let mac = mac_of(tenant, place, &nonce, code)?;
    Ok(SentCode { nonce, mac, expires_at: expires_at.micros() })
}

/// Whether this is the code that was sent, and still good. Nothing is trimmed.
pub fn matches(
    tenant: &TenantKey,
    place: Place<'_>,
    kept: &SentCode,
    code: &SecretText,
    now: Timestamp,
) -> Result<bool> {
    let equal = mac::equal(&mac_of(tenant, place, &kept.nonce, code)?, &kept.mac);
    Ok(equal && now < Timestamp::from_micros(kept.expires_at))
}

fn mac_of(tenant: &TenantKey, place: Place<'_>, nonce: &[u8], code: &SecretText) -> Result<Vec<u8>> {
    let message = [place.encode().as_slice(), nonce, code.expose().as_bytes()].concat();
    Ok(tenant.hmac("sent code", &message)?.expose().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "factors", row: "f1", column: "sent_code", version: 1 };
    const NOW: Timestamp = Timestamp::from_seconds(100);
    const END: Timestamp = Timestamp::from_seconds(400);

    #[test]
    fn codes_have_their_digits_and_differ() {
        for digits in 6..=8 {
            let codes: Vec<String> = (0..64).map(|_| generate(digits).unwrap().expose().to_owned()).collect();
            assert!(codes.iter().all(|code| code.len() == usize::from(digits)));
            assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_digit())));
            assert!(codes.iter().any(|code| code != &codes[0]));
        }
    }

    #[test]
    fn a_code_is_good_for_its_factor_and_tenant_until_it_expires() {
        let (tenant, other) = (TenantKey::generate().unwrap(), TenantKey::generate().unwrap());
        let code = SecretText::new("123456");
        let kept = keep(&tenant, PLACE, &code, END).unwrap();
        let is_good = |tenant, place, code: &str, now| {
            matches(tenant, place, &kept, &SecretText::new(code), now).unwrap()
        };
        assert!(is_good(&tenant, PLACE, "123456", NOW));
        for wrong in ["123457", " 123456", "1234560", ""] {
            assert!(!is_good(&tenant, PLACE, wrong, NOW), "{wrong:?}");
        }
        assert!(!is_good(&tenant, PLACE, "123456", END));
        assert!(!is_good(&other, PLACE, "123456", NOW));
        assert!(!is_good(&tenant, Place { row: "f2", ..PLACE }, "123456", NOW));
    }
}

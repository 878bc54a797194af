//! Hashes as callers write them: base64 or base64url, padded or not, and percent-encoded by those who took them out of
//! a URL.

use std::borrow::Cow;

use super::fault;
use super::fields::Value;
use crate::model::algorithm::Digest;
use crate::model::base64;
use crate::model::error::{Code, Error, Result};

/// The octets of all hashes, of whatever length: which one fits is known with the signature algorithm.
pub fn decode(list: &[Value]) -> Result<Vec<Vec<u8>>> {
    if list.is_empty() {
        return Err(fault::no_hashes());
    }
    let texts = list.iter().map(|value| match value {
        Value::Text(text) => octets(text).ok_or_else(fault::not_base64),
        _ => Err(fault::not_base64()),
    });
    texts.collect()
}

/// As [`decode`], where no signature algorithm is named: each hash has the length of this digest or, when none is
/// named either, of some digest that is signed here.
pub fn decode_digests(list: &[Value], named: Option<Digest>) -> Result<Vec<Vec<u8>>> {
    let hashes = decode(list)?;
    if hashes.iter().all(|hash| Digest::fits(named, hash)) {
        return Ok(hashes);
    }
    let expected = named.map_or("32, 48 or 64".to_owned(), |digest| digest.len().to_string());
    Err(Error::new(Code::InvalidDigestLength, format!("A hash has another length than {expected} octets.")))
}

/// Base64 or base64url; also for parameters that are DER.
pub fn octets(text: &str) -> Option<Vec<u8>> {
    let text = percent_decoded(text.as_bytes())?;
    base64::decode(&text)
}

/// Only where there is a `%`: a raw `+` is a plus, not a space.
fn percent_decoded(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !text.contains(&b'%') {
        return Some(text.into());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'%' => nibble(*rest.next()?)? << 4 | nibble(*rest.next()?)?,
            byte => *byte,
        });
    }
    Some(decoded.into())
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::engine::general_purpose;

    use super::*;

    /// Its base64 has `+`, `/` and padding.
    const HASH: [u8; 32] = [0xfb; 32];

    fn list(text: &str) -> Vec<Value<'_>> {
        vec![Value::Text(text.into())]
    }

    fn refusal(values: &[Value]) -> String {
        decode(values).unwrap_err().detail().to_owned()
    }

    #[test]
    fn every_spelling_of_a_hash_is_read() {
        let standard = general_purpose::STANDARD.encode(HASH);
        assert!(standard.contains('+') && standard.contains('/') && standard.ends_with('='), "{standard}");
        let percent = standard.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
        for text in [
            &standard,
            &general_purpose::STANDARD_NO_PAD.encode(HASH),
            &general_purpose::URL_SAFE.encode(HASH),
            &general_purpose::URL_SAFE_NO_PAD.encode(HASH),
            &percent,
            &standard.replace('=', "%3D"),
        ] {
            assert_eq!(decode(&list(text)).unwrap(), [HASH], "{text}");
        }
    }

    #[test]
    fn what_is_outside_the_alphabets_is_no_base64() {
        for text in ["a b=", "é", "ab*d", "a%2", "a%zz", "a+-b", "=", "ab=c", "abcd\n"] {
            assert_eq!(refusal(&list(text)), "Invalid Base64 hash string parameter", "{text:?}");
        }
        for value in [Value::Integer(1), Value::Null, Value::List(vec![])] {
            assert_eq!(refusal(&[value]), "Invalid Base64 hash string parameter");
        }
    }

    #[test]
    fn what_decodes_is_judged_by_its_length() {
        for text in ["000", "AAAA", "", "AB", "AB=="] {
            assert!(decode(&list(text)).is_ok(), "{text:?}");
            assert_eq!(
                decode_digests(&list(text), None).unwrap_err().code(),
                Code::InvalidDigestLength,
                "{text:?}"
            );
        }
        assert_eq!(refusal(&[]), "Empty hash array");
        assert!(decode_digests(&list(&general_purpose::STANDARD.encode(HASH)), None).is_ok());
    }
}

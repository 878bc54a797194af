//! TimeStampResp (RFC 3161, section 2.4.2): whether the TSA granted what it was asked.

use super::Rejection;
use crate::pki::ber::{self, Element, Fault};

/// The DER of the token.
pub fn granted(response: &[u8]) -> Result<&[u8], Rejection> {
    let root = ber::read(response)?;
    let children = root.children()?;
    let (status, token) = match children.as_slice() {
        [status] => (status, None),
        [status, token] => (status, Some(token)),
        _ => return Err(Fault::malformed(0, "this is no TimeStampResp").into()),
    };
    let info = status.children()?;
    let [code, details @ ..] = info.as_slice() else {
        return Err(Fault::malformed(status.offset, "this is no PKIStatusInfo").into());
    };
    match (code.content, token) {
        // granted, grantedWithMods
        ([0 | 1], Some(token)) if code.is_universal(ber::INTEGER) => Ok(token.raw),
        (code, _) => Err(refusal(code, details)),
    }
}

/// PKIFailureInfo, as far as RFC 3161 has use for it: the bits and their names.
const FAILURES: [(usize, &str); 8] = [
    (BAD_ALGORITHM, "badAlg"),
    (2, "badRequest"),
    (5, "badDataFormat"),
    (14, "timeNotAvailable"),
    (15, "unacceptedPolicy"),
    (16, "unacceptedExtension"),
    (17, "addInfoNotAvailable"),
    (25, "systemFailure"),
];
const BAD_ALGORITHM: usize = 0;
/// Characters of the TSA's own words that are kept.
const WORDS: usize = 200;

fn refusal(code: &[u8], details: &[Element<'_>]) -> Rejection {
    let mut said = String::new();
    let mut failures = Vec::new();
    for detail in details {
        if detail.is_universal(ber::SEQUENCE) {
            for text in detail.children().unwrap_or_default() {
                said.push_str(&String::from_utf8_lossy(text.content));
            }
        } else if detail.is_universal(ber::BIT_STRING) {
            failures = FAILURES.into_iter().filter(|(bit, _)| is_set(detail.content, *bit)).collect();
        }
    }
    let said: String = said.chars().take(WORDS).collect();
    let names: Vec<&str> = failures.iter().map(|(_, name)| *name).collect();
    let why = format!("the TSA refused with status {code:?}, failure {names:?}, in its words: {said:?}");
    if failures.iter().any(|(bit, _)| *bit == BAD_ALGORITHM) {
        Rejection::Algorithm(why)
    } else {
        Rejection::Unusable(why)
    }
}

/// Whether a BIT STRING, whose first octet counts unused bits, has this bit set.
fn is_set(content: &[u8], bit: usize) -> bool {
    content.get(1 + bit / 8).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0)
}

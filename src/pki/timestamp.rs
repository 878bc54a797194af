//! Time-stamps (RFC 3161, with RFC 5816): what a TSA is asked, and whether what it answers is what was asked for. The
//! asking itself is done elsewhere.

use std::fmt;
use std::str::FromStr;

use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, construct_der};

use crate::model::algorithm::Digest;
use crate::model::error::{Code, Error, Result};
use crate::model::time::Timestamp;
use crate::pki::ber::Fault;

mod info;
mod response;
mod signature;

/// The media type of [`Request::der`].
pub const QUERY: &str = "application/timestamp-query";
/// The media type of its answer.
pub const REPLY: &str = "application/timestamp-reply";

/// What is to be stamped, and how.
#[derive(Clone, Debug)]
pub struct Request {
    pub algorithm: ImprintAlgorithm,
    /// The digest, of the algorithm's length.
    pub hash: Vec<u8>,
    /// Comes back in the token.
    pub nonce: Option<Nonce>,
    /// Under which the TSA has to stamp; its own choice when there is none.
    pub policy: Option<Policy>,
}

/// A digest that can be stamped. SHA-1 is there for clients that ask for it; nothing is signed with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImprintAlgorithm {
    Sha1,
    Sha2(Digest),
}

/// An integer of at most 64 octets, not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(Vec<u8>);

/// The OID of a TSA's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(ObjectIdentifier);

/// A token that is what was asked for, signed by the certificate that it names.
#[derive(Clone, Debug)]
pub struct Token {
    /// The ContentInfo, as the TSA wrote it.
    pub der: Vec<u8>,
    pub generated_at: Timestamp,
    /// In hexadecimal digits.
    pub serial_number: String,
}

/// Why there is no token, in words for whoever runs this service.
#[derive(Debug)]
pub enum Rejection {
    /// The TSA does not stamp digests of this algorithm.
    Algorithm(String),
    /// It refused for another reason, or what it answered cannot be used.
    Unusable(String),
}

/// How far a TSA's clock and ours may be apart, in seconds. Beyond it the token is an old one, or a clock is wrong.
const CLOCK_SKEW: i64 = 86_400;

impl Request {
    /// The TimeStampReq.
    pub fn der(&self) -> Vec<u8> {
        construct_der(|w| {
            w.write_sequence(|w| {
                w.next().write_u8(1);
                self.write_imprint(w.next());
                if let Some(Policy(oid)) = &self.policy {
                    w.next().write_oid(oid);
                }
                if let Some(nonce) = &self.nonce {
                    nonce.write(w.next());
                }
                // certReq: who gets the token can then check it.
                w.next().write_bool(true);
            });
        })
    }

    fn write_imprint(&self, w: DERWriter<'_>) {
        w.write_sequence(|w| {
            w.next().write_sequence(|w| {
                w.next().write_oid(&self.algorithm.object_identifier());
                w.next().write_null();
            });
            w.next().write_bytes(&self.hash);
        });
    }

    /// The token in a TimeStampResp, if it is what this request asked for.
    pub fn accept(&self, response: &[u8], now: Timestamp) -> Result<Token, Rejection> {
        let der = response::granted(response)?;
        let content = signature::verified_content(der)?;
        let info = info::read(&content)?;
        let unusable = |why: String| Err(Rejection::Unusable(format!("the token {why}")));
        if info.imprint_algorithm != oid_der(&self.algorithm.object_identifier()) || info.hash != self.hash {
            return unusable("stamps something else than what was sent".to_owned());
        }
        if self.nonce.as_ref().is_some_and(|nonce| info.nonce != Some(construct_der(|w| nonce.write(w)))) {
            return unusable("has another nonce than what was sent".to_owned());
        }
        if self.policy.as_ref().is_some_and(|Policy(oid)| info.policy != oid_der(oid)) {
            return unusable("was issued under another policy than the one asked for".to_owned());
        }
        let plausible = now.plus_seconds(-CLOCK_SKEW)..=now.plus_seconds(CLOCK_SKEW);
        if !plausible.contains(&info.generated_at) {
            return unusable(format!("says that it is {}, our clock {now}", info.generated_at));
        }
        Ok(Token { der: der.to_vec(), generated_at: info.generated_at, serial_number: info.serial_number })
    }
}

impl ImprintAlgorithm {
    pub fn from_oid(oid: &str) -> Option<Self> {
        match oid {
            Self::SHA_1 => Some(Self::Sha1),
            oid => Digest::from_oid(oid).map(Self::Sha2),
        }
    }

    const SHA_1: &str = "1.3.14.3.2.26";

    pub const fn oid(self) -> &'static str {
        match self {
            Self::Sha1 => Self::SHA_1,
            Self::Sha2(digest) => digest.oid(),
        }
    }

    /// The length of the digest, in octets.
    pub const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha2(digest) => digest.len(),
        }
    }

    fn object_identifier(self) -> ObjectIdentifier {
        // One of four constants, which are good.
        ObjectIdentifier::from_str(self.oid()).unwrap_or_else(|_| ObjectIdentifier::from_slice(&[]))
    }
}

impl Nonce {
    const LONGEST: usize = 64;

    /// Hexadecimal digits, as CSC has it; the decimal digits that some clients send are such digits too.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_start_matches('0').as_bytes();
        if text.is_empty() || digits.len() > 2 * Self::LONGEST {
            return None;
        }
        // An odd number of digits has its first octet to itself.
        let pairs = digits.rchunks(2).rev();
        let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let well_formed = digits.iter().all(u8::is_ascii_hexdigit);
        well_formed.then(|| pairs.map(octet).collect::<Option<_>>()).flatten().map(Self)
    }

    fn write(&self, w: DERWriter<'_>) {
        w.write_bigint_bytes(&self.0, true);
    }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || {
            Error::new(Code::InvalidRequest, "A policy is an object identifier, such as 1.3.6.1.4.1.13762.3.")
        };
        let oid = ObjectIdentifier::from_str(text).map_err(|_| refused())?;
        match oid.components().as_slice() {
            [0 | 1, 0..=39, ..] | [2, _, ..] => Ok(Self(oid)),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(why) | Self::Unusable(why) => f.write_str(why),
        }
    }
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self::Unusable(fault.within("the answer").detail().to_owned())
    }
}

fn oid_der(oid: &ObjectIdentifier) -> Vec<u8> {
    construct_der(|w| w.write_oid(oid))
}

#[cfg(test)]
mod tests;

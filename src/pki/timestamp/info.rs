//! TSTInfo (RFC 3161, section 2.4.2): what a token says.

use super::Rejection;
use crate::model::time::Timestamp;
use crate::pki::ber::{self, Fault};

pub struct Info {
    /// DER of the OID.
    pub policy: Vec<u8>,
    /// DER of the OID.
    pub imprint_algorithm: Vec<u8>,
    pub hash: Vec<u8>,
    /// In hexadecimal digits.
    pub serial_number: String,
    pub generated_at: Timestamp,
    /// DER of the INTEGER.
    pub nonce: Option<Vec<u8>>,
}

const GENERALIZED_TIME: u32 = 24;

pub fn read(content: &[u8]) -> Result<Info, Rejection> {
    let root = ber::read(content)?;
    let fields = root.children()?;
    let malformed = |offset: usize| Fault::malformed(offset, "this is no TSTInfo");
    let [version, policy, imprint, serial, time, rest @ ..] = fields.as_slice() else {
        return Err(malformed(0).into());
    };
    let imprint = imprint.children()?;
    let [algorithm, hash] = imprint.as_slice() else { return Err(malformed(0).into()) };
    let algorithm = algorithm.children()?;
    let Some(algorithm) = algorithm.first() else { return Err(malformed(0).into()) };
    if version.content != [1]
        || !serial.is_universal(ber::INTEGER)
        || !hash.is_universal(ber::OCTET_STRING)
        || !time.is_universal(GENERALIZED_TIME)
    {
        return Err(malformed(version.offset).into());
    }
    Ok(Info {
        policy: policy.raw.to_vec(),
        imprint_algorithm: algorithm.raw.to_vec(),
        hash: hash.content.to_vec(),
        serial_number: serial.content.iter().map(|octet| format!("{octet:02x}")).collect(),
        generated_at: moment(time.content).ok_or_else(|| malformed(time.offset))?,
        // Of the optional fields only the nonce is an INTEGER.
        nonce: rest.iter().find(|field| field.is_universal(ber::INTEGER)).map(|field| field.raw.to_vec()),
    })
}

/// A GeneralizedTime in UTC, perhaps with a fraction of its seconds.
fn moment(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let (date, rest) = text.split_at_checked(8)?;
    let (time, fraction) = rest.split_at_checked(6)?;
    let (year, day) = date.split_at_checked(4)?;
    let (month, day) = day.split_at_checked(2)?;
    let (hour, minute) = time.split_at_checked(2)?;
    let (minute, second) = minute.split_at_checked(2)?;
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}"))
        .filter(|_| text.ends_with('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_fractions() {
        let at = Timestamp::parse("2027-01-15T08:00:00Z").unwrap();
        assert_eq!(moment(b"20270115080000Z"), Some(at));
        assert_eq!(moment(b"20270115080000.25Z"), Some(Timestamp::from_micros(at.micros() + 250_000)));
        for text in
            ["", "20270115", "202701150800Z", "20270115080000", "20270115080000+0100", "20271315080000Z"]
        {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
        }
    }
}

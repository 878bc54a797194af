//! PEM (RFC 7468) and bare base64 around DER, read the way people and tools really write them.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

use crate::pki::ber::Fault;

/// Something decoded, and what it was said to be.
pub struct Block {
    /// The PEM label; none when there were no boundaries.
    pub label: Option<String>,
    pub der: Vec<u8>,
    /// Where the block begins in the upload.
    pub offset: usize,
    /// What offsets in `der` count, for messages: `the upload` or the name of the block.
    pub place: String,
}

/// Takes the armour off: binary input is one block, and so is base64 without boundaries.
pub fn blocks(upload: &[u8]) -> Result<Vec<Block>, Fault> {
    if upload.iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::malformed(0, "the upload is empty"));
    }
    if !is_text(upload) {
        return Ok(vec![Block {
            label: None,
            der: upload.to_vec(),
            offset: 0,
            place: "the upload".to_owned(),
        }]);
    }
    let body_start = if upload.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    if find(upload, BEGIN, 0).is_some() {
        return pem_blocks(upload);
    }
    let der = decode(upload.get(body_start..).unwrap_or_default(), body_start)?;
    Ok(vec![Block { label: None, der, offset: body_start, place: "the decoded base64".to_owned() }])
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// No structure of ours is without control characters, since its object identifiers begin with octet 6; but what is cut
/// short may be, if it is not told by its first octets.
fn is_text(upload: &[u8]) -> bool {
    !matches!(upload, [0x30, 0x80..=0xff, ..])
        && upload.iter().all(|octet| *octet >= b' ' || octet.is_ascii_whitespace())
}

fn pem_blocks(upload: &[u8]) -> Result<Vec<Block>, Fault> {
    let mut blocks = Vec::new();
    let mut position = 0;
    while let Some(begin) = find(upload, BEGIN, position) {
        let label_start = begin + BEGIN.len();
        let label_end = find(upload, DASHES, label_start)
            .ok_or_else(|| Fault::malformed(begin, "a BEGIN line has no dashes at its end"))?;
        let label = String::from_utf8_lossy(upload.get(label_start..label_end).unwrap_or_default());
        let label = label.trim().to_owned();
        if label.len() > 40 || label.contains(['\n', '\r']) {
            return Err(Fault::malformed(begin, "a BEGIN line has no dashes at its end"));
        }
        let body_start = label_end + DASHES.len();
        let end_line = format!("-----END {label}-----");
        let body_end = find(upload, end_line.as_bytes(), body_start)
            .ok_or_else(|| Fault::malformed(begin, format!("the block {label:?} has no END line")))?;
        let body = upload.get(body_start..body_end).unwrap_or_default();
        let skipped = header_length(body);
        let der = decode(body.get(skipped..).unwrap_or_default(), body_start + skipped)?;
        let place = format!("the decoded block {label:?} number {}", blocks.len() + 1);
        blocks.push(Block { label: Some(label), der, offset: begin, place });
        position = body_end + end_line.len();
    }
    Ok(blocks)
}

/// RFC 1421 put `Name: value` lines before an empty line; old tools still do.
fn header_length(body: &[u8]) -> usize {
    if !body.contains(&b':') {
        return 0;
    }
    let blank = [&b"\n\n"[..], b"\r\n\r\n"].into_iter().filter_map(|blank| find(body, blank, 0)).min();
    blank.unwrap_or_default()
}

/// Base64 in either alphabet, wrapped or not, padded or not.
fn decode(text: &[u8], offset: usize) -> Result<Vec<u8>, Fault> {
    let mut base64 = Vec::with_capacity(text.len());
    for (position, octet) in text.iter().enumerate() {
        match octet {
            b'-' => base64.push(b'+'),
            b'_' => base64.push(b'/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => base64.push(*octet),
            _ if octet.is_ascii_whitespace() => {}
            _ => {
                return Err(Fault::malformed(
                    offset + position,
                    "this is neither DER, PEM nor base64: a character outside base64's alphabet",
                ));
            }
        }
    }
    let engine = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    engine.decode(&base64).map_err(|_| Fault::malformed(offset, "the base64 is cut short or damaged"))
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|position| from + position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_is_found_among_other_text() {
        let text = b"\xef\xbb\xbfsubject=CN = a\r\n-----BEGIN CMS-----\r\nAQID\r\n-----END CMS-----\r\nbye -----BEGIN X----- BAUG -----END X-----";
        let blocks = blocks(text).unwrap();
        let seen: Vec<_> = blocks.iter().map(|b| (b.label.as_deref(), b.der.as_slice())).collect();
        assert_eq!(seen, [(Some("CMS"), &[1, 2, 3][..]), (Some("X"), &[4, 5, 6][..])]);
    }

    #[test]
    fn headers_of_rfc_1421_are_passed_over() {
        let text = b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAQID\n-----END X-----\n";
        assert_eq!(blocks(text).unwrap().first().unwrap().der, [1, 2, 3]);
    }

    #[test]
    fn base64_needs_no_boundaries_padding_or_particular_alphabet() {
        for text in ["+/8=", "-_8", "+/\r\n8=\n", "\u{feff}+/8="] {
            assert_eq!(blocks(text.as_bytes()).unwrap().first().unwrap().der, [0xfb, 0xff], "{text}");
        }
    }

    #[test]
    fn damage_is_named() {
        for text in [
            "",
            " \n",
            "a*b",
            "A",
            "-----BEGIN X-----\nAQID",
            "-----BEGIN X",
            "-----BEGIN X-----\nA*\n-----END X-----",
        ] {
            assert!(blocks(text.as_bytes()).is_err(), "{text}");
        }
    }
}

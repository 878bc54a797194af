//! A reader of BER for hostile input: elements as slices of the upload, with their offsets.
//!
//! Identifier and length octets are read by `asn1-rs`, which x509-parser brings along. The walk is ours, because that
//! crate's own neither keeps offsets nor bounds the nesting of indefinite lengths; a further crate (bcder, rasn) would
//! replace no more than these lines.

use x509_parser::asn1_rs::{Class, FromBer, Header, Length};

use crate::model::error::{Code, Error};

/// Levels of nesting that are followed.
pub const MAX_NESTING: usize = 16;

/// Why an upload cannot be used, and where in its octets.
#[derive(Debug)]
pub struct Fault {
    code: Code,
    offset: usize,
    reason: String,
}

impl Fault {
    pub fn new(code: Code, offset: usize, reason: impl Into<String>) -> Self {
        Self { code, offset, reason: reason.into() }
    }

    pub fn malformed(offset: usize, reason: impl Into<String>) -> Self {
        Self::new(Code::MalformedPkcs7, offset, reason)
    }

    /// The error to answer with; `place` says which octets the offset counts, such as `the upload`.
    pub fn within(self, place: &str) -> Error {
        Error::new(self.code, format!("At byte offset {} of {place}: {}.", self.offset, self.reason))
    }
}

/// One TLV of the input.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    class: Class,
    tag: u32,
    constructed: bool,
    depth: usize,
    /// Where its first octet is in the whole input.
    pub offset: usize,
    /// All of it; the end-of-contents octets of an indefinite length included.
    pub raw: &'a [u8],
    /// What is inside, without end-of-contents octets.
    pub content: &'a [u8],
    content_offset: usize,
}

pub const INTEGER: u32 = 2;
pub const BIT_STRING: u32 = 3;
pub const OCTET_STRING: u32 = 4;
pub const OBJECT_IDENTIFIER: u32 = 6;
pub const SEQUENCE: u32 = 16;
pub const SET: u32 = 17;

/// The one element that the input consists of.
pub fn read(input: &[u8]) -> Result<Element<'_>, Fault> {
    let element = element(input, 0, 1)?;
    match input.len() - element.raw.len() {
        0 => Ok(element),
        trailing => Err(Fault::malformed(
            element.raw.len(),
            format!("{trailing} octets follow the end of the structure; nothing may"),
        )),
    }
}

impl<'a> Element<'a> {
    pub fn is_universal(&self, tag: u32) -> bool {
        self.class == Class::Universal && self.tag == tag
    }

    /// `[tag]`, with other elements inside.
    pub fn is_context(&self, tag: u32) -> bool {
        self.class == Class::ContextSpecific && self.tag == tag && self.constructed
    }

    pub fn is_constructed(&self) -> bool {
        self.constructed
    }

    /// The elements inside a constructed one.
    pub fn children(&self) -> Result<Vec<Element<'a>>, Fault> {
        if !self.constructed {
            return Err(Fault::malformed(
                self.offset,
                format!("{} where a constructed value is expected", self.describe()),
            ));
        }
        let mut children = Vec::new();
        let mut rest = self.content;
        let mut offset = self.content_offset;
        while !rest.is_empty() {
            let child = element(rest, offset, self.depth + 1)?;
            offset += child.raw.len();
            rest = rest.get(child.raw.len()..).unwrap_or_default();
            children.push(child);
        }
        Ok(children)
    }

    /// Its type, for messages.
    pub fn describe(&self) -> String {
        match (self.class, self.tag) {
            (Class::Universal, INTEGER) => "an INTEGER".to_owned(),
            (Class::Universal, BIT_STRING) => "a BIT STRING".to_owned(),
            (Class::Universal, OCTET_STRING) => "an OCTET STRING".to_owned(),
            (Class::Universal, OBJECT_IDENTIFIER) => "an OBJECT IDENTIFIER".to_owned(),
            (Class::Universal, SEQUENCE) => "a SEQUENCE".to_owned(),
            (Class::Universal, SET) => "a SET".to_owned(),
            (Class::ContextSpecific, tag) => format!("a value tagged [{tag}]"),
            (class, tag) => format!("a value of class {class} and tag {tag}"),
        }
    }
}

fn element(input: &[u8], offset: usize, depth: usize) -> Result<Element<'_>, Fault> {
    if depth > MAX_NESTING {
        return Err(Fault::malformed(
            offset,
            format!("the structure is nested deeper than the limit of {MAX_NESTING} levels"),
        ));
    }
    if input.is_empty() {
        return Err(Fault::malformed(offset, "the input ends where a value is expected"));
    }
    let (body, header) = Header::from_ber(input)
        .map_err(|_| Fault::malformed(offset, "these are no identifier and length octets of BER"))?;
    let header_length = input.len() - body.len();
    let content_offset = offset + header_length;
    let (content, end_length) = match header.length() {
        Length::Definite(length) => {
            let content = body.get(..length).ok_or_else(|| {
                Fault::malformed(
                    offset,
                    format!(
                        "a value claims {length} octets, but {} are left: the upload is truncated or damaged",
                        body.len()
                    ),
                )
            })?;
            (content, 0)
        }
        Length::Indefinite => (indefinite(body, content_offset, depth)?, END_OF_CONTENTS.len()),
    };
    let raw_length = header_length + content.len() + end_length;
    Ok(Element {
        class: header.class(),
        tag: header.tag().0,
        constructed: header.constructed(),
        depth,
        offset,
        raw: input.get(..raw_length).unwrap_or(input),
        content,
        content_offset,
    })
}

const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// What lies before the end-of-contents octets.
fn indefinite(body: &[u8], offset: usize, depth: usize) -> Result<&[u8], Fault> {
    let mut length = 0;
    loop {
        let rest = body.get(length..).unwrap_or_default();
        if rest.starts_with(&END_OF_CONTENTS) {
            return Ok(body.get(..length).unwrap_or_default());
        }
        if rest.is_empty() {
            return Err(Fault::malformed(
                offset + length,
                "the input ends before the end-of-contents octets of an indefinite length: the upload is truncated",
            ));
        }
        length += element(rest, offset + length, depth + 1)?.raw.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definite_and_indefinite_lengths_give_the_same_children() {
        let definite = [0x30, 0x06, 0x02, 0x01, 0x07, 0x04, 0x01, 0x08];
        let indefinite = [0x30, 0x80, 0x02, 0x01, 0x07, 0x24, 0x80, 0x04, 0x01, 0x08, 0, 0, 0, 0];
        let contents = |input: &[u8]| {
            let children = read(input).unwrap().children().unwrap();
            children.iter().map(|child| (child.tag, child.content.to_vec())).collect::<Vec<_>>()
        };
        assert_eq!(contents(&definite), [(2, vec![7]), (4, vec![8])]);
        assert_eq!(contents(&indefinite), [(2, vec![7]), (4, vec![4, 1, 8])]);
        assert_eq!(read(&indefinite).unwrap().children().unwrap().last().unwrap().offset, 5);
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_named_by_its_offset() {
        for (input, offset, said) in [
            (vec![], 0, "ends"),
            (vec![0x30], 0, "identifier"),
            (vec![0x30, 0x05, 0x02], 0, "claims 5 octets, but 1 are left"),
            (vec![0x30, 0x80, 0x02, 0x01, 0x07], 5, "end-of-contents"),
            (vec![0x30, 0x00, 0xff], 2, "1 octets follow"),
            (vec![0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0, "claims"),
            ([0x30, 0x80].repeat(1000), 32, "limit of 16"),
        ] {
            let fault = read(&input).err().unwrap();
            assert_eq!(fault.offset, offset, "{input:?}");
            assert!(fault.reason.contains(said), "{fault:?}");
        }
    }

    #[test]
    fn nesting_is_bounded_where_lengths_are_definite_too() {
        let mut nested = vec![0x30, 0x00];
        for _ in 0..20 {
            let length = nested.len() as u8;
            nested.splice(0..0, [0x30, length]);
        }
        let mut element = read(&nested).unwrap();
        let mut depth = 1;
        let fault = loop {
            match element.children() {
                Ok(children) => element = *children.first().unwrap(),
                Err(fault) => break fault,
            }
            depth += 1;
        };
        assert_eq!(depth, MAX_NESTING);
        assert!(fault.reason.contains("limit"), "{fault:?}");
    }
}

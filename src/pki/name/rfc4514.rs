//! The text of distinguished names, both ways.

use std::fmt::Write;
use std::iter::Peekable;
use std::str::Chars;

use x509_parser::asn1_rs::{Any, FromDer, Tag, ToDer};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::{Attribute, attribute};

/// Far more than any name needs; a bound for whoever sends one.
const MAX_TEXT: usize = 4096;

/// Reads a name: its RDNs in the order of the text. Spaces around separators, which RFC 4514 does not know but everybody
/// writes, are taken for what they are.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Attribute>>, String> {
    if text.len() > MAX_TEXT {
        return Err(format!("a distinguished name has at most {MAX_TEXT} octets here"));
    }
    if text.trim().is_empty() {
        return Err("the distinguished name is empty; write it as CN=John Doe,O=Acme".to_owned());
    }
    let mut rest = text.chars().peekable();
    let mut rdns = Vec::new();
    let mut rdn = Vec::new();
    loop {
        let type_text = attribute_type(&mut rest)?;
        let (value, end) = attribute_value(&mut rest, &type_text)?;
        rdn.push(match value {
            Value::Text(value) => Attribute::of_text(&type_text, &value)?,
            Value::Der(value) => Attribute { oid: attribute::find(&type_text)?.0, value },
        });
        match end {
            Some('+') => {}
            Some(_) => rdns.push(std::mem::take(&mut rdn)),
            None => {
                rdns.push(rdn);
                return Ok(rdns);
            }
        }
    }
}

fn attribute_type(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut name = String::new();
    for c in rest.by_ref() {
        match c {
            '=' => return Ok(name.trim().to_owned()),
            ',' | '+' | ';' | '\\' | '"' => break,
            _ => name.push(c),
        }
    }
    Err(format!(
        "{:?} has no '=': write every part as TYPE=value, with a comma inside a value as \\,",
        name.trim()
    ))
}

enum Value {
    Text(String),
    Der(Vec<u8>),
}

/// A value and the separator that ended it.
fn attribute_value(rest: &mut Peekable<Chars<'_>>, type_text: &str) -> Result<(Value, Option<char>), String> {
    while rest.next_if_eq(&' ').is_some() {}
    if rest.next_if_eq(&'#').is_some() {
        return hex_value(rest, type_text);
    }
    let mut value = Vec::new();
    // Up to here nothing may be trimmed: an escaped space belongs to the value.
    let mut kept = 0;
    let mut end = None;
    let mut utf8 = [0; 4];
    while let Some(c) = rest.next() {
        match c {
            ',' | '+' => {
                end = Some(c);
                break;
            }
            '\\' => {
                value.extend(escaped(rest, type_text)?);
                kept = value.len();
            }
            '"' | ';' | '<' | '>' | '\0' => {
                return Err(format!("{c:?} in the value of {type_text} has to be escaped, as \\{c}"));
            }
            _ => value.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes()),
        }
    }
    while value.len() > kept && value.last() == Some(&b' ') {
        value.pop();
    }
    let text =
        String::from_utf8(value).map_err(|_| format!("the escaped octets of {type_text} are not UTF-8"))?;
    Ok((Value::Text(text), end))
}

fn escaped(rest: &mut Peekable<Chars<'_>>, type_text: &str) -> Result<Vec<u8>, String> {
    let wrong = || {
        format!(
            "a backslash in the value of {type_text} is followed by neither a special character nor two hexadecimal digits"
        )
    };
    let first = rest.next().ok_or_else(wrong)?;
    if " \"#+,;<=>\\".contains(first) {
        return Ok(vec![first as u8]);
    }
    let second = rest.next().ok_or_else(wrong)?;
    octet(first, second).map(|octet| vec![octet]).ok_or_else(wrong)
}

fn octet(first: char, second: char) -> Option<u8> {
    u8::try_from(first.to_digit(16)? << 4 | second.to_digit(16)?).ok()
}

/// `#` and the hexadecimal digits of a whole DER value.
fn hex_value(rest: &mut Peekable<Chars<'_>>, type_text: &str) -> Result<(Value, Option<char>), String> {
    let wrong = || format!("the value of {type_text} after # is not the hexadecimal DER of one value");
    let mut digits = String::new();
    let mut end = None;
    for c in rest.by_ref() {
        if c == ',' || c == '+' {
            end = Some(c);
            break;
        }
        digits.push(c);
    }
    let digits: Vec<char> = digits.trim_end().chars().collect();
    let der: Vec<u8> = digits
        .chunks(2)
        .map(|pair| match pair {
            [first, second] => octet(*first, *second),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    match Any::from_der(&der) {
        Ok((rest, value)) if rest.is_empty() && value.tag() != Tag::EndOfContent => {}
        _ => return Err(wrong()),
    }
    Ok((Value::Der(der), end))
}

/// Writes the DER of a `Name`, last RDN first. Keywords are those of RFC 4514 and of Java's X500Principal; every other type
/// is a dotted OID with its value in hexadecimal. What is no name gives an empty text.
pub fn write(name_der: &[u8]) -> String {
    let Ok((_, name)) = X509Name::from_der(name_der) else {
        return String::new();
    };
    let mut rdns: Vec<String> =
        name.iter_rdn().map(|rdn| rdn.iter().map(write_attribute).collect::<Vec<_>>().join("+")).collect();
    rdns.reverse();
    rdns.join(",")
}

fn write_attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type();
    let keyword = oid.iter().and_then(|arcs| attribute::keyword(&arcs.collect::<Vec<_>>()));
    match (keyword, text(attribute)) {
        (Some(keyword), Some(value)) => format!("{keyword}={}", escape(&value)),
        (Some(keyword), None) => format!("{keyword}=#{}", hex_of(attribute.attr_value())),
        (None, _) => format!("{}=#{}", oid.to_id_string(), hex_of(attribute.attr_value())),
    }
}

fn hex_of(value: &Any<'_>) -> String {
    let der = value.to_der_vec().unwrap_or_default();
    der.iter().fold(String::new(), |mut hex, octet| {
        let _ = write!(hex, "{octet:02x}");
        hex
    })
}

/// The characters of a value, whichever of X.520's string types holds them.
pub(in crate::pki) fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let value = attribute.attr_value();
    let octets = value.as_bytes();
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            String::from_utf8(octets.to_vec()).ok()
        }
        // T.61 in the books, Latin-1 in the field.
        Tag::T61String => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
        Tag::BmpString => {
            let units = octets.chunks(2).map(|unit| match unit {
                [high, low] => Some(u16::from_be_bytes([*high, *low])),
                _ => None,
            });
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
        }
        Tag::UniversalString => {
            octets.chunks(4).map(|unit| char::from_u32(u32::from_be_bytes(unit.try_into().ok()?))).collect()
        }
        _ => None,
    }
}

fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::new();
    for (position, c) in value.chars().enumerate() {
        let at_an_end = position == 0 || position == last;
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            '#' if position == 0 => text.push_str("\\#"),
            ' ' if at_an_end => text.push_str("\\ "),
            _ if c.is_control() => {
                for octet in c.to_string().bytes() {
                    let _ = write!(text, "\\{octet:02X}");
                }
            }
            _ => text.push(c),
        }
    }
    text
}

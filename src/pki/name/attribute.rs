//! The attribute types that have a keyword, and the ASN.1 strings that their values take.

use yasna::construct_der;
use yasna::models::ObjectIdentifier;

/// An attribute type with a name of its own.
pub(super) struct AttributeType {
    oid: &'static [u64],
    /// The keyword that RFC 4514 or Java's X500Principal knows; without one, the OID is written.
    shown: Option<&'static str>,
    /// Other spellings that are read.
    also: &'static [&'static str],
    syntax: Syntax,
}

/// The ASN.1 string type that RFC 5280 (appendix A.1) or X.520 wants for a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// UTF8String.
    Directory,
    /// PrintableString.
    Printable,
    /// PrintableString of two letters (ISO 3166).
    Country,
    /// IA5String.
    Ia5,
}

const fn shown(
    oid: &'static [u64],
    keyword: &'static str,
    also: &'static [&'static str],
    syntax: Syntax,
) -> AttributeType {
    AttributeType { oid, shown: Some(keyword), also, syntax }
}

const fn read_only(oid: &'static [u64], also: &'static [&'static str]) -> AttributeType {
    AttributeType { oid, shown: None, also, syntax: Syntax::Directory }
}

pub(super) const COMMON_NAME: AttributeType = shown(&[2, 5, 4, 3], "CN", &["COMMONNAME"], Syntax::Directory);
pub(super) const ORGANIZATION: AttributeType =
    shown(&[2, 5, 4, 10], "O", &["ORGANIZATIONNAME"], Syntax::Directory);

const KNOWN: &[AttributeType] = &[
    COMMON_NAME,
    ORGANIZATION,
    shown(&[2, 5, 4, 11], "OU", &["ORGANIZATIONALUNITNAME"], Syntax::Directory),
    shown(&[2, 5, 4, 6], "C", &["COUNTRYNAME"], Syntax::Country),
    shown(&[2, 5, 4, 7], "L", &["LOCALITYNAME"], Syntax::Directory),
    shown(&[2, 5, 4, 8], "ST", &["S", "STATEORPROVINCENAME"], Syntax::Directory),
    shown(&[2, 5, 4, 9], "STREET", &["STREETADDRESS"], Syntax::Directory),
    shown(&[0, 9, 2342, 19200300, 100, 1, 25], "DC", &["DOMAINCOMPONENT"], Syntax::Ia5),
    shown(&[0, 9, 2342, 19200300, 100, 1, 1], "UID", &["USERID"], Syntax::Directory),
    shown(&[2, 5, 4, 5], "SERIALNUMBER", &[], Syntax::Printable),
    shown(&[2, 5, 4, 4], "SURNAME", &["SN"], Syntax::Directory),
    shown(&[2, 5, 4, 42], "GIVENNAME", &["GN", "G"], Syntax::Directory),
    shown(&[2, 5, 4, 43], "INITIALS", &[], Syntax::Directory),
    shown(&[2, 5, 4, 44], "GENERATION", &["GENERATIONQUALIFIER"], Syntax::Directory),
    shown(&[2, 5, 4, 12], "T", &["TITLE"], Syntax::Directory),
    shown(&[2, 5, 4, 46], "DNQUALIFIER", &["DNQ"], Syntax::Printable),
    shown(&[1, 2, 840, 113549, 1, 9, 1], "EMAILADDRESS", &["EMAIL", "E"], Syntax::Ia5),
    read_only(&[2, 5, 4, 65], &["PSEUDONYM"]),
    read_only(&[2, 5, 4, 97], &["ORGANIZATIONIDENTIFIER"]),
    read_only(&[2, 5, 4, 15], &["BUSINESSCATEGORY"]),
    read_only(&[2, 5, 4, 17], &["POSTALCODE"]),
    read_only(&[2, 5, 4, 13], &["DESCRIPTION"]),
];

impl AttributeType {
    pub(super) fn object_identifier(&self) -> ObjectIdentifier {
        ObjectIdentifier::from_slice(self.oid)
    }

    fn is_called(&self, keyword: &str) -> bool {
        self.shown.iter().chain(self.also).any(|name| name.eq_ignore_ascii_case(keyword))
    }
}

/// The keyword to write for a type, if it has one that everybody reads.
pub(super) fn keyword(oid: &[u64]) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.oid == oid).and_then(|known| known.shown)
}

/// A type by its keyword, in any case, or by its dotted OID (with `OID.` before it, as Java has it, or without).
pub(super) fn find(text: &str) -> Result<(ObjectIdentifier, Syntax), String> {
    if let Some(known) = KNOWN.iter().find(|known| known.is_called(text)) {
        return Ok((known.object_identifier(), known.syntax));
    }
    let dotted = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("OID.") => text.get(4..).unwrap_or_default(),
        _ => text,
    };
    let components = dotted_oid(dotted).ok_or_else(|| {
        format!("{text:?} is no attribute type known here; use CN, O, OU, C, L, ST, SERIALNUMBER, GIVENNAME, SURNAME, EMAILADDRESS, or a dotted OID")
    })?;
    let syntax =
        KNOWN.iter().find(|known| known.oid == components).map_or(Syntax::Directory, |known| known.syntax);
    Ok((ObjectIdentifier::from_slice(&components), syntax))
}

fn dotted_oid(text: &str) -> Option<Vec<u64>> {
    // X.660: the first arc is 0, 1 or 2, and below 0 and 1 the second is less than 40. 2^32 bounds what can be encoded.
    let components: Vec<u64> = text
        .split('.')
        .map(|arc| arc.parse::<u32>().ok().filter(|_| arc.bytes().all(|b| b.is_ascii_digit())).map(u64::from))
        .collect::<Option<_>>()?;
    match components.as_slice() {
        [0 | 1, second, ..] if *second >= 40 => None,
        [0..=2, _, ..] => Some(components),
        _ => None,
    }
}

/// The TLV of a value, or why this type cannot hold it.
pub(super) fn encode(syntax: Syntax, type_text: &str, text: &str) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Err(format!("{type_text} is empty: give it a value or leave it out"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{type_text} has a control character"));
    }
    let printable = |c: char| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c);
    match syntax {
        Syntax::Directory => Ok(construct_der(|w| w.write_utf8_string(text))),
        Syntax::Country if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_alphabetic()) => {
            Err(format!("{type_text} is a country code of two letters (ISO 3166), such as DE"))
        }
        Syntax::Printable if !text.chars().all(printable) => Err(format!(
            "{type_text} is a PrintableString: letters, digits, space and '()+,-./:=? are all it takes"
        )),
        Syntax::Country | Syntax::Printable => Ok(construct_der(|w| w.write_printable_string(text))),
        Syntax::Ia5 if !text.is_ascii() => Err(format!("{type_text} takes ASCII only (IA5String)")),
        Syntax::Ia5 => Ok(construct_der(|w| w.write_ia5_string(text))),
    }
}

//! What a structure is by its looks, to tell people what they sent.

use x509_parser::asn1_rs::Oid;

use crate::pki::ber::{self, Element};

pub const SIGNED_DATA: &str = "a SignedData";

/// The type of a structure, as the object of a sentence.
pub fn describe(root: &Element<'_>) -> String {
    if !root.is_universal(ber::SEQUENCE) {
        return root.describe();
    }
    let children = root.children().unwrap_or_default();
    let Some(first) = children.first() else {
        return "an empty SEQUENCE".to_owned();
    };
    if first.is_universal(ber::OBJECT_IDENTIFIER) {
        return content_type(first.content);
    }
    if first.is_universal(ber::INTEGER) {
        return versioned(first.content, &children).to_owned();
    }
    if first.is_universal(ber::SEQUENCE) {
        let inner = first.children().unwrap_or_default();
        return wrapped(&inner, &children).to_owned();
    }
    "a SEQUENCE of an unknown kind".to_owned()
}

fn content_type(oid: &[u8]) -> String {
    let dotted = Oid::new(oid.into()).to_id_string();
    match dotted.as_str() {
        "1.2.840.113549.1.7.1" => "a ContentInfo of type Data",
        "1.2.840.113549.1.7.2" => SIGNED_DATA,
        "1.2.840.113549.1.7.3" => "an EnvelopedData",
        "1.2.840.113549.1.7.4" => "a SignedAndEnvelopedData",
        "1.2.840.113549.1.7.5" => "a DigestedData",
        "1.2.840.113549.1.7.6" => "an EncryptedData",
        "1.2.840.113549.1.9.16.1.2" => "an AuthenticatedData",
        "1.2.840.113549.1.9.16.1.23" => "an AuthEnvelopedData",
        _ => return format!("a ContentInfo of type {dotted}"),
    }
    .to_owned()
}

/// Structures that begin with a version.
fn versioned(version: &[u8], children: &[Element<'_>]) -> &'static str {
    let second_is = |tag| children.get(1).is_some_and(|second| second.is_universal(tag));
    match version {
        [3] if second_is(ber::SEQUENCE) => "a PKCS#12 file",
        [0] | [1] if second_is(ber::SEQUENCE) => "a private key (PKCS#8)",
        [0] if second_is(ber::INTEGER) => "an RSA private key (PKCS#1)",
        [1] if second_is(ber::OCTET_STRING) => "an EC private key (SEC 1)",
        _ if second_is(ber::SET) => "a SignedData without its ContentInfo",
        _ => "a SEQUENCE of an unknown kind",
    }
}

/// Structures that begin with a SEQUENCE: what is signed, or an algorithm.
fn wrapped(inner: &[Element<'_>], children: &[Element<'_>]) -> &'static str {
    let is = |element: Option<&Element<'_>>, tag| element.is_some_and(|e| e.is_universal(tag));
    match inner.first() {
        Some(version) if version.is_context(0) => "a bare X.509 certificate",
        first if is(first, ber::OBJECT_IDENTIFIER) && is(children.get(1), ber::OCTET_STRING) => {
            "an encrypted private key (PKCS#8)"
        }
        first if is(first, ber::OBJECT_IDENTIFIER) && is(children.get(1), ber::BIT_STRING) => "a public key",
        first if is(first, ber::INTEGER) && is(inner.get(2), ber::SEQUENCE) && inner.len() == 4 => {
            "a certificate signing request (PKCS#10)"
        }
        first if is(first, ber::INTEGER) => "an X.509 certificate of version 1 or a CRL",
        _ => "a SEQUENCE of an unknown kind",
    }
}

//! SignedData (RFC 5652 section 5.1, RFC 2315 section 9.1) that carries certificates only.

use yasna::models::ObjectIdentifier;
use yasna::{Tag, construct_der};

use super::{Contents, sniff};
use crate::model::error::Code;
use crate::pki::ber::{self, Element, Fault};

/// Reads a ContentInfo with a SignedData in BER, adding what it carries to `contents`. Version and eContentType are not
/// judged; signers and content are.
pub fn read(ber: &[u8], place: &str, contents: &mut Contents) -> Result<(), Fault> {
    let root = ber::read(ber)?;
    let found = sniff::describe(&root);
    if found != sniff::SIGNED_DATA {
        return Err(Fault::malformed(0, format!("this is {found}, where a SignedData is expected")));
    }
    let content_info = root.children()?;
    let [_, wrapped] = content_info.as_slice() else {
        return Err(Fault::malformed(0, "this ContentInfo does not consist of a type and a content"));
    };
    if !wrapped.is_context(0) {
        return Err(unexpected(wrapped, "the content of a ContentInfo is tagged [0]"));
    }
    let wrapped_children = wrapped.children()?;
    let [signed_data] = wrapped_children.as_slice() else {
        return Err(Fault::malformed(
            wrapped.offset,
            "this ContentInfo does not hold exactly one SignedData",
        ));
    };
    let mut fields = Fields::of(signed_data)?;
    fields.next(|field| field.is_universal(ber::INTEGER), "the version of a SignedData is an INTEGER")?;
    fields.next(|field| field.is_universal(ber::SET), "the digestAlgorithms of a SignedData are a SET")?;
    let encapsulated = fields
        .next(|field| field.is_universal(ber::SEQUENCE), "the content of a SignedData is a SEQUENCE")?;
    let certificates = fields.next_if(|field| field.is_context(0));
    let crls = fields.next_if(|field| field.is_context(1));
    let signers =
        fields.next(|field| field.is_universal(ber::SET), "the signerInfos of a SignedData are a SET")?;
    fields.end()?;

    if let Some(signer) = signers.children()?.first() {
        return Err(Fault::new(
            Code::UnexpectedPkcs7Content,
            signer.offset,
            "this SignedData carries signers; send a certs-only one",
        ));
    }
    if let Some(content) = content_of(&encapsulated)? {
        return Err(Fault::new(
            Code::UnexpectedPkcs7Content,
            content.offset,
            "this SignedData carries content; send a certs-only one",
        ));
    }
    if let Some(certificates) = certificates {
        add_certificates(&certificates, place, contents)?;
    }
    if let Some(crls) = crls {
        add_crls(&crls, contents)?;
    }
    Ok(())
}

/// The content that is not empty, if there is any. Outlook and Bouncy Castle write an empty OCTET STRING, in parts or not.
fn content_of<'a>(encapsulated: &Element<'a>) -> Result<Option<Element<'a>>, Fault> {
    for field in encapsulated.children()?.into_iter().skip(1) {
        for value in field.children()? {
            if !is_empty(&value)? {
                return Ok(Some(value));
            }
        }
    }
    Ok(None)
}

fn is_empty(value: &Element<'_>) -> Result<bool, Fault> {
    if !value.is_universal(ber::OCTET_STRING) {
        return Ok(false);
    }
    if !value.is_constructed() {
        return Ok(value.content.is_empty());
    }
    for part in value.children()? {
        if !is_empty(&part)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// CertificateSet, a SET OF in whatever order.
fn add_certificates(set: &Element<'_>, place: &str, contents: &mut Contents) -> Result<(), Fault> {
    for choice in set.children()? {
        if choice.is_universal(ber::SEQUENCE) {
            let place = format!("byte offset {} of {place}", choice.offset);
            contents.add_certificate(choice.raw, place, choice.offset)?;
        } else if choice.is_context(1) || choice.is_context(2) {
            contents.others.push("an attribute certificate: not used");
        } else if choice.is_context(0) || choice.is_context(3) {
            contents.others.push("a certificate of another format than X.509: not used");
        } else {
            return Err(unexpected(&choice, "the certificates of a SignedData are SEQUENCEs"));
        }
    }
    Ok(())
}

fn add_crls(set: &Element<'_>, contents: &mut Contents) -> Result<(), Fault> {
    for choice in set.children()? {
        if choice.is_universal(ber::SEQUENCE) {
            contents.crls.push(choice.raw.to_vec());
        } else {
            contents.others.push("revocation information of another format than a CRL: not used");
        }
    }
    Ok(())
}

/// The fields of a SEQUENCE, taken one after another.
struct Fields<'a> {
    rest: std::iter::Peekable<std::vec::IntoIter<Element<'a>>>,
    /// Where to point when a field is missing.
    offset: usize,
}

impl<'a> Fields<'a> {
    fn of(sequence: &Element<'a>) -> Result<Self, Fault> {
        if !sequence.is_universal(ber::SEQUENCE) {
            return Err(unexpected(sequence, "a SignedData is a SEQUENCE"));
        }
        Ok(Self { rest: sequence.children()?.into_iter().peekable(), offset: sequence.offset })
    }

    fn next(&mut self, fits: impl Fn(&Element<'a>) -> bool, expected: &str) -> Result<Element<'a>, Fault> {
        match self.rest.next() {
            Some(field) if fits(&field) => {
                self.offset = field.offset;
                Ok(field)
            }
            Some(field) => Err(unexpected(&field, expected)),
            None => Err(Fault::malformed(self.offset, format!("a field is missing: {expected}"))),
        }
    }

    fn next_if(&mut self, fits: impl Fn(&Element<'a>) -> bool) -> Option<Element<'a>> {
        self.rest.next_if(|field| fits(field))
    }

    fn end(mut self) -> Result<(), Fault> {
        match self.rest.next() {
            Some(field) => Err(unexpected(&field, "a SignedData ends with its signerInfos")),
            None => Ok(()),
        }
    }
}

fn unexpected(found: &Element<'_>, expected: &str) -> Fault {
    Fault::malformed(found.offset, format!("{} is out of place: {expected}", found.describe()))
}

/// Writes a certs-only SignedData (RFC 5751 section 3.8): version 1, no content, no signers. Certificates and CRLs stay in
/// the order given, as most CAs leave them.
pub fn certs_only(certificates: &[Vec<u8>], crls: &[Vec<u8>]) -> Vec<u8> {
    let signed_data_type = ObjectIdentifier::from_slice(&[1, 2, 840, 113549, 1, 7, 2]);
    let data_type = ObjectIdentifier::from_slice(&[1, 2, 840, 113549, 1, 7, 1]);
    construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_oid(&signed_data_type);
            w.next().write_tagged(Tag::context(0), |w| {
                w.write_sequence(|w| {
                    w.next().write_u8(1);
                    w.next().write_set(|_| {});
                    w.next().write_sequence(|w| w.next().write_oid(&data_type));
                    for (tag, members) in [(0, certificates), (1, crls)] {
                        if members.is_empty() {
                            continue;
                        }
                        w.next().write_tagged_implicit(Tag::context(tag), |w| {
                            w.write_sequence(|w| members.iter().for_each(|der| w.next().write_der(der)));
                        });
                    }
                    w.next().write_set(|_| {});
                });
            });
        });
    })
}

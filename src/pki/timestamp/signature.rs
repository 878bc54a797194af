//! Whether a token is signed by the certificate that it names. Whom to trust is not asked here: the operator chose the
//! TSA, and those who rely on its tokens judge its certificate.

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::hash::{MessageDigest, hash};
use openssl::stack::Stack;
use openssl::x509::X509;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use yasna::models::ObjectIdentifier;

use super::{ImprintAlgorithm, Rejection, oid_der};
use crate::model::algorithm::Digest;
use crate::pki::ber::{self, Element, Fault};

/// id-ct-TSTInfo (RFC 3161).
const TST_INFO: [u64; 9] = [1, 2, 840, 113549, 1, 9, 16, 1, 4];
/// id-aa-signingCertificate (RFC 2634), whose digest is SHA-1.
const SIGNING_CERTIFICATE: [u64; 9] = [1, 2, 840, 113549, 1, 9, 16, 2, 12];
/// id-aa-signingCertificateV2 (RFC 5035), which RFC 5816 lets tokens have instead.
const SIGNING_CERTIFICATE_V2: [u64; 9] = [1, 2, 840, 113549, 1, 9, 16, 2, 47];

/// The TSTInfo of a token (a ContentInfo with a SignedData), once its one signature was verified with the certificate
/// that its signed attributes bind it to.
pub fn verified_content(token: &[u8]) -> Result<Vec<u8>, Rejection> {
    let parts = Parts::of(token)?;
    let signer = parts.signer()?;
    let mut certificates = Stack::new()?;
    certificates.push(X509::from_der(signer)?)?;
    let mut content = Vec::new();
    // By this certificate and no other, whatever else is in the token; its chain is not looked at.
    let options = CMSOptions::NOINTERN | CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    CmsContentInfo::from_der(token)?
        .verify(Some(&certificates), None, None, Some(&mut content), options)
        .map_err(|_| unusable("is not signed by the certificate that it names"))?;
    Ok(content)
}

/// What the binding of token and certificate is read from.
struct Parts<'a> {
    certificates: Vec<Element<'a>>,
    /// The attributes, each a type and a SET of values.
    signed_attributes: Vec<Element<'a>>,
}

impl<'a> Parts<'a> {
    fn of(token: &'a [u8]) -> Result<Self, Rejection> {
        let malformed = |offset| Fault::malformed(offset, "this is no SignedData with a TSTInfo");
        let content_info = ber::read(token)?.children()?;
        let wrapped = content_info.get(1).ok_or_else(|| malformed(0))?.children()?;
        let signed_data = wrapped.first().ok_or_else(|| malformed(0))?.children()?;
        let [_version, _digests, encapsulated, rest @ .., signers] = signed_data.as_slice() else {
            return Err(malformed(0).into());
        };
        let content_type = encapsulated.children()?;
        if content_type.first().is_none_or(|found| found.raw != of(&TST_INFO)) {
            return Err(malformed(encapsulated.offset).into());
        }
        let certificates = match rest.iter().find(|field| field.is_context(0)) {
            Some(set) => set.children()?,
            None => Vec::new(),
        };
        let signers = signers.children()?;
        // RFC 3161, section 2.4.2: no signatures but the TSA's.
        let [signer] = signers.as_slice() else {
            return Err(unusable("is not signed exactly once"));
        };
        let fields = signer.children()?;
        let signed_attributes = match fields.iter().find(|field| field.is_context(0)) {
            Some(attributes) => attributes.children()?,
            None => Vec::new(),
        };
        Ok(Self { certificates, signed_attributes })
    }

    /// The certificate that the signed attributes name, which is one for time-stamping.
    fn signer(&self) -> Result<&'a [u8], Rejection> {
        let (algorithm, named) = self.named()?;
        for certificate in &self.certificates {
            if *hash(algorithm, certificate.raw)? == *named {
                return for_time_stamping(certificate.raw);
            }
        }
        Err(unusable("does not hold the certificate that it names"))
    }

    /// The digest of the first ESSCertID or ESSCertIDv2, and its algorithm.
    fn named(&self) -> Result<(MessageDigest, &'a [u8]), Rejection> {
        let missing = || unusable("does not name its certificate");
        for attribute in &self.signed_attributes {
            let parts = attribute.children()?;
            let [kind, values] = parts.as_slice() else { continue };
            let second_version = kind.raw == of(&SIGNING_CERTIFICATE_V2);
            if !second_version && kind.raw != of(&SIGNING_CERTIFICATE) {
                continue;
            }
            let fields = first_of(first_of(first_of(*values)?)?)?.children()?;
            return match fields.as_slice() {
                [hash, ..] if hash.is_universal(ber::OCTET_STRING) => {
                    // An ESSCertIDv2 that names no algorithm means SHA-256.
                    let digest = if second_version { MessageDigest::sha256() } else { MessageDigest::sha1() };
                    Ok((digest, hash.content))
                }
                [algorithm, hash, ..] if second_version => {
                    let algorithm = first_of(*algorithm)?;
                    Ok((named_digest(algorithm.raw)?, hash.content))
                }
                _ => Err(missing()),
            };
        }
        Err(missing())
    }
}

fn named_digest(oid: &[u8]) -> Result<MessageDigest, Rejection> {
    let is = |digest: Digest| oid == oid_der(&ImprintAlgorithm::Sha2(digest).object_identifier());
    match Digest::ALL.into_iter().find(|digest| is(*digest)) {
        Some(Digest::Sha256) => Ok(MessageDigest::sha256()),
        Some(Digest::Sha384) => Ok(MessageDigest::sha384()),
        Some(Digest::Sha512) => Ok(MessageDigest::sha512()),
        None => Err(unusable("names its certificate by an unknown digest")),
    }
}

pub(super) fn for_time_stamping(der: &[u8]) -> Result<&[u8], Rejection> {
    let usage = X509Certificate::from_der(der)
        .ok()
        .and_then(|(_, certificate)| Some(certificate.extended_key_usage().ok()??.value.time_stamping));
    match usage {
        Some(true) => Ok(der),
        _ => Err(unusable("is signed by a certificate that is not for time-stamping")),
    }
}

fn first_of<'a>(element: Element<'a>) -> Result<Element<'a>, Rejection> {
    let children = element.children()?;
    children.first().copied().ok_or_else(|| unusable("does not name its certificate"))
}

fn of(oid: &[u64]) -> Vec<u8> {
    oid_der(&ObjectIdentifier::from_slice(oid))
}

fn unusable(why: &str) -> Rejection {
    Rejection::Unusable(format!("the token {why}"))
}

impl From<openssl::error::ErrorStack> for Rejection {
    fn from(error: openssl::error::ErrorStack) -> Self {
        Self::Unusable(format!("the token cannot be read: {error}"))
    }
}

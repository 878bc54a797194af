//! What carries certificates: PKCS#7 SignedData in DER or BER, PEM of it, PEM certificates one after another, base64.
//! The container and the order in it carry no meaning.

mod signed_data;
mod sniff;

use crate::model::error::{Code, Error, Result};
use crate::pki::armor::{self, Block};
use crate::pki::ber::{self, Fault};

pub use signed_data::certs_only;

/// The largest upload that is looked at, in octets.
pub const MAX_UPLOAD: usize = 256 * 1024;
/// The most certificates in one upload.
pub const MAX_CERTIFICATES: usize = 32;
/// The largest certificate, in octets.
pub const MAX_CERTIFICATE: usize = 16 * 1024;

/// What an upload holds, not yet parsed.
#[derive(Default)]
pub struct Contents {
    pub certificates: Vec<Candidate>,
    pub crls: Vec<Vec<u8>>,
    /// What else a SignedData may carry, described.
    pub others: Vec<&'static str>,
}

/// What may be a certificate.
pub struct Candidate {
    pub der: Vec<u8>,
    /// Where it was found, for messages.
    pub place: String,
}

/// Takes an upload apart.
pub fn open(upload: &[u8]) -> Result<Contents> {
    if upload.len() > MAX_UPLOAD {
        return Err(Error::new(
            Code::PayloadTooLarge,
            format!(
                "The upload has {} octets; the limit is {MAX_UPLOAD}. Send the chain's certificates only.",
                upload.len()
            ),
        ));
    }
    let mut contents = Contents::default();
    for block in armor::blocks(upload).map_err(|fault| fault.within("the upload"))? {
        let kind = kind_of(&block).map_err(|fault| fault.within("the upload"))?;
        let added = match kind {
            Kind::SignedData => signed_data::read(&block.der, &block.place, &mut contents),
            Kind::Certificate => contents.add_certificate(&block.der, block.place.clone(), 0),
            Kind::Crl => {
                contents.crls.push(block.der);
                Ok(())
            }
        };
        added.map_err(|fault| fault.within(&block.place))?;
    }
    Ok(contents)
}

enum Kind {
    SignedData,
    Certificate,
    Crl,
}

/// What a block says it is; without a label, it has to be a SignedData.
fn kind_of(block: &Block) -> Result<Kind, Fault> {
    match block.label.as_deref() {
        None | Some("PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" | "CERTIFICATE CHAIN") => Ok(Kind::SignedData),
        // Some CAs put this label around a whole PKCS#7.
        Some("CERTIFICATE" | "X509 CERTIFICATE") if is_content_info(&block.der) => Ok(Kind::SignedData),
        Some("CERTIFICATE" | "X509 CERTIFICATE") => Ok(Kind::Certificate),
        Some("X509 CRL") => Ok(Kind::Crl),
        Some(label) => Err(Fault::malformed(
            block.offset,
            format!(
                "a PEM block labelled {label:?} does not belong here; send PKCS7 or CERTIFICATE blocks only"
            ),
        )),
    }
}

fn is_content_info(der: &[u8]) -> bool {
    let first = ber::read(der).and_then(|root| root.children()).ok().and_then(|all| all.first().copied());
    first.is_some_and(|first| first.is_universal(ber::OBJECT_IDENTIFIER))
}

impl Contents {
    fn add_certificate(&mut self, der: &[u8], place: String, offset: usize) -> Result<(), Fault> {
        if self.certificates.len() == MAX_CERTIFICATES {
            return Err(Fault::malformed(
                offset,
                format!("there are more certificates than the limit of {MAX_CERTIFICATES}"),
            ));
        }
        if der.len() > MAX_CERTIFICATE {
            return Err(Fault::malformed(
                offset,
                format!("a certificate has {} octets; the limit is {MAX_CERTIFICATE}", der.len()),
            ));
        }
        self.certificates.push(Candidate { der: der.to_vec(), place });
        Ok(())
    }
}

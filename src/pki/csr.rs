//! Certification requests (PKCS#10, RFC 2986). Written here rather than by rcgen, which knows no RSASSA-PSS.

use openssl::x509::X509Req;
use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, Tag, construct_der};

use crate::model::algorithm::{CsrSignatureAlgorithm, Digest, SignatureScheme};
use crate::model::error::{Error, Result};
use crate::pki::name::{self, Subject};
use crate::pki::pem;

/// The DER of a CSR for `spki_der`. `sign` gets the DER of the CertificationRequestInfo and how to sign it.
pub fn build(
    spki_der: &[u8],
    subject: &Subject,
    algorithm: CsrSignatureAlgorithm,
    sign: impl FnOnce(&[u8], SignatureScheme) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let info = construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_u8(0);
            w.next().write_der(&subject.der());
            w.next().write_der(spki_der);
            // The attributes are not optional, only empty.
            w.next().write_tagged_implicit(Tag::context(0), |w| w.write_set(|_| {}));
        });
    });
    let signature = sign(&info, algorithm.scheme())?;
    Ok(construct_der(|w| {
        w.write_sequence(|w| {
            w.next().write_der(&info);
            write_signature_algorithm(w.next(), algorithm.scheme());
            w.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    }))
}

/// The CSR as PEM (`CERTIFICATE REQUEST`).
pub fn pem(csr_der: &[u8]) -> String {
    pem::write("CERTIFICATE REQUEST", csr_der)
}

/// A SubjectPublicKeyInfo as PEM (`PUBLIC KEY`).
pub fn public_key_pem(spki_der: &[u8]) -> String {
    pem::write("PUBLIC KEY", spki_der)
}

/// The CSR's subject, as RFC 4514 writes it.
pub fn subject(csr_der: &[u8]) -> Result<String> {
    let csr = X509Req::from_der(csr_der).map_err(Error::internal)?;
    let name_der = csr.subject_name().to_der().map_err(Error::internal)?;
    Ok(name::rfc4514(&name_der))
}

/// Parameters are NULL with RSA (RFC 4055 section 5), absent with ECDSA (RFC 5758) and Ed25519 (RFC 8410).
fn write_signature_algorithm(w: DERWriter<'_>, scheme: SignatureScheme) {
    match scheme {
        SignatureScheme::RsaPkcs1(digest) => {
            let last = match digest {
                Digest::Sha256 => 11,
                Digest::Sha384 => 12,
                Digest::Sha512 => 13,
            };
            write_algorithm(w, &[1, 2, 840, 113549, 1, 1, last], |w| w.write_null());
        }
        SignatureScheme::RsaPss { digest, mgf1, salt_length } => {
            write_algorithm(w, &[1, 2, 840, 113549, 1, 1, 10], |w| {
                write_pss_parameters(w, digest, mgf1, salt_length);
            });
        }
        SignatureScheme::Ecdsa(digest) => {
            let last = match digest {
                Digest::Sha256 => 2,
                Digest::Sha384 => 3,
                Digest::Sha512 => 4,
            };
            write_bare_algorithm(w, &[1, 2, 840, 10045, 4, 3, last]);
        }
        SignatureScheme::Ed25519 => write_bare_algorithm(w, &[1, 3, 101, 112]),
    }
}

/// RSASSA-PSS-params (RFC 4055 section 3.1). The trailer field has its default, which DER leaves out.
fn write_pss_parameters(w: DERWriter<'_>, digest: Digest, mgf1: Digest, salt_length: usize) {
    w.write_sequence(|w| {
        w.next().write_tagged(Tag::context(0), |w| write_digest(w, digest));
        w.next().write_tagged(Tag::context(1), |w| {
            write_algorithm(w, &[1, 2, 840, 113549, 1, 1, 8], |w| write_digest(w, mgf1));
        });
        w.next().write_tagged(Tag::context(2), |w| w.write_u64(salt_length as u64));
    });
}

fn write_digest(w: DERWriter<'_>, digest: Digest) {
    let last = match digest {
        Digest::Sha256 => 1,
        Digest::Sha384 => 2,
        Digest::Sha512 => 3,
    };
    write_algorithm(w, &[2, 16, 840, 1, 101, 3, 4, 2, last], |w| w.write_null());
}

fn write_algorithm(w: DERWriter<'_>, oid: &[u64], parameters: impl FnOnce(DERWriter<'_>)) {
    w.write_sequence(|w| {
        w.next().write_oid(&ObjectIdentifier::from_slice(oid));
        parameters(w.next());
    });
}

fn write_bare_algorithm(w: DERWriter<'_>, oid: &[u64]) {
    w.write_sequence(|w| w.next().write_oid(&ObjectIdentifier::from_slice(oid)));
}

#[cfg(test)]
pub(in crate::pki) mod tests;

//! Every container that CAs and tools are known to send.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::pki::container::certs_only;
use crate::pki::pem;

/// Wraps certificates and CRLs.
pub type Wrap = fn(&[Vec<u8>], &[Vec<u8>]) -> Vec<u8>;

pub const ALL: &[(&str, Wrap)] = &[
    ("DER", certs_only),
    ("BER", |certificates, crls| indefinite(certificates, crls, &[])),
    ("BER with an empty content", |c, r| indefinite(c, r, &[0xa0, 0x80, 0x04, 0x00, 0, 0])),
    ("BER with an empty content in parts", |c, r| {
        indefinite(c, r, &[0xa0, 0x80, 0x24, 0x80, 0x04, 0x00, 0x04, 0x00, 0, 0, 0, 0])
    }),
    ("PKCS7", |c, r| pem::write("PKCS7", &certs_only(c, r)).into_bytes()),
    ("CMS", |c, r| pem::write("CMS", &certs_only(c, r)).into_bytes()),
    ("PKCS #7 SIGNED DATA", |c, r| pem::write("PKCS #7 SIGNED DATA", &certs_only(c, r)).into_bytes()),
    ("CERTIFICATE CHAIN of BER", |c, r| pem::write("CERTIFICATE CHAIN", &indefinite(c, r, &[])).into_bytes()),
    ("CERTIFICATE around a PKCS#7", |c, r| pem::write("CERTIFICATE", &certs_only(c, r)).into_bytes()),
    ("CRLF, no last newline, a BOM and text around", |c, r| {
        let block = pem::write("PKCS7", &certs_only(c, r)).replace('\n', "\r\n");
        format!("\u{feff}Your certificate, Müller:\r\n{}", block.trim_end()).into_bytes()
    }),
    ("text after", |c, r| format!("{}\nKind regards\n", pem::write("PKCS7", &certs_only(c, r))).into_bytes()),
    ("CERTIFICATE blocks", |c, r| {
        let certificates = c.iter().map(|der| format!("subject=...\n{}", pem::write("CERTIFICATE", der)));
        let crls = r.iter().map(|der| pem::write("X509 CRL", der));
        certificates.chain(crls).collect::<String>().into_bytes()
    }),
    ("base64 on one line", |c, r| STANDARD.encode(certs_only(c, r)).into_bytes()),
    ("base64, wrapped", |c, r| wrapped(&STANDARD.encode(indefinite(c, r, &[])))),
    ("base64url", |c, r| URL_SAFE.encode(certs_only(c, r)).into_bytes()),
    ("base64url without padding", |c, r| URL_SAFE_NO_PAD.encode(certs_only(c, r)).into_bytes()),
];

fn wrapped(base64: &str) -> Vec<u8> {
    base64.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// As Bouncy Castle writes it.
pub fn indefinite(certificates: &[Vec<u8>], crls: &[Vec<u8>], content: &[u8]) -> Vec<u8> {
    const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    const DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    const END: &[u8] = &[0, 0];
    let crls = match crls {
        [] => vec![],
        crls => [&[0xa1, 0x80][..], &crls.concat(), END].concat(),
    };
    [
        &[0x30, 0x80][..],
        SIGNED_DATA,
        &[0xa0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0, 0x30, 0x80],
        DATA,
        content,
        END,
        &[0xa0, 0x80],
        &certificates.concat(),
        END,
        &crls,
        &[0x31, 0],
        END,
        END,
        END,
    ]
    .concat()
}

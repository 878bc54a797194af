//! Uploads that are no certs-only SignedData, and certificates that do not parse strictly (checks 1 to 3).

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::pkcs12::Pkcs12;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::X509;

use crate::model::error::Code;
use crate::pki::container::{MAX_CERTIFICATE, MAX_CERTIFICATES, MAX_UPLOAD, certs_only};
use crate::pki::tests::containers::indefinite;
use crate::pki::tests::keys;
use crate::pki::tests::made::{Template, extension, leaf_template};
use crate::pki::tests::world::{World, p7b, subjects};
use crate::pki::{csr, pem};

fn malformed(world: &World, upload: &[u8], said: &str) {
    let error = world.accept(upload).map(|chain| subjects(&chain)).expect_err(said);
    assert_eq!(error.code(), Code::MalformedPkcs7, "{said}: {error}");
    assert!(error.detail().contains(said), "wanted {said:?} in: {error}");
}

#[test]
fn what_is_no_signed_data_is_named_with_its_offset() {
    let world = World::new();
    let good = p7b(&world.chain());
    let leaf = X509::from_der(&world.leaf).unwrap();
    let pkcs12 = Pkcs12::builder().name("x").pkey(&world.key).cert(&leaf).build2("pw").unwrap();
    malformed(&world, b"", "empty");
    malformed(&world, b" \r\n", "empty");
    malformed(&world, b"hello, world", "neither DER, PEM nor base64");
    malformed(&world, &[0x30], "offset 0");
    malformed(&world, &[4, 1, 2], "an OCTET STRING");
    malformed(&world, &[0x30, 0], "an empty SEQUENCE");
    malformed(&world, good.get(..good.len() - 1).unwrap(), "truncated");
    malformed(&world, &[&good[..], &[0]].concat(), &format!("At byte offset {}", good.len()));
    malformed(&world, &[0x30, 0x80].repeat(40), "limit of 16");
    malformed(&world, &world.leaf, "a bare X.509 certificate");
    malformed(&world, &world.csr_der, "a certificate signing request");
    malformed(&world, &world.key.private_key_to_pkcs8().unwrap(), "a private key (PKCS#8)");
    malformed(&world, &world.key.ec_key().unwrap().private_key_to_der().unwrap(), "an EC private key");
    malformed(&world, &world.key.public_key_to_der().unwrap(), "a public key");
    malformed(&world, &pkcs12.to_der().unwrap(), "a PKCS#12 file");
    let rsa_key = keys::rsa(2048).rsa().unwrap().private_key_to_der().unwrap();
    malformed(&world, &rsa_key, "an RSA private key");
    let data = [0x30, 15, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1, 0xa0, 2, 4, 0];
    malformed(&world, &data, "of type Data");
    let mut recipients = Stack::new().unwrap();
    recipients.push(leaf.clone()).unwrap();
    let enveloped =
        CmsContentInfo::encrypt(&recipients, b"x", Cipher::aes_128_cbc(), CMSOptions::empty()).unwrap();
    malformed(&world, &enveloped.to_der().unwrap(), "an EnvelopedData");
    malformed(&world, csr::pem(&world.csr_der).as_bytes(), "CERTIFICATE REQUEST");
    let private = String::from_utf8(world.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    malformed(&world, private.as_bytes(), "PRIVATE KEY");
    let both = format!("{}{private}", pem::write("PKCS7", &good));
    let begins = both.find("-----BEGIN PRIVATE").unwrap();
    malformed(&world, both.as_bytes(), &format!("At byte offset {begins} of the upload"));
    malformed(&world, b"-----BEGIN PKCS7-----\nMIIB\n", "no END line");
    malformed(&world, b"-----BEGIN PKCS7-----\nM*IB\n-----END PKCS7-----\n", "At byte offset 23");
}

#[test]
fn fields_out_of_place_are_named() {
    let world = World::new();
    let good = p7b(&world.chain());
    // The version, right after two headers of four octets, the OID and the tag of the content.
    let version = good.windows(3).position(|w| w == [2, 1, 1]).unwrap();
    let mut wrong = good.clone();
    wrong[version] = 4;
    malformed(&world, &wrong, "the version of a SignedData is an INTEGER");
    // Any version will do, and any eContentType.
    let mut other = good.clone();
    other[version + 2] = 5;
    other[version + 5 + 2 + 10] = 9;
    assert_eq!(world.accept(&other).unwrap().certificates.len(), 3);
    let no_signers = [
        0x30, 26, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 13, 0x30, 11, 2, 1, 1, 0x31, 0,
        0x30, 4, 6, 2, 42, 3,
    ];
    malformed(&world, &no_signers, "a field is missing");
}

#[test]
fn signers_and_content_are_refused() {
    let world = World::new();
    let signer = X509::from_der(&world.leaf).unwrap();
    let signed = |flags| {
        let extra = Stack::new().unwrap();
        Pkcs7::sign(&signer, &world.key, &extra, b"content", flags).unwrap().to_der().unwrap()
    };
    let content = [0xa0, 0x80, 0x04, 0x01, 7, 0, 0];
    let in_parts = [0xa0, 0x80, 0x24, 0x80, 0x04, 0x00, 0x04, 0x01, 7, 0, 0, 0, 0];
    let chain: Vec<Vec<u8>> = world.chain().iter().map(|der| der.to_vec()).collect();
    for (upload, said) in [
        (signed(Pkcs7Flags::empty()), "signers"),
        (signed(Pkcs7Flags::DETACHED), "signers"),
        (indefinite(&chain, &[], &content), "content"),
        (indefinite(&chain, &[], &in_parts), "content"),
    ] {
        let error = world.accept(&upload).unwrap_err();
        assert_eq!(error.code(), Code::UnexpectedPkcs7Content, "{error}");
        assert!(error.detail().contains(said), "{error}");
    }
}

#[test]
fn limits_are_kept_and_named() {
    let world = World::new();
    let error = world.accept(&vec![b' '; MAX_UPLOAD + 1]).unwrap_err();
    assert_eq!(error.code(), Code::PayloadTooLarge);
    assert!(error.detail().contains("262144"), "{error}");
    malformed(&world, &certs_only(&vec![world.leaf.clone(); MAX_CERTIFICATES + 1], &[]), "limit of 32");
    let blocks = pem::write("CERTIFICATE", &world.leaf).repeat(MAX_CERTIFICATES + 1);
    malformed(&world, blocks.as_bytes(), "limit of 32");
    let mut large = leaf_template("CN=large", &world.key);
    large.extensions.push(extension(&[1, 2, 3, 4], false, &vec![7; MAX_CERTIFICATE]));
    malformed(&world, &p7b(&[&large.signed_by(&world.ca)]), "the limit is 16384");
}

#[test]
fn an_upload_without_certificates_is_refused() {
    let world = World::new();
    assert_eq!(world.refuse(&[]).code(), Code::NoCertificates);
    let empty = indefinite(&[], &[], &[]);
    assert_eq!(world.accept(&empty).unwrap_err().code(), Code::NoCertificates);
}

#[test]
fn certificates_parse_strictly_and_the_one_at_fault_is_named() {
    let world = World::new();
    let template = || leaf_template("CN=John Doe,O=Acme", &world.key);
    let made = |change: &dyn Fn(&mut Template)| {
        let mut template = template();
        change(&mut template);
        template.signed_by(&world.ca)
    };
    let mut other_algorithm = world.leaf.clone();
    let at = other_algorithm.windows(8).rposition(|w| w == [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]).unwrap();
    other_algorithm[at + 7] = 3;
    let mut ber = vec![0x30, 0x80];
    ber.extend_from_slice(world.leaf.get(4..).unwrap());
    ber.extend([0, 0]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (made(&|t| t.version = 0), "version 1"),
        (made(&|t| t.version = 1), "version 2"),
        (made(&|t| t.serial = vec![0]), "not positive"),
        (made(&|t| t.serial = vec![0x80]), "not positive"),
        (made(&|t| t.serial = vec![0x11; 21]), "21 octets"),
        (made(&|t| t.extensions.push(t.extensions[0].clone())), "twice"),
        (made(&|t| t.extensions.push(extension(&[1, 2, 3, 4], true, &[5, 0]))), "1.2.3.4 is not known"),
        (made(&|t| t.extensions[0] = extension(&[2, 5, 29, 19], false, &[4, 0])), "2.5.29.19 cannot be read"),
        (other_algorithm, "not the one outside"),
        (ber, "no DER"),
        (vec![0x30, 0], "no DER"),
    ];
    for (leaf, said) in &cases {
        let error = world.refuse(&[&world.root.der, leaf, &world.ca.der]);
        assert_eq!(error.code(), Code::MalformedCertificate, "{said}: {error}");
        assert!(error.detail().contains(said), "wanted {said:?} in: {error}");
        assert!(error.detail().contains("Certificate 2 of 3"), "{error}");
    }
    assert_eq!(
        world.accept(b"-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----").unwrap_err().code(),
        Code::MalformedCertificate
    );
    let twenty = made(&|t| t.serial = [&[0][..], &[0xff; 20]].concat());
    assert!(world.accept_all(&[&twenty, &world.ca.der, &world.root.der]).is_ok());
}

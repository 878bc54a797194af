//! One upload, at least, for every refusal of checks 4 to 16.

use openssl::ec::{Asn1Flag, EcGroup, EcKey, PointConversionForm};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use crate::model::algorithm::KeyAlgorithm;
use crate::model::error::Code;
use crate::model::tenant::SubjectRule;
use crate::pki::container::certs_only;
use crate::pki::tests::keys;
use crate::pki::tests::made::{
    Ca, DIGITAL_SIGNATURE, KEY_CERT_SIGN, KEY_ENCIPHERMENT, basic_constraints, ca_template, key_usage,
    leaf_template, name_constraints, root, spki,
};
use crate::pki::tests::world::{NOW, World, csr_of, p256, reasons, subjects};

const RSA_ENCRYPTION: &[u64] = &[1, 2, 840, 113549, 1, 1, 1];
const RSASSA_PSS: &[u64] = &[1, 2, 840, 113549, 1, 1, 10];
const EC_PUBLIC_KEY: &[u64] = &[1, 2, 840, 10045, 2, 1];

/// A chain whose CA has this key.
fn with_ca_key(world: &World, key: &PKey<Private>) -> [Vec<u8>; 3] {
    let ca = world.root.ca("CN=CA,O=Acme", key);
    [ca.leaf("CN=John Doe,O=Acme", &world.key), ca.der, world.root.der.clone()]
}

fn refused(world: &World, certificates: &[Vec<u8>], code: Code) -> String {
    let error =
        world.accept(&certs_only(certificates, &[])).map(|chain| subjects(&chain)).expect_err(code.as_str());
    assert_eq!(error.code(), code, "{error}");
    error.detail().to_owned()
}

#[test]
fn public_key_mismatch() {
    let world = World::new();
    let other = world.ca.leaf("CN=John Doe,O=Acme", &p256());
    assert_eq!(world.refuse(&[&other, &world.ca.der, &world.root.der]).code(), Code::PublicKeyMismatch);

    let as_ca = ca_template("CN=John Doe", &world.key).signed_by(&world.ca);
    let error = world.refuse(&[&as_ca, &world.ca.der, &world.root.der]);
    assert_eq!(error.code(), Code::PublicKeyMismatch);
    assert!(error.detail().contains("only in a CA certificate"), "{error}");

    let self_signed = leaf_template("CN=John Doe", &world.key).self_signed(&world.key).der;
    let error = world.refuse(&[&self_signed, &world.ca.der, &world.root.der]);
    assert_eq!(error.code(), Code::PublicKeyMismatch);
    assert!(error.detail().contains("only in a self-signed certificate"), "{error}");
}

#[test]
fn rsa_keys_are_equal_by_value_but_not_under_another_algorithm() {
    let world = World::of(KeyAlgorithm::Rsa2048);
    let pkcs1 = world.key.rsa().unwrap().public_key_to_der_pkcs1().unwrap();
    let mut template = leaf_template("CN=John Doe,O=Acme", &world.key);
    template.spki_der = spki(RSA_ENCRYPTION, None, &pkcs1);
    let absent = template.clone().signed_by(&world.ca);
    assert!(world.accept_all(&[&absent, &world.ca.der, &world.root.der]).is_ok());

    template.spki_der = spki(RSASSA_PSS, None, &pkcs1);
    let pss = template.signed_by(&world.ca);
    let error = world.refuse(&[&pss, &world.ca.der, &world.root.der]);
    assert_eq!(error.code(), Code::PublicKeyMismatch);
    assert!(error.detail().contains("id-RSASSA-PSS"), "{error}");
}

#[test]
fn ec_keys_are_equal_by_value_on_a_named_curve_only() {
    let world = World::new();
    let ec_key = world.key.ec_key().unwrap();
    let point = |form| {
        let mut context = openssl::bn::BigNumContext::new().unwrap();
        ec_key.public_key().to_bytes(ec_key.group(), form, &mut context).unwrap()
    };
    let p256_oid = [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    let mut template = leaf_template("CN=John Doe,O=Acme", &world.key);
    template.spki_der = spki(EC_PUBLIC_KEY, Some(&p256_oid), &point(PointConversionForm::COMPRESSED));
    let compressed = template.clone().signed_by(&world.ca);
    assert!(world.accept_all(&[&compressed, &world.ca.der, &world.root.der]).is_ok());

    template.spki_der = explicit(&world.key).public_key_to_der().unwrap();
    let written_out = template.clone().signed_by(&world.ca);
    let error = world.refuse(&[&written_out, &world.ca.der, &world.root.der]);
    assert_eq!(error.code(), Code::ExplicitEcParameters);

    let implicit = spki(EC_PUBLIC_KEY, Some(&[5, 0]), &point(PointConversionForm::COMPRESSED));
    template.spki_der = implicit;
    let inherited = template.signed_by(&world.ca);
    let error = world.refuse(&[&inherited, &world.ca.der, &world.root.der]);
    assert_eq!(error.code(), Code::ExplicitEcParameters);
}

/// The same key, its curve written out.
fn explicit(key: &PKey<Private>) -> PKey<Private> {
    let key = key.ec_key().unwrap();
    let mut group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    PKey::from_ec_key(EcKey::from_private_components(&group, key.private_key(), key.public_key()).unwrap())
        .unwrap()
}

#[test]
fn explicit_curves_of_cas_are_refused_too() {
    let world = World::new();
    let certificates = with_ca_key(&world, &explicit(&p256()));
    refused(&world, &certificates, Code::ExplicitEcParameters);
    let root = root("CN=Root,O=Acme", &explicit(&p256()));
    let leaf = root.leaf("CN=John Doe,O=Acme", &world.key);
    refused(&world, &[leaf, root.der], Code::ExplicitEcParameters);
}

#[test]
fn invalid_signature() {
    let world = World::new();
    let impostor = world.root.ca("CN=CA,O=Acme", &p256());
    let error = world.refuse(&[&world.leaf, &impostor.der, &world.root.der]);
    assert_eq!(error.code(), Code::InvalidSignature);
    assert!(
        error.detail().contains("CN=John Doe,O=Acme") && error.detail().contains("CN=CA,O=Acme"),
        "{error}"
    );
    // The true issuer beside the impostor is found.
    assert!(world.accept_all(&[&world.leaf, &impostor.der, &world.ca.der, &world.root.der]).is_ok());
    // A root whose own signature is broken closes nothing.
    let mut broken = world.root.der.clone();
    *broken.last_mut().unwrap() ^= 1;
    let error = world.refuse(&[&world.leaf, &world.ca.der, &broken]);
    assert_eq!(error.code(), Code::InvalidSignature);
}

#[test]
fn a_path_that_stops_names_the_issuer_it_wants() {
    let world = World::new();
    let error = world.refuse(&[&world.leaf, &world.root.der]);
    assert_eq!(error.code(), Code::IntermediateMissing);
    assert!(error.detail().contains("\"CN=CA,O=Acme\""), "{error}");
    let error = world.refuse(&[&world.leaf, &world.ca.der]);
    assert_eq!(error.code(), Code::RootMissing);
    assert!(error.detail().contains("\"CN=Root,O=Acme\""), "{error}");
    assert_eq!(world.refuse(&[&world.leaf]).code(), Code::RootMissing);
}

#[test]
fn untrusted_root() {
    let mut world = World::new();
    world.anchors = vec![root("CN=Root,O=Acme", &p256()).der];
    assert_eq!(world.refuse(&world.chain()).code(), Code::UntrustedRoot);
    // By key: another certificate of the root's key is as good.
    let mut renewed = ca_template("CN=Root,O=Acme", &world.root.key);
    renewed.serial = vec![9];
    world.anchors.push(renewed.self_signed(&world.root.key).der);
    assert!(world.accept_all(&world.chain()).is_ok());
}

#[test]
fn not_a_ca() {
    let world = World::new();
    let key = p256();
    for extensions in [
        vec![],
        vec![basic_constraints(false, None)],
        vec![basic_constraints(true, None), key_usage(&[DIGITAL_SIGNATURE])],
    ] {
        let mut template = ca_template("CN=CA,O=Acme", &key);
        template.extensions = extensions;
        let der = template.signed_by(&world.root);
        let ca = Ca { subject: "CN=CA,O=Acme".to_owned(), key: key.clone(), der };
        let leaf = ca.leaf("CN=John Doe,O=Acme", &world.key);
        refused(&world, &[leaf, ca.der, world.root.der.clone()], Code::NotACa);
    }
}

#[test]
fn path_length_exceeded() {
    let world = World::new();
    let (root_key, key) = (p256(), p256());
    let mut template = ca_template("CN=Root", &root_key);
    template.extensions[0] = basic_constraints(true, Some(0));
    let root = template.self_signed(&root_key);
    assert!(world.accept_all(&[&root.leaf("CN=a", &world.key), &root.der]).is_ok());
    let ca = root.ca("CN=CA", &key);
    let certificates = [ca.leaf("CN=a", &world.key), ca.der, root.der.clone()];
    let detail = refused(&world, &certificates, Code::PathLengthExceeded);
    assert!(detail.contains("allows 0 CAs") && detail.contains("there are 1"), "{detail}");
    // A self-issued certificate, as of a key roll-over, does not count.
    let rolled = root.ca("CN=Root", &key);
    assert!(world.accept_all(&[&rolled.leaf("CN=a", &world.key), &rolled.der, &root.der]).is_ok());
}

#[test]
fn validity_is_inclusive_with_five_minutes_of_skew() {
    let mut world = World::new();
    for (seconds, code) in [
        (86_400, None),
        (86_400 + 300, None),
        (86_400 + 301, Some(Code::CertificateExpired)),
        (-86_400 - 300, None),
        (-86_400 - 301, Some(Code::CertificateNotYetValid)),
    ] {
        world.now = NOW.plus_seconds(seconds);
        let refusal = world.accept_all(&world.chain()).err().map(|error| error.code());
        assert_eq!(refusal, code, "{seconds}");
    }
}

#[test]
fn key_usage_of_the_end_entity() {
    let world = World::new();
    for (usage, is_accepted) in [
        (Some(key_usage(&[DIGITAL_SIGNATURE])), true),
        (Some(key_usage(&[1])), true),
        (None, true),
        (Some(key_usage(&[KEY_ENCIPHERMENT])), false),
        (Some(key_usage(&[DIGITAL_SIGNATURE, KEY_CERT_SIGN])), false),
    ] {
        let mut template = leaf_template("CN=John Doe,O=Acme", &world.key);
        template.extensions.truncate(1);
        template.extensions.extend(usage);
        let leaf = template.signed_by(&world.ca);
        let refusal = world.accept_all(&[&leaf, &world.ca.der, &world.root.der]).err();
        assert_eq!(refusal.map(|error| error.code()), (!is_accepted).then_some(Code::KeyUsage));
    }
}

#[test]
fn weak_keys() {
    let world = World::new();
    let exponent = |e| {
        let e = openssl::bn::BigNum::from_u32(e).unwrap();
        PKey::from_rsa(Rsa::generate_with_e(2048, &e).unwrap()).unwrap()
    };
    for (key, said) in [
        (keys::rsa(1024), "1024 bits"),
        (exponent(3), "exponent"),
        (keys::ec(Nid::SECP224R1), "224 bits"),
        (keys::ec(Nid::X9_62_PRIME192V1), "192 bits"),
    ] {
        let detail = refused(&world, &with_ca_key(&world, &key), Code::WeakKey);
        assert!(detail.contains(said) && detail.contains("CN=CA,O=Acme"), "{detail}");
    }
    for key in [keys::rsa(2048), keys::ec(Nid::SECP384R1), PKey::generate_ed25519().unwrap()] {
        assert!(world.accept(&certs_only(&with_ca_key(&world, &key), &[])).is_ok());
    }
}

#[test]
fn weak_signatures_pass_on_the_root_only() {
    let world = World::new();
    let key = keys::rsa(2048);
    for digest in [MessageDigest::sha1(), MessageDigest::md5()] {
        let mut template = ca_template("CN=Root,O=Acme", &key);
        template.digest = digest;
        let root = template.self_signed(&key);
        let leaf = root.leaf("CN=John Doe,O=Acme", &world.key);
        assert!(world.accept_all(&[&leaf, &root.der]).is_ok());

        let mut template = leaf_template("CN=John Doe,O=Acme", &world.key);
        template.digest = digest;
        let leaf = template.signed_by(&root);
        refused(&world, &[leaf, root.der], Code::WeakSignature);
    }
}

#[test]
fn subject_mismatch_unless_the_ca_sets_it() {
    let mut world = World::new();
    let renamed = world.ca.leaf("CN=Jack,O=Acme", &world.key);
    assert!(world.accept_all(&[&renamed, &world.ca.der, &world.root.der]).is_ok());
    world.subject_rule = SubjectRule::AsRequested;
    let error = world.refuse(&[&renamed, &world.ca.der, &world.root.der]);
    assert_eq!(error.code(), Code::SubjectMismatch);
    assert!(error.detail().contains("\"CN=John Doe,O=Acme\""), "{error}");
    // Case and inner spaces are normalised away.
    let same = world.ca.leaf("CN=JOHN  doe,O=acme", &world.key);
    assert!(world.accept_all(&[&same, &world.ca.der, &world.root.der]).is_ok());
}

#[test]
fn certificate_revoked() {
    let world = World::new();
    let serial: &[u8] = &[0x41, 0x07];
    let chain: Vec<Vec<u8>> = world.chain().iter().map(|der| der.to_vec()).collect();
    let accept = |crl: Vec<u8>| world.accept(&certs_only(&chain, &[crl]));
    for listing in [world.ca.crl(&[serial], NOW), world.root.crl(&[serial], NOW)] {
        assert_eq!(accept(listing).unwrap_err().code(), Code::CertificateRevoked);
    }
    let impostor = Ca { key: p256(), ..world.ca.clone() };
    for (harmless, said) in [
        (world.ca.crl(&[&[5]], NOW), "nothing of the chain is revoked"),
        (world.ca.crl(&[serial], NOW.plus_seconds(-10_000)), "not fresh"),
        (world.ca.crl(&[serial], NOW.plus_seconds(10_000)), "not fresh"),
        (impostor.crl(&[serial], NOW), "nothing of the chain is revoked"),
        (vec![0x30, 0], "cannot be read"),
    ] {
        let chain = accept(harmless).unwrap();
        assert!(reasons(&chain).iter().any(|(_, reason)| reason.contains(said)), "{:?}", chain.ignored);
    }
}

#[test]
fn names_stay_within_constraints() {
    let world = World::new();
    let key = p256();
    let mut template = ca_template("CN=CA,O=Acme", &key);
    template.extensions.push(name_constraints("O=Acme"));
    let der = template.signed_by(&world.root);
    let ca = Ca { subject: "CN=CA,O=Acme".to_owned(), key, der };
    let inside = ca.leaf("CN=John Doe,O=Acme", &world.key);
    assert!(world.accept_all(&[&inside, &ca.der, &world.root.der]).is_ok());
    let outside = ca.leaf("CN=John Doe,O=Else", &world.key);
    let detail = refused(&world, &[outside, ca.der, world.root.der.clone()], Code::NameConstraints);
    assert!(detail.contains("permitted subtree violation"), "{detail}");
}

#[test]
fn a_stored_csr_of_another_key_fails_the_self_test() {
    let mut world = World::new();
    world.csr_der = csr_of(&p256(), KeyAlgorithm::P256);
    assert_eq!(world.refuse(&world.chain()).code(), Code::SelfTestFailed);
    world.csr_der = vec![];
    assert_eq!(world.refuse(&world.chain()).code(), Code::SelfTestFailed);
}

//! Container, order and extras never change the chain.

use crate::pki::pem;
use crate::pki::tests::made::{ca_template, leaf_template, root};
use crate::pki::tests::world::{NOW, World, p7b, p256, reasons};
use crate::pki::tests::{command_line, containers};

type Sets = Vec<(&'static str, Vec<Vec<u8>>, Vec<Vec<u8>>)>;

#[test]
fn container_and_order_and_extras_never_change_the_chain() {
    let world = World::new();
    let chain: Vec<Vec<u8>> = world.chain().iter().map(|der| der.to_vec()).collect();
    let with = |extra: &[u8]| [chain.clone(), vec![extra.to_vec()]].concat();
    let other_root = root("CN=Other Root,O=Else", &p256());
    let foreign_leaf = other_root.leaf("CN=Somebody,O=Else", &p256());
    let cross = ca_template(&world.root.subject, &world.root.key).signed_by(&other_root);
    let mut older = leaf_template("CN=John,O=Acme", &world.key);
    older.from = older.from.plus_seconds(-1);
    let older = older.signed_by(&world.ca);
    let with_cross = [with(&cross), vec![other_root.der.clone()]].concat();
    let sets: Sets = vec![
        ("plain", chain.clone(), vec![]),
        ("a CRL", chain.clone(), vec![world.ca.crl(&[&[5]], NOW)]),
        ("root twice", with(&world.root.der), vec![]),
        ("a foreign leaf", with(&foreign_leaf), vec![]),
        ("a cross-certificate", with(&cross), vec![]),
        ("a cross-certificate and its root", with_cross, vec![]),
        ("an older end entity", with(&older), vec![]),
    ];
    for (extra, certificates, crls) in &sets {
        let mut ignored = None;
        for (container, wrap) in containers::ALL {
            for (order, certificates) in orders(certificates) {
                let case = format!("{container}, {order}, {extra}");
                let accepted = world.accept(&wrap(&certificates, crls)).expect(&case);
                let ders: Vec<_> = accepted.certificates.iter().map(|facts| facts.der.clone()).collect();
                assert_eq!(ders, chain, "{case}");
                // What is said of the rest does not depend on the container either.
                assert_eq!(ignored.get_or_insert(accepted.ignored.clone()), &accepted.ignored, "{case}");
                assert_eq!(accepted.ignored.len(), certificates.len() + crls.len() - chain.len(), "{case}");
            }
        }
    }
}

#[test]
fn what_is_not_used_is_listed_with_a_reason() {
    let world = World::new();
    let other_root = root("CN=Other Root,O=Else", &p256());
    let other_ca = other_root.ca("CN=Other CA,O=Else", &p256());
    let foreign = other_root.leaf("CN=Somebody,O=Else", &p256());
    let cross = ca_template(&world.root.subject, &world.root.key).signed_by(&other_root);
    let mut older = leaf_template("CN=John,O=Acme", &world.key);
    older.from = older.from.plus_seconds(-1);
    let older = older.signed_by(&world.ca);
    let mut all = world.chain().to_vec();
    all.extend([&world.ca.der[..], &cross, &foreign, &older, &other_root.der, &other_ca.der]);
    let chain = world.accept_all(&all).unwrap();
    assert_eq!(
        reasons(&chain),
        [
            ("CN=CA,O=Acme", "the same certificate is in the upload more than once"),
            ("CN=John,O=Acme", "another certificate of the credential's key, not the newest"),
            ("CN=Other CA,O=Else", "a CA certificate that the chain does not need"),
            ("CN=Other Root,O=Else", "a root that the chain does not lead to"),
            ("CN=Root,O=Acme", "another certificate of a CA in the chain, such as a cross-certificate"),
            ("CN=Somebody,O=Else", "a certificate of another key"),
        ]
    );
}

#[test]
fn openssl_writes_what_is_read_and_reads_what_is_written() {
    let world = World::new();
    let blocks: String = world.chain().iter().map(|der| pem::write("CERTIFICATE", der)).collect();
    for form in ["PEM", "DER"] {
        let wrap = ["crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", "-outform", form];
        let upload = command_line::openssl(&wrap, blocks.as_bytes());
        assert_eq!(world.accept(&upload).unwrap().certificates.len(), 3, "{form}");
    }
    let ours = p7b(&world.chain());
    let printed = command_line::openssl(&["pkcs7", "-inform", "DER", "-print_certs"], &ours);
    let chain = world.accept(&printed).unwrap();
    assert_eq!((chain.certificates.len(), chain.ignored.len()), (3, 0));
}

fn orders(certificates: &[Vec<u8>]) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let mut reversed = certificates.to_vec();
    reversed.reverse();
    // A fixed shuffle: odd places first, from behind.
    let odd = certificates.iter().skip(1).step_by(2).rev();
    let even = certificates.iter().step_by(2).rev();
    let shuffled = odd.chain(even).cloned().collect();
    vec![("given", certificates.to_vec()), ("reversed", reversed), ("shuffled", shuffled)]
}

//! Which path is taken when there are several, and that looking for one ends.

use crate::model::error::Code;
use crate::pki::tests::made::{Ca, ca_template, leaf_template, root};
use crate::pki::tests::world::{World, p256, subjects};

/// Certifies a CA's name and key once more.
fn cross(issuer: &Ca, ca: &Ca) -> Vec<u8> {
    ca_template(&ca.subject, &ca.key).signed_by(issuer)
}

#[test]
fn the_newest_certificate_of_the_key_is_the_end_entity() {
    let world = World::new();
    let mut newer = leaf_template("CN=Newer", &world.key);
    newer.from = newer.from.plus_seconds(1);
    let newer = newer.signed_by(&world.ca);
    let chain = world.accept_all(&[&world.leaf, &newer, &world.ca.der, &world.root.der]).unwrap();
    assert_eq!(chain.certificates.first().unwrap().der, newer);
}

#[test]
fn a_pinned_root_goes_before_a_shorter_path() {
    let mut world = World::new();
    let old_root = root("CN=Old Root", &p256());
    let crossed = cross(&old_root, &world.root);
    let all: [&[u8]; 5] = [&world.leaf, &world.ca.der, &world.root.der, &crossed, &old_root.der];
    let chain = world.accept_all(&all).unwrap();
    assert_eq!(subjects(&chain).last().unwrap(), "CN=Root,O=Acme");
    world.anchors = vec![old_root.der.clone()];
    let all: [&[u8]; 5] = [&world.leaf, &world.ca.der, &world.root.der, &crossed, &old_root.der];
    let chain = world.accept_all(&all).unwrap();
    assert_eq!(subjects(&chain), ["CN=John Doe,O=Acme", "CN=CA,O=Acme", "CN=Root,O=Acme", "CN=Old Root"]);
}

#[test]
fn of_paths_alike_the_one_that_lasts_longer_is_taken() {
    let world = World::new();
    let mut longer = ca_template(&world.ca.subject, &world.ca.key);
    longer.to = longer.to.plus_seconds(1);
    let longer = longer.signed_by(&world.root);
    for all in [[&world.ca.der, &longer], [&longer, &world.ca.der]] {
        let chain = world.accept_all(&[&world.leaf, all[0], all[1], &world.root.der]).unwrap();
        assert_eq!(chain.certificates.get(1).unwrap().der, longer);
    }
}

#[test]
fn a_path_that_fails_a_check_gives_way_to_one_that_passes() {
    let world = World::new();
    // The shorter path leads over a CA certificate that has expired.
    let mut expired = ca_template(&world.ca.subject, &world.ca.key);
    expired.to = expired.from;
    let expired = expired.signed_by(&world.root);
    let bridge = world.root.ca("CN=Bridge", &p256());
    let bridged = cross(&bridge, &world.ca);
    let all: [&[u8]; 5] = [&world.leaf, &expired, &bridged, &bridge.der, &world.root.der];
    let chain = world.accept_all(&all).unwrap();
    assert_eq!(chain.certificates.len(), 4);
    assert_eq!(world.refuse(&[&world.leaf, &expired, &world.root.der]).code(), Code::CertificateExpired);
}

#[test]
fn a_path_has_at_most_eight_certificates() {
    let world = World::new();
    let mut authorities = vec![world.root.clone()];
    for number in 1..8 {
        let below = authorities.last().unwrap().ca(&format!("CN=CA {number}"), &p256());
        authorities.push(below);
    }
    let upload = |depth: usize| {
        let leaf = authorities[depth].leaf("CN=John Doe", &world.key);
        let mut all = vec![leaf];
        all.extend(authorities.iter().take(depth + 1).map(|ca| ca.der.clone()));
        all
    };
    let accept = |all: Vec<Vec<u8>>| world.accept_all(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(accept(upload(6)).unwrap().certificates.len(), 8);
    let error = accept(upload(7)).unwrap_err();
    assert_eq!(error.code(), Code::MalformedPkcs7);
    assert!(error.detail().contains("limit of 8"), "{error}");
}

#[test]
fn circles_end() {
    let world = World::new();
    let (a, b) = (root("CN=A", &p256()), root("CN=B", &p256()));
    let leaf = a.leaf("CN=John Doe", &world.key);
    let (a_by_b, b_by_a) = (cross(&b, &a), cross(&a, &b));
    let error = world.refuse(&[&leaf, &a_by_b, &b_by_a]);
    assert_eq!(error.code(), Code::RootMissing, "{error}");
    let chain = world.accept_all(&[&leaf, &a_by_b, &b_by_a, &b.der]).unwrap();
    assert_eq!(subjects(&chain), ["CN=John Doe", "CN=A", "CN=B"]);
}

#[test]
fn signature_checks_are_bounded() {
    let world = World::new();
    // Everybody is called the same, so that every certificate may be everybody's issuer.
    let name = "CN=Root,O=Acme";
    let namesakes: Vec<Ca> = (0..30).map(|_| root(name, &p256())).collect();
    let first = namesakes.first().unwrap();
    let mut all = vec![leaf_template("CN=John Doe", &world.key).signed_by(first)];
    for pair in namesakes.windows(2) {
        all.push(cross(&pair[1], &pair[0]));
    }
    let error = world.refuse(&all.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(error.code(), Code::MalformedPkcs7, "{error}");
    assert!(error.detail().contains("limit of 100"), "{error}");
}

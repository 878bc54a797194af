//! With `openssl ts` as the TSA: a witness that had no part in writing this.

use std::path::{Path, PathBuf};

use openssl::rand::rand_bytes;
use openssl::sha::sha256;

use super::*;
use crate::model::time::Clock;
use crate::pki::authority::Authority;
use crate::pki::tests::command_line::openssl;

/// A TSA in a directory of its own.
struct Tsa(PathBuf);

const CONFIGURATION: &str = "\
[tsa]
default_tsa = only
[only]
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha1, sha256, sha384, sha512
signer_digest = sha256
";

impl Tsa {
    fn new() -> Self {
        let mut name = [0; 8];
        rand_bytes(&mut name).unwrap();
        let tsa = Self(std::env::temp_dir().join(format!("countersign-tsa-{:x}", u64::from_be_bytes(name))));
        std::fs::create_dir(&tsa.0).unwrap();
        let (key, certificate) = (tsa.path("key"), tsa.path("certificate"));
        let usage = "extendedKeyUsage=critical,timeStamping";
        let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let named = ["-subj", "/CN=TSA", "-addext", usage, "-keyout", &key, "-out", &certificate];
        openssl(&[&arguments[..], &named].concat(), b"");
        tsa
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn reply(&self, query: &[u8], settings: &str) -> Vec<u8> {
        let [query_file, answer, configuration, serial] =
            ["query", "answer", "configuration", "serial"].map(|name| self.path(name));
        std::fs::write(&query_file, query).unwrap();
        // openssl does not read a serial number that is not there.
        if !Path::new(&serial).exists() {
            std::fs::write(&serial, "0A").unwrap();
        }
        std::fs::write(&configuration, format!("{CONFIGURATION}serial = {serial}\n{settings}")).unwrap();
        let (key, signer) = (self.path("key"), self.path("certificate"));
        let ours = ["ts", "-reply", "-config", &configuration, "-queryfile", &query_file, "-out", &answer];
        openssl(&[&ours[..], &["-inkey", &key, "-signer", &signer]].concat(), b"");
        std::fs::read(answer).unwrap()
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn request() -> Request {
    Request {
        algorithm: ImprintAlgorithm::Sha2(Digest::Sha256),
        hash: sha256(b"abc").to_vec(),
        nonce: Nonce::parse("1234567890"),
        policy: None,
    }
}

fn now() -> Timestamp {
    Clock::System.now()
}

#[track_caller]
fn refusal(request: &Request, response: &[u8]) -> String {
    request.accept(response, now()).unwrap_err().to_string()
}

#[test]
fn a_token_is_accepted_for_every_digest_and_nonce_and_openssl_verifies_it() {
    let tsa = Tsa::new();
    for algorithm in [
        ImprintAlgorithm::Sha1,
        ImprintAlgorithm::Sha2(Digest::Sha256),
        ImprintAlgorithm::Sha2(Digest::Sha384),
        ImprintAlgorithm::Sha2(Digest::Sha512),
    ] {
        for nonce in [None, Some("0"), Some("1234567890"), Some("ff"), Some("0080"), Some(&*"f".repeat(128))]
        {
            let request = Request {
                algorithm,
                hash: vec![0xab; algorithm.length()],
                nonce: nonce.map(|text| Nonce::parse(text).unwrap()),
                policy: nonce.map(|_| "1.2.3.4.5".parse().unwrap()),
            };
            let response = tsa.reply(&request.der(), "");
            let token = request.accept(&response, now()).unwrap();
            assert!(response.ends_with(&token.der));
            assert!(!token.serial_number.is_empty());
            // The token by itself, against our query.
            std::fs::write(tsa.path("token"), &token.der).unwrap();
            let (file, query, ca) = (tsa.path("token"), tsa.path("query"), tsa.path("certificate"));
            openssl(&["ts", "-verify", "-token_in", "-in", &file, "-queryfile", &query, "-CAfile", &ca], b"");
        }
    }
}

#[test]
fn both_ways_to_name_the_certificate_are_read() {
    let tsa = Tsa::new();
    for digest in ["sha1", "sha256", "sha384", "sha512"] {
        let response = tsa.reply(&request().der(), &format!("ess_cert_id_alg = {digest}\n"));
        request().accept(&response, now()).unwrap();
    }
    let refused = refusal(&request(), &tsa.reply(&request().der(), "ess_cert_id_alg = sha224\n"));
    assert!(refused.contains("unknown digest"), "{refused}");
}

#[test]
fn a_token_for_another_request_is_refused() {
    let tsa = Tsa::new();
    let response = tsa.reply(&request().der(), "");
    for (other, why) in [
        (Request { hash: sha256(b"abd").to_vec(), ..request() }, "something else"),
        (Request { algorithm: ImprintAlgorithm::Sha2(Digest::Sha384), ..request() }, "something else"),
        (Request { nonce: Nonce::parse("1234567891"), ..request() }, "another nonce"),
        (Request { policy: Some("1.2.3.4.5".parse().unwrap()), ..request() }, "another policy"),
    ] {
        let refused = refusal(&other, &response);
        assert!(refused.contains(why), "{refused}");
    }
    let unasked = tsa.reply(&Request { nonce: None, ..request() }.der(), "");
    assert!(refusal(&request(), &unasked).contains("another nonce"));
    for late in [-CLOCK_SKEW - 60, CLOCK_SKEW + 60] {
        let refused = request().accept(&response, now().plus_seconds(late)).unwrap_err().to_string();
        assert!(refused.contains("our clock"), "{refused}");
    }
}

#[test]
fn what_the_tsa_refuses_says_why() {
    let tsa = Tsa::new();
    let sha1 = Request { algorithm: ImprintAlgorithm::Sha1, hash: vec![1; 20], ..request() };
    // The last line for a name counts.
    let refused = sha1.accept(&tsa.reply(&sha1.der(), "digests = sha256\n"), now()).unwrap_err();
    assert!(matches!(&refused, Rejection::Algorithm(why) if why.contains("badAlg")), "{refused}");
    let policy = Request { policy: Some("1.2.3.9".parse().unwrap()), ..request() };
    let refused = refusal(&policy, &tsa.reply(&policy.der(), ""));
    assert!(refused.contains("unacceptedPolicy") && refused.contains("olicy is not supported"), "{refused}");
}

#[test]
fn a_damaged_or_foreign_answer_is_refused_whatever_it_is() {
    let tsa = Tsa::new();
    let response = tsa.reply(&request().der(), "");
    let generated_at = request().accept(&response, now()).unwrap().generated_at;
    for at in 0..response.len() {
        assert!(request().accept(&response[..at], now()).is_err(), "{at}");
        let mut damaged = response.clone();
        damaged[at] ^= 0x01;
        // What is not signed may differ, such as granted from grantedWithMods; what is said may not.
        if let Ok(token) = request().accept(&damaged, now()) {
            assert_eq!(token.generated_at, generated_at, "{at}");
        }
    }
    for nothing in [&b""[..], b"0", b"<html>", &[0x30, 0], &[0x30, 3, 2, 1, 0], &[0x30, 5, 0x30, 3, 2, 1, 0]]
    {
        assert!(request().accept(nothing, now()).is_err(), "{nothing:?}");
    }
}

#[test]
fn only_a_certificate_for_time_stamping_that_is_there_will_do() {
    let tsa = Tsa::new();
    let without = tsa.reply(&without_certificate(&request().der()), "");
    let refused = refusal(&request(), &without);
    assert!(refused.contains("does not hold the certificate"), "{refused}");
    let made_at = Timestamp::from_seconds(1_800_000_000);
    let authority = Authority::new("Demo", 0, made_at).unwrap();
    let other = authority.issue_to_a_stranger("J", 1, made_at).unwrap();
    assert!(signature::for_time_stamping(&other).is_err());
}

/// The query with certReq left at its default.
fn without_certificate(query: &[u8]) -> Vec<u8> {
    let mut query = query.to_vec();
    query.truncate(query.len() - 3);
    query[1] -= 3;
    query
}

#[test]
fn nonces_are_hexadecimal_digits_of_an_integer() {
    for (text, octets) in
        [("0", &[][..]), ("000", &[]), ("7", &[7]), ("1a2B", &[0x1a, 0x2b]), ("12345", &[1, 0x23, 0x45])]
    {
        assert_eq!(Nonce::parse(text), Some(Nonce(octets.to_vec())), "{text}");
    }
    assert!(Nonce::parse(&"f".repeat(128)).is_some());
    for text in ["", "0x1", "-1", "+1", " 1", "g", "1.0", "é", "éé", &"f".repeat(129)] {
        assert_eq!(Nonce::parse(text), None, "{text}");
    }
}

#[test]
fn policies_are_object_identifiers() {
    for text in ["1.2.3.4.1", "2.999.1", "0.4.0.2023.1.1"] {
        text.parse::<Policy>().unwrap();
    }
    for text in ["", "1", "3.1", "1.40", "1..2", "1.2.x", "tsa"] {
        assert!(text.parse::<Policy>().is_err(), "{text}");
    }
}

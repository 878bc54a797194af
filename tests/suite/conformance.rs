//! What a conformance tester of CSC v1 checks, point by point and in its order, on one service.

use std::collections::BTreeSet;

use countersign::config::{self, Config, Database, DatabaseUrl};
use countersign::model::algorithm::{Digest, KeyAlgorithm, OID_RSA, OID_RSA_PSS, SignatureScheme};
use countersign::model::time::Clock;
use countersign::pki::verify::verify;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::postgres;
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, base64_all, signatures};
use crate::support::tsa::Tsa;
use crate::support::world::World;

#[test]
fn a_tester_of_v1_finds_what_it_looks_for() {
    let postgres = DatabaseUrl::parse(&postgres::database()).unwrap();
    let places: [&dyn Fn(&mut Config); 2] = [&|_| (), &|config| {
        config.database = Database { url: postgres.clone(), ..config.database.clone() };
    }];
    for place in places {
        let tsa = Tsa::start();
        // At the time of its time-stamping authority, which the tester has stamp SHA-1.
        let scene = &Scene::of(World::configured_at(Clock::System.now(), |config| {
            let url = tsa.url().parse().unwrap();
            config.tsa = Some(config::Tsa { allow_sha1: true, ..config::Tsa::at(url) });
            place(config);
        }));
        info_speaks_the_language_asked_for_and_has_a_logo(scene);
        a_login_gives_a_refresh_token_to_whoever_wants_to_be_remembered(scene);
        lists_come_in_pages_of_the_size_asked_for(scene);
        let plan = Plan { key: KeyAlgorithm::Rsa2048, multi_signature: 20, ..Plan::default() };
        let credential = scene.enrol(&plan.with(json!({ "scal": "1" })), Status::Active);
        credentials_are_described_in_the_parts_asked_for(scene, &credential);
        codes_are_sent(scene);
        let sad = factors_are_refused_in_their_order(scene, &credential);
        let sad = transactions_are_extended(scene, &credential, &sad);
        one_sad_signs_what_was_authorised_and_no_more(scene, &credential, &sad);
        times_are_stamped(scene, &credential);
        what_is_not_there_is_denied(scene);
        a_revoked_token_ends(scene);
        a_revoked_refresh_token_logs_in_no_more(scene);
        // Last, since it moves the clock.
        a_certificate_that_ended_comes_before_any_factor(scene);
    }
}

fn info_speaks_the_language_asked_for_and_has_a_logo(scene: &Scene) {
    let info = scene.http.get("/csc/v1/info").send().expect(200).json();
    assert_eq!(info["lang"], "en-US");
    let italian = scene.http.post("/csc/v1/info").json(&json!({ "lang": "it-IT" })).send().expect(200);
    assert_eq!(italian.json()["lang"], "it-IT");
    let (_, path) = info["logo"].as_str().unwrap().split_once("localhost:8080").unwrap();
    let logo = scene.http.get(path).send().expect(200);
    assert!(["image/png", "image/jpeg"].contains(&logo.header("content-type").unwrap()));
}

fn a_login_gives_a_refresh_token_to_whoever_wants_to_be_remembered(scene: &Scene) {
    let secret = scene.secret("acme");
    let path = "/csc/v1/auth/login";
    for request in [scene.http.get(path), scene.http.post(path), scene.http.post(path).json(&json!({}))] {
        let login = request.basic("acme", &secret).send().expect(200).json();
        assert!(login["access_token"].is_string(), "{login}");
        assert_eq!(login["refresh_token"], Value::Null);
    }
    let remembered = scene.http.post(path).basic("acme", &secret).json(&json!({ "rememberMe": true }));
    let remembered = remembered.send().expect(200).json();
    assert!(remembered["access_token"].is_string() && remembered["refresh_token"].is_string());
}

fn lists_come_in_pages_of_the_size_asked_for(scene: &Scene) {
    let plan = Plan { seat: "lists@acme", ..Plan::pin_only() };
    let enrolled: Vec<Credential> = (0..6).map(|_| scene.enrol(&plan, Status::Active)).collect();
    let all: BTreeSet<&str> = enrolled.iter().map(|credential| credential.id.as_str()).collect();
    for size in [1, 5, 20] {
        let mut seen = BTreeSet::new();
        let mut body = json!({ "maxResults": size });
        loop {
            let page = scene.csc(&enrolled[0].token, "credentials/list", &body).expect(200).json();
            let ids = page["credentialIDs"].as_array().unwrap();
            assert!(ids.len() <= size, "{page}");
            seen.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
            let Some(next) = page.get("nextPageToken") else { break };
            body["pageToken"] = next.clone();
        }
        assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), all);
    }
}

fn credentials_are_described_in_the_parts_asked_for(scene: &Scene, credential: &Credential) {
    let info = |parts: Value| {
        let mut body = parts;
        body["credentialID"] = credential.id.as_str().into();
        scene.csc(&credential.token, "credentials/info", &body).expect(200).json()
    };
    let certificates = |info: &Value| info["cert"]["certificates"].as_array().map(Vec::len);
    let facts = ["issuerDN", "serialNumber", "subjectDN", "validFrom", "validTo"];

    let plain = info(json!({}));
    assert_eq!(certificates(&plain), Some(1));
    assert!(plain.get("PIN").is_none() && plain.get("OTP").is_none(), "{plain}");
    assert!(facts.iter().all(|name| plain["cert"].get(name).is_none()), "{plain}");
    let none = info(json!({ "certificates": "none" }));
    assert!(none["cert"].is_object() && certificates(&none).is_none(), "{none}");
    assert_eq!(certificates(&info(json!({ "certificates": "single" }))), Some(1));
    assert!(certificates(&info(json!({ "certificates": "chain" }))) > Some(1));
    let told = info(json!({ "certInfo": true }));
    assert!(facts.iter().all(|name| told["cert"][name].is_string()), "{told}");
    let asked = info(json!({ "authInfo": true }));
    assert!(["PIN", "OTP"].iter().all(|name| asked[name]["presence"] == "true"), "{asked}");
}

fn codes_are_sent(scene: &Scene) {
    let demands = json!({ "scal": "1" });
    let plan = Plan { seat: "mailed@acme", multi_signature: 20, ..Plan::mailed().with(demands) };
    let credential = scene.enrol(&plan, Status::Active);
    let body = json!({ "credentialID": credential.id });
    let sent = scene.csc(&credential.token, "credentials/sendOTP", &body).expect(204);
    assert_eq!(sent.text(), "");
    factors_are_refused_in_their_order(scene, &credential);
}

/// Gives a SAD for 17 signatures.
fn factors_are_refused_in_their_order(scene: &Scene, credential: &Credential) -> String {
    let authorize = |pin: Value, otp: Value| {
        let body = json!({ "credentialID": credential.id, "numSignatures": 17, "PIN": pin, "OTP": otp });
        scene.csc(&credential.token, "credentials/authorize", &body)
    };
    let otp = scene.one_time_password(credential);
    refused(authorize(PIN.into(), wrong(&otp).into()), "invalid_otp", "The OTP is invalid");
    // One code for the call with the wrong PIN and for the good one.
    refused(authorize(wrong(PIN).into(), otp.as_str().into()), "invalid_pin", "The PIN is invalid");
    let authorized = authorize(PIN.into(), otp.as_str().into()).expect(200).json();
    let number = |text: &str| Value::from(text.parse::<u64>().unwrap());
    refused(authorize(number(PIN), otp.as_str().into()), "invalid_request", "Invalid parameter PIN");
    refused(authorize(PIN.into(), number(&otp)), "invalid_request", "Invalid parameter OTP");
    authorized["SAD"].as_str().unwrap().to_owned()
}

fn transactions_are_extended(scene: &Scene, credential: &Credential, sad: &str) -> String {
    let extend = |sad: &str| {
        let body = json!({ "credentialID": credential.id, "SAD": sad });
        scene.csc(&credential.token, "credentials/extendTransaction", &body)
    };
    refused(extend("xxx"), "invalid_request", "Invalid parameter SAD");
    let extended = extend(sad).expect(200).json()["SAD"].as_str().unwrap().to_owned();
    assert_ne!(extended, sad);
    extended
}

/// RSASSA-PSS-params: SHA-256, MGF1 with SHA-256, a salt of 32 octets, one trailer field.
const PSS_PARAMETERS: &str =
    "MDmgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEgowMCAQE=";

fn one_sad_signs_what_was_authorised_and_no_more(scene: &Scene, credential: &Credential, sad: &str) {
    let sign = |more: Value, hashes: &[Vec<u8>]| {
        let mut body = json!({ "credentialID": credential.id, "SAD": sad, "hash": base64_all(hashes) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        scene.csc(&credential.token, "signatures/signHash", &body)
    };
    let signed = |more: Value, scheme: SignatureScheme, hashes: &[Vec<u8>]| {
        let made = signatures(&sign(more, hashes).expect(200));
        assert_eq!(made.len(), hashes.len());
        for (hash, signature) in hashes.iter().zip(&made) {
            assert!(verify(&credential.certificate, scheme, hash, signature).unwrap(), "{scheme:?}");
        }
    };
    let info = json!({ "credentialID": credential.id });
    let info = scene.csc(&credential.token, "credentials/info", &info).expect(200).json();
    let listed = |last: u32| info["key"]["algo"].as_array().unwrap().contains(&oid(last));
    // SHA-1 and SHA-224 with RSA; the tester tries what is listed only.
    assert!(!listed(5) && !listed(14), "{info}");
    assert!([1, 10, 11, 12, 13].into_iter().all(listed), "{info}");

    // Four times one hash, in one call.
    let (sha256, sha384, sha512) = (Digest::Sha256, Digest::Sha384, Digest::Sha512);
    let named = json!({ "signAlgo": OID_RSA, "hashAlgo": sha256.oid() });
    signed(named, SignatureScheme::RsaPkcs1(sha256), &vec![vec![7; 32]; 4]);
    let sha1 = json!({ "signAlgo": OID_RSA, "hashAlgo": "1.3.14.3.2.26" });
    refused(sign(sha1, &[vec![7; 20]]), "invalid_request", "Invalid parameter hashAlgo");
    signed(json!({ "signAlgo": oid(11) }), SignatureScheme::RsaPkcs1(sha256), &[vec![1; 32]]);
    let mut short = json!({ "credentialID": credential.id, "SAD": sad, "signAlgo": oid(11) });
    short["hash"] = json!(["000"]);
    let reply = scene.csc(&credential.token, "signatures/signHash", &short);
    refused(reply, "invalid_request", "Invalid digest value length");
    let three = |length| (0..3).map(|n| vec![n; length]).collect::<Vec<_>>();
    signed(json!({ "signAlgo": oid(12) }), SignatureScheme::RsaPkcs1(sha384), &three(48));
    signed(json!({ "signAlgo": oid(13) }), SignatureScheme::RsaPkcs1(sha512), &[vec![1; 64]]);
    let pss = json!({ "signAlgo": OID_RSA_PSS, "signAlgoParams": PSS_PARAMETERS });
    let scheme = SignatureScheme::RsaPss { digest: sha256, mgf1: sha256, salt_length: 32 };
    signed(pss.clone(), scheme, &three(32));
    // 4 + 1 + 3 + 1 + 3 of 17: what failed in between cost nothing.
    refused(sign(pss.clone(), &vec![vec![9; 32]; 6]), "invalid_request", "Numbers of signatures is too high");
    signed(pss.clone(), scheme, &vec![vec![9; 32]; 5]);
    refused(sign(pss, &[vec![9; 32]]), "invalid_request", "Invalid parameter SAD");
}

fn times_are_stamped(scene: &Scene, credential: &Credential) {
    let hash = base64_all(&[vec![7; 20]])[0].clone();
    let plain = json!({ "hash": hash, "hashAlgo": "1.3.14.3.2.26" });
    let with_nonce = json!({ "hash": hash, "hashAlgo": "1.3.14.3.2.26", "nonce": "1479153617" });
    for body in [plain, with_nonce] {
        let stamped = scene.csc(&credential.token, "signatures/timestamp", &body).expect(200).json();
        assert!(stamped["timestamp"].is_string(), "{stamped}");
    }
}

fn oid(last: u32) -> Value {
    format!("1.2.840.113549.1.1.{last}").into()
}

fn what_is_not_there_is_denied(scene: &Scene) {
    let denied = scene.http.post("/csc/v1/no/such").json(&json!({})).send().expect(501);
    let description = "The user or Remote Service denied the request.";
    assert_eq!(denied.json(), json!({ "error": "access_denied", "error_description": description }));
}

fn a_revoked_token_ends(scene: &Scene) {
    let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
    scene.csc(&token, "credentials/list", &json!({})).expect(200);
    scene.revoke("acme", &token);
    let ended = scene.csc(&token, "credentials/list", &json!({})).expect(401).json();
    assert_eq!(ended["error"], "expired_token");
}

fn a_revoked_refresh_token_logs_in_no_more(scene: &Scene) {
    let login = |body: &Value| scene.http.post("/csc/v1/auth/login").json(body);
    for hint in [Value::Null, json!("refresh_token")] {
        let remembered = login(&json!({ "rememberMe": true })).basic("acme", &scene.secret("acme"));
        let remembered = remembered.send().expect(200).json();
        let refresh = json!({ "refresh_token": remembered["refresh_token"] });
        let renewed = login(&refresh).send().expect(200).json();
        let token = renewed["refresh_token"].clone();
        let revocation = json!({ "token": token, "token_type_hint": hint });
        scene.csc(renewed["access_token"].as_str().unwrap(), "auth/revoke", &revocation).expect(204);
        let refused_login = login(&json!({ "refresh_token": token })).send();
        refused(refused_login, "invalid_request", "Invalid refresh_token");
    }
}

fn a_certificate_that_ended_comes_before_any_factor(scene: &Scene) {
    let plan = Plan { certificate_days: 1, ..Plan::default() };
    let credential = scene.enrol(&plan.with(json!({ "scal": "1" })), Status::Active);
    scene.clock.advance(2 * 86_400);
    let body = json!({ "credentialID": credential.id, "numSignatures": 1, "PIN": wrong(PIN), "OTP": "0" });
    let reply = scene.csc(&credential.token, "credentials/authorize", &body);
    refused(reply, "invalid_request", "Invalid certificate status");
}

/// Digits of the same number, and others.
fn wrong(digits: &str) -> String {
    digits.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 1) % 10)).collect()
}

#[track_caller]
fn refused(reply: Reply, error: &str, description: &str) {
    let reply = reply.expect(400);
    let body = json!({ "error": error, "error_description": description });
    assert_eq!(reply.json(), body, "{}", reply.what);
}

//! Signatures by the CSC API: every algorithm, what a SAD is good for, and what locks.

use std::slice::from_ref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use countersign::pki::verify::verify;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::scene::{
    PIN, Plan, Status, at_once, base64_all, hash, on_both, openssl, pem, signatures, statuses,
};

/// The sentence that CSC has for a refusal, under `invalid_request`.
#[track_caller]
fn refused(reply: Reply, description: &str) {
    refused_as(reply, "invalid_request", description);
}

#[track_caller]
fn refused_as(reply: Reply, error: &str, description: &str) {
    let reply = reply.expect(400);
    let body = reply.json();
    assert_eq!(
        (&body["error"], &body["error_description"]),
        (&json!(error), &json!(description)),
        "{} {body}",
        reply.what
    );
}

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";

/// RSASSA-PSS-params (RFC 8017, A.2.3), base64, for SHA-256 with MGF1 of SHA-256 and a salt of so many octets.
fn pss_parameters(salt_length: u8) -> String {
    let sha256 = |writer: yasna::DERWriter<'_>| {
        writer.write_sequence(|w| {
            w.next()
                .write_oid(&yasna::models::ObjectIdentifier::from_slice(&[2, 16, 840, 1, 101, 3, 4, 2, 1]));
            w.next().write_null();
        });
    };
    STANDARD.encode(yasna::construct_der(|writer| {
        writer.write_sequence(|w| {
            w.next().write_tagged(yasna::Tag::context(0), sha256);
            w.next().write_tagged(yasna::Tag::context(1), |w| {
                w.write_sequence(|w| {
                    let mgf1 = yasna::models::ObjectIdentifier::from_slice(&[1, 2, 840, 113_549, 1, 1, 8]);
                    w.next().write_oid(&mgf1);
                    sha256(w.next());
                });
            });
            w.next().write_tagged(yasna::Tag::context(2), |w| w.write_u8(salt_length));
        });
    }))
}

#[test]
fn openssl_verifies_what_each_algorithm_signs() {
    on_both(|scene| {
        for key in KeyAlgorithm::ALL {
            // The algorithms of a key are the same for every length of RSA.
            if matches!(key, KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096) {
                continue;
            }
            let credential = scene.enrol(&Plan { key, ..Plan::pin_only() }, Status::Active);
            for (request, scheme) in algorithms(key) {
                let length = scheme.digest().map_or(64, Digest::len);
                let hashes: Vec<Vec<u8>> = (0..3).map(|n| vec![n; length]).collect();
                let sad = scene.authorize(&credential, 3, &hashes);
                let mut body = scene.signing(&credential, &sad, &hashes);
                for (name, value) in request.as_object().unwrap() {
                    body[name] = value.clone();
                }
                let reply = scene.csc(&credential.token, "signatures/signHash", &body).expect(200);
                let made = signatures(&reply);
                assert_eq!(made.len(), 3);
                for (hash, signature) in hashes.iter().zip(&made) {
                    assert!(
                        verify(&credential.certificate, scheme, hash, signature).unwrap(),
                        "{key:?} {request}"
                    );
                }
                let swapped = verify(&credential.certificate, scheme, &hashes[0], &made[1]).unwrap();
                assert!(!swapped, "{key:?} {request}");
            }
        }
    });
}

/// What to ask of a key, and what has to verify the answer.
fn algorithms(key: KeyAlgorithm) -> Vec<(Value, SignatureScheme)> {
    if let Some(digest) = key.curve_digest() {
        let oid = key.signature_oids()[0];
        return vec![
            (json!({ "signAlgo": oid }), SignatureScheme::Ecdsa(digest)),
            (json!({ "signAlgo": oid, "hashAlgo": digest.oid() }), SignatureScheme::Ecdsa(digest)),
        ];
    }
    if key == KeyAlgorithm::Ed25519 {
        return vec![(json!({ "signAlgo": "1.3.101.112" }), SignatureScheme::Ed25519)];
    }
    let mut all = Vec::new();
    for (digest, last) in Digest::ALL.into_iter().zip([11, 12, 13]) {
        let named = format!("1.2.840.113549.1.1.{last}");
        all.push((json!({ "signAlgo": named }), SignatureScheme::RsaPkcs1(digest)));
        let beside = json!({ "signAlgo": "1.2.840.113549.1.1.1", "hashAlgo": digest.oid() });
        all.push((beside, SignatureScheme::RsaPkcs1(digest)));
        let pss = json!({ "signAlgo": "1.2.840.113549.1.1.10", "hashAlgo": digest.oid() });
        all.push((pss, SignatureScheme::RsaPss { digest, mgf1: digest, salt_length: digest.len() }));
    }
    // The longest salt of a 2048-bit key: 256 - 32 - 2 octets.
    for salt in [0, 1, 20, 32, 222] {
        let request = json!({ "signAlgo": "1.2.840.113549.1.1.10", "signAlgoParams": pss_parameters(salt) });
        let scheme = SignatureScheme::RsaPss {
            digest: Digest::Sha256,
            mgf1: Digest::Sha256,
            salt_length: salt.into(),
        };
        all.push((request, scheme));
    }
    all
}

#[test]
fn the_command_line_of_openssl_agrees() {
    on_both(|scene| {
        let plan = Plan { key: KeyAlgorithm::Rsa2048, ..Plan::pin_only() };
        let credential = scene.enrol(&plan, Status::Active);
        let text = "what was signed";
        let sad = scene.authorize(&credential, 1, &[hash(text)]);
        let signature = signatures(&scene.sign(&credential, &sad, &[hash(text)]).expect(200)).remove(0);
        let directory = crate::support::node::directory();
        std::fs::create_dir_all(&directory).unwrap();
        let file = |name: &str| directory.join(name).to_str().unwrap().to_owned();
        std::fs::write(file("certificate.pem"), pem("CERTIFICATE", &credential.certificate)).unwrap();
        std::fs::write(file("signature"), signature).unwrap();
        let (public, _) = openssl(&["x509", "-in", &file("certificate.pem"), "-noout", "-pubkey"], b"");
        std::fs::write(file("public.pem"), public).unwrap();
        let arguments = ["dgst", "-sha256", "-verify", &file("public.pem"), "-signature", &file("signature")];
        let (said, content) = openssl(&arguments, text.as_bytes());
        assert!(content && said.contains("Verified OK"), "{said}");
        let (said, content) = openssl(&arguments, b"something else");
        assert!(!content, "{said}");
        std::fs::remove_dir_all(directory).unwrap();
    });
}

#[test]
fn requests_that_make_no_sense_are_told_why_and_cost_nothing() {
    on_both(|scene| {
        let plan = Plan { key: KeyAlgorithm::Rsa2048, ..Plan::pin_only() };
        let credential = scene.enrol(&plan, Status::Active);
        let hashes = [hash("one"), hash("two")];
        let sad = scene.authorize(&credential, 2, &hashes);
        let good = scene.signing(&credential, &sad, &hashes);
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            scene.csc(&credential.token, "signatures/signHash", &body)
        };
        let third = base64_all(&[hash("one"), hash("two"), hash("three")]);
        let pss = "1.2.840.113549.1.1.10";
        for (name, value, description) in [
            ("SAD", json!(null), "Missing (or invalid type) string parameter SAD"),
            ("SAD", json!(7), "Missing (or invalid type) string parameter SAD"),
            ("SAD", json!("xxx"), "Invalid parameter SAD"),
            ("credentialID", json!(null), "Missing (or invalid type) string parameter credentialID"),
            ("credentialID", json!("no-such"), "Invalid parameter credentialID"),
            ("hash", json!(null), "Missing (or invalid type) array parameter hash"),
            ("hash", json!("000"), "Missing (or invalid type) array parameter hash"),
            ("hash", json!([]), "Empty hash array"),
            ("hash", json!(["§"]), "Invalid Base64 hash string parameter"),
            ("hash", json!(["000"]), "Invalid digest value length"),
            ("hash", base64_all(&[vec![0; 48]]), "Invalid digest value length"),
            ("hash", base64_all(&[hash("three")]), "Hash is not authorized by the SAD"),
            ("hash", base64_all(&[hash("one"), hash("one")]), "Hash is not authorized by the SAD"),
            ("hash", third, "Numbers of signatures is too high"),
            ("signAlgo", json!(null), "Missing (or invalid type) string parameter signAlgo"),
            ("signAlgo", json!("1.2.840.10045.4.3.2"), "Invalid parameter signAlgo"),
            ("signAlgo", json!("1.2.840.113549.1.1.5"), "Invalid parameter signAlgo"),
            ("signAlgo", json!(pss), "Missing (or invalid type) string parameter signAlgoParams"),
            (
                "signAlgo",
                json!("1.2.840.113549.1.1.1"),
                "Missing (or invalid type) string parameter hashAlgo",
            ),
            ("hashAlgo", json!(SHA512), "Invalid parameter hashAlgo"),
            ("hashAlgo", json!("1.3.14.3.2.26"), "Invalid parameter hashAlgo"),
            ("clientData", json!(7), "Invalid parameter clientData"),
        ] {
            let reply = with(name, value.clone());
            assert_eq!(reply.status, 400, "{name} {value}: {}", reply.text());
            assert_eq!(reply.json()["error_description"], description, "{name} {value}");
            assert_eq!(reply.header("content-type"), Some("application/json"), "{name} {value}");
        }
        let mut other_hash = good.clone();
        other_hash["signAlgo"] = pss.into();
        other_hash["signAlgoParams"] = pss_parameters(32).into();
        other_hash["hashAlgo"] = SHA512.into();
        refused(
            scene.csc(&credential.token, "signatures/signHash", &other_hash),
            "Invalid parameter hashAlgo",
        );
        // All of the budget is left.
        assert_eq!(signatures(&scene.sign(&credential, &sad, &hashes).expect(200)).len(), 2);
    });
}

#[test]
fn authorisations_that_make_no_sense_are_told_why_before_any_factor_is_looked_at() {
    on_both(|scene| {
        let plan = Plan { multi_signature: 3, ..Plan::default() };
        let credential = scene.enrol(&plan, Status::Active);
        let good = scene.authorization(&credential, 2, &[hash("one"), hash("two")]);
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            scene.csc(&credential.token, "credentials/authorize", &body)
        };
        for (name, value, description) in [
            ("credentialID", json!(null), "Missing (or invalid type) string parameter credentialID"),
            ("credentialID", json!("no-such"), "Invalid parameter credentialID"),
            ("numSignatures", json!(null), "Missing (or invalid type) integer parameter numSignatures"),
            ("numSignatures", json!("two"), "Missing (or invalid type) integer parameter numSignatures"),
            ("numSignatures", json!(0), "Invalid value for parameter numSignatures"),
            ("numSignatures", json!(-1), "Invalid value for parameter numSignatures"),
            ("numSignatures", json!(1), "Invalid value for parameter numSignatures"),
            ("numSignatures", json!(4), "Numbers of signatures is too high"),
            ("PIN", json!(471_193), "Invalid parameter PIN"),
            ("OTP", json!(123_456), "Invalid parameter OTP"),
            ("PIN", json!(null), "Missing (or invalid type) string parameter PIN"),
            ("OTP", json!(null), "Missing (or invalid type) string parameter OTP"),
            ("hash", json!(["§"]), "Invalid Base64 hash string parameter"),
            ("hash", json!("x"), "Missing (or invalid type) array parameter hash"),
        ] {
            refused(with(name, value), description);
        }
        // The very same code is good still, also behind a wrong PIN.
        refused_as(with("PIN", "471194".into()), "invalid_pin", "The PIN is invalid");
        scene.csc(&credential.token, "credentials/authorize", &good).expect(200);
    });
}

#[test]
fn a_wrong_otp_is_told_from_a_wrong_pin_and_a_code_works_once() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Active);
        let hashes = [hash("one")];
        // The code that confirmed the OTP is spent.
        let mut body = scene.authorization(&credential, 1, &hashes);
        scene.clock.advance(-30);
        let confirmed = scene.current_code(&credential);
        scene.clock.advance(30);
        let right = body["OTP"].clone();
        body["OTP"] = confirmed.into();
        refused_as(
            scene.csc(&credential.token, "credentials/authorize", &body),
            "invalid_otp",
            "The OTP is invalid",
        );
        for spelling in [format!(" {}", right.as_str().unwrap()), format!("{} ", right.as_str().unwrap())] {
            body["OTP"] = spelling.into();
            refused_as(
                scene.csc(&credential.token, "credentials/authorize", &body),
                "invalid_otp",
                "The OTP is invalid",
            );
        }
        body["OTP"] = right;
        scene.csc(&credential.token, "credentials/authorize", &body).expect(200);
        refused_as(
            scene.csc(&credential.token, "credentials/authorize", &body),
            "invalid_otp",
            "The OTP is invalid",
        );
    });
}

#[test]
fn fifty_identical_codes_at_once_open_one_authorization() {
    on_both(|scene| {
        let plan = Plan::default().with(json!({ "maxAttempts": 10 }));
        let credential = scene.enrol(&plan, Status::Active);
        let body = scene.authorization(&credential, 1, &[hash("one")]);
        let replies = at_once(50, || scene.csc(&credential.token, "credentials/authorize", &body));
        let granted = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(granted, 1, "{:?}", statuses(&replies));
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            // Too many at once are sent away unheard.
            assert!(
                reply.status == 503 || reply.json()["error"] == "invalid_otp",
                "{} {}",
                reply.status,
                reply.text()
            );
        }
    });
}

#[test]
fn a_sad_signs_its_hashes_as_often_as_they_were_authorised() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let (one, two) = (hash("one"), hash("two"));
        // The same hash twice is two occurrences.
        let sad = scene.authorize(&credential, 3, &[one.clone(), one.clone(), two.clone()]);
        scene.sign(&credential, &sad, from_ref(&one)).expect(200);
        refused(
            scene.sign(&credential, &sad, &[two.clone(), two.clone()]),
            "Hash is not authorized by the SAD",
        );
        scene.sign(&credential, &sad, from_ref(&two)).expect(200);
        refused(scene.sign(&credential, &sad, &[two]), "Hash is not authorized by the SAD");
        scene.sign(&credential, &sad, from_ref(&one)).expect(200);
        refused(scene.sign(&credential, &sad, &[one]), "Invalid parameter SAD");
    });
}

#[test]
fn with_scal_2_hashes_are_compulsory_and_with_scal_1_they_bind_when_given() {
    on_both(|scene| {
        let two = scene.enrol(&Plan::pin_only(), Status::Active);
        let mut body = scene.authorization(&two, 1, &[hash("one")]);
        body["hash"] = Value::Null;
        refused(
            scene.csc(&two.token, "credentials/authorize", &body),
            "Missing (or invalid type) array parameter hash",
        );

        let one = scene.enrol(&Plan::pin_only().with(json!({ "scal": "1" })), Status::Active);
        let sad = scene.authorize(&one, 2, &[]);
        scene.sign(&one, &sad, &[hash("whatever")]).expect(200);
        refused(scene.sign(&one, &sad, &[hash("a"), hash("b")]), "Numbers of signatures is too high");
        scene.sign(&one, &sad, &[hash("whatever")]).expect(200);
        refused(scene.sign(&one, &sad, &[hash("whatever")]), "Invalid parameter SAD");
        let bound = scene.authorize(&one, 1, &[hash("this")]);
        refused(scene.sign(&one, &bound, &[hash("that")]), "Hash is not authorized by the SAD");
        scene.sign(&one, &bound, &[hash("this")]).expect(200);
    });
}

#[test]
fn a_hundred_requests_at_once_get_as_many_signatures_as_were_authorised() {
    on_both(|scene| {
        let plan = Plan { multi_signature: 7, ..Plan::pin_only() };
        let credential = scene.enrol(&plan, Status::Active);
        let hashes = vec![hash("same"); 7];
        let sad = scene.authorize(&credential, 7, &hashes);
        let replies = at_once(100, || scene.sign(&credential, &sad, &[hash("same")]));
        let signed: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(signed.len(), 7, "{:?}", statuses(&replies));
        for reply in signed {
            let signature = &signatures(reply)[0];
            let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
            assert!(verify(&credential.certificate, scheme, &hash("same"), signature).unwrap());
        }
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            assert!([400, 503].contains(&reply.status), "{} {}", reply.status, reply.text());
        }
    });
}

#[test]
fn extending_gives_a_new_sad_with_what_is_left_and_ends_the_old_one() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let extend = |sad: &str, hashes: &[Vec<u8>]| {
            let mut body = json!({ "credentialID": credential.id, "SAD": sad });
            if !hashes.is_empty() {
                body["hash"] = base64_all(hashes);
            }
            scene.csc(&credential.token, "credentials/extendTransaction", &body)
        };
        let (one, two, three) = (hash("one"), hash("two"), hash("three"));
        let first = scene.authorize(&credential, 3, from_ref(&one));
        scene.sign(&credential, &first, from_ref(&one)).expect(200);
        refused(extend("xxx", from_ref(&two)), "Invalid parameter SAD");
        refused(extend(&first, &[]), "Missing (or invalid type) array parameter hash");
        let second = extend(&first, from_ref(&two)).expect(200).json()["SAD"].as_str().unwrap().to_owned();
        refused(scene.sign(&credential, &first, from_ref(&two)), "Invalid parameter SAD");
        refused(extend(&first, from_ref(&two)), "Invalid parameter SAD");
        refused(scene.sign(&credential, &second, &[one]), "Hash is not authorized by the SAD");
        scene.sign(&credential, &second, &[two]).expect(200);
        let third = extend(&second, from_ref(&three)).expect(200).json()["SAD"].as_str().unwrap().to_owned();
        scene.sign(&credential, &third, from_ref(&three)).expect(200);
        // Three were authorised in all, however often it was extended.
        refused(scene.sign(&credential, &third, from_ref(&three)), "Invalid parameter SAD");
        refused(extend(&third, &[three]), "Invalid parameter SAD");
    });
}

#[test]
fn parallel_extensions_leave_one_sad() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let sad = scene.authorize(&credential, 2, &[hash("one")]);
        let body = json!({ "credentialID": credential.id, "SAD": sad, "hash": base64_all(&[hash("two")]) });
        let replies = at_once(20, || scene.csc(&credential.token, "credentials/extendTransaction", &body));
        let extended: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(extended.len(), 1, "{:?}", statuses(&replies));
        let next = extended[0].json()["SAD"].as_str().unwrap().to_owned();
        scene.sign(&credential, &next, &[hash("two")]).expect(200);
    });
}

#[test]
fn a_sad_ends_with_its_time_and_an_extension_lasts_no_longer_than_ten_validities() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only().with(json!({ "sadValidity": 100 })), Status::Active);
        let one = [hash("one")];
        let mut body = scene.authorization(&credential, 5, &one);
        let reply = scene.csc(&credential.token, "credentials/authorize", &body).expect(200);
        assert_eq!(reply.json()["expiresIn"], 100);
        let sad = reply.json()["SAD"].as_str().unwrap().to_owned();
        scene.clock.advance(101);
        refused(scene.sign(&credential, &sad, &one), "SAD expired");

        body["clientData"] = "invoice 7".into();
        let reply = scene.csc(&credential.token, "credentials/authorize", &body).expect(200);
        let mut sad = reply.json()["SAD"].as_str().unwrap().to_owned();
        let mut extensions = 0;
        loop {
            scene.clock.advance(90);
            let body = json!({ "credentialID": credential.id, "SAD": sad, "hash": base64_all(&one) });
            let reply = scene.csc(&credential.token, "credentials/extendTransaction", &body);
            if reply.status != 200 {
                break;
            }
            sad = reply.json()["SAD"].as_str().unwrap().to_owned();
            extensions += 1;
            assert!(extensions < 20, "it never ends");
        }
        assert!((9..=11).contains(&extensions), "{extensions} extensions of 90 s within 1000 s");
    });
}

#[test]
fn a_run_of_wrong_pins_locks_for_a_while_then_longer_then_for_good() {
    on_both(|scene| {
        let plan = Plan::pin_only().with(json!({ "maxAttempts": 3, "lockoutSeconds": 60 }));
        let credential = scene.enrol(&plan, Status::Active);
        let right = scene.authorization(&credential, 1, &[hash("one")]);
        let mut wrong = right.clone();
        wrong["PIN"] = "308251".into();
        let authorize = |body: &Value| scene.csc(&credential.token, "credentials/authorize", body);
        let wrong_pin = |reply| refused_as(reply, "invalid_pin", "The PIN is invalid");
        // A right one in between ends the run.
        wrong_pin(authorize(&wrong));
        wrong_pin(authorize(&wrong));
        authorize(&right).expect(200);
        for _ in 0..3 {
            wrong_pin(authorize(&wrong));
        }
        let mut lock = 60;
        for failures in 4..=10 {
            refused(authorize(&right), "PIN locked");
            scene.clock.advance(lock - 1);
            refused(authorize(&right), "PIN locked");
            scene.clock.advance(1);
            wrong_pin(authorize(&wrong));
            lock *= 2;
            if failures == 10 {
                // Blocked: no wait ends it.
                scene.clock.advance(lock * 100);
                let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
                refused(scene.csc(&token, "credentials/authorize", &right), "PIN locked");
            }
        }
    });
}

#[test]
fn a_wrong_otp_beside_a_right_pin_counts_for_the_otp_alone() {
    on_both(|scene| {
        let plan = Plan::default().with(json!({ "maxAttempts": 3, "lockoutSeconds": 60 }));
        let credential = scene.enrol(&plan, Status::Active);
        let right = scene.authorization(&credential, 1, &[hash("one")]);
        let with = |pin: &str, otp: &str| {
            let mut body = right.clone();
            body["PIN"] = pin.into();
            body["OTP"] = otp.into();
            scene.csc(&credential.token, "credentials/authorize", &body)
        };
        let code = right["OTP"].as_str().unwrap();
        let no_code = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..2 {
            refused_as(with("308251", no_code), "invalid_pin", "The PIN is invalid");
            refused_as(with(PIN, no_code), "invalid_otp", "The OTP is invalid");
        }
        // Two failures each; the third locks only the factor that it is of.
        refused_as(with(PIN, no_code), "invalid_otp", "The OTP is invalid");
        refused(with(PIN, code), "OTP locked");
        scene.clock.advance(60);
        // A lock does not reset the run of the PIN.
        refused_as(with("308251", code), "invalid_pin", "The PIN is invalid");
        refused(with(PIN, code), "PIN locked");
    });
}

#[test]
fn a_sad_is_good_for_its_client_its_seat_and_its_credential_only() {
    on_both(|scene| {
        let configuration = Some(scene.configuration(json!({ "secondFactors": ["PIN"] })));
        let plan = Plan { configuration, ..Plan::pin_only() };
        let (credential, other) = (scene.enrol(&plan, Status::Active), scene.enrol(&plan, Status::Active));
        let one = [hash("one")];
        let sad = scene.authorize(&credential, 1, &one);
        refused(scene.sign(&other, &sad, &one), "Invalid parameter SAD");
        scene.client(json!({
            "clientId": "second", "roles": ["application"], "permissions": ["credentials:use-any-seat"],
            "tenants": ["acme"],
        }));
        let body = scene.signing(&credential, &sad, &one);
        for scope in ["seat:jdoe@acme tenant:acme", "tenant:acme"] {
            let token = scene.token("second", scope);
            refused(scene.csc(&token, "signatures/signHash", &body), "Invalid parameter SAD");
        }
        let seat = scene.token("acme", "seat:mroe@acme tenant:acme");
        refused(scene.csc(&seat, "signatures/signHash", &body), "Invalid parameter credentialID");
        let tenant = scene.token("globex", "seat:jdoe@acme tenant:globex");
        refused(scene.csc(&tenant, "signatures/signHash", &body), "Invalid parameter credentialID");
        scene.sign(&credential, &sad, &one).expect(200);
    });
}

#[test]
fn nothing_is_signed_once_the_credential_is_destroyed_or_its_certificate_has_ended() {
    on_both(|scene| {
        let destroyed = scene.enrol(&Plan::pin_only(), Status::Active);
        let one = [hash("one")];
        let sad = scene.authorize(&destroyed, 1, &one);
        scene.http.delete(&destroyed.path).bearer(&destroyed.token).send().expect(204);
        refused(scene.sign(&destroyed, &sad, &one), "Invalid parameter credentialID");

        let plan = Plan { certificate_days: 2, ..Plan::pin_only().with(json!({ "sadValidity": 3600 })) };
        let expired = scene.enrol(&plan, Status::Active);
        scene.clock.advance(2 * 86_400 - 60);
        let sad = scene.authorize(&expired, 1, &one);
        scene.clock.advance(120);
        let said = scene.sign(&expired, &sad, &one).expect(400).json();
        assert_eq!(
            said["error_description"], "Signing certificate 'O=Acme,CN=John Doe' is expired",
            "{said}"
        );
        let body = scene.authorization(&expired, 1, &one);
        refused(scene.csc(&expired.token, "credentials/authorize", &body), "Invalid certificate status");
        assert_eq!(scene.show(&expired)["status"], "expired");
        let info = json!({ "credentialID": expired.id });
        let info = scene.csc(&expired.token, "credentials/info", &info).expect(200).json();
        assert_eq!((&info["key"]["status"], &info["cert"]["status"]), (&json!("enabled"), &json!("expired")));
    });
}

#[test]
fn a_suspended_tenant_signs_nothing_and_a_revoked_token_neither() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let one = [hash("one")];
        let sad = scene.authorize(&credential, 2, &[one[0].clone(), one[0].clone()]);
        scene.sign(&credential, &sad, &one).expect(200);
        scene.revoke("acme", &credential.token);
        let reply = scene.sign(&credential, &sad, &one).expect(401);
        assert_eq!(reply.json()["error"], "expired_token");

        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let sad = scene.authorize(&credential, 1, &one);
        let suspended = json!({ "status": "suspended" });
        let patch = scene.http.patch("/api/v1/tenants/acme").bearer(&scene.admin()).json(&suspended);
        patch.send().expect(200);
        scene.sign(&credential, &sad, &one).expect(401);
        let reply = scene.ask_token(&scene.http, "acme", "tenant:acme");
        assert_eq!(reply.json()["error"], "invalid_client", "{}", reply.text());
    });
}

#[test]
fn a_sad_can_be_revoked() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let one = [hash("one")];
        let sad = scene.authorize(&credential, 1, &one);
        scene.revoke("acme", &sad);
        refused(scene.sign(&credential, &sad, &one), "Invalid parameter SAD");
    });
}

#[test]
fn the_credential_is_described_as_csc_has_it() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan { key: KeyAlgorithm::P384, ..Plan::default() }, Status::Active);
        scene.enrol(&Plan::default(), Status::AwaitingCertificate);
        let listed = scene.csc(&credential.token, "credentials/list", &json!({})).expect(200).json();
        assert_eq!(listed["credentialIDs"], json!([credential.id]));
        let asked = json!({
            "credentialID": credential.id, "certificates": "chain", "certInfo": true, "authInfo": true,
        });
        let info = scene.csc(&credential.token, "credentials/info", &asked).expect(200).json();
        assert_eq!(
            info["key"],
            json!({ "status": "enabled", "algo": ["1.2.840.10045.4.3.3"], "len": 384, "curve": "1.3.132.0.34" })
        );
        let certificates = info["cert"]["certificates"].as_array().unwrap();
        assert_eq!(certificates[0], STANDARD.encode(&credential.certificate));
        assert_eq!(certificates.len(), 3);
        assert_eq!(info["cert"]["subjectDN"], "CN=John Doe,O=Acme");
        assert_eq!((&info["authMode"], &info["SCAL"]), (&json!("explicit"), &json!("2")));
        assert_eq!((&info["PIN"]["presence"], &info["OTP"]["presence"]), (&json!("true"), &json!("true")));
        assert_eq!(info["multisign"], 10);
        let brief = json!({ "credentialID": credential.id });
        let info = scene.csc(&credential.token, "credentials/info", &brief).expect(200).json();
        assert_eq!(info["cert"]["certificates"].as_array().unwrap().len(), 1);
        assert!(info.get("PIN").is_none() && info["cert"].get("subjectDN").is_none(), "{info}");
    });
}

#[test]
fn what_a_signature_was_for_is_in_the_audit() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let one = [hash("one")];
        let sad = scene.authorize(&credential, 1, &one);
        let mut body = scene.signing(&credential, &sad, &one);
        body["clientData"] = "invoice 7".into();
        body["hashAlgo"] = SHA256.into();
        scene.csc(&credential.token, "signatures/signHash", &body).expect(200);
        let path = format!("/api/v1/audit-events?action=credential.sign&target=credential:{}", credential.id);
        let auditor = scene.token("acme-auditor", "");
        let events = scene.http.get(&path).bearer(&auditor).send().expect(200).json();
        let events = events["items"].as_array().unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
        let text = events[0].to_string();
        assert!(text.contains("invoice 7") && text.contains(base64_all(&one)[0].as_str().unwrap()), "{text}");
    });
}

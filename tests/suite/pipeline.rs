//! Enrolment, from a credential to its certificate: each step, each refusal, and what is said on the way.

use std::slice::from_ref;
use std::thread;

use countersign::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use countersign::pki::authority::Authority;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, key_pair, on_both, openssl, pem_body};

/// A problem with this status and code; returns its body.
#[track_caller]
fn refused(reply: Reply, status: u16, code: &str) -> Value {
    let reply = reply.expect(status);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.what);
    let body = reply.json();
    assert_eq!(body["code"], code, "{}: {body}", reply.what);
    assert_eq!(body["status"], status, "{body}");
    body
}

/// Refused for being out of order, with where the credential stands.
#[track_caller]
fn out_of_order(reply: Reply, status: &str, next: Option<&str>) {
    let body = refused(reply, 409, "invalid_state");
    assert_eq!(body["credentialStatus"], status, "{body}");
    assert_eq!(body.get("nextStep").and_then(Value::as_str), next, "{body}");
}

#[track_caller]
fn stands(body: &Value, status: &str, next: Option<&str>) {
    assert_eq!(body["status"], status, "{body}");
    assert_eq!(body["nextStep"], json!(next), "{body}");
    assert!(body["credentialId"].is_string(), "{body}");
}

#[test]
fn every_step_says_where_the_credential_stands_and_what_comes_next() {
    on_both(|scene| {
        let configuration = scene.configuration(json!({}));
        let token = scene.token("acme", "seat:JDoe@acme tenant:acme");
        let new = json!({
            "authorizationConfiguration": configuration, "multiSignature": 3, "seat": "jdoe@ACME",
            "tenant": "acme", "description": "for contracts",
        });
        let reply = scene.http.post("/api/v1/credentials").bearer(&token).json(&new).send().expect(201);
        let created = reply.json();
        stands(&created, "created", Some("add_second_factor"));
        assert_eq!(created["requiredSecondFactors"], json!(["PIN", "OTP"]));
        assert_eq!((&created["seat"], &created["tenant"]), (&json!("jdoe@acme"), &json!("acme")));
        let path = format!("/api/v1/credentials/{}", created["credentialId"].as_str().unwrap());
        assert_eq!(reply.header("location"), Some(path.as_str()));

        let mut credential = Credential {
            id: created["credentialId"].as_str().unwrap().to_owned(),
            path,
            token,
            plan: Plan::default(),
            otp: None,
            certificate: Vec::new(),
        };
        let pin = scene.add_pin(&credential, PIN).expect(201).json();
        stands(&pin, "created", Some("add_second_factor"));
        assert_eq!((&pin["type"], &pin["confirmed"]), (&json!("PIN"), &json!(true)));
        assert!(!pin.to_string().contains(PIN));

        let otp = scene.add_otp(&mut credential);
        stands(&otp, "created", Some("confirm_otp"));
        assert_eq!((&otp["type"], &otp["confirmed"]), (&json!("OTP"), &json!(false)));
        assert_eq!(
            (&otp["algorithm"], &otp["digits"], &otp["period"]),
            (&json!("SHA1"), &json!(6), &json!(30))
        );
        assert!(otp["uri"].as_str().unwrap().starts_with("otpauth://totp/"), "{otp}");
        assert!(otp["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,iVBOR"));

        let confirmed = scene.confirm(&credential, &scene.current_code(&credential)).expect(200).json();
        stands(&confirmed, "protected", Some("generate_key_pair"));
        assert_eq!((&confirmed["type"], &confirmed["confirmed"]), (&json!("OTP"), &json!(true)));

        let wanted =
            json!({ "keyAlgorithm": "EC", "keyLength": 256, "csrSignatureAlgorithm": "SHA256withECDSA" });
        let made = scene.key_pair(&credential, &wanted).expect(201).json();
        stands(&made, "awaiting_certificate", Some("add_certificate"));
        assert_eq!(made["csrSignatureAlgorithm"], "SHA256withECDSA");

        let waiting = scene.http.get("/api/v1/certificate-requests?tenant=acme");
        let waiting = waiting.bearer(&scene.token("acme-ca", "")).send().expect(200).json();
        assert_eq!(waiting["items"][0]["credentialId"], credential.id.as_str());
        assert_eq!(waiting["items"][0]["csr"], made["csr"]);
        assert_eq!(waiting["items"][0]["seat"], "jdoe@acme");
        assert_eq!(waiting["items"].as_array().unwrap().len(), 1);

        let certificate = scene.certificate(made["csr"].as_str().unwrap());
        let attached = scene.attach(&credential, &scene.authority.pkcs7_der(&certificate)).expect(200).json();
        stands(&attached, "active", None);
        let chain = attached["chain"].as_array().unwrap();
        assert_eq!(chain.len(), 3);
        // Without a subject in the request it is made from seat and tenant.
        assert_eq!(chain[0]["subject"], "CN=jdoe@acme,O=ACME");
        assert_eq!(chain[0]["issuer"], chain[1]["subject"]);
        assert_eq!(chain[2]["issuer"], chain[2]["subject"]);
        assert_eq!(attached["ignored"], json!([]));

        let shown = scene.show(&credential);
        stands(&shown, "active", None);
        assert_eq!((&shown["multiSignature"], &shown["description"]), (&json!(3), &json!("for contracts")));
        let waiting = scene.http.get("/api/v1/certificate-requests");
        let waiting = waiting.bearer(&scene.token("acme-ca", "")).send().expect(200).json();
        assert_eq!(waiting, json!({ "items": [], "nextCursor": null }));
    });
}

#[test]
fn what_a_new_credential_lacks_or_may_not_have_is_said() {
    on_both(|scene| {
        let configuration = scene.configuration(json!({}));
        let token = scene.token("acme", "");
        let create = |body: Value| scene.http.post("/api/v1/credentials").bearer(&token).json(&body).send();
        let good = json!({ "authorizationConfiguration": configuration, "seat": "jdoe@acme" });
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        let missing = refused(create(json!({ "seat": "jdoe@acme" })), 400, "invalid_request");
        assert!(missing.to_string().contains("authorizationConfiguration"), "{missing}");
        let unknown = refused(create(with("colour", "red".into())), 400, "unknown_field");
        assert_eq!(unknown["errors"][0]["pointer"], "/colour");
        for number in [0, -1, 1001] {
            refused(create(with("multiSignature", number.into())), 422, "invalid_multi_signature");
        }
        refused(create(with("multiSignature", "3".into())), 400, "invalid_request");
        for seat in ["", ".", "..", "a/b", "a b", "jdoe%40acme", &"x".repeat(129)] {
            refused(create(with("seat", seat.into())), 400, "invalid_request");
        }
        refused(create(json!({ "authorizationConfiguration": configuration })), 400, "invalid_request");
        refused(create(with("authorizationConfiguration", "no-such".into())), 404, "not_found");
        create(with("multiSignature", 1000.into())).expect(201);

        let scoped = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let other = with("seat", "mroe@acme".into());
        let reply = scene.http.post("/api/v1/credentials").bearer(&scoped).json(&other).send();
        refused(reply, 403, "insufficient_scope");

        let bare = json!({ "name": "bare", "tenant": "acme", "type": "explicit", "secondFactors": [] });
        let path = "/api/v1/authorization-configurations";
        let reply = scene.http.post(path).bearer(&scene.admin()).json(&bare).send();
        refused(reply, 422, "no_second_factor");
        let links =
            json!({ "name": "links", "tenant": "acme", "type": "oauth2", "secondFactors": ["EMAIL_LINK"] });
        let reply = scene.http.post(path).bearer(&scene.admin()).json(&links).send();
        refused(reply, 422, "not_supported_yet");
    });
}

#[test]
fn a_step_out_of_order_says_where_the_credential_stands() {
    on_both(|scene| {
        let key = key_pair(KeyAlgorithm::P256, CsrSignatureAlgorithm::fitting(KeyAlgorithm::P256)[0]);
        let pkcs7 = {
            let stranger = scene.authority.issue_to_a_stranger("S", 1, scene.clock.now()).unwrap();
            scene.authority.pkcs7_der(&stranger)
        };
        let mut credential = scene.enrol(&Plan::default(), Status::Created);
        out_of_order(scene.key_pair(&credential, &key), "created", Some("add_second_factor"));
        out_of_order(scene.attach(&credential, &pkcs7), "created", Some("add_second_factor"));
        out_of_order(scene.confirm(&credential, "123456"), "created", Some("add_second_factor"));
        scene.add_pin(&credential, PIN).expect(201);
        scene.add_otp(&mut credential);
        out_of_order(scene.key_pair(&credential, &key), "created", Some("confirm_otp"));
        scene.confirm(&credential, &scene.current_code(&credential)).expect(200);
        out_of_order(scene.confirm(&credential, "123456"), "protected", Some("generate_key_pair"));
        out_of_order(scene.attach(&credential, &pkcs7), "protected", Some("generate_key_pair"));
        let csr = scene.key_pair(&credential, &key).expect(201).json()["csr"].as_str().unwrap().to_owned();
        out_of_order(scene.key_pair(&credential, &key), "awaiting_certificate", Some("add_certificate"));
        let chain = scene.authority.pkcs7_der(&scene.certificate(&csr));
        scene.attach(&credential, &chain).expect(200);
        out_of_order(scene.key_pair(&credential, &key), "active", None);
        let another = scene.authority.pkcs7_der(&scene.certificate(&csr));
        out_of_order(scene.attach(&credential, &another), "active", None);
        stands(&scene.show(&credential), "active", None);
    });
}

#[test]
fn pins_that_are_easy_to_guess_or_against_the_rules_are_refused() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Created);
        for weak in ["111111", "123456", "987654", "121212", "112233"] {
            refused(scene.add_pin(&credential, weak), 422, "weak_pin");
        }
        for wrong in ["", "47119", "4711930471193", "47119a", " 471193", "４７１１９３"] {
            refused(scene.add_pin(&credential, wrong), 400, "invalid_request");
        }
        let step = |body: Value| scene.step(&credential, "second-factors", &body);
        refused(step(json!({ "type": "PIN", "value": 471193 })), 400, "invalid_request");
        refused(step(json!({ "type": "PIN" })), 400, "invalid_request");
        refused(step(json!({ "type": "FACE" })), 400, "invalid_request");
        scene.add_pin(&credential, PIN).expect(201);
        refused(scene.add_pin(&credential, PIN), 409, "already_exists");

        let letters =
            Plan::pin_only().with(json!({ "pin": { "format": "A", "minLength": 8, "maxLength": 20 } }));
        let credential = scene.enrol(&letters, Status::Created);
        refused(scene.add_pin(&credential, "471193"), 400, "invalid_request");
        refused(
            scene.step(&credential, "second-factors", &json!({ "type": "OTP" })),
            422,
            "factor_not_required",
        );
        stands(
            &scene
                .add_pin(&credential, "grüne Wiese".replace('ü', "u").replace(' ', "-").as_str())
                .expect(201)
                .json(),
            "protected",
            Some("generate_key_pair"),
        );
    });
}

#[test]
fn an_otp_is_confirmed_by_a_code_of_its_own_once() {
    on_both(|scene| {
        let mut credential = scene.enrol(&Plan::default(), Status::Created);
        let with_value = json!({ "type": "OTP", "value": "123456" });
        refused(scene.step(&credential, "second-factors", &with_value), 400, "invalid_request");
        let first = scene.add_otp(&mut credential);
        let code_of_first = scene.current_code(&credential);
        // Not confirmed yet: it may be replaced.
        let second = scene.add_otp(&mut credential);
        assert_ne!(first["secret"], second["secret"]);
        refused(scene.confirm(&credential, &code_of_first), 422, "otp_mismatch");
        let code = scene.current_code(&credential);
        for spelling in [format!(" {code}"), format!("{code} "), format!("+{code}")] {
            refused(scene.confirm(&credential, &spelling), 422, "otp_mismatch");
        }
        scene.confirm(&credential, &code).expect(200);
        refused(scene.step(&credential, "second-factors", &json!({ "type": "OTP" })), 409, "already_exists");
    });
}

#[test]
fn guessing_at_the_confirmation_locks_and_the_lock_ends() {
    on_both(|scene| {
        let plan = Plan::default().with(json!({ "maxAttempts": 3, "lockoutSeconds": 60 }));
        let mut credential = scene.enrol(&plan, Status::Created);
        scene.add_otp(&mut credential);
        let right = scene.current_code(&credential);
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..3 {
            refused(scene.confirm(&credential, wrong), 422, "otp_mismatch");
        }
        let locked = refused(scene.confirm(&credential, &right), 423, "factor_locked");
        assert_eq!(locked["retryAfter"], 60, "{locked}");
        scene.clock.advance(60);
        scene.confirm(&credential, &scene.current_code(&credential)).expect(200);
    });
}

#[test]
fn each_kind_of_key_makes_requests_that_openssl_accepts() {
    on_both(|scene| {
        for key in KeyAlgorithm::ALL {
            let algorithms = CsrSignatureAlgorithm::fitting(key);
            // The larger RSA keys take long to make, and their requests are signed alike.
            let few = if key == KeyAlgorithm::Rsa2048 { algorithms.len() } else { 1 };
            for algorithm in algorithms.into_iter().rev().take(few) {
                let plan = Plan { key, csr_algorithm: Some(algorithm), ..Plan::pin_only() };
                let credential = scene.enrol(&plan, Status::Protected);
                let made = scene.key_pair(&credential, &key_pair(key, algorithm)).expect(201).json();
                assert_eq!(made["keyAlgorithm"], key.family());
                let length = (key != KeyAlgorithm::Ed25519).then_some(key.bits());
                assert_eq!(made["keyLength"], json!(length));
                assert_eq!(made["csrSignatureAlgorithm"], algorithm.java_name());
                let pem = made["csr"].as_str().unwrap();
                let (said, content) = openssl(&["req", "-verify", "-noout", "-subject"], pem.as_bytes());
                assert!(content && said.contains("verify OK"), "{key:?} {}: {said}", algorithm.java_name());
                // An RFC 4514 string is written from the last RDN to the first.
                assert!(said.replace(" = ", "=").contains("O=Acme, CN=John Doe"), "{said}");
                let (public, _) = openssl(&["req", "-pubkey", "-noout"], pem.as_bytes());
                assert_eq!(public.trim(), made["publicKey"].as_str().unwrap().trim());

                let csr_path = format!("{}/csr", credential.path);
                let again = scene.http.get(&csr_path).bearer(&credential.token).send().expect(200);
                assert_eq!(again.text(), pem);
                let der = scene.http.get(&csr_path).bearer(&credential.token);
                let der = der.header("accept", "application/pkcs10").send().expect(200);
                assert_eq!(der.header("content-type"), Some("application/pkcs10"));
                assert_eq!(der.body, pem_body(pem));

                let chain = scene.authority.pkcs7_der(&scene.certificate(pem));
                stands(&scene.attach(&credential, &chain).expect(200).json(), "active", None);
            }
        }
    });
}

#[test]
fn keys_and_algorithms_that_do_not_fit_are_refused_with_those_that_do() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Protected);
        for (algorithm, length, csr, fits) in [
            ("RSA", json!(1024), "SHA256withRSA", "2048"),
            ("RSA", json!(2048), "SHA1withRSA", "SHA256withRSA"),
            ("RSA", json!(2048), "SHA256withECDSA", "SHA512withRSAandMGF1"),
            ("EC", json!(256), "SHA384withECDSA", "SHA256withECDSA"),
            ("EC", json!(192), "SHA256withECDSA", "256"),
            ("Ed25519", json!(null), "SHA256withRSA", "Ed25519"),
            ("DSA", json!(2048), "SHA256withDSA", "RSA"),
        ] {
            let wanted = json!({
                "keyAlgorithm": algorithm, "keyLength": length, "csrSignatureAlgorithm": csr, "subject": "CN=x",
            });
            let body = refused(scene.key_pair(&credential, &wanted), 422, "unsupported_algorithm");
            assert!(body["detail"].as_str().unwrap().contains(fits), "{body}");
        }
        stands(&scene.show(&credential), "protected", Some("generate_key_pair"));
        for (spelling, subject) in [
            ("ecdsa-with-SHA256", json!({ "CN": "John Doe", "O": "Acme", "C": "DE", "serialNumber": "7" })),
            ("1.2.840.10045.4.3.2", json!("CN=John Doe+serialNumber=7,O=Acme\\, Inc.,C=DE")),
        ] {
            let credential = scene.enrol(&Plan::pin_only(), Status::Protected);
            let wanted = json!({
                "keyAlgorithm": "EC", "keyLength": 256, "csrSignatureAlgorithm": spelling, "subject": subject,
            });
            let made = scene.key_pair(&credential, &wanted).expect(201).json();
            let (said, _) = openssl(&["req", "-noout", "-subject"], made["csr"].as_str().unwrap().as_bytes());
            assert!(said.contains("John Doe") && said.contains("DE") && said.contains('7'), "{said}");
        }
        refused(
            scene.key_pair(
                &scene.enrol(&Plan::pin_only(), Status::Protected),
                &json!({ "keyAlgorithm": "EC", "keyLength": 256, "csrSignatureAlgorithm": "SHA256withECDSA",
                         "subject": "no name" }),
            ),
            400,
            "invalid_request",
        );
    });
}

/// Uploads a certificate with its chain in some form.
type Wrapping = fn(&Scene, &Credential, &[u8]) -> Reply;

#[test]
fn a_chain_is_taken_in_every_wrapping_and_only_for_the_credentials_key() {
    on_both(|scene| {
        let now = scene.clock.now();
        let stranger = scene.authority.issue_to_a_stranger("John Doe", 1, now).unwrap();
        let wrappings: [Wrapping; 4] = [
            |scene, credential, certificate| {
                put(
                    scene,
                    credential,
                    "application/x-pkcs7-certificates",
                    &scene.authority.pkcs7_der(certificate),
                )
            },
            |scene, credential, certificate| {
                put(
                    scene,
                    credential,
                    "application/x-pem-file",
                    scene.authority.pkcs7_pem(certificate).as_bytes(),
                )
            },
            |scene, credential, certificate| {
                put(scene, credential, "application/octet-stream", &scene.authority.pkcs7_der(certificate))
            },
            |scene, credential, certificate| {
                let body = json!({ "pkcs7": scene.authority.pkcs7_pem(certificate) });
                put(scene, credential, "application/json", body.to_string().as_bytes())
            },
        ];
        for wrapped in wrappings {
            let credential = scene.enrol(&Plan::pin_only(), Status::AwaitingCertificate);
            refused(wrapped(scene, &credential, &stranger), 422, "public_key_mismatch");
            stands(&scene.show(&credential), "awaiting_certificate", Some("add_certificate"));
            let csr = csr(scene, &credential);
            let certificate = scene.certificate(&csr);
            let attached = wrapped(scene, &credential, &certificate).expect(200).json();
            // The same again is the same answer, whatever wraps it.
            let again =
                scene.attach(&credential, &scene.authority.pkcs7_der(&certificate)).expect(200).json();
            assert_eq!(attached, again);
        }
    });
}

#[test]
fn uploads_that_are_no_chain_are_refused_by_what_they_are() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::AwaitingCertificate);
        let csr = csr(scene, &credential);
        refused(put(scene, &credential, "text/plain", b"x"), 415, "unsupported_media_type");
        refused(put(scene, &credential, "application/pkcs7-mime", b""), 400, "malformed_pkcs7");
        refused(put(scene, &credential, "application/x-pem-file", csr.as_bytes()), 400, "malformed_pkcs7");
        refused(put(scene, &credential, "application/json", b"{}"), 400, "invalid_request");
        // A SignedData of the two octets "hi".
        let content = b"MCkGCSqGSIb3DQEHAqAcMBoCAQExADARBgkqhkiG9w0BBwGgBAQCaGkxAA==";
        refused(put(scene, &credential, "application/x-pem-file", content), 422, "unexpected_pkcs7_content");
        let too_large = vec![b'A'; 300 * 1024];
        refused(put(scene, &credential, "application/pkcs7-mime", &too_large), 413, "payload_too_large");

        // From the first pinned anchor on, only chains to a pinned one.
        let elsewhere = Authority::new("Elsewhere", 0, scene.clock.now()).unwrap();
        let anchors = "/api/v1/tenants/acme/trust-anchors";
        let pinned = scene.http.post(anchors).bearer(&scene.admin());
        pinned.bytes("application/x-pem-file", elsewhere.root_pem()).send().expect(201);
        let chain = scene.authority.pkcs7_der(&scene.certificate(&csr));
        refused(scene.attach(&credential, &chain), 422, "untrusted_root");
        let ours = json!({ "certificate": scene.authority.root_pem() });
        let pinned = scene.http.post(anchors).bearer(&scene.admin()).json(&ours).send().expect(201);
        assert_eq!(pinned.json()["subject"], "CN=Test Root CA,O=Test");
        scene.attach(&credential, &chain).expect(200);

        // A certificate that has ended is no use.
        let late = scene.enrol(&Plan::pin_only(), Status::AwaitingCertificate);
        let request = pem_body(&self::csr(scene, &late));
        let certificate = scene.authority.issue(&request, 1, scene.clock.now()).unwrap();
        scene.clock.advance(2 * 86_400);
        refused(scene.attach(&late, &scene.authority.pkcs7_der(&certificate)), 422, "certificate_expired");
    });
}

#[test]
fn a_step_repeated_under_its_idempotency_key_happens_once() {
    on_both(|scene| {
        let configuration = scene.configuration(json!({}));
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let new = json!({ "authorizationConfiguration": configuration });
        let create = |token: &str, key: &str, body: &Value| {
            let request = scene.http.post("/api/v1/credentials").bearer(token).json(body);
            request.header("idempotency-key", key).send()
        };
        let first = create(&token, "one", &new).expect(201);
        let again = create(&token, "one", &new).expect(201);
        assert_eq!(first.json(), again.json());
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!(credentials(scene, &token), 1);
        // Another token of the same client is the same caller.
        let fresh = scene.token("acme", "seat:jdoe@acme tenant:acme");
        assert_eq!(create(&fresh, "one", &new).expect(201).json(), first.json());
        let other = json!({ "authorizationConfiguration": configuration, "multiSignature": 2 });
        refused(create(&token, "one", &other), 409, "idempotency_key_reused");
        for bad in ["", &"k".repeat(129), "with space"] {
            refused(create(&token, bad, &new), 400, "invalid_request");
        }
        // What failed is not kept.
        let missing = json!({ "authorizationConfiguration": "none" });
        refused(create(&token, "two", &missing), 404, "not_found");
        create(&token, "two", &new).expect(201);
        assert_eq!(credentials(scene, &token), 2);

        // Answers that show a secret come back whole, and a PIN is no part of the comparison.
        let id = first.json()["credentialId"].as_str().unwrap().to_owned();
        let factor = |key: &str, body: &Value| {
            let path = format!("/api/v1/credentials/{id}/second-factors");
            scene.http.post(&path).bearer(&token).header("idempotency-key", key).json(body).send()
        };
        let otp = factor("otp", &json!({ "type": "OTP" })).expect(201).json();
        assert_eq!(factor("otp", &json!({ "type": "OTP" })).expect(201).json(), otp);
        assert!(otp["secret"].is_string());
        let pin = factor("pin", &json!({ "type": "PIN", "value": PIN })).expect(201).json();
        assert_eq!(factor("pin", &json!({ "type": "PIN", "value": PIN })).expect(201).json(), pin);

        scene.clock.advance(24 * 3600 + 1);
        let later = create(&scene.token("acme", "seat:jdoe@acme tenant:acme"), "one", &new).expect(201);
        assert_ne!(later.json()["credentialId"], first.json()["credentialId"]);
    });
}

#[test]
fn twenty_callers_with_one_idempotency_key_make_one_credential() {
    on_both(|scene| {
        let new = json!({ "authorizationConfiguration": scene.configuration(json!({})) });
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let replies: Vec<Reply> = thread::scope(|scope| {
            let callers: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        let request = scene.http.post("/api/v1/credentials").bearer(&token);
                        request.header("idempotency-key", "same").json(&new).send()
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        assert_eq!(credentials(scene, &token), 1);
        let mut made = 0;
        for reply in replies {
            match reply.status {
                201 => made += 1,
                _ => drop(refused(reply, 409, "idempotency_in_progress")),
            }
        }
        assert!(made >= 1);
    });
}

#[test]
fn a_destroyed_credential_stays_in_sight_and_does_nothing_more() {
    on_both(|scene| {
        for status in [Status::Created, Status::Protected, Status::AwaitingCertificate, Status::Active] {
            let credential = scene.enrol(&Plan::pin_only(), status);
            scene.http.delete(&credential.path).bearer(&credential.token).send().expect(204);
            stands(&scene.show(&credential), "destroyed", None);
            out_of_order(scene.add_pin(&credential, PIN), "destroyed", None);
            out_of_order(
                scene.key_pair(&credential, &json!({ "keyAlgorithm": "Ed25519" })),
                "destroyed",
                None,
            );
            let known =
                scene.csc(&credential.token, "credentials/info", &json!({ "credentialID": credential.id }));
            assert_eq!(known.expect(400).json()["error_description"], "Invalid parameter credentialID");
        }
    });
}

#[test]
fn credentials_are_listed_by_tenant_seat_and_status_page_by_page() {
    on_both(|scene| {
        let configuration = Some(scene.configuration(json!({ "secondFactors": ["PIN"] })));
        let plan = Plan { configuration, ..Plan::pin_only() };
        let john: Vec<String> = (0..3).map(|_| scene.enrol(&plan, Status::Created).id).collect();
        let mary = scene.enrol(&Plan { seat: "mroe@acme", ..plan.clone() }, Status::Protected);
        scene.enrol(&Plan::globex(), Status::Created);
        let list = |token: &str, query: &str| -> (Vec<String>, Value) {
            let reply =
                scene.http.get(&format!("/api/v1/credentials{query}")).bearer(token).send().expect(200);
            let body = reply.json();
            let ids =
                body["items"].as_array().unwrap().iter().map(|item| item["credentialId"].as_str().unwrap());
            (ids.map(str::to_owned).collect(), body["nextCursor"].clone())
        };
        let token = scene.token("acme", "tenant:acme");
        assert_eq!(list(&token, "").0.len(), 4);
        assert_eq!(list(&token, "?seat=mroe@acme").0, from_ref(&mary.id));
        assert_eq!(list(&token, "?status=protected").0, from_ref(&mary.id));
        assert_eq!(list(&mary.token, "").0, from_ref(&mary.id));
        let mut found = Vec::new();
        let mut query = "?limit=2&seat=jdoe@acme".to_owned();
        loop {
            let (ids, next) = list(&token, &query);
            assert!(ids.len() <= 2);
            found.extend(ids);
            let Some(cursor) = next.as_str() else { break };
            query = format!("?limit=2&seat=jdoe@acme&cursor={cursor}");
        }
        let sorted = |mut ids: Vec<String>| {
            ids.sort();
            ids
        };
        assert_eq!(sorted(found), sorted(john));
        for bad in ["?limit=0", "?limit=201", "?limit=x", "?cursor=%00", "?status=happy", "?colour=red"] {
            let reply = scene.http.get(&format!("/api/v1/credentials{bad}")).bearer(&token).send();
            assert_eq!(reply.status, 400, "{bad}: {}", reply.text());
        }
    });
}

fn put(scene: &Scene, credential: &Credential, media_type: &str, body: &[u8]) -> Reply {
    let operator = scene.token("acme-ca", "");
    let request = scene.http.put(&format!("{}/certificate", credential.path)).bearer(&operator);
    request.bytes(media_type, body).send()
}

fn csr(scene: &Scene, credential: &Credential) -> String {
    scene.http.get(&format!("{}/csr", credential.path)).bearer(&credential.token).send().expect(200).text()
}

/// How many credentials a token sees.
fn credentials(scene: &Scene, token: &str) -> usize {
    let list = scene.http.get("/api/v1/credentials").bearer(token).send().expect(200).json();
    list["items"].as_array().unwrap().len()
}

//! netkeystore (Java), a key store for Java programs whose keys are remote: v1, with one factor and no hashAlgo.

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::{Value, json};

use super::{Type, understood, verified};
use crate::support::http::Reply;
use crate::support::scene::{PIN, Plan, Scene, Status, base64_all, hash, on_both};

#[test]
fn netkeystore_signs_with_the_one_factor_that_it_knows() {
    on_both(|scene| {
        for (factor, key, algo, scheme) in [
            (
                "PIN",
                KeyAlgorithm::Rsa2048,
                "1.2.840.113549.1.1.11",
                SignatureScheme::RsaPkcs1(Digest::Sha256),
            ),
            ("OTP", KeyAlgorithm::P256, "1.2.840.10045.4.3.2", SignatureScheme::Ecdsa(Digest::Sha256)),
        ] {
            let seat = if factor == "PIN" { "pin@acme" } else { "otp@acme" };
            let plan = Plan { key, seat, ..Plan::default() }.with(json!({ "secondFactors": [factor] }));
            let credential = scene.enrol(&plan, Status::Active);
            let post = |method: &str, body| post(scene, method, Some(&credential.token), &body);
            understood(post("info", json!({ "lang": "en" })), &[("/authType", Type::Texts)]);
            let listed = understood(post("credentials/list", json!({})), &[("/credentialIDs", Type::Texts)]);
            assert_eq!(listed["credentialIDs"], json!([credential.id]));
            let asked = json!({
                "credentialID": credential.id, "certificates": "chain", "certInfo": true, "authInfo": true,
                "lang": "en",
            });
            let prompt = format!("/{factor}/label");
            let info = understood(
                post("credentials/info", asked),
                &[
                    ("/key/status", Type::OneOf(&["enabled"])),
                    ("/key/algo", Type::Texts),
                    ("/cert/certificates", Type::Certificates),
                    ("/authMode", Type::OneOf(&["explicit"])),
                    ("/PIN/presence", Type::OneOf(&["true", "false"])),
                    ("/OTP/presence", Type::OneOf(&["true", "false"])),
                    (&prompt, Type::Text),
                ],
            );
            // The first factor that is asked for is the one it sends.
            let asks = |name: &str| info[name]["presence"] != "false";
            assert_eq!((asks("PIN"), asks("OTP")), (factor == "PIN", factor == "OTP"), "{info}");
            assert!(info["key"]["algo"].as_array().unwrap().contains(&json!(algo)), "{info}");

            let hashes = [hash("letter")];
            let value = if factor == "PIN" { PIN.to_owned() } else { scene.otp_code(&credential) };
            let mut body = json!({
                "lang": "en", "credentialID": credential.id, "hash": base64_all(&hashes), "numSignatures": 1,
            });
            body[factor] = value.into();
            let sad = understood(post("credentials/authorize", body), &[("/SAD", Type::Text)]);
            let signed = post(
                "signatures/signHash",
                json!({
                    "credentialID": credential.id, "hash": base64_all(&hashes), "SAD": sad["SAD"],
                    "signAlgo": algo,
                }),
            );
            verified(signed, &credential, scheme, &hashes);
        }

        // How it tells that it has to sign in again.
        post(scene, "credentials/list", Some("abc"), &json!({})).expect(401);
        post(scene, "credentials/list", None, &json!({})).expect(401);
    });
}

#[test]
fn netkeystore_has_the_code_sent_where_one_is_sent() {
    on_both(|scene| {
        let plan = Plan::mailed().with(json!({ "secondFactors": ["EMAIL_OTP"] }));
        let credential = scene.enrol(&plan, Status::Active);
        let post = |method: &str, body| post(scene, method, Some(&credential.token), &body);
        let asked = json!({ "credentialID": credential.id, "authInfo": true, "lang": "en" });
        understood(
            post("credentials/info", asked),
            &[
                ("/PIN/presence", Type::OneOf(&["false"])),
                ("/OTP/presence", Type::OneOf(&["true"])),
                ("/OTP/type", Type::OneOf(&["online"])),
            ],
        );
        let sent = post("credentials/sendOTP", json!({ "lang": "en", "credentialID": credential.id }));
        assert_eq!(sent.expect(204).text(), "");
        let hashes = [hash("letter")];
        let body = json!({
            "lang": "en", "credentialID": credential.id, "OTP": scene.received_code(&credential), "hash": base64_all(&hashes),
            "numSignatures": 1,
        });
        let sad = understood(post("credentials/authorize", body), &[("/SAD", Type::Text)]);
        let body = json!({
            "credentialID": credential.id, "hash": base64_all(&hashes), "SAD": sad["SAD"],
            "signAlgo": "1.2.840.10045.4.3.2",
        });
        let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
        verified(post("signatures/signHash", body), &credential, scheme, &hashes);
    });
}

#[test]
fn netkeystore_asks_nobody_where_nothing_is_asked() {
    on_both(|scene| {
        let plan = Plan::default().with(json!({ "type": "implicit", "secondFactors": [] }));
        let credential = scene.enrol(&plan, Status::Active);
        let post = |method: &str, body| post(scene, method, Some(&credential.token), &body);
        let asked = json!({
            "credentialID": credential.id, "certificates": "chain", "certInfo": true, "authInfo": true,
        });
        understood(post("credentials/info", asked), &[("/authMode", Type::OneOf(&["implicit"]))]);
        let hashes = [hash("letter")];
        let body = json!({ "credentialID": credential.id, "hash": base64_all(&hashes), "numSignatures": 1 });
        let sad = understood(post("credentials/authorize", body), &[("/SAD", Type::Text)]);
        let signed = post(
            "signatures/signHash",
            json!({
                "credentialID": credential.id, "hash": base64_all(&hashes), "SAD": sad["SAD"],
                "signAlgo": "1.2.840.10045.4.3.2",
            }),
        );
        verified(signed, &credential, SignatureScheme::Ecdsa(Digest::Sha256), &hashes);
    });
}

#[test]
fn netkeystore_logs_in_by_name_and_password() {
    on_both(|scene| {
        let scope = "seat:jdoe@acme tenant:acme";
        scene.client(json!({ "clientId": "keys", "tenants": ["acme"], "defaultScope": scope }));
        let info = post(scene, "info", None, &json!({ "lang": "en" })).expect(200).json();
        assert!(info["authType"].as_array().unwrap().contains(&json!("basic")), "{info}");
        let login = scene.http.post("/csc/v1/auth/login").basic("keys", &scene.secret("keys"));
        let login = login.header("accept", "*/*").bytes("application/json;charset=utf-8", "{}").send();
        let token = understood(login, &[("/access_token", Type::Text), ("/expires_in", Type::Count)]);
        let token = token["access_token"].as_str().unwrap();
        post(scene, "credentials/list", Some(token), &json!({})).expect(200);
    });
}

/// With the headers that it sends.
fn post(scene: &Scene, method: &str, token: Option<&str>, body: &Value) -> Reply {
    let request = scene.http.post(&format!("/csc/v1/{method}")).header("accept", "*/*");
    let request = request.bytes("application/json;charset=utf-8", body.to_string());
    token.into_iter().fold(request, |request, token| request.bearer(token)).send()
}

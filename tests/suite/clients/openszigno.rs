//! openSzigno (Rust), which signs Hungarian dossiers: v2 only, with PIN and OTP where v1 had them. So does another Rust
//! client, of v2.2, which has their codes sent beforehand.

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::{Value, json};

use super::{Type, understood, v2, verified};
use crate::support::scene::{PIN, Plan, Status, base64_all, hash, on_both};

#[test]
fn openszigno_signs_with_the_only_credential() {
    on_both(|scene| {
        for (key, algo, scheme) in [
            (KeyAlgorithm::Rsa2048, "1.2.840.113549.1.1.11", SignatureScheme::RsaPkcs1(Digest::Sha256)),
            (KeyAlgorithm::P256, "1.2.840.10045.4.3.2", SignatureScheme::Ecdsa(Digest::Sha256)),
        ] {
            let seat = if key.is_rsa() { "rsa@acme" } else { "curve@acme" };
            let credential = scene.enrol(&Plan { key, seat, ..Plan::default() }, Status::Active);
            let post = |method: &str, body: Value| v2(scene, &credential.token, method, &body);
            let service = understood(
                scene.http.post("/csc/v2/info").json(&json!({ "lang": "en" })).send(),
                &[
                    ("/specs", Type::Text),
                    ("/methods", Type::Texts),
                    ("/authType", Type::Texts),
                    ("/supportedHashTypes", Type::Texts),
                    ("/signAlgorithms/algos", Type::Texts),
                    ("/signAlgorithms/algoParams", Type::Texts),
                ],
            );
            assert!(service["specs"].as_str().unwrap().starts_with("2."), "{service}");
            let kinds = service["supportedHashTypes"].as_array().unwrap();
            let digests = [json!("dtbsr"), json!(Digest::Sha256.oid())];
            assert!(kinds.iter().any(|kind| digests.contains(kind)), "{service}");

            let listed = understood(
                post("credentials/list", json!({ "onlyValid": true, "lang": "en" })),
                &[("/credentialIDs", Type::Texts)],
            );
            assert_eq!(listed["credentialIDs"], json!([credential.id]), "it refuses to choose");
            let asked = json!({
                "credentialID": credential.id, "certificates": "chain", "certInfo": true, "authInfo": true,
                "lang": "en",
            });
            let info = understood(
                post("credentials/info", asked),
                &[
                    ("/key/status", Type::OneOf(&["enabled"])),
                    ("/key/algo", Type::Texts),
                    ("/cert/status", Type::OneOf(&["valid"])),
                    ("/cert/certificates", Type::Certificates),
                    ("/auth/mode", Type::OneOf(&["explicit"])),
                    ("/SCAL", Type::OneOf(&["1", "2"])),
                    ("/multisign", Type::Count),
                ],
            );
            assert!(info["key"]["algo"].as_array().unwrap().contains(&json!(algo)), "{info}");

            let hashes = [hash("dossier")];
            let sad = post(
                "credentials/authorize",
                json!({
                    "credentialID": credential.id, "numSignatures": 1, "hashes": base64_all(&hashes),
                    "hashAlgorithmOID": Digest::Sha256.oid(), "PIN": PIN,
                    "OTP": scene.otp_code(&credential),
                }),
            );
            let sad = understood(sad, &[("/SAD", Type::Text)])["SAD"].clone();
            // The parameters that the service says belong to the algorithm, if any.
            let algos = service["signAlgorithms"]["algos"].as_array().unwrap();
            let at = algos.iter().position(|listed| *listed == algo).unwrap();
            let mut body = json!({
                "credentialID": credential.id, "SAD": sad, "hashes": base64_all(&hashes),
                "hashAlgorithmOID": Digest::Sha256.oid(), "signAlgo": algo, "operationMode": "S",
            });
            match service["signAlgorithms"]["algoParams"][at].as_str() {
                None | Some("") => {}
                Some(parameters) => body["signAlgoParams"] = parameters.into(),
            }
            verified(post("signatures/signHash", body), &credential, scheme, &hashes);
        }
    });
}

#[test]
fn another_client_of_v2_2_has_a_code_sent_and_sends_it_as_v1_would() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::mailed(), Status::Active);
        let post = |method: &str, body: Value| v2(scene, &credential.token, method, &body);
        // Paging is v1's; here it is neither needed nor refused.
        let listed = post("credentials/list", json!({ "maxResults": 10 }));
        let listed = understood(listed, &[("/credentialIDs", Type::Texts)]);
        assert_eq!(listed["credentialIDs"], json!([credential.id]));
        post("credentials/sendOTP", json!({ "credentialID": credential.id })).expect(204);
        let hashes = [hash("contract")];
        let sad = post(
            "credentials/authorize",
            json!({
                "credentialID": credential.id, "numSignatures": 1, "hashes": base64_all(&hashes),
                "hashAlgorithmOID": Digest::Sha256.oid(), "PIN": PIN, "OTP": scene.received_code(&credential),
            }),
        );
        let sad = understood(sad, &[("/SAD", Type::Text)]);
        let body = json!({
            "credentialID": credential.id, "SAD": sad["SAD"], "hashes": base64_all(&hashes),
            "hashAlgorithmOID": Digest::Sha256.oid(), "signAlgo": "1.2.840.10045.4.3.2",
        });
        let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
        verified(post("signatures/signHash", body), &credential, scheme, &hashes);
    });
}

//! Documenso (TypeScript), which has documents signed: v1, read by a strict schema.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::json;

use super::wallet::{in_a_url, text};
use super::{CHALLENGE, Type, VERIFIER, Wallet, understood, verified};
use crate::support::pages::CALLBACK;
use crate::support::scene::{PIN, Plan, Status, base64_all, hash, on_both};

#[test]
fn documenso_signs_with_the_first_credential() {
    on_both(|scene| {
        // Elliptic curves before RSA, then the strongest digest that is listed.
        for (key, algo, digest, scheme) in [
            (
                KeyAlgorithm::P384,
                "1.2.840.10045.4.3.3",
                Digest::Sha384,
                SignatureScheme::Ecdsa(Digest::Sha384),
            ),
            (
                KeyAlgorithm::Rsa2048,
                "1.2.840.113549.1.1.13",
                Digest::Sha512,
                SignatureScheme::RsaPkcs1(Digest::Sha512),
            ),
        ] {
            let seat = if key.is_rsa() { "rsa@acme" } else { "curve@acme" };
            let credential = scene.enrol(&Plan { key, seat, ..Plan::default() }, Status::Active);
            let post = |method: &str, body| scene.csc(&credential.token, method, &body);
            understood(
                scene.http.post("/csc/v1/info").json(&json!({})).send(),
                &[
                    ("/specs", Type::Text),
                    ("/name", Type::Text),
                    ("/logo", Type::Text),
                    ("/region", Type::Text),
                    ("/lang", Type::Text),
                    ("/description", Type::Text),
                    ("/authType", Type::Texts),
                    ("/oauth2", Type::Text),
                    ("/methods", Type::Texts),
                ],
            );
            let listed = understood(post("credentials/list", json!({})), &[("/credentialIDs", Type::Texts)]);
            let id = &listed["credentialIDs"][0];
            let info = post(
                "credentials/info",
                json!({ "credentialID": id, "certificates": "chain", "certInfo": true }),
            );
            let info = understood(
                info,
                &[
                    ("/key/status", Type::OneOf(&["enabled"])),
                    ("/key/algo", Type::Texts),
                    ("/key/len", Type::Count),
                    ("/cert/status", Type::OneOf(&["valid"])),
                    ("/cert/certificates", Type::Certificates),
                    ("/cert/issuerDN", Type::Text),
                    ("/cert/serialNumber", Type::Text),
                    ("/cert/subjectDN", Type::Text),
                    ("/cert/validFrom", Type::Moment),
                    ("/cert/validTo", Type::Moment),
                    ("/authMode", Type::OneOf(&["implicit", "explicit", "oauth2code"])),
                    ("/SCAL", Type::OneOf(&["1", "2"])),
                    ("/multisign", Type::Count),
                ],
            );
            assert_eq!(info["key"].get("curve").is_some(), !key.is_rsa(), "{info}");
            assert!(info["key"]["algo"].as_array().unwrap().contains(&json!(algo)), "{info}");
            assert!(info.get("PIN").is_none() && info.get("OTP").is_none(), "not asked for: {info}");

            // As it puts the hash into the URL of the authorization page: base64url.
            let hashes = [vec![0xFB; digest.len()]];
            let sad = post(
                "credentials/authorize",
                json!({
                    "credentialID": id, "numSignatures": 1, "hash": [URL_SAFE_NO_PAD.encode(&hashes[0])],
                    "PIN": PIN, "OTP": scene.otp_code(&credential),
                }),
            );
            let sad = understood(sad, &[("/SAD", Type::Text)])["SAD"].clone();
            let signed = post(
                "signatures/signHash",
                json!({
                    "credentialID": id, "SAD": sad, "hash": base64_all(&hashes), "signAlgo": algo,
                    "hashAlgo": digest.oid(),
                }),
            );
            verified(signed, &credential, scheme, &hashes);
        }
    });
}

#[test]
fn documenso_has_a_sad_by_a_code_and_signs_with_its_service_token() {
    on_both(|scene| {
        let wallet = Wallet::new(scene, KeyAlgorithm::P256, json!({}));
        let base = wallet.base("v1");
        let token = |more: &[(&str, &str)], state: &str| {
            let sent = [
                ("response_type", "code"),
                ("client_id", "wallet"),
                ("redirect_uri", CALLBACK),
                ("state", state),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ];
            let code = wallet.code(&base, &[&sent[..], more].concat(), state);
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let fields =
                [("/access_token", Type::Text), ("/token_type", Type::Text), ("/expires_in", Type::Count)];
            understood(wallet.post_basic(&base, "/oauth2/token", &form), &fields)
        };
        let service = token(&[("scope", "service")], "1");
        assert_eq!(service["token_type"], "Bearer");
        let bearer = text(&service, "access_token");
        let listed =
            understood(scene.csc(bearer, "credentials/list", &json!({})), &[("/credentialIDs", Type::Texts)]);
        let id = listed["credentialIDs"][0].as_str().unwrap();
        let asked = json!({ "credentialID": id, "certificates": "chain", "certInfo": true });
        let info = understood(
            scene.csc(bearer, "credentials/info", &asked),
            &[
                ("/authMode", Type::OneOf(&["oauth2code"])),
                ("/SCAL", Type::OneOf(&["2"])),
                ("/multisign", Type::Count),
            ],
        );
        assert!(info.get("PIN").is_none() && info.get("OTP").is_none(), "{info}");

        let hashes = [hash("a contract")];
        let joined = in_a_url(&hashes);
        let asked = [
            ("scope", "credential"),
            ("credentialID", id),
            ("numSignatures", "1"),
            ("hash", joined.as_str()),
        ];
        let sad = token(&asked, "2");
        assert_eq!((&sad["token_type"], sad.get("refresh_token")), (&json!("SAD"), None));
        let body = json!({
            "credentialID": id, "SAD": sad["access_token"], "hash": base64_all(&hashes),
            "signAlgo": "1.2.840.10045.4.3.2", "hashAlgo": Digest::Sha256.oid(),
        });
        let signed = scene.csc(bearer, "signatures/signHash", &body);
        verified(signed, &wallet.credential, SignatureScheme::Ecdsa(Digest::Sha256), &hashes);
        wallet.post_basic(&base, "/oauth2/revoke", &[("token", bearer)]).expect(200);
        scene.csc(bearer, "credentials/list", &json!({})).expect(401);
    });
}

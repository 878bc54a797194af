//! The European wallet's library for iOS (Swift): v2, with names of its own for some fields, and strict about nulls.

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::{Value, json};

use super::wallet::text;
use super::{CHALLENGE, Type, VERIFIER, Wallet, understood, v2, verified};
use crate::support::pages::CALLBACK;
use crate::support::scene::{PIN, Plan, Status, base64_all, hash, on_both};

#[test]
fn the_european_wallet_s_swift_library_is_served() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan { key: KeyAlgorithm::P256, ..Plan::default() }, Status::Active);
        let post = |method: &str, body: Value| v2(scene, &credential.token, method, &body);
        let info = understood(
            scene.http.post("/csc/v2/info").json(&json!({ "lang": "en-US" })).send(),
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
                ("/signAlgorithms/algos", Type::Texts),
                ("/signAlgorithms/algoParams", Type::Texts),
                ("/signature_formats/formats", Type::Texts),
                ("/conformance_levels", Type::Texts),
            ],
        );
        let lists =
            |value: &Value| value.as_array().is_some_and(|all| all.iter().all(|e| Type::Texts.fits(e)));
        assert!(lists(&info["signature_formats"]["envelope_properties"]), "{info}");

        let asked = json!({
            "credentialInfo": true, "certificates": "chain", "certInfo": true, "auth_info": true,
            "only_valid": true, "client_data": "wallet",
        });
        let listed = understood(
            post("credentials/list", asked),
            &[
                ("/credentialIDs", Type::Texts),
                ("/credentialInfos/0/credentialID", Type::Text),
                ("/credentialInfos/0/key/status", Type::Text),
                ("/credentialInfos/0/key/algo", Type::Texts),
                ("/credentialInfos/0/key/len", Type::Count),
                ("/credentialInfos/0/cert/status", Type::Text),
                ("/credentialInfos/0/cert/certificates", Type::Certificates),
                ("/credentialInfos/0/cert/issuerDN", Type::Text),
                ("/credentialInfos/0/cert/serialNumber", Type::Text),
                ("/credentialInfos/0/cert/subjectDN", Type::Text),
                ("/credentialInfos/0/cert/validFrom", Type::Text),
                ("/credentialInfos/0/cert/validTo", Type::Text),
            ],
        );
        // That its names were understood shows in what they ask for.
        assert_eq!(listed["onlyValid"], true, "{listed}");
        let factors = |info: &Value| info["auth"]["objects"].as_array().unwrap().len();
        assert_eq!(factors(&listed["credentialInfos"][0]), 2, "{listed}");
        let asked = json!({
            "credentialID": credential.id, "certificates": "chain", "certInfo": true, "auth_info": true,
        });
        let info = understood(
            post("credentials/info", asked),
            &[
                ("/key/status", Type::Text),
                ("/key/algo", Type::Texts),
                ("/key/len", Type::Count),
                ("/key/curve", Type::Text),
                ("/multisign", Type::Count),
            ],
        );
        assert_eq!(factors(&info), 2, "{info}");

        let hashes = [hash("a"), hash("b")];
        let sad = post(
            "credentials/authorize",
            json!({
                "credentialID": credential.id, "numSignatures": 2, "hashes": base64_all(&hashes),
                "hashAlgorithmOID": Digest::Sha256.oid(),
                "authData": [
                    { "id": "OTP", "value": scene.otp_code(&credential) },
                    { "id": "PIN", "value": PIN },
                ],
            }),
        );
        let sad = understood(sad, &[("/SAD", Type::Text)])["SAD"].clone();
        // Its hashes may come as they stood in a URL.
        let escape =
            |text: &Value| text.as_str().unwrap().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let escaped: Vec<String> = base64_all(&hashes).as_array().unwrap().iter().map(escape).collect();
        let signed = post(
            "signatures/signHash",
            json!({
                "credentialID": credential.id, "SAD": sad, "hashes": escaped,
                "hashAlgorithmOID": Digest::Sha256.oid(), "signAlgo": "1.2.840.10045.4.3.2",
                "operationMode": "S", "client_data": "wallet",
            }),
        );
        verified(signed, &credential, SignatureScheme::Ecdsa(Digest::Sha256), &hashes);
    });
}

#[test]
fn the_swift_library_authorises_by_details_in_the_address() {
    on_both(|scene| {
        let wallet = Wallet::new(scene, KeyAlgorithm::P256, json!({}));
        let (base, id) = (wallet.base("v2"), wallet.credential.id.as_str());
        let authorized = |more: &[(&str, &str)], state: &str| {
            let sent = [
                ("response_type", "code"),
                ("client_id", "wallet"),
                ("redirect_uri", CALLBACK),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
                ("state", state),
            ];
            let code = wallet.code(&base, &[&sent[..], more].concat(), state);
            let details = more.iter().filter(|(name, _)| *name == "authorization_details");
            // By HTTP Basic, and with its id in the form as well; the state comes along.
            let mut form = vec![
                ("client_id", "wallet"),
                ("redirect_uri", CALLBACK),
                ("grant_type", "authorization_code"),
                ("code_verifier", VERIFIER),
                ("code", code.as_str()),
                ("state", state),
            ];
            form.extend(details);
            let fields =
                [("/access_token", Type::Text), ("/token_type", Type::Text), ("/expires_in", Type::Count)];
            understood(wallet.post_basic(&base, "/oauth2/token", &form), &fields)
        };
        let service = authorized(&[("scope", "service")], "a state");
        let listed =
            v2(scene, text(&service, "access_token"), "credentials/list", &json!({ "only_valid": true }));
        assert_eq!(listed.expect(200).json()["credentialIDs"], json!([id]));

        let hashes = [hash("a"), hash("b")];
        let encoded = base64_all(&hashes);
        let documents = encoded
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(at, hash)| json!({ "label": format!("Document {at}"), "hash": hash }));
        let details = json!([{
            "documentDigests": documents.collect::<Vec<_>>(), "credentialID": id,
            "hashAlgorithmOID": Digest::Sha256.oid(), "locations": [], "type": "credential",
        }]);
        let details = details.to_string();
        let asked = [("scope", "credential"), ("authorization_details", details.as_str())];
        let token = authorized(&asked, "another state");
        let signed = v2(
            scene,
            text(&token, "access_token"),
            "signatures/signHash",
            &json!({
                "credentialID": id, "hashes": base64_all(&hashes), "hashAlgorithmOID": Digest::Sha256.oid(),
                "signAlgo": "1.2.840.10045.4.3.2", "operationMode": "S",
            }),
        );
        verified(signed, &wallet.credential, SignatureScheme::Ecdsa(Digest::Sha256), &hashes);
    });
}

//! The European wallet's library for iOS (Swift): v2, with names of its own for some fields, and strict about nulls.

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::{Value, json};

use super::{Type, understood, v2, verified};
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

//! The European wallet's library for the JVM (Kotlin): v2.2, told by `specs` to the letter. It authorises by OAuth alone,
//! and so sends no SAD of its own.

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::{Value, json};

use super::{Type, understood, v2, verified};
use crate::support::http::Reply;
use crate::support::scene::{PIN, Plan, Status, base64_all, hash, on_both};

/// Of each credential, whatever was asked: its names are parsed unseen.
const DESCRIPTION: [(&str, Type); 13] = [
    ("/key/status", Type::OneOf(&["enabled", "disabled"])),
    ("/key/algo", Type::Texts),
    ("/key/len", Type::Count),
    ("/cert/status", Type::OneOf(&["valid", "expired", "revoked", "suspended"])),
    ("/cert/issuerDN", Type::Text),
    ("/cert/subjectDN", Type::Text),
    ("/cert/serialNumber", Type::Text),
    ("/cert/validFrom", Type::Moment),
    ("/cert/validTo", Type::Moment),
    ("/auth/mode", Type::OneOf(&["explicit", "oauth2code"])),
    ("/auth/objects", Type::Objects),
    ("/SCAL", Type::OneOf(&["1", "2"])),
    ("/multisign", Type::Count),
];

#[test]
fn the_european_wallet_s_kotlin_library_is_served() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan { key: KeyAlgorithm::Rsa2048, ..Plan::default() }, Status::Active);
        let post = |method: &str, body: Value| v2(scene, &credential.token, method, &body);
        for asked in [json!({}), json!({ "lang": "en" })] {
            let info = understood(
                scene.http.post("/csc/v2/info").json(&asked).send(),
                &[
                    ("/specs", Type::OneOf(&["2.2.0.0"])),
                    ("/name", Type::Text),
                    ("/logo", Type::Text),
                    ("/region", Type::Text),
                    ("/lang", Type::Text),
                    ("/description", Type::Text),
                    ("/authType", Type::Texts),
                    ("/oauth2", Type::Text),
                    ("/supportedHashTypes", Type::Texts),
                    ("/methods", Type::Texts),
                    ("/signAlgorithms/algos", Type::Texts),
                    ("/signature_formats/formats", Type::Texts),
                    ("/conformance_levels", Type::Texts),
                ],
            );
            // Exactly one way to the authorization server.
            assert!(info.get("oauth2Issuer").is_none() && info.get("oauth2Servers").is_none(), "{info}");
        }

        for (certificates, facts) in [(json!("chain"), true), (json!("single"), false), (json!(null), false)]
        {
            let asked = json!({
                "credentialInfo": true, "certificates": certificates, "certInfo": facts, "authInfo": facts,
                "onlyValid": true, "lang": null, "clientData": null,
            });
            let listed = understood(post("credentials/list", asked), &[("/credentialIDs", Type::Texts)]);
            assert_eq!(listed["credentialIDs"], json!([credential.id]));
            assert_eq!(listed["credentialInfos"].as_array().map(Vec::len), Some(1), "{listed}");
            let info = &listed["credentialInfos"][0];
            assert_eq!(info["credentialID"], credential.id.as_str());
            described(info);
            let asked = json!({
                "credentialID": credential.id, "certificates": certificates, "certInfo": facts,
                "authInfo": facts, "lang": null, "clientData": null,
            });
            described(&understood(post("credentials/info", asked), &DESCRIPTION));
        }

        let hashes = [hash("contract")];
        let sad = post(
            "credentials/authorize",
            json!({
                "credentialID": credential.id, "numSignatures": 1, "hashes": base64_all(&hashes),
                "hashAlgorithmOID": Digest::Sha256.oid(),
                "authData": [
                    { "id": "PIN", "value": PIN },
                    { "id": "OTP", "value": scene.otp_code(&credential) },
                ],
            }),
        );
        let sad = understood(sad, &[("/SAD", Type::Text)])["SAD"].clone();
        let mut body = json!({
            "credentialID": credential.id, "hashes": base64_all(&hashes),
            "hashAlgorithmOID": Digest::Sha256.oid(), "signAlgo": "1.2.840.113549.1.1.11",
            "signAlgoParams": null, "operationMode": "S",
        });
        // What its token would be; without it this is refused in the spelling that it reads here.
        refused(post("signatures/signHash", body.clone()), "error_description");
        body["SAD"] = sad;
        let scheme = SignatureScheme::RsaPkcs1(Digest::Sha256);
        verified(post("signatures/signHash", body), &credential, scheme, &hashes);

        // And of these calls it reads another.
        refused(post("credentials/info", json!({ "credentialID": "c-7" })), "errorDescription");
        refused(post("credentials/list", json!({ "userID": "jdoe@acme" })), "errorDescription");
    });
}

#[track_caller]
fn described(info: &Value) {
    for (pointer, wanted) in DESCRIPTION {
        let found = info.pointer(pointer).unwrap_or(&Value::Null);
        assert!(wanted.fits(found), "{pointer} is no {wanted:?} in {info}");
    }
    let cert = &info["cert"];
    // It has its own default for what is missing, and none for null.
    assert!(cert.get("qcStatements").is_none_or(Value::is_array), "{cert}");
    for object in info["auth"]["objects"].as_array().unwrap() {
        let known = Type::OneOf(&["Password", "PasswordOOB", "ChallengeResponse", "ChallengeResponseOOB"]);
        assert!(known.fits(&object["type"]) && object["id"].is_string(), "{object}");
        assert!(object.get("format").is_none_or(|format| Type::OneOf(&["A", "N"]).fits(format)), "{object}");
    }
}

#[track_caller]
fn refused(reply: Reply, description: &str) {
    let body = reply.expect(400).json();
    assert!(body["error"].is_string() && body[description].is_string(), "{body}");
}

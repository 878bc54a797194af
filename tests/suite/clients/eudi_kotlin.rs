//! The European wallet's library for the JVM (Kotlin): v2.2, told by `specs` to the letter. It authorises by OAuth alone,
//! and so sends no SAD of its own.

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::{Value, json};

use super::wallet::{in_a_url, text};
use super::{CHALLENGE, Type, VERIFIER, Wallet, understood, v2, verified};
use crate::support::http::Reply;
use crate::support::pages::CALLBACK;
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

#[test]
fn the_kotlin_library_authorises_by_pushed_requests_with_details() {
    on_both(|scene| {
        let wallet = Wallet::new(scene, KeyAlgorithm::Rsa2048, json!({}));
        let base = wallet.base("v2");
        let id = wallet.credential.id.as_str();
        let secret = wallet.secret.as_str();
        let authentication = [("client_id", "wallet"), ("client_secret", secret)];
        // It pushes, then sends the browser with a state beside the request_uri.
        let authorized = |more: &[(&str, &str)], state: &str| {
            let asked = [&asking(state)[..], &authentication[..], more].concat();
            let pushed = wallet.post(&base, "/oauth2/pushed_authorize", &asked).expect(201).json();
            assert!(pushed["expires_in"].is_u64(), "{pushed}");
            let sent =
                [("client_id", "wallet"), ("state", state), ("request_uri", text(&pushed, "request_uri"))];
            wallet.code(&base, &sent, state)
        };
        let redeemed = |code: &str, more: &[(&str, &str)]| {
            let form = [&redeeming(code)[..], &authentication[..], more].concat();
            let fields =
                [("/access_token", Type::Text), ("/token_type", Type::Text), ("/expires_in", Type::Count)];
            let token = understood(wallet.post(&base, "/oauth2/token", &form), &fields);
            assert_eq!(token["token_type"], "Bearer");
            token
        };
        let code = authorized(&[("scope", "service")], "s1");
        let service = redeemed(&code, &[]);
        let asked = json!({
            "credentialInfo": true, "certificates": "chain", "certInfo": true, "authInfo": true, "onlyValid": true,
            "lang": null, "clientData": null,
        });
        let listed = v2(scene, text(&service, "access_token"), "credentials/list", &asked);
        let listed = understood(listed, &[("/credentialIDs", Type::Texts)]);
        assert_eq!(listed["credentialIDs"], json!([id]));
        described(&listed["credentialInfos"][0]);

        // With each digest that the key takes, there are hashes of another length.
        for (digest, algo) in
            [(Digest::Sha256, "1.2.840.113549.1.1.11"), (Digest::Sha512, "1.2.840.113549.1.1.13")]
        {
            let hashes = [vec![0xFB; digest.len()], vec![0x3F; digest.len()]];
            let encoded = base64_all(&hashes);
            let documents = encoded
                .as_array()
                .unwrap()
                .iter()
                .map(|hash| json!({ "hash": hash, "label": "A document to sign", "hashType": "DTBSR" }));
            let details = json!([{
                "type": "https://cloudsignatureconsortium.org/2025/credential", "numSignatures": 2,
                "credentialID": id, "documentDigests": documents.collect::<Vec<_>>(), "hashAlgorithmOID": digest.oid(),
            }]);
            let details = details.to_string();
            let details = [("authorization_details", details.as_str())];
            let code = authorized(&[("scope", "credential"), details[0]], "s2");
            let token = redeemed(&code, &details);
            let entry = &token["authorization_details"][0];
            for name in ["type", "credentialID", "hashAlgorithmOID"] {
                assert!(entry[name].is_string(), "{name}: {token}");
            }
            assert_eq!(entry["numSignatures"], 2);
            let all = entry["documentDigests"].as_array().unwrap();
            assert!(all.len() == 2 && all.iter().all(|digest| digest["hashType"] == "DTBSR"), "{token}");

            let bearer = text(&token, "access_token");
            let asked = json!({
                "credentialID": id, "certificates": "chain", "certInfo": true, "authInfo": true, "lang": null,
                "clientData": null,
            });
            described(&understood(v2(scene, bearer, "credentials/info", &asked), &DESCRIPTION));
            let body = json!({
                "credentialID": id, "hashes": base64_all(&hashes), "hashAlgorithmOID": digest.oid(),
                "signAlgo": algo, "signAlgoParams": null, "operationMode": "S",
            });
            let signed = v2(scene, bearer, "signatures/signHash", &body);
            verified(signed, &wallet.credential, SignatureScheme::RsaPkcs1(digest), &hashes);
        }

        // It refreshes the service token, and gives it back where no other endpoint of OAuth is.
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&service, "refresh_token"))];
        let next = wallet
            .post(&base, "/oauth2/token", &[&refresh[..], &authentication[..]].concat())
            .expect(200)
            .json();
        let revoke = [&[("token", text(&next, "access_token"))], &authentication[..]].concat();
        wallet.post(&base, "/revoke", &revoke).expect(200);
        v2(scene, text(&next, "access_token"), "credentials/list", &json!({})).expect(401);
    });
}

#[test]
fn the_kotlin_library_authorises_by_plain_parameters() {
    on_both(|scene| {
        // With no hash beforehand: SCAL 1.
        let wallet = Wallet::new(scene, KeyAlgorithm::P256, json!({ "scal": "1" }));
        let (base, id) = (wallet.base("v2"), wallet.credential.id.as_str());
        let hashes = [hash("one"), hash("two")];
        for joined in [in_a_url(&hashes), in_a_url(&hashes[..1]), String::new()] {
            let more = [
                ("scope", "credential"),
                ("credentialID", id),
                ("hashes", joined.as_str()),
                ("hashAlgorithmOID", Digest::Sha256.oid()),
                ("numSignatures", "2"),
            ];
            let sent = [&asking("s3")[..], &[("client_id", "wallet")], &more].concat();
            let code = wallet.code(&base, &sent, "s3");
            let form = [&redeeming(&code)[..], &[("client_id", "wallet")]].concat();
            let token = wallet.post_basic(&base, "/oauth2/token", &form).expect(200).json();
            assert_eq!((text(&token, "token_type"), token.get("refresh_token")), ("Bearer", None));
            let body = json!({
                "credentialID": id, "hashes": base64_all(&hashes[..1]), "hashAlgorithmOID": Digest::Sha256.oid(),
                "signAlgo": "1.2.840.10045.4.3.2", "signAlgoParams": null, "operationMode": "S",
            });
            let signed = v2(scene, text(&token, "access_token"), "signatures/signHash", &body);
            verified(signed, &wallet.credential, SignatureScheme::Ecdsa(Digest::Sha256), &hashes[..1]);
        }
    });
}

/// What each of its requests has. It always has the signer sign in anew.
fn asking(state: &str) -> [(&'static str, &str); 6] {
    [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", state),
        ("prompt", "login"),
    ]
}

fn redeeming(code: &str) -> [(&'static str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
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

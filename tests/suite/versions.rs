//! CSC v1 and v2 side by side: two ways to speak of the same credential, the same SADs and the same locks.

use std::slice::from_ref;

use countersign::model::algorithm::{Digest, SignatureScheme};
use countersign::pki::verify::verify;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, base64_all, hash, on_both, signatures};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";

#[derive(Clone, Copy, Debug)]
enum Version {
    V1,
    V2,
}
use Version::{V1, V2};

#[test]
fn both_versions_tell_the_same_of_a_credential() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Active);
        let told =
            |version, method, body: Value| call(scene, &credential, version, method, &body).expect(200);
        let listed = |version| told(version, "credentials/list", json!({})).json()["credentialIDs"].clone();
        assert_eq!((listed(V1), listed(V2)), (json!([credential.id]), json!([credential.id])));
        let asked = json!({
            "credentialID": credential.id, "certificates": "chain", "certInfo": true, "authInfo": true,
        });
        let [v1, v2] = [V1, V2].map(|version| told(version, "credentials/info", asked.clone()).json());
        for field in ["key", "SCAL", "multisign"] {
            assert_eq!(v1[field], v2[field], "{field}");
        }
        for (field, value) in v1["cert"].as_object().unwrap() {
            assert_eq!(*value, v2["cert"][field], "{field}");
        }
        assert_eq!((&v1["authMode"], &v2["auth"]["mode"]), (&json!("explicit"), &json!("explicit")));
    });
}

#[test]
fn a_sad_goes_from_version_to_version() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Active);
        let [a, b, c] = ["a", "b", "c"].map(hash);
        for (first, second) in [(V1, V2), (V2, V1)] {
            let authorized = authorize(scene, &credential, first, 3, &[a.clone(), b.clone()]);
            let sad = sad_of(authorized);
            signed(scene, &credential, second, &sad, &a);
            // What one has spent is spent for the other.
            refused(sign(scene, &credential, first, &sad, &a), "Hash is not authorized by the SAD");

            let extended = sad_of(extend(scene, &credential, second, &sad, &[b.clone(), c.clone()]));
            for version in [V1, V2] {
                refused(sign(scene, &credential, version, &sad, &b), "Invalid parameter SAD");
            }
            signed(scene, &credential, first, &extended, &b);
            let last = sad_of(extend(scene, &credential, first, &extended, from_ref(&c)));
            signed(scene, &credential, second, &last, &c);
            for version in [V1, V2] {
                refused(sign(scene, &credential, version, &last, &c), "Invalid parameter SAD");
            }
        }
    });
}

#[test]
fn wrong_factors_count_together_and_are_told_in_each_version_s_words() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let try_pin = |version, pin: &str| {
            let mut body = authorization(version, 1, &[hash("a")]);
            match version {
                V1 => body["PIN"] = pin.into(),
                V2 => body["authData"] = json!([{ "id": "PIN", "value": pin }]),
            }
            let reply = call(scene, &credential, version, "credentials/authorize", &body).expect(400).json();
            let text = |field: &str| reply[field].as_str().unwrap().to_owned();
            (text("error"), text("error_description"))
        };
        let told = |error: &str, description: &str| (error.to_owned(), description.to_owned());
        let wrong_data = told("invalid_authentication_data", "The authentication data is invalid");
        for _ in 0..2 {
            assert_eq!(try_pin(V1, "271828"), told("invalid_pin", "The PIN is invalid"));
            assert_eq!(try_pin(V2, "271828"), wrong_data);
        }
        assert_eq!(try_pin(V1, "271828"), told("invalid_pin", "The PIN is invalid"));
        assert_eq!(try_pin(V1, PIN), told("invalid_request", "PIN locked"));
        assert_eq!(try_pin(V2, PIN), told("invalid_request", "Credential locked"));
    });
}

fn call(scene: &Scene, credential: &Credential, version: Version, method: &str, body: &Value) -> Reply {
    let base = match version {
        V1 => "/csc/v1",
        V2 => "/csc/v2",
    };
    let mut body = body.clone();
    if method != "credentials/list" {
        body["credentialID"] = credential.id.as_str().into();
    }
    scene.http.post(&format!("{base}/{method}")).bearer(&credential.token).json(&body).send()
}

fn authorize(
    scene: &Scene,
    credential: &Credential,
    version: Version,
    count: usize,
    hashes: &[Vec<u8>],
) -> Reply {
    let otp = scene.otp_code(credential);
    let mut body = authorization(version, count, hashes);
    match version {
        V1 => {
            body["PIN"] = PIN.into();
            body["OTP"] = otp.into();
        }
        V2 => body["authData"] = json!([{ "id": "PIN", "value": PIN }, { "id": "OTP", "value": otp }]),
    }
    call(scene, credential, version, "credentials/authorize", &body)
}

fn authorization(version: Version, count: usize, hashes: &[Vec<u8>]) -> Value {
    let mut body = with_hashes(version, hashes);
    body["numSignatures"] = count.into();
    body
}

fn extend(scene: &Scene, credential: &Credential, version: Version, sad: &str, hashes: &[Vec<u8>]) -> Reply {
    let mut body = with_hashes(version, hashes);
    body["SAD"] = sad.into();
    call(scene, credential, version, "credentials/extendTransaction", &body)
}

fn sign(scene: &Scene, credential: &Credential, version: Version, sad: &str, hash: &Vec<u8>) -> Reply {
    let mut body = with_hashes(version, from_ref(hash));
    body["SAD"] = sad.into();
    body["signAlgo"] = "1.2.840.10045.4.3.2".into();
    call(scene, credential, version, "signatures/signHash", &body)
}

fn with_hashes(version: Version, hashes: &[Vec<u8>]) -> Value {
    match version {
        V1 => json!({ "hash": base64_all(hashes) }),
        V2 => json!({ "hashes": base64_all(hashes), "hashAlgorithmOID": SHA256 }),
    }
}

#[track_caller]
fn signed(scene: &Scene, credential: &Credential, version: Version, sad: &str, hash: &Vec<u8>) {
    let made = signatures(&sign(scene, credential, version, sad, hash).expect(200));
    let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
    assert_eq!(made.len(), 1);
    assert!(verify(&credential.certificate, scheme, hash, &made[0]).unwrap(), "{version:?}");
}

#[track_caller]
fn sad_of(reply: Reply) -> String {
    reply.expect(200).json()["SAD"].as_str().unwrap().to_owned()
}

#[track_caller]
fn refused(reply: Reply, description: &str) {
    let body = reply.expect(400).json();
    assert_eq!(
        (&body["error"], &body["error_description"]),
        (&json!("invalid_request"), &json!(description))
    );
}

//! pyHanko (Python), which signs PDFs: v1 throughout. Whoever uses it writes the call of credentials/authorize, with a
//! body that it helps to make. (tests/clients/ runs the program itself.)

use countersign::model::algorithm::{Digest, KeyAlgorithm, SignatureScheme};
use serde_json::json;

use super::{Type, understood, verified};
use crate::support::scene::{PIN, Plan, Status, base64_all, on_both};

#[test]
fn pyhanko_signs_a_batch_with_every_kind_of_key() {
    on_both(|scene| {
        for (key, algo, digest, scheme) in [
            (
                KeyAlgorithm::P256,
                "1.2.840.10045.4.3.2",
                Digest::Sha256,
                SignatureScheme::Ecdsa(Digest::Sha256),
            ),
            (
                KeyAlgorithm::P384,
                "1.2.840.10045.4.3.3",
                Digest::Sha384,
                SignatureScheme::Ecdsa(Digest::Sha384),
            ),
            (
                KeyAlgorithm::Rsa2048,
                "1.2.840.113549.1.1.11",
                Digest::Sha256,
                SignatureScheme::RsaPkcs1(Digest::Sha256),
            ),
        ] {
            let credential = scene.enrol(&Plan { key, ..Plan::default() }, Status::Active);
            let post = |method: &str, body| scene.csc(&credential.token, method, &body);
            let id = &credential.id;
            let asked = json!({ "credentialID": id, "certificates": "chain", "certInfo": false });
            let info = understood(
                post("credentials/info", asked),
                &[
                    ("/cert/certificates", Type::Certificates),
                    ("/key/algo", Type::Texts),
                    ("/multisign", Type::Count),
                    ("/SCAL", Type::OneOf(&["1", "2"])),
                ],
            );
            // The signer's certificate comes first, and an algorithm that is not listed is not even tried.
            assert_eq!(
                info["cert"]["certificates"][0],
                base64_all(std::slice::from_ref(&credential.certificate))[0]
            );
            assert!(info["key"]["algo"].as_array().unwrap().contains(&json!(algo)), "{info}");

            let hashes = [vec![1; digest.len()], vec![2; digest.len()]];
            let authorized = post(
                "credentials/authorize",
                json!({
                    "credentialID": id, "numSignatures": 2, "hash": base64_all(&hashes), "PIN": PIN,
                    "OTP": scene.otp_code(&credential), "description": "A contract", "clientData": "order 7",
                }),
            );
            let sad =
                understood(authorized, &[("/SAD", Type::Text), ("/expiresIn", Type::Count)])["SAD"].clone();
            let signed = post(
                "signatures/signHash",
                json!({
                    "credentialID": id, "SAD": sad, "hashAlgo": digest.oid(), "signAlgo": algo,
                    "hash": base64_all(&hashes), "clientData": "order 7",
                }),
            );
            verified(signed, &credential, scheme, &hashes);
        }
    });
}

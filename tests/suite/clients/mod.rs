//! Programs that others wrote, replayed request by request: each test sends the very fields that its program sends, and
//! asks of the answers what that program cannot do without, with its type. Where a program would have had a token by an
//! authorization code, it has one by client credentials here, and PIN and OTP stand for the page that would ask for them;
//! what it does by codes is in tests of its own, with [`Wallet`] for the person and the browser.

mod documenso;
mod eudi_kotlin;
mod eudi_swift;
mod netkeystore;
mod openszigno;
mod pyhanko;
mod wallet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::model::algorithm::SignatureScheme;
use countersign::pki::verify::verify;
use serde_json::Value;

use self::wallet::{CHALLENGE, VERIFIER, Wallet};
use crate::support::http::Reply;
use crate::support::scene::{Credential, Scene, signatures};

/// What a program takes a field for.
#[derive(Clone, Copy, Debug)]
enum Type {
    Text,
    Texts,
    /// Base64 of DER without line breaks, at least one.
    Certificates,
    /// One or more.
    Count,
    /// A list of objects, which may be empty.
    Objects,
    /// `YYYYMMDDHHMMSSZ`
    Moment,
    OneOf(&'static [&'static str]),
}

/// The answer, once it is the JSON that a program can read: 200, of that content type, with these fields (JSON pointers).
#[track_caller]
fn understood(reply: Reply, needed: &[(&str, Type)]) -> Value {
    let reply = reply.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.what);
    let answer = reply.json();
    for (pointer, wanted) in needed {
        let found = answer.pointer(pointer).unwrap_or(&Value::Null);
        assert!(wanted.fits(found), "{}: {pointer} is no {wanted:?} in {answer}", reply.what);
    }
    answer
}

impl Type {
    fn fits(self, value: &Value) -> bool {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Type::Text => value.is_string(),
            Type::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Type::Certificates => value.as_array().is_some_and(|list| {
                let der = |value: &Value| STANDARD.decode(value.as_str().unwrap_or("-")).is_ok();
                !list.is_empty() && list.iter().all(der)
            }),
            Type::Count => value.as_u64().is_some_and(|number| number >= 1),
            Type::Objects => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
            Type::Moment => value
                .as_str()
                .and_then(|text| text.strip_suffix('Z'))
                .is_some_and(|rest| rest.len() == 14 && digits(rest)),
            Type::OneOf(words) => value.as_str().is_some_and(|text| words.contains(&text)),
        }
    }
}

/// A call of the CSC API, version 2.
fn v2(scene: &Scene, token: &str, method: &str, body: &Value) -> Reply {
    scene.http.post(&format!("/csc/v2/{method}")).bearer(token).json(body).send()
}

/// Whether each signature of an answer is one of the credential over the hash in its place.
#[track_caller]
fn verified(reply: Reply, credential: &Credential, scheme: SignatureScheme, hashes: &[Vec<u8>]) {
    let made = signatures(&reply.expect(200));
    assert_eq!(made.len(), hashes.len());
    for (hash, signature) in hashes.iter().zip(&made) {
        assert!(verify(&credential.certificate, scheme, hash, signature).unwrap(), "{scheme:?}");
    }
}

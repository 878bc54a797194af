use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair};
use jsonwebtoken::EncodingKey;
use openssl::rsa::Rsa;
use serde_json::json;

use super::*;
use crate::keys::software;
use crate::keys::token_key::{self, TokenAlgorithm, TokenKey};
use crate::model::algorithm::KeyAlgorithm;

/// A client's key: what it publishes, and what it signs with.
struct Pair {
    jwk: Value,
    private: EncodingKey,
}

fn rsa() -> Pair {
    let key = Rsa::generate(2048).unwrap();
    let text = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
    Pair {
        jwk: json!({ "kty": "RSA", "n": text(key.n()), "e": text(key.e()) }),
        private: EncodingKey::from_rsa_der(&key.private_key_to_der().unwrap()),
    }
}

fn p256() -> Pair {
    of_token_key(TokenAlgorithm::Es256, EncodingKey::from_ec_der)
}

fn ed25519() -> Pair {
    of_token_key(TokenAlgorithm::EdDsa, EncodingKey::from_ed_der)
}

fn of_token_key(algorithm: TokenAlgorithm, private: impl Fn(&[u8]) -> EncodingKey) -> Pair {
    let pkcs8 = token_key::generate(algorithm).unwrap();
    let mut jwk = TokenKey::open(algorithm, &pkcs8).unwrap().public_jwk().clone();
    for name in ["kid", "alg", "use"] {
        jwk.as_object_mut().unwrap().remove(name);
    }
    Pair { jwk, private: private(pkcs8.expose()) }
}

fn p384() -> Pair {
    let algorithm: &EcdsaSigningAlgorithm = &ECDSA_P384_SHA384_FIXED_SIGNING;
    let pkcs8 = software::generate(KeyAlgorithm::P384).unwrap().pkcs8;
    let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.expose()).unwrap();
    let (x, y) = key.public_key().as_ref()[1..].split_at(48);
    let text = |octets: &[u8]| URL_SAFE_NO_PAD.encode(octets);
    Pair {
        jwk: json!({ "kty": "EC", "crv": "P-384", "x": text(x), "y": text(y) }),
        private: EncodingKey::from_ec_der(pkcs8.expose()),
    }
}

fn claims() -> Value {
    json!({ "iss": "acme", "sub": "acme", "aud": "https://sign.example", "exp": 1_800_000_060, "jti": "1" })
}

fn signed(pair: &Pair, header: &Header) -> String {
    jsonwebtoken::encode(header, &claims(), &pair.private).unwrap()
}

fn with(jwk: &Value, members: &Value) -> Value {
    let mut jwk = jwk.clone();
    jwk.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    jwk
}

fn set(keys: &[Value]) -> Value {
    json!({ "keys": keys })
}

#[test]
fn every_algorithm_verifies_under_a_key_of_its_own_kind_only() {
    let pairs = [rsa(), p256(), p384(), ed25519()];
    let own = [&ALGORITHMS[..6], &["ES256"], &["ES384"], &["EdDSA"]];
    for (at, pair) in pairs.iter().enumerate() {
        assert!(is_usable(&pair.jwk), "{}", pair.jwk);
        for name in own[at] {
            let jwt = signed(pair, &Header::new(name.parse().unwrap()));
            assert_eq!(unverified_subject(&jwt).as_deref(), Some("acme"));
            for (other, key) in pairs.iter().enumerate() {
                let verified = verify(&set(std::slice::from_ref(&key.jwk)), &jwt);
                assert_eq!(verified.is_ok(), at == other, "{name} under {}", key.jwk);
            }
            let all: Vec<Value> = pairs.iter().map(|pair| pair.jwk.clone()).collect();
            assert_eq!(verify(&set(&all), &jwt).unwrap().jti, "1");
        }
    }
}

#[test]
fn none_and_macs_verify_under_no_key() {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for pair in [ed25519(), rsa()] {
        let keys = set(std::slice::from_ref(&pair.jwk));
        for alg in ["none", "None", "NONE"] {
            let unsigned = format!("{}.{}.", encode(&json!({ "alg": alg })), encode(&claims()));
            assert!(verify(&keys, &unsigned).is_err(), "{alg}");
        }
        let member = pair.jwk.get("x").or(pair.jwk.get("n")).and_then(Value::as_str).unwrap();
        for secret in [member.as_bytes(), &URL_SAFE_NO_PAD.decode(member).unwrap()] {
            let mac = Header::new(Algorithm::HS256);
            let jwt = jsonwebtoken::encode(&mac, &claims(), &EncodingKey::from_secret(secret)).unwrap();
            assert!(verify(&keys, &jwt).is_err());
            let shared = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret) });
            assert!(!is_usable(&shared));
            assert!(verify(&set(&[shared]), &jwt).is_err());
        }
    }
}

#[test]
fn what_a_key_says_of_itself_holds() {
    let pair = rsa();
    let mut header = Header::new(Algorithm::PS256);
    header.kid = Some("one".to_owned());
    let jwt = signed(&pair, &header);
    for (members, good) in [
        (json!({}), true),
        (json!({ "kid": "one", "alg": "PS256", "use": "sig", "key_ops": ["verify"] }), true),
        (json!({ "kid": "two" }), false),
        (json!({ "alg": "RS256" }), false),
        (json!({ "alg": "ES256" }), false),
        (json!({ "alg": "RSA-OAEP" }), false),
        (json!({ "use": "enc" }), false),
        (json!({ "use": 1 }), false),
        (json!({ "key_ops": ["encrypt"] }), false),
    ] {
        let key = with(&pair.jwk, &members);
        assert_eq!(verify(&set(&[key]), &jwt).is_ok(), good, "{members}");
    }
    // Whoever names no key has it found.
    let unnamed = signed(&pair, &Header::new(Algorithm::PS256));
    assert!(verify(&set(&[with(&pair.jwk, &json!({ "kid": "two" }))]), &unnamed).is_ok());
}

#[test]
fn keys_that_are_not_what_they_say_are_of_no_use() {
    let (rsa, p256, ed25519) = (rsa(), p256(), ed25519());
    let short = URL_SAFE_NO_PAD.encode([0x80; 128]);
    for key in [
        json!({}),
        json!("key"),
        with(&rsa.jwk, &json!({ "n": short })),
        with(&rsa.jwk, &json!({ "kty": "EC" })),
        with(&p256.jwk, &json!({ "crv": "P-384" })),
        with(&p256.jwk, &json!({ "crv": "secp256k1" })),
        with(&p256.jwk, &json!({ "x": "AA" })),
        with(&ed25519.jwk, &json!({ "crv": "X25519" })),
        with(&ed25519.jwk, &json!({ "x": "AA" })),
    ] {
        assert!(!is_usable(&key), "{key}");
    }
}

#[test]
fn a_changed_or_odd_assertion_is_refused() {
    let pair = ed25519();
    let keys = set(std::slice::from_ref(&pair.jwk));
    let jwt = signed(&pair, &Header::new(Algorithm::EdDSA));
    let [header, _, signature] = <[&str; 3]>::try_from(jwt.split('.').collect::<Vec<_>>()).unwrap();
    let root = URL_SAFE_NO_PAD.encode(claims().to_string().replace("acme", "root"));
    assert!(verify(&keys, &format!("{header}.{root}.{signature}")).is_err());
    for odd in ["", "..", "a.b.c", header, &format!("{jwt}.")] {
        assert!(verify(&keys, odd).is_err(), "{odd}");
    }
    let mut critical = Header::new(Algorithm::EdDSA);
    critical.crit = Some(vec!["exp".to_owned()]);
    assert!(verify(&keys, &signed(&pair, &critical)).is_err());
    for (name, value) in
        [("exp", json!("1800000060")), ("exp", Value::Null), ("jti", Value::Null), ("iat", json!("1"))]
    {
        let claims = with(&claims(), &json!({ name: value }));
        let header = Header::new(Algorithm::EdDSA);
        let jwt = jsonwebtoken::encode(&header, &claims, &pair.private).unwrap();
        assert!(verify(&keys, &jwt).is_err(), "{name}");
    }
}

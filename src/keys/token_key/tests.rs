use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const EXPECTED: Expected<'_> =
    Expected { typ: "at+jwt", issuer: "https://sign.example", audience: "https://sign.example", now: NOW };

fn key(algorithm: TokenAlgorithm) -> TokenKey {
    TokenKey::open(algorithm, &generate(algorithm).unwrap()).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://sign.example", "aud": ["https://sign.example"], "sub": "acme",
        "iat": 1_700_000_000, "exp": 1_700_000_060
    })
}

/// The claims with one of them changed; null takes it away.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
    claims
}

fn refusal(key: &TokenKey, token: &str) -> Option<Code> {
    key.verifier().verify::<Value>(token, &EXPECTED).err().map(|e| e.code())
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap())
}

#[test]
fn every_algorithm_signs_what_its_published_key_verifies() {
    for algorithm in TokenAlgorithm::ALL {
        let key = key(algorithm);
        let token = key.sign("at+jwt", &claims()).unwrap();
        assert_eq!(unverified_kid(&token).as_deref(), Some(key.kid()));
        let published = TokenVerifier::from_jwk(key.public_jwk()).unwrap();
        let read: Value = published.verify(&token, &EXPECTED).unwrap();
        assert_eq!(read, claims());
        let text = key.public_jwk().to_string();
        assert!(!text.contains("\"d\""), "a private member is published: {text}");
    }
}

#[test]
fn a_forged_token_is_refused() {
    for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Es256] {
        let (ours, theirs) = (key(algorithm), key(algorithm));
        let token = ours.sign("at+jwt", &claims()).unwrap();
        let [header, _, signature] = <[&str; 3]>::try_from(token.split('.').collect::<Vec<_>>()).unwrap();

        let changed = format!("{header}.{}.{signature}", encode(&with("sub", json!("root"))));
        assert_eq!(refusal(&ours, &changed), Some(Code::InvalidToken));
        assert_eq!(refusal(&theirs, &token), Some(Code::InvalidToken));
        // Theirs, under our kid.
        let input = format!("{header}.{}", encode(&claims()));
        let forged = URL_SAFE_NO_PAD.encode(theirs.signer.sign(input.as_bytes()).unwrap());
        assert_eq!(refusal(&ours, &format!("{input}.{forged}")), Some(Code::InvalidToken));
        for bad in ["", "a.b.c", "..", &token[..token.len() - 1], &format!("{token}.")] {
            assert_eq!(refusal(&ours, bad), Some(Code::InvalidToken), "{bad}");
        }
    }
}

#[test]
fn alg_none_is_refused() {
    let key = key(TokenAlgorithm::EdDsa);
    for alg in ["none", "None", "NONE"] {
        let header = encode(&json!({ "typ": "at+jwt", "alg": alg, "kid": key.kid() }));
        for signature in ["", "AA"] {
            let token = format!("{header}.{}.{signature}", encode(&claims()));
            assert_eq!(refusal(&key, &token), Some(Code::InvalidToken), "{alg}");
        }
    }
}

#[test]
fn a_mac_under_the_public_key_is_refused() {
    for algorithm in TokenAlgorithm::ALL {
        let key = key(algorithm);
        let jwk = key.public_jwk();
        let member = jwk.get("x").or(jwk.get("n")).and_then(Value::as_str).unwrap();
        let raw = URL_SAFE_NO_PAD.decode(member).unwrap();
        for secret in [raw.as_slice(), member.as_bytes(), jwk.to_string().as_bytes()] {
            let mut header = Header::new(Algorithm::HS256);
            header.typ = Some("at+jwt".to_owned());
            header.kid = Some(key.kid().to_owned());
            let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap();
            assert_eq!(refusal(&key, &token), Some(Code::InvalidToken), "{algorithm:?}");
        }
    }
}

#[test]
fn the_algorithm_and_the_kid_are_the_keys_and_never_the_headers() {
    let key = key(TokenAlgorithm::EdDsa);
    for (alg, kid, refused) in [
        ("EdDSA", key.kid(), None),
        ("ES256", key.kid(), Some(Code::InvalidToken)),
        ("EdDSA", "another", Some(Code::InvalidToken)),
    ] {
        let header = encode(&json!({ "typ": "at+jwt", "alg": alg, "kid": kid }));
        let input = format!("{header}.{}", encode(&claims()));
        let signature = URL_SAFE_NO_PAD.encode(key.signer.sign(input.as_bytes()).unwrap());
        assert_eq!(refusal(&key, &format!("{input}.{signature}")), refused, "{alg} {kid}");
    }
}

#[test]
fn claims_are_required_typed_and_as_expected() {
    let key = key(TokenAlgorithm::EdDsa);
    for (name, value) in [
        ("exp", json!("1700000060")),
        ("exp", json!(null)),
        ("exp", json!(1_700_000_060.5)),
        ("nbf", json!("0")),
        ("nbf", json!(1_700_000_001)),
        ("iss", json!("https://evil.example")),
        ("iss", json!(null)),
        ("aud", json!(["https://evil.example"])),
        ("aud", json!(null)),
    ] {
        let token = key.sign("at+jwt", &with(name, value.clone())).unwrap();
        assert_eq!(refusal(&key, &token), Some(Code::InvalidToken), "{name} {value}");
    }
    for good in [with("aud", json!("https://sign.example")), with("nbf", json!(1_700_000_000))] {
        assert_eq!(refusal(&key, &key.sign("at+jwt", &good).unwrap()), None);
        assert_eq!(refusal(&key, &key.sign("application/at+jwt", &good).unwrap()), None);
        assert_eq!(refusal(&key, &key.sign("JWT", &good).unwrap()), Some(Code::InvalidToken));
    }
}

#[test]
fn an_old_token_is_expired_and_not_merely_bad() {
    let key = key(TokenAlgorithm::EdDsa);
    let token = key.sign("at+jwt", &with("exp", json!(1_700_000_000))).unwrap();
    assert_eq!(refusal(&key, &token), Some(Code::ExpiredToken));
    let foreign = with("exp", json!(1)).to_string().replace("sign.example", "evil.example");
    let foreign: Value = serde_json::from_str(&foreign).unwrap();
    assert_eq!(refusal(&key, &key.sign("at+jwt", &foreign).unwrap()), Some(Code::InvalidToken));
}

/// RFC 8037, A.1 to A.3.
#[test]
fn the_kid_is_the_thumbprint_of_the_rfc() {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let pkcs8 = SecretBytes::new(pair.to_pkcs8v1().unwrap().as_ref());
    let key = TokenKey::open(TokenAlgorithm::EdDsa, &pkcs8).unwrap();
    assert_eq!(key.public_jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_key_of_another_algorithm_does_not_open() {
    let ed25519 = generate(TokenAlgorithm::EdDsa).unwrap();
    assert!(TokenKey::open(TokenAlgorithm::Es256, &ed25519).is_err());
    assert!(TokenKey::open(TokenAlgorithm::Rs256, &ed25519).is_err());
}

//! How clients authenticate: by secrets, by assertions (RFC 7523), and public ones not at all.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::jobs::clean_up;
use countersign::keys::token_key::{self, TokenAlgorithm, TokenKey};
use countersign::model::client::Client as Record;
use countersign::model::id::ClientId;
use countersign::store;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::http::{Http, Reply, Request};
use crate::support::scene::{Database, Scene, at_once, on_both, statuses};

const ISSUER: &str = "http://localhost:8080";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const NOW: i64 = 1_800_000_000;
const SECRET: &str = "batch_password";

#[test]
fn an_assertion_is_taken_wherever_a_secret_is() {
    on_both(|scene| {
        for algorithm in TokenAlgorithm::ALL {
            let id = format!("batch-{}", algorithm.as_str().to_lowercase());
            let key = batch(scene, &id, algorithm);
            let mut jtis = (0..).map(|number: u32| format!("{number}"));
            let mut ask = |path: &str, audience: Value, form: &[(&str, &str)]| {
                let jti = jtis.next().unwrap();
                let assertion = key.sign("JWT", &with(&claims(&id, &jti), "aud", audience)).unwrap();
                send(scene.http.post(path), &assertion, form)
            };
            let asked = [("grant_type", "client_credentials"), ("scope", "tenant:acme")];
            let issued = ask("/oauth2/token", json!(ISSUER), &asked).expect(200).json();
            let token = issued["access_token"].as_str().unwrap();
            let named = [asked[0], ("client_id", &id)];
            ask("/oauth2/token", json!([format!("{ISSUER}/oauth2/token")]), &named).expect(200);
            ask("/oauth/token", json!(format!("{ISSUER}/oauth/token")), &asked).expect(200);

            let of_it = [("token", token)];
            let token_endpoint = json!(format!("{ISSUER}/oauth2/token"));
            let checked = ask("/oauth2/check_token", token_endpoint, &of_it).expect(200).json();
            assert_eq!(checked["client_id"], id);
            let called = json!(format!("{ISSUER}/oauth2/introspect"));
            assert_eq!(ask("/oauth2/introspect", called, &of_it).expect(200).json()["active"], true);
            ask("/oauth2/revoke", json!(ISSUER), &of_it).expect(200);
            refused(ask("/oauth2/check_token", json!(ISSUER), &of_it), 400, "invalid_token");
        }
    });
}

#[test]
fn every_fault_of_an_assertion_is_the_same_refusal() {
    on_both(|scene| {
        let key = batch(scene, "batch", TokenAlgorithm::EdDsa);
        let good = claims("batch", "1");
        let refusal = |assertion: &str| {
            let body = refused(token(&scene.http, assertion), 401, "invalid_client");
            body["error_description"].as_str().unwrap().to_owned()
        };
        let one_answer = refusal("x");
        let bad = |assertion: &str| assert_eq!(refusal(assertion), one_answer, "{assertion}");
        for (name, value) in [
            ("iss", json!("acme")),
            ("iss", Value::Null),
            ("sub", json!("acme")),
            ("sub", json!("nobody")),
            ("sub", Value::Null),
            ("aud", json!("https://other.example")),
            ("aud", json!(format!("{ISSUER}/oauth2/revoke"))),
            ("aud", json!([])),
            ("aud", Value::Null),
            ("exp", json!(NOW)),
            ("exp", json!(NOW + 3631)),
            ("exp", json!(format!("{}", NOW + 60))),
            ("exp", Value::Null),
            ("iat", json!(NOW + 31)),
            ("nbf", json!(NOW + 31)),
            ("jti", json!("")),
            ("jti", Value::Null),
        ] {
            bad(&key.sign("JWT", &with(&good, name, value)).unwrap());
        }
        // Another's key, under our kid.
        let other = batch(scene, "other", TokenAlgorithm::EdDsa);
        bad(&other.sign("JWT", &good).unwrap());
        bad(&forged(&key.sign("JWT", &good).unwrap(), &other.sign("JWT", &good).unwrap()));
        // No signature, and one with what everybody knows.
        for alg in ["none", "None"] {
            let header = json!({ "alg": alg, "kid": key.kid() });
            bad(&format!("{}.{}.", encoded(&header), encoded(&good)));
        }
        let public = key.public_jwk()["x"].as_str().unwrap();
        for secret in [public.as_bytes(), &URL_SAFE_NO_PAD.decode(public).unwrap(), SECRET.as_bytes()] {
            let mut header = Header::new(Algorithm::HS256);
            header.kid = Some(key.kid().to_owned());
            bad(&jsonwebtoken::encode(&header, &good, &EncodingKey::from_secret(secret)).unwrap());
        }
        // Of another type, and of none.
        let assertion = key.sign("JWT", &good).unwrap();
        let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
        for form in [
            &[("client_assertion", assertion.as_str())][..],
            &[("client_assertion", assertion.as_str()), ("client_assertion_type", saml)],
            &[("client_assertion_type", ASSERTION_TYPE), ("client_id", "batch")],
        ] {
            let form = [&[("grant_type", "client_credentials")], form].concat();
            refused(scene.http.post("/oauth2/token").form(&form).send(), 401, "invalid_client");
        }
        // None of this has used it up.
        token(&scene.http, &assertion).expect(200);
    });
}

#[test]
fn an_assertion_is_good_once_on_whichever_node() {
    let alone = Scene::on(Database::Sqlite);
    good_once(&alone, &alone.http);
    let beside = Scene::two_nodes();
    good_once(&beside, beside.second());
}

fn good_once(scene: &Scene, second: &Http) {
    let key = batch(scene, "batch", TokenAlgorithm::Es256);
    let assertion = key.sign("JWT", &claims("batch", "1")).unwrap();
    token(&scene.http, &assertion).expect(200);
    // The same name on another paper.
    let again = key.sign("JWT", &with(&claims("batch", "1"), "exp", json!(NOW + 90))).unwrap();
    for http in [&scene.http, second] {
        for assertion in [&assertion, &again] {
            refused(token(http, assertion), 401, "invalid_client");
        }
    }
    // Another client may well count from one, too.
    let other = batch(scene, "other", TokenAlgorithm::Es256);
    token(second, &other.sign("JWT", &claims("other", "1")).unwrap()).expect(200);

    let assertion = key.sign("JWT", &claims("batch", "2")).unwrap();
    let callers = AtomicUsize::new(0);
    let replies = at_once(16, || {
        let even = callers.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        token(if even { &scene.http } else { second }, &assertion)
    });
    let mut won = statuses(&replies);
    won.sort_unstable();
    assert_eq!(won, [&[200][..], &[401; 15]].concat());

    // What has expired is forgotten: only then is the name free again.
    let later = 600 + 60;
    scene.clock.advance(later);
    let anew = with(&claims("batch", "1"), "exp", json!(NOW + later + 60));
    let anew = key.sign("JWT", &anew).unwrap();
    refused(token(&scene.http, &anew), 401, "invalid_client");
    clean_up::run(&scene.first().app.service, scene.clock.now()).unwrap();
    token(&scene.http, &anew).expect(200);
}

#[test]
fn a_client_authenticates_as_its_record_says_and_in_no_other_way() {
    on_both(|scene| {
        // It was sent a secret, which is for the day on which it authenticates by one.
        let key = new_key(TokenAlgorithm::EdDsa);
        let record = json!({
            "clientId": "batch", "tokenEndpointAuthMethod": "private_key_jwt", "clientSecret": SECRET,
            "jwks": { "keys": [key.public_jwk()] }, "tenants": ["acme"],
        });
        register(scene, &record).expect(201);
        refused(by_secret(scene, "batch", SECRET), 401, "invalid_client");
        let login = scene.http.post("/csc/v1/auth/login").basic("batch", SECRET).json(&json!({})).send();
        assert_ne!(login.status, 200, "{}", login.text());
        let form = [("grant_type", "client_credentials"), ("client_id", "batch")];
        refused(scene.http.post("/oauth2/token").form(&form).send(), 401, "invalid_client");

        // A client of secrets is not believed for its keys.
        let jwks =
            json!({ "clientId": "keyed", "jwks": { "keys": [key.public_jwk()] }, "tenants": ["acme"] });
        let secret = register(scene, &jwks).expect(201).json()["clientSecret"].as_str().unwrap().to_owned();
        by_secret(scene, "keyed", &secret).expect(200);
        let assertion = key.sign("JWT", &claims("keyed", "1")).unwrap();
        refused(token(&scene.http, &assertion), 401, "invalid_client");

        let assertion = key.sign("JWT", &claims("batch", "1")).unwrap();
        let grant = ("grant_type", "client_credentials");
        let twice = [grant, ("client_id", "batch"), ("client_secret", SECRET)];
        refused(send(scene.http.post("/oauth2/token"), &assertion, &twice), 400, "invalid_request");
        let basic = scene.http.post("/oauth2/token").basic("batch", SECRET);
        refused(send(basic, &assertion, &[grant]), 400, "invalid_request");
        let another = send(scene.http.post("/oauth2/token"), &assertion, &[grant, ("client_id", "keyed")]);
        refused(another, 400, "invalid_request");
        token(&scene.http, &assertion).expect(200);
    });
}

#[test]
fn keys_are_changed_like_anything_else_of_the_record() {
    let scene = Scene::two_nodes();
    let old = batch(&scene, "batch", TokenAlgorithm::EdDsa);
    token(scene.second(), &old.sign("JWT", &claims("batch", "1")).unwrap()).expect(200);
    let new = new_key(TokenAlgorithm::Es256);
    let mut encrypting = new.public_jwk().clone();
    encrypting["use"] = json!("enc");
    let refusal = change(&scene, "batch", &json!({ "jwks": { "keys": [encrypting] } })).expect(400).json();
    assert_eq!(refusal["errors"][0]["pointer"], "/jwks");
    let both = json!({ "keys": [encrypting, new.public_jwk()] });
    change(&scene, "batch", &json!({ "jwks": both })).expect(200);
    refused(token(scene.second(), &old.sign("JWT", &claims("batch", "2")).unwrap()), 401, "invalid_client");
    token(scene.second(), &new.sign("JWT", &claims("batch", "3")).unwrap()).expect(200);
    // The other node acts on what it read last, finds that it changed, and starts over with the same assertion.
    change(&scene, "batch", &json!({ "displayName": "Batch" })).expect(200);
    token(scene.second(), &new.sign("JWT", &claims("batch", "5")).unwrap()).expect(200);
    change(&scene, "batch", &json!({ "status": "disabled" })).expect(200);
    refused(token(scene.second(), &new.sign("JWT", &claims("batch", "4")).unwrap()), 401, "invalid_client");
}

#[test]
fn a_public_client_is_named_and_no_more() {
    on_both(|scene| {
        let public = json!({
            "clientId": "spa", "tokenEndpointAuthMethod": "none", "tenants": ["acme"],
            "authorizedGrantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": ["https://spa.example/cb"],
        });
        let made = register(scene, &public).expect(201).json();
        assert_eq!(made.get("clientSecret"), None);
        let events = || {
            let path = "/api/v1/audit-events?action=token.issue&limit=200";
            let found = scene.http.get(path).bearer(&scene.admin()).send().expect(200).json();
            found["items"].as_array().unwrap().iter().filter(|event| event["outcome"] == "refused").count()
        };
        let post = |path: &str, form: &[(&str, &str)]| {
            scene.http.post(path).form(&[&[("client_id", "spa")], form].concat()).send()
        };
        let token = scene.token("acme", "tenant:acme");
        let grant = |grant: &'static str| [("grant_type", grant), ("username", "x"), ("password", "x")];
        for name in ["client_credentials", "password"] {
            refused(post("/oauth2/token", &grant(name)), 400, "unauthorized_client");
        }
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", "rt_x")];
        refused(post("/oauth2/token", &refresh), 400, "invalid_grant");
        for path in ["/oauth2/check_token", "/oauth2/introspect"] {
            refused(post(path, &[("token", &token)]), 401, "invalid_client");
        }
        post("/oauth2/revoke", &[("token", "no token at all")]).expect(200);
        refused(post("/oauth2/revoke", &[("token", &token)]), 400, "invalid_request");
        scene.first().check_token(&scene.first().admin, &token).expect(200);
        let login = scene.http.post("/csc/v1/auth/login").basic("spa", "").json(&json!({})).send();
        assert_ne!(login.status, 200, "{}", login.text());
        refused(by_secret(scene, "spa", "anything"), 401, "invalid_client");
        // Nobody showed who they are, so nothing is written for them.
        assert_eq!(events(), 0);
        scene.ask_token(&scene.http, "acme", "tenant:globex").expect(400);
        assert_eq!(events(), 1);

        // Whoever has to authenticate and whoever is not there are told the same.
        let alone = |id: &str| {
            let form = [("grant_type", "client_credentials"), ("client_id", id)];
            refused(scene.http.post("/oauth2/token").form(&form).send(), 401, "invalid_client")
        };
        assert_eq!(alone("acme"), alone("nobody"));
        assert_eq!(alone("acme"), alone("no id/at all"));
        // It is one no more at once.
        change(scene, "spa", &json!({ "tokenEndpointAuthMethod": null, "clientSecret": SECRET })).expect(200);
        refused(post("/oauth2/token", &refresh), 401, "invalid_client");
    });
}

#[test]
fn a_record_says_how_its_client_authenticates() {
    on_both(|scene| {
        let key = new_key(TokenAlgorithm::EdDsa);
        let jwks = json!({ "keys": [key.public_jwk()] });
        let short =
            json!({ "keys": [{ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0x80; 128]), "e": "AQAB" }] });
        let code = json!(["authorization_code"]);
        for (fields, pointer) in [
            (json!({ "tokenEndpointAuthMethod": "tls_client_auth" }), "/tokenEndpointAuthMethod"),
            (json!({ "pkce": "plain" }), "/pkce"),
            (json!({ "tokenEndpointAuthMethod": "private_key_jwt" }), "/jwks"),
            (json!({ "tokenEndpointAuthMethod": "private_key_jwt", "jwks": { "keys": [] } }), "/jwks"),
            (json!({ "tokenEndpointAuthMethod": "private_key_jwt", "jwks": short }), "/jwks"),
            (json!({ "tokenEndpointAuthMethod": "none" }), "/authorizedGrantTypes"),
            (
                json!({ "tokenEndpointAuthMethod": "none", "authorizedGrantTypes": "password" }),
                "/authorizedGrantTypes",
            ),
            (
                json!({ "tokenEndpointAuthMethod": "none", "authorizedGrantTypes": code, "pkce": "optional" }),
                "/pkce",
            ),
            (
                json!({ "tokenEndpointAuthMethod": "none", "authorizedGrantTypes": code, "clientSecret": "s" }),
                "/clientSecret",
            ),
            (json!({ "accountTokenKey": "" }), "/accountTokenKey"),
            (json!({ "accountTokenKey": "x".repeat(257) }), "/accountTokenKey"),
            (json!({ "redirectUris": ["https://user@app.example/"] }), "/redirectUris/0"),
            (json!({ "redirectUris": ["https://app.example/", "file:///x"] }), "/redirectUris/1"),
        ] {
            let body =
                register(scene, &with(&with(&fields, "clientId", json!("odd")), "tenants", json!(["acme"])))
                    .expect(400)
                    .json();
            assert_eq!(body["errors"][0]["pointer"], pointer, "{fields}");
        }

        let fields = json!({
            "clientId": "post", "tokenEndpointAuthMethod": "client_secret_post", "pkce": "optional",
            "authorizedGrantTypes": ["client_credentials", "implicit"], "tenants": ["acme"],
        });
        let made = register(scene, &fields).expect(201).json();
        assert_eq!(
            (&made["tokenEndpointAuthMethod"], &made["pkce"]),
            (&json!("client_secret_post"), &json!("optional"))
        );
        by_secret(scene, "post", made["clientSecret"].as_str().unwrap()).expect(200);
        let plain = scene.http.get("/api/v1/clients/acme").bearer(&scene.admin()).send().expect(200).json();
        assert_eq!(plain["tokenEndpointAuthMethod"], "client_secret_basic");
        assert_eq!((&plain["pkce"], &plain["hasAccountTokenKey"]), (&json!("required"), &json!(false)));
        let spa = json!({
            "clientId": "spa", "tokenEndpointAuthMethod": "none", "authorizedGrantTypes": ["implicit"], "jwks": jwks,
            "tenants": ["acme"],
        });
        register(scene, &spa).expect(201);
    });
}

#[test]
fn a_change_of_the_method_ends_what_the_former_gave() {
    on_both(|scene| {
        let made = register(scene, &json!({ "clientId": "app", "tenants": ["acme"] })).expect(201).json();
        let old = made["clientSecret"].as_str().unwrap();
        let key = new_key(TokenAlgorithm::EdDsa);
        let access = |reply: Reply| reply.expect(200).json()["access_token"].as_str().unwrap().to_owned();
        let stands = |token: &str| scene.first().check_token(&scene.first().admin, token).status == 200;
        let secrets = || {
            let path = "/api/v1/clients/app/secrets";
            scene.http.post(path).bearer(&scene.admin()).json(&json!({})).send()
        };

        let first = access(by_secret(scene, "app", old));
        change(scene, "app", &json!({ "tokenEndpointAuthMethod": "client_secret_post" })).expect(200);
        assert!(stands(&first), "it is the same in other words");
        let to_keys =
            json!({ "tokenEndpointAuthMethod": "private_key_jwt", "jwks": { "keys": [key.public_jwk()] } });
        change(scene, "app", &to_keys).expect(200);
        assert!(!stands(&first));
        refused(by_secret(scene, "app", old), 401, "invalid_client");
        let refusal = secrets().expect(409).json();
        assert_eq!(refusal["code"], "invalid_state");
        assert!(refusal["detail"].as_str().unwrap().contains("private_key_jwt"), "{refusal}");

        let second = access(token(&scene.http, &key.sign("JWT", &claims("app", "1")).unwrap()));
        let back = json!({ "tokenEndpointAuthMethod": "client_secret_basic" });
        let refusal = change(scene, "app", &back).expect(400).json();
        assert_eq!(refusal["errors"][0]["pointer"], "/tokenEndpointAuthMethod");
        assert!(refusal["detail"].as_str().unwrap().contains("clientSecret"), "{refusal}");
        assert!(stands(&second), "nothing was changed");
        change(scene, "app", &with(&back, "clientSecret", json!(SECRET))).expect(200);
        assert!(!stands(&second));
        by_secret(scene, "app", SECRET).expect(200);
        refused(by_secret(scene, "app", old), 401, "invalid_client");
        let assertion = key.sign("JWT", &claims("app", "2")).unwrap();
        refused(token(&scene.http, &assertion), 401, "invalid_client");
        // Another one is made where secrets are made.
        let refusal = change(scene, "app", &json!({ "clientSecret": "another" })).expect(400).json();
        assert_eq!(refusal["errors"][0]["pointer"], "/clientSecret");
        secrets().expect(201);
    });
}

#[test]
fn an_account_token_key_is_kept_and_never_shown() {
    on_both(|scene| {
        const KEY: &str = "the key of the account tokens";
        let body = json!({ "clientId": "v1", "tenants": ["acme"], "accountTokenKey": KEY });
        let admin = scene.admin();
        let post = |body: &Value| {
            scene.http.post("/api/v1/clients").bearer(&admin).header("idempotency-key", "k").json(body).send()
        };
        let made = post(&body).expect(201);
        assert_eq!(made.json()["hasAccountTokenKey"], true);
        assert!(!made.text().contains(KEY) && made.json().get("accountTokenKey").is_none());
        // It is not part of what is compared.
        assert_eq!(post(&with(&body, "accountTokenKey", json!("x"))).expect(201).text(), made.text());

        let service = &scene.first().app.service;
        let stored = || -> Record {
            let id = ClientId::parse("v1").unwrap();
            service.store.read(scene.clock.now(), |tx| store::clients::find(tx, &id)).unwrap().unwrap()
        };
        let kept = stored();
        assert_eq!(service.vault.account_token_key(&kept).unwrap().unwrap().expose(), KEY.as_bytes());
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        assert!(!text(kept.wrapped_account_token_key.as_deref().unwrap()).contains(KEY));
        let elsewhere = Record { id: ClientId::parse("other").unwrap(), ..kept };
        assert!(service.vault.account_token_key(&elsewhere).is_err(), "it opens where it is only");

        let shown = change(scene, "v1", &json!({ "displayName": "V1" })).expect(200);
        assert_eq!(shown.json()["hasAccountTokenKey"], true);
        assert_eq!(
            change(scene, "v1", &json!({ "accountTokenKey": null })).expect(200).json()["hasAccountTokenKey"],
            false
        );
        assert!(service.vault.account_token_key(&stored()).unwrap().is_none());
        change(scene, "v1", &json!({ "accountTokenKey": KEY })).expect(200);
        scene.http.delete("/api/v1/clients/v1").bearer(&scene.admin()).send().expect(204);
        assert!(stored().wrapped_account_token_key.is_none());
    });
}

#[test]
fn the_metadata_tells_how_clients_authenticate() {
    let scene = Scene::on(Database::Sqlite);
    let metadata = scene.http.get("/.well-known/oauth-authorization-server").send().expect(200).json();
    let confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
    let all = [&confidential[..], &["none"]].concat();
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(all));
    assert_eq!(metadata["revocation_endpoint_auth_methods_supported"], json!(all));
    assert_eq!(metadata["introspection_endpoint_auth_methods_supported"], json!(confidential));
    for endpoint in ["token", "revocation", "introspection"] {
        let algorithms = &metadata[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        assert!(algorithms.as_array().unwrap().contains(&json!("PS256")), "{algorithms}");
    }
}

/// Registers a client that authenticates by assertions; the key that it signs with.
fn batch(scene: &Scene, id: &str, algorithm: TokenAlgorithm) -> TokenKey {
    let key = new_key(algorithm);
    let made = register(
        scene,
        &json!({
            "clientId": id, "tokenEndpointAuthMethod": "private_key_jwt", "tenants": ["acme"],
            "jwks": { "keys": [key.public_jwk()] },
        }),
    );
    let made = made.expect(201).json();
    assert_eq!(made.get("clientSecret"), None, "{made}");
    key
}

fn new_key(algorithm: TokenAlgorithm) -> TokenKey {
    TokenKey::open(algorithm, &token_key::generate(algorithm).unwrap()).unwrap()
}

fn register(scene: &Scene, record: &Value) -> Reply {
    scene.http.post("/api/v1/clients").bearer(&scene.admin()).json(record).send()
}

fn change(scene: &Scene, id: &str, change: &Value) -> Reply {
    scene.http.patch(&format!("/api/v1/clients/{id}")).bearer(&scene.admin()).json(change).send()
}

fn claims(client: &str, jti: &str) -> Value {
    json!({ "iss": client, "sub": client, "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": jti })
}

/// One member set, or taken away by null.
fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    match value {
        Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
        value => object[name] = value,
    }
    object
}

/// A token by client credentials.
fn token(http: &Http, assertion: &str) -> Reply {
    send(http.post("/oauth2/token"), assertion, &[("grant_type", "client_credentials")])
}

fn send(request: Request, assertion: &str, form: &[(&str, &str)]) -> Reply {
    let shown = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
    request.form(&[&shown, form].concat()).send()
}

fn by_secret(scene: &Scene, id: &str, secret: &str) -> Reply {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    scene.http.post("/oauth2/token").form(&form).send()
}

/// What one signed, with the signature of another.
fn forged(one: &str, another: &str) -> String {
    let (content, _) = one.rsplit_once('.').unwrap();
    let (_, signature) = another.rsplit_once('.').unwrap();
    format!("{content}.{signature}")
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[track_caller]
fn refused(reply: Reply, status: u16, error: &str) -> Value {
    let body = reply.expect(status).json();
    assert_eq!(body["error"], error, "{body}");
    body
}

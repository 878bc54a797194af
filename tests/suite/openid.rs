//! OpenID Connect: an application learns who signed in, and when.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::pages::{Browser, CALLBACK, Callback};
use crate::support::people::{PASSWORD, Person, sign_in};
use crate::support::scene::{Scene, on_both};

/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn portal(scene: &Scene) {
    scene.client(json!({
        "clientId": "portal", "tenants": ["acme"], "redirectUris": [CALLBACK], "accessTokenValidity": 600,
        "authorizedGrantTypes": ["authorization_code", "refresh_token", "password", "implicit"],
    }));
}

fn asking<'a>(scope: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut asked = vec![
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    asked.extend(more);
    asked
}

fn at_token_endpoint(scene: &Scene, form: &[(&str, &str)]) -> Reply {
    scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal")).form(form).send()
}

#[track_caller]
fn redeemed(scene: &Scene, callback: &Callback) -> Value {
    let code = callback.code();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    at_token_endpoint(scene, &form).expect(200).json()
}

/// Signs jdoe in, has all of it allowed, and redeems the code.
#[track_caller]
fn tokens(scene: &Scene, scope: &str, more: &[(&str, &str)]) -> Value {
    let browser = Browser::new(&scene.http);
    let page = browser.sent(&asking(scope, more));
    browser.sign_in(&page, "jdoe", PASSWORD);
    redeemed(scene, &browser.allow(&page))
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

/// The claims of an ID token, as an application reads them that trusts the published keys.
#[track_caller]
fn read(scene: &Scene, tokens: &Value) -> Value {
    let token = text(tokens, "id_token");
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    let keys = scene.http.get("/oauth2/jwks").send().expect(200).json();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == json!(header.kid)).unwrap();
    let configuration = scene.http.get("/.well-known/openid-configuration").send().expect(200).json();
    assert_eq!(configuration["id_token_signing_alg_values_supported"], json!([key["alg"]]));
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&["portal"]);
    validation.set_issuer(&[text(&configuration, "issuer")]);
    // The clock here is not the machine's.
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(&serde_json::from_value(key.clone()).unwrap()).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

#[test]
fn an_id_token_says_who_signed_in_and_when() {
    on_both(|scene| {
        portal(scene);
        let jdoe = Person::new(scene, "acme", "jdoe", &[], &[]);
        let signed_in_at = scene.clock.now().seconds();
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&asking("openid profile email", &[("nonce", "n-0S6_WzA2Mj")]));
        browser.sign_in(&page, "jdoe", PASSWORD);
        scene.clock.advance(100);
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains("Allow access?"), "{shown}");
        let first = redeemed(scene, &browser.allow(&page));
        assert_eq!(first["scope"], "tenant:acme openid profile email");
        let issuer = &scene.first().app.service.public_url;
        let claims = json!({
            "iss": issuer, "sub": jdoe.id.as_str(), "aud": "portal",
            "iat": signed_in_at + 100, "exp": signed_in_at + 700, "auth_time": signed_in_at,
            "nonce": "n-0S6_WzA2Mj",
            "name": "Joan Doe", "given_name": "Joan", "family_name": "Doe", "preferred_username": "jdoe",
            "email": "jdoe@acme.example",
        });
        assert_eq!(read(scene, &first), claims);

        // A refresh tells the same of the same sign-in, but for the request's nonce.
        scene.clock.advance(50);
        let form = [("grant_type", "refresh_token"), ("refresh_token", text(&first, "refresh_token"))];
        let second = at_token_endpoint(scene, &form).expect(200).json();
        let mut later = claims;
        later.as_object_mut().unwrap().remove("nonce");
        (later["iat"], later["exp"]) = (json!(signed_in_at + 150), json!(signed_in_at + 750));
        assert_eq!(read(scene, &second), later);
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", text(&second, "refresh_token")),
            ("scope", "service"),
        ];
        assert_eq!(at_token_endpoint(scene, &form).expect(200).json()["id_token"], Value::Null);
    });
}

#[test]
fn nothing_is_told_that_was_not_asked_and_allowed() {
    on_both(|scene| {
        portal(scene);
        let jdoe = Person::new(scene, "acme", "jdoe", &[], &[]);
        let claims = read(scene, &tokens(scene, "openid", &[]));
        let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["aud", "auth_time", "exp", "iat", "iss", "sub"]);
        assert_eq!(claims["sub"], jdoe.id.as_str());
        for scope in ["service", "profile email"] {
            let tokens = tokens(scene, scope, &[]);
            assert_eq!(tokens["id_token"], Value::Null, "{tokens}");
        }
        // Other grants have nobody sign in here, or no way to keep an ID token from others.
        let by_password = sign_in(scene, "portal", "jdoe", PASSWORD, &[("scope", "openid")]).expect(200);
        assert_eq!(by_password.json()["id_token"], Value::Null);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&asking("openid", &[]));
        browser.sign_in(&page, "jdoe", PASSWORD);
        let mut implicit = asking("openid", &[("prompt", "consent")]);
        implicit[0].1 = "token";
        let page = browser.sent(&implicit);
        let callback = browser.allow(&page);
        assert!(callback.in_fragment("access_token").is_some() && callback.in_fragment("id_token").is_none());
    });
}

#[test]
fn userinfo_tells_by_scope_and_for_as_long_as_the_token_stands() {
    on_both(|scene| {
        portal(scene);
        let jdoe = Person::new(scene, "acme", "jdoe", &[], &[]);
        let ask = |token: &str| scene.http.get("/oauth2/userinfo").bearer(token).send();
        let full = tokens(scene, "openid profile email", &[]);
        let reply = ask(text(&full, "access_token")).expect(200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(
            reply.json(),
            json!({
                "sub": jdoe.id.as_str(), "name": "Joan Doe", "given_name": "Joan", "family_name": "Doe",
                "preferred_username": "jdoe", "email": "jdoe@acme.example",
            })
        );
        let bare = tokens(scene, "openid", &[]);
        let post = scene.http.post("/oauth2/userinfo").bearer(text(&bare, "access_token"));
        assert_eq!(post.send().expect(200).json(), json!({ "sub": jdoe.id.as_str() }));

        // An ID token opens nothing, here or elsewhere; nor does an access token without openid.
        for path in ["/oauth2/userinfo", "/api/v1/credentials"] {
            let reply = scene.http.get(path).bearer(text(&full, "id_token")).send().expect(401);
            assert!(reply.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
        }
        let checked = scene.http.post("/oauth2/introspect").basic("portal", &scene.secret("portal"));
        let checked = checked.form(&[("token", text(&full, "id_token"))]).send().expect(200).json();
        assert_eq!(checked, json!({ "active": false }));
        let reply = ask(text(&tokens(scene, "service", &[]), "access_token")).expect(403);
        assert!(reply.header("www-authenticate").unwrap().contains(r#"error="insufficient_scope""#));
        let client_s_own = ask(&scene.token("acme", "openid")).expect(403);
        assert_eq!(client_s_own.json()["code"], "insufficient_scope");

        scene.revoke("portal", text(&bare, "access_token"));
        ask(text(&bare, "access_token")).expect(401);
        ask(text(&full, "access_token")).expect(200);
        scene.clock.advance(600);
        ask(text(&full, "access_token")).expect(401);
    });
}

#[test]
fn the_application_may_want_a_recent_sign_in_and_expect_somebody() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &[], &[]);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&asking("openid", &[("login_hint", "jdoe@acme.example")]));
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains(r#"value="jdoe@acme.example""#), "{shown}");
        browser.sign_in(&page, "jdoe", PASSWORD);
        let then = scene.clock.now().seconds();
        browser.allow(&page);
        scene.clock.advance(100);

        // Whoever is signed in already did so long ago, or not too long ago.
        let answered = |more: &[(&str, &str)]| {
            let page = browser.sent(&asking("openid", more));
            (browser.get(&page), page)
        };
        for recent in [&[][..], &[("max_age", "100")], &[("prompt", "none"), ("max_age", "1000")]] {
            let (reply, _) = answered(recent);
            let claims = read(scene, &redeemed(scene, &Callback::of(&reply)));
            assert_eq!(claims["auth_time"], then, "{recent:?}");
        }
        for (prompt, error) in [("99", "login_required"), ("0", "login_required")] {
            let (reply, _) = answered(&[("max_age", prompt), ("prompt", "none")]);
            assert_eq!(Callback::of(&reply).get("error").as_deref(), Some(error), "{prompt}");
        }
        for old in [("max_age", "99"), ("max_age", "0"), ("prompt", "login"), ("prompt", "select_account")] {
            scene.clock.advance(100);
            let (reply, page) = answered(&[old]);
            assert!(reply.expect(200).text().contains(r#"type="password""#), "{old:?}");
            browser.sign_in(&page, "jdoe", PASSWORD);
            let claims = read(scene, &redeemed(scene, &Callback::of(&browser.get(&page))));
            assert_eq!(claims["auth_time"], scene.clock.now().seconds(), "{old:?}");
        }
    });
}

#[test]
fn the_configuration_is_the_metadata_and_says_more_of_people() {
    on_both(|scene| {
        let get = |path: &str| scene.http.get(path).send().expect(200).json();
        let metadata = get("/.well-known/oauth-authorization-server");
        let configuration = get("/.well-known/openid-configuration");
        for (name, value) in metadata.as_object().unwrap() {
            assert_eq!(configuration[name], *value, "{name}");
        }
        assert_eq!(
            metadata["scopes_supported"],
            json!(["openid", "profile", "email", "service", "credential"])
        );
        for endpoint in ["authorization", "token", "pushed_authorization_request", "userinfo"] {
            let url = text(&configuration, &format!("{endpoint}_endpoint"));
            let path = url.strip_prefix("http://localhost:8080").unwrap();
            assert_ne!(scene.http.post(path).send().status, 404, "{url}");
        }
        assert_eq!(configuration["subject_types_supported"], json!(["public"]));
        assert_eq!(configuration["request_uri_parameter_supported"], false);
        assert_eq!(
            metadata["authorization_details_types_supported"],
            json!(["https://cloudsignatureconsortium.org/2025/credential", "credential"])
        );
    });
}

#[test]
fn an_access_token_that_calls_itself_jwt_is_none() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &[], &[]);
        let tokens = tokens(scene, "openid", &[]);
        // The very claims of an access token under the header of an ID token: the signature does not fit.
        let parts = |name| text(&tokens, name).split('.').map(str::to_owned).collect::<Vec<String>>();
        let (access, id) = (parts("access_token"), parts("id_token"));
        let header =
            |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        assert_eq!((&header(&access[0])["typ"], &header(&id[0])["typ"]), (&json!("at+jwt"), &json!("JWT")));
        for mixed in [[&id[0], &access[1], &access[2]], [&access[0], &id[1], &id[2]]] {
            let token = mixed.map(String::as_str).join(".");
            scene.http.get("/oauth2/userinfo").bearer(&token).send().expect(401);
        }
    });
}

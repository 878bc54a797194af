//! CSC's account tokens: an application says whom it expects, and nobody else gets through.

use aws_lc_rs::digest::{SHA256, digest};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::pages::{Browser, CALLBACK, Callback, authorize};
use crate::support::people::{PASSWORD, Person};
use crate::support::scene::{Scene, at_once, on_both};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const KEY: &str = "any text that both of them know";

fn portal(scene: &Scene) {
    scene.client(json!({
        "clientId": "portal", "tenants": ["acme"], "redirectUris": [CALLBACK], "accountTokenKey": KEY,
        "authorizedGrantTypes": ["authorization_code"],
    }));
}

fn claims(scene: &Scene, sub: &str, jti: &str) -> Value {
    json!({ "sub": sub, "iat": scene.clock.now().seconds(), "jti": jti, "azp": "portal", "iss": "Portal" })
}

fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(digest(&SHA256, KEY.as_bytes()).as_ref());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

fn asking(token: &str) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", "portal"),
        ("redirect_uri", CALLBACK),
        ("scope", "service"),
        ("state", "x"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("account_token", token),
    ]
}

#[track_caller]
fn refused(reply: &Reply) -> String {
    let callback = Callback::of(reply);
    assert_eq!(callback.get("error").as_deref(), Some("invalid_request"), "{}", callback.0);
    callback.get("error_description").expect("a description")
}

#[test]
fn nobody_but_the_expected_one_signs_in_and_decides() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &[], &[]);
        Person::new(scene, "acme", "mroe", &[], &[]);
        let browser = Browser::new(&scene.http);
        // Somebody else is signed in, and has allowed the portal what it asks.
        let page = browser.sent(&asking(&signed(&claims(scene, "mroe", "0"))));
        browser.sign_in(&page, "mroe", PASSWORD);
        browser.allow(&page).code();

        let token = signed(&claims(scene, "JDoe@acme.example", "1"));
        let page = browser.sent(&asking(&token));
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains(r#"value="JDoe@acme.example" readonly"#), "{shown}");
        browser.has_to_sign_in(&page, "allow");
        for name in ["mroe", "jdoe2"] {
            let form = [("step", "sign-in"), ("username", name), ("password", PASSWORD)];
            let said = browser.submit(&page, &form).expect(422).text();
            assert!(said.contains("expects somebody else"), "{said}");
        }
        // The token stands for no password.
        let form = [("step", "sign-in"), ("username", "jdoe@acme.example"), ("password", "guess")];
        assert!(browser.submit(&page, &form).expect(422).text().contains("is wrong"));
        browser.sign_in(&page, "jdoe@acme.example", PASSWORD);
        browser.allow(&page).code();

        // The token was for once; the next one finds its user signed in.
        assert!(refused(&browser.get(&authorize(&asking(&token)))).contains("used before"));
        let page = browser.sent(&asking(&signed(&claims(scene, "jdoe", "2"))));
        Callback::of(&browser.get(&page)).code();
        let mut silent = claims(scene, "mroe", "3");
        silent["azp"].take();
        let token = signed(&silent);
        let mut asked = asking(&token);
        asked.push(("prompt", "none"));
        let page = browser.sent(&asked);
        assert_eq!(Callback::of(&browser.get(&page)).get("error").as_deref(), Some("login_required"));
    });
}

#[test]
fn a_token_is_the_client_s_own_young_and_good_once() {
    on_both(|scene| {
        portal(scene);
        let browser = Browser::new(&scene.http);
        let now = scene.clock.now().seconds();
        for (number, (name, value)) in [
            ("azp", json!("other")),
            ("iat", json!(now - 601)),
            ("iat", json!(now + 31)),
            ("iat", json!(now.to_string())),
            ("sub", json!("")),
            ("sub", Value::Null),
            ("jti", json!("")),
            ("jti", json!("x".repeat(257))),
        ]
        .into_iter()
        .enumerate()
        {
            let mut claims = claims(scene, "jdoe", &number.to_string());
            claims[name] = value;
            refused(&browser.get(&authorize(&asking(&signed(&claims)))));
        }
        let raw = EncodingKey::from_secret(KEY.as_bytes());
        let forged = jsonwebtoken::encode(&Header::default(), &claims(scene, "jdoe", "f"), &raw).unwrap();
        refused(&browser.get(&authorize(&asking(&forged))));
        for age in [-600, 30] {
            let mut claims = claims(scene, "jdoe", &age.to_string());
            claims["iat"] = json!(now + age);
            browser.sent(&asking(&signed(&claims)));
        }
        // Of parallel ones with one token, one gets through.
        let token = signed(&claims(scene, "jdoe", "p"));
        let replies = at_once(6, || Browser::new(&scene.http).get(&authorize(&asking(&token))));
        let is_through = |reply: &&Reply| reply.header("location").unwrap().starts_with("/oauth2/authorize/");
        assert_eq!(replies.iter().filter(is_through).count(), 1);
        // Without a key there is no account token.
        let change = json!({ "accountTokenKey": null });
        scene.http.patch("/api/v1/clients/portal").bearer(&scene.admin()).json(&change).send().expect(200);
        let said = refused(&browser.get(&authorize(&asking(&signed(&claims(scene, "jdoe", "n"))))));
        assert!(said.contains("accountTokenKey"), "{said}");
    });
}

#[test]
fn a_name_of_several_tenants_wants_one_of_them() {
    on_both(|scene| {
        portal(scene);
        let change = json!({ "tenants": ["acme", "globex"] });
        scene.http.patch("/api/v1/clients/portal").bearer(&scene.admin()).json(&change).send().expect(200);
        Person::new(scene, "acme", "jdoe", &[], &[]);
        Person::new(scene, "globex", "jdoe", &[], &[]);
        let browser = Browser::new(&scene.http);
        let first = signed(&claims(scene, "jdoe", "1"));
        assert!(refused(&browser.get(&authorize(&asking(&first)))).contains("several tenants"));
        // It was not spent on that.
        let mut asked = asking(&first);
        asked[3].1 = "tenant:globex";
        let page = browser.sent(&asked);
        browser.sign_in(&page, "jdoe", PASSWORD);
        browser.allow(&page).code();
        // The other one's session is not acme's jdoe's.
        let second = signed(&claims(scene, "jdoe@acme.example", "2"));
        let page = browser.sent(&asking(&second));
        assert!(browser.get(&page).expect(200).text().contains(r#"type="password""#));
    });
}

#[test]
fn it_may_come_with_a_pushed_request() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &[], &[]);
        let token = signed(&claims(scene, "jdoe", "1"));
        let push = || {
            let request =
                scene.http.post("/oauth2/pushed_authorize").basic("portal", &scene.secret("portal"));
            request.form(&asking(&token)).send()
        };
        let uri = push().expect(201).json()["request_uri"].as_str().unwrap().to_owned();
        let again = push().expect(400).json();
        assert_eq!(
            (&again["error"], &again["error_description"]),
            (&json!("invalid_request"), &json!("account_token was used before"),)
        );
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&[("client_id", "portal"), ("request_uri", &uri)]);
        assert!(browser.get(&page).expect(200).text().contains(r#"value="jdoe" readonly"#));
        browser.sign_in(&page, "jdoe", PASSWORD);
        browser.allow(&page).code();
    });
}

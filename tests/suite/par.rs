//! Requests that the application sends ahead of the browser (RFC 9126).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::pages::{Browser, CALLBACK, Callback, authorize};
use crate::support::people::{PASSWORD, Person};
use crate::support::scene::{Scene, at_once, hash, on_both, statuses};

/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const ASKED: [(&str, &str); 6] = [
    ("response_type", "code"),
    ("redirect_uri", CALLBACK),
    ("scope", "service"),
    ("state", "a&b"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

fn application(scene: &Scene, id: &str) {
    scene.client(json!({
        "clientId": id, "tenants": ["acme"], "redirectUris": [CALLBACK],
        "authorizedGrantTypes": ["authorization_code"],
    }));
}

fn pushed_with(scene: &Scene, client: &str, changes: &[(&str, Option<&str>)]) -> Reply {
    let mut form: Vec<(&str, &str)> =
        ASKED.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).collect();
    form.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    scene.http.post("/oauth2/pushed_authorize").basic(client, &scene.secret(client)).form(&form).send()
}

#[track_caller]
fn pushed(scene: &Scene, client: &str) -> String {
    let reply = pushed_with(scene, client, &[]).expect(201).json();
    reply["request_uri"].as_str().expect("a request_uri").to_owned()
}

/// What the browser is sent with.
fn by<'a>(client: &'a str, uri: &'a str) -> [(&'static str, &'a str); 2] {
    [("client_id", client), ("request_uri", uri)]
}

#[test]
fn a_pushed_request_is_what_the_browser_s_would_have_been() {
    on_both(|scene| {
        application(scene, "portal");
        Person::new(scene, "acme", "jdoe", &["signer"], &[]);
        let reply = pushed_with(scene, "portal", &[]).expect(201);
        assert_eq!(reply.header("cache-control"), Some("no-cache, no-store"));
        let body = reply.json();
        assert_eq!(body["expires_in"], 90);
        let uri = body["request_uri"].as_str().unwrap();
        assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"), "{uri}");

        let browser = Browser::new(&scene.http);
        let page = browser.sent(&by("portal", uri));
        // From then on it has the time that every request has.
        scene.clock.advance(14 * 60);
        browser.sign_in(&page, "jdoe", PASSWORD);
        let callback = browser.allow(&page);
        assert_eq!(callback.get("state").as_deref(), Some("a&b"));
        let code = callback.code();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let token = scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal"));
        assert_eq!(token.form(&form).send().expect(200).json()["scope"], "tenant:acme service");
    });
}

#[test]
fn a_request_uri_is_good_once_for_its_client_for_a_while_and_not_as_a_handle() {
    on_both(|scene| {
        application(scene, "portal");
        application(scene, "other");
        let uri = pushed(scene, "portal");
        let browser = Browser::new(&scene.http);
        let refused = |client: &str, uri: &str| {
            let reply = browser.get(&authorize(&by(client, uri))).expect(400);
            assert_eq!(reply.header("location"), None);
        };
        refused("other", &uri);
        refused("portal", &format!("{uri}x"));
        refused("portal", uri.rsplit(':').next().unwrap());
        browser.sent(&by("portal", &uri));
        refused("portal", &uri);

        let uri = pushed(scene, "portal");
        browser.get(&format!("/oauth2/authorize/{}", uri.rsplit(':').next().unwrap())).expect(404);
        scene.clock.advance(89);
        browser.sent(&by("portal", &uri));
        let uri = pushed(scene, "portal");
        scene.clock.advance(90);
        refused("portal", &uri);
    });
}

#[test]
fn of_parallel_browsers_one_gets_the_request() {
    on_both(|scene| {
        application(scene, "portal");
        let uri = pushed(scene, "portal");
        let replies = at_once(6, || Browser::new(&scene.http).get(&authorize(&by("portal", &uri))));
        let won = replies.iter().filter(|reply| reply.status == 302).count();
        assert_eq!(won, 1, "{:?}", statuses(&replies));
        assert!(replies.iter().all(|reply| [302, 400].contains(&reply.status)), "{:?}", statuses(&replies));
    });
}

#[test]
fn what_is_wrong_is_told_to_the_application_at_once() {
    on_both(|scene| {
        application(scene, "portal");
        for (change, error) in [
            (("redirect_uri", Some("https://evil.example/callback")), "invalid_request"),
            (("redirect_uri", Some("javascript:alert(1)")), "invalid_request"),
            (("request_uri", Some("urn:ietf:params:oauth:request_uri:par_x")), "invalid_request"),
            (("request", Some("e30.e30.")), "request_not_supported"),
            (("response_type", None), "invalid_request"),
            (("response_type", Some("id_token")), "unsupported_response_type"),
            (("response_type", Some("token")), "unauthorized_client"),
            (("code_challenge", None), "invalid_request"),
            (("scope", Some("seat:a seat:b")), "invalid_scope"),
            (("authorization_details", Some("[]")), "invalid_authorization_details"),
            (("client_id", Some("other")), "invalid_request"),
        ] {
            let reply = pushed_with(scene, "portal", &[change]).expect(400);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let body = reply.json();
            assert_eq!(body["error"], error, "{change:?}: {body}");
            let said = body["error_description"].as_str().unwrap();
            assert!(!said.is_empty() && !said.contains("evil.example"), "{said}");
        }
        pushed_with(scene, "portal", &[("client_id", Some("portal"))]).expect(201);
    });
}

#[test]
fn a_public_client_pushes_by_its_name_and_no_other_does() {
    on_both(|scene| {
        let record = json!({
            "clientId": "app", "tenants": ["acme"], "redirectUris": ["http://127.0.0.1/back"],
            "authorizedGrantTypes": ["authorization_code"], "tokenEndpointAuthMethod": "none",
        });
        scene.http.post("/api/v1/clients").bearer(&scene.admin()).json(&record).send().expect(201);
        application(scene, "portal");
        let ask = |client: &str, redirect: &str| {
            let mut form: Vec<(&str, &str)> =
                ASKED.into_iter().filter(|(name, _)| *name != "redirect_uri").collect();
            form.extend([("client_id", client), ("redirect_uri", redirect)]);
            scene.http.post("/csc/v2/oauth2/pushed_authorize").form(&form).send()
        };
        // The port is free (RFC 8252, 7.3).
        let uri = ask("app", "http://127.0.0.1:49152/back").expect(201).json()["request_uri"].clone();
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&by("app", uri.as_str().unwrap()));
        let refused = Callback::of(&browser.submit(&page, &[("step", "refuse")]));
        assert!(refused.0.as_str().starts_with("http://127.0.0.1:49152/back?"), "{}", refused.0);
        assert_eq!(ask("portal", CALLBACK).expect(401).json()["error"], "invalid_client");
        assert_eq!(ask("nobody", CALLBACK).expect(401).json()["error"], "invalid_client");
    });
}

#[test]
fn two_hundred_hashes_with_labels_go_into_one_request() {
    on_both(|scene| {
        application(scene, "portal");
        let digests: Vec<Value> = (0..200)
            .map(|number| {
                let label = format!("Contract number {number}, in the version of this morning.pdf");
                json!({ "hash": STANDARD.encode(hash(&label)), "label": label })
            })
            .collect();
        let details = json!([{
            "type": "https://cloudsignatureconsortium.org/2025/credential",
            "credentialID": "01a3185c500000000000000000000000",
            "numSignatures": 200,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "documentDigests": digests,
        }])
        .to_string();
        let asked = [("authorization_details", Some(details.as_str())), ("scope", None)];
        let uri = pushed_with(scene, "portal", &asked).expect(201).json()["request_uri"].clone();
        Browser::new(&scene.http).sent(&by("portal", uri.as_str().unwrap()));
    });
}

//! CSC's auth/login and auth/revoke, in both versions.

use serde_json::{Value, json};

use crate::support::http::{Reply, Request};
use crate::support::scene::{Plan, Scene, Status, hash, on_both};

const SCOPE: &str = "seat:jdoe@acme tenant:acme";
const VERSIONS: [&str; 2] = ["/csc/v1", "/csc/v2"];

fn client(scene: &Scene, id: &str) {
    scene.client(json!({
        "clientId": id, "tenants": ["acme"], "defaultScope": SCOPE, "accessTokenValidity": 3600,
    }));
}

fn asked(scene: &Scene, version: &str) -> Request {
    scene.http.post(&format!("{version}/auth/login"))
}

/// A login that is remembered: access token and refresh token.
#[track_caller]
fn remembered(scene: &Scene, version: &str, id: &str) -> (String, String) {
    let request = asked(scene, version).basic(id, &scene.secret(id));
    pair(&request.json(&json!({ "rememberMe": true })).send().expect(200).json())
}

#[track_caller]
fn pair(body: &Value) -> (String, String) {
    let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
    (text("access_token"), text("refresh_token"))
}

fn renew(scene: &Scene, version: &str, token: &str) -> Reply {
    asked(scene, version).json(&json!({ "refresh_token": token })).send()
}

#[track_caller]
fn refused(reply: Reply, status: u16, error: &str, description: &str) -> Reply {
    let reply = reply.expect(status);
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.what);
    let body = reply.json();
    assert_eq!((&body["error"], &body["error_description"]), (&json!(error), &json!(description)), "{body}");
    reply
}

#[test]
fn a_secret_gives_a_service_token_and_more_only_to_whoever_asks() {
    on_both(|scene| {
        client(scene, "one");
        let secret = scene.secret("one");
        for version in VERSIONS {
            let post = || asked(scene, version).basic("one", &secret);
            let get = scene.http.get(&format!("{version}/auth/login")).basic("one", &secret);
            for reply in [
                post().send(),
                get.send(),
                post().json(&json!({})).send(),
                post().json(&json!({ "rememberMe": false, "refresh_token": null, "other": 1 })).send(),
                post().json(&json!({ "clientData": "invoice 7" })).send(),
            ] {
                let reply = reply.expect(200);
                assert_eq!(reply.header("cache-control"), Some("no-store"));
                let body = reply.json();
                assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
                assert_eq!(body["refresh_token"], Value::Null);
                let token = body["access_token"].as_str().unwrap();
                let checked = scene.http.post("/oauth2/check_token").basic("one", &secret);
                let checked = checked.form(&[("token", token)]).send().expect(200).json();
                assert_eq!(checked["scope"], json!(["seat:jdoe@acme", "tenant:acme"]));
                scene.csc(token, "credentials/list", &json!({})).expect(200);
            }
            let (access, refresh) = remembered(scene, version, "one");
            scene.csc(&access, "credentials/list", &json!({})).expect(200);
            assert!(refresh.starts_with("rt_"));
        }
        let audit = scene.http.get("/api/v1/audit-events?limit=200").bearer(&scene.admin()).send();
        assert_eq!(audit.text().matches("invoice 7").count(), VERSIONS.len());
    });
}

#[test]
fn a_refresh_token_logs_in_without_a_secret_and_gives_the_next() {
    on_both(|scene| {
        // Its grants do not list refresh_token.
        client(scene, "one");
        for version in VERSIONS {
            let (_, first) = remembered(scene, version, "one");
            let (access, second) = pair(&renew(scene, version, &first).expect(200).json());
            assert_ne!(first, second);
            scene.csc(&access, "credentials/list", &json!({})).expect(200);
            let (_, same) = pair(&renew(scene, version, &first).expect(200).json());
            assert_eq!(same, second);
            scene.clock.advance(30);
            for token in [&first, &second] {
                refused(renew(scene, version, token), 400, "invalid_request", "Invalid refresh_token");
            }
            let dead = scene.csc(&access, "credentials/list", &json!({})).expect(401);
            assert_eq!(dead.json()["error"], "expired_token");
        }
    });
}

#[test]
fn each_fault_of_a_login_has_its_words() {
    on_both(|scene| {
        client(scene, "one");
        scene.client(json!({
            "clientId": "no-grant", "tenants": ["acme"], "authorizedGrantTypes": ["refresh_token"],
        }));
        for version in VERSIONS {
            let parameter = "Malformed authentication parameter";
            let post = || asked(scene, version);
            for request in [
                post(),
                post().json(&json!({ "rememberMe": true })),
                post().header("authorization", "Bearer x"),
                post().header("authorization", "Basic"),
                post().header("authorization", "Basic %%%"),
            ] {
                let reply = refused(request.send(), 401, "invalid_request", parameter);
                assert_eq!(reply.header("www-authenticate"), Some(r#"Basic realm="countersign""#));
            }
            // "one", without a colon
            let no_pair = post().header("authorization", "Basic b25l").send();
            refused(no_pair, 400, "invalid_request", "Malformed username-password");
            let number = post().json(&json!({ "refresh_token": 7 })).send();
            refused(number, 400, "invalid_request", "Invalid string parameter: refresh_token");
            for token in ["", "rt_x", "x"] {
                let unknown = renew(scene, version, token);
                refused(unknown, 400, "invalid_request", "Invalid refresh_token");
            }
            let failed = "An error occurred during authentication process";
            for (id, secret) in [
                ("one", "cs_wrong"),
                ("nobody", "cs_wrong"),
                ("", "cs_wrong"),
                ("no-grant", &scene.secret("no-grant")),
            ] {
                refused(post().basic(id, secret).send(), 400, "authentication_error", failed);
            }
            let data = post().json(&json!({ "clientData": 7, "refresh_token": "x" })).send();
            refused(data, 400, "invalid_request", "Invalid parameter clientData");
            let flag = post().basic("one", &scene.secret("one")).json(&json!({ "rememberMe": "yes" })).send();
            refused(flag, 400, "invalid_request", "Invalid parameter rememberMe");
        }
    });
}

#[test]
fn guesses_at_a_chosen_secret_are_slowed_down_here_too() {
    on_both(|scene| {
        scene.client(json!({ "clientId": "one", "clientSecret": "acme_password", "tenants": ["acme"] }));
        let guess = |version| asked(scene, version).basic("one", "acme_passwort").send();
        let statuses: Vec<u16> = (0..8).map(|n| guess(VERSIONS[n % 2]).status).collect();
        assert_eq!(statuses[..5], [400; 5]);
        let slowed = guess(VERSIONS[0]).expect(429);
        assert_eq!(slowed.json()["error"], "temporarily_unavailable");
        assert!(slowed.header("retry-after").is_some());
    });
}

#[test]
fn a_bearer_revokes_what_its_client_has() {
    on_both(|scene| {
        client(scene, "one");
        client(scene, "two");
        for version in VERSIONS {
            let revoke = |bearer: &str, body: Value| {
                scene.http.post(&format!("{version}/auth/revoke")).bearer(bearer).json(&body).send()
            };
            let lists = |token: &str| scene.csc(token, "credentials/list", &json!({})).status;
            let (own, _) = remembered(scene, version, "one");
            let (stranger, _) = remembered(scene, version, "two");

            for hint in [Value::Null, json!("refresh_token"), json!("access_token")] {
                let (access, refresh) = remembered(scene, version, "one");
                let body = json!({ "token": refresh, "token_type_hint": hint, "clientData": "x" });
                for _ in 0..2 {
                    refused(
                        revoke(&stranger, body.clone()),
                        400,
                        "invalid_request",
                        "Invalid parameter token",
                    );
                }
                assert_eq!(lists(&access), 200);
                for _ in 0..2 {
                    assert_eq!(revoke(&own, body.clone()).expect(204).text(), "");
                }
                assert_eq!(lists(&access), 401);
                let renewed = renew(scene, version, &refresh);
                refused(renewed, 400, "invalid_request", "Invalid refresh_token");
            }

            let (access, refresh) = remembered(scene, version, "one");
            let strangers = revoke(&stranger, json!({ "token": access }));
            refused(strangers, 400, "invalid_request", "Invalid parameter token");
            revoke(&own, json!({ "token": access })).expect(204);
            assert_eq!(lists(&access), 401);
            renew(scene, version, &refresh).expect(200);

            for unknown in ["x", "rt_x", "e30.e30.e30", &"A".repeat(43)] {
                revoke(&own, json!({ "token": unknown })).expect(204);
            }
            for (body, said) in [
                (json!({}), "Missing (or invalid type) string parameter token"),
                (json!({ "token": 7 }), "Missing (or invalid type) string parameter token"),
                (json!({ "token": "x", "token_type_hint": "y" }), "Invalid parameter token_type_hint"),
                (json!({ "token": "x", "clientData": 7 }), "Invalid parameter clientData"),
            ] {
                refused(revoke(&own, body), 400, "invalid_request", said);
            }
            revoke(&own, json!({ "token": own })).expect(204);
            let ended = revoke(&own, json!({ "token": "x" })).expect(401);
            assert_eq!(ended.json()["error"], "expired_token");
        }
    });
}

#[test]
fn a_sad_is_given_back() {
    on_both(|scene| {
        let one = [hash("one")];
        for version in VERSIONS {
            let credential = scene.enrol(&Plan::pin_only(), Status::Active);
            let sad = scene.authorize(&credential, 1, &one);
            let revoke = |bearer: &str| {
                let request = scene.http.post(&format!("{version}/auth/revoke")).bearer(bearer);
                request.json(&json!({ "token": sad })).send()
            };
            let stranger = scene.token("globex", "seat:jdoe@acme tenant:globex");
            refused(revoke(&stranger), 400, "invalid_request", "Invalid parameter token");
            revoke(&credential.token).expect(204);
            let signed = scene.sign(&credential, &sad, &one);
            refused(signed, 400, "invalid_request", "Invalid parameter SAD");
        }
    });
}

#[test]
fn the_oauth_endpoints_answer_below_the_service_too() {
    on_both(|scene| {
        client(scene, "one");
        let secret = scene.secret("one");
        for version in VERSIONS {
            let post =
                |path: &str| scene.http.post(&format!("{version}/oauth2/{path}")).basic("one", &secret);
            let form = [("grant_type", "client_credentials"), ("scope", "service")];
            let issued = post("token").form(&form).send().expect(200).json();
            assert_eq!(issued["scope"], format!("{SCOPE} service"));
            let token = issued["access_token"].as_str().unwrap();
            post("revoke").form(&[("token", token)]).send().expect(200);
            scene.csc(token, "credentials/list", &json!({})).expect(401);
        }
    });
}

#[test]
fn what_is_remembered_ends_with_the_secret_that_it_came_of() {
    on_both(|scene| {
        client(scene, "one");
        let new_secret = |old_expire_in: i64| {
            let request = scene.http.post("/api/v1/clients/one/secrets").bearer(&scene.admin());
            request.json(&json!({ "expiresIn": old_expire_in })).send().expect(201);
        };
        let (_, first) = remembered(scene, "/csc/v1", "one");
        scene.clock.advance(10);
        new_secret(60);
        // Both secrets work for a while, and so does what came of either.
        let (_, first) = pair(&renew(scene, "/csc/v1", &first).expect(200).json());
        scene.clock.advance(61);
        refused(renew(scene, "/csc/v1", &first), 400, "invalid_request", "Invalid refresh_token");
    });
}

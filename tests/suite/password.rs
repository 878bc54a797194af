//! The password grant: a user signs in by way of an application, and gets what that application's record says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::identity::users::{delete, otp, password};
use countersign::model::secret::SecretText;
use countersign::model::user::UserStatus;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::people::{PASSWORD, Person, next_code, operator, sign_in};
use crate::support::scene::{Credential, Plan, Scene, Status, on_both};

const SEAT: &str = "jdoe@acme";

/// An application of acme that takes passwords, and what it lets signers do.
fn portal(scene: &Scene) {
    scene.client(json!({
        "clientId": "portal", "tenants": ["acme"], "accessTokenValidity": 3600,
        "authorizedGrantTypes": ["password", "refresh_token"],
        "rolePermissions": { "signer": ["credentials:read", "credentials:use"], "staff": ["seats:read"] },
    }));
}

fn patch(scene: &Scene, client: &str, change: &Value) {
    let request = scene.http.patch(&format!("/api/v1/clients/{client}")).bearer(&scene.admin());
    request.json(change).send().expect(200);
}

fn access_token(reply: Reply) -> String {
    reply.expect(200).json()["access_token"].as_str().expect("a token").to_owned()
}

#[track_caller]
fn refused(reply: Reply, status: u16, error: &str) -> String {
    let body = reply.expect(status).json();
    assert_eq!(body["error"], error, "{body}");
    body["error_description"].as_str().expect("a description").to_owned()
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("claims");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn get(scene: &Scene, token: &str, path: &str) -> u16 {
    scene.http.get(path).bearer(token).send().status
}

fn listed(scene: &Scene, token: &str) -> Reply {
    scene.http.post("/csc/v1/credentials/list").bearer(token).json(&json!({})).send()
}

fn events(scene: &Scene, action: &str) -> Vec<Value> {
    let path = format!("/api/v1/audit-events?action={action}&limit=200");
    let found = scene.http.get(&path).bearer(&scene.admin()).send().expect(200).json();
    found["items"].as_array().expect("events").clone()
}

#[test]
fn it_is_off_until_the_record_lists_it_and_the_client_comes_first() {
    on_both(|scene| {
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        refused(sign_in(scene, "acme", "jdoe", PASSWORD, &[]), 400, "unauthorized_client");
        portal(scene);
        let form = [("grant_type", "password"), ("username", "jdoe"), ("password", PASSWORD)];
        let wrong = scene.http.post("/oauth2/token").basic("portal", "cs_wrong").form(&form).send();
        refused(wrong, 401, "invalid_client");
        refused(scene.http.post("/oauth2/token").form(&form).send(), 401, "invalid_client");
        assert_eq!(events(scene, "user.sign_in").len(), 0, "nobody looked for the user");
        sign_in(scene, "portal", "jdoe", PASSWORD, &[]).expect(200);
        // As clients of the older service ask.
        let secret = scene.secret("portal");
        let older = [&form[..], &[("client_id", "portal"), ("client_secret", &secret)]].concat();
        scene.http.post("/oauth/token").form(&older).send().expect(200);
        for missing in ["username", "password"] {
            let form: Vec<_> = form.iter().filter(|(name, _)| *name != missing).copied().collect();
            let request = scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal"));
            let said = refused(request.form(&form).send(), 400, "invalid_request");
            assert_eq!(said, format!("Missing parameter {missing}"));
        }
        // The node has read the client, and remembers the password.
        patch(scene, "portal", &json!({ "authorizedGrantTypes": ["refresh_token"] }));
        for guess in [PASSWORD, "a wrong password"] {
            refused(sign_in(scene, "portal", "jdoe", guess, &[]), 400, "unauthorized_client");
        }
        // auth/login is for clients: no application says there what a user may do.
        scene.http.post("/csc/v1/auth/login").basic("jdoe", PASSWORD).json(&json!({})).send().expect(400);
    });
}

#[test]
fn a_token_says_who_the_user_is_and_so_does_the_audit() {
    on_both(|scene| {
        portal(scene);
        let person = Person::new(scene, "acme", "jdoe", &["signer", "unknown"], &[SEAT]);
        for name in ["jdoe", "JDoe@Acme.example"] {
            let answer = sign_in(scene, "portal", name, PASSWORD, &[("scope", "service other")]).expect(200);
            let scope = "seat:jdoe@acme tenant:acme service";
            let body = answer.json();
            assert_eq!((&body["scope"], &body["expires_in"]), (&json!(scope), &json!(3600)));
            assert!(body["refresh_token"].is_string());
            let token = access_token(answer);
            let claims = claims(&token);
            assert_eq!(claims["sub"], person.id.as_str());
            assert_eq!(claims["client_id"], "portal");
            assert_eq!(claims["roles"], json!(["signer", "unknown"]));
            assert_eq!(claims["permissions"], json!(["credentials:read", "credentials:use", "seats:read"]));
            let user =
                json!({ "name": "jdoe", "first_name": "Joan", "last_name": "Doe", "groups": ["staff"] });
            let scopes = json!(["seat:jdoe@acme", "tenant:acme", "service"]);
            assert_eq!(claims["context"], json!({ "user": user, "scopes": scopes }));

            let ask = |path: &str| {
                let request = scene.http.post(path).basic("portal", &scene.secret("portal"));
                request.form(&[("token", &token)]).send().expect(200).json()
            };
            let checked = ask("/oauth2/check_token");
            assert_eq!((&checked["user_name"], &checked["client_id"]), (&json!("jdoe"), &json!("portal")));
            assert_eq!(checked["authorities"], json!(["ROLE_SIGNER", "ROLE_UNKNOWN"]));
            let found = ask("/oauth2/introspect");
            assert_eq!((&found["username"], &found["sub"]), (&json!("jdoe"), &json!(person.id.as_str())));
            listed(scene, &token).expect(200);
        }
        let actor = format!("client:portal user:{}", person.id);
        let issued = events(scene, "token.issue");
        assert_eq!(issued.iter().filter(|event| event["actor"] == actor.as_str()).count(), 2);
        let path = "/api/v1/tokens?user=jdoe";
        let tokens = scene.http.get(path).bearer(&scene.token("acme-admin", "")).send().expect(200).json();
        assert_eq!(tokens["items"].as_array().unwrap().len(), 2);
        // A client's own token has none of it.
        let own = claims(&scene.token("acme", ""));
        assert_eq!((&own["sub"], &own["context"]), (&json!("acme"), &Value::Null));
    });
}

#[test]
fn whoever_cannot_sign_in_is_told_the_same_whatever_the_cause() {
    on_both(|scene| {
        portal(scene);
        let person = |name: &str| Person::new(scene, "acme", name, &["signer"], &[]);
        person("jdoe");
        person("disabled").set_status(scene, UserStatus::Disabled);
        let deleted = person("deleted");
        delete::delete(&scene.first().app.service, &operator(scene), &deleted.id).unwrap();
        Person::new(scene, "globex", "eve", &["signer"], &[]);
        let said: Vec<String> = [
            ("jdoe", "a wrong password"),
            ("nobody", PASSWORD),
            ("disabled", PASSWORD),
            ("deleted", PASSWORD),
            ("eve", PASSWORD),
            ("eve@globex.example", PASSWORD),
            ("jdoe\0", PASSWORD),
            (&"j".repeat(10_000), PASSWORD),
            ("%", PASSWORD),
        ]
        .map(|(name, password)| refused(sign_in(scene, "portal", name, password, &[]), 400, "invalid_grant"))
        .to_vec();
        assert!(said.windows(2).all(|two| two[0] == two[1]), "{said:?}");
        scene
            .http
            .patch("/api/v1/tenants/acme")
            .bearer(&scene.admin())
            .json(&json!({ "status": "suspended" }))
            .send()
            .expect(200);
        let suspended = sign_in(scene, "portal", "jdoe", PASSWORD, &[]);
        assert_ne!(suspended.status, 200);
    });
}

#[test]
fn permissions_are_those_that_this_application_grants_and_no_others() {
    on_both(|scene| {
        portal(scene);
        scene.client(json!({
            "clientId": "console", "tenants": ["acme"], "roles": ["administrator"],
            "authorizedGrantTypes": ["password", "client_credentials"],
            "rolePermissions": { "administrator": ["clients:read", "clients:create"], "signer": ["audit:read"] },
        }));
        let person = Person::new(scene, "acme", "jdoe", &["signer", "administrator"], &[SEAT]);
        let at = |client: &str| access_token(sign_in(scene, client, "jdoe", PASSWORD, &[]));
        let (portal, console) = (at("portal"), at("console"));
        for (path, by_portal, by_console) in [
            ("/api/v1/tenants/acme/seats", 200, 403),
            ("/api/v1/audit-events", 403, 200),
            ("/api/v1/clients", 403, 200),
            ("/api/v1/credentials", 200, 403),
            // The application itself may; its users may not.
            ("/api/v1/tokens", 403, 403),
            ("/api/v1/tenants", 403, 403),
            ("/api/v1/users", 403, 403),
            ("/api/v1/authorization-configurations", 403, 403),
            ("/api/v1/certificate-requests", 403, 403),
        ] {
            let found = (get(scene, &portal, path), get(scene, &console, path));
            assert_eq!(found, (by_portal, by_console), "{path}");
        }
        // A role that is called administrator does not make one: nobody gives what they do not have.
        let make =
            |fields: Value| scene.http.post("/api/v1/clients").bearer(&console).json(&fields).send().status;
        assert_eq!(make(json!({ "clientId": "more", "tenants": ["acme"], "roles": ["administrator"] })), 403);
        assert_eq!(make(json!({ "clientId": "more", "tenants": ["acme"], "roles": ["application"] })), 403);
        let within = json!({
            "clientId": "less", "tenants": ["acme"], "roles": [], "permissions": ["clients:read"],
        });
        assert_eq!(make(within), 201);
        let actor = format!("client:console user:{}", person.id);
        assert!(events(scene, "client.create").iter().any(|event| event["actor"] == actor.as_str()));

        // Nothing is granted to who has no role that the application knows.
        person.set_roles(scene, &["other"]);
        let token = at("console");
        assert_eq!(claims(&token)["permissions"], json!([]));
        for path in ["/api/v1/clients", "/api/v1/audit-events", "/api/v1/credentials"] {
            assert_eq!(get(scene, &token, path), 403, "{path}");
        }
        listed(scene, &token).expect(403);
    });
}

#[test]
fn a_user_reaches_the_credentials_of_their_own_seats_only() {
    on_both(|scene| {
        portal(scene);
        let own = scene.enrol(&Plan::pin_only(), Status::Active);
        let others = scene.enrol(&Plan { seat: "mroe@acme", ..Plan::pin_only() }, Status::Active);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        Person::new(scene, "acme", "two", &["signer"], &[SEAT, "two@acme"]);
        Person::new(scene, "acme", "none", &["signer"], &[]);
        let at = |name: &str, scope: &str| sign_in(scene, "portal", name, PASSWORD, &[("scope", scope)]);
        let status = |token: &str, credential: &Credential| get(scene, token, &credential.path);
        for (name, scope) in
            [("jdoe", ""), ("jdoe", "tenant:acme"), ("jdoe", "seat:JDOE@acme"), ("two", "seat:jdoe@acme")]
        {
            let token = access_token(at(name, scope));
            assert_eq!(listed(scene, &token).expect(200).json()["credentialIDs"], json!([own.id]));
            assert_eq!((status(&token, &own), status(&token, &others)), (200, 404));
            let body = json!({ "credentialID": others.id });
            scene.http.post("/csc/v1/credentials/info").bearer(&token).json(&body).send().expect(400);
        }
        for (name, scope) in [
            ("jdoe", "seat:mroe@acme"),
            ("none", "seat:jdoe@acme"),
            ("jdoe", "tenant:globex"),
            ("jdoe", "seat:a seat:b"),
            ("jdoe", "credential"),
        ] {
            refused(at(name, scope), 400, "invalid_scope");
        }
        // Without a seat there is nothing about credentials, for these would be everybody's.
        for name in ["two", "none"] {
            let answer = at(name, "").expect(200);
            assert_eq!(answer.json()["scope"], "tenant:acme");
            let token = access_token(answer);
            assert_eq!(claims(&token)["permissions"], json!(["seats:read"]));
            listed(scene, &token).expect(403);
            assert_eq!(status(&token, &own), 403);
        }
        let any = json!({ "signer": ["credentials:read", "credentials:use-any-seat"] });
        patch(scene, "portal", &json!({ "rolePermissions": any }));
        let token = access_token(at("none", ""));
        assert_eq!((status(&token, &own), status(&token, &others)), (200, 200));
    });
}

#[test]
fn a_name_in_two_tenants_wants_the_tenant() {
    on_both(|scene| {
        scene.client(json!({
            "clientId": "wide", "tenants": ["acme", "globex"], "authorizedGrantTypes": ["password"],
        }));
        let people = ["acme", "globex"].map(|tenant| Person::new(scene, tenant, "jdoe", &[], &[]));
        let at = |name: &str, scope: &str| sign_in(scene, "wide", name, PASSWORD, &[("scope", scope)]);
        refused(at("jdoe", ""), 400, "invalid_grant");
        for (person, tenant) in people.iter().zip(["acme", "globex"]) {
            for (name, scope) in [
                ("jdoe".to_owned(), format!("tenant:{tenant}")),
                (format!("jdoe@{tenant}.example"), String::new()),
            ] {
                let answer = at(&name, &scope).expect(200);
                assert!(answer.json()["refresh_token"].is_null(), "its record does not list it");
                let token = access_token(answer);
                assert_eq!(claims(&token)["sub"], person.id.as_str());
                assert_eq!(claims(&token)["tenant"], tenant);
            }
        }
        refused(at("jdoe@acme.example", "tenant:globex"), 400, "invalid_grant");
        refused(at("jdoe", "tenant:nowhere"), 400, "invalid_scope");
    });
}

/// Access token and refresh token.
fn pair(reply: Reply) -> (String, String) {
    let refresh = reply.json()["refresh_token"].as_str().expect("a refresh token").to_owned();
    (access_token(reply), refresh)
}

fn renew(scene: &Scene, refresh: &str) -> Reply {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal")).form(&form).send()
}

#[test]
fn a_refresh_asks_anew_what_the_user_may_and_ends_with_the_user() {
    on_both(|scene| {
        portal(scene);
        let service = &scene.first().app.service;
        let sign_in = |person: &Person| pair(sign_in(scene, "portal", &person.name, PASSWORD, &[]));
        let kept = Person::new(scene, "acme", "kept", &["signer"], &[SEAT]);
        let (_, refresh) = sign_in(&kept);
        let (token, refresh) = pair(renew(scene, &refresh));
        let found = claims(&token);
        assert_eq!((&found["sub"], &found["seat"]), (&json!(kept.id.as_str()), &json!(SEAT)));
        assert_eq!(found["permissions"], json!(["credentials:read", "credentials:use", "seats:read"]));
        listed(scene, &token).expect(200);
        // More is there at the next refresh; less ends what was given.
        let granted = |permissions: Value| json!({ "rolePermissions": { "signer": permissions } });
        let more = json!({ "signer": ["credentials:read", "credentials:use", "audit:read"], "staff": ["seats:read"] });
        patch(scene, "portal", &json!({ "rolePermissions": more }));
        let (token, refresh) = pair(renew(scene, &refresh));
        assert_eq!(get(scene, &token, "/api/v1/audit-events"), 200);
        patch(scene, "portal", &granted(json!(["credentials:read"])));
        assert_eq!(get(scene, &token, "/api/v1/audit-events"), 401);
        refused(renew(scene, &refresh), 400, "invalid_grant");
        let (token, _) = sign_in(&kept);
        assert_eq!(claims(&token)["permissions"], json!(["credentials:read"]));

        let ends: [&dyn Fn(&Person); 4] = [
            &|person| person.set_status(scene, UserStatus::Disabled),
            &|person| person.set_roles(scene, &["signer", "other"]),
            &|person| {
                let new = SecretText::new("another walrus, 8 umbrellas");
                password::set(service, &operator(scene), &person.id, &new).unwrap();
            },
            &|person| delete::delete(service, &operator(scene), &person.id).unwrap(),
        ];
        for (number, end) in ends.into_iter().enumerate() {
            let person = Person::new(scene, "acme", &format!("ends-{number}"), &["signer"], &[SEAT]);
            let (first, refresh) = sign_in(&person);
            let (second, refresh) = pair(renew(scene, &refresh));
            end(&person);
            for token in [&first, &second] {
                assert_eq!(get(scene, token, "/api/v1/credentials"), 401, "{number}");
            }
            refused(renew(scene, &refresh), 400, "invalid_grant");
        }
        // Nobody else's ended.
        assert_eq!(get(scene, &token, "/api/v1/credentials"), 200);
    });
}

#[test]
fn a_user_who_is_disabled_while_signing_in_leaves_nothing_alive() {
    let scene = Scene::two_nodes();
    portal(&scene);
    for number in 0..6 {
        let person = Person::new(&scene, "acme", &format!("jdoe-{number}"), &["signer"], &[SEAT]);
        let given = std::thread::scope(|threads| {
            let signing_in = threads.spawn(|| {
                let mut given = Vec::new();
                // Until it is refused; not for ever, should it never be.
                for _ in 0..200 {
                    let reply = sign_in(&scene, "portal", &person.name, PASSWORD, &[]);
                    if reply.status != 200 {
                        break;
                    }
                    given.push(pair(reply));
                }
                given
            });
            std::thread::sleep(std::time::Duration::from_millis(60 * number));
            person.set_status(&scene, UserStatus::Disabled);
            signing_in.join().unwrap()
        });
        assert!(given.len() < 200, "never refused");
        for (token, refresh) in given.iter().rev().take(3) {
            assert_eq!(listed(&scene, token).status, 401);
            refused(renew(&scene, refresh), 400, "invalid_grant");
        }
    }
}

#[test]
fn a_code_is_asked_for_after_a_right_password_only_and_is_good_once() {
    on_both(|scene| {
        portal(scene);
        let person = Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let authenticator = person.add_otp(scene);
        let at = |password: &str, otp: &[(&str, &str)]| sign_in(scene, "portal", "jdoe", password, otp);
        let wrong = refused(at("a wrong password", &[]), 400, "invalid_grant");
        let code = next_code(scene, &authenticator);
        assert_eq!(refused(at("a wrong password", &[("otp", &code)]), 400, "invalid_grant"), wrong);
        let needed = refused(at(PASSWORD, &[]), 400, "invalid_grant");
        assert!(needed.contains("one-time password") && needed.contains("otp"), "{needed}");
        let other = if code == "000000" { "000001" } else { "000000" };
        let mistaken = refused(at(PASSWORD, &[("otp", other)]), 400, "invalid_grant");
        assert_ne!(mistaken, wrong);
        listed(scene, &access_token(at(PASSWORD, &[("otp", &code)]))).expect(200);
        assert_eq!(refused(at(PASSWORD, &[("otp", &code)]), 400, "invalid_grant"), mistaken);
        let next = next_code(scene, &authenticator);
        // A client that changed since this node read it costs nobody a code.
        patch(scene, "portal", &json!({ "displayName": "Portal" }));
        at(PASSWORD, &[("otp", &next)]).expect(200);
        otp::remove(&scene.first().app.service, &operator(scene), &person.id).unwrap();
        at(PASSWORD, &[]).expect(200);
    });
}

#[test]
fn guessing_gets_slower_for_that_user_and_for_nobody_else() {
    on_both(|scene| {
        portal(scene);
        for name in ["jdoe", "mroe"] {
            Person::new(scene, "acme", name, &["signer"], &[]);
        }
        for guess in 0..6 {
            let reply = sign_in(scene, "portal", "jdoe", &format!("guess number {guess}"), &[]);
            refused(reply, 400, "invalid_grant");
        }
        let held = sign_in(scene, "portal", "jdoe", PASSWORD, &[]).expect(429);
        assert_eq!(held.json()["error"], "temporarily_unavailable");
        let wait: i64 = held.header("retry-after").expect("a time").parse().unwrap();
        sign_in(scene, "portal", "mroe", PASSWORD, &[]).expect(200);
        scene.clock.advance(wait);
        sign_in(scene, "portal", "jdoe", PASSWORD, &[]).expect(200);
        // Who does not exist is slowed down alike.
        for guess in 0..6 {
            let reply = sign_in(scene, "portal", "nobody", &format!("guess number {guess}"), &[]);
            refused(reply, 400, "invalid_grant");
        }
        sign_in(scene, "portal", "nobody", PASSWORD, &[]).expect(429);
    });
}

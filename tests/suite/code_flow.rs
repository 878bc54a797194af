//! The authorization code grant: a person signs in here, consents, and the application gets tokens for them.

use std::thread;
use std::time::Duration;

use countersign::config::DatabaseUrl;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::pages::{Browser, CALLBACK, Callback, authorize};
use crate::support::people::{PASSWORD, Person, next_code};
use crate::support::scene::{Database, Scene, at_once, on_both, statuses};

const SEAT: &str = "jdoe@acme";
/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn portal(scene: &Scene) {
    scene.client(json!({
        "clientId": "portal", "displayName": "The <Portal>", "tenants": ["acme"],
        "authorizedGrantTypes": ["authorization_code", "refresh_token"], "redirectUris": [CALLBACK],
        "rolePermissions": { "signer": ["credentials:read", "credentials:use"] },
    }));
}

const ASKED: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("client_id", "portal"),
    ("redirect_uri", CALLBACK),
    ("scope", "service"),
    ("state", "a&b"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

fn with<'a>(changes: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    let mut asked: Vec<(&str, &str)> =
        ASKED.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).collect();
    asked.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    asked
}

fn redeemed(scene: &Scene, code: &str) -> Reply {
    redeemed_with(scene, code, &[])
}

fn redeemed_with(scene: &Scene, code: &str, changes: &[(&str, Option<&str>)]) -> Reply {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let mut form: Vec<(&str, &str)> =
        form.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).collect();
    form.extend(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
    scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal")).form(&form).send()
}

/// Signs jdoe in and lets the portal have what it asks.
fn allowed(browser: &Browser, parameters: &[(&str, &str)]) -> Callback {
    let page = browser.sent(parameters);
    browser.sign_in(&page, "jdoe", PASSWORD);
    browser.allow(&page)
}

fn is_active(scene: &Scene, token: &str) -> bool {
    let request = scene.http.post("/oauth2/introspect").basic("portal", &scene.secret("portal"));
    request.form(&[("token", token)]).send().expect(200).json()["active"] == json!(true)
}

#[track_caller]
fn refused(reply: &Reply, error: &str) -> String {
    assert_eq!(reply.status, 400, "{}", reply.text());
    let body = reply.json();
    assert_eq!(body["error"], error, "{body}");
    body["error_description"].as_str().expect("a description").to_owned()
}

#[test]
fn a_person_signs_in_consents_and_the_application_gets_tokens() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&ASKED);
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains("Sign in") && shown.contains("The &#60;Portal&#62;"), "{shown}");
        let before = browser.cookie();
        browser.sign_in(&page, "jdoe", PASSWORD);
        assert_ne!(browser.cookie(), before, "a session has a cookie of its own");
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains("Allow access?") && shown.contains("Joan Doe (jdoe)"), "{shown}");
        let callback = browser.allow(&page);
        assert!(callback.0.as_str().starts_with(CALLBACK), "{}", callback.0);
        assert_eq!(callback.get("state").as_deref(), Some("a&b"));
        assert_eq!(callback.get("iss"), Some(scene.first().app.service.public_url.clone()));

        let tokens = redeemed(scene, &callback.code()).expect(200).json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["scope"], "seat:jdoe@acme tenant:acme service");
        let access = tokens["access_token"].as_str().unwrap();
        let list = scene.http.post("/csc/v1/credentials/list").bearer(access).json(&json!({})).send();
        assert_eq!(list.expect(200).json()["credentialIDs"], json!([]));
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        scene
            .http
            .post("/oauth2/token")
            .basic("portal", &scene.secret("portal"))
            .form(&form)
            .send()
            .expect(200);

        // The session is still there and the consent too: nothing is asked any more.
        let page = browser.sent(&ASKED);
        let again = Callback::of(&browser.get(&page));
        redeemed(scene, &again.code()).expect(200);
        // But for what was not allowed before, and where the application wants to be asked.
        for change in [("scope", Some("service openid")), ("prompt", Some("consent"))] {
            let page = browser.sent(&with(&[change]));
            assert!(browser.get(&page).expect(200).text().contains("Allow access?"), "{change:?}");
        }
        let page = browser.sent(&with(&[("prompt", Some("login"))]));
        assert!(browser.get(&page).expect(200).text().contains("Password"));
    });
}

#[test]
fn a_code_is_good_once_for_its_client_and_its_verifier() {
    on_both(|scene| {
        portal(scene);
        scene.client(json!({
            "clientId": "other", "tenants": ["acme"], "redirectUris": [CALLBACK],
            "authorizedGrantTypes": ["authorization_code"],
        }));
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let code = allowed(&browser, &ASKED).code();
        // What is wrong with a request leaves the code as it was.
        let wrong = "x".repeat(43);
        for change in [
            ("code_verifier", None),
            ("code_verifier", Some(CHALLENGE)),
            ("code_verifier", Some(wrong.as_str())),
            ("redirect_uri", None),
            ("redirect_uri", Some("https://app.example/callback2")),
            ("code", Some("ac_unknown")),
        ] {
            refused(&redeemed_with(scene, &code, &[change]), "invalid_grant");
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let stolen =
            scene.http.post("/oauth2/token").basic("other", &scene.secret("other")).form(&form).send();
        refused(&stolen, "invalid_grant");
        let tokens = redeemed(scene, &code).expect(200).json();
        let access = tokens["access_token"].as_str().unwrap();
        assert!(is_active(scene, access));
        // Another client's replay changes nothing, its own ends what it gave.
        let stolen =
            scene.http.post("/oauth2/token").basic("other", &scene.secret("other")).form(&form).send();
        refused(&stolen, "invalid_grant");
        assert!(is_active(scene, access));
        refused(&redeemed(scene, &code), "invalid_grant");
        assert!(!is_active(scene, access));
        let form =
            [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        let renewed =
            scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal")).form(&form).send();
        refused(&renewed, "invalid_grant");
        // A minute later it is too late.
        let page = browser.sent(&ASKED);
        let code = Callback::of(&browser.get(&page)).code();
        scene.clock.advance(60);
        refused(&redeemed(scene, &code), "invalid_grant");
    });
}

#[test]
fn of_parallel_callers_with_one_code_none_keeps_what_it_gave() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let code = allowed(&browser, &ASKED).code();
        let replies = at_once(6, || redeemed(scene, &code));
        let good: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(good.len(), 1, "{:?}", statuses(&replies));
        assert!(!is_active(scene, good[0].json()["access_token"].as_str().unwrap()));
    });
}

#[test]
fn nobody_is_sent_where_the_record_does_not_say() {
    on_both(|scene| {
        portal(scene);
        let browser = Browser::new(&scene.http);
        for change in [
            ("client_id", None),
            ("client_id", Some("nobody")),
            ("client_id", Some("a/b")),
            ("redirect_uri", Some("https://app.example/callback/")),
            ("redirect_uri", Some("https://app.example.evil.example/callback")),
            ("redirect_uri", Some("https://app.example/callback?x=1")),
            ("redirect_uri", Some("https://APP.example/callback")),
            ("redirect_uri", Some("//evil.example")),
            ("redirect_uri", Some("javascript:alert(1)")),
        ] {
            let reply = browser.get(&authorize(&with(&[change]))).expect(400);
            assert_eq!(reply.header("location"), None, "{change:?}");
            assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
            let said = reply.text();
            assert!(!said.contains("evil.example") && !said.contains("alert("), "{said}");
        }
        let twice = format!("{}&client_id=portal", authorize(&ASKED));
        browser.get(&twice).expect(400);
    });
}

#[test]
fn an_application_is_told_what_is_wrong_with_its_request() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let told = |changes: &[(&str, Option<&str>)]| {
            let callback = Callback::of(&browser.get(&authorize(&with(changes))));
            assert!(callback.0.as_str().starts_with(CALLBACK), "{}", callback.0);
            let issuer = scene.first().app.service.public_url.clone();
            let get = |name: &str| callback.get(name).or(callback.in_fragment(name));
            assert_eq!((get("iss"), get("code")), (Some(issuer), None));
            assert!(!get("error_description").unwrap().is_empty());
            get("error").unwrap()
        };
        let long = "x".repeat(3000);
        for (changes, error) in [
            (&[("response_type", None)][..], "invalid_request"),
            (&[("response_type", Some("id_token"))], "unsupported_response_type"),
            (&[("response_type", Some("token"))], "unauthorized_client"),
            (&[("response_mode", Some("fragment"))], "invalid_request"),
            (&[("code_challenge", None)], "invalid_request"),
            (&[("code_challenge", None), ("code_challenge_method", None)], "invalid_request"),
            (&[("code_challenge_method", None)], "invalid_request"),
            (&[("code_challenge_method", Some("plain"))], "invalid_request"),
            (&[("code_challenge", Some("short"))], "invalid_request"),
            (&[("scope", Some("seat:a seat:b"))], "invalid_scope"),
            (&[("prompt", Some("none login"))], "invalid_request"),
            (&[("prompt", Some("sometimes"))], "invalid_request"),
            (&[("max_age", Some("-1"))], "invalid_request"),
            (&[("request", Some("e30.e30."))], "request_not_supported"),
            (&[("account_token", Some("x"))], "invalid_request"),
            (&[("nonce", Some(long.as_str()))], "invalid_request"),
            (&[("scope", Some("credential"))], "invalid_request"),
            (&[("authorization_details", Some("[]"))], "invalid_authorization_details"),
            (&[("authorization_details", Some(r#"[{"type":"payment"}]"#))], "invalid_authorization_details"),
        ] {
            assert_eq!(told(changes), error, "{changes:?}");
        }
        // What only turns out with the person.
        let none = |browser: &Browser, changes: &[(&str, Option<&str>)]| {
            let page = browser.sent(&with(changes));
            Callback::of(&browser.get(&page)).get("error").unwrap()
        };
        assert_eq!(none(&browser, &[("prompt", Some("none"))]), "login_required");
        let page = browser.sent(&ASKED);
        browser.sign_in(&page, "jdoe", PASSWORD);
        assert_eq!(none(&browser, &[("prompt", Some("none"))]), "consent_required");
        assert_eq!(none(&browser, &[("scope", Some("seat:somebody@acme"))]), "invalid_scope");
        let refused = Callback::of(&browser.submit(&page, &[("step", "refuse")]));
        assert_eq!(refused.get("error").as_deref(), Some("access_denied"));
        browser.submit(&page, &[("step", "allow")]).expect(404);
    });
}

#[test]
fn wrong_passwords_and_codes_are_said_on_the_page() {
    on_both(|scene| {
        portal(scene);
        let person = Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let authenticator = person.add_otp(scene);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&with(&[("ui_locales", Some("fr es"))]));
        assert!(page.ends_with("?lang=es"), "{page}");
        let wrong =
            browser.submit(&page, &[("step", "sign-in"), ("username", "jdoe"), ("password", "guess")]);
        let said = wrong.expect(422).text();
        assert!(said.contains("no son correctos") && said.contains("role=\"alert\""), "{said}");
        assert!(!said.contains("guess") && said.contains("value=\"jdoe\""), "{said}");
        browser.sign_in(&page, "jdoe", PASSWORD);
        assert!(browser.get(&page).expect(200).text().contains("autenticador"));
        // The password alone is not enough.
        browser.has_to_sign_in(&page, "allow");
        browser.submit(&page, &[("step", "code"), ("otp", "000000")]).expect(422);
        let code = next_code(scene, &authenticator);
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        browser.submit(&page, &[("step", "code"), ("otp", &spaced)]).expect(303);
        browser.allow(&page).code();
    });
}

#[test]
fn a_request_belongs_to_the_browser_that_it_came_with() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let (victim, attacker) = (Browser::new(&scene.http), Browser::new(&scene.http));
        let page = victim.sent(&ASKED);
        victim.sign_in(&page, "jdoe", PASSWORD);
        // Whoever knows the address of a page cannot see it, nor decide, nor sign somebody in there.
        attacker.sent(&ASKED);
        attacker.get(&page).expect(404);
        attacker.submit(&page, &[("step", "allow")]).expect(404);
        Browser::new(&scene.http).submit(&page, &[("step", "allow")]).expect(404);
        let login = [("step", "sign-in"), ("username", "jdoe"), ("password", PASSWORD)];
        attacker.submit(&page, &login).expect(404);
        // A form on another site is refused, whatever cookies came with it.
        for site in ["cross-site", "same-site", "none"] {
            victim.submit_from(&page, &[("step", "allow")], site).expect(403);
        }
        // A page of the attacker's does not become the victim's.
        let trap = attacker.sent(&ASKED);
        victim.get(&trap).expect(404);
        victim.allow(&page).code();
    });
}

#[test]
fn nobody_allows_in_one_tab_what_another_tab_made_somebody_else_s() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        Person::new(scene, "acme", "mroe", &["signer"], &["mroe@acme"]);
        let browser = Browser::new(&scene.http);
        let user = |shown: &str| {
            let (_, rest) = shown.split_once("name=\"user\" value=\"").expect("a user");
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        let page = browser.sent(&ASKED);
        browser.sign_in(&page, "jdoe", PASSWORD);
        let jdoe = user(&browser.get(&page).expect(200).text());
        let another_tab = browser.sent(&with(&[("prompt", Some("login"))]));
        browser.sign_in(&another_tab, "mroe", PASSWORD);
        // What was shown to jdoe is shown again, to who is signed in now.
        let again = browser.submit(&page, &[("step", "allow"), ("user", &jdoe)]).expect(303);
        assert!(again.header("location").is_some_and(|location| !location.starts_with(CALLBACK)));
        let shown = browser.get(&page).expect(200).text();
        assert!(shown.contains("(mroe)"), "{shown}");
        let answer = browser.submit(&page, &[("step", "allow"), ("user", &user(&shown))]);
        let tokens = redeemed(scene, &Callback::of(&answer).code()).expect(200).json();
        assert_eq!(tokens["scope"], "seat:mroe@acme tenant:acme service");
    });
}

#[test]
fn a_cookie_that_somebody_planted_is_worth_nothing() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let (victim, attacker) = (Browser::new(&scene.http), Browser::new(&scene.http));
        attacker.sent(&ASKED);
        victim.plant(attacker.cookie());
        let page = victim.sent(&ASKED);
        victim.sign_in(&page, "jdoe", PASSWORD);
        assert_ne!(victim.cookie(), attacker.cookie());
        let theirs = attacker.sent(&ASKED);
        assert!(attacker.get(&theirs).expect(200).text().contains("Password"));
        attacker.get(&page).expect(404);
    });
}

#[test]
fn a_session_ends_with_its_time_with_signing_out_and_with_any_change_of_the_user() {
    on_both(|scene| {
        portal(scene);
        let person = Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let is_signed_in = || {
            let page = browser.sent(&ASKED);
            let reply = browser.get(&page);
            reply.status == 302 || !reply.text().contains("type=\"password\"")
        };
        let sign_in = || {
            let page = browser.sent(&ASKED);
            browser.sign_in(&page, "jdoe", PASSWORD);
            page
        };
        assert!(!is_signed_in());
        browser.allow(&sign_in());
        assert!(is_signed_in());
        scene.clock.advance(8 * 3600);
        assert!(!is_signed_in());
        sign_in();
        assert!(is_signed_in());
        browser.submit_from("/oauth2/sign-out", &[], "cross-site").expect(403);
        assert!(is_signed_in());
        let old = browser.cookie();
        assert!(browser.submit("/oauth2/sign-out", &[]).expect(200).text().contains("signed out"));
        assert_eq!(browser.cookie(), None);
        browser.plant(old);
        assert!(!is_signed_in());
        sign_in();
        let page = browser.sent(&with(&[("prompt", Some("consent"))]));
        person.set_roles(scene, &[]);
        // They are asked to sign in again, for the same request.
        browser.has_to_sign_in(&page, "allow");
        assert!(browser.get(&page).expect(200).text().contains("Password"));
        browser.sign_in(&page, "jdoe", PASSWORD);
        browser.allow(&page).code();
        browser.submit("/oauth2/sign-out", &[]).expect(200);
        assert!(!is_signed_in());
        sign_in();
        assert!(is_signed_in());
        let whose = json!({ "user": "jdoe", "tenant": "acme" });
        scene.http.post("/api/v1/tokens/revoke").bearer(&scene.admin()).json(&whose).send().expect(200);
        assert!(!is_signed_in());
    });
}

#[test]
fn a_code_ends_with_what_it_was_given_for() {
    on_both(|scene| {
        portal(scene);
        let person = Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let code = allowed(&browser, &ASKED).code();
        person.set_roles(scene, &[]);
        refused(&redeemed(scene, &code), "invalid_grant");

        let code = allowed(&browser, &ASKED).code();
        let set_status = |status: &str| {
            let request = scene.http.patch("/api/v1/tenants/acme").bearer(&scene.admin());
            request.json(&json!({ "status": status })).send().expect(200);
        };
        set_status("suspended");
        refused(&redeemed(scene, &code), "invalid_grant");
        set_status("active");
        change_portal(scene, &json!({ "rolePermissions": { "signer": ["credentials:read", "users:read"] } }));
        refused(&redeemed(scene, &code), "invalid_grant");
    });
}

/// In the other order each would wait for the other.
#[test]
fn whoever_decides_takes_the_user_before_the_session_as_whoever_changes_the_user() {
    let scene = Scene::on(Database::Postgres);
    portal(&scene);
    Person::new(&scene, "acme", "jdoe", &["signer"], &[SEAT]);
    let browser = Browser::new(&scene.http);
    let page = browser.sent(&ASKED);
    browser.sign_in(&page, "jdoe", PASSWORD);
    let DatabaseUrl::Postgres(url) = &scene.first().app.config.database.url else { panic!("no PostgreSQL") };
    let mut change = PgConnection::establish(url).unwrap();
    change.batch_execute("BEGIN; SET LOCAL lock_timeout = '300ms'; SELECT 1 FROM users FOR UPDATE").unwrap();
    let cookie = browser.cookie();
    thread::scope(|threads| {
        threads.spawn(|| {
            let same = Browser::new(&scene.http);
            same.plant(cookie);
            same.has_to_sign_in(&page, "allow");
        });
        let mut look = PgConnection::establish(url).unwrap();
        let waiting = "(SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock')";
        let mut is_waiting =
            || diesel::select(sql::<BigInt>(waiting)).get_result::<i64>(&mut look).unwrap() > 0;
        let waited = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(20));
            is_waiting()
        });
        assert!(waited, "nobody waits for the user");
        change.batch_execute("DELETE FROM sessions; COMMIT").unwrap();
    });
}

fn change_portal(scene: &Scene, change: &Value) {
    let request = scene.http.patch("/api/v1/clients/portal").bearer(&scene.admin());
    request.json(change).send().expect(200);
}

#[test]
fn what_an_application_asked_ends_with_a_change_of_the_application() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        for change in [
            json!({ "redirectUris": ["https://other.example/callback"] }),
            json!({ "rolePermissions": { "signer": ["credentials:read", "users:read"] } }),
            json!({ "authorizedGrantTypes": ["client_credentials"] }),
        ] {
            let page = browser.sent(&ASKED);
            browser.sign_in(&page, "jdoe", PASSWORD);
            browser.get(&page).expect(200);
            let form = [("client_secret", scene.secret("portal"))];
            let form: Vec<(&str, &str)> =
                ASKED.into_iter().chain(form.iter().map(|(name, value)| (*name, value.as_str()))).collect();
            let pushed = scene.http.post("/oauth2/pushed_authorize").form(&form).send().expect(201).json();
            change_portal(scene, &change);
            browser.submit(&page, &[("step", "allow")]).expect(404);
            let uri = pushed["request_uri"].as_str().unwrap();
            browser.get(&authorize(&[("client_id", "portal"), ("request_uri", uri)])).expect(400);
            let before = json!({
                "redirectUris": [CALLBACK], "authorizedGrantTypes": ["authorization_code", "refresh_token"],
                "rolePermissions": { "signer": ["credentials:read", "credentials:use"] },
            });
            change_portal(scene, &before);
        }
        // Another name is no other application.
        let page = browser.sent(&with(&[("prompt", Some("consent"))]));
        change_portal(scene, &json!({ "displayName": "Portal" }));
        browser.allow(&page).code();
    });
}

#[test]
fn what_is_too_long_for_an_address_is_not_sent_back_in_one() {
    let scene = Scene::on(Database::Sqlite);
    portal(&scene);
    let long = "x".repeat(200_000);
    let told = scene.http.post("/oauth2/authorize").form(&with(&[("state", Some(&long))])).send();
    let told = Callback::of(&told);
    assert_eq!((told.get("error").as_deref(), told.get("state")), (Some("invalid_request"), None));
}

#[test]
fn who_allowed_an_application_is_asked_again_when_it_changed() {
    on_both(|scene| {
        portal(scene);
        let person = Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&ASKED);
        browser.sign_in(&page, "jdoe", PASSWORD);
        browser.allow(&page);
        let is_asked = || {
            let page = browser.sent(&ASKED);
            let shown = browser.get(&page);
            let asked = shown.status == 200 && shown.text().contains("Allow access?");
            if asked {
                browser.allow(&page);
            }
            asked
        };
        assert!(!is_asked());
        let change = |change: Value| {
            let request = scene.http.patch("/api/v1/clients/portal").bearer(&scene.admin());
            request.json(&change).send().expect(200);
        };
        change(json!({ "displayName": "Portal" }));
        assert!(!is_asked());
        change(
            json!({ "rolePermissions": { "signer": ["credentials:read", "credentials:use", "seats:read"] } }),
        );
        assert!(is_asked());
        change(json!({ "redirectUris": [CALLBACK, "https://other.example/"] }));
        assert!(is_asked());
        // And whoever changed: they are not even signed in.
        person.set_roles(scene, &["signer", "more"]);
        let page = browser.sent(&ASKED);
        browser.sign_in(&page, "jdoe", PASSWORD);
        assert!(is_asked());
    });
}

#[test]
fn nobody_is_sent_where_the_record_does_not_say_any_more() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        for change in [
            json!({ "redirectUris": ["https://other.example/"] }),
            json!({ "authorizedGrantTypes": ["client_credentials"] }),
            json!({ "status": "disabled" }),
        ] {
            let browser = Browser::new(&scene.http);
            let page = browser.sent(&ASKED);
            browser.sign_in(&page, "jdoe", PASSWORD);
            let patch = |change: &Value| {
                let request = scene.http.patch("/api/v1/clients/portal").bearer(&scene.admin());
                request.json(change).send().expect(200);
            };
            patch(&change);
            for step in ["allow", "refuse"] {
                browser.submit(&page, &[("step", step)]).expect(404);
            }
            browser.get(&page).expect(404);
            patch(&json!({
                "redirectUris": [CALLBACK], "status": "active",
                "authorizedGrantTypes": ["authorization_code", "refresh_token"],
            }));
        }
    });
}

#[test]
fn an_address_sends_so_many_browsers_at_once() {
    let scene = Scene::on(Database::Sqlite);
    portal(&scene);
    let browser = Browser::new(&scene.http);
    let busy = (0..301).map(|_| browser.get(&authorize(&ASKED))).find(|reply| reply.status != 302);
    let busy = busy.expect("a limit").expect(429);
    assert!(busy.header("retry-after").is_some());
    scene.clock.advance(2);
    browser.sent(&ASKED);
    // What takes more room counts for more.
    scene.clock.advance(600);
    let hashes = ["q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"; 1000].join(",");
    let long = with(&[
        ("scope", Some("credential")),
        ("hashes", Some(&hashes)),
        ("hashAlgorithmOID", Some("2.16.840.1.101.3.4.2.1")),
    ]);
    let busy = (0..101).find(|_| browser.submit("/oauth2/authorize", &long).status == 429);
    assert_eq!(busy, Some(100));
}

#[test]
fn the_implicit_grant_is_off_until_the_record_lists_it() {
    on_both(|scene| {
        portal(scene);
        Person::new(scene, "acme", "jdoe", &["signer"], &[SEAT]);
        let browser = Browser::new(&scene.http);
        let asked = with(&[
            ("response_type", Some("token")),
            ("code_challenge", None),
            ("code_challenge_method", None),
        ]);
        let callback = Callback::of(&browser.get(&authorize(&asked)));
        assert_eq!(callback.in_fragment("error").as_deref(), Some("unauthorized_client"));
        let change: Value = json!({ "authorizedGrantTypes": ["implicit"] });
        scene.http.patch("/api/v1/clients/portal").bearer(&scene.admin()).json(&change).send().expect(200);
        let callback = allowed(&browser, &asked);
        assert_eq!((callback.0.query(), callback.get("code")), (None, None));
        let token = callback.in_fragment("access_token").unwrap();
        assert_eq!(callback.in_fragment("token_type").as_deref(), Some("Bearer"));
        assert_eq!(callback.in_fragment("state").as_deref(), Some("a&b"));
        assert_eq!(callback.in_fragment("refresh_token"), None);
        assert!(is_active(scene, &token));
        let credential = with(&[
            ("response_type", Some("token")),
            ("scope", Some("credential")),
            ("credentialID", Some("c")),
            ("numSignatures", Some("1")),
        ]);
        let callback = Callback::of(&browser.get(&authorize(&credential)));
        assert_eq!(callback.in_fragment("error").as_deref(), Some("invalid_scope"));
    });
}

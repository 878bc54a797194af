//! Attacks on an authorization server, one after the other as RFC 9700 lists them. What is not here is shown where it
//! belongs; the README's table says where.

use std::net::{IpAddr, Ipv4Addr};

use countersign::http::routes::TABLE;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::support::http::{Http, Reply};
use crate::support::pages::{Browser, CALLBACK, Callback, authorize};
use crate::support::people::{PASSWORD, Person};
use crate::support::scene::{Plan, Scene, Status, on_both};
use crate::support::world::World;

/// Of RFC 7636, appendix B, and another.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ANOTHER_VERIFIER: &str = "zBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const ANOTHER_CALLBACK: &str = "https://app.example/another";

const ASKED: [(&str, &str); 7] = [
    ("response_type", "code"),
    ("client_id", "portal"),
    ("redirect_uri", CALLBACK),
    ("scope", "service"),
    ("state", "s"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// An application, with what is different about it.
fn portal(scene: &Scene, changes: &Value) {
    let mut record = json!({
        "clientId": "portal", "tenants": ["acme"], "redirectUris": [CALLBACK, ANOTHER_CALLBACK],
        "authorizedGrantTypes": ["authorization_code", "refresh_token", "implicit"],
        "rolePermissions": { "signer": ["credentials:read", "credentials:use"] },
    });
    for (name, value) in changes.as_object().into_iter().flatten() {
        record[name] = value.clone();
    }
    scene.client(record);
}

fn joan(scene: &Scene) -> Person {
    Person::new(scene, "acme", "jdoe", &["signer"], &["jdoe@acme"])
}

fn changed<'a>(
    form: &[(&'a str, &'a str)],
    changes: &[(&'a str, Option<&'a str>)],
) -> Vec<(&'a str, &'a str)> {
    let is_kept = |name: &str| changes.iter().all(|(changed, _)| *changed != name);
    let kept = form.iter().copied().filter(|(name, _)| is_kept(name));
    kept.chain(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)))).collect()
}

fn asked<'a>(changes: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    changed(&ASKED, changes)
}

/// Signs Joan in, unless she is, and lets the application have what it asks, unless it may already.
#[track_caller]
fn allowed(browser: &Browser, parameters: &[(&str, &str)]) -> Callback {
    let page = browser.sent(parameters);
    let mut reply = browser.get(&page);
    if reply.status == 200 && reply.text().contains("type=\"password\"") {
        browser.sign_in(&page, "jdoe", PASSWORD);
        reply = browser.get(&page);
    }
    if reply.status == 302 { Callback::of(&reply) } else { browser.allow(&page) }
}

fn redeemed(scene: &Scene, code: &str, changes: &[(&str, Option<&str>)]) -> Reply {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    post(scene, &changed(&form, changes))
}

/// To the token endpoint, by the application.
fn post(scene: &Scene, form: &[(&str, &str)]) -> Reply {
    scene.http.post("/oauth2/token").basic("portal", &scene.secret("portal")).form(form).send()
}

#[track_caller]
fn refused(reply: Reply, error: &str) {
    let body = reply.expect(400).json();
    assert_eq!(body["error"], error, "{body}");
}

#[track_caller]
fn text(reply: Reply, name: &str) -> String {
    let body = reply.expect(200).json();
    body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned()
}

fn worth(http: &Http, token: &str) -> u16 {
    http.post("/csc/v1/credentials/list").bearer(token).json(&json!({})).send().status
}

/// 4.1, 4.11.2: open redirection.
#[test]
fn a_redirect_uri_that_only_looks_like_the_client_s_leads_nowhere() {
    on_both(|scene| {
        portal(scene, &json!({}));
        for uri in [
            "",
            " https://app.example/callback",
            "https://app.example/callback ",
            "https://app.example/callback#",
            "https://app.example/callback#fragment",
            "https://app.example/callback?",
            "https://app.example/callback/../other",
            "https://app.example/./callback",
            "https://app.example//callback",
            "https://app.example/%63allback",
            "https://app.example/callback%00",
            "https://app.example/callback%2f..%2fother",
            "https://app.example/Callback",
            "https://app.example:443/callback",
            "https://app.example:4443/callback",
            "https://app.example./callback",
            "https://app.example.evil.example/callback",
            "https://evil.example/callback",
            "https://evil.example\\@app.example/callback",
            "https://evil.example/@app.example/callback",
            "https://app.example@evil.example/callback",
            "https://user:password@app.example/callback",
            "https://аpp.example/callback",
            "https://app。example/callback",
            "https://xn--pp-8cd.example/callback",
            "https:app.example/callback",
            "https:/app.example/callback",
            "https:\\\\app.example/callback",
            "HTTPS://app.example/callback",
            "http://app.example/callback",
            "//app.example/callback",
            "/callback",
            "javascript:alert(1)//https://app.example/callback",
            "data:text/html,x",
            "https://app.example/callback\r\nlocation: https://evil.example",
        ] {
            let asked = asked(&[("redirect_uri", Some(uri))]);
            let browser = Browser::new(&scene.http);
            for reply in [browser.get(&authorize(&asked)), browser.submit("/oauth2/authorize", &asked)] {
                let reply = reply.expect(400);
                assert_eq!(reply.header("location"), None, "{uri}");
                assert!(!reply.text().contains("evil.example"), "{uri}");
            }
            let pushed: Vec<_> = asked.into_iter().filter(|(name, _)| *name != "client_id").collect();
            let push = scene.http.post("/oauth2/pushed_authorize").basic("portal", &scene.secret("portal"));
            refused(push.form(&pushed).send(), "invalid_request");
        }
        // Two of them are not the first one, nor the second one.
        let twice = [&ASKED[..], &[("redirect_uri", "https://evil.example/callback")]].concat();
        assert_eq!(Browser::new(&scene.http).get(&authorize(&twice)).expect(400).header("location"), None);
    });
}

/// 4.11.2: neither are other addresses open.
#[test]
fn signing_out_and_choosing_a_language_lead_nowhere() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let browser = Browser::new(&scene.http);
        let evil = "https://evil.example/";
        let page = browser.sent(&asked(&[("ui_locales", Some(evil)), ("lang", Some(evil))]));
        assert!(!page.contains("evil"), "{page}");
        for name in ["post_logout_redirect_uri", "redirect_uri", "returnTo", "next", "lang"] {
            let path = format!("/oauth2/sign-out?{name}={evil}");
            for reply in [browser.get(&path), browser.submit(&path, &[(name, evil)])] {
                let reply = reply.expect(200);
                assert_eq!(reply.header("location"), None, "{name}");
                let html = reply.text();
                assert!(!html.contains("\"https://evil") && !html.contains("refresh"), "{html}");
            }
        }
        let page = browser.sent(&ASKED);
        let odd = format!("{page}?//evil.example/&lang=es");
        let login = [("step", "sign-in"), ("username", "jdoe"), ("password", PASSWORD)];
        let location = browser.submit(&odd, &login).expect(303).header("location").unwrap().to_owned();
        assert!(location.starts_with('?'), "{location}");
        // A last part that looks like an address stays a last part.
        for evil in ["http:evil.example", "javascript:alert(1)"] {
            let odd = format!("/oauth2/authorize/{evil}");
            let reply = browser.submit(&odd, &[("step", "somebody-else")]).expect(303);
            assert_eq!(reply.header("location"), Some(format!("./{evil}").as_str()));
        }
    });
}

/// 2.6: codes do not travel in the clear.
#[test]
fn an_application_without_tls_is_not_registered() {
    on_both(|scene| {
        let register = |uri: &str| {
            let record = json!({ "clientId": "clear", "tenants": ["acme"], "redirectUris": [uri] });
            scene.http.post("/api/v1/clients").bearer(&scene.admin()).json(&record).send()
        };
        for uri in ["http://app.example/cb", "HTTP://app.example/cb", "http://127.0.0.1.evil.example/cb"] {
            let body = register(uri).expect(400).json();
            assert_eq!(body["errors"][0]["pointer"], "/redirectUris/0", "{uri}: {body}");
        }
        register("http://127.0.0.1/cb").expect(201);
    });
}

/// 4.4: mix-up.
#[test]
fn every_answer_names_its_issuer() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let metadata = scene.http.get("/.well-known/oauth-authorization-server").send().expect(200).json();
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
        let issuer = metadata["issuer"].as_str().unwrap();
        let names_it = |answer: &Callback| {
            let query = answer.0.query().unwrap_or_default();
            let parameters = answer.0.fragment().unwrap_or(query).as_bytes();
            let pairs = url::form_urlencoded::parse(parameters);
            let issuers: Vec<_> = pairs.filter(|(name, _)| name == "iss").map(|(_, value)| value).collect();
            assert_eq!(issuers, [issuer], "{}", answer.0);
        };
        let browser = Browser::new(&scene.http);
        names_it(&Callback::of(&browser.get(&authorize(&asked(&[("scope", Some("seat:a seat:b"))])))));
        let page = browser.sent(&ASKED);
        names_it(&Callback::of(&browser.submit(&page, &[("step", "refuse")])));
        let page = browser.sent(&asked(&[("prompt", Some("none"))]));
        names_it(&Callback::of(&browser.get(&page)));
        names_it(&allowed(&browser, &ASKED));
        let implicit = [("response_type", Some("token"))];
        names_it(&allowed(&browser, &asked(&implicit)));
        let page = browser.sent(&asked(&[implicit[0], ("prompt", Some("consent"))]));
        names_it(&Callback::of(&browser.submit(&page, &[("step", "refuse")])));
    });
}

/// 4.5: injection of a code into another session.
#[test]
fn a_code_is_worth_nothing_in_another_session_nor_at_another_redirect_uri() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let stolen = allowed(&Browser::new(&scene.http), &ASKED).code();
        // The thief has a session of their own at the same application, which sends that one's verifier.
        refused(redeemed(scene, &stolen, &[("code_verifier", Some(ANOTHER_VERIFIER))]), "invalid_grant");
        // Or the code came to another page of the application.
        refused(redeemed(scene, &stolen, &[("redirect_uri", Some(ANOTHER_CALLBACK))]), "invalid_grant");
        redeemed(scene, &stolen, &[]).expect(200);
    });
}

/// 4.8: PKCE downgrade.
#[test]
fn whoever_strips_pkce_gets_nothing() {
    on_both(|scene| {
        portal(scene, &json!({ "pkce": "optional" }));
        joan(scene);
        let browser = Browser::new(&scene.http);
        let stripped = asked(&[("code_challenge", None), ("code_challenge_method", None)]);
        // The application still sends the verifier of the challenge that it thinks it sent.
        let code = allowed(&browser, &stripped).code();
        refused(redeemed(scene, &code, &[]), "invalid_grant");
        redeemed(scene, &code, &[("code_verifier", None)]).expect(200);
        // Whoever has a code cannot leave out the verifier.
        let code = allowed(&browser, &ASKED).code();
        for verifier in [None, Some("")] {
            refused(redeemed(scene, &code, &[("code_verifier", verifier)]), "invalid_grant");
        }
        let plain = asked(&[("code_challenge", Some(VERIFIER)), ("code_challenge_method", Some("plain"))]);
        let told = Callback::of(&browser.get(&authorize(&plain)));
        assert_eq!(told.get("error").as_deref(), Some("invalid_request"));
        let metadata = scene.http.get("/.well-known/oauth-authorization-server").send().expect(200).json();
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    });
}

/// 4.7: a forged sign-in, which would have somebody work in another's account.
#[test]
fn nobody_is_signed_in_or_out_from_another_site() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&ASKED);
        let login = [("step", "sign-in"), ("username", "jdoe"), ("password", PASSWORD)];
        for site in ["cross-site", "same-site", "none"] {
            browser.submit_from(&page, &login, site).expect(403);
        }
        let cookie = browser.cookie();
        browser.plant(None);
        browser.submit(&page, &login).expect(404);
        browser.plant(cookie);
        assert!(browser.get(&page).expect(200).text().contains("type=\"password\""));
        browser.sign_in(&page, "jdoe", PASSWORD);
        for step in ["refuse", "somebody-else"] {
            browser.submit_from(&page, &[("step", step)], "cross-site").expect(403);
        }
        // A link decides nothing.
        browser.get(&format!("{page}?step=allow")).expect(200);
        browser.allow(&page).code();
    });
}

/// 4.16: clickjacking; 4.2: what browsers tell other sites of an address.
#[test]
fn a_form_of_another_site_ends_nobody_s_session() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&asked(&[]));
        browser.sign_in(&page, "jdoe", PASSWORD);
        // Browsers send no Lax cookie with such a form, but would take another one for it.
        let form = asked(&[("prompt", Some("consent"))]);
        let reply = scene.http.post("/oauth2/authorize").header("sec-fetch-site", "cross-site").form(&form);
        let reply = reply.send().expect(303);
        assert_eq!(reply.header("set-cookie"), None);
        let again = reply.header("location").unwrap().to_owned();
        let (path, query) = again.split_once('?').unwrap();
        assert_eq!(path, "/oauth2/authorize");
        let names: Vec<String> =
            url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["client_id", "request_uri"]);
        // With the GET that follows it they do.
        let page = browser.get(&again).expect(302).header("location").unwrap().to_owned();
        assert!(browser.get(&page).expect(200).text().contains("Joan Doe"));
        browser.allow(&page).code();
        browser.get(&again).expect(400);
    });
}

#[test]
fn no_page_can_be_framed_nor_tells_another_site_anything() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let credential = scene.enrol(&Plan::oauth2(json!(["PIN"])), Status::Active);
        let browser = Browser::new(&scene.http);
        let page = browser.sent(&ASKED);
        let mut seen = vec![browser.get(&page).expect(200)];
        let guess = [("step", "sign-in"), ("username", "jdoe"), ("password", "guess")];
        seen.push(browser.submit(&page, &guess).expect(422));
        browser.sign_in(&page, "jdoe", PASSWORD);
        seen.push(browser.get(&page).expect(200));
        let answer = browser.submit(&page, &[("step", "allow")]).expect(303);
        let code = Callback::of(&answer).code();
        seen.push(answer);
        seen.push(browser.get(&page).expect(404));
        seen.push(browser.get("/oauth2/authorize?client_id=nobody").expect(400));
        let hash = "A".repeat(43);
        let signing = [
            ("scope", Some("credential")),
            ("credentialID", Some(credential.id.as_str())),
            ("numSignatures", Some("1")),
            ("hashes", Some(hash.as_str())),
        ];
        let page = browser.sent(&asked(&signing));
        seen.push(browser.get(&page).expect(200));
        seen.push(browser.submit(&page, &[("step", "sign"), ("pin", "000000")]).expect(422));
        seen.push(browser.get("/oauth2/sign-out").expect(200));
        seen.push(browser.submit_from("/oauth2/sign-out", &[], "cross-site").expect(403));
        seen.push(browser.submit("/oauth2/sign-out", &[]).expect(200));
        seen.push(browser.get("/enrolment/nothing").expect(404));
        seen.push(browser.get("/approvals/nothing").expect(404));
        for reply in &seen {
            let header = |name: &str| reply.header(name).unwrap_or_default().to_owned();
            assert_eq!(header("x-frame-options"), "DENY", "{}", reply.what);
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{}", reply.what);
            assert_eq!(header("referrer-policy"), "no-referrer", "{}", reply.what);
            assert_eq!(header("cache-control"), "no-store", "{}", reply.what);
            let html = reply.text();
            assert!(!html.contains(&code), "{}", reply.what);
            for attribute in
                ["src=", "href=\"http", "href=\"//", "action=\"http", "url(", "<script", "@import"]
            {
                assert!(!html.contains(attribute), "{attribute} in {}: {html}", reply.what);
            }
        }
    });
}

/// 4.12: after a 307 a browser would send the form, with the password in it, to the application.
#[test]
fn no_redirect_takes_a_form_along() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let browser = Browser::new(&scene.http);
        let wrong = asked(&[("scope", Some("seat:a seat:b"))]);
        let asked: Vec<_> = ASKED.to_vec();
        browser.submit("/oauth2/authorize", &wrong).expect(303);
        let again = browser.submit("/oauth2/authorize", &asked).expect(303);
        let sent = browser.get(again.header("location").unwrap()).expect(302);
        let page = sent.header("location").unwrap().to_owned();
        let login = [("step", "sign-in"), ("username", "jdoe"), ("password", PASSWORD)];
        browser.submit(&page, &login).expect(303);
        browser.submit(&page, &[("step", "allow")]).expect(303);
        let page = browser.sent(&ASKED);
        browser.get(&page).expect(302);
        let page = browser.sent(&changed(&ASKED, &[("prompt", Some("consent"))]));
        browser.submit(&page, &[("step", "somebody-else")]).expect(303);
        browser.submit(&page, &[("step", "refuse")]).expect(303);
        for row in TABLE.iter().filter(|row| row.method.as_str() != "GET") {
            let path = row.path.replace(['{', '}'], "");
            for path in [path.clone(), format!("{path}/"), format!("/{path}")] {
                let status = scene.http.request(row.method.as_str().parse().unwrap(), &path).send().status;
                assert!(![301, 302, 307, 308].contains(&status), "{} {path}: {status}", row.method);
            }
        }
    });
}

/// 4.3.2: an access token in an address would be in histories and logs.
#[test]
fn a_token_anywhere_but_in_its_header_is_not_seen() {
    on_both(|scene| {
        let token = scene.token("acme", "seat:jdoe tenant:acme");
        assert_eq!(worth(&scene.http, &token), 200);
        for path in ["/csc/v1/credentials/list", "/csc/v2/credentials/list"] {
            let with_query = format!("{path}?access_token={token}");
            scene.http.post(&with_query).json(&json!({})).send().expect(401);
            scene.http.post(path).json(&json!({ "access_token": token })).send().expect(401);
        }
        scene.http.get(&format!("/api/v1/credentials?access_token={token}")).send().expect(401);
        let cookie = format!("access_token={token}; countersign={token}");
        scene.http.get("/api/v1/credentials").header("cookie", &cookie).send().expect(401);
        scene.http.get("/api/v1/credentials").bearer(&token).send().expect(200);
    });
}

/// 4.6, 2.3: one kind of token put in another's place.
#[test]
fn a_token_is_good_for_what_it_is_and_nothing_else() {
    on_both(|scene| {
        portal(scene, &json!({}));
        joan(scene);
        let browser = Browser::new(&scene.http);
        let code = allowed(&browser, &asked(&[("scope", Some("service openid"))])).code();
        let tokens = redeemed(scene, &code, &[]).expect(200).json();
        let (access, refresh) =
            (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        let id_token = tokens["id_token"].as_str().unwrap();
        let unused = allowed(&browser, &ASKED).code();
        let cookie = browser.cookie().unwrap();
        for other in [refresh, id_token, &unused, cookie.split_once('=').unwrap().1] {
            assert_eq!(worth(&scene.http, other), 401);
            scene.http.get("/oauth2/userinfo").bearer(other).send().expect(401);
        }
        let introspection = scene.http.post("/oauth2/introspect").basic("portal", &scene.secret("portal"));
        let known = introspection.form(&[("token", id_token)]).send().expect(200).json();
        assert_eq!(known, json!({ "active": false }));
        for other in [access, &unused] {
            refused(
                post(scene, &[("grant_type", "refresh_token"), ("refresh_token", other)]),
                "invalid_grant",
            );
        }
        for other in [access, refresh] {
            refused(redeemed(scene, other, &[]), "invalid_grant");
        }
        // None of ours is a proof of who calls the token endpoint.
        for other in [access, id_token] {
            let assertion = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", other),
            ];
            scene.http.post("/oauth2/token").form(&assertion).send().expect(401);
            scene.http.post("/oauth2/token").basic("portal", other).form(&assertion[..1]).send().expect(401);
        }
        // None of this has spent anything.
        redeemed(scene, &unused, &[]).expect(200);
        assert_eq!(worth(&scene.http, access), 200);
    });
}

/// 4.14: the token of a public client, which nobody needs a secret to use.
#[test]
fn a_stolen_refresh_token_ends_with_all_that_came_of_it() {
    on_both(|scene| {
        let record = json!({
            "clientId": "portal", "tenants": ["acme"], "redirectUris": [CALLBACK],
            "tokenEndpointAuthMethod": "none",
            "authorizedGrantTypes": ["authorization_code", "refresh_token"],
            "rolePermissions": { "signer": ["credentials:read", "credentials:use"] },
        });
        scene.http.post("/api/v1/clients").bearer(&scene.admin()).json(&record).send().expect(201);
        joan(scene);
        let ask = |form: &[(&str, &str)]| {
            scene.http.post("/oauth2/token").form(&[&[("client_id", "portal")], form].concat()).send()
        };
        let code = allowed(&Browser::new(&scene.http), &ASKED).code();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let stolen = text(ask(&form), "refresh_token");
        let renew = |token: &str| ask(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
        // The thief is first.
        let thief = renew(&stolen).expect(200).json();
        scene.clock.advance(60);
        refused(renew(&stolen), "invalid_grant");
        refused(renew(thief["refresh_token"].as_str().unwrap()), "invalid_grant");
        assert_eq!(worth(&scene.http, thief["access_token"].as_str().unwrap()), 401);
    });
}

/// 4.15: a client that is called like a user.
#[test]
fn a_client_with_a_user_s_id_is_not_that_user() {
    on_both(|scene| {
        portal(scene, &json!({}));
        let person = joan(scene);
        let id = person.id.as_str();
        scene.client(json!({ "clientId": id, "tenants": ["acme"], "roles": ["application"] }));
        let token = scene.token(id, "tenant:acme");
        let known = |token: &str| {
            let ask = scene.http.post("/oauth2/introspect").basic("admin", &scene.secret("admin"));
            ask.form(&[("token", token)]).send().expect(200).json()
        };
        let code = allowed(&Browser::new(&scene.http), &ASKED).code();
        let users = text(redeemed(scene, &code, &[]), "access_token");
        let (of_client, of_user) = (known(&token), known(&users));
        assert_eq!((&of_client["sub"], &of_user["sub"]), (&json!(id), &json!(id)));
        // What tells them apart.
        assert_eq!((&of_client["client_id"], &of_user["client_id"]), (&json!(id), &json!("portal")));
        assert_eq!((&of_client["username"], &of_user["username"]), (&Value::Null, &json!("jdoe")));
        assert_eq!(claims(&token)["context"], Value::Null);
        assert_eq!(claims(&users)["context"]["user"]["name"], "jdoe");
    });
}

fn claims(token: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// 4.13: headers by which a proxy tells what it saw, sent by somebody who is none.
#[test]
fn what_a_stranger_says_of_the_connection_is_not_believed() {
    // Each guess claims to come from elsewhere; they are counted together all the same.
    let statuses = |world: &World| -> Vec<u16> {
        let guess = |n: u8| {
            let from = format!("198.51.100.{n}");
            let ask = world.http.post("/oauth2/token").basic(&format!("nobody-{n}"), "guess");
            let ask = ask.header("x-forwarded-for", &from).header("forwarded", &format!("for={from}"));
            ask.form(&[("grant_type", "client_credentials")]).send().status
        };
        (0..40).map(guess).collect()
    };
    let world = World::sqlite();
    assert_eq!(statuses(&world).iter().filter(|status| **status == 429).count(), 10);
    let metadata = |host: &str| {
        let ask = world.http.get("/.well-known/oauth-authorization-server");
        let ask = ask.header("x-forwarded-host", host).header("x-forwarded-proto", "https");
        ask.header("forwarded", &format!("host={host};proto=https")).send().expect(200).json()
    };
    assert!(!metadata("evil.example").to_string().contains("evil.example"));

    let proxy = IpAddr::V4(Ipv4Addr::LOCALHOST).into();
    let behind = World::configured(|config| config.server.trusted_proxies = vec![proxy]);
    let guess = |n: u8, from: &str| {
        let ask = behind.http.post("/oauth2/token").basic(&format!("nobody-{n}"), "guess");
        let ask = ask.header("x-forwarded-for", &format!("203.0.113.{n}, {from}"));
        ask.form(&[("grant_type", "client_credentials")]).send().status
    };
    // What the proxy appended is believed; what the caller had put before it is not.
    let statuses: Vec<u16> = (0..40).map(|n| guess(n, "198.51.100.1")).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 10);
    assert_eq!(guess(0, "198.51.100.2"), 401);
}

/// 2.6: no script of another site reads what is answered here, or gets to ask.
#[test]
fn no_answer_is_shared_with_another_origin() {
    on_both(|scene| {
        for row in TABLE {
            let path = row.path.replace(['{', '}'], "");
            for method in [row.method.as_str().parse().unwrap(), Method::OPTIONS] {
                let ask = scene.http.request(method, &path).header("origin", "https://evil.example");
                let reply = ask.header("access-control-request-method", "POST").send();
                let shared = reply.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
                assert!(!shared, "{}: {:?}", reply.what, reply.headers);
            }
        }
    });
}

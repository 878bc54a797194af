//! Refresh tokens: each good once, for one client, as long as what it stands on stands.

use countersign::jobs::clean_up;
use serde_json::{Value, json};

use crate::support::http::{Http, Reply};
use crate::support::scene::{Scene, at_once, on_both};
use crate::support::world::{Client, World, on_each_database};

const SCOPE: &str = "seat:jdoe@acme tenant:acme";
const BOTH_GRANTS: [&str; 2] = ["client_credentials", "refresh_token"];

/// A client that may refresh, by name.
fn client(scene: &Scene, id: &str) {
    scene.client(json!({
        "clientId": id, "tenants": ["acme"], "defaultScope": format!("{SCOPE} service"),
        "authorizedGrantTypes": BOTH_GRANTS, "accessTokenValidity": 3600, "refreshTokenValidity": 7200,
    }));
}

/// Access token and refresh token of a login.
#[track_caller]
fn login(scene: &Scene, id: &str) -> Pair {
    let request = scene.http.post("/csc/v1/auth/login").basic(id, &scene.secret(id));
    Pair::of(&request.json(&json!({ "rememberMe": true })).send())
}

fn refresh(scene: &Scene, http: &Http, id: &str, token: &str, scope: &str) -> Reply {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
    http.post("/oauth2/token").basic(id, &scene.secret(id)).form(&form).send()
}

struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    #[track_caller]
    fn of(reply: &Reply) -> Pair {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let body = reply.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
        Pair { access: text("access_token"), refresh: text("refresh_token") }
    }
}

#[track_caller]
fn refused(reply: Reply, error: &str) -> Value {
    let body = reply.expect(400).json();
    assert_eq!(body["error"], error, "{body}");
    body
}

/// The status of a call with an access token.
fn worth(http: &Http, access: &str) -> u16 {
    http.post("/csc/v1/credentials/list").bearer(access).json(&json!({})).send().status
}

fn patch(scene: &Scene, path: &str, change: &Value) {
    scene.http.patch(path).bearer(&scene.admin()).json(change).send().expect(200);
}

#[test]
fn each_use_gives_an_access_token_and_the_next_refresh_token() {
    on_both(|scene| {
        client(scene, "one");
        let first = login(scene, "one");
        assert!(first.refresh.starts_with("rt_"), "{}", first.refresh);
        let reply = refresh(scene, &scene.http, "one", &first.refresh, "");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let second = Pair::of(&reply);
        assert_eq!(reply.json()["scope"], format!("{SCOPE} service"));
        assert_eq!(reply.json()["token_type"], "Bearer");
        assert_ne!(first.refresh, second.refresh);
        assert_ne!(first.access, second.access);
        for access in [&first.access, &second.access] {
            assert_eq!(worth(&scene.http, access), 200);
        }
        let third = Pair::of(&refresh(scene, &scene.http, "one", &second.refresh, ""));
        assert_eq!(worth(&scene.http, &third.access), 200);
    });
}

#[test]
fn a_retry_within_the_grace_gets_the_same_successor_and_a_replay_after_it_ends_the_family() {
    on_both(|scene| {
        client(scene, "one");
        let first = login(scene, "one");
        let second = Pair::of(&refresh(scene, &scene.http, "one", &first.refresh, ""));
        scene.clock.advance(29);
        let again = Pair::of(&refresh(scene, &scene.http, "one", &first.refresh, ""));
        assert_eq!(again.refresh, second.refresh);
        let third = Pair::of(&refresh(scene, &scene.http, "one", &second.refresh, ""));
        scene.clock.advance(1);
        refused(refresh(scene, &scene.http, "one", &first.refresh, ""), "invalid_grant");
        for pair in [&first, &second, &third] {
            refused(refresh(scene, &scene.http, "one", &pair.refresh, ""), "invalid_grant");
        }
        for pair in [&first, &second, &again, &third] {
            assert_eq!(worth(&scene.http, &pair.access), 401);
        }
        let events = scene.http.get("/api/v1/audit-events?limit=200").bearer(&scene.admin()).send().json();
        let events: Vec<&Value> = events["items"].as_array().unwrap().iter().collect();
        let replays: Vec<_> = events.iter().filter(|event| event["action"] == "token.replay").collect();
        assert_eq!(replays.len(), 1, "{replays:?}");
        assert_eq!(replays[0]["outcome"], "refused");
    });
}

#[test]
fn parallel_refreshes_get_one_successor() {
    on_both(|scene| {
        client(scene, "one");
        let first = login(scene, "one");
        let replies = at_once(16, || refresh(scene, &scene.http, "one", &first.refresh, ""));
        let successors: Vec<String> = replies.iter().map(|reply| Pair::of(reply).refresh).collect();
        assert!(successors.windows(2).all(|two| two[0] == two[1]), "{successors:?}");
        let next = Pair::of(&refresh(scene, &scene.http, "one", &successors[0], ""));
        assert_eq!(worth(&scene.http, &next.access), 200);
    });
}

#[test]
fn parallel_refreshes_on_two_nodes_get_one_successor() {
    let scene = Scene::two_nodes();
    client(&scene, "one");
    let first = login(&scene, "one");
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let replies = at_once(16, || {
        let second = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2 == 1;
        let http = if second { scene.second() } else { &scene.http };
        refresh(&scene, http, "one", &first.refresh, "")
    });
    let successors: Vec<String> = replies.iter().map(|reply| Pair::of(reply).refresh).collect();
    assert!(successors.windows(2).all(|two| two[0] == two[1]), "{successors:?}");
    // A revocation on one node, and what was renewed on the other at the same time, end alike.
    let request = scene.second().post("/oauth2/revoke").basic("one", &scene.secret("one"));
    request.form(&[("token", &first.refresh)]).send().expect(200);
    refused(refresh(&scene, &scene.http, "one", &successors[0], ""), "invalid_grant");
    for reply in &replies {
        assert_eq!(worth(&scene.http, &Pair::of(reply).access), 401);
    }
}

#[test]
fn a_family_that_is_revoked_while_it_is_renewed_leaves_nothing_alive() {
    let scene = Scene::two_nodes();
    client(&scene, "one");
    for _ in 0..8 {
        let first = login(&scene, "one");
        let renewed = std::thread::scope(|threads| {
            let renewing = threads.spawn(|| {
                let (mut token, mut access) = (first.refresh.clone(), Vec::new());
                // Until it is refused; not for ever, should it never be.
                for _ in 0..500 {
                    let reply = refresh(&scene, &scene.http, "one", &token, "");
                    if reply.status != 200 {
                        break;
                    }
                    let pair = Pair::of(&reply);
                    access.push(pair.access);
                    token = pair.refresh;
                }
                (token, access)
            });
            std::thread::yield_now();
            let request = scene.second().post("/oauth2/revoke").basic("one", &scene.secret("one"));
            request.form(&[("token", &first.refresh)]).send().expect(200);
            renewing.join().unwrap()
        });
        let (last, access) = renewed;
        refused(refresh(&scene, &scene.http, "one", &last, ""), "invalid_grant");
        for access in access.iter().rev().take(3) {
            assert_eq!(worth(&scene.http, access), 401);
        }
    }
}

#[test]
fn a_scope_may_shrink_and_never_grow() {
    on_both(|scene| {
        client(scene, "one");
        let mut token = login(scene, "one").refresh;
        for (asked, granted) in [
            (SCOPE, SCOPE.to_owned()),
            // What bounds a token is not left out.
            ("tenant:acme service", format!("{SCOPE} service")),
            ("other", SCOPE.to_owned()),
            ("", format!("{SCOPE} service")),
        ] {
            let reply = refresh(scene, &scene.http, "one", &token, asked);
            token = Pair::of(&reply).refresh;
            assert_eq!(reply.json()["scope"], granted, "{asked}");
        }
        for more in ["seat:mroe@acme", "tenant:globex", "credential", "seat:a seat:b"] {
            refused(refresh(scene, &scene.http, "one", &token, more), "invalid_scope");
        }
        Pair::of(&refresh(scene, &scene.http, "one", &token, ""));
    });
}

#[test]
fn it_is_for_its_client_and_for_the_token_endpoint_only() {
    on_both(|scene| {
        client(scene, "one");
        client(scene, "two");
        scene.client(json!({ "clientId": "plain", "tenants": ["acme"], "defaultScope": SCOPE }));
        let one = login(scene, "one");
        refused(refresh(scene, &scene.http, "two", &one.refresh, ""), "invalid_grant");
        refused(refresh(scene, &scene.http, "one", "rt_unknown", ""), "invalid_grant");
        let missing = scene.http.post("/oauth2/token").basic("one", &scene.secret("one"));
        let body = refused(missing.form(&[("grant_type", "refresh_token")]).send(), "invalid_request");
        assert_eq!(body["error_description"], "Missing parameter refresh_token");
        let nobody = scene.http.post("/oauth2/token");
        nobody.form(&[("grant_type", "refresh_token"), ("refresh_token", &one.refresh)]).send().expect(401);
        // auth/login gives one all the same, but here the client's record decides.
        let plain = login(scene, "plain");
        refused(refresh(scene, &scene.http, "plain", &plain.refresh, ""), "unauthorized_client");

        assert_eq!(worth(&scene.http, &one.refresh), 401);
        let ask = |path: &str| {
            let request = scene.http.post(path).basic("one", &scene.secret("one"));
            let hint = ("token_type_hint", "refresh_token");
            request.form(&[("token", one.refresh.as_str()), hint]).send()
        };
        refused(ask("/oauth2/check_token"), "invalid_token");
        assert_eq!(ask("/oauth2/introspect").expect(200).json(), json!({ "active": false }));
        // None of it was a use.
        Pair::of(&refresh(scene, &scene.http, "one", &one.refresh, ""));
    });
}

#[test]
fn it_lasts_as_long_as_it_is_used_in_time() {
    on_both(|scene| {
        client(scene, "one");
        let mut token = login(scene, "one").refresh;
        for _ in 0..3 {
            scene.clock.advance(7199);
            token = Pair::of(&refresh(scene, &scene.http, "one", &token, "")).refresh;
        }
        scene.clock.advance(7200);
        let body = refused(refresh(scene, &scene.http, "one", &token, ""), "invalid_grant");
        assert_eq!(body["error_description"], "Refresh token expired");
    });
}

#[test]
fn revoking_it_ends_its_access_tokens_whatever_the_hint_and_not_the_other_way_round() {
    on_both(|scene| {
        client(scene, "one");
        client(scene, "two");
        let revoke = |id: &str, token: &str, hint: Option<&str>| {
            let mut form = vec![("token", token)];
            form.extend(hint.map(|hint| ("token_type_hint", hint)));
            scene.http.post("/oauth2/revoke").basic(id, &scene.secret(id)).form(&form).send()
        };
        for hint in [None, Some("refresh_token"), Some("access_token"), Some("x")] {
            let first = login(scene, "one");
            let second = Pair::of(&refresh(scene, &scene.http, "one", &first.refresh, ""));
            refused(revoke("two", &second.refresh, hint), "invalid_request");
            revoke("one", &first.access, hint).expect(200);
            assert_eq!(worth(&scene.http, &first.access), 401);
            let third = Pair::of(&refresh(scene, &scene.http, "one", &second.refresh, ""));
            let other = login(scene, "one");
            for _ in 0..2 {
                assert_eq!(revoke("one", &third.refresh, hint).expect(200).text(), "");
            }
            for pair in [&second, &third] {
                assert_eq!(worth(&scene.http, &pair.access), 401, "{hint:?}");
                refused(refresh(scene, &scene.http, "one", &pair.refresh, ""), "invalid_grant");
            }
            assert_eq!(worth(&scene.http, &other.access), 200, "another family");
        }
    });
}

#[test]
fn it_ends_with_what_it_stands_on() {
    on_both(|scene| {
        let post = |path: &str, body: Value| {
            scene.http.post(path).bearer(&scene.admin()).json(&body).send().expect(200).json()
        };
        let path = |id: &str| format!("/api/v1/clients/{id}");
        let ends: [&dyn Fn(&str); 7] = [
            &|id| patch(scene, &path(id), &json!({ "status": "disabled" })),
            &|id| patch(scene, &path(id), &json!({ "permissions": [], "roles": ["auditor"] })),
            &|id| patch(scene, &path(id), &json!({ "authorizedGrantTypes": ["refresh_token"] })),
            &|id| {
                scene.http.delete(&path(id)).bearer(&scene.admin()).send().expect(204);
            },
            &|id| assert_eq!(post("/api/v1/tokens/revoke", json!({ "clientId": id }))["revoked"], 2),
            &|id| {
                let all = json!({ "clientId": id, "tenant": "acme", "seat": "jdoe@acme" });
                assert_eq!(post("/api/v1/tokens/revoke", all)["revoked"], 2);
            },
            &|_| patch(scene, "/api/v1/tenants/acme", &json!({ "status": "suspended" })),
        ];
        for (number, end) in ends.into_iter().enumerate() {
            let id = format!("client-{number}");
            client(scene, &id);
            let pair = login(scene, &id);
            // The node has read the client already.
            let next = Pair::of(&refresh(scene, &scene.http, &id, &pair.refresh, ""));
            scene.revoke(&id, &next.access);
            end(&id);
            assert_eq!(worth(&scene.http, &pair.access), 401, "{id}");
            let by_login = scene.http.post("/csc/v1/auth/login");
            let reply = by_login.json(&json!({ "refresh_token": next.refresh })).send().expect(400);
            assert_eq!(reply.json()["error_description"], "Invalid refresh_token", "{id}");
        }
        // What was ended stays so.
        patch(scene, "/api/v1/clients/client-0", &json!({ "status": "active" }));
        patch(scene, "/api/v1/tenants/acme", &json!({ "status": "active" }));
        login(scene, "client-0");
    });
}

#[test]
fn what_has_ended_is_forgotten_after_a_day() {
    on_each_database(|world| {
        world.tenant("acme");
        let fields =
            json!({ "tenants": ["acme"], "defaultScope": SCOPE, "authorizedGrantTypes": BOTH_GRANTS });
        let one = world.client("one", fields);
        let login = |world: &World, one: &Client| {
            let request = world.http.post("/csc/v1/auth/login").basic(&one.id, &one.secret);
            Pair::of(&request.json(&json!({ "rememberMe": true })).send()).refresh
        };
        let again = |token: &str| {
            let body = json!({ "refresh_token": token });
            world.http.post("/csc/v1/auth/login").json(&body).send()
        };
        let (kept, revoked) = (login(world, &one), login(world, &one));
        let form = [("token", revoked.as_str())];
        world.http.post("/oauth2/revoke").basic(&one.id, &one.secret).form(&form).send().expect(200);
        world.clock.advance(86_401);
        clean_up::run(&world.app.service, world.clock.now()).unwrap();
        Pair::of(&again(&kept));
        again(&revoked).expect(400);
    });
}

//! Tenants, seats, clients and tokens, as administrators run them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::http::{Reply, Request};
use crate::support::world::{Client, World, on_each_database};

#[test]
fn the_client_record_as_its_users_know_it() {
    on_each_database(|world| {
        world.tenant("acme");
        let token = world.admin_token();
        let record = json!({
            "clientId": "acme", "clientSecret": "acme_password",
            "authorizedGrantTypes": "client_credentials", "accessTokenValidity": 1200,
        });
        let created = world.http.post("/api/v1/clients").bearer(&token).json(&record).send().expect(201);
        assert_eq!(created.header("location"), Some("/api/v1/clients/acme"));
        let body = created.json();
        assert_eq!(body.get("clientSecret"), None);
        assert_eq!(body["tenants"], json!(["acme"]), "the only tenant there is");
        assert_eq!(
            (&body["roles"], &body["authorizedGrantTypes"]),
            (&json!(["application"]), &json!(["client_credentials"]))
        );

        let acme = Client { id: "acme".into(), secret: "acme_password".into() };
        let issued = world.ask_token(&acme, "seat:JDoe@Acme").expect(200).json();
        assert_eq!(
            (&issued["scope"], &issued["expires_in"]),
            (&json!("seat:jdoe@acme tenant:acme"), &json!(1200))
        );
        let checked = world.check_token(&acme, issued["access_token"].as_str().unwrap()).expect(200).json();
        assert_eq!((&checked["seat"], &checked["tenant"]), (&json!("jdoe@acme"), &json!("acme")));

        let shown = world.http.get("/api/v1/clients/acme").bearer(&token).send().expect(200);
        assert!(!shown.text().contains("acme_password") && !shown.text().contains("argon2"));
        problem(
            world.http.post("/api/v1/clients").bearer(&token).json(&record).send(),
            409,
            "already_exists",
        );
    });
}

#[test]
fn records_that_make_no_sense_are_refused_by_field() {
    let world = World::sqlite();
    world.tenant("acme");
    let token = world.admin_token();
    let post = |fields: Value| {
        let mut body = json!({"clientId": "c"});
        fields.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        world.http.post("/api/v1/clients").bearer(&token).json(&body).send()
    };
    for (fields, status, code, pointer) in [
        (json!({"accessTokenValidity": 0}), 422, "invalid_validity", "/accessTokenValidity"),
        (json!({"accessTokenValidity": 31_536_001}), 422, "invalid_validity", "/accessTokenValidity"),
        (json!({"accessTokenValidity": "1"}), 400, "invalid_request", "/accessTokenValidity"),
        (json!({"clientSecret": "cs_mine"}), 400, "invalid_request", "/clientSecret"),
        (json!({"clientId": "a b"}), 400, "invalid_request", "/clientId"),
        (json!({"roles": ["king"]}), 400, "invalid_request", "/roles/0"),
        (json!({"tenants": ["nowhere"]}), 400, "invalid_request", "/tenants"),
        (json!({"authorizedGrantTypes": "magic"}), 400, "invalid_request", "/authorizedGrantTypes"),
        (json!({"colour": "red"}), 400, "unknown_field", "/colour"),
        (json!({"status": "deleted"}), 400, "invalid_request", "/status"),
    ] {
        let body = problem(post(fields.clone()), status, code);
        assert_eq!(body["errors"][0]["pointer"], pointer, "{fields}");
    }
}

#[test]
fn whoever_reaches_one_tenant_sees_and_gives_nothing_beyond_it() {
    on_each_database(|world| {
        world.tenant("acme");
        world.tenant("beta");
        let local = world.client("local-admin", json!({"roles": ["administrator"], "tenants": ["acme"]}));
        world.client("betas", json!({"tenants": ["beta"]}));
        world.client("boths", json!({"tenants": ["acme", "beta"]}));
        let token = world.token(&local, "");
        let send = |request: Request| request.bearer(&token).send();

        let unknown = problem(send(world.http.get("/api/v1/clients/nobody")), 404, "not_found");
        for id in ["betas", "boths", "admin"] {
            let hidden = problem(send(world.http.get(&format!("/api/v1/clients/{id}"))), 404, "not_found");
            assert_eq!(hidden["detail"], unknown["detail"]);
            problem(send(world.http.delete(&format!("/api/v1/clients/{id}"))), 404, "not_found");
            let secrets = world.http.post(&format!("/api/v1/clients/{id}/secrets"));
            problem(send(secrets.json(&json!({}))), 404, "not_found");
        }
        let listed = send(world.http.get("/api/v1/clients")).expect(200).json();
        assert_eq!(ids(&listed, "clientId"), ["local-admin"]);
        let tenants = send(world.http.get("/api/v1/tenants")).expect(200).json();
        assert_eq!(ids(&tenants, "name"), ["acme"]);
        problem(send(world.http.get("/api/v1/tenants/beta")), 404, "not_found");
        problem(send(world.http.get("/api/v1/tenants/beta/seats")), 404, "not_found");
        let more = json!({"clientId": "x", "tenants": ["beta"]});
        problem(send(world.http.post("/api/v1/clients").json(&more)), 403, "insufficient_permission");
        let all = json!({"clientId": "x", "tenants": ["*"]});
        problem(send(world.http.post("/api/v1/clients").json(&all)), 403, "insufficient_permission");
        problem(
            send(world.http.post("/api/v1/tenants").json(&json!({"name": "x"}))),
            403,
            "insufficient_permission",
        );
        let only =
            send(world.http.post("/api/v1/clients").json(&json!({"clientId": "x"}))).expect(201).json();
        assert_eq!(only["tenants"], json!(["acme"]));
    });
}

#[test]
fn nobody_gives_what_they_do_not_have() {
    let world = World::sqlite();
    world.tenant("acme");
    let clerk = world.client(
        "clerk",
        json!({"roles": [], "permissions": ["clients:create", "clients:write", "clients:read"]}),
    );
    let token = world.token(&clerk, "");
    let post = |body: Value| world.http.post("/api/v1/clients").bearer(&token).json(&body).send();
    problem(post(json!({"clientId": "x"})), 403, "insufficient_permission");
    problem(post(json!({"clientId": "x", "roles": ["administrator"]})), 403, "insufficient_permission");
    let beyond = json!({"clientId": "x", "roles": [], "rolePermissions": {"staff": ["tokens:read"]}});
    problem(post(beyond), 403, "insufficient_permission");
    post(json!({"clientId": "x", "roles": [], "permissions": ["clients:read"]})).expect(201);
    // A secret of a stronger client would be all that it may do.
    world.client("strong", json!({"roles": ["administrator"]}));
    let secrets = world.http.post("/api/v1/clients/strong/secrets").bearer(&token).json(&json!({})).send();
    problem(secrets, 403, "insufficient_permission");
    let patch =
        world.http.patch("/api/v1/clients/strong").bearer(&token).json(&json!({"status": "disabled"})).send();
    problem(patch, 403, "insufficient_permission");
}

#[test]
fn taking_something_from_a_client_ends_its_tokens_on_every_node() {
    let world = World::postgres();
    let other = world.second_node();
    world.tenant("acme");
    let admin = world.admin_token();
    let patch = |body: Value| world.http.patch("/api/v1/clients/acme").bearer(&admin).json(&body).send();
    let acme = world.client("acme", json!({"clientSecret": "acme_password"}));
    let standing = |token: &str| other.check_token(&world.admin, token).status == 200;

    let kept = other.token(&acme, "");
    assert_eq!(patch(json!({"displayName": "Acme"})).expect(200).json()["displayName"], "Acme");
    assert!(standing(&kept));
    patch(json!({"roles": []})).expect(200);
    assert!(!standing(&kept));
    patch(json!({"roles": null, "accessTokenValidity": 60})).expect(200);
    let kept = other.ask_token(&acme, "").expect(200).json();
    assert_eq!(kept["expires_in"], 60);
    patch(json!({"status": "disabled"})).expect(200);
    assert!(!standing(kept["access_token"].as_str().unwrap()));
    assert_eq!(other.ask_token(&acme, "").expect(401).json()["error"], "invalid_client");
    patch(json!({"status": "active"})).expect(200);
    let kept = other.token(&acme, "");
    world.http.delete("/api/v1/clients/acme").bearer(&admin).send().expect(204);
    assert!(!standing(&kept));
    other.ask_token(&acme, "").expect(401);
    problem(world.http.get("/api/v1/clients/acme").bearer(&admin).send(), 404, "not_found");
    let again = world.http.post("/api/v1/clients").bearer(&admin).json(&json!({"clientId": "acme"})).send();
    problem(again, 409, "already_exists");
}

#[test]
fn a_token_that_was_being_issued_does_not_outlive_its_client_or_its_tenant() {
    on_each_database(|world| {
        let other = world.second_node();
        world.tenant("acme");
        let acme = world.client("acme", json!({"clientSecret": "acme_password"}));
        other.token(&acme, "");
        let admin = world.admin_token();
        let changes = [
            ("/api/v1/clients/acme", json!({"status": "disabled"}), json!({"status": "active"})),
            ("/api/v1/tenants/acme", json!({"status": "suspended"}), json!({"status": "active"})),
        ];
        for (path, off, on) in changes {
            let patch = |body: &Value| world.http.patch(path).bearer(&admin).json(body).send().expect(200);
            let issued_so_far = AtomicUsize::new(0);
            let issued: Vec<String> = thread::scope(|scope| {
                let ask = || {
                    let mut tokens = Vec::new();
                    loop {
                        let reply = other.ask_token(&acme, "");
                        if reply.status != 200 {
                            return tokens;
                        }
                        issued_so_far.fetch_add(1, Ordering::Relaxed);
                        tokens.push(reply.json()["access_token"].as_str().unwrap().to_owned());
                    }
                };
                let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
                while issued_so_far.load(Ordering::Relaxed) < 20
                    && asking.iter().any(|asked| !asked.is_finished())
                {
                    thread::yield_now();
                }
                patch(&off);
                asking.into_iter().flat_map(|asked| asked.join().unwrap()).collect()
            });
            for token in &issued {
                world.check_token(&world.admin, token).expect(400);
            }
            patch(&on);
        }
    });
}

#[test]
fn a_suspended_tenant_gets_no_tokens_and_loses_those_it_has() {
    on_each_database(|world| {
        world.tenant("acme");
        world.tenant("beta");
        let acme = world.client("acme", json!({"tenants": ["acme"], "clientSecret": "acme_password"}));
        let both = world.client("both", json!({"tenants": ["acme", "beta"]}));
        let admin = world.admin_token();
        let (one, two, beta) =
            (world.token(&acme, ""), world.token(&both, ""), world.token(&both, "tenant:beta"));
        let set = |status: &str| {
            let change = json!({ "status": status });
            world.http.patch("/api/v1/tenants/acme").bearer(&admin).json(&change).send().expect(200).json()
        };
        assert_eq!(set("suspended")["status"], "suspended");
        for (token, standing) in [(&one, false), (&two, false), (&beta, true), (&admin, true)] {
            assert_eq!(world.check_token(&world.admin, token).status == 200, standing);
        }
        for (client, scope) in
            [(&acme, ""), (&acme, "tenant:acme"), (&both, "tenant:acme"), (&world.admin, "tenant:acme")]
        {
            let refused = world.ask_token(client, scope).expect(401).json();
            assert_eq!(refused["error"], "invalid_client", "{scope}");
        }
        let issued = world.token(&both, "");
        assert_eq!(world.check_token(&both, &issued).expect(200).json()["tenant"], Value::Null);
        set("active");
        world.token(&acme, "tenant:acme");
    });
}

#[test]
fn a_new_secret_works_beside_the_old_one_until_that_ends() {
    on_each_database(|world| {
        world.tenant("acme");
        let old = world.client("acme", json!({"clientSecret": "acme_password"}));
        world.token(&old, "");
        let token = world.admin_token();
        let request = world.http.post("/api/v1/clients/acme/secrets").bearer(&token);
        let body = request.json(&json!({"expiresIn": 600})).send().expect(201).json();
        let new = Client { secret: body["clientSecret"].as_str().unwrap().to_owned(), ..old.clone() };
        assert!(new.secret.starts_with("cs_") && new.secret.len() == 46, "256 bits");
        world.token(&old, "");
        world.token(&new, "");
        world.clock.advance(601);
        world.ask_token(&old, "").expect(401);
        world.token(&new, "");
        let token = world.admin_token();
        world.http.post("/api/v1/clients/acme/secrets").bearer(&token).send().expect(201);
        world.token(&new, "");
    });
}

#[test]
fn tokens_are_listed_and_revoked_by_what_they_are() {
    on_each_database(|world| {
        world.tenant("acme");
        world.tenant("beta");
        let acme = world.client("acme", json!({"tenants": ["acme"]}));
        let beta = world.client("beta", json!({"tenants": ["beta"]}));
        let local = world.client("local", json!({"roles": ["administrator"], "tenants": ["acme"]}));
        let first = world.token(&acme, "seat:jdoe@acme");
        // Lists are by time of issue.
        world.clock.advance(1);
        let second = world.token(&acme, "");
        let foreign = world.token(&beta, "");
        let token = world.token(&local, "");
        let list = |query: &str| {
            world.http.get(&format!("/api/v1/tokens?{query}")).bearer(&token).send().expect(200).json()
        };
        let listed = list("clientId=acme");
        assert_eq!(ids(&listed, "clientId"), ["acme", "acme"]);
        assert_eq!(
            (&listed["items"][0]["seat"], &listed["items"][0]["scope"]),
            (&json!("jdoe@acme"), &json!("seat:jdoe@acme tenant:acme"))
        );
        assert_eq!(list("clientId=beta")["items"], json!([]));
        assert_eq!(list("tenant=acme&active=true&seat=jdoe@acme")["items"].as_array().unwrap().len(), 1);
        let page = list("limit=1");
        let next = list(&format!("limit=1&cursor={}", page["nextCursor"].as_str().unwrap()));
        assert_ne!(page["items"][0]["tokenId"], next["items"][0]["tokenId"]);

        let id = listed["items"][0]["tokenId"].as_str().unwrap();
        for _ in 0..2 {
            world.http.delete(&format!("/api/v1/tokens/{id}")).bearer(&token).send().expect(204);
        }
        world.check_token(&acme, &first).expect(400);
        let revoke = |body: Value| world.http.post("/api/v1/tokens/revoke").bearer(&token).json(&body).send();
        problem(revoke(json!({})), 400, "invalid_request");
        assert_eq!(revoke(json!({"tenant": "beta"})).expect(200).json(), json!({"revoked": 0}));
        assert_eq!(
            revoke(json!({"clientId": "acme", "tenant": "acme"})).expect(200).json(),
            json!({"revoked": 1})
        );
        world.check_token(&acme, &second).expect(400);
        world.check_token(&beta, &foreign).expect(200);
        let jti = world.check_token(&beta, &foreign).json()["jti"].as_str().unwrap().to_owned();
        problem(world.http.delete(&format!("/api/v1/tokens/{jti}")).bearer(&token).send(), 404, "not_found");
        world
            .http
            .post("/api/v1/tokens/revoke")
            .bearer(&token)
            .json(&json!({"clientId": "local"}))
            .send()
            .expect(200);
        problem(world.http.get("/api/v1/tokens").bearer(&token).send(), 401, "invalid_token");
    });
}

#[test]
fn who_asks_without_a_good_token_is_told_so_as_rfc_6750_has_it() {
    let world = World::sqlite();
    let bare = world.http.post("/api/v1/clients").json(&json!({"what": 1})).send();
    assert_eq!(bare.header("www-authenticate"), Some("Bearer realm=\"countersign\""));
    problem(bare, 401, "invalid_token");
    let token = world.admin_token();
    world.clock.advance(3601);
    for token in ["x", "a.b.c", &token] {
        let reply = world.http.get("/api/v1/clients").bearer(token).send();
        assert!(reply.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
        problem(reply, 401, "invalid_token");
    }
}

#[test]
fn guessing_a_secret_gets_slower_and_never_holds_up_its_owner() {
    on_each_database(|world| {
        world.tenant("acme");
        let acme = world.client("acme", json!({"clientSecret": "acme_password"}));
        world.token(&acme, "");
        for id in ["acme", "nobody"] {
            let guess = Client { id: id.into(), secret: "guess".into() };
            for _ in 0..6 {
                world.ask_token(&guess, "").expect(401);
            }
            let slowed = world.ask_token(&guess, "").expect(429);
            assert_eq!(slowed.header("retry-after"), Some("1"));
        }
        world.token(&acme, "");
        // A node that has not seen the right secret yet takes it when the delay is over.
        let other = world.second_node();
        other.ask_token(&acme, "").expect(429);
        world.clock.advance(1);
        other.token(&acme, "");
    });
}

#[test]
fn many_first_requests_with_a_chosen_secret_are_one_slow_check() {
    let world = World::sqlite();
    world.tenant("acme");
    let acme = world.client("acme", json!({"clientSecret": "acme_password"}));
    thread::scope(|scope| {
        let asked: Vec<_> = (0..20).map(|_| scope.spawn(|| world.ask_token(&acme, "").status)).collect();
        assert!(asked.into_iter().all(|status| status.join().unwrap() == 200));
    });
}

#[test]
fn seats_and_trust_anchors_belong_to_their_tenant() {
    on_each_database(|world| {
        world.tenant("acme");
        let token = world.admin_token();
        let seats = "/api/v1/tenants/ACME/seats";
        let seat = json!({"seat": "JDoe@acme", "displayName": "John Doe", "email": "j@acme.example"});
        let made = world.http.post(seats).bearer(&token).json(&seat).send().expect(201).json();
        assert_eq!((&made["seat"], &made["tenant"]), (&json!("jdoe@acme"), &json!("acme")));
        problem(world.http.post(seats).bearer(&token).json(&seat).send(), 409, "already_exists");
        problem(
            world.http.post(seats).bearer(&token).json(&json!({"seat": ".."})).send(),
            400,
            "invalid_request",
        );
        world.http.get(&format!("{seats}/jdoe@acme")).bearer(&token).send().expect(200);
        problem(world.http.get(&format!("{seats}/nobody")).bearer(&token).send(), 404, "not_found");

        let key = rcgen::KeyPair::generate().unwrap();
        let mut root = rcgen::CertificateParams::default();
        root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = root.self_signed(&key).unwrap();
        let leaf = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let anchors = "/api/v1/tenants/acme/trust-anchors";
        let pin =
            |kind: &str, body: Vec<u8>| world.http.post(anchors).bearer(&token).bytes(kind, body).send();
        problem(pin("application/pkix-cert", leaf.der().to_vec()), 422, "not_a_ca");
        problem(pin("text/plain", root.pem().into_bytes()), 415, "unsupported_media_type");
        let pinned = pin("application/x-pem-file", root.pem().into_bytes()).expect(201).json();
        let json = json!({"certificate": root.pem()});
        let same = world.http.post(anchors).bearer(&token).json(&json).send().expect(201).json();
        assert_eq!(pinned, same);
        let listed = world.http.get(anchors).bearer(&token).send().expect(200).json();
        assert_eq!(listed["items"], json!([pinned]));
        let none = world.http.get(&format!("{anchors}?limit=0")).bearer(&token).send();
        problem(none, 400, "invalid_request");
        let one = format!("{anchors}/{}", pinned["fingerprintSha256"].as_str().unwrap());
        assert_eq!(world.http.get(&one).bearer(&token).send().expect(200).json(), pinned);
        world.http.delete(&one).bearer(&token).send().expect(204);
        problem(world.http.get(&one).bearer(&token).send(), 404, "not_found");
        problem(world.http.delete(&one).bearer(&token).send(), 404, "not_found");
    });
}

fn ids(listed: &Value, name: &str) -> Vec<String> {
    listed["items"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn problem(reply: Reply, status: u16, code: &str) -> Value {
    let reply = reply.expect(status);
    let body = reply.json();
    assert_eq!(body["code"], code, "{}", reply.text());
    body
}

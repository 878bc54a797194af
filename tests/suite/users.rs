//! Users: made, changed, ended by administrators, applications and the command line.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;
use std::thread;

use countersign::model::id::{ClientId, TokenId};
use countersign::model::name::{TenantName, UserName};
use countersign::model::permission::{Permissions, TenantReach};
use countersign::model::time::Timestamp;
use countersign::model::token::TokenRecord;
use countersign::store::tokens;
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::node;
use crate::support::process::{countersign, run};
use crate::support::world::{World, on_each_database};

const PASSWORD: &str = "four plain words here";

#[test]
fn the_life_of_a_user() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let record = json!({
            "name": "JDoe", "firstName": "John", "lastName": "Doe", "email": "John@Acme.example",
            "groups": ["finance"], "roles": ["signer", "clerk", "signer"], "seats": ["JDoe@acme"],
            "password": PASSWORD,
        });
        let made = world.http.post("/api/v1/users").bearer(&admin).json(&record).send().expect(201);
        assert!(!made.text().contains(PASSWORD) && !made.text().contains("argon2"));
        let body = made.json();
        let path = made.header("location").unwrap().to_owned();
        assert_eq!(path, format!("/api/v1/users/{}", body["id"].as_str().unwrap()));
        for (member, expected) in [
            ("name", json!("jdoe")),
            ("tenant", json!("acme")),
            ("displayName", json!("John Doe")),
            ("email", json!("John@Acme.example")),
            ("roles", json!(["clerk", "signer"])),
            ("groups", json!(["finance"])),
            ("seats", json!(["jdoe@acme"])),
            ("status", json!("active")),
            ("hasPassword", json!(true)),
            ("otp", json!("none")),
        ] {
            assert_eq!(body[member], expected, "{member}");
        }
        world.http.get("/api/v1/tenants/acme/seats/jdoe@acme").bearer(&admin).send().expect(200);

        let shown = world.http.get(&path).bearer(&admin).send().expect(200);
        assert_eq!(shown.json(), body);
        // Lists are in the order of time.
        world.clock.advance(1);
        let other = post(world, &admin, &json!({ "name": "other", "status": "disabled" })).expect(201).json();
        let listed = |query: &str| {
            let reply = world.http.get(&format!("/api/v1/users?{query}")).bearer(&admin).send().expect(200);
            names(&reply.json())
        };
        assert_eq!(listed(""), ["jdoe", "other"]);
        for query in ["name=JDOE", "email=john@acme.EXAMPLE", "status=active", "tenant=acme&limit=1"] {
            assert_eq!(listed(query), ["jdoe"], "{query}");
        }
        assert_eq!(listed("tenant=nowhere"), Vec::<String>::new());
        assert_eq!(listed("email=jdoe"), Vec::<String>::new(), "a name is no address");
        let cursor = world.http.get("/api/v1/users?limit=1").bearer(&admin).send().expect(200).json();
        let next = cursor["nextCursor"].as_str().unwrap().to_owned();
        assert_eq!(listed(&format!("cursor={next}")), ["other"]);

        let patch = |body: Value| world.http.patch(&path).bearer(&admin).json(&body).send();
        let changed =
            patch(json!({ "firstName": null, "email": null, "roles": ["signer"] })).expect(200).json();
        assert_eq!((&changed["displayName"], &changed["email"]), (&json!("Doe"), &Value::Null));
        assert_eq!(changed["roles"], json!(["signer"]));
        assert_eq!(changed["lastName"], "Doe", "what is left out stays");
        problem(patch(json!({ "name": "new" })), 400, "unknown_field");
        problem(patch(json!({ "status": "deleted" })), 400, "invalid_request");
        problem(patch(json!({ "seats": ["a/b"] })), 400, "invalid_request");
        problem(patch(json!({ "roles": [""] })), 400, "invalid_request");
        problem(patch(json!({ "email": "nothing" })), 400, "invalid_request");

        patch(json!({ "email": "jd@acme.example" })).expect(200);
        world.http.delete(&path).bearer(&admin).send().expect(204);
        problem(world.http.get(&path).bearer(&admin).send(), 404, "not_found");
        problem(world.http.delete(&path).bearer(&admin).send(), 404, "not_found");
        assert_eq!(listed(""), ["other"]);
        // The name is not given again; the address is.
        problem(post(world, &admin, &json!({ "name": "jdoe" })), 409, "already_exists");
        let path = format!("/api/v1/users/{}", other["id"].as_str().unwrap());
        let change = json!({ "email": "jd@acme.example" });
        world.http.patch(&path).bearer(&admin).json(&change).send().expect(200);
    });
}

#[test]
fn names_and_addresses_are_one_users_of_the_tenant_only() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        post(world, &admin, &json!({ "name": "jdoe", "email": "J@acme.example" })).expect(201);
        for (record, pointer) in [
            (json!({ "name": "JDOE" }), "/name"),
            (json!({ "name": "j@acme.example" }), "/name"),
            (json!({ "name": "two", "email": "j@ACME.example" }), "/email"),
        ] {
            let refused = problem(post(world, &admin, &record), 409, "already_exists");
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{record}");
        }
        post(world, &admin, &json!({ "name": "self@acme.example", "email": "Self@acme.example" }))
            .expect(201);
        world.tenant("beta");
        let beta = json!({ "name": "jdoe", "tenant": "beta", "email": "j@acme.example" });
        post(world, &admin, &beta).expect(201);
        problem(post(world, &admin, &json!({ "name": "x" })), 400, "invalid_request");

        let answers =
            at_once(6, |_| post(world, &admin, &json!({ "name": "once", "tenant": "acme" })).status);
        assert_eq!(answers, BTreeMap::from([(201, 1), (409, 5)]));
    });
}

#[test]
fn a_restricted_token_makes_users_who_may_nothing() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let console = json!({ "tenants": ["acme"], "rolePermissions": { "boss": ["clients:write"] } });
        world.client("console", console);
        let restricted = |id: &str, permissions: Value| {
            let client = json!({ "roles": [], "tenants": ["acme"], "permissions": permissions });
            world.token(&world.client(id, client), "")
        };
        let token = restricted("registration", json!(["users:create"]));
        let made = post(world, &token, &json!({ "name": "one", "password": PASSWORD })).expect(201).json();
        for (field, value) in
            [("roles", "nothing"), ("groups", "nothing"), ("roles", "boss"), ("seats", "one")]
        {
            let refused = problem(
                post(world, &token, &json!({ "name": "two", field: [value] })),
                403,
                "insufficient_permission",
            );
            assert_eq!(refused["errors"][0]["pointer"], format!("/{field}"));
        }
        let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
        let forbidden = |reply: Reply| problem(reply, 403, "insufficient_permission");
        forbidden(world.http.get(&path).bearer(&token).send());
        forbidden(world.http.get("/api/v1/users").bearer(&token).send());
        forbidden(world.http.patch(&path).bearer(&token).json(&json!({ "roles": ["boss"] })).send());
        forbidden(set_password(world, &token, &path, PASSWORD));
        forbidden(world.http.post(&format!("{path}/otp")).bearer(&token).send());

        // With seats of their own it goes as far as seats that nobody has.
        let token = restricted("seating", json!(["users:create", "seats:create"]));
        post(world, &token, &json!({ "name": "two", "seats": ["two"] })).expect(201);
        forbidden(post(world, &token, &json!({ "name": "three", "seats": ["two"] })));
        let admins = json!({ "name": "three", "tenant": "acme", "seats": ["two"] });
        post(world, &admin, &admins).expect(201);
    });
}

#[test]
fn nobody_makes_a_user_who_may_more_than_they_do() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let console = json!({ "tenants": ["acme"], "rolePermissions": { "boss": ["clients:write"], "reader": ["users:read"] } });
        world.client("console", console);
        let may = json!(["users:create", "users:write", "users:read"]);
        let clerk = world.client("clerk", json!({ "roles": [], "tenants": ["acme"], "permissions": may }));
        let clerk = world.token(&clerk, "");
        let forbidden = |reply: Reply| problem(reply, 403, "insufficient_permission");
        let made = post(world, &clerk, &json!({ "name": "one", "roles": ["reader"] })).expect(201).json();
        forbidden(post(world, &clerk, &json!({ "name": "two", "roles": ["boss"] })));
        forbidden(post(world, &clerk, &json!({ "name": "two", "groups": ["boss"] })));
        let one = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
        forbidden(world.http.patch(&one).bearer(&clerk).json(&json!({ "groups": ["boss"] })).send());
        set_password(world, &clerk, &one, PASSWORD).expect(204);

        // Whoever sets the password of another can do all that they may.
        let boss = post(world, &admin, &json!({ "name": "boss", "roles": ["boss"] })).expect(201).json();
        let boss = format!("/api/v1/users/{}", boss["id"].as_str().unwrap());
        forbidden(set_password(world, &clerk, &boss, PASSWORD));
        forbidden(world.http.patch(&boss).bearer(&clerk).json(&json!({ "status": "disabled" })).send());
        forbidden(world.http.post(&format!("{boss}/otp")).bearer(&clerk).send());
        forbidden(world.http.delete(&boss).bearer(&clerk).send());
        set_password(world, &admin, &boss, PASSWORD).expect(204);
    });
}

#[test]
fn whoever_reaches_one_tenant_sees_no_users_of_another() {
    on_each_database(|world| {
        world.tenant("acme");
        world.tenant("beta");
        let admin = world.admin_token();
        let theirs = post(world, &admin, &json!({ "name": "one", "tenant": "beta" })).expect(201).json();
        let local = json!({ "roles": ["administrator"], "tenants": ["acme"] });
        let token = world.token(&world.client("local", local), "");
        post(world, &token, &json!({ "name": "mine" })).expect(201);
        let listed = world.http.get("/api/v1/users").bearer(&token).send().expect(200).json();
        assert_eq!(names(&listed), ["mine"]);
        let hidden = format!("/api/v1/users/{}", theirs["id"].as_str().unwrap());
        let nowhere = "/api/v1/users/01a3185c500000000000000000000000";
        let both = |send: &dyn Fn(&str) -> Reply| {
            let said = |path: &str| problem(send(path), 404, "not_found")["detail"].clone();
            assert_eq!(said(&hidden), said(nowhere));
        };
        both(&|path| world.http.get(path).bearer(&token).send());
        both(&|path| world.http.delete(path).bearer(&token).send());
        both(&|path| world.http.patch(path).bearer(&token).json(&json!({ "roles": [] })).send());
        both(&|path| set_password(world, &token, path, PASSWORD));
        both(&|path| world.http.post(&format!("{path}/otp")).bearer(&token).send());
        both(&|path| world.http.delete(&format!("{path}/otp")).bearer(&token).send());
        problem(post(world, &token, &json!({ "name": "x", "tenant": "beta" })), 404, "not_found");
    });
}

#[test]
fn a_weak_password_is_refused_with_what_is_wrong() {
    let world = World::sqlite();
    world.tenant("acme");
    let admin = world.admin_token();
    for (password, why) in [
        ("eleven char", "11 characters"),
        ("aaaaaaaaaaaaaaaaaa", "row of characters"),
        ("Password123456", "commonest"),
        ("jdoe likes walking", "the user's name"),
        ("my own acme gate", "the tenant's name"),
        ("some countersigning", "this service"),
    ] {
        let reply = post(&world, &admin, &json!({ "name": "jdoe", "password": password }));
        let refused = problem(reply, 422, "weak_password");
        assert!(refused["detail"].as_str().unwrap().contains(why), "{password}: {refused}");
        assert_eq!(refused["errors"][0]["pointer"], "/password");
        assert!(!refused.to_string().contains(password), "{refused}");
    }
    let made = post(&world, &admin, &json!({ "name": "jdoe" })).expect(201).json();
    assert_eq!(made["hasPassword"], false);
    let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
    problem(set_password(&world, &admin, &path, "short"), 422, "weak_password");
    problem(set_password(&world, &admin, &path, &"x y".repeat(50)), 400, "invalid_request");
    set_password(&world, &admin, &path, "zwölf Boxkämpfer jagen").expect(204);
    assert_eq!(world.http.get(&path).bearer(&admin).send().expect(200).json()["hasPassword"], true);
}

#[test]
fn what_a_user_was_given_ends_when_what_they_may_do_changes() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let made = post(world, &admin, &json!({ "name": "jdoe", "password": PASSWORD })).expect(201).json();
        post(world, &admin, &json!({ "name": "other" })).expect(201);
        let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
        let patch = |body: Value| {
            world.http.patch(&path).bearer(&admin).json(&body).send().expect(200);
        };
        let ends = |change: &dyn Fn()| {
            let (theirs, others) = (token_of(world, "jdoe"), token_of(world, "other"));
            change();
            assert!(stands(world, &admin, &others));
            !stands(world, &admin, &theirs)
        };
        assert!(!ends(&|| patch(json!({ "firstName": "John", "email": "j@acme.example" }))));
        assert!(!ends(&|| patch(json!({ "roles": [], "status": "active" }))));
        assert!(ends(&|| patch(json!({ "roles": ["signer"] }))));
        assert!(ends(&|| patch(json!({ "groups": ["finance"] }))));
        assert!(ends(&|| patch(json!({ "seats": ["jdoe"] }))));
        assert!(ends(&|| patch(json!({ "status": "disabled" }))));
        assert!(ends(&|| {
            set_password(world, &admin, &path, "another four plain words").expect(204);
        }));
        assert!(ends(&|| {
            world.http.delete(&path).bearer(&admin).send().expect(204);
        }));
    });
}

#[test]
fn changes_at_the_same_time_are_all_there_afterwards() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let made = post(world, &admin, &json!({ "name": "jdoe" })).expect(201).json();
        let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
        let fields = ["firstName", "lastName", "email", "groups", "roles", "seats"];
        let answers = at_once(fields.len(), |at| {
            let value = match at {
                0 | 1 => json!("Name"),
                2 => json!("j@acme.example"),
                _ => json!(["one"]),
            };
            world.http.patch(&path).bearer(&admin).json(&json!({ fields[at]: value })).send().status
        });
        assert_eq!(answers, BTreeMap::from([(200, fields.len())]));
        let user = world.http.get(&path).bearer(&admin).send().expect(200).json();
        assert!(fields.iter().all(|field| !user[field].is_null() && user[field] != json!([])), "{user}");
    });
}

#[test]
fn the_command_line_makes_and_runs_users() {
    let directory = node::directory();
    let data = directory.to_str().unwrap();
    let said = |words: &[&str]| -> Value {
        let output = run(&[words, &["--data", data, "--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    said(&["init"]);
    said(&["tenant", "create", "acme"]);
    let made =
        said(&["user", "create", "JDoe", "--role", "signer", "--seat", "jdoe@acme", "--generate-password"]);
    assert_eq!((&made["name"], &made["seats"]), (&json!("jdoe"), &json!(["jdoe@acme"])));
    assert_eq!(made["password"].as_str().unwrap().len(), 20);
    let shown = said(&["user", "show", "jdoe"]);
    assert_eq!((&shown["password"], &shown["hasPassword"]), (&Value::Null, &json!(true)));
    assert_eq!(said(&["user", "show", made["id"].as_str().unwrap()])["name"], "jdoe");
    assert_eq!(said(&["user", "disable", "jdoe"])["status"], "disabled");
    assert_eq!(said(&["user", "list", "--status", "disabled"]).as_array().unwrap().len(), 1);
    assert_eq!(said(&["user", "enable", "jdoe"])["status"], "active");

    let typed = |password: &str| {
        let words = ["user", "password", "jdoe", "--password-stdin", "--data", data];
        let mut child = countersign(&words).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    assert!(typed("four plain words here\n").status.success());
    let weak = typed("password\n");
    let complaint = String::from_utf8_lossy(&weak.stderr).into_owned();
    assert!(!weak.status.success() && complaint.contains("too easy to guess"), "{complaint}");
    let none = run(&["user", "password", "jdoe", "--data", data]);
    assert_eq!(none.status.code(), Some(2), "a password has to come from somewhere");
    assert_eq!(said(&["user", "delete", "jdoe"])["status"], "deleted");
    assert!(!run(&["user", "show", "jdoe", "--data", data]).status.success());
    std::fs::remove_dir_all(&directory).unwrap();
}

fn post(world: &World, token: &str, body: &Value) -> Reply {
    world.http.post("/api/v1/users").bearer(token).json(body).send()
}

fn set_password(world: &World, token: &str, path: &str, password: &str) -> Reply {
    let body = json!({ "password": password });
    world.http.post(&format!("{path}/password")).bearer(token).json(&body).send()
}

#[track_caller]
fn problem(reply: Reply, status: u16, code: &str) -> Value {
    let body = reply.expect(status).json();
    assert_eq!(body["code"], code, "{body}");
    body
}

fn names(listing: &Value) -> Vec<String> {
    let items = listing["items"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// A token as a grant for users would record it.
fn token_of(world: &World, user: &str) -> String {
    let now = world.clock.now();
    let random = countersign::keys::random::bytes().unwrap();
    let acme = TenantName::parse("acme").unwrap();
    let record = TokenRecord {
        id: TokenId::new(now, random),
        client: ClientId::parse("admin").unwrap(),
        user: Some(UserName::parse(user).unwrap()),
        tenant: None,
        seat: None,
        scope: String::new(),
        permissions: Permissions::new(),
        reach: TenantReach::one(acme),
        family: None,
        issued_at: now,
        expires_at: Timestamp::from_seconds(now.seconds() + 3600),
        revoked_at: None,
    };
    let id = record.id.to_string();
    world.app.service.store.bookkeep(now, move |tx| tokens::insert(tx, &record)).unwrap();
    id
}

fn stands(world: &World, admin: &str, token: &str) -> bool {
    let reply = world.http.get("/api/v1/tokens?active=true&tenant=acme&limit=200").bearer(admin).send();
    let items = reply.expect(200).json();
    items["items"].as_array().unwrap().iter().any(|item| item["tokenId"] == token)
}

/// How often each status was answered by `count` requests at once.
fn at_once(count: usize, ask: impl Fn(usize) -> u16 + Sync) -> BTreeMap<u16, usize> {
    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = &ask;
        let asked: Vec<_> = (0..count).map(|at| scope.spawn(move || ask(at))).collect();
        asked.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    let mut counted = BTreeMap::new();
    for status in statuses {
        *counted.entry(status).or_insert(0) += 1;
    }
    counted
}

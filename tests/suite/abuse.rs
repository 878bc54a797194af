//! What callers send who mean no good: one of them costs the others nothing, and the server no 500.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::world::{Client, World, on_each_database};

#[test]
fn changes_that_revoke_the_token_they_come_with_wait_for_each_other() {
    on_each_database(|world| {
        let (world, all) = (world, json!({"clientId": "admin"}));
        let token = world.admin_token();
        let answers =
            at_once(8, |_| world.http.post("/api/v1/tokens/revoke").bearer(&token).json(&all).send().status);
        assert_eq!(answers, BTreeMap::from([(200, 1), (401, 7)]));

        // And so do those with tokens of their own, each of which revokes the others.
        let tokens: Vec<String> = (0..8).map(|_| world.admin_token()).collect();
        let answers = at_once(8, |at| {
            world.http.post("/api/v1/tokens/revoke").bearer(&tokens[at]).json(&all).send().status
        });
        assert_eq!(answers, BTreeMap::from([(200, 1), (401, 7)]));

        world.tenant("acme");
        let token = world.admin_token();
        let answers = at_once(8, |at| {
            let change = json!({"status": if at % 2 == 0 { "suspended" } else { "active" }});
            world.http.patch("/api/v1/tenants/acme").bearer(&token).json(&change).send().status
        });
        assert_eq!(answers, BTreeMap::from([(200, 8)]));
    });
}

#[test]
fn no_text_holds_a_nul() {
    on_each_database(|world| {
        world.tenant("acme");
        let token = world.admin_token();
        let demand = json!({"name": "pin", "type": "explicit", "secondFactors": ["PIN"]});
        let made = world.http.post("/api/v1/authorization-configurations").bearer(&token).json(&demand);
        let configuration = made.send().expect(201).json()["id"].clone();
        let acme = world.client("acme", json!({}));
        let application = world.token(&acme, "seat:one");
        let post = |path: &str, token: &str, body: Value| {
            let reply = world.http.post(path).bearer(token).json(&body).send().expect(400);
            assert_eq!(reply.json()["code"], "invalid_request", "{}", reply.text());
        };
        let described = json!({"authorizationConfiguration": configuration, "description": "a\u{0}b"});
        post("/api/v1/credentials", &application, described);
        post("/api/v1/clients", &token, json!({"clientId": "x", "defaultScope": "a\u{0}"}));
        post("/api/v1/clients", &token, json!({"clientId": "x", "jwks": {"keys": [], "a": "\\\u{0}"}}));
        post("/api/v1/tokens/revoke", &token, json!({"user": "\u{0}"}));
        for path in ["audit-events?actor=%00", "audit-events?target=a%00b", "tokens?user=%00"] {
            world.http.get(&format!("/api/v1/{path}")).bearer(&token).send().expect(400);
        }
        let anchor = "/api/v1/tenants/acme/trust-anchors/a%00";
        world.http.delete(anchor).bearer(&token).send().expect(404);
        // What only looks like one is not one.
        let harmless = json!({"clientId": "y", "displayName": "\\u0000"});
        world.http.post("/api/v1/clients").bearer(&token).json(&harmless).send().expect(201);
    });
}

#[test]
fn a_body_that_trickles_in_is_not_waited_for() {
    let world = World::configured(|config| config.limits.request_timeout = Duration::from_secs(1));
    let token = world.admin_token();
    let mut stream = TcpStream::connect(world.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "POST /api/v1/tenants HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 16\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("did not arrive within 1 s"), "{answer}");
}

#[test]
fn an_address_that_fails_on_waits_and_those_who_are_known_do_not() {
    let world = World::sqlite();
    world.tenant("acme");
    let chosen = world.client("chosen", json!({"clientSecret": "a secret of its own"}));
    world.token(&chosen, "");
    let refusals = at_once(40, |at| {
        let nobody = Client { id: format!("nobody-{at}"), secret: "guess".to_owned() };
        let reply = world.ask_token(&nobody, "");
        assert_eq!(reply.status == 429, reply.header("retry-after").is_some());
        reply.status
    });
    assert_eq!(refusals, BTreeMap::from([(401, 30), (429, 10)]));
    // A server-made secret, and one that passed before.
    world.admin_token();
    world.token(&chosen, "");
    world.clock.advance(60);
    let nobody = Client { id: "nobody".to_owned(), secret: "guess".to_owned() };
    world.ask_token(&nobody, "").expect(401);
}

#[test]
fn guesses_at_a_secret_do_not_shut_its_client_out() {
    on_each_database(|world| {
        world.tenant("acme");
        // Its form-encoded spelling is another than its raw one, and both are tried.
        let chosen = world.client("chosen", json!({"clientSecret": "100% its own"}));
        let guess = Client { secret: "guess".to_owned(), ..chosen.clone() };
        for _ in 0..6 {
            world.ask_token(&guess, "").expect(401);
        }
        let wait = world.ask_token(&chosen, "").expect(429);
        world.clock.advance(wait.header("retry-after").unwrap().parse().unwrap());
        world.token(&chosen, "");
    });
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

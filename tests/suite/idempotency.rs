//! Requests with an Idempotency-Key are done once.

use std::thread;

use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::world::{World, on_each_database};

fn create(world: &World, token: &str, key: &str, body: &Value) -> Reply {
    world.http.post("/api/v1/clients").bearer(token).header("idempotency-key", key).json(body).send()
}

#[test]
fn the_same_request_gets_the_same_answer_and_another_body_is_refused() {
    on_each_database(|world| {
        world.tenant("acme");
        let token = world.admin_token();
        let body = json!({"clientId": "one"});
        let first = create(world, &token, "k1", &body).expect(201);
        let again = create(world, &token, "k1", &body).expect(201);
        assert!(first.json()["clientSecret"].is_string());
        assert_eq!((first.text(), first.header("location")), (again.text(), again.header("location")));
        let other = create(world, &token, "k1", &json!({"clientId": "two"})).expect(409);
        assert_eq!(other.json()["code"], "idempotency_key_reused");
        assert_eq!(create(world, &token, "k2", &body).expect(409).json()["code"], "already_exists");
        // Another route is another request.
        let secrets =
            world.http.post("/api/v1/clients/one/secrets").bearer(&token).header("idempotency-key", "k1");
        secrets.json(&json!({})).send().expect(201);
        world.clock.advance(24 * 3600 + 1);
        let token = world.admin_token();
        assert_eq!(create(world, &token, "k1", &body).expect(409).json()["code"], "already_exists");
    });
}

#[test]
fn a_refusal_is_not_kept_and_a_revoked_token_gets_no_kept_answer() {
    let world = World::sqlite();
    let token = world.admin_token();
    let body = json!({"clientId": "one"});
    // There is no tenant yet that the client could be of.
    create(&world, &token, "k", &body).expect(400);
    world.tenant("acme");
    create(&world, &token, "k", &body).expect(201);
    // Secrets are not part of what is compared.
    let chosen = json!({"clientId": "one", "clientSecret": "something"});
    create(&world, &token, "k", &chosen).expect(201);
    let revoke = world.http.post("/oauth2/revoke").basic(&world.admin.id, &world.admin.secret);
    revoke.form(&[("token", &token)]).send().expect(200);
    create(&world, &token, "k", &body).expect(401);
}

#[test]
fn a_secret_that_is_shown_once_is_shown_again_to_the_same_request_only() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let demand = json!({"name": "both", "type": "explicit", "secondFactors": ["PIN", "OTP"]});
        let made =
            world.http.post("/api/v1/authorization-configurations").bearer(&admin).json(&demand).send();
        let configuration = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let acme = world.client("acme", json!({}));
        let token = world.token(&acme, "");
        let post = |path: &str, key: &str, body: Value| {
            world.http.post(path).bearer(&token).header("idempotency-key", key).json(&body).send()
        };
        let new = json!({"authorizationConfiguration": configuration, "seat": "jdoe@acme"});
        let credential = post("/api/v1/credentials", "c", new.clone()).expect(201).json();
        assert_eq!(post("/api/v1/credentials", "c", new).expect(201).json(), credential);

        let factors =
            format!("/api/v1/credentials/{}/second-factors", credential["credentialId"].as_str().unwrap());
        let shown = post(&factors, "otp", json!({"type": "OTP"})).expect(201).json();
        assert!(shown["secret"].is_string());
        assert_eq!(post(&factors, "otp", json!({"type": "OTP"})).expect(201).json(), shown);
        let set = post(&factors, "pin", json!({"type": "PIN", "value": "739164"})).expect(201).json();
        assert_eq!(post(&factors, "pin", json!({"type": "PIN", "value": "739164"})).expect(201).json(), set);
        post(&factors, "again", json!({"type": "PIN", "value": "739164"})).expect(409);
    });
}

#[test]
fn the_same_body_under_another_seat_is_another_request() {
    on_each_database(|world| {
        world.tenant("acme");
        let admin = world.admin_token();
        let demand = json!({"name": "pin", "type": "explicit", "secondFactors": ["PIN"]});
        let made =
            world.http.post("/api/v1/authorization-configurations").bearer(&admin).json(&demand).send();
        let new = json!({"authorizationConfiguration": made.expect(201).json()["id"]});
        let acme = world.client("acme", json!({}));
        let ask = |scope: &str| {
            let token = world.token(&acme, scope);
            world
                .http
                .post("/api/v1/credentials")
                .bearer(&token)
                .header("idempotency-key", "k")
                .json(&new)
                .send()
        };
        let first = ask("seat:one").expect(201).json();
        assert_eq!(ask("seat:one").expect(201).json(), first);
        assert_eq!(ask("seat:two").expect(409).json()["code"], "idempotency_key_reused");
    });
}

#[test]
fn of_many_at_once_one_is_done() {
    on_each_database(|world| {
        world.tenant("acme");
        let token = world.admin_token();
        let body = json!({"clientId": "one"});
        let replies: Vec<Reply> = thread::scope(|scope| {
            let asked: Vec<_> = (0..10).map(|_| scope.spawn(|| create(world, &token, "k", &body))).collect();
            asked.into_iter().map(|reply| reply.join().unwrap()).collect()
        });
        let done: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert!(!done.is_empty());
        assert!(done.iter().all(|reply| reply.text() == done[0].text()));
        for refused in replies.iter().filter(|reply| reply.status != 201) {
            assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("idempotency_in_progress")));
        }
    });
}

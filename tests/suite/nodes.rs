//! Two nodes on one PostgreSQL database: what one did, the other knows.

use std::sync::Barrier;
use std::thread;

use countersign::app::{self, App};
use countersign::config::{Config, DatabaseUrl, RsaPool};
use countersign::model::algorithm::{Digest, SignatureScheme};
use countersign::model::event::Actor;
use countersign::model::time::{Clock, Timestamp};
use countersign::pki::verify::verify;
use serde_json::json;

use crate::support::http::{Http, Reply};
use crate::support::scene::{Credential, PIN, Plan, Scene, Status, at_once, hash, signatures, statuses};
use crate::support::{node, postgres};

fn post(http: &Http, credential: &Credential, method: &str, body: &serde_json::Value) -> Reply {
    http.post(&format!("/csc/v1/{method}")).bearer(&credential.token).json(body).send()
}

#[test]
fn a_token_of_one_node_is_good_on_the_other_until_either_revokes_it() {
    let scene = Scene::two_nodes();
    for (here, there) in [(&scene.http, scene.second()), (scene.second(), &scene.http)] {
        let issued = scene.ask_token(here, "acme", "seat:jdoe@acme tenant:acme").expect(200).json();
        let token = issued["access_token"].as_str().unwrap();
        let list = |http: &Http| http.get("/api/v1/credentials").bearer(token).send();
        list(there).expect(200);
        let form = [("token", token)];
        let secret = scene.secret("acme");
        here.post("/oauth2/revoke").basic("acme", &secret).form(&form).send().expect(200);
        for http in [there, here] {
            assert_eq!(list(http).expect(401).json()["code"], "invalid_token");
            let checked =
                http.post("/oauth2/check_token").basic("acme", &secret).form(&form).send().expect(400);
            assert_eq!(checked.json()["error_description"], "Token was not recognised");
            let body = json!({});
            let listed = http.post("/csc/v1/credentials/list").bearer(token).json(&body).send().expect(401);
            assert_eq!(listed.json()["error"], "expired_token");
        }
    }
}

#[test]
fn a_sad_of_one_node_signs_on_the_other_and_is_spent_on_both() {
    let scene = Scene::two_nodes();
    let credential = scene.enrol(&Plan::pin_only(), Status::Active);
    let one = [hash("one")];
    let sad = scene.authorize(&credential, 1, &one);
    let signing = scene.signing(&credential, &sad, &one);
    let reply = post(scene.second(), &credential, "signatures/signHash", &signing).expect(200);
    let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
    assert!(verify(&credential.certificate, scheme, &one[0], &signatures(&reply)[0]).unwrap());
    for http in [&scene.http, scene.second()] {
        let again = post(http, &credential, "signatures/signHash", &signing).expect(400);
        assert_eq!(again.json()["error_description"], "Invalid parameter SAD");
    }
}

#[test]
fn a_sad_that_was_extended_on_one_node_is_dead_on_the_other() {
    let scene = Scene::two_nodes();
    let credential = scene.enrol(&Plan::pin_only(), Status::Active);
    let one = [hash("one")];
    let sad = scene.authorize(&credential, 2, &one);
    // The first node holds the key open for this SAD.
    let body = json!({ "credentialID": credential.id, "SAD": sad, "hash": scene.signing(&credential, &sad, &one)["hash"] });
    let reply = post(scene.second(), &credential, "credentials/extendTransaction", &body).expect(200);
    let next = reply.json()["SAD"].as_str().unwrap().to_owned();
    let old = post(&scene.http, &credential, "signatures/signHash", &scene.signing(&credential, &sad, &one));
    assert_eq!(old.expect(400).json()["error_description"], "Invalid parameter SAD");
    scene.sign(&credential, &next, &one).expect(200);
}

#[test]
fn both_nodes_together_give_no_more_signatures_than_were_authorised() {
    let scene = Scene::two_nodes();
    let plan = Plan { multi_signature: 5, ..Plan::pin_only() };
    let credential = scene.enrol(&plan, Status::Active);
    let same = hash("same");
    let sad = scene.authorize(&credential, 5, &vec![same.clone(); 5]);
    let body = scene.signing(&credential, &sad, &[same]);
    let replies = on_each(&scene, 40, |http| post(http, &credential, "signatures/signHash", &body));
    let signed = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(signed, 5, "{:?}", statuses(&replies));
}

#[test]
fn of_many_callers_with_one_sad_none_is_sent_away_while_signatures_are_left() {
    let scene = Scene::two_nodes();
    let plan = Plan { multi_signature: 60, ..Plan::pin_only() };
    let credential = scene.enrol(&plan, Status::Active);
    let same = hash("same");
    let sad = scene.authorize(&credential, 60, &vec![same.clone(); 60]);
    let body = scene.signing(&credential, &sad, &[same]);
    let replies = on_each(&scene, 60, |http| post(http, &credential, "signatures/signHash", &body));
    assert_eq!(statuses(&replies), [200; 60]);
}

#[test]
fn one_code_sent_to_both_nodes_opens_one_authorization() {
    let scene = Scene::two_nodes();
    let plan = Plan::default().with(json!({ "maxAttempts": 10 }));
    let credential = scene.enrol(&plan, Status::Active);
    let body = scene.authorization(&credential, 1, &[hash("one")]);
    let replies = on_each(&scene, 30, |http| post(http, &credential, "credentials/authorize", &body));
    let granted = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(granted, 1, "{:?}", statuses(&replies));
}

#[test]
fn guesses_on_both_nodes_count_together() {
    let scene = Scene::two_nodes();
    let plan = Plan::pin_only().with(json!({ "maxAttempts": 4 }));
    let credential = scene.enrol(&plan, Status::Active);
    let right = scene.authorization(&credential, 1, &[hash("one")]);
    let mut wrong = right.clone();
    wrong["PIN"] = "308251".into();
    for http in [&scene.http, scene.second(), &scene.http, scene.second()] {
        let reply = post(http, &credential, "credentials/authorize", &wrong).expect(400);
        assert_eq!(reply.json()["error"], "invalid_pin");
    }
    for http in [&scene.http, scene.second()] {
        let reply = post(http, &credential, "credentials/authorize", &right).expect(400);
        assert_eq!(reply.json()["error_description"], "PIN locked");
    }
}

#[test]
fn nothing_is_signed_anywhere_once_the_credential_is_destroyed_on_one_node() {
    let scene = Scene::two_nodes();
    let credential = scene.enrol(&Plan::pin_only(), Status::Active);
    let one = [hash("one")];
    let sad = scene.authorize(&credential, 1, &one);
    scene.second().delete(&credential.path).bearer(&credential.token).send().expect(204);
    scene.sign(&credential, &sad, &one).expect(400);
}

#[test]
fn a_client_changed_on_one_node_is_changed_on_the_other() {
    let scene = Scene::two_nodes();
    scene.client(json!({ "clientId": "passing", "clientSecret": "passing_password", "tenants": ["acme"] }));
    // Both nodes have checked the secret, and may remember that they did.
    for http in [&scene.http, scene.second()] {
        scene.ask_token(http, "passing", "tenant:acme").expect(200);
    }
    let admin = scene.admin();
    let disabled = json!({ "status": "disabled" });
    scene.http.patch("/api/v1/clients/passing").bearer(&admin).json(&disabled).send().expect(200);
    for http in [scene.second(), &scene.http] {
        let refused = scene.ask_token(http, "passing", "tenant:acme").expect(401);
        assert_eq!(refused.json()["error"], "invalid_client");
    }
}

#[test]
fn parallel_steps_of_an_enrolment_on_both_nodes_happen_once() {
    let scene = Scene::two_nodes();
    let credential = scene.enrol(&Plan::pin_only(), Status::Created);
    let pin = json!({ "type": "PIN", "value": PIN });
    let path = format!("{}/second-factors", credential.path);
    let replies = on_each(&scene, 6, |http| http.post(&path).bearer(&credential.token).json(&pin).send());
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "{:?}", statuses(&replies));
    let key = json!({ "keyAlgorithm": "EC", "keyLength": 256, "csrSignatureAlgorithm": "SHA256withECDSA" });
    let path = format!("{}/key-pair", credential.path);
    let replies = on_each(&scene, 6, |http| http.post(&path).bearer(&credential.token).json(&key).send());
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "{:?}", statuses(&replies));
}

#[test]
fn two_nodes_may_start_on_an_empty_database_at_once() {
    let url = postgres::database();
    let directory = node::directory();
    let mut config = Config::in_directory(&directory);
    config.database.url = DatabaseUrl::parse(&url).unwrap();
    config.keys.rsa_pool = RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
    let at = Timestamp::from_seconds(1_800_000_000);
    let actor = Actor { name: "operator".to_owned(), request_id: None, at };
    // The master key is there beforehand, as nodes of one service have it.
    let start = Barrier::new(4);
    let elsewhere = Config::in_directory(node::directory());
    app::initialise(&elsewhere, actor.clone()).unwrap();
    config.keys.master = elsewhere.keys.master;
    let outcomes: Vec<Result<bool, String>> = thread::scope(|scope| {
        let nodes: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let made = app::initialise(&config, actor.clone()).map_err(|e| e.detail().to_owned())?;
                    App::open(config.clone(), Clock::fixed(at)).map_err(|e| e.detail().to_owned())?;
                    Ok(made)
                })
            })
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(true)).count(), 1, "{outcomes:?}");
    App::open(config, Clock::fixed(at)).unwrap();
}

/// The answers of so many calls at once, every other one to the second node.
fn on_each(scene: &Scene, callers: usize, call: impl Fn(&Http) -> Reply + Sync) -> Vec<Reply> {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    at_once(callers, || {
        let second = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2 == 1;
        call(if second { scene.second() } else { &scene.http })
    })
}

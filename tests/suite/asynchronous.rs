//! Asynchronous signing (CSC v2): signatures are made and spent at once, and wait until they are collected.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use countersign::jobs::clean_up;
use countersign::model::algorithm::{Digest, SignatureScheme};
use countersign::pki::verify::verify;
use countersign::store::sign_responses;
use serde_json::{Value, json};

use crate::support::http::{Http, Reply};
use crate::support::scene::{
    Credential, Plan, Scene, Status, at_once, base64_all, hash, on_both, signatures, statuses,
};
use crate::support::world::World;

/// Asks that signatures be kept.
fn sign_later(scene: &Scene, credential: &Credential, sad: &str, hashes: &[Vec<u8>], more: Value) -> Reply {
    let mut body = scene.signing(credential, sad, hashes);
    body["operationMode"] = "A".into();
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    scene.http.post("/csc/v2/signatures/signHash").bearer(&credential.token).json(&body).send()
}

/// Whose authorisations need no hashes.
fn any_hash() -> Plan {
    Plan::pin_only().with(json!({ "scal": "1" }))
}

#[track_caller]
fn response_id(reply: Reply) -> String {
    let body = reply.expect(200).json();
    assert_eq!(body["responseID"], body["response_id"]);
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    body["responseID"].as_str().unwrap().to_owned()
}

fn poll(http: &Http, token: &str, id: &str) -> Reply {
    http.post("/csc/v2/signatures/signPolling").bearer(token).json(&json!({ "requestID": id })).send()
}

#[track_caller]
fn refused(reply: Reply, description: &str) {
    let body = reply.expect(400).json();
    assert_eq!(
        (&body["error"], &body["error_description"]),
        (&json!("invalid_request"), &json!(description))
    );
}

const UNKNOWN: &str = "Invalid parameter requestID";

#[test]
fn signatures_wait_and_are_collected_as_often_as_asked_on_every_node_and_after_a_restart() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let hashes = [hash("one"), hash("two"), hash("three")];
        let sad = scene.authorize(&credential, 3, &hashes);
        let id = response_id(sign_later(scene, &credential, &sad, &hashes[..2], json!({})));
        assert_eq!(id.len(), 43, "256 bits in base64url");
        // Spent like any other signature.
        let again = sign_later(scene, &credential, &sad, &hashes[..1], json!({}));
        refused(again, "Hash is not authorized by the SAD");
        let other = response_id(sign_later(scene, &credential, &sad, &hashes[2..], json!({})));
        refused(scene.sign(&credential, &sad, &hashes[2..]), "Invalid parameter SAD");

        let first = signatures(&poll(&scene.http, &credential.token, &id).expect(200));
        assert_eq!(first.len(), 2);
        for (hash, signature) in hashes.iter().zip(&first) {
            let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
            assert!(verify(&credential.certificate, scheme, hash, signature).unwrap());
        }
        let restarted = scene.another_node();
        for http in [&scene.http, &restarted.http, &scene.http] {
            assert_eq!(signatures(&poll(http, &credential.token, &id).expect(200)), first);
        }
        assert_eq!(signatures(&poll(&restarted.http, &credential.token, &other).expect(200)).len(), 1);
        // By the other spelling.
        let body = json!({ "responseID": id, "userID": null, "clientData": "x" });
        let polled = scene.http.post("/csc/v2/signatures/signPolling").bearer(&credential.token).json(&body);
        assert_eq!(signatures(&polled.send().expect(200)), first);
        let body = json!({ "requestID": id, "userID": "jdoe@acme" });
        let polled = scene.http.post("/csc/v2/signatures/signPolling").bearer(&credential.token).json(&body);
        refused(polled.send(), "userID parameter SHALL be null");
    });
}

#[test]
fn signatures_are_collected_by_who_signed_only() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let hashes = [hash("one")];
        let sad = scene.authorize(&credential, 1, &hashes);
        let id = response_id(sign_later(scene, &credential, &sad, &hashes, json!({})));
        scene.client(json!({ "clientId": "acme-second", "roles": ["application"], "tenants": ["acme"] }));
        scene.client(json!({
            "clientId": "acme-seal", "tenants": ["acme"],
            "permissions": ["credentials:use", "credentials:use-any-seat"],
        }));
        for (client, scope) in [
            ("acme-second", "seat:jdoe@acme tenant:acme"),
            ("acme", "seat:other@acme tenant:acme"),
            ("acme-seal", "tenant:acme"),
            ("globex", "seat:jdoe@acme tenant:globex"),
        ] {
            refused(poll(&scene.http, &scene.token(client, scope), &id), UNKNOWN);
        }
        for unknown in ["", "x", &"A".repeat(43), &format!("{id}="), &id.to_lowercase(), &sad] {
            refused(poll(&scene.http, &credential.token, unknown), UNKNOWN);
        }
        poll(&scene.http, &scene.token("acme-admin", "tenant:acme"), &id).expect(403);
        // A token of the same client, tenant and seat, whichever it is.
        let later = scene.token("acme", "seat:jdoe@acme tenant:acme");
        poll(&scene.http, &later, &id).expect(200);
        scene.revoke("acme", &later);
        assert_eq!(poll(&scene.http, &later, &id).expect(401).json()["error"], "expired_token");
    });
}

#[test]
fn signatures_are_forgotten_when_their_time_is_up() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let hashes = [hash("one"), hash("two")];
        let sad = scene.authorize(&credential, 2, &hashes);
        let minute = json!({ "validity_period": 60_000 });
        let short = response_id(sign_later(scene, &credential, &sad, &hashes[..1], minute));
        let hour = response_id(sign_later(scene, &credential, &sad, &hashes[1..], json!({})));
        scene.clock.advance(59);
        poll(&scene.http, &credential.token, &short).expect(200);
        scene.clock.advance(1);
        refused(poll(&scene.http, &credential.token, &short), UNKNOWN);
        poll(&scene.http, &credential.token, &hour).expect(200);

        let node = scene.another_node();
        let service = &node.app.service;
        clean_up::run(service, scene.clock.now()).unwrap();
        refused(poll(&scene.http, &credential.token, &short), UNKNOWN);
        poll(&scene.http, &credential.token, &hour).expect(200);
        scene.clock.advance(3540);
        refused(poll(&scene.http, &credential.token, &hour), UNKNOWN);
        let left = service.store.bookkeep(scene.clock.now(), |tx| sign_responses::forget_expired(tx, 10));
        assert_eq!(left.unwrap(), 1, "the first was forgotten already");
    });
}

#[test]
fn what_is_refused_costs_nothing() {
    on_both(|scene| {
        let plan = Plan { multi_signature: 3, ..Plan::pin_only().with(json!({ "scal": "2" })) };
        let credential = scene.enrol(&plan, Status::Active);
        let hashes = [hash("one")];
        let sad = scene.authorize(&credential, 1, &hashes);
        for (changes, said) in [
            (json!({ "operationMode": "B" }), "Invalid parameter operationMode"),
            (json!({ "operationMode": 7 }), "Invalid parameter operationMode"),
            (json!({ "validity_period": "600000" }), "Invalid parameter validity_period"),
            (json!({ "validityPeriod": 1.5 }), "Invalid parameter validity_period"),
            (json!({ "validity_period": 999 }), "Out of bounds parameter validity_period"),
            (json!({ "validityPeriod": 86_400_001 }), "Out of bounds parameter validity_period"),
            (json!({ "response_uri": 7 }), "Invalid parameter response_uri"),
            (json!({ "response_uri": "https://hooks.example.org/" }), "Invalid parameter response_uri"),
            (json!({ "credentialID": "nobody-s" }), "Invalid parameter credentialID"),
            (json!({ "SAD": "A".repeat(43) }), "Invalid parameter SAD"),
            (json!({ "hash": [] }), "Empty hash array"),
            (json!({ "hash": ["*"] }), "Invalid Base64 hash string parameter"),
            (json!({ "hash": ["AAAA"] }), "Invalid digest value length"),
            (json!({ "hash": base64_all(&[hash("two")]) }), "Hash is not authorized by the SAD"),
            (json!({ "signAlgo": "1.2.3" }), "Invalid parameter signAlgo"),
        ] {
            let asked = changes.to_string();
            let reply = sign_later(scene, &credential, &sad, &hashes, changes);
            assert_eq!(reply.json()["error_description"], said, "{asked}");
            refused(reply, said);
        }
        // With S both are ignored, whatever they are.
        let mut body = scene.signing(&credential, &sad, &hashes);
        body["operationMode"] = "S".into();
        body["validity_period"] = "x".into();
        body["response_uri"] = 7.into();
        let signed =
            scene.http.post("/csc/v2/signatures/signHash").bearer(&credential.token).json(&body).send();
        assert_eq!(signatures(&signed.expect(200)).len(), 1);
        refused(sign_later(scene, &credential, &sad, &hashes, json!({})), "Invalid parameter SAD");
        let sad = scene.authorize(&credential, 1, &hashes);
        scene.clock.advance(24 * 3600);
        refused(sign_later(scene, &credential, &sad, &hashes, json!({})), "SAD expired");
    });
}

#[test]
fn requests_at_once_keep_as_many_signatures_as_were_authorised() {
    on_both(|scene| {
        let credential = scene.enrol(&any_hash(), Status::Active);
        let sad = scene.authorize(&credential, 5, &[]);
        let hashes = [hash("one")];
        let replies = at_once(20, || sign_later(scene, &credential, &sad, &hashes, json!({})));
        let kept: Vec<Reply> = replies.into_iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(kept.len(), 5, "{:?}", statuses(&kept));
        let mut ids: Vec<String> = kept.into_iter().map(response_id).collect();
        for id in &ids {
            let collected = poll(&scene.http, &credential.token, id).expect(200);
            assert_eq!(signatures(&collected).len(), 1);
        }
        ids.dedup();
        assert_eq!(ids.len(), 5);
    });
}

#[test]
fn the_audit_says_that_signatures_wait_and_not_under_what() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let hashes = [hash("one")];
        let sad = scene.authorize(&credential, 1, &hashes);
        let id =
            response_id(sign_later(scene, &credential, &sad, &hashes, json!({ "clientData": "invoice" })));
        poll(&scene.http, &credential.token, &id).expect(200);
        let path = "/api/v1/audit-events?action=credential.sign&limit=10";
        let events = scene.http.get(path).bearer(&scene.admin()).send().expect(200);
        assert!(!events.text().contains(&id));
        let events = events.json();
        let event = events["items"].as_array().unwrap().last().unwrap();
        assert_eq!(event["details"]["operationMode"], "A", "{events}");
        assert_eq!(event["details"]["clientData"], "invoice", "{events}");
        assert!(event["details"]["response"].is_string(), "{events}");
    });
}

/// Answers each connection with the next of these heads; the bodies that came.
fn receiver(heads: &'static [&'static str]) -> (SocketAddr, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, heard) = mpsc::channel();
    thread::spawn(move || {
        for head in heads {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = Vec::new();
            let mut octets = [0; 4096];
            while !text.ends_with(b"}") {
                let read = stream.read(&mut octets).unwrap();
                text.extend(&octets[..read]);
            }
            write!(stream, "HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            let body = text.split(|octet| *octet == b'\n').next_back().unwrap();
            told.send(serde_json::from_slice(body).unwrap()).unwrap();
        }
    });
    (address, heard)
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn whom_the_operator_allows_is_told_and_nobody_else() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = elsewhere.local_addr().unwrap();
    let (address, heard) = receiver(&["204 No Content", "307 Elsewhere\r\nLocation: /again", "200 OK"]);
    let down = TcpListener::bind("127.0.0.1:0").map(|listener| listener.local_addr().unwrap()).unwrap();
    let scene = Scene::of(World::configured(|config| {
        let hosts = [address, down].map(|address| address.to_string().parse().unwrap());
        config.webhooks.hosts = countersign::config::WebhookHosts::new(hosts);
    }));
    let credential = scene.enrol(&any_hash(), Status::Active);
    let hashes = [hash("one")];
    let sad = scene.authorize(&credential, 4, &[]);
    let notifying =
        |uri: String| sign_later(&scene, &credential, &sad, &hashes, json!({ "response_uri": uri }));
    for uri in [
        format!("http://{elsewhere}/"),
        format!("https://{elsewhere}/"),
        format!("http://localhost:{}/", address.port()),
        format!("http://u:p@{address}/"),
        "https://hooks.example.org/".to_owned(),
        "x".to_owned(),
    ] {
        refused(notifying(uri), "Invalid parameter response_uri");
    }
    // One after another: delivered, unreachable, redirecting and not followed, delivered.
    for (uri, told) in [
        (format!("http://{address}/done?order=1"), true),
        (format!("http://{down}/"), false),
        (format!("http://{address}/moved"), true),
        (format!("http://{address}/done"), true),
    ] {
        let id = response_id(notifying(uri.clone()));
        if told {
            assert_eq!(heard.recv_timeout(LONG).unwrap(), json!({ "responseID": id }), "{uri}");
        }
        poll(&scene.http, &credential.token, &id).expect(200);
    }
    refused(notifying(format!("http://{address}/")), "Invalid parameter SAD");

    scene.first().app.notices.as_ref().unwrap().drain(LONG);
    let metrics = scene.http.get("/metrics").send().expect(200).text();
    for line in [
        r#"countersign_notices_total{outcome="delivered"} 2"#,
        r#"countersign_notices_total{outcome="failed"} 2"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains(&address.to_string()), "{metrics}");
}

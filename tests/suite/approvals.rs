//! Signers who approve apart from the application: by a link in a mail, or in a push message to the tenant's own app.

use countersign::model::algorithm::{Digest, SignatureScheme};
use countersign::pki::verify::verify;
use serde_json::{Value, json};

use crate::support::http::{Http, Reply};
use crate::support::scene::{
    Credential, PIN, Plan, Scene, Status, at_once, base64_all, hash, on_both, signatures, statuses,
};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";

fn demanding(factors: Value) -> Plan {
    Plan::default().with(json!({ "secondFactors": factors }))
}

fn with_link() -> Plan {
    demanding(json!(["PIN", "EMAIL_LINK"]))
}

fn pushed() -> Plan {
    demanding(json!(["PIN", "PUSH"]))
}

/// What credentials/authorize takes in version 2, for one hash.
fn asking(credential: &Credential, approval: &str) -> Value {
    json!({
        "credentialID": credential.id,
        "numSignatures": 1,
        "hashes": base64_all(&[hash("one")]),
        "hashAlgorithmOID": SHA256,
        "authData": [{ "id": "PIN", "value": PIN }, { "id": approval }],
        "description": "Contract <42>",
    })
}

/// The handle of a pending authorisation.
#[track_caller]
fn ask(scene: &Scene, credential: &Credential, approval: &str) -> String {
    let body = asking(credential, approval);
    let waiting = scene.csc2(&credential.token, "credentials/authorize", &body).expect(202).json();
    assert_eq!(waiting["expiresIn"], 600, "{waiting}");
    assert!(waiting["SAD"].is_null());
    waiting["handle"].as_str().unwrap().to_owned()
}

fn check(scene: &Scene, credential: &Credential, handle: &str) -> Reply {
    scene.csc2(&credential.token, "credentials/authorizeCheck", &json!({ "handle": handle }))
}

#[track_caller]
fn said(reply: Reply, status: u16) -> String {
    let body = reply.expect(status).json();
    format!("{}: {}", body["error"].as_str().unwrap(), body["error_description"].as_str().unwrap())
}

fn actions(scene: &Scene) -> Vec<String> {
    let path = "/api/v1/audit-events?limit=200&tenant=acme";
    let log = scene.http.get(path).bearer(&scene.token("acme-auditor", "")).send().expect(200).json();
    let events = log["items"].as_array().unwrap().iter();
    let shown = |event: &Value| {
        format!("{} {}", event["action"].as_str().unwrap(), event["outcome"].as_str().unwrap())
    };
    events.map(shown).filter(|action| action.contains("appro") || action.contains("authorize")).collect()
}

#[test]
fn a_link_by_mail_confirms_the_address_then_approves_a_signature() {
    on_both(|scene| {
        let credential = scene.enrol(&with_link(), Status::Created);
        scene.add_pin(&credential, PIN).expect(201);
        let added = scene.add_sent(&credential, "EMAIL_LINK").expect(201).json();
        assert_eq!(
            (&added["confirmed"], &added["nextStep"], &added["address"]),
            (&json!(false), &json!("confirm_approval"), &json!("j***@acme.example"))
        );
        let early = scene.key_pair(&credential, &json!({ "keyAlgorithm": "Ed25519" })).expect(409).json();
        assert_eq!(early["nextStep"], "confirm_approval");
        let link = scene.received_link(&credential);
        for _ in 0..2 {
            let page = scene.http.get(&link).send().expect(200).text();
            assert!(page.contains("jdoe@acme.example") && page.contains("ACME"), "{page}");
        }
        assert_eq!(scene.show(&credential)["nextStep"], "confirm_approval");
        scene.decide(&link, "approve").expect(200);
        assert_eq!(scene.show(&credential)["status"], "protected");
        let twice = scene.add_sent(&credential, "EMAIL_LINK").expect(409).json();
        assert_eq!(twice["code"], "already_exists");

        let credential = scene.enrol(&with_link(), Status::Active);
        let handle = ask(scene, &credential, "EMAIL_LINK");
        let waiting = check(scene, &credential, &handle).expect(202).json();
        assert_eq!(waiting, json!({ "handle": handle, "expiresIn": 600 }));
        let link = scene.received_link(&credential);
        let page = scene.http.get(&link).send().expect(200).text();
        assert!(page.contains("Contract &#60;42&#62;") && page.contains("Approve"), "{page}");
        check(scene, &credential, &handle).expect(202);
        scene.decide(&link, "approve").expect(200);
        let given = check(scene, &credential, &handle).expect(200).json();
        assert_eq!(given["expiresIn"], 300);
        let sad = given["SAD"].as_str().unwrap();
        let reply = scene.sign(&credential, sad, &[hash("one")]).expect(200);
        let scheme = SignatureScheme::Ecdsa(Digest::Sha256);
        assert!(verify(&credential.certificate, scheme, &hash("one"), &signatures(&reply)[0]).unwrap());
        assert_eq!(
            said(check(scene, &credential, &handle), 400),
            "invalid_request: Invalid parameter handle"
        );
        assert_eq!(
            actions(scene),
            [
                "credential.confirm_approval done",
                "credential.confirm_approval done",
                "credential.ask_approval done",
                "credential.approve done",
                "credential.authorize done",
            ]
        );
    });
}

#[test]
fn a_push_message_goes_by_the_tenant_s_gateway_and_its_app_decides_in_json() {
    on_both(|scene| {
        let secret = scene.set_gateway("acme");
        // An approval may be all that is asked for.
        let credential = scene.enrol(&demanding(json!(["PUSH"])), Status::Active);
        let mut body = asking(&credential, "PUSH");
        body["authData"] = json!([{ "id": "PUSH" }]);
        let waiting = scene.csc2(&credential.token, "credentials/authorize", &body).expect(202).json();
        let handle = waiting["handle"].as_str().unwrap();
        let posted = scene.gateway().posted().pop().unwrap();
        assert!(posted.is_signed_with(&secret));
        let message = posted.json();
        assert_eq!(
            (&message["type"], &message["tenant"], &message["to"]),
            (&json!("approval"), &json!("acme"), &json!("jdoe@acme.example"))
        );
        let link = scene.received_link(&credential);
        let asked = scene.http.get(&link).header("accept", "application/json").send().expect(200).json();
        assert_eq!(
            (&asked["about"], &asked["numSignatures"], &asked["description"], &asked["hashes"]),
            (&json!("signatures"), &json!(1), &json!("Contract <42>"), &base64_all(&[hash("one")]))
        );
        assert_eq!(
            (&asked["application"], &asked["tenant"], &asked["hashAlgorithmOID"]),
            (&json!("acme"), &json!("ACME"), &json!(SHA256))
        );
        let decide = |body: Value| scene.http.post(&link).json(&body).send();
        assert_eq!(decide(json!({ "decision": "yes" })).expect(400).json()["code"], "invalid_request");
        assert_eq!(
            decide(json!({ "decision": "refuse", "x": 1 })).expect(400).json()["code"],
            "unknown_field"
        );
        check(scene, &credential, handle).expect(202);
        assert_eq!(
            decide(json!({ "decision": "refuse" })).expect(200).json(),
            json!({ "decision": "refused" })
        );
        assert_eq!(
            said(check(scene, &credential, handle), 400),
            "invalid_authentication_data: The authentication data is invalid"
        );
        assert_eq!(decide(json!({ "decision": "approve" })).expect(410).json()["code"], "approval_decided");
        said(check(scene, &credential, handle), 400);
        assert_eq!(actions(scene)[1..], ["credential.ask_approval done", "credential.approve refused"]);

        let waiting = scene.csc2(&credential.token, "credentials/authorize", &body).expect(202).json();
        let link = scene.received_link(&credential);
        scene.http.post(&link).json(&json!({ "decision": "approve" })).send().expect(200);
        let given = check(scene, &credential, waiting["handle"].as_str().unwrap()).expect(200).json();
        scene.sign(&credential, given["SAD"].as_str().unwrap(), &[hash("one")]).expect(200);
    });
}

#[test]
fn what_clients_are_told_of_approvals() {
    on_both(|scene| {
        scene.set_gateway("acme");
        let credential = scene.enrol(&pushed(), Status::Active);
        let asked = json!({ "credentialID": credential.id });
        let auth =
            scene.csc2(&credential.token, "credentials/info", &asked).expect(200).json()["auth"].clone();
        assert_eq!((&auth["mode"], &auth["expression"]), (&json!("explicit"), &json!("PIN AND PUSH")));
        assert_eq!(
            auth["objects"][1],
            json!({
                "type": "ChallengeResponseOOB",
                "id": "PUSH",
                "label": "Approval",
                "description": "The signer approves in an app",
            })
        );
        let info = scene.http.get("/csc/v2/info").send().expect(200).json();
        assert!(info["methods"].as_array().unwrap().contains(&json!("credentials/authorizeCheck")));

        // Version 1 cannot wait, and says so before it looks at anything.
        let body = json!({
            "credentialID": credential.id, "numSignatures": 1, "hash": base64_all(&[hash("one")]), "PIN": "000000",
        });
        let told = said(scene.csc(&credential.token, "credentials/authorize", &body), 400);
        assert!(
            told.starts_with("invalid_request: ") && told.contains("/csc/v2/credentials/authorize"),
            "{told}"
        );

        // An approval that the credential does not ask for cannot be waited for.
        let told = said(
            scene.csc2(&credential.token, "credentials/authorize", &asking(&credential, "EMAIL_LINK")),
            400,
        );
        assert_eq!(told, "invalid_request: Invalid parameter authData");
        // One that it asks for need not be named.
        let mut unnamed = asking(&credential, "PUSH");
        unnamed["authData"] = json!([{ "id": "PIN", "value": PIN }]);
        scene.csc2(&credential.token, "credentials/authorize", &unnamed).expect(202);

        for (factors, pointer) in
            [(json!(["EMAIL_LINK", "PUSH"]), "/secondFactors"), (json!(["PUSH", "PUSH"]), "/secondFactors")]
        {
            let new = json!({ "name": "x", "tenant": "acme", "type": "explicit", "secondFactors": factors });
            let path = "/api/v1/authorization-configurations";
            let refused = scene.http.post(path).bearer(&scene.admin()).json(&new).send().expect(400).json();
            assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
        }
    });
}

#[test]
fn a_handle_is_no_sad_and_nobody_else_s() {
    on_both(|scene| {
        let credential = scene.enrol(&with_link(), Status::Active);
        let handle = ask(scene, &credential, "EMAIL_LINK");
        let unapproved = |scene: &Scene| {
            let signing = scene.signing(&credential, &handle, &[hash("one")]);
            let extension = json!({ "credentialID": credential.id, "SAD": handle, "hash": signing["hash"] });
            for (method, body) in
                [("signatures/signHash", &signing), ("credentials/extendTransaction", &extension)]
            {
                assert_eq!(
                    said(scene.csc(&credential.token, method, body), 400),
                    "invalid_request: Invalid parameter SAD",
                    "{method}"
                );
            }
        };
        unapproved(scene);
        let link = scene.received_link(&credential);
        scene.decide(&link, "approve").expect(200);
        unapproved(scene);

        scene.client(json!({ "clientId": "second", "tenants": ["acme"] }));
        for (client, scope) in [
            ("acme", "seat:mroe@acme tenant:acme"),
            ("second", "seat:jdoe@acme tenant:acme"),
            ("globex", "seat:jdoe@acme tenant:globex"),
        ] {
            let token = scene.token(client, scope);
            let body = json!({ "handle": handle });
            let told = said(scene.csc2(&token, "credentials/authorizeCheck", &body), 400);
            assert_eq!(told, "invalid_request: Invalid parameter handle", "{client} {scope}");
        }
        let body = json!({ "handle": handle });
        scene
            .csc2(&scene.token("acme-admin", "tenant:acme"), "credentials/authorizeCheck", &body)
            .expect(403);
        for odd in [json!("xxx"), json!("A".repeat(43))] {
            let told = said(check(scene, &credential, odd.as_str().unwrap()), 400);
            assert_eq!(told, "invalid_request: Invalid parameter handle");
        }
        let none = scene.csc2(&credential.token, "credentials/authorizeCheck", &json!({}));
        assert_eq!(said(none, 400), "invalid_request: Missing (or invalid type) string parameter handle");

        // The link's token is neither a handle nor a SAD, and the handle is no link.
        let token = link.rsplit('/').next().unwrap();
        assert_eq!(said(check(scene, &credential, token), 400), "invalid_request: Invalid parameter handle");
        scene.sign(&credential, token, &[hash("one")]).expect(400);
        scene.http.get(&format!("/approvals/{handle}")).send().expect(404);

        let given = check(scene, &credential, &handle).expect(200).json();
        // And the SAD is no handle.
        let told = said(check(scene, &credential, given["SAD"].as_str().unwrap()), 400);
        assert_eq!(told, "invalid_request: Invalid parameter handle");
    });
}

#[test]
fn time_runs_out() {
    on_both(|scene| {
        let credential = scene.enrol(&with_link(), Status::Active);
        let late = ask(scene, &credential, "EMAIL_LINK");
        let late_link = scene.received_link(&credential);
        scene.clock.advance(590);
        let waiting = check(scene, &credential, &late).expect(202).json();
        assert_eq!(waiting["expiresIn"], 10);
        scene.clock.advance(10);
        scene.http.get(&late_link).send().expect(404);
        scene.decide(&late_link, "approve").expect(404);
        assert_eq!(said(check(scene, &credential, &late), 400), "invalid_request: Invalid parameter handle");

        // What is approved at the last moment can be collected for a minute.
        for (wait, status) in [(59, 200), (61, 400)] {
            let handle = ask(scene, &credential, "EMAIL_LINK");
            scene.clock.advance(599);
            scene.decide(&scene.received_link(&credential), "approve").expect(200);
            scene.clock.advance(1 + wait);
            let given = check(scene, &credential, &handle).expect(status).json();
            if status == 200 {
                // The SAD's own time begins with it.
                assert_eq!(given["expiresIn"], 300);
                scene.clock.advance(299);
                scene.sign(&credential, given["SAD"].as_str().unwrap(), &[hash("one")]).expect(200);
            }
        }
    });
}

#[test]
fn a_message_that_does_not_leave_costs_nothing() {
    on_both(|scene| {
        scene.set_gateway("acme");
        let plan = demanding(json!(["PIN", "OTP", "PUSH"])).with(json!({ "maxAttempts": 1 }));
        let credential = scene.enrol(&plan, Status::Active);
        let mut body = asking(&credential, "PUSH");
        body["OTP"] = scene.otp_code(&credential).into();
        scene.gateway().answer("500 Oops");
        let failed = scene.csc2(&credential.token, "credentials/authorize", &body);
        assert!(failed.status >= 500, "{}", failed.text());
        scene.gateway().answer("204 No Content");
        // The same code, and a PIN that one failure would have locked.
        let waiting = scene.csc2(&credential.token, "credentials/authorize", &body).expect(202).json();
        scene.decide(&scene.received_link(&credential), "approve").expect(200);
        check(scene, &credential, waiting["handle"].as_str().unwrap()).expect(200);
        // The code was spent with the question.
        scene.clock.advance(60);
        scene.csc2(&credential.token, "credentials/authorize", &body).expect(400);
    });
}

#[test]
fn a_factor_that_nobody_could_be_asked_for_is_not_there_and_a_new_link_ends_the_former() {
    on_both(|scene| {
        scene.set_gateway("acme");
        let credential = scene.enrol(&demanding(json!(["PUSH"])), Status::Created);
        scene.gateway().answer("500 Oops");
        let failed = scene.add_sent(&credential, "PUSH");
        assert!(failed.status >= 500, "{}", failed.text());
        assert_eq!(scene.show(&credential)["nextStep"], "add_second_factor");
        scene.gateway().answer("204 No Content");
        scene.add_sent(&credential, "PUSH").expect(201);
        let first = scene.received_link(&credential);
        let elsewhere = json!({ "type": "PUSH", "address": "another phone" });
        scene.step(&credential, "second-factors", &elsewhere).expect(201);
        scene.decide(&first, "approve").expect(404);
        assert_eq!(scene.show(&credential)["nextStep"], "confirm_approval");
        let second = scene.gateway().link("another phone");
        let second = second.strip_prefix("http://localhost:8080").unwrap();
        // Not theirs: it stays unconfirmed, and can be asked for anew.
        scene.decide(second, "refuse").expect(200);
        assert_eq!(scene.show(&credential)["nextStep"], "confirm_approval");
        scene.decide(second, "approve").expect(410);
        scene.clock.advance(60);
        scene.step(&credential, "second-factors", &json!({ "type": "PUSH" })).expect(201);
        let third = scene.gateway().link("jdoe@acme");
        scene.decide(third.strip_prefix("http://localhost:8080").unwrap(), "approve").expect(200);
        assert_eq!(scene.show(&credential)["status"], "protected");
    });
}

#[test]
fn a_run_of_failures_ends_with_the_sad_and_not_with_the_question() {
    on_both(|scene| {
        let credential = scene.enrol(&with_link().with(json!({ "maxAttempts": 2 })), Status::Active);
        let mut wrong = asking(&credential, "EMAIL_LINK");
        wrong["authData"][0]["value"] = "308251".into();
        let fail = || said(scene.csc2(&credential.token, "credentials/authorize", &wrong), 400);
        assert!(fail().starts_with("invalid_authentication_data"));
        let handle = ask(scene, &credential, "EMAIL_LINK");
        scene.decide(&scene.received_link(&credential), "approve").expect(200);
        check(scene, &credential, &handle).expect(200);
        // The run ended with the SAD: this is its first failure again.
        assert!(fail().starts_with("invalid_authentication_data"));
        let handle = ask(scene, &credential, "EMAIL_LINK");
        // Nobody approved this one, so this is the second.
        fail();
        let right = asking(&credential, "EMAIL_LINK");
        let told = said(scene.csc2(&credential.token, "credentials/authorize", &right), 400);
        assert_eq!(told, "invalid_request: Credential locked");
        // What was right before the lock may still be approved, which does not end the lock.
        scene.decide(&scene.received_link(&credential), "approve").expect(200);
        check(scene, &credential, &handle).expect(200);
        scene.clock.advance(60);
        let told = said(scene.csc2(&credential.token, "credentials/authorize", &right), 400);
        assert_eq!(told, "invalid_request: Credential locked");
    });
}

#[test]
fn what_was_asked_for_ends_with_the_credential_and_can_be_called_off() {
    on_both(|scene| {
        let credential = scene.enrol(&with_link(), Status::Active);
        let called_off = ask(scene, &credential, "EMAIL_LINK");
        let link = scene.received_link(&credential);
        let form = [("token", called_off.as_str())];
        scene.http.post("/oauth2/revoke").basic("acme", &scene.secret("acme")).form(&form).send().expect(200);
        scene.decide(&link, "approve").expect(404);
        assert_eq!(
            said(check(scene, &credential, &called_off), 400),
            "invalid_request: Invalid parameter handle"
        );

        scene.clock.advance(60);
        let handles: Vec<String> = (0..2).map(|_| ask(scene, &credential, "EMAIL_LINK")).collect();
        scene.decide(&scene.received_link(&credential), "approve").expect(200);
        scene.http.delete(&credential.path).bearer(&credential.token).send().expect(204);
        for handle in handles {
            assert_eq!(
                said(check(scene, &credential, &handle), 400),
                "invalid_request: Invalid parameter handle"
            );
        }
    });
}

#[test]
fn only_so_many_questions_are_sent() {
    on_both(|scene| {
        let credential = scene.enrol(&with_link(), Status::Active);
        scene.clock.advance(60);
        for _ in 0..3 {
            ask(scene, &credential, "EMAIL_LINK");
        }
        let body = asking(&credential, "EMAIL_LINK");
        let refused = scene.csc2(&credential.token, "credentials/authorize", &body).expect(429);
        assert_eq!(refused.header("retry-after"), Some("60"));
        scene.clock.advance(60);
        ask(scene, &credential, "EMAIL_LINK");
    });
}

#[test]
fn of_many_decisions_one_stands_and_of_many_checks_one_gives_the_sad() {
    let scene = Scene::two_nodes();
    let credential = scene.enrol(&with_link(), Status::Active);
    let handle = ask(&scene, &credential, "EMAIL_LINK");
    let link = scene.received_link(&credential);
    let decided = on_each(&scene, 20, |http| http.post(&link).form(&[("decision", "approve")]).send());
    let approved = decided.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(approved, 1, "{:?}", statuses(&decided));
    assert!(decided.iter().all(|reply| [200, 410].contains(&reply.status)), "{:?}", statuses(&decided));

    let body = json!({ "handle": handle });
    let path = "/csc/v2/credentials/authorizeCheck";
    let checked = on_each(&scene, 20, |http| http.post(path).bearer(&credential.token).json(&body).send());
    let given: Vec<&Reply> = checked.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(given.len(), 1, "{:?}", statuses(&checked));
    assert!(checked.iter().all(|reply| [200, 400].contains(&reply.status)), "{:?}", statuses(&checked));
    let sad = given[0].json()["SAD"].as_str().unwrap().to_owned();
    scene.sign(&credential, &sad, &[hash("one")]).expect(200);

    // Of two answers at once one stands, and what follows is what it says.
    for _ in 0..3 {
        scene.clock.advance(60);
        let handle = ask(&scene, &credential, "EMAIL_LINK");
        let link = scene.received_link(&credential);
        let turn = std::sync::atomic::AtomicUsize::new(0);
        let replies = at_once(2, || {
            let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let (http, decision) =
                if turn == 0 { (&scene.http, "approve") } else { (scene.second(), "refuse") };
            http.post(&link).json(&json!({ "decision": decision })).send()
        });
        let stands: Vec<Value> = replies.iter().filter(|r| r.status == 200).map(Reply::json).collect();
        assert_eq!(stands.len(), 1, "{:?}", statuses(&replies));
        let expected = if stands[0]["decision"] == "approved" { 200 } else { 400 };
        check(&scene, &credential, &handle).expect(expected);
    }
}

/// The answers to so many calls at once, half of them to each node.
fn on_each(scene: &Scene, callers: usize, call: impl Fn(&Http) -> Reply + Sync) -> Vec<Reply> {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    at_once(callers, || {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        call(if turn.is_multiple_of(2) { &scene.http } else { scene.second() })
    })
}

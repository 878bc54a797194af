//! Credentials that ask nothing of their signers: seals and automated signing.

use serde_json::{Value, json};

use crate::support::scene::{Plan, Status, at_once, hash, on_both};

/// What makes a plan's configuration implicit.
fn implicit(changes: Value) -> Plan {
    Plan::default().with(json!({ "type": "implicit", "secondFactors": [] })).with(changes)
}

#[test]
fn a_seal_is_enrolled_without_factors_and_signs() {
    on_both(|scene| {
        let plan = Plan { multi_signature: 3, ..implicit(json!({})) };
        let credential = scene.enrol(&plan, Status::Created);
        let shown = scene.show(&credential);
        assert_eq!(
            (&shown["status"], &shown["nextStep"]),
            (&json!("protected"), &json!("generate_key_pair"))
        );
        assert_eq!(shown["requiredSecondFactors"], json!([]));
        let added = scene.add_pin(&credential, "471193").expect(422);
        assert_eq!(added.json()["code"], "factor_not_required");

        let credential = scene.enrol(&plan, Status::Active);
        let info = json!({ "credentialID": credential.id, "authInfo": true });
        let info = scene.csc(&credential.token, "credentials/info", &info).expect(200).json();
        assert_eq!(info["authMode"], "implicit");
        assert!(info.get("PIN").is_none() && info.get("OTP").is_none(), "{info}");
        let hashes = [hash("one"), hash("two")];
        let sad = scene.authorize(&credential, 2, &hashes);
        scene.sign(&credential, &sad, &hashes).expect(200);
        let spent = scene.sign(&credential, &sad, &hashes).expect(400);
        assert_eq!(spent.json()["error_description"], "Invalid parameter SAD");
    });
}

#[test]
fn only_an_administrator_makes_an_implicit_configuration() {
    on_both(|scene| {
        scene.client(json!({
            "clientId": "configurer", "tenants": ["acme"], "permissions": ["configurations:write"],
        }));
        let path = "/api/v1/authorization-configurations";
        let body = |name: &str, kind: &str| {
            let factors = if kind == "explicit" { json!(["PIN"]) } else { json!([]) };
            json!({ "name": name, "tenant": "acme", "type": kind, "secondFactors": factors })
        };
        let ask = |client: &str, body: &Value| {
            scene.http.post(path).bearer(&scene.token(client, "")).json(body).send()
        };
        ask("configurer", &body("mine", "explicit")).expect(201);
        let refused = ask("configurer", &body("seal", "implicit")).expect(403);
        assert_eq!(refused.json()["code"], "insufficient_permission");
        let made = ask("acme-admin", &body("seal", "implicit")).expect(201).json();
        assert_eq!(made["signaturesPerMinute"], 1000);
    });
}

#[test]
fn signatures_are_bounded_by_the_minute_and_by_multi_signature() {
    on_both(|scene| {
        let plan = Plan { multi_signature: 4, ..implicit(json!({ "signaturesPerMinute": 5, "scal": "1" })) };
        let credential = scene.enrol(&plan, Status::Active);
        let ask = |signatures: usize| {
            let body = scene.authorization(&credential, signatures, &[]);
            scene.csc(&credential.token, "credentials/authorize", &body)
        };
        let too_many = ask(5).expect(400);
        assert_eq!(too_many.json()["error_description"], "Numbers of signatures is too high");
        ask(3).expect(200);
        scene.clock.advance(20);
        ask(2).expect(200);
        let refused = ask(1).expect(429);
        assert_eq!(refused.header("retry-after"), Some("40"));
        scene.clock.advance(40);
        ask(4).expect(200);
        ask(2).expect(429);
    });
}

#[test]
fn a_rate_smaller_than_one_authorisation_is_refused_at_the_start() {
    on_both(|scene| {
        let id = scene.configuration(json!({
            "type": "implicit", "secondFactors": [], "signaturesPerMinute": 5,
        }));
        let token = scene.token("acme", "seat:jdoe tenant:acme");
        let ask = |multi_signature: u32| {
            let body = json!({ "authorizationConfiguration": id, "multiSignature": multi_signature });
            scene.http.post("/api/v1/credentials").bearer(&token).json(&body).send()
        };
        assert_eq!(ask(6).expect(422).json()["code"], "invalid_multi_signature");
        ask(5).expect(201);
        let odd = json!({
            "name": "odd", "tenant": "acme", "type": "explicit", "secondFactors": ["PIN"], "signaturesPerMinute": 5,
        });
        let path = "/api/v1/authorization-configurations";
        let refused = scene.http.post(path).bearer(&scene.admin()).json(&odd).send().expect(400);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/signaturesPerMinute");
    });
}

#[test]
fn parallel_authorisations_stay_within_the_minute() {
    on_both(|scene| {
        let plan = Plan { multi_signature: 1, ..implicit(json!({ "signaturesPerMinute": 7, "scal": "1" })) };
        let credential = scene.enrol(&plan, Status::Active);
        let body = scene.authorization(&credential, 1, &[]);
        let replies = at_once(20, || scene.csc(&credential.token, "credentials/authorize", &body));
        let granted = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(granted, 7);
        assert!(replies.iter().all(|reply| [200, 429].contains(&reply.status)));
    });
}

#[test]
fn a_configuration_may_leave_open_which_factor_was_wrong() {
    on_both(|scene| {
        let credential =
            scene.enrol(&Plan::default().with(json!({ "uniformFactorErrors": true })), Status::Active);
        let right = scene.authorization(&credential, 1, &[hash("one")]);
        for (field, value) in [("PIN", "308251"), ("OTP", "000000")] {
            let mut wrong = right.clone();
            wrong[field] = value.into();
            let refused = scene.csc(&credential.token, "credentials/authorize", &wrong).expect(400).json();
            assert_eq!(refused["error"], "invalid_authentication_data", "{field}");
            assert_eq!(refused["error_description"], "The authentication data is invalid", "{field}");
        }
        scene.csc(&credential.token, "credentials/authorize", &right).expect(200);
    });
}

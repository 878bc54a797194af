//! One-time passwords that are sent: by a real mail server, by a tenant's gateway.

use countersign::config::{Database, DatabaseUrl, Mail, Webhooks};
use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::mail::Manner;
use crate::support::postgres;
use crate::support::scene::{Credential, Plan, Scene, Status, at_once, hash, on_both, statuses};
use crate::support::world::World;

const ADDRESS: &str = "jdoe@acme.example";
const CONFIGURATIONS: &str = "/api/v1/authorization-configurations";

fn mailed() -> Plan {
    Plan::mailed().with(json!({ "secondFactors": ["EMAIL_OTP"] }))
}

fn send(scene: &Scene, credential: &Credential) -> Reply {
    scene.csc(&credential.token, "credentials/sendOTP", &json!({ "credentialID": credential.id }))
}

/// An authorisation for one hash with this code.
fn authorization(credential: &Credential, code: &str) -> Value {
    let hashes = crate::support::scene::base64_all(&[hash("one")]);
    json!({ "credentialID": credential.id, "numSignatures": 1, "hash": hashes, "OTP": code })
}

fn authorize(scene: &Scene, credential: &Credential, code: &str) -> Reply {
    scene.csc(&credential.token, "credentials/authorize", &authorization(credential, code))
}

fn other_than(code: &str) -> String {
    format!("{:0width$}", (code.parse::<u64>().unwrap() + 1) % 10_u64.pow(6), width = code.len())
}

#[track_caller]
fn refused(reply: Reply, status: u16, code: &str) -> Value {
    let body = reply.expect(status).json();
    assert_eq!(body["code"], code, "{body}");
    body
}

#[test]
fn a_code_comes_by_mail_is_confirmed_and_authorises() {
    on_both(|scene| {
        let created = scene.enrol(&Plan::mailed(), Status::Created);
        scene.add_pin(&created, "471193").expect(201);
        let added = scene.add_sent(&created, "EMAIL_OTP").expect(201).json();
        assert_eq!(
            (&added["type"], &added["confirmed"], &added["address"], &added["expiresIn"]),
            (&json!("EMAIL_OTP"), &json!(false), &json!("j***@acme.example"), &json!(300))
        );
        assert_eq!(added["nextStep"], "confirm_otp");
        let letters = scene.mail().letters(ADDRESS);
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!(letter.from, "sign@countersign.example");
        assert_eq!(letter.header("Subject"), Some("Your one-time password for ACME"));
        assert_eq!(letter.header("Auto-Submitted"), Some("auto-generated"));
        assert!(letter.header("Message-ID").unwrap().ends_with("@countersign.example>"), "{}", letter.text);
        assert!(!letter.text.contains("://") && letter.text.contains("never pass it on"), "{}", letter.text);
        let confirmed = scene.confirm(&created, &letter.code()).expect(200).json();
        assert_eq!((&confirmed["type"], &confirmed["confirmed"]), (&json!("EMAIL_OTP"), &json!(true)));

        let credential = scene.enrol(&Plan::mailed(), Status::Active);
        let sad = scene.authorize(&credential, 1, &[hash("one")]);
        scene.sign(&credential, &sad, &[hash("one")]).expect(200);
    });
}

#[test]
fn what_clients_are_told_of_a_code_that_is_sent() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::mailed(), Status::Active);
        let asked = json!({ "credentialID": credential.id, "authInfo": true });
        let info = scene.csc(&credential.token, "credentials/info", &asked).expect(200).json();
        assert_eq!(
            info["OTP"],
            json!({
                "presence": "true",
                "type": "online",
                "format": "N",
                "label": "One-time password",
                "description": "The code that was sent by e-mail to j***@acme.example",
                "ID": "EMAIL",
                "provider": "acme",
            })
        );
        let v2 = |method: &str, body: &Value| {
            scene
                .http
                .post(&format!("/csc/v2/credentials/{method}"))
                .bearer(&credential.token)
                .json(body)
                .send()
        };
        let info = v2("info", &asked).expect(200).json();
        let object = &info["auth"]["objects"][1];
        assert_eq!((&object["type"], &object["id"]), (&json!("ChallengeResponse"), &json!("OTP")));
        assert_eq!(object["description"], "The code that was sent by e-mail to j***@acme.example");

        let challenge = json!({ "credentialID": credential.id, "authObjectID": "OTP", "lang": "es-ES" });
        let sent = v2("getChallenge", &challenge).expect(204);
        assert_eq!(sent.text(), "");
        let letter = scene.mail().letters(ADDRESS).pop().unwrap();
        assert!(letter.text.contains("minutos"), "{}", letter.text);
        let hashes = crate::support::scene::base64_all(&[hash("one")]);
        let body = json!({
            "credentialID": credential.id, "numSignatures": 1, "hashes": hashes,
            "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
            "authData": [{ "id": "PIN", "value": "471193" }, { "id": "OTP", "value": letter.code() }],
        });
        v2("authorize", &body).expect(200);

        let odd = json!({ "credentialID": credential.id, "authObjectID": "PIN" });
        assert_eq!(
            v2("getChallenge", &odd).expect(400).json()["error_description"],
            "Invalid parameter authObjectID"
        );
        let odd = json!({ "credentialID": credential.id });
        assert_eq!(
            v2("getChallenge", &odd).expect(400).json()["error_description"],
            "Missing (or invalid type) string parameter authObjectID"
        );
        for version in ["v1", "v2"] {
            let info = scene.http.get(&format!("/csc/{version}/info")).send().expect(200).json();
            assert!(info["methods"].as_array().unwrap().contains(&"credentials/sendOTP".into()), "{info}");
        }
    });
}

#[test]
fn where_no_code_is_sent_there_is_none_to_ask_for() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Active);
        let refusal = send(scene, &credential).expect(400).json();
        assert_eq!(refusal["error"], "invalid_request");
        assert_eq!(
            refusal["error_description"],
            "The credential identified by credentialID has no one-time password that is sent"
        );
        let challenge = json!({ "credentialID": credential.id, "authObjectID": "OTP" });
        let path = "/csc/v2/credentials/getChallenge";
        let refusal =
            scene.http.post(path).bearer(&credential.token).json(&challenge).send().expect(400).json();
        assert_eq!(refusal["error_description"], "Invalid parameter authObjectID");
        for (id, said) in [
            (json!("nobody-s"), "Invalid parameter credentialID"),
            (json!(7), "Missing (or invalid type) string parameter credentialID"),
        ] {
            let body = json!({ "credentialID": id });
            let refusal = scene.csc(&credential.token, "credentials/sendOTP", &body).expect(400).json();
            assert_eq!(refusal["error_description"], said);
        }
    });
}

#[test]
fn an_address_is_the_seat_s_or_a_strict_one() {
    on_both(|scene| {
        let path = "/api/v1/tenants/acme/seats";
        let seat = json!({ "seat": "mary@acme", "email": "Mary@ACME.example" });
        scene.http.post(path).bearer(&scene.admin()).json(&seat).send().expect(201);
        let credential = scene.enrol(&Plan { seat: "mary@acme", ..mailed() }, Status::Created);
        let add = |credential: &Credential, body: Value| scene.step(credential, "second-factors", &body);
        let added = add(&credential, json!({ "type": "EMAIL_OTP", "lang": "es" })).expect(201).json();
        assert_eq!(added["address"], "M***@acme.example");
        assert!(scene.mail().letters("Mary@acme.example")[0].text.contains("minutos"));

        let credential = scene.enrol(&mailed(), Status::Created);
        for (body, pointer) in [
            (json!({ "type": "EMAIL_OTP" }), "/address"),
            (json!({ "type": "EMAIL_OTP", "address": "" }), "/address"),
            (json!({ "type": "EMAIL_OTP", "address": "+34600123456" }), "/address"),
            (
                json!({ "type": "EMAIL_OTP", "address": "j@acme.example\r\nBcc: eve@globex.example" }),
                "/address",
            ),
            (
                json!({ "type": "EMAIL_OTP", "address": "j@acme.example>\r\nRCPT TO:<eve@globex.example" }),
                "/address",
            ),
            (json!({ "type": "EMAIL_OTP", "address": "a@b.example, eve@globex.example" }), "/address"),
            (json!({ "type": "EMAIL_OTP", "address": ADDRESS, "value": "123456" }), "/value"),
            (json!({ "type": "OTP", "address": ADDRESS }), "/address"),
            (json!({ "type": "PIN", "value": "471193", "address": ADDRESS }), "/address"),
        ] {
            let refusal = refused(add(&credential, body.clone()), 400, "invalid_request");
            assert_eq!(refusal["errors"][0]["pointer"], pointer, "{body}");
        }
        refused(add(&credential, json!({ "type": "OTP" })), 422, "factor_not_required");
        assert_eq!(scene.mail().letters("eve@globex.example"), []);
    });
}

#[test]
fn a_code_works_once_for_five_minutes_and_the_next_replaces_it() {
    on_both(|scene| {
        let credential = scene.enrol(&mailed(), Status::Active);
        let invalid = |code: &str| {
            let refusal = authorize(scene, &credential, code).expect(400).json();
            assert_eq!(refusal["error"], "invalid_otp", "{refusal}");
        };
        let first = scene.sent_code(&credential);
        let second = scene.sent_code(&credential);
        if first != second {
            invalid(&first);
        }
        authorize(scene, &credential, &second).expect(200);
        invalid(&second);

        let third = scene.sent_code(&credential);
        scene.clock.advance(299);
        authorize(scene, &credential, &third).expect(200);
        let fourth = scene.sent_code(&credential);
        scene.clock.advance(300);
        invalid(&fourth);
    });
}

#[test]
fn a_wrong_code_counts_and_locks_and_a_locked_factor_is_sent_nothing() {
    on_both(|scene| {
        let plan = mailed().with(json!({ "maxAttempts": 2, "otp": { "digits": 8 } }));
        let credential = scene.enrol(&plan, Status::Active);
        let code = scene.sent_code(&credential);
        assert_eq!(code.len(), 8);
        let wrong = other_than(&code);
        for _ in 0..2 {
            assert_eq!(authorize(scene, &credential, &wrong).expect(400).json()["error"], "invalid_otp");
        }
        let letters = scene.mail().letters(ADDRESS).len();
        for reply in [authorize(scene, &credential, &code), send(scene, &credential)] {
            let refusal = reply.expect(400).json();
            assert_eq!(refusal["error_description"], "OTP locked", "{refusal}");
        }
        assert_eq!(scene.mail().letters(ADDRESS).len(), letters);
    });
}

#[test]
fn not_too_many_codes_go_out_also_at_once_and_across_addresses() {
    on_both(|scene| {
        let credential = scene.enrol(&mailed(), Status::Active);
        scene.clock.advance(3600);
        let before = scene.mail().letters(ADDRESS).len();
        let replies = at_once(8, || send(scene, &credential));
        let sent = statuses(&replies).iter().filter(|status| **status == 204).count();
        assert_eq!((sent, scene.mail().letters(ADDRESS).len() - before), (3, 3), "{:?}", statuses(&replies));
        let late = send(scene, &credential).expect(429);
        assert_eq!(late.header("retry-after"), Some("60"));
        assert_eq!(late.json()["error"], "temporarily_unavailable");
        for _ in 0..7 {
            scene.clock.advance(60);
            send(scene, &credential).expect(204);
        }
        scene.clock.advance(60);
        assert_eq!(send(scene, &credential).expect(429).header("retry-after"), Some("3120"));

        let credential = scene.enrol(&mailed(), Status::Created);
        let add = |address: &str| {
            scene.step(&credential, "second-factors", &json!({ "type": "EMAIL_OTP", "address": address }))
        };
        for address in ["a@acme.example", "b@acme.example", "c@acme.example"] {
            add(address).expect(201);
        }
        refused(add("d@acme.example"), 429, "rate_limited");
        let codes = ["a@acme.example", "b@acme.example", "c@acme.example"].map(|to| scene.mail().code(to));
        if codes[0] != codes[2] {
            refused(scene.confirm(&credential, &codes[0]), 422, "otp_mismatch");
        }
        scene.confirm(&credential, &codes[2]).expect(200);
        refused(add("a@acme.example"), 409, "already_exists");
    });
}

#[test]
fn what_is_not_delivered_costs_nothing() {
    on_both(|scene| {
        let credential = scene.enrol(&mailed(), Status::Active);
        for manner in [Manner::RefusingRecipients, Manner::RefusingLetters, Manner::HangingUp] {
            scene.clock.advance(3600);
            let code = scene.sent_code(&credential);
            scene.mail().set(manner);
            let failed = send(scene, &credential).expect(503);
            assert_eq!(failed.json()["error"], "temporarily_unavailable");
            assert_eq!(failed.header("retry-after"), Some("30"));
            let said = failed.text();
            for inside in ["5.1.1", "5.7.1", "nobody", "127.0.0.1", "smtp", "connection"] {
                assert!(!said.to_lowercase().contains(inside), "{manner:?}: {said}");
            }
            scene.mail().set(Manner::Good);
            // The code before is still good, and no attempt is gone.
            authorize(scene, &credential, &code).expect(200);
        }
        let credential = scene.enrol(&mailed(), Status::Created);
        scene.mail().set(Manner::HangingUp);
        refused(scene.add_sent(&credential, "EMAIL_OTP"), 503, "delivery_failed");
        scene.mail().set(Manner::Good);
        assert_eq!(scene.show(&credential)["nextStep"], "confirm_otp");
        scene.add_sent(&credential, "EMAIL_OTP").expect(201);
        scene.confirm(&credential, &scene.received_code(&credential)).expect(200);

        let events = scene
            .http
            .get("/api/v1/audit-events?action=credential.send_otp&limit=200")
            .bearer(&scene.admin());
        let events = events.send().expect(200).json();
        let outcomes: Vec<&Value> =
            events["items"].as_array().unwrap().iter().map(|e| &e["outcome"]).collect();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == "refused").count(), 4, "{events}");
    });
}

#[test]
fn a_mail_server_that_says_nothing_is_left_in_time() {
    let scene = Scene::of(World::configured(|config| {
        let mail = config.mail.take().unwrap();
        config.mail = Some(Mail { timeout: 1.try_into().unwrap(), ..mail });
    }));
    let credential = scene.enrol(&mailed(), Status::Active);
    scene.mail().set(Manner::Silent);
    assert_eq!(send(&scene, &credential).expect(503).json()["error"], "temporarily_unavailable");
    // As many as may be are waited for at once; the others are told so.
    scene.clock.advance(3600);
    let many: Vec<Credential> = {
        scene.mail().set(Manner::Good);
        let many = (0..12).map(|_| scene.enrol(&mailed(), Status::Active)).collect();
        scene.mail().set(Manner::Silent);
        many
    };
    let replies: Vec<Reply> = std::thread::scope(|threads| {
        let waiting: Vec<_> =
            many.iter().map(|credential| threads.spawn(|| send(&scene, credential))).collect();
        waiting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses(&replies), [503; 12]);
}

#[test]
fn of_parallel_uses_of_one_code_one_gets_a_sad() {
    on_both(|scene| {
        let credential = scene.enrol(&mailed().with(json!({ "maxAttempts": 10 })), Status::Active);
        let code = scene.sent_code(&credential);
        let replies = at_once(8, || authorize(scene, &credential, &code));
        let granted = statuses(&replies).iter().filter(|status| **status == 200).count();
        assert_eq!(granted, 1, "{:?}", statuses(&replies));
    });
}

#[test]
fn a_code_of_one_node_is_good_on_the_other() {
    let scene = Scene::two_nodes();
    let credential = scene.enrol(&mailed(), Status::Active);
    let code = scene.sent_code(&credential);
    let request = scene.second().post("/csc/v1/credentials/authorize").bearer(&credential.token);
    request.json(&authorization(&credential, &code)).send().expect(200);
    let again = authorize(&scene, &credential, &code).expect(400).json();
    assert_eq!(again["error"], "invalid_otp");
}

#[test]
fn a_gateway_gets_signed_messages() {
    on_both(|scene| {
        let secret = scene.set_gateway("acme");
        let plan = mailed().with(json!({ "secondFactors": ["SMS_OTP"] }));
        let credential = scene.enrol(&plan, Status::Active);
        let first = scene.gateway().posted().remove(0);
        assert!(first.is_signed_with(&secret));
        assert_eq!(first.path, "/sms?key=k");
        assert_eq!(first.header("content-type"), "application/json");
        assert_eq!(first.header("webhook-timestamp"), "1800000000");
        let body = first.json();
        let code = body["code"].as_str().unwrap();
        assert_eq!(
            body,
            json!({
                "type": "otp", "to": "+34600123456", "code": code, "lang": "en", "tenant": "acme", "expiresIn": 300,
                "text": format!(
                    "ACME: {code} is your one-time password for signing, for 5 minutes. Never pass it on."
                ),
            })
        );
        let sad = scene.authorize(&credential, 1, &[hash("one")]);
        scene.sign(&credential, &sad, &[hash("one")]).expect(200);
        let second = scene.gateway().posted().remove(1);
        assert_ne!(first.header("webhook-id"), second.header("webhook-id"));

        // Nothing but 2xx is a delivery, and nothing is followed.
        let elsewhere = format!("302 Found\r\nLocation: {}", scene.gateway().url());
        for answer in ["500 Oops", "400 No", &elsewhere] {
            scene.clock.advance(60);
            let before = scene.gateway().posted().len();
            scene.gateway().answer(answer);
            assert_eq!(send(scene, &credential).expect(503).json()["error"], "temporarily_unavailable");
            assert_eq!(scene.gateway().posted().len(), before + 1);
        }
        scene.gateway().answer("200 OK");
        scene.clock.advance(60);
        send(scene, &credential).expect(204);

        // Setting it anew makes a new secret; taking it away leaves nothing to send by.
        let renewed = scene.set_gateway("acme");
        scene.clock.advance(60);
        send(scene, &credential).expect(204);
        let last = scene.gateway().posted().pop().unwrap();
        assert!(last.is_signed_with(&renewed) && !last.is_signed_with(&secret));
        let tenant = scene.http.get("/api/v1/tenants/acme").bearer(&scene.admin()).send().expect(200);
        assert_eq!(tenant.json()["gateway"], json!({ "url": scene.gateway().url() }));
        assert!(!tenant.text().contains("whsec_"));
        let change = json!({ "gateway": null });
        let changed = scene.http.patch("/api/v1/tenants/acme").bearer(&scene.admin()).json(&change).send();
        assert_eq!(changed.expect(200).json()["gateway"], Value::Null);
        scene.clock.advance(60);
        assert_eq!(send(scene, &credential).expect(503).json()["error"], "temporarily_unavailable");
    });
}

#[test]
fn a_gateway_is_on_a_host_that_the_operator_allows() {
    on_both(|scene| {
        let set = |client: &str, gateway: Value| {
            let request = scene.http.patch("/api/v1/tenants/acme").bearer(&scene.token(client, ""));
            request.json(&json!({ "gateway": gateway })).send()
        };
        for url in [
            "https://sms.acme.example/",
            "http://127.0.0.1:1/",
            "https://u:p@127.0.0.1/",
            "ftp://127.0.0.1/",
            "127.0.0.1",
            "",
            &scene.gateway().url().replace("127.0.0.1", "169.254.169.254"),
        ] {
            let refusal = refused(set("admin", json!({ "url": url })), 400, "invalid_request");
            assert_eq!(refusal["errors"][0]["pointer"], "/gateway/url", "{url}");
        }
        let url = scene.gateway().url();
        refused(set("acme-admin", json!({ "url": url })), 403, "insufficient_permission");
        refused(set("admin", json!({ "url": url, "secret": "mine" })), 400, "unknown_field");
        set("admin", json!({ "url": url })).expect(200);
        let events =
            scene.http.get("/api/v1/audit-events?action=tenant.change").bearer(&scene.admin()).send();
        let events = events.expect(200);
        assert!(events.text().contains("gateway") && !events.text().contains("whsec_"), "{}", events.text());
    });
}

#[test]
fn what_cannot_be_sent_is_not_asked_for() {
    on_both(|scene| {
        let ask = |factors: Value| {
            let body =
                json!({ "name": "sent", "tenant": "acme", "type": "explicit", "secondFactors": factors });
            scene.http.post(CONFIGURATIONS).bearer(&scene.admin()).json(&body).send()
        };
        refused(ask(json!(["PIN", "SMS_OTP"])), 422, "delivery_not_configured");
        refused(ask(json!(["OTP", "EMAIL_OTP"])), 400, "invalid_request");
        scene.set_gateway("acme");
        ask(json!(["PIN", "SMS_OTP"])).expect(201);
    });
    let postgres = DatabaseUrl::parse(&postgres::database()).unwrap();
    let mute = Scene::of(World::configured(|config| {
        config.database = Database { url: postgres, ..config.database.clone() };
        config.mail = None;
        config.webhooks = Webhooks::default();
    }));
    let body =
        json!({ "name": "sent", "tenant": "acme", "type": "explicit", "secondFactors": ["EMAIL_OTP"] });
    let reply = mute.http.post(CONFIGURATIONS).bearer(&mute.admin()).json(&body).send();
    let refusal = refused(reply, 422, "delivery_not_configured");
    assert_eq!(refusal["errors"][0]["pointer"], "/secondFactors");
    for version in ["v1", "v2"] {
        let info = mute.http.get(&format!("/csc/{version}/info")).send().expect(200).json();
        assert!(!info["methods"].to_string().contains("sendOTP"), "{info}");
    }
}

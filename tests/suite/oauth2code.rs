//! Signatures that the signer authorises in the browser: codes, and the tokens of scope `credential` that they give.

use countersign::credential::oauth2code::look::{Demanded, look};
use countersign::credential::oauth2code::{check, redeem};
use countersign::credential::send_otp;
use countersign::model::error::{Code, Error};
use countersign::model::event::{Audited, Event};
use countersign::model::language::Language;
use countersign::model::lockout::LockState;
use countersign::model::secret::SecretText;
use countersign::model::user::UserStatus;
use serde_json::{Value, json};

use crate::support::browser::{Browser, actor, asked};
use crate::support::http::Reply;
use crate::support::people::Person;
use crate::support::scene::{Credential, Plan, Scene, Status, at_once, hash, on_both, signatures};

fn signer(scene: &Scene) -> Person {
    Person::new(scene, "acme", "jdoe", &[], &["jdoe@acme"])
}

fn pin() -> Plan {
    Plan::oauth2(json!(["PIN"]))
}

/// signHash by the bearer of a credential token, without a SAD.
fn sign(scene: &Scene, token: &str, credential: &Credential, hashes: &[Vec<u8>]) -> Reply {
    let mut body = scene.signing(credential, "", hashes);
    body.as_object_mut().unwrap().remove("SAD");
    scene.csc2(token, "signatures/signHash", &body)
}

#[track_caller]
fn said(reply: &Reply) -> String {
    reply.json()["error_description"].as_str().expect("a description").to_owned()
}

fn demanded(browser: &Browser, credential: &Credential) -> Demanded {
    let asked = asked(credential, 1, &[hash("one")]);
    look(browser.service(), &browser.call(&asked).unwrap(), &browser.answer(credential, &asked)).unwrap()
}

#[test]
fn a_code_becomes_a_token_which_signs_what_was_authorised_and_nothing_else() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::oauth2(json!(["PIN", "OTP"])), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let hashes = [hash("one"), hash("two"), hash("three")];
        let token = browser.token(&credential, 3, &hashes);

        let refused = sign(scene, &token, &credential, &[hash("four")]).expect(400);
        assert_eq!(said(&refused), "Hash is not authorized by the SAD");
        assert_eq!(signatures(&sign(scene, &token, &credential, &hashes[..1]).expect(200)).len(), 1);
        // In v1 too, and with the token as the SAD.
        let body = scene.signing(&credential, &token, &hashes[1..2]);
        scene.csc(&token, "signatures/signHash", &body).expect(200);
        let body = scene.signing(&credential, "another", &hashes[2..]);
        assert_eq!(
            said(&scene.csc(&token, "signatures/signHash", &body).expect(400)),
            "Invalid parameter SAD"
        );
        sign(scene, &token, &credential, &hashes[2..]).expect(200);

        let spent = sign(scene, &token, &credential, &hashes[2..]).expect(401);
        assert_eq!(spent.json()["error"], "invalid_token");
        let body = scene.signing(&credential, &token, &hashes[2..]);
        let as_sad = scene.csc(&credential.token, "signatures/signHash", &body).expect(400);
        assert_eq!(said(&as_sad), "Invalid parameter SAD");
    });
}

#[test]
fn a_token_is_for_one_credential_and_its_few_methods() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let other = scene.enrol(&pin(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let token = browser.token(&credential, 2, &[hash("one")]);

        let info = json!({ "credentialID": credential.id, "authInfo": true });
        let shown = scene.csc(&token, "credentials/info", &info).expect(200).json();
        assert_eq!((&shown["authMode"], &shown["SCAL"]), (&json!("oauth2code"), &json!("2")));
        assert!(shown.get("PIN").is_none() && shown.get("OTP").is_none(), "{shown}");
        let shown = scene.csc2(&token, "credentials/info", &info).expect(200).json();
        assert_eq!(shown["auth"], json!({ "mode": "oauth2code", "objects": [] }));

        let info = json!({ "credentialID": other.id });
        for reply in
            [scene.csc(&token, "credentials/info", &info), sign(scene, &token, &other, &[hash("one")])]
        {
            assert_eq!(said(&reply.expect(400)), "Invalid parameter credentialID");
        }
        let body = scene.authorization(&other, 1, &[hash("one")]);
        for (method, body) in [
            ("credentials/list", json!({})),
            ("credentials/authorize", body),
            ("credentials/extendTransaction", json!({ "credentialID": credential.id, "SAD": token })),
            ("auth/revoke", json!({ "token": token })),
        ] {
            for reply in [scene.csc(&token, method, &body), scene.csc2(&token, method, &body)] {
                assert_eq!(reply.expect(401).json()["error"], "invalid_token", "{method}");
            }
        }
        scene.http.get(&credential.path).bearer(&token).send().expect(401);
        sign(scene, &token, &credential, &[hash("one")]).expect(200);
    });
}

#[test]
fn with_a_service_token_the_token_is_the_sad() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let hashes = [hash("one"), hash("two"), hash("three")];
        let token = browser.token(&credential, 3, &hashes[..2]);
        let ask = |service: &str, sad: &str, hash: &Vec<u8>| {
            let body = scene.signing(&credential, sad, std::slice::from_ref(hash));
            scene.csc(service, "signatures/signHash", &body)
        };
        for client in ["stranger", "any-seat"] {
            let extra = if client == "stranger" { json!([]) } else { json!(["credentials:use-any-seat"]) };
            scene.client(json!({
                "clientId": client, "roles": ["application"], "tenants": ["acme"], "permissions": extra,
            }));
        }
        let stranger = scene.token("stranger", "seat:jdoe@acme tenant:acme");
        assert_eq!(said(&ask(&stranger, &token, &hashes[0]).expect(400)), "Invalid parameter SAD");
        let other_seat = scene.token("acme", "seat:mroe@acme tenant:acme");
        assert_eq!(said(&ask(&other_seat, &token, &hashes[0]).expect(400)), "Invalid parameter credentialID");

        ask(&credential.token, &token, &hashes[0]).expect(200);
        let body = json!({
            "credentialID": credential.id, "SAD": token, "hash": crate::support::scene::base64_all(&hashes[2..]),
        });
        let extended =
            scene.csc(&credential.token, "credentials/extendTransaction", &body).expect(200).json();
        let next = extended["SAD"].as_str().unwrap();
        assert_eq!(
            sign(scene, &token, &credential, &hashes[2..]).expect(401).json()["error"],
            "invalid_token"
        );
        assert_eq!(
            said(&ask(&credential.token, next, &hashes[1]).expect(400)),
            "Hash is not authorized by the SAD"
        );
        sign(scene, next, &credential, &hashes[2..]).expect(200);

        // A client that may act for any seat need not name one.
        let browser = Browser::new(scene, &signer_of(scene, "mary"), "any-seat");
        let token = browser.token(&credential, 1, &hashes[..1]);
        let service = scene.token("any-seat", "tenant:acme");
        ask(&service, &token, &hashes[0]).expect(200);
    });
}

fn signer_of(scene: &Scene, name: &str) -> Person {
    Person::new(scene, "acme", name, &[], &["jdoe@acme"])
}

#[test]
fn of_many_callers_with_one_token_each_signature_is_for_one() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let token = browser.token(&credential, 2, &[hash("one"), hash("one")]);
        let replies = at_once(20, || sign(scene, &token, &credential, &[hash("one")]));
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 2);
        assert!(replies.iter().all(|reply| [200, 400, 401].contains(&reply.status)));
    });
}

#[test]
fn a_code_is_good_once_for_a_minute_for_its_client() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let refused = |outcome: Result<String, Error>| outcome.err().map(|error| error.code());
        let hashes = [hash("one")];

        let code = browser.authorize(&credential, 1, &hashes).unwrap();
        assert_eq!(refused(browser.redeem_as("acme-admin", &code)), Some(Code::InvalidGrant));
        // What waits for the code signs nothing, and is no handle.
        let text = code.octets.text();
        sign(scene, text.expose(), &credential, &hashes).expect(401);
        let handle = json!({ "handle": text.expose() });
        let reply = scene.csc2(&credential.token, "credentials/authorizeCheck", &handle).expect(400);
        assert_eq!(said(&reply), "Invalid parameter handle");
        let redeemed = at_once(4, || browser.redeem(&code).ok());
        let tokens: Vec<String> = redeemed.into_iter().flatten().collect();
        assert_eq!(tokens.len(), 1);
        assert_eq!(refused(browser.redeem(&code)), Some(Code::InvalidGrant));

        // Who sees the code again ends what it gave.
        let (id, service) = (code.authorization.clone(), browser.service());
        let ended = service.store.write(actor(scene), move |tx| {
            let ended = redeem::end(tx, &id)?;
            Ok(Audited::new(ended, Event::done("code.replay", "test")))
        });
        redeem::forget(service, &ended.unwrap().expect("an open one"));
        sign(scene, &tokens[0], &credential, &hashes).expect(401);

        let code = browser.authorize(&credential, 1, &hashes).unwrap();
        scene.clock.advance(60);
        assert_eq!(refused(browser.redeem(&code)), Some(Code::InvalidGrant));

        let token = browser.token(&credential, 1, &hashes);
        scene.clock.advance(300);
        assert_eq!(sign(scene, &token, &credential, &hashes).expect(401).json()["error"], "expired_token");
        let body = scene.signing(&credential, &token, &hashes);
        let as_sad = scene.csc(&credential.token, "signatures/signHash", &body).expect(400);
        assert_eq!(said(&as_sad), "SAD expired");
    });
}

#[test]
fn wrong_factors_are_counted_and_what_is_beside_fails_with_all_of_it() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let asked = asked(&credential, 1, &[hash("one")]);
        let submit = |pin: Option<&str>| {
            let mut request = browser.answer(&credential, &asked);
            request.pin = pin.map(SecretText::new);
            browser.submit(&asked, request, |_, _| Ok(())).err().map(|error| error.code())
        };
        assert_eq!(submit(None), Some(Code::FactorMissing));
        for _ in 0..4 {
            assert_eq!(submit(Some("000000")), Some(Code::InvalidPin));
        }
        let request = browser.answer(&credential, &asked);
        let refused = browser.submit(&asked, request, |_, _| Err(Error::not_found()));
        assert_eq!(refused.err().map(|error| error.code()), Some(Code::NotFound));
        assert_eq!(demanded(&browser, &credential).lock, LockState::Open);
        // The run was as it had been: the fifth failure locks.
        assert_eq!(submit(Some("000000")), Some(Code::InvalidPin));
        assert_eq!(submit(Some("471193")), Some(Code::FactorLocked));
        assert_eq!(demanded(&browser, &credential).lock, LockState::Locked(900));
        scene.clock.advance(900);
        browser.token(&credential, 1, &[hash("one")]);
        for _ in 0..4 {
            assert_eq!(submit(Some("000000")), Some(Code::InvalidPin));
        }
        assert_eq!(submit(Some("471193")), None);
    });
}

#[test]
fn nobody_takes_the_other_way_than_the_configuration_s() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::oauth2(json!(["PIN", "EMAIL_OTP"])), Status::Active);
        let body = json!({
            "credentialID": credential.id, "numSignatures": 1, "PIN": "471193", "OTP": "123456",
            "hash": crate::support::scene::base64_all(&[hash("one")]),
        });
        let challenge = json!({ "credentialID": credential.id, "authObjectID": "OTP" });
        for reply in [
            scene.csc(&credential.token, "credentials/authorize", &body),
            scene.csc2(&credential.token, "credentials/authorize", &body),
            scene.csc(&credential.token, "credentials/sendOTP", &challenge),
            scene.csc2(&credential.token, "credentials/sendOTP", &challenge),
            scene.csc2(&credential.token, "credentials/getChallenge", &challenge),
        ] {
            let reply = reply.expect(400);
            assert_eq!(reply.json()["error"], "invalid_request");
            assert!(said(&reply).contains("oauth2/authorize with scope=credential"), "{}", said(&reply));
        }

        let explicit = scene.enrol(&Plan::pin_only(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let refused = browser.authorize(&explicit, 1, &[hash("one")]).err().expect("a refusal");
        assert_eq!(refused.code(), Code::InvalidRequest);
        assert!(refused.detail().contains("credentials/authorize"), "{refused}");
    });
}

#[test]
fn the_credential_is_one_of_the_signer_s_own_and_the_only_one_where_none_is_named() {
    on_both(|scene| {
        let browser = Browser::new(scene, &signer(scene), "acme");
        let credential = scene.enrol(&pin(), Status::Active);
        scene.enrol(&Plan::pin_only(), Status::Active);
        scene.enrol(&pin(), Status::AwaitingCertificate);
        let others = scene.enrol(&Plan { seat: "mroe@acme", ..pin() }, Status::Active);
        let named = asked(&credential, 1, &[hash("one")]);
        let refused = |asked: &_| browser.call(asked).err().map(|error| error.code());
        assert_eq!(refused(&asked(&others, 1, &[hash("one")])), Some(Code::NotFound));

        let mut unnamed = named.clone();
        unnamed.credential = None;
        let call = browser.call(&unnamed).unwrap();
        assert_eq!(call.principal.seat().map(ToString::to_string).as_deref(), Some("jdoe@acme"));
        scene.enrol(&pin(), Status::Active);
        assert_eq!(refused(&unnamed), Some(Code::InvalidRequest));
        unnamed.qualifier = Some("eu_eidas_qes".to_owned());
        assert_eq!(refused(&unnamed), Some(Code::InvalidRequest));

        // The application has to be one that may use credentials of the signer's tenant.
        let person = signer_of(scene, "mary");
        for client in ["acme-auditor", "globex", "nobody"] {
            let refused = Browser::new(scene, &person, client).call(&named).expect_err(client);
            assert_eq!(refused.code(), Code::UnauthorizedClient, "{client}");
            scene.clock.advance(1);
        }
    });
}

#[test]
fn what_makes_no_sense_is_refused_before_anybody_types_anything() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan { multi_signature: 2, ..pin() }, Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let refused = |signatures: u32, hashes: &[Vec<u8>]| {
            let asked = asked(&credential, signatures, hashes);
            let early = check(&asked).err().map(|error| error.code());
            let request = browser.answer(&credential, &asked);
            let late = look(browser.service(), &browser.call(&asked).unwrap(), &request).err();
            (early, late.map(|error| error.code()))
        };
        assert_eq!(refused(0, &[]).0, Some(Code::InvalidNumSignatures));
        assert_eq!(refused(1, &[hash("one"), hash("two")]).0, Some(Code::InvalidNumSignatures));
        assert_eq!(refused(1, &[vec![1; 31]]).0, Some(Code::InvalidDigestLength));
        assert_eq!(refused(3, &[hash("one")]), (None, Some(Code::TooManySignatures)));
        assert_eq!(refused(1, &[]), (None, Some(Code::HashesRequired)));
        assert_eq!(refused(2, &[hash("one")]), (None, None));

        let demanded = demanded(&browser, &credential);
        assert_eq!(demanded.common_name.as_deref(), Some("John Doe"));
        assert!(demanded.pin.is_some() && demanded.one_time_password.is_none() && !demanded.is_nothing());
    });
}

#[test]
fn codes_are_sent_from_the_page() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::oauth2(json!(["PIN", "EMAIL_OTP"])), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let asked = asked(&credential, 1, &[hash("one")]);
        let call = browser.call(&asked).unwrap();
        let id = &browser.answer(&credential, &asked).credential;
        let sent = demanded(&browser, &credential).one_time_password.unwrap().sent.unwrap();
        assert_eq!((sent.address.as_str(), sent.good_until), ("j***@acme.example", None));
        scene.clock.advance(20);
        send_otp::send(browser.service(), &call, id, Language::Spanish).unwrap();
        let sent = demanded(&browser, &credential).one_time_password.unwrap().sent.unwrap();
        assert!(sent.good_until.is_some());

        let mut request = browser.answer(&credential, &asked);
        request.otp = Some(SecretText::new(scene.received_code(&credential)));
        let code = browser.submit(&asked, request, |_, _| Ok(())).unwrap();
        let token = browser.redeem(&code).unwrap();
        sign(scene, &token, &credential, &[hash("one")]).expect(200);
    });
}

#[test]
fn a_credential_without_factors_of_its_own_signs_too() {
    on_both(|scene| {
        let plan = Plan::oauth2(json!([])).with(json!({ "scal": "1" }));
        let credential = scene.enrol(&plan, Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        assert!(demanded(&browser, &credential).is_nothing());
        let token = browser.token(&credential, 1, &[]);
        sign(scene, &token, &credential, &[hash("any")]).expect(200);
    });
}

#[test]
fn signatures_that_wait_are_spent_too_and_collected_by_who_had_them_made() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let browser = Browser::new(scene, &signer(scene), "acme");
        let token = browser.token(&credential, 1, &[hash("one")]);
        let mut body = scene.signing(&credential, &token, &[hash("one")]);
        body["operationMode"] = "A".into();
        let kept = scene.csc2(&token, "signatures/signHash", &body).expect(200).json();
        scene.csc2(&token, "signatures/signHash", &body).expect(401);
        let poll = json!({ "requestID": kept["responseID"] });
        let collected = scene.csc2(&credential.token, "signatures/signPolling", &poll).expect(200);
        assert_eq!(signatures(&collected).len(), 1);
    });
}

#[test]
fn a_token_is_told_of_to_its_client_and_ends_when_it_is_revoked() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let person = signer(scene);
        let browser = Browser::new(scene, &person, "acme");
        let hashes = [hash("one"), hash("two")];
        let token = browser.token(&credential, 2, &hashes);
        let ask = |client: &str, path: &str| {
            let request = scene.http.post(path).basic(client, &scene.secret(client));
            request.form(&[("token", token.as_str())]).send()
        };
        scene.client(json!({ "clientId": "stranger", "roles": ["application"], "tenants": ["acme"] }));
        for client in ["acme", "acme-admin"] {
            let facts = ask(client, "/oauth2/introspect").expect(200).json();
            assert_eq!(facts["active"], true, "{client}: {facts}");
            assert_eq!(
                (&facts["scope"], &facts["client_id"], &facts["username"], &facts["credentialID"]),
                (&json!("credential"), &json!("acme"), &json!("jdoe"), &json!(credential.id))
            );
            assert_eq!((&facts["sub"], &facts["numSignatures"]), (&json!(person.id.as_str()), &json!(2)));
            let checked = ask(client, "/oauth2/check_token").expect(200).json();
            assert_eq!((&checked["scope"], &checked["seat"]), (&json!(["credential"]), &json!("jdoe@acme")));
        }
        let hidden = json!({ "active": false });
        assert_eq!(ask("stranger", "/oauth2/introspect").expect(200).json(), hidden);
        assert_eq!(ask("stranger", "/oauth2/check_token").expect(400).json()["error"], "invalid_token");
        ask("stranger", "/oauth2/revoke").expect(400);
        sign(scene, &token, &credential, &hashes[..1]).expect(200);

        ask("acme", "/oauth2/revoke").expect(200);
        assert_eq!(ask("acme", "/oauth2/introspect").expect(200).json(), hidden);
        assert_eq!(
            sign(scene, &token, &credential, &hashes[1..]).expect(401).json()["error"],
            "invalid_token"
        );

        let token = browser.token(&credential, 1, &hashes[..1]);
        let body = json!({ "token": token });
        scene.csc(&credential.token, "auth/revoke", &body).expect(204);
        sign(scene, &token, &credential, &hashes[..1]).expect(401);
    });
}

#[test]
fn a_token_ends_with_its_signer_and_its_application() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let person = signer(scene);
        let hashes = [hash("one")];
        let token = Browser::new(scene, &person, "acme").token(&credential, 1, &hashes);
        let change = |path: &str, body: Value| {
            scene.http.patch(path).bearer(&scene.admin()).json(&body).send().expect(200);
        };
        change("/api/v1/clients/acme", json!({ "status": "disabled" }));
        sign(scene, &token, &credential, &hashes).expect(401);
        change("/api/v1/clients/acme", json!({ "status": "active" }));

        let token = Browser::new(scene, &signer_of(scene, "mary"), "acme").token(&credential, 1, &hashes);
        change("/api/v1/tenants/acme", json!({ "status": "suspended" }));
        sign(scene, &token, &credential, &hashes).expect(401);
        change("/api/v1/tenants/acme", json!({ "status": "active" }));

        let last = signer_of(scene, "last");
        let token = Browser::new(scene, &last, "acme").token(&credential, 1, &hashes);
        last.set_status(scene, UserStatus::Disabled);
        sign(scene, &token, &credential, &hashes).expect(401);
    });
}

#[test]
fn what_ends_the_tokens_of_a_client_ends_these_too_for_good() {
    on_both(|scene| {
        let credential = scene.enrol(&pin(), Status::Active);
        let person = signer(scene);
        let end: [(&str, &dyn Fn()); 4] = [
            ("by client", &|| revoke(scene, &json!({ "clientId": "acme" }))),
            ("by user", &|| revoke(scene, &json!({ "user": "jdoe", "tenant": "acme" }))),
            ("by seat", &|| revoke(scene, &json!({ "seat": "jdoe@acme" }))),
            ("a suspension that is over", &|| {
                for status in ["suspended", "active"] {
                    let request = scene.http.patch("/api/v1/tenants/acme").bearer(&scene.admin());
                    request.json(&json!({ "status": status })).send().expect(200);
                }
            }),
        ];
        for (how, end) in end {
            // Each ends the session too, or may.
            let browser = Browser::new(scene, &person, "acme");
            let token = browser.token(&credential, 2, &[hash("one"), hash("two")]);
            sign(scene, &token, &credential, &[hash("one")]).expect(200);
            end();
            let reply = sign(scene, &token, &credential, &[hash("two")]);
            assert_eq!(reply.status, 401, "{how}: {}", reply.text());
            scene.clock.advance(1);
        }
    });
}

fn revoke(scene: &Scene, whose: &Value) {
    scene.http.post("/api/v1/tokens/revoke").bearer(&scene.admin()).json(whose).send().expect(200);
}

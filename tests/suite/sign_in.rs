//! How users show who they are, whichever door they come through.

use std::net::IpAddr;
use std::thread;

use countersign::identity::sign_in::{self, Origin, Presented, SignIn, SignedIn};
use countersign::model::error::{Code, Error};
use countersign::model::id::ClientId;
use countersign::model::permission::TenantReach;
use countersign::model::secret::SecretText;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::support::world::{World, on_each_database};

const PASSWORD: &str = "four plain words here";

#[test]
fn a_user_signs_in_by_name_or_address() {
    on_each_database(|world| {
        world.tenant("acme");
        make(world, json!({ "name": "jdoe", "email": "J.Doe@acme.example", "password": PASSWORD }));
        for name in ["jdoe", "JDoe", " j.doe@ACME.example "] {
            let user = done(try_in(world, name, PASSWORD)).user;
            assert_eq!((user.name.as_str(), user.tenant.as_str()), ("jdoe", "acme"));
        }
        let events = audit(world);
        assert_eq!(events.len(), 3);
        let details = &events[0]["details"];
        assert_eq!((&events[0]["outcome"], &details["client"]), (&json!("done"), &json!("portal")));
        assert_eq!((&details["address"], &details["name"]), (&json!("192.0.2.1"), &json!("jdoe")));
    });
}

#[test]
fn whatever_is_wrong_is_answered_alike() {
    on_each_database(|world| {
        world.tenant("acme");
        world.tenant("beta");
        let change = |path: &str, body: Value| {
            world.http.patch(path).bearer(&world.admin_token()).json(&body).send().expect(200);
        };
        make(world, json!({ "name": "right", "tenant": "acme", "password": PASSWORD }));
        make(world, json!({ "name": "off", "tenant": "acme", "password": PASSWORD, "status": "disabled" }));
        make(world, json!({ "name": "bare", "tenant": "acme" }));
        let gone = make(world, json!({ "name": "gone", "tenant": "acme", "password": PASSWORD }));
        world.http.delete(&gone).bearer(&world.admin_token()).send().expect(204);
        for tenant in ["acme", "beta"] {
            make(world, json!({ "name": "both", "tenant": tenant, "password": PASSWORD }));
        }
        done(try_in(world, "right", PASSWORD));
        let cases = [
            ("right", "four plain words her", "wrong password"),
            ("nobody", PASSWORD, "no such user"),
            ("off", PASSWORD, "the user is disabled"),
            ("bare", PASSWORD, "no password is set"),
            ("bare", "", "no password is set"),
            ("gone", PASSWORD, "the user is deleted"),
            ("both", PASSWORD, "the name is that of users of several tenants"),
        ];
        for (name, password, reason) in cases {
            let error = try_in(world, name, password).unwrap_err();
            assert_eq!(error.code(), Code::InvalidGrant, "{reason}");
            assert_eq!(error.detail(), "The user name or the password is wrong.", "{reason}");
            let event = audit(world).pop().unwrap();
            assert_eq!((&event["outcome"], &event["details"]["reason"]), (&json!("refused"), &json!(reason)));
            assert!(!event.to_string().contains(PASSWORD));
        }
        // Where the tenant is named there is only one of them.
        let acme = TenantReach::parse(&["acme".to_owned()]).unwrap();
        done(attempt(world, acme, "both", PASSWORD, None, 1));
        let beta = TenantReach::parse(&["beta".to_owned()]).unwrap();
        let elsewhere = attempt(world, beta, "right", PASSWORD, None, 1).unwrap_err();
        assert_eq!(elsewhere.code(), Code::InvalidGrant);

        change("/api/v1/tenants/acme", json!({ "status": "suspended" }));
        assert_eq!(try_in(world, "right", PASSWORD).unwrap_err().code(), Code::InvalidGrant);
        change("/api/v1/tenants/acme", json!({ "status": "active" }));
        done(try_in(world, "right", PASSWORD));
    });
}

#[test]
fn guessing_gets_slower_and_shuts_nobody_out() {
    on_each_database(|world| {
        world.tenant("acme");
        for name in ["known", "new"] {
            make(world, json!({ "name": name, "password": PASSWORD }));
        }
        done(try_in(world, "known", PASSWORD));
        for name in ["known", "new", "nobody"] {
            // From here and there: each address has its own count.
            for guess in 0..6 {
                let error =
                    attempt(world, TenantReach::All, name, &format!("guess number {guess}"), None, guess);
                assert_eq!(error.unwrap_err().code(), Code::InvalidGrant, "{name}, {guess}");
            }
            let held = try_in(world, name, "guess number 6").unwrap_err();
            assert_eq!((held.code(), held.retry_after_seconds()), (Code::RateLimited, Some(1)), "{name}");
        }
        // What passed before is not held; what did not waits, and not for long.
        done(try_in(world, "known", PASSWORD));
        assert_eq!(try_in(world, "new", PASSWORD).unwrap_err().code(), Code::RateLimited);
        world.clock.advance(1);
        done(try_in(world, "new", PASSWORD));
        // A new password is another one: the failures were not at it.
        let path = make(world, json!({ "name": "third", "password": PASSWORD }));
        for _ in 0..6 {
            try_in(world, "third", "a wrong password").unwrap_err();
        }
        let new = json!({ "password": "four other words here" });
        world
            .http
            .post(&format!("{path}/password"))
            .bearer(&world.admin_token())
            .json(&new)
            .send()
            .expect(204);
        done(try_in(world, "third", "four other words here"));
        assert_eq!(try_in(world, "third", PASSWORD).unwrap_err().code(), Code::InvalidGrant);
    });
}

#[test]
fn an_address_that_fails_on_waits_and_those_who_are_known_do_not() {
    let world = World::sqlite();
    world.tenant("acme");
    make(&world, json!({ "name": "known", "password": PASSWORD }));
    done(try_in(&world, "known", PASSWORD));
    for guess in 0..30 {
        try_in(&world, &format!("nobody{guess}"), PASSWORD).unwrap_err();
    }
    let held = try_in(&world, "somebody", PASSWORD).unwrap_err();
    assert_eq!((held.code(), held.retry_after_seconds()), (Code::RateLimited, Some(2)));
    done(try_in(&world, "known", PASSWORD));
}

#[test]
fn a_code_is_asked_for_after_a_right_password_and_good_once() {
    on_each_database(|world| {
        world.tenant("acme");
        let path = make(world, json!({ "name": "jdoe", "password": PASSWORD }));
        let admin = world.admin_token();
        let post = |step: &str, body: &Value| {
            world.http.post(&format!("{path}/{step}")).bearer(&admin).json(body).send()
        };
        let nothing = post("otp/confirm", &json!({ "value": "123456" })).expect(409).json();
        assert_eq!(nothing["code"], "invalid_state");
        post("otp", &json!({})).expect(201);
        // Not asked for before it is confirmed; and replaced until then.
        done(try_in(world, "jdoe", PASSWORD));
        let shown = post("otp", &json!({})).expect(201).json();
        assert_eq!((&shown["user"], &shown["confirmed"]), (&json!("jdoe"), &json!(false)));
        assert!(shown["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,"));
        let authenticator = Totp::from_url(shown["uri"].as_str().unwrap()).unwrap();
        let code = || {
            world.clock.advance(30);
            authenticator.generate(u64::try_from(world.clock.now().seconds()).unwrap()).to_string()
        };
        let first = code();
        let wrong = if first == "000000" { "000001" } else { "000000" };
        assert_eq!(
            post("otp/confirm", &json!({ "value": wrong })).expect(422).json()["code"],
            "otp_mismatch"
        );
        assert_eq!(
            post("otp/confirm", &json!({ "value": first })).expect(200).json(),
            json!({ "confirmed": true })
        );
        post("otp", &json!({})).expect(409);
        let user = world.http.get(&path).bearer(&admin).send().expect(200);
        assert_eq!(user.json()["otp"], "confirmed");
        assert!(!user.text().contains(shown["secret"].as_str().unwrap()));

        let with =
            |password: &str, code: Option<&str>| attempt(world, TenantReach::All, "jdoe", password, code, 1);
        let SignIn::OtpNeeded(seen) = with(PASSWORD, None).unwrap() else { panic!("no code was asked for") };
        assert_eq!(with("a wrong password", None).unwrap_err().code(), Code::InvalidGrant);
        // A right code makes no wrong password better.
        assert_eq!(with("a wrong password", Some(&code())).unwrap_err().code(), Code::InvalidGrant);
        assert!(matches!(with(PASSWORD, Some(&first)).unwrap(), SignIn::OtpWrong(_)), "it confirmed");
        let good = code();
        done(with(PASSWORD, Some(&good)));
        assert!(matches!(with(PASSWORD, Some(&good)).unwrap(), SignIn::OtpWrong(_)), "used");

        // The same code at the same time is good once, in one step or in two.
        let good = code();
        let outcomes: Vec<bool> = thread::scope(|scope| {
            let (with, good, seen) = (&with, &good, &seen);
            let asked: Vec<_> = (0..4)
                .map(|at| {
                    scope.spawn(move || match at % 2 {
                        0 => with(PASSWORD, Some(good)),
                        _ => sign_in::with_code(
                            &world.app.service,
                            &origin(world, 1),
                            seen,
                            &SecretText::new(good.clone()),
                        ),
                    })
                })
                .collect();
            asked.into_iter().map(|done| matches!(done.join().unwrap(), Ok(SignIn::Done(_)))).collect()
        });
        assert_eq!(outcomes.iter().filter(|done| **done).count(), 1, "{outcomes:?}");

        // Codes are not guessed at leisure either.
        let failures =
            (0..20).take_while(|_| matches!(with(PASSWORD, Some("000000")), Ok(SignIn::OtpWrong(_))));
        assert!(failures.count() <= 6);
        assert_eq!(with(PASSWORD, Some("000000")).unwrap_err().code(), Code::RateLimited);

        world.http.delete(&format!("{path}/otp")).bearer(&admin).send().expect(204);
        world.http.delete(&format!("{path}/otp")).bearer(&admin).send().expect(404);
        done(with(PASSWORD, None));
        // What was seen of the user before is seen no more.
        let stale = sign_in::with_code(&world.app.service, &origin(world, 1), &seen, &SecretText::new("1"));
        assert_eq!(stale.unwrap_err().code(), Code::InvalidGrant);
    });
}

#[test]
fn what_is_issued_is_issued_for_the_user_who_signed_in() {
    on_each_database(|world| {
        world.tenant("acme");
        let path = make(world, json!({ "name": "jdoe", "password": PASSWORD }));
        let seen = done(try_in(world, "jdoe", PASSWORD)).seen();
        let stands = || {
            let seen = seen.clone();
            world.app.service.store.bookkeep(world.clock.now(), move |tx| seen.stands(tx))
        };
        stands().unwrap();
        let change = json!({ "status": "disabled" });
        world.http.patch(&path).bearer(&world.admin_token()).json(&change).send().expect(200);
        assert_eq!(stands().unwrap_err().code(), Code::Conflict);
    });
}

/// Makes a user; its path.
fn make(world: &World, record: Value) -> String {
    let made = world.http.post("/api/v1/users").bearer(&world.admin_token()).json(&record).send().expect(201);
    made.header("location").unwrap().to_owned()
}

fn try_in(world: &World, name: &str, password: &str) -> Result<SignIn, Error> {
    attempt(world, TenantReach::All, name, password, None, 1)
}

fn attempt(
    world: &World,
    tenants: TenantReach,
    name: &str,
    password: &str,
    otp: Option<&str>,
    host: u8,
) -> Result<SignIn, Error> {
    let presented = Presented {
        tenants,
        name: name.to_owned(),
        password: SecretText::new(password),
        otp: otp.map(SecretText::new),
    };
    sign_in::sign_in(&world.app.service, &world.app.oauth.slow_checks, &origin(world, host), &presented)
}

fn origin(world: &World, host: u8) -> Origin {
    Origin {
        client: Some(ClientId::parse("portal").unwrap()),
        address: IpAddr::from([192, 0, 2, host]),
        request_id: None,
        at: world.clock.now(),
    }
}

#[track_caller]
fn done(outcome: Result<SignIn, Error>) -> SignedIn {
    match outcome.unwrap() {
        SignIn::Done(signed_in) => signed_in,
        other => panic!("{other:?}"),
    }
}

/// The events of sign-ins, oldest first.
fn audit(world: &World) -> Vec<Value> {
    let auditor = world.app.service.store.read(world.clock.now(), |tx| {
        countersign::store::events::list(
            tx,
            &TenantReach::All,
            &countersign::store::events::EventFilter {
                action: Some("user.sign_in".to_owned()),
                ..Default::default()
            },
            &countersign::store::page::Page::new(Some(200), None)?,
        )
    });
    let events = auditor.unwrap().items;
    events.into_iter().map(|event| json!({ "outcome": event.outcome, "details": event.details })).collect()
}

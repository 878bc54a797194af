//! Signers who set up PIN and OTP themselves, behind a link that their application hands them.

use std::cell::RefCell;

use serde_json::{Value, json};
use totp_rs::Totp;

use crate::support::http::{Http, Reply};
use crate::support::scene::{
    Credential, PIN, Plan, Scene, Status, at_once, hash, on_both, signatures, statuses,
};
use crate::support::world::World;

/// A signer's browser on the page of one link: it keeps its cookie and goes where it is sent.
struct Browser {
    http: Http,
    path: String,
    cookie: RefCell<Option<String>>,
}

impl Browser {
    fn at(scene: &Scene, path: &str) -> Browser {
        Browser { http: scene.http.clone(), path: path.to_owned(), cookie: RefCell::default() }
    }

    /// Another window of the same browser, perhaps on another link.
    fn window(&self, path: &str) -> Browser {
        Browser { http: self.http.clone(), path: path.to_owned(), cookie: self.cookie.clone() }
    }

    fn look(&self) -> Reply {
        let request = self.http.get(&self.path);
        let request = match &*self.cookie.borrow() {
            Some(cookie) => request.header("cookie", &format!("other=1; {cookie}")),
            None => request,
        };
        let reply = request.send();
        self.keep(&reply);
        reply
    }

    /// Sends a form, and follows where it leads.
    fn send(&self, fields: &[(&str, &str)]) -> Reply {
        let reply = self.post(fields);
        if reply.status != 303 {
            return reply;
        }
        let location = reply.header("location").expect("a location");
        assert_eq!(format!("/enrolment/{location}"), self.path);
        self.look()
    }

    fn post(&self, fields: &[(&str, &str)]) -> Reply {
        let request = self.http.post(&self.path).header("sec-fetch-site", "same-origin").form(fields);
        let cookie = self.cookie.borrow().clone();
        let reply = match cookie {
            Some(cookie) => request.header("cookie", &cookie).send(),
            None => request.send(),
        };
        self.keep(&reply);
        reply
    }

    fn keep(&self, reply: &Reply) {
        if let Some(set) = reply.header("set-cookie") {
            *self.cookie.borrow_mut() = set.split(';').next().map(str::to_owned);
        }
    }

    fn begin(&self) -> String {
        self.look().expect(200);
        is_sound(&self.send(&[("step", "begin")]).expect(200))
    }

    fn set_pin(&self, pin: &str) -> Reply {
        self.send(&[("step", "pin"), ("pin", pin), ("again", pin)])
    }

    fn confirm(&self, code: &str) -> Reply {
        self.send(&[("step", "confirm"), ("code", code)])
    }
}

/// Asks for a link as the application; its path.
#[track_caller]
fn link(scene: &Scene, credential: &Credential) -> String {
    path(&scene.step(credential, "enrolment-link", &json!({})).expect(201).json())
}

#[track_caller]
fn path(made: &Value) -> String {
    let url = made["url"].as_str().expect("a URL");
    url.strip_prefix("http://localhost:8080").expect("the public URL").to_owned()
}

/// What the page shows for scanning.
#[track_caller]
fn scanned(page: &str) -> Totp {
    let uri = page.split("href=\"").find(|part| part.starts_with("otpauth:")).expect("a URI");
    Totp::from_url(unescape(uri.split('"').next().unwrap())).unwrap()
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"").replace("&amp;", "&")
}

fn code(scene: &Scene, otp: &Totp) -> String {
    otp.generate(u64::try_from(scene.clock.now().seconds()).unwrap()).to_string()
}

/// Of no step that would be accepted.
fn wrong_code(scene: &Scene, otp: &Totp) -> String {
    let now = u64::try_from(scene.clock.now().seconds()).unwrap();
    let right: Vec<String> = [now - 30, now, now + 30].map(|at| otp.generate(at).to_string()).into();
    (0..).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).unwrap()
}

/// What holds of every page.
#[track_caller]
fn is_sound(reply: &Reply) -> String {
    let html = reply.text();
    let policy = reply.header("content-security-policy").unwrap_or_default();
    for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script"), "{policy}");
    assert_eq!(policy.contains("img-src data:"), html.contains("<img"), "{policy}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    for one in ["<h1>", "<main>", "<title>"] {
        assert_eq!(html.matches(one).count(), 1, "{one} in {html}");
    }
    let body = html.split("</style>").nth(1).unwrap();
    for none in ["<script", "javascript:", " style=\"", "http:", "https:"] {
        assert!(!body.contains(none), "{none} in {html}");
    }
    for tag in ["main", "dl", "ol", "li", "form", "button", "label", "details", "div", "p"] {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "<{tag}> in {html}");
    }
    let hidden = html.matches("<input type=\"hidden\"").count() + html.matches(" hidden>").count();
    let inputs = html.matches("<input ").count() - hidden;
    assert_eq!(html.matches("<label for=").count(), inputs, "{html}");
    for described in html.split("aria-describedby=\"").skip(1) {
        for id in described.split('"').next().unwrap().split(' ') {
            assert!(html.contains(&format!("id=\"{id}\"")), "{id} in {html}");
        }
    }
    html
}

#[track_caller]
fn says(reply: &Reply, what: &str) {
    let page = is_sound(reply);
    assert!(page.contains(what), "{what} is not in {page}");
}

fn audit(scene: &Scene) -> Vec<Value> {
    let request = scene.http.get("/api/v1/audit-events?limit=200&tenant=acme");
    let log = request.bearer(&scene.token("acme-auditor", "")).send().expect(200).json();
    log["items"].as_array().unwrap().clone()
}

#[test]
fn a_signer_sets_up_pin_and_otp_and_the_application_sees_neither() {
    on_both(|scene| {
        let mut credential = scene.enrol(&Plan::default(), Status::Created);
        let mut told = Vec::new();
        let made = scene.step(&credential, "enrolment-link", &json!({ "expiresIn": 600 })).expect(201);
        let body = made.json();
        assert_eq!(
            (&body["credentialId"], &body["status"], &body["nextStep"], &body["expiresAt"]),
            (
                &json!(credential.id),
                &json!("created"),
                &json!("add_second_factor"),
                &json!("2027-01-15T08:10:00Z")
            )
        );
        told.push(made);

        let signer = Browser::at(scene, &path(&body));
        let page = is_sound(&signer.look().expect(200));
        assert!(page.contains("<dd>acme (ACME)</dd>") && page.contains("2027-01-15 08:10 UTC"), "{page}");
        assert!(page.contains("Choose a PIN") && page.contains("Connect an authenticator app"), "{page}");
        let page = signer.begin();
        assert!(page.contains("<li aria-current=\"step\">Choose a PIN"), "{page}");
        assert!(page.contains("6 to 12 digits.") && page.contains("inputmode=\"numeric\""), "{page}");
        assert!(page.contains("minlength=\"6\" maxlength=\"12\""), "{page}");
        told.push(scene.http.get(&credential.path).bearer(&credential.token).send().expect(200));

        let page = is_sound(&signer.set_pin(PIN).expect(200));
        let otp = scanned(&page);
        assert!(page.contains("<img class=\"code\" src=\"data:image/png;base64,"), "{page}");
        let secret = otp.secret().to_base32();
        assert!(page.contains(&format!("<dd><code>{} {}", &secret[..4], &secret[4..8])), "{page}");
        // Whoever loads the page again, or presses a button twice, finds what was scanned.
        assert_eq!(scanned(&is_sound(&signer.look().expect(200))).secret().to_base32(), secret);
        for again in [signer.set_pin("283019"), signer.send(&[("step", "begin")])] {
            assert_eq!(scanned(&is_sound(&again.expect(200))).secret().to_base32(), secret);
        }
        told.push(scene.http.get(&credential.path).bearer(&credential.token).send().expect(200));
        assert_eq!(told[2].json()["nextStep"], "confirm_otp");

        let code = code(scene, &otp);
        says(
            &signer.confirm(&format!("{} {}", &code[..3], &code[3..])).expect(200),
            "<h1>All is set up</h1>",
        );
        says(&signer.look().expect(200), "<h1>All is set up</h1>");
        assert_eq!(scene.show(&credential)["status"], "protected");

        credential.otp = Some(otp);
        let key = json!({ "keyAlgorithm": "EC", "keyLength": 256, "subject": "CN=John Doe" });
        let made = scene.key_pair(&credential, &key).expect(201);
        let certificate = scene.certificate(made.json()["csr"].as_str().unwrap());
        scene.attach(&credential, &scene.authority.pkcs7_der(&certificate)).expect(200);
        assert_eq!(scene.show(&credential)["status"], "active");
        let hashes = [hash("one")];
        let sad = scene.authorize(&credential, 1, &hashes);
        assert_eq!(signatures(&scene.sign(&credential, &sad, &hashes).expect(200)).len(), 1);

        let log = audit(scene);
        let of = |event: &Value| {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("actor"), text("action"), text("outcome"))
        };
        let actions: Vec<String> = log.iter().map(of).collect();
        let from = actions.iter().position(|action| action.contains("make_enrolment_link")).unwrap();
        assert_eq!(
            actions[from..from + 5],
            [
                "client:acme credential.make_enrolment_link done",
                "enrolment-link credential.open_enrolment_link done",
                "enrolment-link credential.add_second_factor done",
                "enrolment-link credential.add_second_factor done",
                "enrolment-link credential.confirm_otp done",
            ]
        );
        assert_eq!(log[from + 4]["details"]["enrolmentLink"], "finished");
        let token = signer.path.rsplit('/').next().unwrap();
        let cookie = signer.cookie.borrow().clone().unwrap();
        let cookie = cookie.split_once('=').unwrap().1;
        let everything = Value::from(log).to_string() + &told.iter().map(Reply::text).collect::<String>();
        for (secret, times) in [(PIN, 0), (&secret, 0), (&code, 0), (cookie, 0), (token, 1)] {
            assert_eq!(everything.matches(secret).count(), times, "{secret} in {everything}");
        }
    });
}

#[test]
fn a_link_works_once_in_one_browser_until_it_expires() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Created);
        let first = link(scene, &credential);
        let signer = Browser::at(scene, &first);
        // Whoever only looks, such as a scanner of mails, uses nothing up.
        for _ in 0..3 {
            says(&Browser::at(scene, &first).look().expect(200), "Set up your signature");
        }
        signer.begin();
        let other = Browser::at(scene, &first);
        says(&other.look().expect(409), "opened in another browser");
        assert!(other.cookie.borrow().is_none());
        *other.cookie.borrow_mut() = Some(format!("countersign-enrolment={}", "A".repeat(43)));
        for reply in [other.look(), other.set_pin(PIN), other.send(&[("step", "begin")])] {
            says(&reply.expect(409), "opened in another browser");
        }
        says(&signer.set_pin(PIN).expect(200), "All is set up");
        for reply in [other.look(), other.set_pin(PIN), Browser::at(scene, &first).look()] {
            says(&reply.expect(410), "used already");
        }
        says(&signer.set_pin("283019").expect(200), "All is set up");

        let credential = scene.enrol(&Plan::default(), Status::Created);
        let second = link(scene, &credential);
        let window = signer.window(&second);
        window.begin();
        scene.clock.advance(86_399);
        window.look().expect(200);
        scene.clock.advance(1);
        for reply in [window.look(), window.set_pin(PIN)] {
            says(&reply.expect(410), "This link has expired");
        }
        assert_eq!(scene.show(&credential)["secondFactors"], json!([]));

        let never = format!("/enrolment/{}", "A".repeat(43));
        for path in [never.as_str(), "/enrolment/x", "/enrolment/%00"] {
            let nobody = Browser::at(scene, path);
            for reply in [nobody.look(), nobody.post(&[("step", "begin")]), nobody.post(&[])] {
                says(&reply.expect(404), "This link is not valid");
            }
        }
    });
}

#[test]
fn a_new_link_ends_the_one_before_and_what_the_application_may_know() {
    on_both(|scene| {
        let mut credential = scene.enrol(&Plan::default(), Status::Created);
        // The application knows this one's secret.
        scene.add_otp(&mut credential);
        let known = credential.otp.as_ref().unwrap().secret().to_base32();
        let signer = Browser::at(scene, &link(scene, &credential));
        signer.begin();
        signer.set_pin(PIN).expect(200);
        let second = signer.window(&link(scene, &credential));
        for reply in [signer.look(), signer.send(&[("step", "otp")])] {
            says(&reply.expect(410), "a newer link took its place");
        }
        let page = second.begin();
        let shown = scanned(&page).secret().to_base32();
        assert_ne!(shown, known);
        assert!(page.contains("Choose a PIN <span class=\"quiet\">(done)</span>"), "{page}");

        // The signer asks for another one: then the former is worth nothing.
        let page = is_sound(&second.send(&[("step", "otp")]).expect(200));
        let otp = scanned(&page);
        assert_ne!(otp.secret().to_base32(), shown);
        // So does the application, and the page does not show that one.
        scene.add_otp(&mut credential);
        let page = is_sound(&second.look().expect(200));
        assert!(page.contains("Show the QR code") && !page.contains("otpauth:"), "{page}");
        second.confirm(&code(scene, credential.otp.as_ref().unwrap())).expect(200);
        assert_eq!(scene.show(&credential)["status"], "created");
        let otp = scanned(&is_sound(&second.send(&[("step", "otp")]).expect(200)));
        says(&second.confirm(&code(scene, &otp)).expect(200), "All is set up");
    });
}

#[test]
fn of_many_at_once_one_browser_gets_the_link_and_one_pin_is_set() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Created);
        let path = link(scene, &credential);
        let replies = at_once(8, || {
            let browser = Browser::at(scene, &path);
            browser.look();
            browser.post(&[("step", "begin")])
        });
        let mut all = statuses(&replies);
        all.sort_unstable();
        assert_eq!(all, [303, 409, 409, 409, 409, 409, 409, 409]);

        // A button that is pressed several times.
        let signer = Browser::at(scene, &link(scene, &credential));
        signer.look().expect(200);
        let cookie = signer.cookie.borrow().clone().unwrap();
        let press = |fields: &[(&str, &str)]| {
            let post = || scene.http.post(&signer.path).header("cookie", &cookie).form(fields).send();
            statuses(&at_once(4, post))
        };
        assert_eq!(press(&[("step", "begin")]), [303; 4]);
        assert_eq!(press(&[("step", "pin"), ("pin", PIN), ("again", PIN)]), [303; 4]);
        let otp = scanned(&is_sound(&signer.look().expect(200)));
        signer.confirm(&code(scene, &otp)).expect(200);
        let opened = |event: &&Value| event["action"] == "credential.open_enrolment_link";
        assert_eq!(audit(scene).iter().filter(opened).count(), 2);
        assert_eq!(scene.show(&credential)["status"], "protected");
    });
}

#[test]
fn wrong_codes_are_counted_and_lock() {
    on_both(|scene| {
        let plan = Plan::default().with(json!({ "maxAttempts": 3, "lockoutSeconds": 900 }));
        let credential = scene.enrol(&plan, Status::Created);
        let signer = Browser::at(scene, &link(scene, &credential));
        signer.begin();
        let otp = scanned(&is_sound(&signer.set_pin(PIN).expect(200)));
        // Nothing is guessed by sending nothing.
        says(&signer.confirm(" ").expect(422), "not the current code");
        for _ in 0..2 {
            let page = is_sound(&signer.confirm(&wrong_code(scene, &otp)).expect(422));
            assert!(
                page.contains("role=\"alert\"") && page.contains("aria-describedby=\"code-fault\""),
                "{page}"
            );
            assert_eq!(scanned(&page).secret().to_base32(), otp.secret().to_base32());
        }
        says(&signer.confirm(&wrong_code(scene, &otp)).expect(423), "Try again after");
        for reply in [signer.look(), signer.confirm(&code(scene, &otp)), signer.send(&[("step", "otp")])] {
            says(&reply.expect(423), "2027-01-15 08:15 UTC");
        }
        scene.clock.advance(900);
        let otp = scanned(&is_sound(&signer.look().expect(200)));
        says(&signer.confirm(&code(scene, &otp)).expect(200), "All is set up");
    });
}

#[test]
fn a_pin_that_breaks_a_rule_is_sent_back_with_the_rule() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Created);
        let signer = Browser::at(scene, &link(scene, &credential));
        signer.begin();
        let pins = |pin: &str, again: &str| signer.send(&[("step", "pin"), ("pin", pin), ("again", again)]);
        for (pin, again, said, field) in [
            ("47119", "47119", "too short or too long", "pin"),
            ("", "", "too short or too long", "pin"),
            ("4711935555555", "4711935555555", "too short or too long", "pin"),
            ("47119a", "47119a", "digits only", "pin"),
            ("121212", "121212", "repeats the same characters", "pin"),
            ("345678", "345678", "counts up or down", "pin"),
            ("159753", "159753", "among the commonest", "pin"),
            (PIN, "471194", "not the same", "again"),
        ] {
            let page = is_sound(&pins(pin, again).expect(422));
            assert_eq!(page.matches(said).count(), 2, "{page}");
            assert!(page.contains(&format!("<a href=\"#{field}\">")), "{page}");
            assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1, "{page}");
            assert!(pin.len() < 6 || !page.contains(pin) || pin == "121212", "{page}");
        }
        assert_eq!(scene.show(&credential)["secondFactors"], json!([]));
        says(&signer.set_pin(PIN).expect(200), "All is set up");
    });
}

#[test]
fn forms_of_other_sites_odd_forms_and_browsers_without_cookies_change_nothing() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::pin_only(), Status::Created);
        let path = link(scene, &credential);
        let signer = Browser::at(scene, &path);
        let look = signer.look().expect(200);
        let set = look.header("set-cookie").unwrap();
        assert!(set.starts_with("countersign-enrolment="), "{set}");
        assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800"), "{set}");
        let cookie = signer.cookie.borrow().clone().unwrap();
        let post = |site: &str| {
            let request = scene.http.post(&path).header("cookie", &cookie).header("sec-fetch-site", site);
            request.form(&[("step", "begin")]).send()
        };
        for site in ["cross-site", "same-site", "none"] {
            says(&post(site).expect(403), "sent from another site");
        }
        for odd in [
            signer.post(&[]),
            signer.post(&[("step", "")]),
            signer.post(&[("step", "begin"), ("step", "pin")]),
            signer.post(&[("step", "begin"), ("other", "1")]),
        ] {
            says(&odd.expect(400), "Nothing was changed");
        }
        let json = scene.http.post(&path).header("cookie", &cookie).json(&json!({ "step": "begin" })).send();
        is_sound(&json.expect(415));
        let bare = scene.http.post(&path).form(&[("step", "begin")]).send().expect(422);
        says(&bare, "keeps no cookies");
        assert!(bare.header("set-cookie").is_some());
        // So anybody may still be the first.
        Browser::at(scene, &path).begin();
        says(&signer.look().expect(409), "opened in another browser");
    });
}

#[test]
fn under_https_the_cookie_is_this_very_host_s() {
    let public_url = "https://sign.example/x";
    let scene = Scene::of(World::configured(|config| {
        config.server.public_url = Some(public_url.parse().unwrap());
    }));
    let credential = scene.enrol(&Plan::pin_only(), Status::Created);
    let made = scene.step(&credential, "enrolment-link", &json!({})).expect(201).json();
    let path = made["url"].as_str().unwrap().strip_prefix(public_url).unwrap().to_owned();
    let signer = Browser::at(&scene, &path);
    let look = signer.look().expect(200);
    let set = look.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-countersign-enrolment=") && set.contains("; Secure;"), "{set}");
    signer.begin();
    says(&signer.set_pin(PIN).expect(200), "All is set up");
}

#[test]
fn a_link_ends_with_what_it_hangs_on() {
    on_both(|scene| {
        let admin = scene.admin();
        let patch = |path: &str, body: Value| {
            scene.http.patch(path).bearer(&admin).json(&body).send().expect(200);
        };
        for (path, off, on) in
            [("/api/v1/tenants/acme", "suspended", "active"), ("/api/v1/clients/acme", "disabled", "active")]
        {
            let credential = scene.enrol(&Plan::default(), Status::Created);
            let signer = Browser::at(scene, &link(scene, &credential));
            signer.begin();
            patch(path, json!({ "status": off }));
            for reply in [signer.look(), signer.set_pin(PIN)] {
                says(&reply.expect(410), "This link has expired");
            }
            patch(path, json!({ "status": on }));
            says(&signer.set_pin(PIN).expect(200), "otpauth:");
        }
        let credential = scene.enrol(&Plan::default(), Status::Created);
        let signer = Browser::at(scene, &link(scene, &credential));
        signer.begin();
        scene.http.delete(&credential.path).bearer(&credential.token).send().expect(204);
        says(&signer.set_pin(PIN).expect(410), "This link has expired");
        // What the application did itself meanwhile leaves nothing to do.
        let credential = scene.enrol(&Plan::pin_only(), Status::Created);
        let (signer, late) = (Browser::at(scene, &link(scene, &credential)), link(scene, &credential));
        says(&signer.look().expect(410), "newer link");
        scene.add_pin(&credential, PIN).expect(201);
        says(&Browser::at(scene, &late).look().expect(410), "used already");
    });
}

#[test]
fn which_credentials_have_links_and_for_how_long() {
    on_both(|scene| {
        let credential = scene.enrol(&Plan::default(), Status::Created);
        let ask = |body: &Value| scene.step(&credential, "enrolment-link", body);
        for bad in [json!({ "expiresIn": 59 }), json!({ "expiresIn": 604_801 }), json!({ "expiresIn": "60" })]
        {
            assert_eq!(ask(&bad).expect(400).json()["errors"][0]["pointer"], "/expiresIn");
        }
        assert_eq!(ask(&json!({ "other": 1 })).expect(400).json()["code"], "unknown_field");
        for good in [60, 604_800] {
            ask(&json!({ "expiresIn": good })).expect(201);
        }
        let url = format!("{}/enrolment-link", credential.path);
        let bare = || scene.http.post(&url).bearer(&credential.token);
        assert_eq!(bare().send().expect(201).json()["expiresAt"], "2027-01-16T08:00:00Z");
        bare().bytes("text/plain", "60").send().expect(415);

        // Sent again, it is the same link; otherwise another one.
        let once = || bare().header("idempotency-key", "once").send().expect(201).json();
        let made = once();
        assert_eq!(once(), made);
        Browser::at(scene, &path(&made)).look().expect(200);
        link(scene, &credential);
        assert_eq!(once(), made);
        Browser::at(scene, &path(&made)).look().expect(410);

        let stranger = scene.token("globex", "seat:jdoe@acme tenant:globex");
        scene.http.post(&url).bearer(&stranger).send().expect(404);
        let other_seat = scene.token("acme", "seat:mroe@acme tenant:acme");
        scene.http.post(&url).bearer(&other_seat).send().expect(404);

        let protected = scene.enrol(&Plan::default(), Status::Protected);
        let refused = scene.step(&protected, "enrolment-link", &json!({})).expect(409).json();
        assert_eq!(
            (&refused["code"], &refused["credentialStatus"], &refused["nextStep"]),
            (&json!("invalid_state"), &json!("protected"), &json!("generate_key_pair"))
        );
        // The PIN is there, and what is left is not for the page.
        let mailed = scene.enrol(&Plan::mailed(), Status::Created);
        let signer = Browser::at(scene, &link(scene, &mailed));
        signer.begin();
        says(&signer.set_pin(PIN).expect(200), "All is set up");
        let refused = scene.step(&mailed, "enrolment-link", &json!({})).expect(409).json();
        assert_eq!(
            (&refused["credentialStatus"], &refused["nextStep"]),
            (&json!("created"), &json!("add_second_factor"))
        );

        let sent = Plan::default().with(json!({ "secondFactors": ["EMAIL_OTP"] }));
        let implicit = Plan::default().with(json!({ "type": "implicit", "secondFactors": [] }));
        for plan in [sent, implicit] {
            let credential = scene.enrol(&plan, Status::Created);
            let refused = scene.step(&credential, "enrolment-link", &json!({})).expect(422).json();
            assert!(refused["detail"].as_str().unwrap().contains("neither a PIN nor an OTP"), "{refused}");
        }
    });
}

#[test]
fn the_pages_speak_spanish_too_and_take_nobody_s_markup() {
    on_both(|scene| {
        let configuration =
            scene.configuration(json!({ "pin": { "minLength": 8, "maxLength": 8, "format": "A" } }));
        let token = scene.token("acme", "seat:jdoe@acme tenant:acme");
        let new = json!({ "authorizationConfiguration": configuration, "description": "<b>\"me\"</b>" });
        let made = scene.http.post("/api/v1/credentials").bearer(&token).json(&new).send().expect(201).json();
        let url = format!("/api/v1/credentials/{}/enrolment-link", made["credentialId"].as_str().unwrap());
        let made = scene.http.post(&url).bearer(&token).send().expect(201).json();
        let signer = Browser::at(scene, &format!("{}?lang=es", path(&made)));
        let page = is_sound(&signer.look().expect(200));
        assert!(page.contains("<html lang=\"es\">") && page.contains("Configure su firma"), "{page}");
        assert!(page.contains("&#60;b&#62;") && !page.contains("<b>"), "{page}");
        assert!(page.contains("<a href=\"?lang=en\" hreflang=\"en\" lang=\"en\">"), "{page}");
        let page = signer.begin();
        assert!(page.contains("8 letras, cifras y signos.") && !page.contains("inputmode"), "{page}");
        says(&signer.set_pin("abcdefgh").expect(422), "solo cuenta hacia arriba o hacia abajo");
        let otp = scanned(&is_sound(&signer.set_pin("kw!7fQz<").expect(200)));
        says(&signer.confirm(&wrong_code(scene, &otp)).expect(422), "No es el código actual");
        let other = Browser::at(scene, &signer.path);
        says(&other.look().expect(409), "Este enlace se abrió en otro navegador");
        says(&signer.confirm(&code(scene, &otp)).expect(200), "Todo está configurado");
        says(&other.look().expect(410), "Este enlace ya se ha usado");
    });
}

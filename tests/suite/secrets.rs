//! Secrets leave no trace: a PIN, an OTP's secret, clients' secrets, a SAD and tokens are planted in a real server that
//! logs all that it can, used rightly and wrongly, and then looked for wherever something is kept or shown.

mod in_a_browser;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use countersign::model::algorithm::KeyAlgorithm;
use countersign::model::time::Clock;
use countersign::pki::authority::Authority;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::support::gateway::Gateway;
use crate::support::http::{Http, Reply};
use crate::support::mail::{MailServer, Manner};
use crate::support::process::{Process, run};
use crate::support::scene::{base64_all, hash, pem_body};
use crate::support::{node, postgres};

/// Longer than chance would have it anywhere.
const PIN: &str = "839201746583";
const WRONG_PIN: &str = "740382916574";
const CHOSEN_SECRET: &str = "planted-secret-of-the-application";
const ACCOUNT_TOKEN_KEY: &str = "planted-key-of-the-account-tokens";
const MAIL_PASSWORD: &str = "planted-password-of-the-mail-server";
const PASSWORD: &str = "planted password of a user";
const WRONG_PASSWORD: &str = "planted password that is wrong";
const WEAK_PASSWORD: &str = "planted password of jdoe";
const WRONG_SECRET: &str = "planted-secret-that-is-wrong";

#[test]
fn no_secret_is_found_on_sqlite() {
    plant_and_look(None);
}

#[test]
fn no_secret_is_found_on_postgresql() {
    plant_and_look(Some(&postgres::database()));
}

fn plant_and_look(database: Option<&str>) {
    let directory = node::directory();
    let data = directory.join("data");
    std::fs::create_dir_all(&directory).unwrap();
    let mut options = vec!["--data", data.to_str().unwrap(), "--rsa-pool", "2048=0,3072=0,4096=0"];
    let outside = (MailServer::start(), Gateway::start());
    options.extend(database.iter().flat_map(|url| ["--database-url", url]));

    let made = run(&[&["init", "--json"], &options[..]].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let administrator: Value = serde_json::from_slice(&made.stdout).unwrap();
    let log = directory.join("log");
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook_address = hook.local_addr().unwrap().to_string();
    let hosts = format!("{hook_address},{}", outside.1.address());
    let smtp_url = outside.0.url().replace("smtp://", &format!("smtp://sign:{MAIL_PASSWORD}@"));
    let mut serve = vec!["serve", "--listen", "127.0.0.1:0", "--log", "trace", "--webhook-host", &hosts];
    serve.extend(["--smtp-url", &smtp_url, "--mail-from", "sign@acme.example"]);
    let mut server = Process::start(&[&serve, &options[..]].concat(), &log);
    let line = server.line();
    let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));

    let mut places = Places::default();
    let told = receive(hook, url.strip_prefix("http://").unwrap());
    let http = Http::new(url);
    let (mut secrets, responses) = live(&http, &administrator, &mut places, &hook_address);
    secrets.extend(live_with_sent_codes(&http, &administrator, &outside, &mut places));
    secrets.extend(live_as_a_user(&http, &administrator, &mut places));
    secrets.extend(live_with_approvals(&http, &administrator, &outside.1, &mut places));
    secrets.extend(live_behind_a_link(&http, &administrator, &mut places));
    secrets.extend(in_a_browser::live_in_a_browser(&http, &administrator, &mut places));
    assert_eq!(server.stop(), Some(0));
    // What waited to be told was told before the end.
    for response in responses {
        let notice = told.recv_timeout(Duration::from_secs(20));
        assert_eq!(notice, Ok(json!({ "responseID": response })));
    }
    places.add("the log", std::fs::read(&log).unwrap());
    for file in files(&data) {
        places.add(&file.display().to_string(), std::fs::read(&file).unwrap());
    }
    if let Some(url) = database {
        for (table, rows) in tables(url) {
            places.add(&format!("the table {table}"), rows.into_bytes());
        }
    }
    // Whoever looks has to be able to find.
    places.0.push(("a place that does hold a PIN".to_owned(), format!("pin={PIN}").into_bytes()));
    let found = places.search(&secrets);
    assert_eq!(found, ["the PIN, plain, in a place that does hold a PIN"]);
    assert!(
        places.0.iter().any(|(_, bytes)| as_text(bytes).contains("credential.sign")),
        "nothing was looked at"
    );
    std::fs::remove_dir_all(&directory).unwrap();
}

/// Takes two notices, and lets the first one wait until the server is about to end.
fn receive(hook: TcpListener, server: &str) -> Receiver<Value> {
    let mut idle = TcpStream::connect(server).unwrap();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = hook.accept().unwrap();
            let mut text = Vec::new();
            let mut octets = [0; 4096];
            while !text.ends_with(b"}") {
                let read = stream.read(&mut octets).unwrap();
                text.extend(&octets[..read]);
            }
            // A server that ends closes what is idle.
            while idle.read(&mut octets).unwrap_or(0) > 0 {}
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            let body = text.split(|octet| *octet == b'\n').next_back().unwrap();
            tell.send(serde_json::from_slice(body).unwrap()).unwrap();
        }
    });
    told
}

/// Enrols, signs, and does each thing wrongly too; what was planted, and the responseIDs in the order of their notices.
fn live(http: &Http, administrator: &Value, places: &mut Places, hook: &str) -> (Vec<Secret>, Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (admin_id, admin_secret) = (text(&administrator["clientId"]), text(&administrator["clientSecret"]));
    let admin = token(http, &admin_id, &admin_secret, "");
    let post = |path: &str, token: &str, body: &Value| http.post(path).bearer(token).json(body).send();

    post("/api/v1/tenants", &admin, &json!({ "name": "acme" })).expect(201);
    let client = json!({
        "clientId": "acme", "clientSecret": CHOSEN_SECRET, "tenants": ["acme"], "accountTokenKey": ACCOUNT_TOKEN_KEY,
    });
    places.refusal(post("/api/v1/clients", &admin, &json!({
        "clientId": "acme", "clientSecret": CHOSEN_SECRET, "tenants": ["acme"], "colour": CHOSEN_SECRET.len(),
    })));
    post("/api/v1/clients", &admin, &client).expect(201);
    places.refusal(post("/api/v1/clients", &admin, &client));
    let operator = json!({ "clientId": "acme-ca", "roles": ["ca_operator"], "tenants": ["acme"] });
    let operator = post("/api/v1/clients", &admin, &operator).expect(201).json();
    let operator_secret = text(&operator["clientSecret"]);
    let configuration = json!({
        "name": "both", "tenant": "acme", "type": "explicit", "secondFactors": ["PIN", "OTP"],
    });
    let configuration =
        post("/api/v1/authorization-configurations", &admin, &configuration).expect(201).json();

    let user = json!({ "name": "jdoe", "tenant": "acme", "password": PASSWORD });
    places.refusal(post("/api/v1/users", &admin, &json!({ "name": "jdoe", "password": WEAK_PASSWORD })));
    let made = http.post("/api/v1/users").bearer(&admin).header("idempotency-key", "user").json(&user).send();
    let user = made.expect(201).json();
    let user = format!("/api/v1/users/{}", text(&user["id"]));
    places.refusal(post(&format!("{user}/password"), &admin, &json!({ "password": WEAK_PASSWORD })));
    post(&format!("{user}/password"), &admin, &json!({ "password": PASSWORD })).expect(204);
    let authenticator_of_user =
        http.post(&format!("{user}/otp")).bearer(&admin).header("idempotency-key", "otp");
    let authenticator_of_user = text(&authenticator_of_user.send().expect(201).json()["secret"]);
    places.refusal(post(&format!("{user}/otp/confirm"), &admin, &json!({ "value": "planted" })));
    places.add("the user", http.get(&user).bearer(&admin).send().expect(200).body);

    let application = token(http, "acme", CHOSEN_SECRET, "seat:jdoe@acme tenant:acme");
    let form = [("grant_type", "client_credentials"), ("client_secret", WRONG_SECRET), ("client_id", "acme")];
    places.refusal(http.post("/oauth2/token").form(&form).send());
    places.refusal(http.post("/oauth2/token").basic("nobody", WRONG_SECRET).form(&form[..1]).send());
    places.refusal(http.get("/api/v1/credentials").bearer(&format!("{application}x")).send());

    let login = |body: &Value| http.post("/csc/v1/auth/login").json(body);
    let remembered =
        login(&json!({ "rememberMe": true })).basic("acme", CHOSEN_SECRET).send().expect(200).json();
    let renewal = json!({ "refresh_token": remembered["refresh_token"] });
    let renewed = login(&renewal).send().expect(200).json();
    let first = &remembered["refresh_token"];
    places.refusal(login(&json!({ "refresh_token": [first] })).send());
    places.refusal(login(&json!({})).basic("acme", WRONG_SECRET).send());
    let hinted = json!({ "token": first, "token_type_hint": first });
    places.refusal(post("/csc/v1/auth/revoke", &application, &hinted));
    let bearer = text(&renewed["refresh_token"]);
    places.refusal(http.get("/api/v1/credentials").bearer(&bearer).send());
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", bearer.as_str())];
    places.refusal(http.post("/oauth2/token").basic("acme", CHOSEN_SECRET).form(&refresh).send());
    post("/csc/v1/auth/revoke", &application, &json!({ "token": bearer })).expect(204);
    places.refusal(login(&renewal).send());

    let new = json!({ "authorizationConfiguration": configuration["id"], "multiSignature": 4 });
    let created = post("/api/v1/credentials", &application, &new).expect(201).json();
    let id = text(&created["credentialId"]);
    let path = format!("/api/v1/credentials/{id}");
    let factors = format!("{path}/second-factors");
    places.refusal(post(&factors, &application, &json!({ "type": "PIN", "value": PIN, "again": PIN })));
    places.refusal(post(&factors, &application, &json!({ "type": PIN, "value": PIN })));
    places.refusal(post(&factors, &application, &json!({ "type": "OTP", "value": PIN })));
    places.refusal(post(&factors, &application, &json!({ "type": "PIN", "value": format!("{PIN}{PIN}") })));
    places.refusal(post(
        &factors,
        &application,
        &json!({ "type": "PIN", "value": PIN.parse::<u64>().unwrap() }),
    ));
    let broken = format!("{{\"type\":\"PIN\",\"value\":\"{PIN}\"");
    places.refusal(http.post(&factors).bearer(&application).bytes("application/json", broken).send());
    places.refusal(http.post(&format!("{factors}?value={PIN}")).bearer(&application).send());
    let pin = http.post(&factors).bearer(&application).header("idempotency-key", "pin");
    pin.json(&json!({ "type": "PIN", "value": PIN })).send().expect(201);
    places.refusal(post(&factors, &application, &json!({ "type": "PIN", "value": PIN })));
    let otp = http.post(&factors).bearer(&application).header("idempotency-key", "otp");
    let otp = otp.json(&json!({ "type": "OTP" })).send().expect(201).json();
    let authenticator = Totp::from_url(otp["uri"].as_str().unwrap()).unwrap();
    let step = Clock::System.now().seconds() as u64 / 30;
    let code = authenticator.generate(step * 30).to_string();
    post(&format!("{factors}/otp/confirm"), &application, &json!({ "value": code })).expect(200);

    let key = KeyAlgorithm::P256;
    let wanted = json!({ "keyAlgorithm": key.family(), "keyLength": key.bits() });
    let made = post(&format!("{path}/key-pair"), &application, &wanted).expect(201).json();
    let now = Clock::System.now();
    let authority = Authority::new("Test", 1, now).unwrap();
    let certificate = authority.issue(&pem_body(made["csr"].as_str().unwrap()), 1, now).unwrap();
    let ca = token(http, "acme-ca", &operator_secret, "");
    let upload = http.put(&format!("{path}/certificate")).bearer(&ca);
    upload.bytes("application/pkcs7-mime", authority.pkcs7_der(&certificate)).send().expect(200);

    let csc = |method: &str, body: &Value| post(&format!("/csc/v1/{method}"), &application, body);
    let hashes = [hash("one"), hash("two")];
    let mut authorization = json!({
        "credentialID": id, "numSignatures": 4, "hash": base64_all(&hashes), "PIN": WRONG_PIN, "OTP": "000000",
        "clientData": "invoice",
    });
    places.refusal(csc("credentials/authorize", &authorization));
    authorization["PIN"] = PIN.into();
    authorization["OTP"] = "12345".into();
    places.refusal(csc("credentials/authorize", &authorization));
    authorization["OTP"] = authenticator.generate((step + 1) * 30).to_string().into();
    let sad = text(&csc("credentials/authorize", &authorization).expect(200).json()["SAD"]);
    places.refusal(csc("credentials/authorize", &authorization));
    let mut signing = json!({
        "credentialID": id, "SAD": sad, "hash": base64_all(&hashes[..1]), "signAlgo": key.signature_oids()[0],
    });
    csc("signatures/signHash", &signing).expect(200);
    places.refusal(csc("signatures/signHash", &signing));
    signing["credentialID"] = sad.clone().into();
    places.refusal(csc("signatures/signHash", &signing));
    let extension = json!({ "credentialID": id, "SAD": sad, "hash": base64_all(&hashes[1..]) });
    let next = text(&csc("credentials/extendTransaction", &extension).expect(200).json()["SAD"]);
    places.refusal(csc("credentials/extendTransaction", &extension));

    let csc2 = |method: &str, body: &Value| post(&format!("/csc/v2/{method}"), &application, body);
    let mut responses = Vec::new();
    let mut waiting = Vec::new();
    let mut sad_in_use = next.clone();
    for _ in 0..2 {
        let later = json!({
            "credentialID": id, "SAD": sad_in_use, "hashes": base64_all(&hashes[1..]),
            "signAlgo": key.signature_oids()[0], "operationMode": "A", "response_uri": format!("http://{hook}/"),
        });
        let response = text(&csc2("signatures/signHash", &later).expect(200).json()["responseID"]);
        places.refusal(csc2("signatures/signHash", &later));
        let polled = csc2("signatures/signPolling", &json!({ "requestID": response })).expect(200).json();
        waiting.push(STANDARD.decode(polled["signatures"][0].as_str().unwrap()).unwrap());
        places.refusal(csc2("signatures/signPolling", &json!({ "requestID": format!("{response}x") })));
        places.refusal(csc2("signatures/signPolling", &json!({ "requestID": [response] })));
        responses.push(response);
        let extension = json!({ "credentialID": id, "SAD": sad_in_use, "hash": base64_all(&hashes[1..]) });
        sad_in_use = text(&csc("credentials/extendTransaction", &extension).expect(200).json()["SAD"]);
    }
    places.refusal(http.get(&format!("/api/v1/credentials/{sad}")).bearer(&application).send());
    places.refusal(http.get(&format!("/nowhere?sad={sad}&pin={PIN}")).send());

    let audit = http.get("/api/v1/audit-events?limit=200").bearer(&admin).send().expect(200);
    places.add("the audit", audit.body);
    for path in ["/metrics", "/openapi.json", "/health/ready"] {
        places.add(path, http.get(path).send().expect(200).body);
    }
    places.add("the list of credentials", http.get("/api/v1/credentials").bearer(&application).send().body);
    places.add("the list of clients", http.get("/api/v1/clients").bearer(&admin).send().expect(200).body);
    places.add("the list of tokens", http.get("/api/v1/tokens").bearer(&admin).send().expect(200).body);

    let octets = |sad: &str| URL_SAFE_NO_PAD.decode(sad).unwrap();
    let mut secrets = vec![
        Secret::new("the PIN", PIN),
        Secret::new("a user's password", PASSWORD),
        Secret::new("a user's weak password", WEAK_PASSWORD),
        Secret::new("the secret of a user's authenticator", authenticator_of_user),
        Secret::new("a wrong PIN", WRONG_PIN),
        Secret::new("the application's secret", CHOSEN_SECRET),
        Secret::new("the application's account token key", ACCOUNT_TOKEN_KEY),
        Secret::new("a wrong secret", WRONG_SECRET),
        Secret::new("the CA operator's secret", &operator_secret),
        Secret::new("the administrator's secret", &admin_secret),
        Secret::new("the OTP's secret", otp["secret"].as_str().unwrap()),
        Secret::new("the octets of the OTP's secret", authenticator.secret().as_bytes()),
        Secret::new("the SAD", &sad),
        Secret::new("the octets of the SAD", octets(&sad)),
        Secret::new("the second SAD", &next),
        Secret::new("the octets of the second SAD", octets(&next)),
        Secret::new("the administrator's token", &admin),
        Secret::new("the application's token", &application),
        Secret::new("the operator's token", &ca),
        Secret::new("a service token", text(&remembered["access_token"])),
        Secret::new("its refresh token", text(&remembered["refresh_token"])),
        Secret::new("the renewed service token", text(&renewed["access_token"])),
        Secret::new("the renewed refresh token", text(&renewed["refresh_token"])),
        Secret::new("the octets of its refresh token", octets(&text(&remembered["refresh_token"])[3..])),
        Secret::new("the octets of the renewed refresh token", octets(&text(&renewed["refresh_token"])[3..])),
    ];
    for (response, signature) in responses.iter().zip(waiting) {
        secrets.push(Secret::new("a responseID", response));
        secrets.push(Secret::new("the octets of a responseID", octets(response)));
        secrets.push(Secret::new("a signature that waits", signature));
    }
    (secrets, responses)
}

/// Signs the user in by way of an application, rightly and wrongly.
fn live_as_a_user(http: &Http, administrator: &Value, places: &mut Places) -> Vec<Secret> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let admin = token(http, &text(&administrator["clientId"]), &text(&administrator["clientSecret"]), "");
    let post = |path: &str, body: &Value| http.post(path).bearer(&admin).json(body).send();
    let portal = json!({
        "clientId": "portal", "tenants": ["acme"], "authorizedGrantTypes": ["password", "refresh_token"],
    });
    let portal = text(&post("/api/v1/clients", &portal).expect(201).json()["clientSecret"]);
    let users = http.get("/api/v1/users?name=jdoe").bearer(&admin).send().expect(200).json();
    let user = format!("/api/v1/users/{}", text(&users["items"][0]["id"]));
    let made = post(&format!("{user}/otp"), &json!({})).expect(201).json();
    let authenticator = Totp::from_url(made["uri"].as_str().unwrap()).unwrap();
    let step = Clock::System.now().seconds() as u64 / 30;
    let code = |step: u64| authenticator.generate(step * 30).to_string();
    post(&format!("{user}/otp/confirm"), &json!({ "value": code(step) })).expect(200);

    let sign_in = |name: &str, password: &str, otp: &str| {
        let form = [("grant_type", "password"), ("username", name), ("password", password), ("otp", otp)];
        http.post("/oauth2/token").basic("portal", &portal).form(&form).send()
    };
    places.refusal(sign_in("jdoe", WRONG_PASSWORD, ""));
    places.refusal(sign_in(PASSWORD, WRONG_PASSWORD, ""));
    places.refusal(sign_in("jdoe", PASSWORD, ""));
    places.refusal(sign_in("jdoe", PASSWORD, PIN));
    places.refusal(sign_in("jdoe", PASSWORD, &code(step)));
    let first = sign_in("jdoe", PASSWORD, &code(step + 1)).expect(200).json();
    let form = [("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"].as_str().unwrap())];
    let refresh = || http.post("/oauth2/token").basic("portal", &portal).form(&form);
    let second = refresh().send().expect(200).json();
    places.refusal(http.get("/api/v1/users").bearer(&text(&second["access_token"])).send());
    let audit = http.get("/api/v1/audit-events?limit=200").bearer(&admin).send().expect(200);
    places.add("the audit of users", audit.body);
    vec![
        Secret::new("a user's wrong password", WRONG_PASSWORD),
        Secret::new("the secret of the authenticator that is asked for", text(&made["secret"])),
        Secret::new("a user's token", text(&first["access_token"])),
        Secret::new("a user's refresh token", text(&first["refresh_token"])),
        Secret::new("a user's next token", text(&second["access_token"])),
        Secret::new("a user's next refresh token", text(&second["refresh_token"])),
    ]
}

/// Adds and confirms one-time passwords that are sent, also where they cannot be.
fn live_with_sent_codes(
    http: &Http,
    administrator: &Value,
    (mail, gateway): &(MailServer, Gateway),
    places: &mut Places,
) -> Vec<Secret> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let admin = token(http, &text(&administrator["clientId"]), &text(&administrator["clientSecret"]), "");
    let post = |path: &str, token: &str, body: &Value| http.post(path).bearer(token).json(body).send();
    let change = json!({ "gateway": { "url": gateway.url() } });
    let changed = http.patch("/api/v1/tenants/acme").bearer(&admin).json(&change).send().expect(200).json();
    let signing_secret = text(&changed["gatewaySecret"]);
    places.add("the tenant", http.get("/api/v1/tenants/acme").bearer(&admin).send().expect(200).body);

    let application = token(http, "acme", CHOSEN_SECRET, "seat:jdoe@acme tenant:acme");
    let mut codes = Vec::new();
    for (kind, address) in [("EMAIL_OTP", "jdoe@acme.example"), ("SMS_OTP", "+34600123456")] {
        let configuration = json!({
            "name": kind, "tenant": "acme", "type": "explicit", "secondFactors": [kind], "otp": { "digits": 8 },
        });
        let configuration = post("/api/v1/authorization-configurations", &admin, &configuration).expect(201);
        let new = json!({ "authorizationConfiguration": configuration.json()["id"] });
        let created = post("/api/v1/credentials", &application, &new).expect(201).json();
        let factors = format!("/api/v1/credentials/{}/second-factors", text(&created["credentialId"]));
        let add = || post(&factors, &application, &json!({ "type": kind, "address": address }));
        mail.set(Manner::RefusingLetters);
        gateway.answer("500 Oops");
        let undelivered = add().expect(503);
        assert_eq!(undelivered.json()["code"], "delivery_failed");
        places.add("a failed delivery", undelivered.body);
        mail.set(Manner::Good);
        gateway.answer("200 OK");
        add().expect(201);
        let received = || if kind == "SMS_OTP" { gateway.code(address) } else { mail.code(address) };
        let first = received();
        codes.push(first.clone());
        let added = http.post(&factors).bearer(&application).header("idempotency-key", kind);
        added.json(&json!({ "type": kind, "address": address })).send().expect(201);
        codes.push(received());
        let confirm = format!("{factors}/otp/confirm");
        places.refusal(post(&confirm, &application, &json!({ "value": first })));
        post(&confirm, &application, &json!({ "value": codes.last() })).expect(200);
    }
    let refused = mail.refused().pop().expect("a letter that was refused").code();
    let mut secrets = vec![
        Secret::new("the mail server's password", MAIL_PASSWORD),
        Secret::new("the gateway's secret", &signing_secret),
        Secret::new("the base64 of the gateway's secret", signing_secret.trim_start_matches("whsec_")),
        Secret::new(
            "the octets of it",
            STANDARD.decode(signing_secret.trim_start_matches("whsec_")).unwrap(),
        ),
        Secret::new("a code that was refused", refused),
    ];
    secrets.extend(codes.iter().map(|code| Secret::new("a code that was sent", code)));
    secrets
}

/// Enrols with approvals and asks for signatures: approved, refused, waiting, and not delivered.
fn live_with_approvals(
    http: &Http,
    administrator: &Value,
    gateway: &Gateway,
    places: &mut Places,
) -> Vec<Secret> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let admin = token(http, &text(&administrator["clientId"]), &text(&administrator["clientSecret"]), "");
    let post = |path: &str, token: &str, body: &Value| http.post(path).bearer(token).json(body).send();
    let application = token(http, "acme", CHOSEN_SECRET, "seat:push@acme tenant:acme");
    let configuration =
        json!({ "name": "push", "tenant": "acme", "type": "explicit", "secondFactors": ["PUSH"] });
    let configuration = post("/api/v1/authorization-configurations", &admin, &configuration).expect(201);
    let new = json!({ "authorizationConfiguration": configuration.json()["id"] });
    let created = post("/api/v1/credentials", &application, &new).expect(201).json();
    let path = format!("/api/v1/credentials/{}", text(&created["credentialId"]));

    let link = || gateway.link("push@acme").strip_prefix("http://localhost:8080").unwrap().to_owned();
    let decide = |link: &str, decision: &str| http.post(link).form(&[("decision", decision)]).send();
    let mut links = Vec::new();
    gateway.answer("500 Oops");
    post(&format!("{path}/second-factors"), &application, &json!({ "type": "PUSH" })).expect(503);
    links.push(link());
    gateway.answer("200 OK");
    post(&format!("{path}/second-factors"), &application, &json!({ "type": "PUSH" })).expect(201);
    links.push(link());
    places.refusal(decide(&links[0], "approve"));
    places.refusal(http.get(&links[0]).send());
    places.refusal(decide(&links[1], "perhaps"));
    decide(&links[1], "approve").expect(200);
    let key = json!({ "keyAlgorithm": "Ed25519" });
    let made = post(&format!("{path}/key-pair"), &application, &key).expect(201).json();
    let authority = Authority::new("Approvals", 1, Clock::System.now()).unwrap();
    let certificate = authority.issue(&pem_body(&text(&made["csr"])), 365, Clock::System.now()).unwrap();
    let chain = json!({ "pkcs7": STANDARD.encode(authority.pkcs7_der(&certificate)) });
    let operator = json!({ "clientId": "push-ca", "roles": ["ca_operator"], "tenants": ["acme"] });
    let operator = post("/api/v1/clients", &admin, &operator).expect(201).json();
    let operator = token(http, "push-ca", &text(&operator["clientSecret"]), "");
    http.put(&format!("{path}/certificate")).bearer(&operator).json(&chain).send().expect(200);

    let asking = json!({
        "credentialID": created["credentialId"], "numSignatures": 1, "hashes": base64_all(&[hash("one")]),
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1", "authData": [{ "id": "PUSH" }],
    });
    let authorize = || post("/csc/v2/credentials/authorize", &application, &asking).expect(202).json();
    let check = |handle: &Value| {
        post("/csc/v2/credentials/authorizeCheck", &application, &json!({ "handle": handle }))
    };
    let approved = authorize()["handle"].clone();
    links.push(link());
    places.add("the page", http.get(&link()).send().expect(200).body);
    decide(&link(), "approve").expect(200);
    places.refusal(decide(&link(), "approve"));
    let sad = text(&check(&approved).expect(200).json()["SAD"]);
    places.refusal(check(&approved));
    let refused = authorize()["handle"].clone();
    links.push(link());
    decide(&link(), "refuse").expect(200);
    places.refusal(check(&refused));
    places.refusal(http.get(&format!("/approvals/{}?lang={}", text(&refused), text(&approved))).send());

    let octets = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let mut secrets = vec![
        Secret::new("the SAD of a handle", &sad),
        Secret::new("the octets of the SAD of a handle", octets(&sad)),
    ];
    for handle in [text(&approved), text(&refused)] {
        secrets.push(Secret::new("the octets of a handle", octets(&handle)));
        secrets.push(Secret::new("a handle", handle));
    }
    for link in links {
        let token = link.rsplit('/').next().unwrap();
        secrets.push(Secret::new("a link's token", token));
        secrets.push(Secret::new("the octets of a link's token", octets(token)));
    }
    secrets
}

/// Sets up PIN and OTP behind an enrolment link, not without mistakes.
fn live_behind_a_link(http: &Http, administrator: &Value, places: &mut Places) -> Vec<Secret> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let admin = token(http, &text(&administrator["clientId"]), &text(&administrator["clientSecret"]), "");
    let post = |path: &str, token: &str, body: &Value| http.post(path).bearer(token).json(body).send();
    let application = token(http, "acme", CHOSEN_SECRET, "seat:link@acme tenant:acme");
    let configuration =
        json!({ "name": "link", "tenant": "acme", "type": "explicit", "secondFactors": ["PIN", "OTP"] });
    let configuration = post("/api/v1/authorization-configurations", &admin, &configuration).expect(201);
    let new = json!({ "authorizationConfiguration": configuration.json()["id"] });
    let created = post("/api/v1/credentials", &application, &new).expect(201).json();
    let path = format!("/api/v1/credentials/{}/enrolment-link", text(&created["credentialId"]));
    let once = http.post(&path).bearer(&application).header("idempotency-key", "planted-key-of-a-link");
    let url = text(&once.send().expect(201).json()["url"]);
    let link = url.strip_prefix("http://localhost:8080").unwrap();

    let looked = http.get(link).send().expect(200);
    let cookie = looked.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    places.add("the page of a link", looked.body);
    let send = |fields: &[(&str, &str)]| http.post(link).header("cookie", &cookie).form(fields).send();
    let pins = |pin: &str, again: &str| send(&[("step", "pin"), ("pin", pin), ("again", again)]);
    places.refusal(pins(PIN, WRONG_PIN));
    places.refusal(pins(&format!("{PIN}x"), WRONG_PIN));
    places.refusal(send(&[("step", "pin"), ("pin", PIN), (WRONG_PIN, WRONG_PIN)]));
    places.refusal(send(&[("step", PIN)]));
    pins(PIN, PIN).expect(303);
    let shown = http.get(link).header("cookie", &cookie).send().expect(200).text();
    let uri = shown.split("href=\"").find(|part| part.starts_with("otpauth:")).unwrap();
    let authenticator = Totp::from_url(uri.split('"').next().unwrap().replace("&#38;", "&")).unwrap();
    let code = authenticator.generate(u64::try_from(Clock::System.now().seconds()).unwrap()).to_string();
    send(&[("step", "confirm"), ("code", &code)]).expect(303);
    let done = http.get(link).header("cookie", &cookie).send().expect(200);
    places.add("the last page of a link", done.body);
    places.refusal(http.get(link).send());
    let seen = http.get(path.trim_end_matches("/enrolment-link")).bearer(&application).send().expect(200);
    assert_eq!(seen.json()["status"], "protected");
    places.add("what the application sees", seen.body);

    let octets = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (token, cookie) = (link.rsplit('/').next().unwrap(), cookie.split_once('=').unwrap().1);
    vec![
        Secret::new("the token of an enrolment link", token),
        Secret::new("the octets of an enrolment link", octets(token)),
        Secret::new("the cookie of an enrolment", cookie),
        Secret::new("the octets of the cookie of an enrolment", octets(cookie)),
        Secret::new("the OTP's secret behind a link", authenticator.secret().as_bytes()),
        Secret::new("the text of the OTP's secret behind a link", authenticator.secret().to_base32()),
    ]
}

fn token(http: &Http, id: &str, secret: &str, scope: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    let reply = http.post("/oauth2/token").basic(id, secret).form(&form).send().expect(200);
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

struct Secret {
    name: &'static str,
    octets: Vec<u8>,
}

impl Secret {
    fn new(name: &'static str, octets: impl AsRef<[u8]>) -> Secret {
        Secret { name, octets: octets.as_ref().to_vec() }
    }

    /// As it may be written down.
    fn spellings(&self) -> Vec<(&'static str, Vec<u8>)> {
        let hex: String = self.octets.iter().map(|octet| format!("{octet:02x}")).collect();
        vec![
            ("plain", self.octets.clone()),
            ("in hex", hex.clone().into_bytes()),
            ("in HEX", hex.to_uppercase().into_bytes()),
            ("in base64", STANDARD_NO_PAD.encode(&self.octets).into_bytes()),
            ("in padded base64", STANDARD.encode(&self.octets).into_bytes()),
            ("in base64url", URL_SAFE_NO_PAD.encode(&self.octets).into_bytes()),
            ("as numbers", format!("{:?}", self.octets).into_bytes()),
        ]
    }
}

/// Where something is kept or shown, by name.
#[derive(Default)]
struct Places(Vec<(String, Vec<u8>)>);

impl Places {
    fn add(&mut self, name: &str, octets: Vec<u8>) {
        assert!(!octets.is_empty(), "{name} is empty");
        self.0.push((name.to_owned(), octets));
    }

    /// An answer that says no.
    #[track_caller]
    fn refusal(&mut self, reply: Reply) {
        assert!((400..500).contains(&reply.status), "{}: {} {}", reply.what, reply.status, reply.text());
        // The request's line is ours, and may hold what the answer must not.
        self.0.push((format!("the refusal of {}", reply.what), reply.body));
    }

    fn search(&self, secrets: &[Secret]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, octets) in &self.0 {
            let text = as_text(octets);
            for secret in secrets {
                let mut spellings = secret.spellings().into_iter();
                let spelling = spellings.find(|(_, spelling)| text.contains(&as_text(spelling)));
                found.extend(spelling.map(|(how, _)| format!("{}, {how}, in {place}", secret.name)));
            }
        }
        found
    }
}

/// A character for each octet: texts are searched fast even by what is not optimised.
fn as_text(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Every row of every table, as text; octets in hex.
fn tables(url: &str) -> Vec<(String, String)> {
    let mut connection = PgConnection::establish(url).unwrap();
    let names: Vec<String> = diesel::select(sql::<Array<Text>>(
        "ARRAY(SELECT tablename::text FROM pg_tables WHERE schemaname = 'public')",
    ))
    .get_result(&mut connection)
    .unwrap();
    assert!(names.len() > 10, "{names:?}");
    let mut rows = |name: &str| -> String {
        let all = format!("coalesce((SELECT string_agg(t::text, E'\\n') FROM {name} t), '(none)')");
        diesel::select(sql::<Text>(&all)).get_result(&mut connection).unwrap()
    };
    names.iter().map(|name| (name.clone(), rows(name))).collect()
}

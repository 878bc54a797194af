//! What passes through a person's browser: cookies, pushed requests, codes, and what a code gives.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::model::time::Clock;
use countersign::pki::authority::Authority;
use serde_json::{Value, json};

use super::{PASSWORD, PIN, Places, Secret, WRONG_PASSWORD, WRONG_PIN, token};
use crate::support::http::Http;
use crate::support::pages::{Browser, CALLBACK, Callback};
use crate::support::scene::{base64_all, hash, pem_body};

/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Signs in, consents, and authorises a signature, not without mistakes.
pub fn live_in_a_browser(http: &Http, administrator: &Value, places: &mut Places) -> Vec<Secret> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let admin = token(http, &text(&administrator["clientId"]), &text(&administrator["clientSecret"]), "");
    let post = |path: &str, body: &Value| http.post(path).bearer(&admin).json(body).send().expect(201).json();
    let secret = post(
        "/api/v1/clients",
        &json!({
            "clientId": "web", "tenants": ["acme"], "redirectUris": [CALLBACK],
            "authorizedGrantTypes": ["authorization_code", "refresh_token", "client_credentials"],
        }),
    );
    let secret = text(&secret["clientSecret"]);
    let seat = "mary@acme";
    post(
        "/api/v1/users",
        &json!({ "name": "mary", "tenant": "acme", "password": PASSWORD, "seats": [seat] }),
    );
    let credential = enrol(http, &admin, &secret, seat);

    let mut given_tokens = vec![Secret::new("the secret of an application with a redirect URI", &secret)];
    let mut secrets = Vec::new();
    let mut keep = |name: &'static str, value: &str| {
        // After a prefix, if there is one, 256 bits, which are looked for in base64url too.
        secrets.push(Secret::new(name, URL_SAFE_NO_PAD.decode(value.split_at(value.len() - 43).1).unwrap()));
    };
    keep("a code_verifier", VERIFIER);
    let browser = Browser::new(http);
    let at_token_endpoint =
        |form: &[(&str, &str)]| http.post("/oauth2/token").basic("web", &secret).form(form).send();
    let redeem = |code: &str, verifier: &str| {
        at_token_endpoint(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ])
    };
    let details = json!([{
        "type": "credential", "credentialID": credential, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
        "documentDigests": [{ "hash": STANDARD.encode(hash("one")), "label": "One" }],
    }]);
    let details = details.to_string();
    for (scope, more) in
        [("service openid", None), ("credential", Some(("authorization_details", details.as_str())))]
    {
        let mut asked = vec![
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("prompt", "login"),
        ];
        asked.extend(more);
        let pushed = http.post("/oauth2/pushed_authorize").basic("web", &secret).form(&asked).send();
        let request_uri = text(&pushed.expect(201).json()["request_uri"]);
        keep("a request_uri", &request_uri);
        let page = browser.sent(&[("client_id", "web"), ("request_uri", &request_uri)]);
        places.refusal(browser.get(&format!("/oauth2/authorize?client_id=web&request_uri={request_uri}")));
        let handle = page.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        keep("the handle of a request", &handle);
        keep("a cookie before signing in", browser.cookie().unwrap().split_once('=').unwrap().1);
        let login = [("step", "sign-in"), ("username", "mary"), ("password", WRONG_PASSWORD)];
        places.refusal(browser.submit(&page, &login));
        browser.sign_in(&page, "mary", PASSWORD);
        keep("the cookie of a session", browser.cookie().unwrap().split_once('=').unwrap().1);
        let shown = browser.get(&page).expect(200).text();
        // The page's own address is in the browser alone.
        places.add("a page of a request", shown.into_bytes());
        let answer = if more.is_some() {
            places.refusal(browser.submit(&page, &[("step", "sign"), ("pin", WRONG_PIN)]));
            Callback::of(&browser.submit(&page, &[("step", "sign"), ("pin", PIN)]))
        } else {
            browser.allow(&page)
        };
        places.refusal(browser.get(&page));
        let code = answer.code();
        keep("a code", &code);
        places.refusal(redeem(&code, "a verifier that is quite another one, and long enough"));
        let given = redeem(&code, VERIFIER).expect(200).json();
        let access = text(&given["access_token"]);
        if more.is_some() {
            keep("a credential token", &access);
            let body = json!({
                "credentialID": credential, "hashes": base64_all(&[hash("one")]), "signAlgo": "1.3.101.112",
            });
            http.post("/csc/v2/signatures/signHash").bearer(&access).json(&body).send().expect(200);
        } else {
            keep("the refresh token of a code", given["refresh_token"].as_str().unwrap());
            http.get("/oauth2/userinfo").bearer(&access).send().expect(200);
        }
        // Its own replay ends what it gave.
        places.refusal(redeem(&code, VERIFIER));
        for name in ["access_token", "id_token"].into_iter().filter(|name| given[name].is_string()) {
            given_tokens.push(Secret::new("a token that a code gave", text(&given[name])));
        }
    }
    let audit = http.get("/api/v1/audit-events?limit=200").bearer(&admin).send().expect(200);
    places.add("the audit of browsers", audit.body);
    secrets.extend(given_tokens);
    secrets
}

/// A credential that is authorised on the pages, with a PIN; its id.
fn enrol(http: &Http, admin: &str, secret: &str, seat: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let post = |path: &str, token: &str, body: &Value| {
        http.post(path).bearer(token).json(body).send().expect(201).json()
    };
    let application = token(http, "web", secret, &format!("seat:{seat} tenant:acme"));
    let configuration =
        json!({ "name": "web", "tenant": "acme", "type": "oauth2", "secondFactors": ["PIN"] });
    let configuration = post("/api/v1/authorization-configurations", admin, &configuration);
    let new = json!({ "authorizationConfiguration": configuration["id"] });
    let id = text(&post("/api/v1/credentials", &application, &new)["credentialId"]);
    let path = format!("/api/v1/credentials/{id}");
    post(&format!("{path}/second-factors"), &application, &json!({ "type": "PIN", "value": PIN }));
    let made = post(&format!("{path}/key-pair"), &application, &json!({ "keyAlgorithm": "Ed25519" }));
    let authority = Authority::new("Web", 1, Clock::System.now()).unwrap();
    let certificate = authority.issue(&pem_body(&text(&made["csr"])), 365, Clock::System.now()).unwrap();
    let chain = json!({ "pkcs7": STANDARD.encode(authority.pkcs7_der(&certificate)) });
    let operator = json!({ "clientId": "web-ca", "roles": ["ca_operator"], "tenants": ["acme"] });
    let operator =
        token(http, "web-ca", &text(&post("/api/v1/clients", admin, &operator)["clientSecret"]), "");
    http.put(&format!("{path}/certificate")).bearer(&operator).json(&chain).send().expect(200);
    id
}

//! What programs that authorise by OAuth have in common: a registration, a signer, and a browser to send the signer to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::model::algorithm::KeyAlgorithm;
use serde_json::{Value, json};

use super::{Type, understood};
use crate::support::http::Reply;
use crate::support::pages::{Browser, CALLBACK, Callback};
use crate::support::people::{PASSWORD, Person};
use crate::support::scene::{Credential, PIN, Plan, Scene, Status};

/// Of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The client `wallet`, and jdoe with a credential that is authorised in the browser, by PIN.
pub struct Wallet<'a> {
    pub scene: &'a Scene,
    pub browser: Browser,
    pub credential: Credential,
    pub secret: String,
}

impl<'a> Wallet<'a> {
    pub fn new(scene: &'a Scene, key: KeyAlgorithm, demands: Value) -> Wallet<'a> {
        scene.client(json!({
            "clientId": "wallet", "tenants": ["acme"], "redirectUris": [CALLBACK],
            "authorizedGrantTypes": ["authorization_code", "refresh_token", "client_credentials"],
            "rolePermissions": { "signer": ["credentials:read", "credentials:use"] },
        }));
        Person::new(scene, "acme", "jdoe", &["signer"], &["jdoe@acme"]);
        let plan = Plan { key, ..Plan::oauth2(json!(["PIN"])).with(demands) };
        let credential = scene.enrol(&plan, Status::Active);
        Wallet { scene, browser: Browser::new(&scene.http), credential, secret: scene.secret("wallet") }
    }

    /// What jdoe does on the pages that `/oauth2/authorize` leads to, until the browser is sent back; the code. The
    /// state came back as it was, and so did the issuer that info names.
    #[track_caller]
    pub fn code(&self, base: &str, query: &[(&str, &str)], state: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let sent = self.browser.get(&format!("{}/oauth2/authorize?{query}", self.path(base))).expect(302);
        let page = sent.header("location").expect("a location").to_owned();
        for _ in 0..4 {
            let shown = self.browser.get(&page);
            let html = shown.text();
            let fields: &[(&str, &str)] = if shown.status == 302 {
                return returned(&shown, base, state);
            } else if html.contains("value=\"sign-in\"") {
                &[("step", "sign-in"), ("username", "jdoe"), ("password", PASSWORD)]
            } else if html.contains("value=\"sign\"") {
                &[("step", "sign"), ("pin", PIN)]
            } else {
                &[("step", "allow")]
            };
            let reply = self.browser.submit(&page, fields).expect(303);
            if reply.header("location").is_some_and(|location| location.starts_with(CALLBACK)) {
                return returned(&reply, base, state);
            }
        }
        panic!("the pages of {query} do not come to an end");
    }

    /// A form to an endpoint below the base that info names.
    pub fn post(&self, base: &str, path: &str, form: &[(&str, &str)]) -> Reply {
        self.scene.http.post(&format!("{}{path}", self.path(base))).form(form).send()
    }

    /// The same, with id and secret by HTTP Basic.
    pub fn post_basic(&self, base: &str, path: &str, form: &[(&str, &str)]) -> Reply {
        let request = self.scene.http.post(&format!("{}{path}", self.path(base)));
        request.basic("wallet", &self.secret).form(form).send()
    }

    /// The base that info of a version names.
    #[track_caller]
    pub fn base(&self, version: &str) -> String {
        let info = self.scene.http.post(&format!("/csc/{version}/info")).json(&json!({})).send();
        let info = understood(info, &[("/oauth2", Type::Text), ("/authType", Type::Texts)]);
        assert!(info["authType"].as_array().unwrap().contains(&json!("oauth2code")), "{info}");
        info["oauth2"].as_str().unwrap().to_owned()
    }

    /// The tests' server is not where its public URL says.
    fn path<'b>(&self, base: &'b str) -> &'b str {
        base.strip_prefix(self.scene.first().app.service.public_url.as_str()).expect("a base of this server")
    }
}

#[track_caller]
fn returned(reply: &Reply, base: &str, state: &str) -> String {
    let callback = Callback::of(reply);
    assert_eq!((callback.get("state").as_deref(), callback.get("iss").as_deref()), (Some(state), Some(base)));
    callback.code()
}

/// base64url, without padding, joined by commas, as hashes are put into a URL.
pub fn in_a_url(hashes: &[Vec<u8>]) -> String {
    hashes.iter().map(|hash| URL_SAFE_NO_PAD.encode(hash)).collect::<Vec<_>>().join(",")
}

/// A member of an answer.
#[track_caller]
pub fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

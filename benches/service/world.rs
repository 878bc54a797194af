//! An instance with everything that the workloads need: a tenant, applications, and credentials that can sign.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::pki::authority::Authority;
use serde_json::{Value, json};

use crate::enrolment::{Enroller, PIN, now};
use crate::fill;
use crate::http::Http;
use crate::limits::Key;
use crate::server::{Place, Server};

/// An application that may ask for tokens.
pub struct Client {
    pub id: String,
    pub secret: String,
}

impl Client {
    /// The value of an Authorization header.
    pub fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }
}

pub struct World {
    server: Option<Server>,
    pub place: Place,
    pub http: Http,
    /// How long each start took.
    pub starts: Vec<Duration>,
    pub client: Client,
    /// More applications, with secrets that the server made and with ones that somebody chose.
    pub made_secrets: Vec<Client>,
    pub chosen_secrets: Vec<Client>,
    /// Under a configuration with PIN and OTP.
    pub enroller: Enroller,
    /// For the seat that holds the two credentials below.
    pub signer_token: String,
    pub rsa: String,
    pub p256: String,
    /// Never used: what the database is filled with copies of.
    template: String,
    copies: u32,
}

const TENANT: &str = "bench";
pub const SCOPE: &str = "seat:signer tenant:bench";

impl World {
    pub fn create(place: Place, clients: usize) -> Self {
        let (id, secret) = place.init();
        let server = place.serve();
        let http = Http::new(&server.url());
        let admin = token(&http, &Client { id, secret }, "");
        let post = |path: &str, body: Value| -> Value {
            http.post(path).bearer(&admin).json(&body).send().expect(201).json()
        };
        post("/api/v1/tenants", json!({"name": TENANT}));
        let register = |id: String, secret: Option<String>| {
            let mut record = json!({"clientId": id, "tenants": [TENANT], "accessTokenValidity": 86400});
            if let Some(secret) = &secret {
                record["clientSecret"] = json!(secret);
            }
            let answer = post("/api/v1/clients", record);
            let secret = secret.unwrap_or_else(|| answer["clientSecret"].as_str().unwrap().to_owned());
            Client { id, secret }
        };
        let client = register("application".to_owned(), None);
        let made_secrets = (0..clients).map(|n| register(format!("made-{n}"), None)).collect();
        let chosen_secrets =
            (0..clients).map(|n| register(format!("chosen-{n}"), Some(format!("password_of_{n}")))).collect();
        let configuration = |name: &str, factors: Value| {
            let made = post(
                "/api/v1/authorization-configurations",
                json!({"name": name, "tenant": TENANT, "type": "explicit", "secondFactors": factors, "scal": "1",
                    "sadValidity": 3600}),
            );
            made["id"].as_str().unwrap().to_owned()
        };
        let pin_only = configuration("pin", json!(["PIN"]));
        let pin_and_otp = configuration("pin-and-otp", json!(["PIN", "OTP"]));
        let enroller = |configuration: String, otp: bool| Enroller {
            token: token(&http, &client, &format!("tenant:{TENANT}")),
            configuration,
            otp,
            authority: Authority::new("Bench", 1, now()).unwrap(),
        };
        let by_pin = enroller(pin_only, false);
        Self {
            starts: vec![server.ready_in],
            signer_token: token(&http, &client, SCOPE),
            rsa: by_pin.enrol(&http, "signer", Key::Rsa2048),
            p256: by_pin.enrol(&http, "signer", Key::P256),
            template: by_pin.enrol(&http, "template", Key::P256),
            copies: 0,
            enroller: enroller(pin_and_otp, true),
            client,
            made_secrets,
            chosen_secrets,
            http: Http::new(&server.url()),
            server: Some(server),
            place,
        }
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Ends the server and starts it anew on what it stored.
    pub fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop();
        }
        let server = self.place.serve();
        self.starts.push(server.ready_in);
        self.http = Http::new(&server.url());
        server.settle();
        self.server = Some(server);
    }

    /// Fills the database until it holds so many credentials.
    pub fn fill(&mut self, credentials: u32) {
        fill::fill(&self.place, &self.template, self.copies, credentials);
        self.copies = self.copies.max(credentials);
    }

    /// An access token of the application.
    pub fn token(&self, scope: &str) -> String {
        token(&self.http, &self.client, scope)
    }

    /// SADs for a thousand signatures each, two at a time: each of them costs an Argon2id run.
    pub fn authorise(&self, credential: &str, count: usize) -> Vec<String> {
        let body = json!({"credentialID": credential, "numSignatures": 1000, "PIN": PIN});
        let one = || -> String {
            let request = self.http.post("/csc/v1/credentials/authorize").bearer(&self.signer_token);
            request.json(&body).send().expect(200).json()["SAD"].as_str().unwrap().to_owned()
        };
        std::thread::scope(|scope| {
            let half = || (0..count.div_ceil(2)).map(|_| one()).collect::<Vec<_>>();
            let threads = [scope.spawn(half), scope.spawn(half)];
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }
}

fn token(http: &Http, client: &Client, scope: &str) -> String {
    let request = http.post("/oauth2/token").header("authorization", &client.basic());
    let answer = request.form(&[("grant_type", "client_credentials"), ("scope", scope)]).send().expect(200);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

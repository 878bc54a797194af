//! A stage for one test: a service on a database of its own, a clock that stands still until the test moves it, two
//! tenants with their clients, a CA; and what users do with them, as verbs, all of it over the wire.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::model::algorithm::{CsrSignatureAlgorithm, KeyAlgorithm};
use countersign::model::time::Clock;
use countersign::pki::authority::Authority;
use serde_json::{Value, json};
use totp_rs::Totp;

use super::gateway::Gateway;
use super::http::{Http, Reply};
use super::mail::MailServer;
use super::world::{Client, World};

/// Runs a test in a scene of its own on SQLite, then in one on PostgreSQL.
#[track_caller]
pub fn on_both(test: impl Fn(&Scene)) {
    for database in [Database::Sqlite, Database::Postgres] {
        let scene = Scene::on(database);
        let _name = NamedOnFailure(database);
        test(&scene);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Says which database a failing test was on.
struct NamedOnFailure(Database);

impl Drop for NamedOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "the test's own output")]
            {
                eprintln!("(this was on {:?})", self.0);
            }
        }
    }
}

/// Each tenant `t` has an application `t`, a CA operator `t-ca`, an administrator `t-admin` and an auditor
/// `t-auditor`; `admin` administers everything.
pub struct Scene {
    /// The first node.
    pub http: Http,
    pub clock: Clock,
    /// Its chains: end entity, one intermediate, root.
    pub authority: Authority,
    nodes: Vec<World>,
    clients: Mutex<BTreeMap<String, Client>>,
    names: AtomicUsize,
}

pub const TENANTS: [&str; 2] = ["acme", "globex"];
/// Longer than any test moves the clock, in seconds.
const TOKEN_VALIDITY: i64 = 30 * 86_400;
/// The PIN of every credential here.
pub const PIN: &str = "471193";

impl Scene {
    pub fn on(database: Database) -> Scene {
        Scene::set(match database {
            Database::Sqlite => vec![World::sqlite()],
            Database::Postgres => vec![World::postgres()],
        })
    }

    /// On a node with settings of its own.
    pub fn of(world: World) -> Scene {
        Scene::set(vec![world])
    }

    /// Two nodes on one PostgreSQL database, with one clock.
    pub fn two_nodes() -> Scene {
        let first = World::postgres();
        let second = first.second_node();
        Scene::set(vec![first, second])
    }

    fn set(nodes: Vec<World>) -> Scene {
        let first = &nodes[0];
        let scene = Scene {
            http: first.http.clone(),
            clock: first.clock.clone(),
            authority: Authority::new("Test", 1, first.clock.now()).unwrap(),
            clients: Mutex::new(BTreeMap::from([("admin".to_owned(), first.admin.clone())])),
            names: AtomicUsize::new(0),
            nodes,
        };
        for tenant in TENANTS {
            scene.tenant(tenant);
        }
        scene
    }

    /// A tenant with its clients.
    pub fn tenant(&self, name: &str) {
        let tenant = json!({ "name": name, "displayName": name.to_uppercase() });
        self.http.post("/api/v1/tenants").bearer(&self.admin()).json(&tenant).send().expect(201);
        for (suffix, role) in [
            ("", "application"),
            ("-ca", "ca_operator"),
            ("-admin", "administrator"),
            ("-auditor", "auditor"),
        ] {
            self.client(json!({ "clientId": format!("{name}{suffix}"), "roles": [role], "tenants": [name] }));
        }
    }

    /// Where mail goes.
    pub fn mail(&self) -> &MailServer {
        &self.nodes[0].mail
    }

    pub fn gateway(&self) -> &Gateway {
        &self.nodes[0].gateway
    }

    /// Makes it a tenant's gateway; the secret.
    pub fn set_gateway(&self, tenant: &str) -> String {
        let change = json!({ "gateway": { "url": self.gateway().url() } });
        let request = self.http.patch(&format!("/api/v1/tenants/{tenant}")).bearer(&self.admin());
        let changed = request.json(&change).send().expect(200).json();
        changed["gatewaySecret"].as_str().expect("a secret").to_owned()
    }

    /// The second node's door to the same service.
    pub fn second(&self) -> &Http {
        &self.nodes[1].http
    }

    pub fn first(&self) -> &World {
        &self.nodes[0]
    }

    /// A node that comes up later on the same database.
    pub fn another_node(&self) -> World {
        self.nodes[0].second_node()
    }

    /// Registers a client, whose name is then enough for [`Scene::token`]; returns the answer.
    pub fn client(&self, mut record: Value) -> Value {
        if record["accessTokenValidity"].is_null() {
            record["accessTokenValidity"] = TOKEN_VALIDITY.into();
        }
        let reply = self.http.post("/api/v1/clients").bearer(&self.admin()).json(&record).send().expect(201);
        let made = reply.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let secret = text(&record["clientSecret"]).or(text(&made["clientSecret"])).expect("a secret");
        let id = text(&made["clientId"]).expect("an id");
        self.clients.lock().unwrap().insert(id.clone(), Client { id, secret });
        made
    }

    pub fn secret(&self, client: &str) -> String {
        let clients = self.clients.lock().unwrap();
        clients.get(client).unwrap_or_else(|| panic!("no client {client}")).secret.clone()
    }

    /// An access token of the administrator of everything.
    pub fn admin(&self) -> String {
        self.token("admin", "")
    }

    /// An access token by client credentials.
    #[track_caller]
    pub fn token(&self, client: &str, scope: &str) -> String {
        let reply = self.ask_token(&self.http, client, scope).expect(200);
        reply.json()["access_token"].as_str().expect("a token").to_owned()
    }

    pub fn ask_token(&self, http: &Http, client: &str, scope: &str) -> Reply {
        let mut form = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            form.push(("scope", scope));
        }
        http.post("/oauth2/token").basic(client, &self.secret(client)).form(&form).send()
    }

    /// Revokes a token as its own client.
    pub fn revoke(&self, client: &str, token: &str) {
        let request = self.http.post("/oauth2/revoke").basic(client, &self.secret(client));
        request.form(&[("token", token)]).send().expect(200);
    }

    /// An authorization configuration; what `changes` names replaces the defaults (tenant acme, PIN and OTP).
    pub fn configuration(&self, changes: Value) -> String {
        let mut record = json!({
            "name": format!("configuration-{}", self.number()),
            "tenant": "acme",
            "type": "explicit",
            "secondFactors": ["PIN", "OTP"],
        });
        merge(&mut record, changes);
        let path = "/api/v1/authorization-configurations";
        let made = self.http.post(path).bearer(&self.admin()).json(&record).send().expect(201);
        made.json()["id"].as_str().expect("an id").to_owned()
    }

    fn number(&self) -> usize {
        self.names.fetch_add(1, Ordering::Relaxed)
    }

    /// Enrols a credential as far as a status.
    #[track_caller]
    pub fn enrol(&self, plan: &Plan, until: Status) -> Credential {
        let configuration = match &plan.configuration {
            Some(id) => id.clone(),
            None => self.configuration(plan.demands.clone()),
        };
        let token = self.token(plan.tenant, &format!("seat:{} tenant:{}", plan.seat, plan.tenant));
        let new =
            json!({ "authorizationConfiguration": configuration, "multiSignature": plan.multi_signature });
        let created =
            self.http.post("/api/v1/credentials").bearer(&token).json(&new).send().expect(201).json();
        let id = created["credentialId"].as_str().expect("an id").to_owned();
        let mut credential = Credential {
            path: format!("/api/v1/credentials/{id}"),
            id,
            token,
            plan: plan.clone(),
            otp: None,
            certificate: Vec::new(),
        };
        if until >= Status::Protected {
            let factors = created["requiredSecondFactors"].as_array().expect("factors").clone();
            if factors.contains(&"PIN".into()) {
                self.add_pin(&credential, PIN).expect(201);
            }
            if factors.contains(&"OTP".into()) {
                self.add_otp(&mut credential);
                self.confirm(&credential, &self.otp_code(&credential)).expect(200);
            }
            for kind in ["EMAIL_OTP", "SMS_OTP"] {
                if factors.contains(&kind.into()) {
                    self.add_sent(&credential, kind).expect(201);
                    self.confirm(&credential, &self.received_code(&credential)).expect(200);
                }
            }
            for kind in ["EMAIL_LINK", "PUSH"] {
                if factors.contains(&kind.into()) {
                    self.add_sent(&credential, kind).expect(201);
                    self.decide(&self.received_link(&credential), "approve").expect(200);
                }
            }
        }
        if until >= Status::AwaitingCertificate {
            let made = self.key_pair(&credential, &plan.key_pair()).expect(201);
            if until >= Status::Active {
                let csr = made.json()["csr"].as_str().expect("a CSR").to_owned();
                let now = self.clock.now();
                credential.certificate =
                    self.authority.issue(&pem_body(&csr), plan.certificate_days, now).unwrap();
                let chain = self.authority.pkcs7_der(&credential.certificate);
                self.attach(&credential, &chain).expect(200);
            }
        }
        credential
    }

    pub fn add_pin(&self, credential: &Credential, pin: &str) -> Reply {
        self.step(credential, "second-factors", &json!({ "type": "PIN", "value": pin }))
    }

    pub fn add_otp(&self, credential: &mut Credential) -> Value {
        let shown = self.step(credential, "second-factors", &json!({ "type": "OTP" })).expect(201).json();
        credential.scan(&shown);
        shown
    }

    /// Has a first code sent to where [`Scene::received_code`] looks.
    pub fn add_sent(&self, credential: &Credential, kind: &str) -> Reply {
        let body = json!({ "type": kind, "address": credential.address() });
        self.step(credential, "second-factors", &body)
    }

    pub fn confirm(&self, credential: &Credential, code: &str) -> Reply {
        self.step(credential, "second-factors/otp/confirm", &json!({ "value": code }))
    }

    pub fn key_pair(&self, credential: &Credential, wanted: &Value) -> Reply {
        self.step(credential, "key-pair", wanted)
    }

    /// A certificate of the authority, DER, of a year.
    pub fn certificate(&self, csr_pem: &str) -> Vec<u8> {
        self.authority.issue(&pem_body(csr_pem), 365, self.clock.now()).unwrap()
    }

    /// Uploads a PKCS#7 as the tenant's CA operator.
    pub fn attach(&self, credential: &Credential, pkcs7: &[u8]) -> Reply {
        let operator = self.token(&format!("{}-ca", credential.plan.tenant), "");
        let request = self.http.put(&format!("{}/certificate", credential.path)).bearer(&operator);
        request.bytes("application/pkcs7-mime", pkcs7).send()
    }

    /// A POST below the credential, by its own application.
    pub fn step(&self, credential: &Credential, step: &str, body: &Value) -> Reply {
        self.http.post(&format!("{}/{step}", credential.path)).bearer(&credential.token).json(body).send()
    }

    pub fn show(&self, credential: &Credential) -> Value {
        self.http.get(&credential.path).bearer(&credential.token).send().expect(200).json()
    }

    /// One that was never accepted, however it comes.
    #[track_caller]
    pub fn one_time_password(&self, credential: &Credential) -> String {
        if credential.is_sent_codes() { self.sent_code(credential) } else { self.otp_code(credential) }
    }

    /// A code that was never accepted: time moves on by one step.
    pub fn otp_code(&self, credential: &Credential) -> String {
        let otp = credential.otp.as_ref().expect("an OTP");
        self.clock.advance(i64::try_from(otp.step()).unwrap());
        self.current_code(credential)
    }

    /// The code of this very moment.
    pub fn current_code(&self, credential: &Credential) -> String {
        let now = u64::try_from(self.clock.now().seconds()).unwrap();
        credential.otp.as_ref().expect("an OTP").generate(now).to_string()
    }

    /// A code that is sent now: time moves on so far that not too many are.
    #[track_caller]
    pub fn sent_code(&self, credential: &Credential) -> String {
        self.clock.advance(20);
        let body = json!({ "credentialID": credential.id });
        self.csc(&credential.token, "credentials/sendOTP", &body).expect(204);
        self.received_code(credential)
    }

    /// The last code that reached the signer.
    #[track_caller]
    pub fn received_code(&self, credential: &Credential) -> String {
        let address = credential.address();
        if address.starts_with('+') { self.gateway().code(&address) } else { self.mail().code(&address) }
    }

    /// The path of the last link that reached the signer.
    #[track_caller]
    pub fn received_link(&self, credential: &Credential) -> String {
        let address = credential.address();
        let link = if credential.demands("PUSH") {
            self.gateway().link(&address)
        } else {
            self.mail().letters(&address).last().expect("a letter").link()
        };
        link.strip_prefix("http://localhost:8080").expect("the public URL").to_owned()
    }

    /// As the page's form does.
    pub fn decide(&self, link: &str, decision: &str) -> Reply {
        self.http.post(link).form(&[("decision", decision)]).send()
    }

    /// A call of the CSC API, version 2.
    pub fn csc2(&self, token: &str, method: &str, body: &Value) -> Reply {
        self.http.post(&format!("/csc/v2/{method}")).bearer(token).json(body).send()
    }

    /// A call of the CSC API, version 1.
    pub fn csc(&self, token: &str, method: &str, body: &Value) -> Reply {
        self.http.post(&format!("/csc/v1/{method}")).bearer(token).json(body).send()
    }

    /// What `credentials/authorize` takes, with right factors.
    pub fn authorization(&self, credential: &Credential, signatures: usize, hashes: &[Vec<u8>]) -> Value {
        let mut body = json!({ "credentialID": credential.id, "numSignatures": signatures });
        if !hashes.is_empty() {
            body["hash"] = base64_all(hashes);
        }
        if credential.demands("PIN") {
            body["PIN"] = PIN.into();
        }
        if credential.demands("OTP") || credential.is_sent_codes() {
            body["OTP"] = self.one_time_password(credential).into();
        }
        body
    }

    /// A SAD.
    #[track_caller]
    pub fn authorize(&self, credential: &Credential, signatures: usize, hashes: &[Vec<u8>]) -> String {
        let body = self.authorization(credential, signatures, hashes);
        let reply = self.csc(&credential.token, "credentials/authorize", &body).expect(200);
        reply.json()["SAD"].as_str().expect("a SAD").to_owned()
    }

    /// What `signatures/signHash` takes, for the key's own algorithm (with SHA-256 for RSA).
    pub fn signing(&self, credential: &Credential, sad: &str, hashes: &[Vec<u8>]) -> Value {
        let algorithms = credential.plan.key.signature_oids();
        json!({
            "credentialID": credential.id,
            "SAD": sad,
            "hash": base64_all(hashes),
            "signAlgo": algorithms.get(1).unwrap_or(&algorithms[0]),
        })
    }

    pub fn sign(&self, credential: &Credential, sad: &str, hashes: &[Vec<u8>]) -> Reply {
        let body = self.signing(credential, sad, hashes);
        self.csc(&credential.token, "signatures/signHash", &body)
    }
}

/// How far an enrolment goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Created,
    Protected,
    AwaitingCertificate,
    Active,
}

/// What to enrol.
#[derive(Clone, Debug)]
pub struct Plan {
    pub tenant: &'static str,
    pub seat: &'static str,
    pub key: KeyAlgorithm,
    pub csr_algorithm: Option<CsrSignatureAlgorithm>,
    pub multi_signature: usize,
    pub certificate_days: u32,
    /// What the configuration says beyond or instead of the defaults.
    pub demands: Value,
    /// An existing configuration instead.
    pub configuration: Option<String>,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            tenant: "acme",
            seat: "jdoe@acme",
            key: KeyAlgorithm::P256,
            csr_algorithm: None,
            multi_signature: 10,
            certificate_days: 365,
            demands: json!({}),
            configuration: None,
        }
    }
}

impl Plan {
    /// With a PIN alone: no clock has to move.
    pub fn pin_only() -> Plan {
        Plan { demands: json!({ "secondFactors": ["PIN"] }), ..Plan::default() }
    }

    /// With a PIN and codes by mail.
    pub fn mailed() -> Plan {
        Plan { demands: json!({ "secondFactors": ["PIN", "EMAIL_OTP"] }), ..Plan::default() }
    }

    /// Authorised in the browser.
    pub fn oauth2(factors: Value) -> Plan {
        Plan { demands: json!({ "type": "oauth2", "secondFactors": factors }), ..Plan::default() }
    }

    /// For the other tenant.
    pub fn globex() -> Plan {
        Plan {
            tenant: "globex",
            seat: "eve@globex",
            demands: json!({ "tenant": "globex" }),
            ..Plan::default()
        }
    }

    pub fn with(mut self, demands: Value) -> Plan {
        merge(&mut self.demands, demands);
        self
    }

    fn key_pair(&self) -> Value {
        let algorithm =
            self.csr_algorithm.unwrap_or_else(|| CsrSignatureAlgorithm::fitting(self.key).swap_remove(0));
        key_pair(self.key, algorithm)
    }
}

/// The body that asks for a key pair.
pub fn key_pair(key: KeyAlgorithm, algorithm: CsrSignatureAlgorithm) -> Value {
    let mut body = json!({
        "keyAlgorithm": key.family(),
        "csrSignatureAlgorithm": algorithm.java_name(),
        "subject": "CN=John Doe,O=Acme",
    });
    if key != KeyAlgorithm::Ed25519 {
        body["keyLength"] = key.bits().into();
    }
    body
}

/// A credential under way, with what its application and its signer know.
pub struct Credential {
    pub id: String,
    /// `/api/v1/credentials/{id}`
    pub path: String,
    /// Of its application, for its seat.
    pub token: String,
    pub plan: Plan,
    pub otp: Option<Totp>,
    /// The end entity's, DER; empty before there is one.
    pub certificate: Vec<u8>,
}

impl Credential {
    /// The signer's authenticator reads the URI that adding an OTP showed.
    pub fn scan(&mut self, shown: &Value) {
        self.otp = Some(Totp::from_url(shown["uri"].as_str().expect("a URI")).unwrap());
    }

    /// Where its signer gets codes.
    pub fn address(&self) -> String {
        if self.demands("SMS_OTP") {
            "+34600123456".to_owned()
        } else {
            format!("{}.example", self.plan.seat)
        }
    }

    fn is_sent_codes(&self) -> bool {
        self.demands("EMAIL_OTP") || self.demands("SMS_OTP")
    }

    pub fn demands(&self, factor: &str) -> bool {
        match self.plan.demands["secondFactors"].as_array() {
            Some(factors) => factors.contains(&factor.into()),
            None => ["PIN", "OTP"].contains(&factor),
        }
    }
}

/// The SHA-256 of a text: something to sign.
pub fn hash(text: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

pub fn base64_all(hashes: &[Vec<u8>]) -> Value {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// The signatures in an answer of `signHash`.
#[track_caller]
pub fn signatures(reply: &Reply) -> Vec<Vec<u8>> {
    let body = reply.json();
    let list = body["signatures"].as_array().unwrap_or_else(|| panic!("no signatures in {body}"));
    list.iter().map(|signature| STANDARD.decode(signature.as_str().unwrap()).unwrap()).collect()
}

/// The octets inside a PEM.
pub fn pem_body(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).unwrap()
}

/// DER as PEM.
pub use countersign::pki::pem::write as pem;

/// Runs openssl's command line on an input; what it said, and whether it was content.
pub fn openssl(arguments: &[&str], input: &[u8]) -> (String, bool) {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("openssl (Debian: apt-get install openssl): {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&said).into_owned(), output.status.success())
}

/// The answers to so many calls made at the same time.
pub fn at_once<T: Send>(callers: usize, call: impl Fn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..callers).map(|_| scope.spawn(&call)).collect();
        running.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

pub fn statuses(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

fn merge(record: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("{changes} is no object") };
    for (name, value) in changes {
        record[name] = value;
    }
}

//! A served node with its first administrator, and requests in the words of those who make them.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign::app::App;
use countersign::config::{
    Config, Database, DatabaseUrl, Mail, RsaPool, WebhookHost, WebhookHosts, Webhooks,
};
use countersign::http::server::{self, Running};
use countersign::model::event::Actor;
use countersign::model::time::{Clock, Timestamp};
use countersign::oauth::clients::first_administrator::first_administrator;
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::http::{Http, Reply};
use super::mail::MailServer;
use super::{node, postgres};

/// One node that answers. Its clock stands still until the test moves it.
pub struct World {
    pub http: Http,
    pub clock: Clock,
    pub admin: Client,
    pub app: Arc<App>,
    /// Where its mail goes.
    pub mail: Arc<MailServer>,
    /// What a tenant may name as its gateway.
    pub gateway: Arc<Gateway>,
    config: Config,
    running: Running,
}

/// A client's id and secret.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: String,
}

/// Runs a test on SQLite and on PostgreSQL.
pub fn on_each_database(test: impl Fn(&World)) {
    test(&World::sqlite());
    test(&World::postgres());
}

impl World {
    pub fn sqlite() -> World {
        World::configured(|_| ())
    }

    pub fn postgres() -> World {
        let url = DatabaseUrl::parse(&postgres::database()).unwrap();
        World::configured(|config| config.database = Database { url, ..config.database.clone() })
    }

    /// On SQLite, unless `configure` says otherwise.
    pub fn configured(configure: impl FnOnce(&mut Config)) -> World {
        World::configured_at(Timestamp::from_seconds(1_800_000_000), configure)
    }

    /// As [`World::configured`], at another time.
    pub fn configured_at(now: Timestamp, configure: impl FnOnce(&mut Config)) -> World {
        let mut config = Config::in_directory(node::directory());
        config.keys.rsa_pool = RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let (mail, gateway) = (Arc::new(MailServer::start()), Arc::new(Gateway::start()));
        let sender = "Countersign <sign@countersign.example>".parse().unwrap();
        config.mail = Some(Mail::by(mail.url().parse().unwrap(), sender));
        let gateway_host: WebhookHost = gateway.address().to_string().parse().unwrap();
        config.webhooks = Webhooks { hosts: WebhookHosts::new([gateway_host]) };
        configure(&mut config);
        let clock = Clock::fixed(now);
        let app = Arc::new(node::open(config.clone(), clock.clone()));
        let actor = Actor { name: "operator".to_owned(), request_id: None, at: clock.now() };
        let (id, secret) = first_administrator(&app.service, actor).unwrap();
        let admin = Client { id: id.to_string(), secret: secret.expose().to_owned() };
        let running = server::start(Arc::clone(&app)).unwrap();
        World { http: Http::new(&running.url()), clock, admin, app, mail, gateway, config, running }
    }

    /// Another node on the same database, with the same clock.
    pub fn second_node(&self) -> World {
        let app = Arc::new(node::open(self.config.clone(), self.clock.clone()));
        let running = server::start(Arc::clone(&app)).unwrap();
        World {
            http: Http::new(&running.url()),
            clock: self.clock.clone(),
            admin: self.admin.clone(),
            app,
            mail: Arc::clone(&self.mail),
            gateway: Arc::clone(&self.gateway),
            config: self.config.clone(),
            running,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The answer to a token request.
    pub fn ask_token(&self, client: &Client, scope: &str) -> Reply {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        self.http.post("/oauth2/token").basic(&client.id, &client.secret).form(&form).send()
    }

    /// An access token.
    #[track_caller]
    pub fn token(&self, client: &Client, scope: &str) -> String {
        self.ask_token(client, scope).expect(200).json()["access_token"].as_str().unwrap().to_owned()
    }

    pub fn admin_token(&self) -> String {
        self.token(&self.admin, "")
    }

    /// Makes a tenant.
    #[track_caller]
    pub fn tenant(&self, name: &str) {
        let token = self.admin_token();
        self.http.post("/api/v1/tenants").bearer(&token).json(&json!({ "name": name })).send().expect(201);
    }

    /// Registers a client with a secret that the server makes.
    #[track_caller]
    pub fn client(&self, id: &str, fields: Value) -> Client {
        let mut body = json!({ "clientId": id });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let token = self.admin_token();
        let created = self.http.post("/api/v1/clients").bearer(&token).json(&body).send().expect(201).json();
        let secret = created["clientSecret"].as_str().or(body["clientSecret"].as_str()).unwrap();
        Client { id: id.to_owned(), secret: secret.to_owned() }
    }

    pub fn check_token(&self, client: &Client, token: &str) -> Reply {
        let form = [("token", token)];
        self.http.post("/oauth2/check_token").basic(&client.id, &client.secret).form(&form).send()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A node that still runs keeps its open files; nobody opens others any more.
        let _ = std::fs::remove_dir_all(&self.config.data);
    }
}

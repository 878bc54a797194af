//! The composition root: what one node is made of. `main` and the tests build the same one.

use std::fs::OpenOptions;
use std::num::NonZeroUsize;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, Config, DatabaseUrl};
use crate::http::blocking::Gate;
use crate::keys::argon::{Argon, Limits};
use crate::keys::envelope::MasterKey;
use crate::keys::pool::PoolSizes;
use crate::keys::vault::VaultLimits;
use crate::metrics::Metrics;
use crate::model::error::{Code, Error, Result};
use crate::model::event::Actor;
use crate::model::time::{Clock, Timestamp};
use crate::oauth::{OAuth, Remembered, keyring};
use crate::outbound::Outbound;
use crate::outbound::gateway::Gateways;
use crate::outbound::mail::Mailer;
use crate::outbound::notices::Notices;
use crate::service::{self, Service};
use crate::store::{Store, events};
use crate::timestamp::{Sha1, Tsa};

/// One node. Handlers get it as `Data<App>`, commands by reference.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub metrics: Metrics,
    /// The door off the async threads.
    pub gate: Gate,
    pub service: Arc<Service>,
    pub oauth: OAuth,
    /// Absent where no host may be called.
    pub notices: Option<Notices>,
    /// Absent where no time-stamping authority is configured.
    pub tsa: Option<Tsa>,
    checks: Vec<Check>,
}

/// A part that has to work before this node takes requests, for `/health/ready`.
pub struct Check {
    pub name: &'static str,
    pub probe: Box<dyn Fn() -> Result<()> + Send + Sync>,
}

/// Parsed keys of open authorizations in memory, the oldest leaving first: some ten KiB each.
const OPENED_KEYS: NonZeroUsize = NonZeroUsize::new(2000).unwrap();

impl App {
    /// Opens an initialised database, brings its schema up to date and puts the node together. Fails when the
    /// configuration contradicts itself, when the database is not initialised or when the master key is another's.
    pub fn open(config: Config, clock: Clock) -> Result<Self> {
        config.check()?;
        let service = Arc::new(open_service(&config, clock.now())?);
        let oauth = open_oauth(&config, &service, clock.now())?;
        let gate = Gate::new(config.limits.blocking, config.limits.blocking_queue);
        let metrics = Metrics::new()?;
        gate.watch(&metrics)?;
        watch(&service, &metrics)?;
        let notices = start_notices(&config, &metrics)?;
        let tsa = config.tsa.as_ref().map(|tsa| open_tsa(tsa, &config.limits));
        let mut app = Self { config, clock, metrics, gate, service, oauth, notices, tsa, checks: Vec::new() };
        let (service, clock) = (Arc::clone(&app.service), app.clock.clone());
        app.add_check("database", move || service.store.ping(clock.now()));
        let service = Arc::clone(&app.service);
        app.add_check("keys", move || service.vault.check());
        let (service, clock) = (Arc::clone(&app.service), app.clock.clone());
        app.add_check("clock", move || check_clock(&service.store, clock.now()));
        Ok(app)
    }

    /// Adds a part to `/health/ready`. The probe may block; it should answer within a second.
    pub fn add_check(&mut self, name: &'static str, probe: impl Fn() -> Result<()> + Send + Sync + 'static) {
        self.checks.push(Check { name, probe: Box::new(probe) });
    }

    pub fn checks(&self) -> &[Check] {
        &self.checks
    }
}

/// Seconds that the clocks of nodes may be apart.
const CLOCK_SKEW: i64 = 60;

/// A clock behind what was recorded already would make expired tokens and SADs good again.
fn check_clock(store: &Store, now: Timestamp) -> Result<()> {
    match store.read(now, events::latest)? {
        Some(latest) if latest > now.plus_seconds(CLOCK_SKEW) => Err(Error::internal(format!(
            "this node's clock says {now}, but an event was recorded at {latest}; set the clock"
        ))),
        _ => Ok(()),
    }
}

/// The verbs' side of a node, for commands that work beside the server.
pub fn open_service(config: &Config, now: Timestamp) -> Result<Service> {
    let store = open_store(config)?;
    for migration in store.migrate()? {
        tracing::info!(%migration, "applied");
    }
    let public_url = config.server.public_url.as_ref().map(|url| url.as_str().to_owned());
    Service::open(store, master_key(config)?, public_url, vault_limits(config), outbound(config)?, now)
}

fn outbound(config: &Config) -> Result<Outbound> {
    let at_once = calls_at_once(&config.limits);
    let mailer =
        config.mail.as_ref().map(|mail| Mailer::new(&mail.url, mail.from.clone(), mail.timeout, at_once));
    let gateways = Gateways::on(config.webhooks.hosts.clone(), at_once);
    Ok(Outbound { mailer: mailer.transpose()?, gateways })
}

/// Calls to one kind of service of others that are under way at once.
const CALLS_AT_ONCE: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// A slow service holds up a quarter of the places for blocking work, and not more than [`CALLS_AT_ONCE`].
fn calls_at_once(limits: &config::Limits) -> NonZeroUsize {
    NonZeroUsize::new(limits.blocking.get() / 4).unwrap_or(NonZeroUsize::MIN).min(CALLS_AT_ONCE)
}

/// The database of an instance; makes none where there is none.
pub fn open_store(config: &Config) -> Result<Store> {
    if let DatabaseUrl::Sqlite(path) = &config.database.url
        && !Path::new(path).exists()
    {
        return Err(service::not_initialised().caused_by(format!("{:?}", config.database.url)));
    }
    let store = Store::open(&config.database.url, config.database.connections.get())?;
    if store.is_blank()? {
        return Err(service::not_initialised().caused_by(format!("{:?}", config.database.url)));
    }
    Ok(store)
}

/// The authorization server, on a database that has a key to sign tokens with from here on.
fn open_oauth(config: &Config, service: &Arc<Service>, now: Timestamp) -> Result<OAuth> {
    let actor = Actor { name: "node".to_owned(), request_id: None, at: now };
    match keyring::rotate(service, actor, config.keys.token_algorithm) {
        // Another node that starts at the same time made the key.
        Err(error) if error.code() == Code::Conflict => {}
        made => drop(made?),
    }
    OAuth::open(Arc::clone(service), Remembered::default(), now)
}

fn start_notices(config: &Config, metrics: &Metrics) -> Result<Option<Notices>> {
    if config.webhooks.hosts.is_empty() {
        return Ok(None);
    }
    let counter = metrics.notice_counter();
    Notices::start(move |outcome| counter(outcome.as_str())).map(Some)
}

fn open_tsa(tsa: &config::Tsa, limits: &config::Limits) -> Tsa {
    let sha1 = if tsa.allow_sha1 { Sha1::Allowed } else { Sha1::Refused };
    let time = Duration::from_secs(tsa.timeout.get());
    Tsa::new(tsa.url.clone(), tsa.policy.clone(), sha1, time, calls_at_once(limits))
}

/// Makes a database and its master key; false when the database is initialised already, and nothing was changed.
pub fn initialise(config: &Config, actor: Actor) -> Result<bool> {
    let cannot = |what: &Path, error: std::io::Error| {
        Error::new(Code::InvalidRequest, format!("{} cannot be made: {error}.", what.display()))
    };
    // What lies there is wrapped, but nobody else's business all the same.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .map_err(|e| cannot(&config.data, e))?;
    if let DatabaseUrl::Sqlite(path) = &config.database.url {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        file.map_err(|e| cannot(Path::new(path), e))?;
    }
    let store = Store::open(&config.database.url, config.database.connections.get())?;
    store.migrate()?;
    if service::is_initialised(&store, actor.at)? {
        return Ok(false);
    }
    let master = match &config.keys.master {
        config::MasterKey::File(path) if !path.exists() => {
            let made = MasterKey::generate()?;
            made.write_new(path)?;
            made
        }
        _ => master_key(config)?,
    };
    let url = config.server.public_url.as_ref().map_or("http://localhost:8080", |url| url.as_str());
    match service::initialise(&store, &master, url, actor) {
        // Another node that starts at the same time did it.
        Err(error) if error.code() == Code::AlreadyExists => Ok(false),
        outcome => outcome.map(|()| true),
    }
}

fn master_key(config: &Config) -> Result<MasterKey> {
    match &config.keys.master {
        config::MasterKey::File(path) => MasterKey::from_file(path),
        config::MasterKey::Environment(text) => MasterKey::from_text(text),
    }
}

fn vault_limits(config: &Config) -> VaultLimits {
    let pool = &config.keys.rsa_pool;
    VaultLimits {
        argon: Argon::new(Limits { running: config.limits.argon2, waiting: config.limits.argon2_queue }),
        rsa_pool: PoolSizes { rsa2048: pool.rsa_2048, rsa3072: pool.rsa_3072, rsa4096: pool.rsa_4096 },
        opened_keys: OPENED_KEYS,
    }
}

/// Shows what the parts below count.
fn watch(service: &Arc<Service>, metrics: &Metrics) -> Result<()> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    for (at, (algorithm, _)) in service.vault.rsa_pool.ready().into_iter().enumerate() {
        let service = Arc::clone(service);
        let bits = algorithm.bits().to_string();
        metrics.sample(
            "countersign_rsa_pool_ready",
            "RSA keys that are ready.",
            &[("bits", &bits)],
            move || service.vault.rsa_pool.ready().get(at).map_or(0, |(_, ready)| count(*ready)),
        )?;
    }
    let opened = Arc::clone(service);
    metrics.sample("countersign_opened_keys", "Parsed keys of open authorizations.", &[], move || {
        count(opened.vault.opened.len())
    })?;
    let open = Arc::clone(service);
    metrics.sample("countersign_database_connections", "Connections to the database.", &[], move || {
        i64::from(open.store.connections().0)
    })?;
    let used = Arc::clone(service);
    metrics.sample("countersign_database_connections_used", "Those in use.", &[], move || {
        i64::from(used.store.connections().1)
    })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A node on a fresh database in a directory of its own.
    pub fn app(configure: impl FnOnce(&mut Config), now: Timestamp) -> App {
        let name = crate::keys::random::bytes::<8>().unwrap().map(|byte| format!("{byte:02x}")).concat();
        let mut config = Config::in_directory(std::env::temp_dir().join(format!("countersign-{name}")));
        config.keys.rsa_pool = config::RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
        configure(&mut config);
        let actor = Actor { name: "operator".into(), request_id: None, at: now };
        assert!(initialise(&config, actor.clone()).unwrap());
        assert!(!initialise(&config, actor).unwrap());
        App::open(config, Clock::fixed(now)).unwrap()
    }

    #[test]
    fn what_is_not_initialised_is_refused_with_the_command_to_run_and_left_alone() {
        let directory = std::env::temp_dir().join("countersign-never-initialised");
        let error = App::open(Config::in_directory(&directory), Clock::System).err().unwrap();
        assert!(error.detail().contains("countersign init"), "{error}");
        assert!(!directory.exists());
    }
}

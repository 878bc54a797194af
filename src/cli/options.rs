//! Flags and environment variables, and how they become the sections of [`Config`]. Groups of flags are flattened into
//! the commands that need them.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::{Failure, words};
use crate::config::database::DatabaseUrl;
use crate::config::identity::{Region, Specs, Wording};
use crate::config::logs::DEFAULT_FILTER;
use crate::config::tsa::Policy;
use crate::config::{
    Config, Database, Identity, Keys, Limits, LogFormat, Logs, Mail, MasterKey, PublicUrl, RsaPool, Sender,
    Server, SmtpUrl, Tls, Tsa, WebhookHost, WebhookHosts, Webhooks,
};
use crate::model::algorithm::TokenAlgorithm;
use crate::model::error::Error;
use crate::model::secret::SecretText;

/// The environment variable that holds the master key itself. It has no flag: others can read command lines.
const MASTER_KEY: &str = "COUNTERSIGN_MASTER_KEY";

/// Everything that a node is set up with.
#[derive(Args)]
pub struct NodeOptions {
    #[command(flatten)]
    pub storage: StorageOptions,
    #[command(flatten)]
    pub server: ServerOptions,
    #[command(flatten)]
    pub identity: IdentityOptions,
    #[command(flatten)]
    pub tsa: TsaOptions,
    #[command(flatten)]
    pub limits: LimitOptions,
    #[command(flatten)]
    pub webhooks: WebhookOptions,
    #[command(flatten)]
    pub mail: MailOptions,
}

/// What a command needs that works on the database without a server.
#[derive(Args)]
#[command(next_help_heading = "Storage and keys")]
pub struct StorageOptions {
    /// The directory of the database and the master key, unless other flags say otherwise
    #[arg(long, env = "COUNTERSIGN_DATA", value_name = "DIR", default_value = "countersign-data")]
    pub data: PathBuf,
    /// sqlite:PATH or postgres://USER@HOST/DATABASE [default: sqlite:DIR/countersign.db]
    #[arg(long, env = "COUNTERSIGN_DATABASE_URL", value_name = "URL", hide_env_values = true, value_parser = secret)]
    database_url: Option<SecretText>,
    /// Connections to the database
    #[arg(long, env = "COUNTERSIGN_DATABASE_CONNECTIONS", value_name = "N", default_value = "8")]
    database_connections: NonZeroU32,
    /// The file of the master key; the key itself may be in COUNTERSIGN_MASTER_KEY instead [default: DIR/master.key]
    #[arg(long, env = "COUNTERSIGN_MASTER_KEY_FILE", value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// RSA keys to keep ready in memory, by size
    #[arg(long, env = "COUNTERSIGN_RSA_POOL", value_name = "SIZE=N,..", default_value_t, value_parser = parsed::<RsaPool>)]
    rsa_pool: RsaPool,
    /// What signs access tokens: EdDSA, ES256 or RS256
    #[arg(long, env = "COUNTERSIGN_TOKEN_ALGORITHM", value_name = "ALGORITHM", default_value = "EdDSA", value_parser = token_algorithm)]
    token_algorithm: TokenAlgorithm,
}

#[derive(Args)]
#[command(next_help_heading = "Server")]
pub struct ServerOptions {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, env = "COUNTERSIGN_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Answer /metrics and /health/ready here, and no longer on the public port
    #[arg(long, env = "COUNTERSIGN_SERVICE_LISTEN", value_name = "ADDRESS:PORT")]
    service_listen: Option<SocketAddr>,
    /// The issuer of tokens and the base of every URL handed out [default: the one stored at init]
    #[arg(long, env = "COUNTERSIGN_PUBLIC_URL", value_name = "URL", value_parser = parsed::<PublicUrl>)]
    public_url: Option<PublicUrl>,
    /// The server's certificate and its intermediates, PEM; read again on SIGHUP
    #[arg(long, env = "COUNTERSIGN_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, env = "COUNTERSIGN_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// TLS ends at a proxy in front: allows listening beyond this machine without TLS
    #[arg(long, env = "COUNTERSIGN_BEHIND_PROXY")]
    behind_proxy: bool,
    /// Believe X-Forwarded-For and Forwarded from this network; repeatable
    #[arg(long, env = "COUNTERSIGN_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Vec<IpNet>,
    /// Threads that read requests and write answers [default: one per core]
    #[arg(long, env = "COUNTERSIGN_WORKERS", value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// Seconds that an idle connection stays open
    #[arg(long, env = "COUNTERSIGN_KEEP_ALIVE", value_name = "SECONDS", default_value_t = 75)]
    keep_alive: u64,
    /// Seconds that requests in flight may take after SIGTERM
    #[arg(long, env = "COUNTERSIGN_SHUTDOWN_TIMEOUT", value_name = "SECONDS", default_value_t = 30)]
    shutdown_timeout: u64,
}

#[derive(Args)]
#[command(next_help_heading = "Time-stamps (RFC 3161)")]
pub struct TsaOptions {
    /// The time-stamping authority, http:// or https://, perhaps with USER:PASSWORD@; without it there are no time-stamps
    #[arg(long, env = "COUNTERSIGN_TSA_URL", value_name = "URL", hide_env_values = true, value_parser = secret)]
    tsa_url: Option<SecretText>,
    /// Seconds that a time-stamp may take
    #[arg(long, env = "COUNTERSIGN_TSA_TIMEOUT", value_name = "SECONDS", default_value_t = Tsa::TIMEOUT)]
    tsa_timeout: NonZeroU64,
    /// Ask for time-stamps under this policy, and take no others
    #[arg(long, env = "COUNTERSIGN_TSA_POLICY", value_name = "OID", value_parser = parsed::<Policy>)]
    tsa_policy: Option<Policy>,
    /// Stamp SHA-1 digests too
    #[arg(long, env = "COUNTERSIGN_TSA_ALLOW_SHA1")]
    tsa_allow_sha1: bool,
}

#[derive(Args)]
#[command(next_help_heading = "What everybody is told (CSC info)")]
pub struct IdentityOptions {
    /// The version of CSC v2 to name: 2.0.0.0, 2.0.0.2, 2.1.0.1 or 2.2.0.0
    #[arg(long, env = "COUNTERSIGN_CSC_SPECS", value_name = "VERSION", default_value_t, value_parser = parsed::<Specs>)]
    csc_specs: Specs,
    /// The name of this service
    #[arg(long, env = "COUNTERSIGN_SERVICE_NAME", value_name = "TEXT", default_value = Identity::NAME, value_parser = parsed::<Wording>)]
    service_name: Wording,
    /// What this service is
    #[arg(long, env = "COUNTERSIGN_SERVICE_DESCRIPTION", value_name = "TEXT", default_value = Identity::DESCRIPTION, value_parser = parsed::<Wording>)]
    service_description: Wording,
    /// The country whose service this is (ISO 3166-1 alpha-2), or EU
    #[arg(long, env = "COUNTERSIGN_SERVICE_REGION", value_name = "COUNTRY", default_value = Identity::REGION, value_parser = parsed::<Region>)]
    service_region: Region,
}

#[derive(Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Bytes of a request's body
    #[arg(long, env = "COUNTERSIGN_MAX_BODY", value_name = "BYTES", default_value_t = 262_144)]
    max_body: usize,
    /// Connections open at once
    #[arg(long, env = "COUNTERSIGN_MAX_CONNECTIONS", value_name = "N", default_value = "10000")]
    max_connections: NonZeroUsize,
    /// Seconds that a caller may take to send its request's head, and as long again for its body
    #[arg(long, env = "COUNTERSIGN_REQUEST_TIMEOUT", value_name = "SECONDS", default_value_t = 10)]
    request_timeout: u64,
    /// Calls that work on the database or with keys at once
    #[arg(long, env = "COUNTERSIGN_BLOCKING", value_name = "N", default_value = "64")]
    blocking: NonZeroUsize,
    /// Calls that may wait for that; beyond it the answer is 503 busy
    #[arg(long, env = "COUNTERSIGN_BLOCKING_QUEUE", value_name = "N", default_value_t = 1024)]
    blocking_queue: usize,
    /// Argon2id runs at once, of 19 MiB each [default: one per core]
    #[arg(long, env = "COUNTERSIGN_ARGON2", value_name = "N")]
    argon2: Option<NonZeroUsize>,
    /// Argon2id runs that may wait; beyond it the answer is 503 busy
    #[arg(long, env = "COUNTERSIGN_ARGON2_QUEUE", value_name = "N", default_value_t = 32)]
    argon2_queue: usize,
    /// Seconds that somebody who signed in with a browser stays signed in
    #[arg(long, env = "COUNTERSIGN_SESSION_VALIDITY", value_name = "SECONDS", default_value_t = Limits::default().session_validity)]
    session_validity: NonZeroU32,
}

#[derive(Args)]
#[command(next_help_heading = "Calls to others")]
pub struct WebhookOptions {
    /// Allow callers to name this host in URLs that this server then calls; repeatable
    #[arg(long, env = "COUNTERSIGN_WEBHOOK_HOST", value_name = "HOST[:PORT]", value_delimiter = ',', value_parser = parsed::<WebhookHost>)]
    webhook_host: Vec<WebhookHost>,
}

#[derive(Args)]
#[command(next_help_heading = "Mail")]
pub struct MailOptions {
    /// The mail server: smtps://, smtp+starttls:// or, on this machine, smtp://, perhaps USER:PASSWORD@, HOST[:PORT]
    #[arg(long, env = "COUNTERSIGN_SMTP_URL", value_name = "URL", hide_env_values = true, value_parser = secret)]
    smtp_url: Option<SecretText>,
    /// Who mail is from: ADDRESS, or NAME <ADDRESS>
    #[arg(long, env = "COUNTERSIGN_MAIL_FROM", value_name = "SENDER", value_parser = parsed::<Sender>)]
    mail_from: Option<Sender>,
    /// Seconds that the mail server may take to be connected to, and for each answer
    #[arg(long, env = "COUNTERSIGN_SMTP_TIMEOUT", value_name = "SECONDS", default_value_t = Mail::TIMEOUT)]
    smtp_timeout: NonZeroU64,
}

#[derive(Args)]
#[command(next_help_heading = "Logs, on standard error")]
pub struct LogOptions {
    /// What to log: a level (error, warn, info, debug), or target=level pairs
    #[arg(long, env = "COUNTERSIGN_LOG", value_name = "FILTER", default_value = DEFAULT_FILTER, global = true)]
    log: String,
    /// How to write it [default: pretty on a terminal, json elsewhere]
    #[arg(long, env = "COUNTERSIGN_LOG_FORMAT", value_name = "FORMAT", global = true)]
    log_format: Option<LogFormatOption>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormatOption {
    Json,
    Pretty,
}

impl NodeOptions {
    /// The whole configuration; flags that contradict each other are wrong usage.
    pub fn config(self, logs: Logs) -> Result<Config, Failure> {
        let limits = self.limits.section();
        let server = self.server.section()?;
        let identity = self.identity.section();
        let tsa = self.tsa.section()?;
        let webhooks = Webhooks { hosts: WebhookHosts::new(self.webhooks.webhook_host) };
        let mail = self.mail.section()?;
        let config = Config { identity, server, tsa, limits, webhooks, mail, ..self.storage.config(logs)? };
        config.check().map_err(|error| Failure::Usage(words(&error)))?;
        Ok(config)
    }
}

impl StorageOptions {
    /// A configuration for commands that start no server.
    pub fn config(self, logs: Logs) -> Result<Config, Failure> {
        let url = match self.database_url {
            Some(url) => DatabaseUrl::parse(url.expose())
                .map_err(|error| usage(&format!("--database-url: {}", error.detail())))?,
            None => Database::in_directory(&self.data).url,
        };
        let master = master_key(self.master_key_file, std::env::var(MASTER_KEY).ok(), &self.data)?;
        Ok(Config {
            database: Database { url, connections: self.database_connections },
            keys: Keys { master, rsa_pool: self.rsa_pool, token_algorithm: self.token_algorithm },
            logs,
            ..Config::in_directory(self.data)
        })
    }
}

impl ServerOptions {
    fn section(self) -> Result<Server, Failure> {
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err(usage("--tls-cert is given without --tls-key. TLS needs both.")),
            (None, Some(_)) => return Err(usage("--tls-key is given without --tls-cert. TLS needs both.")),
        };
        Ok(Server {
            listen: self.listen,
            service_listen: self.service_listen,
            public_url: self.public_url,
            tls,
            behind_proxy: self.behind_proxy,
            trusted_proxies: self.trusted_proxy,
            workers: self.workers.unwrap_or_else(|| Server::default().workers),
            keep_alive: Duration::from_secs(self.keep_alive),
            shutdown_timeout: Duration::from_secs(self.shutdown_timeout),
        })
    }
}

impl IdentityOptions {
    fn section(self) -> Identity {
        Identity {
            specs: self.csc_specs,
            name: self.service_name,
            description: self.service_description,
            region: self.service_region,
        }
    }
}

impl TsaOptions {
    fn section(self) -> Result<Option<Tsa>, Failure> {
        let Some(url) = self.tsa_url else {
            if self.tsa_policy.is_some() || self.tsa_allow_sha1 {
                return Err(usage(
                    "--tsa-policy or --tsa-allow-sha1 is given without --tsa-url. Time-stamps need an authority.",
                ));
            }
            return Ok(None);
        };
        let url =
            url.expose().parse().map_err(|error: Error| usage(&format!("--tsa-url: {}", error.detail())))?;
        Ok(Some(Tsa {
            url,
            timeout: self.tsa_timeout,
            policy: self.tsa_policy,
            allow_sha1: self.tsa_allow_sha1,
        }))
    }
}

impl LimitOptions {
    fn section(self) -> Limits {
        Limits {
            body: self.max_body,
            connections: self.max_connections,
            request_timeout: Duration::from_secs(self.request_timeout),
            blocking: self.blocking,
            blocking_queue: self.blocking_queue,
            argon2: self.argon2.unwrap_or_else(|| Limits::default().argon2),
            argon2_queue: self.argon2_queue,
            session_validity: self.session_validity,
        }
    }
}

impl MailOptions {
    fn section(self) -> Result<Option<Mail>, Failure> {
        let url = match self.smtp_url.filter(|url| !url.expose().is_empty()) {
            None => None,
            Some(url) => {
                let read = url.expose().parse::<SmtpUrl>();
                Some(read.map_err(|error| usage(&format!("--smtp-url: {}", error.detail())))?)
            }
        };
        match (url, self.mail_from) {
            (Some(url), Some(from)) => Ok(Some(Mail { url, from, timeout: self.smtp_timeout })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(usage("--smtp-url is given without --mail-from. Mail needs both.")),
            (None, Some(_)) => Err(usage("--mail-from is given without --smtp-url. Mail needs both.")),
        }
    }
}

impl LogOptions {
    pub fn section(self) -> Logs {
        let format = match self.log_format {
            Some(LogFormatOption::Json) => LogFormat::Json,
            Some(LogFormatOption::Pretty) => LogFormat::Pretty,
            None if io::stderr().is_terminal() => LogFormat::Pretty,
            None => LogFormat::Json,
        };
        Logs { format, filter: self.log }
    }
}

fn token_algorithm(text: &str) -> Result<TokenAlgorithm, String> {
    TokenAlgorithm::parse(text).ok_or_else(|| "EdDSA, ES256 or RS256".to_owned())
}

fn master_key(file: Option<PathBuf>, itself: Option<String>, data: &Path) -> Result<MasterKey, Failure> {
    match (file, itself.filter(|key| !key.is_empty())) {
        (Some(_), Some(_)) => Err(usage(
            "Both --master-key-file (COUNTERSIGN_MASTER_KEY_FILE) and COUNTERSIGN_MASTER_KEY are given. Leave one out.",
        )),
        (Some(file), None) => Ok(MasterKey::File(file)),
        (None, Some(key)) => Ok(MasterKey::Environment(SecretText::new(key))),
        (None, None) => Ok(Keys::in_directory(data).master),
    }
}

/// Reads a value by its own rules; clap says which flag it was.
pub(super) fn parsed<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: Error| error.detail().to_owned())
}

/// A value that clap must not repeat in a complaint.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a Result of a parser")]
fn secret(text: &str) -> Result<SecretText, String> {
    Ok(SecretText::new(text))
}

fn usage(text: &str) -> Failure {
    Failure::Usage(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        node: NodeOptions,
    }

    fn config(flags: &[&str]) -> Result<Config, String> {
        let line =
            Line::try_parse_from([&["countersign"], flags].concat()).map_err(|error| error.to_string())?;
        line.node.config(Logs::default()).map_err(|failure| match failure {
            Failure::Usage(text) | Failure::Failed(text) => text,
        })
    }

    #[test]
    fn defaults_are_the_sections_own() {
        let config = config(&["--data", "d"]).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", Config::in_directory("d")));
    }

    #[test]
    fn contradictions_name_both_flags() {
        for (flags, named) in [
            (&["--tls-cert", "c.pem"][..], ["--tls-cert", "--tls-key"]),
            (&["--tls-key", "k.pem"], ["--tls-cert", "--tls-key"]),
            (&["--listen", "0.0.0.0:80"], ["--listen", "--behind-proxy"]),
            (&["--service-listen", "127.0.0.1:8080"], ["--listen", "--service-listen"]),
            (&["--tsa-allow-sha1"], ["--tsa-allow-sha1", "--tsa-url"]),
            (&["--tsa-policy", "1.2.3"], ["--tsa-policy", "--tsa-url"]),
            (&["--smtp-url", "smtp://localhost"], ["--smtp-url", "--mail-from"]),
            (&["--mail-from", "sign@acme.example"], ["--smtp-url", "--mail-from"]),
        ] {
            let said = config(flags).unwrap_err();
            assert!(named.iter().all(|flag| said.contains(flag)), "{flags:?}: {said}");
        }
        let both = master_key(Some("k".into()), Some("secret".to_owned()), Path::new("d"));
        let Err(Failure::Usage(said)) = both else { panic!("both were taken") };
        assert!(
            said.contains("--master-key-file") && said.contains(MASTER_KEY) && !said.contains("secret"),
            "{said}"
        );
    }

    #[test]
    fn a_password_in_the_database_url_is_never_shown() {
        for url in ["mysql://sign:hunter2@db/c", "hunter2", "sqlite:", "postgres:hunter2"] {
            let said = config(&["--database-url", url]).unwrap_err();
            assert!(said.contains("--database-url") && !said.contains("hunter2"), "{url}: {said}");
        }
        for url in ["postgres://sign:hunter2@db/c", "postgres://db/c?password=hunter2"] {
            let shown = format!("{:?}", config(&["--database-url", url]).unwrap());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_tsa_is_set_up_by_its_url_and_its_password_is_never_shown() {
        assert!(config(&[]).unwrap().tsa.is_none());
        let tsa =
            config(&["--tsa-url", "https://me:hunter2@tsa.example.org/tsr", "--tsa-timeout", "3"]).unwrap();
        let shown = format!("{tsa:?}");
        assert!(shown.contains("https://tsa.example.org") && !shown.contains("hunter2"), "{shown}");
        for url in ["ftp://me:hunter2@tsa/", "hunter2", "https://me:hunter2@/"] {
            let said = config(&["--tsa-url", url]).unwrap_err();
            assert!(said.contains("--tsa-url") && !said.contains("hunter2"), "{url}: {said}");
        }
        assert!(config(&["--tsa-url", "https://tsa", "--tsa-timeout", "0"]).is_err());
        assert!(config(&["--tsa-url", "https://tsa", "--tsa-policy", "x"]).is_err());
    }

    #[test]
    fn a_mail_server_is_taken_with_a_sender_and_its_password_never_shown() {
        for url in ["smtp://sign:hunter2@mail.example.org", "smtps://sign:hunter2@x/y", "hunter2"] {
            let said = config(&["--smtp-url", url, "--mail-from", "sign@acme.example"]).unwrap_err();
            assert!(said.contains("--smtp-url") && !said.contains("hunter2"), "{url}: {said}");
        }
        let url = "smtps://sign:hunter2@mail.example.org";
        let config = config(&["--smtp-url", url, "--mail-from", "Acme <sign@acme.example>"]).unwrap();
        assert!(config.mail.is_some() && !format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn proxies_and_pools_are_read() {
        let config =
            config(&["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "fd00::/8", "--rsa-pool", "2048=9"])
                .unwrap();
        assert_eq!(config.server.trusted_proxies.len(), 2);
        assert_eq!(config.keys.rsa_pool.rsa_2048, 9);
    }

    #[test]
    fn webhook_hosts_are_repeated_or_listed_and_checked() {
        let hosts = config(&["--webhook-host", "a.example:8443,b.example", "--webhook-host", "c.example"]);
        let hosts = hosts.unwrap().webhooks.hosts;
        for url in ["https://a.example:8443/", "https://b.example/", "https://c.example/"] {
            assert!(hosts.admit(url).is_some(), "{url}");
        }
        assert!(config(&["--webhook-host", "https://a.example/"]).unwrap_err().contains("--webhook-host"));
    }
}

//! How a node is set up: typed sections, read once at the start. Nothing here is global, and what contradicts itself
//! stops the start ([`Config::check`]). The command line fills these in (`cli/options.rs`), tests make them by hand.

pub mod database;
pub mod identity;
pub mod keys;
pub mod limits;
pub mod logs;
pub mod mail;
pub mod public_url;
pub mod server;
pub mod tsa;
pub mod webhooks;

use std::path::PathBuf;

pub use database::{Database, DatabaseUrl};
pub use identity::Identity;
pub use keys::{Keys, MasterKey, RsaPool};
pub use limits::Limits;
pub use logs::{LogFormat, Logs};
pub use mail::{Mail, Sender, SmtpUrl};
pub use public_url::PublicUrl;
pub use server::{Server, Tls};
pub use tsa::Tsa;
pub use webhooks::{WebhookHost, WebhookHosts, Webhooks};

use crate::model::error::Result;

#[derive(Clone, Debug)]
pub struct Config {
    /// `--data`, `COUNTERSIGN_DATA`; default `countersign-data`. Where the SQLite database and the master key lie
    /// unless something else is said.
    pub data: PathBuf,
    pub identity: Identity,
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    /// Without one there are no time-stamps.
    pub tsa: Option<Tsa>,
    pub limits: Limits,
    pub webhooks: Webhooks,
    /// None: this node sends no mail.
    pub mail: Option<Mail>,
    pub logs: Logs,
}

impl Config {
    /// Everything in one directory and all else by default.
    pub fn in_directory(data: impl Into<PathBuf>) -> Self {
        let data = data.into();
        Self {
            identity: Identity::default(),
            server: Server::default(),
            database: Database::in_directory(&data),
            keys: Keys::in_directory(&data),
            tsa: None,
            limits: Limits::default(),
            webhooks: Webhooks::default(),
            mail: None,
            logs: Logs::default(),
            data,
        }
    }

    /// Fails on settings that contradict each other, naming the flags.
    pub fn check(&self) -> Result<()> {
        self.server.check()
    }
}

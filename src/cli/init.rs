//! `countersign init`.

use clap::Args;
use serde_json::json;

use super::operator::actor;
use super::options::{StorageOptions, parsed};
use super::{Failure, Outcome, say};
use crate::app;
use crate::config::{Database, DatabaseUrl, Logs, PublicUrl, RsaPool};
use crate::logs;
use crate::model::error::Code;
use crate::model::time::Clock;
use crate::oauth::clients::first_administrator::first_administrator;

/// Make the database, the master key and the first administrator
///
/// Prints the administrator's client id and secret, this once. On a database that is initialised already it changes
/// nothing and fails. An existing master key file, or COUNTERSIGN_MASTER_KEY, is used as it is.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    #[command(flatten)]
    storage: StorageOptions,
    /// The issuer of tokens and the base of every URL handed out, for every node of this database
    #[arg(long, env = "COUNTERSIGN_PUBLIC_URL", value_name = "URL", default_value = "http://localhost:8080", value_parser = parsed::<PublicUrl>)]
    public_url: PublicUrl,
    /// Do nothing, and succeed, when the database is initialised already
    #[arg(long)]
    if_missing: bool,
    /// Print {"clientId","clientSecret"} on standard output, and nothing else there
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  On this machine:
    countersign init --data ./data
  For others, and for a script:
    countersign init --data ./data --public-url https://sign.example.org --json > administrator.json
  On PostgreSQL:
    countersign init --data ./data --database-url postgres://countersign@db/countersign --if-missing";

impl Init {
    pub fn run(self, logs: Logs) -> Outcome {
        let mut config = self.storage.config(logs)?;
        config.server.public_url = Some(self.public_url);
        logs::start(&config.logs)?;
        config.keys.rsa_pool = RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
        app::initialise(&config, actor())?;
        let service = app::open_service(&config, Clock::System.now())?;
        // An `init` that was interrupted before this step is completed by the next one.
        let (id, secret) = match first_administrator(&service, actor()) {
            Err(error) if error.code() == Code::AlreadyExists => {
                return already(self.if_missing, &config.database.url);
            }
            made => made?,
        };
        if self.json {
            return say(&format!(
                "{}\n",
                json!({ "clientId": id.as_str(), "clientSecret": secret.expose() })
            ));
        }
        say(&format!(
            "Initialised {:?}\n\nThe first administrator, for every tenant. The secret is shown this once:\n\n  client id      {id}\n  client secret  {}\n\nNext: countersign serve --data {}{}\n",
            config.database.url,
            secret.expose(),
            config.data.display(),
            if config.database.url == Database::in_directory(&config.data).url {
                ""
            } else {
                ", with the same --database-url"
            },
        ))
    }
}

/// Nothing is left to be done, which is what `--if-missing` is for.
fn already(if_missing: bool, database: &DatabaseUrl) -> Outcome {
    if if_missing {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{database:?} is initialised already; nothing was changed. Start it with `countersign serve`."
    )))
}

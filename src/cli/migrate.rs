//! `countersign migrate`.

use clap::Args;
use serde_json::json;

use super::options::StorageOptions;
use super::{Outcome, say};
use crate::app;
use crate::config::Logs;
use crate::logs;

/// Bring the schema of an initialised database up to date
///
/// `serve` does the same at its start, safely when several nodes start at once; this is for those who want to do it
/// before.
#[derive(Args)]
#[command(
    after_help = "Example:\n  countersign migrate --database-url postgres://countersign@db/countersign"
)]
pub struct Migrate {
    #[command(flatten)]
    storage: StorageOptions,
    /// Only say what would be applied
    #[arg(long)]
    dry_run: bool,
    /// Print {"applied"} or {"pending"} on standard output, and nothing else there
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub fn run(self, logs: Logs) -> Outcome {
        let config = self.storage.config(logs)?;
        logs::start(&config.logs)?;
        let store = app::open_store(&config)?;
        let (what, names) = match self.dry_run {
            true => ("pending", store.pending_migrations()?),
            false => ("applied", store.migrate()?),
        };
        if self.json {
            return say(&format!("{}\n", json!({ what: names })));
        }
        if names.is_empty() {
            return say("The schema is up to date.\n");
        }
        say(&names.iter().map(|name| format!("{what}: {name}\n")).collect::<String>())
    }
}

//! What to measure: the flags after `cargo bench --`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Drives a server as users start it, over loopback, and compares it with what the machine can do.
#[derive(Parser)]
#[command(name = "cargo bench --", max_term_width = 100)]
pub struct Options {
    /// Runs of one second, and 1,000 credentials instead of 100,000
    #[arg(long)]
    quick: bool,
    /// Only the workloads with this in their name; repeatable
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Leave PostgreSQL out
    #[arg(long)]
    pub sqlite_only: bool,
    /// How long each workload runs [default: 5, with --quick 1]
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// Connections of the load generator
    #[arg(long, value_name = "N", default_value_t = 32)]
    pub connections: usize,
    /// Write the figures here too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The bare answer that is the limit of all others
    #[arg(long, hide = true)]
    pub bare_answer: bool,
    /// What cargo adds by itself
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.unwrap_or(if self.quick { 1.0 } else { 5.0 }))
    }

    /// How many credentials the database holds: few, then many.
    pub fn sizes(&self) -> [u32; 2] {
        [100, if self.quick { 1000 } else { 100_000 }]
    }

    /// How many clients ask for tokens in turn.
    pub fn clients(&self) -> usize {
        if self.quick { 40 } else { 200 }
    }

    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }
}

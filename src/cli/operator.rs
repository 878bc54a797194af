//! What commands share that work on the database beside the server: the service, opened; who calls; how they answer.

use std::io::BufRead;

use clap::Args;
use serde_json::Value;

use super::options::StorageOptions;
use super::{Failure, Outcome, say};
use crate::app;
use crate::config::{Logs, RsaPool};
use crate::keys::process;
use crate::logs;
use crate::model::event::Actor;
use crate::model::secret::SecretText;
use crate::model::time::Clock;
use crate::model::token::{Call, Principal};
use crate::service::Service;
use crate::store::page::{Listed, Page};

/// Where the database is, and how to print what it holds.
#[derive(Args)]
pub struct OperatorOptions {
    #[command(flatten)]
    storage: StorageOptions,
    /// Print JSON on standard output, and nothing else there
    #[arg(long)]
    pub json: bool,
}

/// Whoever runs a command beside the database: everything is allowed, and every change is audited as `operator`.
pub struct Operator {
    pub service: Service,
    pub call: Call,
    json: bool,
}

impl OperatorOptions {
    pub fn open(self, logs: Logs) -> Result<Operator, Failure> {
        let json = self.json;
        let mut config = self.storage.config(logs)?;
        config.keys.rsa_pool = RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
        logs::start(&config.logs)?;
        process::harden()?;
        let at = Clock::System.now();
        let service = app::open_service(&config, at)?;
        let call = Call { principal: Principal::Operator, request_id: None, at };
        Ok(Operator { service, call, json })
    }
}

/// Whoever runs `init` or `migrate`, before there is a service.
pub fn actor() -> Actor {
    Actor { name: Principal::Operator.actor(), request_id: None, at: Clock::System.now() }
}

impl Operator {
    /// Prints one record: as JSON, or a line for each of its members.
    pub fn print(&self, record: &Value) -> Outcome {
        if self.json {
            return say(&format!("{record}\n"));
        }
        let lines: Vec<_> =
            record.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()).collect();
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        say(&lines
            .iter()
            .map(|(name, value)| format!("{name:<width$}  {}\n", plain(value)))
            .collect::<String>())
    }

    /// Prints records: as a JSON array, or as a table of these members.
    pub fn print_all(&self, records: &[Value], columns: &[&str]) -> Outcome {
        if self.json {
            return say(&format!("{}\n", Value::from(records)));
        }
        if records.is_empty() {
            return say("There are none.\n");
        }
        let cell = |record: &Value, column: &str| record.get(column).map(plain).unwrap_or_default();
        let header: Vec<String> = columns.iter().map(|column| column.to_uppercase()).collect();
        let rows = records.iter().map(|record| columns.iter().map(|column| cell(record, column)).collect());
        let table: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        let width = |at: usize| {
            table.iter().filter_map(|row| row.get(at)).map(|c| c.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        say(&table.iter().map(line).collect::<String>())
    }
}

/// Every page of a list, one after the other.
pub fn every_page<T>(
    mut page: impl FnMut(&Page) -> crate::model::error::Result<Listed<T>>,
) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let listed = page(&Page::new(Some(Page::MAX_LIMIT), cursor)?)?;
        all.extend(listed.items);
        match listed.next {
            None => return Ok(all),
            next => cursor = next,
        }
    }
}

/// The next line of standard input: secrets are no arguments, which every process on the machine may read.
pub fn read_secret() -> Result<SecretText, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| {
        Failure::Failed(format!("The secret cannot be read from standard input: {error}."))
    })?;
    let secret = SecretText::new(line.trim_end_matches(['\r', '\n']));
    zeroize::Zeroize::zeroize(&mut line);
    Ok(secret)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

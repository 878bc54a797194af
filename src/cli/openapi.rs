//! `countersign openapi`.

use clap::Args;

use super::{Outcome, say};
use crate::http::openapi;
use crate::model::error::Error;

/// Print the OpenAPI 3.1 document of the API
#[derive(Args)]
#[command(after_help = "Example:\n  countersign openapi > openapi.json")]
pub struct Openapi {}

impl Openapi {
    pub fn run(self) -> Outcome {
        let text = serde_json::to_string_pretty(&openapi::document()).map_err(Error::internal)?;
        say(&format!("{text}\n"))
    }
}

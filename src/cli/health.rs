//! `countersign health`.

use std::time::Duration;

use clap::Args;

use super::{Failure, Outcome, say};

/// Ask a running server whether it lives: exit status 0 when it does
///
/// For health checks of containers, whose images hold no other HTTP client. Plain HTTP only.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Health {
    /// The server, as `serve` printed it
    #[arg(default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Ask whether it takes requests (/health/ready), not only whether it lives
    #[arg(long, env = "COUNTERSIGN_HEALTH_READY")]
    ready: bool,
}

const EXAMPLES: &str = "\
Examples:
  countersign health
  countersign health --ready http://10.0.0.5:9090";

/// Less than the usual time limit of a container's health check.
const PATIENCE: Duration = Duration::from_secs(4);

impl Health {
    pub fn run(self) -> Outcome {
        if !self.url.starts_with("http://") {
            return Err(Failure::Usage(format!(
                "{} is no http:// URL. Give the address of a plain listener, such as --service-listen's.",
                self.url
            )));
        }
        let path = if self.ready { "/health/ready" } else { "/health/live" };
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build()
            .into();
        let mut answer = agent.get(&url).call().map_err(|error| {
            Failure::Failed(format!("{url} does not answer: {error}. Is `countersign serve` running there?"))
        })?;
        let status = answer.status();
        let body = answer.body_mut().read_to_string().unwrap_or_default();
        if status.is_success() {
            return say(&format!("{body}\n"));
        }
        Err(Failure::Failed(format!("{url} answers {status}: {body}")))
    }
}

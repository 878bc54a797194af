//! What is logged, and how it is written.

#[derive(Clone, Debug)]
pub struct Logs {
    /// `--log-format`, `COUNTERSIGN_LOG_FORMAT`; default `pretty` on a terminal, `json` elsewhere.
    pub format: LogFormat,
    /// `--log`, `COUNTERSIGN_LOG`; default [`DEFAULT_FILTER`]. A filter such as
    /// `warn,countersign::store=debug`.
    pub filter: String,
}

/// Without what actix says of its threads, and what the pool says of connections that our own errors report.
pub const DEFAULT_FILTER: &str = "info,actix_server=warn,r2d2=off";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Pretty,
}

impl Default for Logs {
    fn default() -> Self {
        Self { format: LogFormat::Json, filter: DEFAULT_FILTER.to_owned() }
    }
}

//! Logs go to standard error, one event a line. They hold no secrets, no bodies, no headers and no query strings;
//! what happens inside a request carries its id.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{LogFormat, Logs};
use crate::model::error::{Code, Error, Result};

/// Starts logging for the whole process. A second call changes nothing, so that tests may call it freely.
pub fn start(logs: &Logs) -> Result<()> {
    let filter = EnvFilter::builder().parse(&logs.filter).map_err(|error| {
        Error::new(
            Code::InvalidRequest,
            format!(
                "--log {:?}: {error}. Give a level (error, warn, info, debug) or target=level pairs.",
                logs.filter
            ),
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_span_events(FmtSpan::NONE);
    // `Err` says that somebody else in this process logs already.
    let _ = match logs.format {
        LogFormat::Json => {
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
        LogFormat::Pretty => builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
    };
    Ok(())
}

//! `countersign serve`.

use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::options::NodeOptions;
use super::{Failure, Outcome, say};
use crate::app::App;
use crate::config::Logs;
use crate::http::server::{self, Running};
use crate::jobs::Jobs;
use crate::keys::process;
use crate::logs;
use crate::model::error::Error;
use crate::model::time::Clock;

/// Answer requests until SIGTERM or SIGINT
///
/// Prints `listening on URL` on standard output when it answers; logs go to standard error. SIGTERM and SIGINT finish
/// what is in flight, then exit with 0; a second one ends at once. SIGHUP reads the TLS certificate again.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    #[command(flatten)]
    node: NodeOptions,
}

const EXAMPLES: &str = "\
Examples:
  On this machine:
    countersign serve --data ./data
  For others, with TLS:
    countersign serve --data ./data --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem
  Behind a proxy that ends TLS, several nodes on one database:
    countersign serve --database-url postgres://countersign@db/countersign --listen 0.0.0.0:8080 \\
      --behind-proxy --trusted-proxy 10.0.0.0/8 --service-listen 10.0.0.5:9090";

impl Serve {
    pub fn run(self, logs: Logs) -> Outcome {
        let config = self.node.config(logs)?;
        logs::start(&config.logs)?;
        process::harden()?;
        let app = App::open(config, Clock::System)?;

        // Signals are caught before anyone is told that the server is there.
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let mut signals = runtime.block_on(async { Signals::catch() })?;
        let app = Arc::new(app);
        let behind_unknown_proxy =
            app.config.server.behind_proxy && app.config.server.trusted_proxies.is_empty();
        let jobs = Jobs::start(Arc::clone(&app.service), app.clock.clone(), app.config.keys.token_algorithm)?;
        let running = server::start(Arc::clone(&app))?;
        let service = running.service_address().map(tracing::field::display);
        tracing::info!(address = %running.address(), service, "listening");
        if behind_unknown_proxy {
            tracing::warn!(
                "--behind-proxy without --trusted-proxy: all callers count as one address, and the failures of one hold up all"
            );
        }
        say(&format!("listening on {}\n", running.url()))?;

        let outcome = runtime.block_on(async {
            signals.stop_asked(&running).await;
            tracing::info!("stopping");
            tokio::select! {
                stopped = tokio::task::spawn_blocking(move || stop(running, &app)) => stopped.map_err(Error::internal)?.map_err(Failure::from),
                () = signals.interrupted() => Err(Failure::Failed("Ended by a second signal before everything in flight was done.".to_owned())),
            }
        });
        drop(jobs);
        runtime.shutdown_background();
        outcome
    }
}

/// What is in flight is answered, then what others are to be told is sent: both within the shutdown timeout.
fn stop(running: Running, app: &App) -> Result<(), Error> {
    let begun = Instant::now();
    let stopped = running.stop();
    if let Some(notices) = &app.notices {
        notices.drain(app.config.server.shutdown_timeout.saturating_sub(begun.elapsed()));
    }
    stopped
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn catch() -> Result<Self, Error> {
        let catch = |kind| signal(kind).map_err(Error::internal);
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hang_up: catch(SignalKind::hangup())?,
        })
    }

    /// Returns when the server should stop; reloads its certificate meanwhile.
    async fn stop_asked(&mut self, running: &Running) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => match running.reload_certificate() {
                    Ok(()) => tracing::info!("read the certificate again"),
                    Err(error) => tracing::error!("the certificate in use stays: {}", error.detail()),
                },
            }
        }
    }

    async fn interrupted(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

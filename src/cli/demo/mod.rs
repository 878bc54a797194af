//! `countersign demo`: the whole pipeline against a server of its own, as the requests that a user would send.

mod authenticator;
mod request;
mod stage;
mod story;
mod workshop;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::stage::{Stage, Step};
use self::story::Props;
use self::workshop::Workshop;
use super::{Failure, Outcome, say};
use crate::app::{self, App};
use crate::config::logs::DEFAULT_FILTER;
use crate::config::{Config, Logs, RsaPool};
use crate::http::server::{self, Running};
use crate::keys::process;
use crate::logs;
use crate::model::error::Error;
use crate::model::event::Actor;
use crate::model::id::ClientId;
use crate::model::secret::SecretText;
use crate::model::time::Clock;
use crate::oauth::clients::first_administrator::first_administrator;

/// Show the whole pipeline, from a token to a signature that OpenSSL verifies
///
/// Starts a server on a free port with a database in a temporary directory, and sends it what an application, a signer and
/// a CA would send: each step as a line for curl, and what came back. Exit status 0 only when every step, and every
/// refusal it shows, came out right. It takes seconds, and nothing is left behind.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Demo {
    /// The file to sign [default: a short text]
    #[arg(long, env = "COUNTERSIGN_DEMO_FILE", value_name = "PATH")]
    file: Option<PathBuf>,
    /// Leave the server running, and print what is needed to go on by hand, until Ctrl-C
    #[arg(long, env = "COUNTERSIGN_DEMO_KEEP")]
    keep: bool,
    /// Print a summary as JSON instead, for programs
    #[arg(long, env = "COUNTERSIGN_DEMO_JSON")]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  countersign demo                           all of it, with a text to sign
  countersign demo --file contract.pdf       sign the hash of a file of yours
  countersign demo --keep                    and go on by hand";

impl Demo {
    pub fn run(self, logs: Logs) -> Outcome {
        logs::start(&quiet(logs))?;
        process::harden()?;
        let workshop = Workshop::open(self.file.as_deref())?;
        let Started { server, administrator } = start(&workshop)?;
        let mut stage = Stage::new(server.url(), !self.json);
        let told = story::tell(&mut stage, &workshop, administrator);
        // Caught before anyone is told that the server runs on.
        let interrupt = self.keep.then(Interrupt::catch).transpose()?;
        if self.json {
            let kept = told.as_ref().ok().filter(|_| self.keep);
            say(&format!("{}\n", summary(&stage, kept, &server.url())))?;
        }
        let props = told?;
        stage.bow()?;
        if let Some(interrupt) = interrupt {
            if !self.json {
                say(&farewell(&props, &server.url(), &workshop))?;
            }
            interrupt.wait();
        }
        drop(stage);
        server.stop()?;
        Ok(())
    }
}

struct Started {
    server: Running,
    administrator: (ClientId, SecretText),
}

/// What `countersign init` and `countersign serve` do.
fn start(workshop: &Workshop) -> Result<Started, Error> {
    let clock = Clock::System;
    let mut config = Config::in_directory(workshop.path().join("data"));
    // A key is made while the reader reads; two cores have better things to do than to fill a pool.
    config.keys.rsa_pool = RsaPool { rsa_2048: 0, rsa_3072: 0, rsa_4096: 0 };
    config.server.listen = free_address()?;
    // The URLs that the server hands out should lead to it.
    config.server.public_url = Some(format!("http://{}", config.server.listen).parse()?);
    let actor = Actor { name: "demo".to_owned(), request_id: None, at: clock.now() };
    app::initialise(&config, actor.clone())?;
    let app = App::open(config, clock)?;
    let administrator = first_administrator(&app.service, actor)?;
    Ok(Started { server: server::start(Arc::new(app))?, administrator })
}

fn free_address() -> Result<SocketAddr, Error> {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::internal)?;
    probe.local_addr().map_err(Error::internal)
}

/// The reader watches requests; the server's own log is for those who ask for it.
fn quiet(logs: Logs) -> Logs {
    if logs.filter == DEFAULT_FILTER { Logs { filter: "error".to_owned(), ..logs } } else { logs }
}

/// What happened, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    ok: bool,
    steps: &'a [Step],
    failure: Option<&'a str>,
    /// With `--keep`: what is needed to go on, by the names of the shell's variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<BTreeMap<&'static str, &'a str>>,
}

fn summary(stage: &Stage, kept: Option<&Props>, url: &str) -> String {
    let kept = kept.map(|props| [("URL", url)].into_iter().chain(props.variables()).collect());
    let failure = stage.failure();
    let summary = Summary { ok: failure.is_none(), steps: stage.record(), failure, kept };
    serde_json::to_string(&summary).unwrap_or_default()
}

/// What is needed to go on by hand.
fn farewell(props: &Props, url: &str, workshop: &Workshop) -> String {
    let mut text = format!("\nThe server runs on. To go on by hand:\n\n  cd {}\n", workshop.path().display());
    for (name, value) in [("URL", url)].into_iter().chain(props.variables()) {
        let _ = writeln!(text, "  {name}='{value}'");
    }
    let _ = write!(
        text,
        "\n  curl -s $URL/csc/v1/credentials/info -H \"Authorization: Bearer $APP\" --json '{{\"credentialID\":\"'$CREDENTIAL'\"}}'\n\
         \nThe OTP is what an authenticator shows for $OTP_SECRET (oathtool --totp -b $OTP_SECRET); $URL/docs/ is the reference.\n\
         Ctrl-C ends the server and removes everything.\n"
    );
    text
}

/// SIGTERM and SIGINT, caught from here on.
struct Interrupt {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Interrupt {
    fn catch() -> Result<Self, Error> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let catch = |kind| runtime.block_on(async { signal(kind) }).map_err(Error::internal);
        let (terminate, interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
        Ok(Self { runtime, terminate, interrupt })
    }

    fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }
}

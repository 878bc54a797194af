//! The command line: one file per command, calling the same verbs as the server.

pub mod operator;
pub mod options;

pub mod init;
pub mod migrate;
pub mod serve;

pub mod client;
pub mod credential;
pub mod tenant;
pub mod token;
pub mod user;

pub mod completions;
pub mod demo;
pub mod health;
pub mod openapi;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::options::LogOptions;
use crate::model::error::Error;

/// Keeps people's signing keys so that only they can use them.
///
/// countersign is a credential and remote-signing service: applications create credentials for people, protect them
/// with a PIN and a one-time password, have them certified, and sign with them by the Cloud Signature Consortium API.
#[derive(Parser)]
#[command(name = "countersign", version, max_term_width = 100, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    logs: LogOptions,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  countersign demo                                    all of it, shown step by step
  countersign init --data ./data                      make a database and the first administrator
  countersign serve --data ./data                     answer on http://127.0.0.1:8080
  countersign health http://127.0.0.1:8080            ask a running server whether it lives
  countersign openapi > openapi.json                  the API, for generators of clients

Every flag has an environment variable, named in the command's --help. Exit status: 0 done, 1 failed, 2 wrong usage.";

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(Box<init::Init>),
    Serve(Box<serve::Serve>),
    Migrate(migrate::Migrate),
    Tenant(tenant::TenantCommand),
    Client(client::ClientCommand),
    User(user::UserCommand),
    Token(token::TokenCommand),
    Credential(credential::CredentialCommand),
    Openapi(openapi::Openapi),
    Health(health::Health),
    Completions(completions::Completions),
}

/// Why a command ends without success.
pub enum Failure {
    /// Exit status 1.
    Failed(String),
    /// Exit status 2: the flags contradict each other or cannot be used.
    Usage(String),
}

pub type Outcome = Result<(), Failure>;

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help asked for goes to stdout and is a success; the rest goes to stderr. A closed pipe is nobody's loss.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

impl Cli {
    fn run(self) -> Outcome {
        let logs = self.logs.section();
        match self.command {
            Command::Demo(command) => command.run(logs),
            Command::Init(command) => command.run(logs),
            Command::Serve(command) => command.run(logs),
            Command::Migrate(command) => command.run(logs),
            Command::Tenant(command) => command.run(logs),
            Command::Client(command) => command.run(logs),
            Command::User(command) => command.run(logs),
            Command::Token(command) => command.run(logs),
            Command::Credential(command) => command.run(logs),
            Command::Openapi(command) => command.run(),
            Command::Health(command) => command.run(),
            Command::Completions(command) => command.run(),
        }
    }
}

impl Failure {
    fn report(&self) -> ExitCode {
        let (text, status) = match self {
            Self::Failed(text) => (text, 1),
            Self::Usage(text) => (text, 2),
        };
        let _ = writeln!(io::stderr(), "countersign: {text}");
        ExitCode::from(status)
    }
}

/// On the command line the reader is the operator, who may know the cause.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(words(&error))
    }
}

fn words(error: &Error) -> String {
    match error.cause() {
        Some(cause) => format!("{} ({cause})", error.detail()),
        None => error.detail().to_owned(),
    }
}

/// Writes to standard output at once. Fails when nobody reads it any more.
fn say(text: &str) -> Outcome {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::Failed(format!("Standard output cannot be written to: {error}.")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// What one call is about is said on the command line; how a node is set up may come from its environment too.
    #[test]
    fn every_flag_has_help_and_every_setting_a_variable() {
        let mut cli = Cli::command();
        for command in [&mut cli].into_iter().flat_map(|cli| cli.clone().build_tree()) {
            let id = command.get_id().as_str().to_owned();
            if !matches!(id.as_str(), "help" | "version" | "subcommand") {
                assert!(command.get_help().is_some(), "{id} has no help");
            }
        }
        let serve = cli.find_subcommand_mut("serve").unwrap().clone();
        for argument in serve.build_tree() {
            let id = argument.get_id().as_str();
            let variable = argument.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            assert!(id == "help" || variable.starts_with("COUNTERSIGN_"), "--{id} has no variable");
        }
    }

    trait Tree {
        fn build_tree(self) -> Vec<clap::Arg>;
    }

    impl Tree for clap::Command {
        fn build_tree(mut self) -> Vec<clap::Arg> {
            self.build();
            let own = self.get_arguments().cloned();
            let below = self.get_subcommands().flat_map(|command| command.clone().build_tree());
            own.chain(below).collect()
        }
    }
}

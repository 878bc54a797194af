//! `countersign completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Outcome, say};

/// Print a script by which a shell completes this command line
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell to write it for
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  bash:  countersign completions bash > ~/.local/share/bash-completion/completions/countersign
  zsh:   countersign completions zsh > ~/.zfunc/_countersign
  fish:  countersign completions fish > ~/.config/fish/completions/countersign.fish";

impl Completions {
    pub fn run(self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "countersign", &mut script);
        say(&String::from_utf8_lossy(&script))
    }
}

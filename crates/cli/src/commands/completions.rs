//! `envwright completions`.

use crate::{arguments, failure::Failure, terminal::Terminal};
use clap::Args;
use clap_complete::Shell;

const AFTER_HELP: &str = "\
Examples:
  envwright completions bash > ~/.local/share/bash-completion/completions/envwright
  envwright completions fish > ~/.config/fish/completions/envwright.fish";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &CompletionsArguments, terminal: &Terminal) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::command(), "envwright", &mut script);
    Ok(terminal.print(&String::from_utf8_lossy(&script))?)
}

//! What can be typed.

use crate::commands::{
    BuildArguments, CacheArguments, CatalogArguments, CheckArguments, CompletionsArguments, ConvertArguments,
    DiagnoseArguments, DiffArguments, ExplainArguments, FixArguments, ImagesArguments, LockArguments,
    LogsArguments, MaterializeArguments, PlanArguments, PullArguments, PushArguments, SchemaArguments,
    SearchArguments,
};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  envwright build                       the definition in this folder
  envwright build requirements.txt -t team/image:1 -o docker:
  envwright check training.yaml         what would stop a build
  docker build . 2>&1 | envwright diagnose -
  envwright explain pip-hash-mismatch   what a problem is, and how to fix it

Exit codes:
  0 done   1 the definition or this machine is at fault   2 wrong usage
  3 a service or the network is at fault   4 envwright is   130 interrupted";

/// Builds container images of machine-learning environments, and explains why a build failed.
///
/// No container daemon and no root are needed: packages are solved, fetched, and laid into layers as data.
#[derive(Debug, Parser)]
#[command(name = "envwright", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that users type")]
pub(crate) struct GlobalArguments {
    /// Print the result as JSON
    #[arg(long, global = true, conflicts_with = "format", help_heading = "Global options")]
    pub(crate) json: bool,
    /// Form of the result
    #[arg(long, global = true, value_enum, default_value = "text", help_heading = "Global options")]
    pub(crate) format: Format,
    /// Ask nothing of the network
    #[arg(long, global = true, env = "ENVWRIGHT_OFFLINE", value_parser = clap::builder::FalseyValueParser::new(), help_heading = "Global options")]
    pub(crate) offline: bool,
    /// Say nothing but the result and errors
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Say more: every package and layer
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// Use no colour (as does `NO_COLOR`)
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) no_color: bool,
    /// Folder for images, build records and cache [default: the user's data and cache folders]
    #[arg(long, global = true, env = "ENVWRIGHT_HOME", value_name = "DIR", help_heading = "Global options")]
    pub(crate) home: Option<PathBuf>,
    /// Folder of a team's own problems, `<tool>/<id>.toml` each
    #[arg(
        long,
        global = true,
        env = "ENVWRIGHT_CATALOG",
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub(crate) catalog: Option<PathBuf>,
}

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For code hosts and editors (`diagnose`, `check`)
    Sarif,
    /// For editors: diagnostics of the Language Server Protocol (`check`)
    Lsp,
    /// For comments and chats (`diagnose`, `check`)
    Markdown,
    /// Annotations of a GitHub Actions run (`diagnose`, `check`)
    Github,
    /// One page with the whole log (`diagnose`)
    Html,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the image of a definition
    Build(BuildArguments),
    /// Look at all that can fail before a build, without building
    Check(CheckArguments),
    /// Find changes of a definition that mend it, each checked by choosing packages anew
    Fix(FixArguments),
    /// Write a definition in another format, saying what that cannot say
    Convert(ConvertArguments),
    /// Solve a definition and write the lock beside it
    Lock(LockArguments),
    /// Make the environment of a definition in a folder of this machine
    Materialize(MaterializeArguments),
    /// Show what a build would fetch and pack
    Plan(PlanArguments),
    /// Say what differs between two locks, definitions or images
    Diff(DiffArguments),
    /// Pull an image from a registry into the store
    Pull(PullArguments),
    /// Push an image to a registry
    Push(PushArguments),
    /// List the images that were built
    Images(ImagesArguments),
    /// List the builds, newest first
    #[command(after_help = "Examples:\n  envwright history\n  envwright history --json")]
    History,
    /// Print the log of a build
    Logs(LogsArguments),
    /// Free what no image needs
    #[command(
        after_help = "Examples:\n  envwright prune\n  envwright images rm quickstart:latest && envwright prune"
    )]
    Prune,
    /// Show or empty the cache
    Cache(CacheArguments),
    /// Say why a build failed, from the log of any tool
    Diagnose(DiagnoseArguments),
    /// List or check the problems known here, or begin a new one
    Catalog(CatalogArguments),
    /// Say what a problem is and how to fix it
    Explain(ExplainArguments),
    /// Show what conda channels and PyPI have of a package: versions, builds, files
    Search(SearchArguments),
    /// Print the JSON Schema of a format of definitions
    Schema(SchemaArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// Print the version
    Version,
}

/// The whole command with its arguments.
pub fn command() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_contradict_nothing() {
        command().debug_assert();
    }

    #[test]
    fn every_command_that_takes_something_shows_an_example() {
        for command in command().get_subcommands() {
            let takes = command.get_arguments().any(|argument| !argument.is_global_set());
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!takes || help.contains("Examples:\n"), "{}", command.get_name());
        }
    }
}

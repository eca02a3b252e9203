//! `envwright cache` and `envwright prune`.

use super::table;
use crate::{failure::Failure, terminal::Terminal};
use clap::{Args, Subcommand};
use envwright_builder::Freed;
use envwright_store::Home;
use indicatif::HumanBytes;

const AFTER_HELP: &str = "\
Examples:
  envwright cache           how much each folder holds
  envwright cache clean     empty the cache; images and build records stay";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CacheArguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Delete everything that can be made again
    Clean,
}

pub(crate) fn run(arguments: &CacheArguments, home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    match arguments.action {
        None => usage(home, terminal),
        Some(Action::Clean) => freed(envwright_builder::clean(home)?, terminal),
    }
}

pub(crate) fn prune(home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    freed(envwright_builder::prune(home)?, terminal)
}

fn usage(home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    let folders = envwright_builder::cache(home)?;
    if terminal.json {
        return Ok(terminal.print_json(&folders)?);
    }
    let rows = folders.iter().map(|folder| {
        let kept = if folder.disposable { "cache" } else { "kept" };
        vec![
            folder.name.to_owned(),
            HumanBytes(folder.bytes).to_string(),
            kept.to_owned(),
            folder.path.display().to_string(),
        ]
    });
    Ok(terminal.print(&table(&rows.collect::<Vec<_>>()))?)
}

fn freed(freed: Freed, terminal: &Terminal) -> Result<(), Failure> {
    if terminal.json {
        return Ok(terminal.print_json(&freed)?);
    }
    Ok(terminal.print(&format!("freed {} in {} files\n", HumanBytes(freed.bytes), freed.files))?)
}

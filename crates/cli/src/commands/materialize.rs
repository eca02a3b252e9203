//! `envwright materialize`.

use super::{Work, warnings};
use crate::{
    arguments::GlobalArguments,
    definition::{DefinitionArguments, TargetArguments, UpgradeArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{Materialized, Place, Request};
use envwright_diagnosis::report;
use serde_json::json;
use std::{fmt::Write as _, num::NonZero, path::PathBuf};

const AFTER_HELP: &str = "\
Examples:
  envwright materialize --prefix ./env                     the environment of this folder's definition, in ./env
  envwright materialize environment.yml --prefix ~/envs/training --replace
  envwright materialize --prefix /tmp/suspect --only 'numba==0.58.1'
  envwright materialize --prefix ./env --json | jq -r '.packages[].name'

Packages are those that an image of the definition would have. Files come from the cache as reflinks or hard links where
the file system has these: write a new file in the place of one, not into it.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct MaterializeArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    /// Folder that becomes the environment
    #[arg(long, short, value_name = "DIR")]
    prefix: PathBuf,
    /// Replace an environment that is there
    #[arg(long)]
    replace: bool,
    /// This package alone with what it needs, such as `numba==0.58.1`; nothing else of the definition is installed
    #[arg(long, value_name = "SPEC")]
    only: Option<String>,
    /// Use the lock beside the definition, which must be there and be of it
    #[arg(long, conflicts_with_all = ["upgrade", "upgrade_package", "only"])]
    locked: bool,
    #[command(flatten)]
    upgrade: UpgradeArguments,
    /// Seconds that choosing packages may take [default: 600]
    #[arg(long, value_name = "SECONDS")]
    solve_limit: Option<u64>,
    /// Threads that unpack and place packages [default: all cores]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

pub(crate) fn run(
    arguments: &MaterializeArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let target = TargetArguments { platform: Vec::new(), solve_limit: arguments.solve_limit };
    let request = Request {
        locked: arguments.locked,
        upgrade: arguments.upgrade.upgrade(),
        threads: arguments.jobs.map(NonZero::get),
        ..arguments.definition.request(&target, global.offline)?
    };
    let place =
        Place { prefix: arguments.prefix.clone(), replace: arguments.replace, only: arguments.only.clone() };
    let work = Work::start(global, terminal)?;
    let made = envwright_builder::materialize(
        &work.home,
        &work.settings,
        &request,
        &place,
        &work.progress,
        &work.stop,
    );
    let made = made.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    let warnings = warnings(&made.warnings);
    if terminal.json {
        let mut value = json!(made);
        value["warnings"] = report::json(&warnings)["notes"].take();
        return Ok(terminal.print_json(&value)?);
    }
    if !warnings.notes().is_empty() {
        terminal.say(&format!("{}\n", terminal.report(&warnings)));
    }
    Ok(terminal.print(&text(&made, terminal.verbose))?)
}

fn text(made: &Materialized, all: bool) -> String {
    let of = |kind: &str| made.packages.iter().filter(|package| package.kind == kind).count();
    let python = made.python.as_ref().map(|python| format!(", Python {python}")).unwrap_or_default();
    let prefix = made.prefix.display();
    let mut text = format!(
        "{prefix}: {} conda and {} PyPI packages{python}; {} files by {} in {:.2} s\n",
        of("conda"),
        of("pypi"),
        made.files,
        made.by,
        made.seconds,
    );
    if all {
        for package in &made.packages {
            let _ = writeln!(text, "  {} {} {}", package.kind, package.name, package.version);
        }
    }
    let conda =
        if made.is_conda { format!(", or activate it: conda activate {prefix}") } else { String::new() };
    let _ = writeln!(text, "run it: {prefix}/bin/python{conda}");
    if !made.variables.is_empty() {
        let _ = writeln!(text, "not set, as a folder cannot: {}", made.variables.join(", "));
    }
    text
}

//! `envwright lock`.

use super::{Work, warnings};
use crate::{
    arguments::GlobalArguments,
    definition::{DefinitionArguments, TargetArguments, UpgradeArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{BuildError, Input, Locked, Request};
use envwright_lock::LockFiles;
use serde_json::json;
use std::path::Path;

const AFTER_HELP: &str = "\
Examples:
  envwright lock                              write pixi.lock and envwright.lock beside the definition
  envwright lock --upgrade-package pandas     move pandas and what it needs
  envwright lock --platform linux/amd64,linux/arm64
  envwright lock --check                      in CI: fail if the lock is not of this definition";

/// Exit code of wrong usage.
const USAGE: u8 = 2;

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LockArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    upgrade: UpgradeArguments,
    /// Write nothing; fail if the lock beside the definition is not of it
    #[arg(long, conflicts_with_all = ["upgrade", "upgrade_package"])]
    check: bool,
}

pub(crate) fn run(
    arguments: &LockArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let request = Request {
        upgrade: arguments.upgrade.upgrade(),
        locked: arguments.check,
        ..arguments.definition.request(&arguments.target, global.offline)?
    };
    let Some(files) = files(&request.input) else {
        terminal.error("a lock stands beside its definition; standard input has no such place");
        return Err(Failure::Shown(USAGE));
    };
    let work = Work::start(global, terminal)?;
    let locked = envwright_builder::lock(&work.home, &work.settings, &request, &work.progress, &work.stop);
    let locked = locked.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    let unchanged = files.are(&locked.lock, &locked.indexes).map_err(BuildError::from)?;
    if !arguments.check && !unchanged {
        files.write(&locked.lock, &locked.indexes).map_err(BuildError::from)?;
    }
    show(&locked, &files, unchanged || arguments.check, terminal)
}

/// The lock's files stand beside the definition.
fn files(input: &Input) -> Option<LockFiles> {
    match input {
        Input::Path(path) if path.is_dir() => Some(LockFiles::of(path)),
        Input::Path(path) => Some(LockFiles::of(path.parent().unwrap_or(Path::new("")))),
        Input::Text { .. } => None,
    }
}

fn show(locked: &Locked, files: &LockFiles, unchanged: bool, terminal: &Terminal) -> Result<(), Failure> {
    let warnings = warnings(&locked.warnings);
    if terminal.json {
        return Ok(terminal.print_json(&json!({
            "file": files.path(),
            "unchanged": unchanged,
            "lock": locked.lock,
            "warnings": envwright_diagnosis::report::json(&warnings)["notes"].take(),
        }))?);
    }
    if !warnings.notes().is_empty() {
        terminal.say(&format!("{}\n", terminal.report(&warnings)));
    }
    for (platform, lock) in &locked.lock.platforms {
        let (debs, wheels) = (lock.debs.len(), lock.wheels.len());
        let conda =
            if lock.conda.is_empty() { String::new() } else { format!(", {} conda", lock.conda.len()) };
        terminal.say(&format!("{platform}: {debs} Debian{conda} and {wheels} Python packages\n"));
    }
    let state = if unchanged { "is up to date" } else { "was written, with pixi.lock" };
    terminal.say(&format!("{} {state}\n", files.path().display()));
    Ok(())
}

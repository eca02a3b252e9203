//! `envwright logs`.

use crate::{failure::Failure, terminal::Terminal};
use clap::Args;
use envwright_store::{Home, StoreError};
use serde_json::json;
use std::{
    io::{self, Write as _},
    thread,
    time::Duration,
};

const AFTER_HELP: &str = "\
Examples:
  envwright logs             the last build's
  envwright logs -f          and go on until it ends
  envwright logs 20260102T030405";

/// How often a growing log is looked at.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LogsArguments {
    /// The build, as `envwright history` names it
    #[arg(default_value = "latest", value_name = "BUILD")]
    build: String,
    /// Go on until the build has ended
    #[arg(long, short)]
    follow: bool,
}

pub(crate) fn run(arguments: &LogsArguments, home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    let build = envwright_builder::find_build(home, &arguments.build)?.build;
    let path = envwright_builder::log_path(home, &build);
    if !path.exists() && !terminal.json {
        terminal.error(&format!("build {build} ended before it wrote a log"));
        return Ok(());
    }
    if terminal.json {
        let log = match fs_err::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(StoreError::io("read", &path))?,
        };
        return Ok(terminal.print_json(&json!({ "build": build, "file": path, "log": log }))?);
    }
    let mut file = fs_err::File::open(&path).map_err(StoreError::io("read", &path))?;
    loop {
        // Asked before reading: what is written until a build has ended is then read, too.
        let ended = envwright_builder::find_build(home, &build)?.state != "running";
        let mut out = io::stdout().lock();
        io::copy(&mut file, &mut out)?;
        out.flush()?;
        if ended || !arguments.follow {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
}

//! `cargo xtask test`: what the tests need is there, or is installed, or is asked for; then all of them run.

use crate::{
    shell::{cargo, run, say, status},
    tools::{self, Tool},
};
use std::process::ExitCode;

/// The profile of `.config/nextest.toml` that leaves out the suites that need root and engines.
const WITHOUT_ENGINES: &str = "without-engines";

/// What was asked for.
#[derive(Default)]
struct Options {
    full: bool,
    engines: bool,
    /// For nextest.
    rest: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Self {
        let mut options = Self { engines: true, ..Self::default() };
        for argument in arguments {
            match argument.as_str() {
                "--full" => options.full = true,
                "--no-engines" => options.engines = false,
                _ => options.rest.push(argument.clone()),
            }
        }
        options
    }
}

/// Runs the tests, in the profile that `cargo run --release` uses too. What nextest says of them is the last that is said.
pub(crate) fn test(arguments: &[String]) -> Result<ExitCode, String> {
    let options = Options::parse(arguments);
    provide(&options)?;
    let mut nextest = cargo(&["nextest", "run", "--release", "--workspace"]);
    if options.full {
        nextest.args(["--run-ignored", "all"]);
    }
    if !options.engines {
        nextest.args(["--profile", WITHOUT_ENGINES]);
    }
    let passed = status(nextest.args(&options.rest))?.success();
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sees to it that every program is there.
fn provide(options: &Options) -> Result<(), String> {
    if !tools::is_there("cargo-nextest") {
        run(&mut cargo(&["install", "--locked", "cargo-nextest"]))?;
    }
    let root = tools::is_root();
    if options.engines && !root {
        return Err(NEEDS_ROOT.to_owned());
    }
    let missing = tools::missing(options.engines);
    if missing.is_empty() {
        return Ok(());
    }
    if !root || !tools::has_apt() {
        return Err(asked_for(&missing));
    }
    say(&tools::told(&missing));
    for mut command in tools::commands(&missing) {
        say(&tools::shown(&command));
        run(&mut command)?;
    }
    let missing = tools::missing(options.engines);
    if missing.is_empty() { Ok(()) } else { Err(asked_for(&missing)) }
}

const NEEDS_ROOT: &str = "\
the suites of container engines need root, to start engines and to be more than one user
run this as root, or leave them out: cargo xtask test --no-engines";

fn asked_for(missing: &[&Tool]) -> String {
    let commands = tools::commands(missing);
    let commands: Vec<String> =
        commands.iter().map(|command| format!("  {}", tools::shown(command))).collect();
    format!(
        "{}\non Debian these commands install them, as root:\n{}",
        tools::told(missing),
        commands.join("\n")
    )
}

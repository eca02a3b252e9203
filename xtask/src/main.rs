//! The project's own commands: `cargo xtask test | bench | docs`.

mod docs;
mod engines;
mod shell;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [--full] [FILTER…]  run all tests (installs the engines that they need where it may);
                           --full adds the slow suites
  docs [--check]           write the generated pages of docs/; --check fails where they drifted
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &arguments[..]),
    };
    let outcome = match command {
        "test" => test(rest),
        "docs" => docs::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            shell::say(&message);
            ExitCode::FAILURE
        }
    }
}

/// All tests in one run of `cargo nextest`, in the profile that `cargo run --release` uses too.
fn test(arguments: &[String]) -> Result<(), String> {
    engines::provide(engines::FOR_TESTS)?;
    let mut command = shell::cargo(&["nextest", "run", "--release", "--workspace"]);
    for argument in arguments {
        match argument.as_str() {
            "--full" => command.args(["--run-ignored", "all"]),
            filter => command.arg(filter),
        };
    }
    shell::run(&mut command)
}

//! The project's own commands: `cargo xtask test`, `cargo xtask bench`.

mod bench;
mod shell;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [--full] [FILTER…]  run all tests; --full adds the slow suites
  bench build [OPTION…]    time envwright beside buildah with uv and with pip
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &arguments[..]),
    };
    let outcome = match command {
        "test" => test(rest),
        "bench" => bench::run(rest),
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
    let mut command = shell::cargo(&["nextest", "run", "--release", "--workspace"]);
    for argument in arguments {
        match argument.as_str() {
            "--full" => command.args(["--run-ignored", "all"]),
            filter => command.arg(filter),
        };
    }
    shell::run(&mut command)
}

//! The project's own commands: `cargo xtask test`.

mod shell;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [--full] [--no-engines] [FILTER…]  run all tests, and install what they need where that may be done;
                                          --full adds the slow suites, --no-engines leaves out those that need root
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &arguments[..]),
    };
    let outcome = match command {
        "test" => test::test(rest),
        _ => Err(USAGE.to_owned()),
    };
    outcome.unwrap_or_else(|message| {
        shell::say(&message);
        ExitCode::FAILURE
    })
}

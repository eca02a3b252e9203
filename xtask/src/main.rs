//! The project's own commands: `cargo xtask test`, `cargo xtask docs`, `cargo xtask bench`,
//! `cargo xtask fuzz`, `cargo xtask accuracy`,
//! `cargo xtask corpus`, `cargo xtask definitions`, `cargo xtask repodata`.

mod accuracy;
mod bench;
mod corpus;
mod definitions;
mod fuzz;
mod layers;
mod repodata;
mod shell;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [--full] [--no-engines] [FILTER…]  run all tests, and install what they need where that may be done;
                                          --full adds the slow suites, --no-engines leaves out those that need root
  docs                                    write the pages of the book that are made from the program
  accuracy FOLDER [--write]               score the diagnosis on a corpus of real logs that has a judge
  definitions FOLDER… [--write]           read other people's definitions, write them again, and compare
  repodata FOLDER                         read the metadata of real channels, and choose each of their packages
  corpus make [CASE…]                     make the logs that the diagnosis is tested with, with real tools
  fuzz [--seconds N] [TARGET…]            read bytes that libFuzzer makes up, N seconds (60) for each target; needs a
                                          C++ compiler
  bench <what> [OPTION…]                  measure envwright beside its peers: build, push, memory, pack, import,
                                           diagnose (how fast logs are read, beside ripgrep),
                                           layers (what images move to a registry, by how packages share layers)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &arguments[..]),
    };
    let outcome = match command {
        "test" => test::test(rest),
        "docs" => docs(),
        "accuracy" => accuracy::accuracy(rest).map(|()| ExitCode::SUCCESS),
        "corpus" => corpus::corpus(rest).map(|()| ExitCode::SUCCESS),
        "definitions" => definitions::definitions(rest).map(|()| ExitCode::SUCCESS),
        "repodata" => repodata::repodata(rest).map(|()| ExitCode::SUCCESS),
        "fuzz" => fuzz::fuzz(rest),
        "bench" if rest.first().is_some_and(|what| what == "layers") => {
            layers::run(&rest[1..]).map(|()| ExitCode::SUCCESS)
        }
        "bench" if rest.first().is_some_and(|what| what == "diagnose") => {
            bench::diagnose::run(&rest[1..]).map(|()| ExitCode::SUCCESS)
        }
        "bench" => bench::run(rest).map(|()| ExitCode::SUCCESS),
        _ => Err(USAGE.to_owned()),
    };
    outcome.unwrap_or_else(|message| {
        shell::say(&message);
        ExitCode::FAILURE
    })
}

/// The test that compares the made pages with the program writes them when it is told to.
fn docs() -> Result<ExitCode, String> {
    let mut write =
        shell::cargo(&["test", "--release", "--quiet", "--package", "envwright", "--lib", "reference"]);
    shell::run(write.env("ENVWRIGHT_WRITE_DOCS", "1"))?;
    Ok(ExitCode::SUCCESS)
}

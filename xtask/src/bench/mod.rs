//! `cargo xtask bench build`: envwright beside what a user would pick instead, all in one run.
//!
//! Numbers of different runs, machines or days say little; the ratios within a run are what counts. So in every
//! round everybody does the same, one after another, and each round begins with another builder.

mod case;
mod envwright;
mod inputs;
mod machine;
mod measure;
mod page;
mod peers;
mod settings;
mod table;

use crate::shell;
use case::{Builder, Case};
use inputs::Inputs;
pub(crate) use inputs::{remove, write};
pub(crate) use page::write as write_page;
use std::path::{self, PathBuf};
use table::Results;

const USAGE: &str = "\
usage: cargo xtask bench build [--rounds N] [--binary PATH] [--write]

  --rounds N     times that everything is measured [default: 3]
  --binary PATH  the envwright to measure [default: built by cargo build --release]
  --write        keep the results in docs/benchmarks.md";

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    rounds: usize,
    binary: Option<PathBuf>,
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self { rounds: 3, binary: None, write: false };
        let (command, arguments) = arguments.split_first()?;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--rounds" => options.rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
                "--binary" => options.binary = Some(path::absolute(words.next()?).ok()?),
                "--write" => options.write = true,
                _ => return None,
            }
        }
        (command == "build").then_some(options)
    }
}

/// Runs the bench and prints the results.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let options = Options::parse(arguments).ok_or(USAGE)?;
    machine::check_programs()?;
    let load = machine::load();
    let binary = options.binary.map_or_else(build, Ok)?;
    let inputs = Inputs::make(binary)?;
    let builders: [&dyn Builder; 3] = [
        &envwright::Envwright { inputs: &inputs },
        &peers::Peer::new(&inputs, peers::Installer::Uv)?,
        &peers::Peer::new(&inputs, peers::Installer::Pip)?,
    ];
    let results = measure(&inputs, &builders, options.rounds)?;
    let facts = machine::facts(&inputs, options.rounds, &load)?;
    let text = format!("{facts}\n{}\n{}", results.times(), results.sizes());
    shell::print(&text);
    if options.write { write_page("docs/benchmarks.md", "cargo xtask bench build", &text) } else { Ok(()) }
}

/// envwright as its users build it.
pub(crate) fn build() -> Result<PathBuf, String> {
    shell::run(&mut shell::cargo(&["build", "--release", "--package", "envwright"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    Ok(shell::root().join(target).join("release/envwright"))
}

fn measure(inputs: &Inputs, builders: &[&dyn Builder], rounds: usize) -> Result<Results, String> {
    let mut results = Results::of(builders.iter().map(|builder| builder.name()).collect());
    let report = inputs.folder.join("time");
    for round in 0..rounds {
        for case in Case::ALL {
            for turn in 0..builders.len() {
                let index = (round + turn) % builders.len();
                let builder = builders[index];
                let Some(command) = builder.command(case) else { continue };
                builder.prepare(case)?;
                let sample = measure::measure(&command, &report)?;
                shell::say(&format!(
                    "round {}: {}: {}: {:.2} s",
                    round + 1,
                    case.title(),
                    builder.name(),
                    sample.wall
                ));
                results.add(case, index, sample);
            }
        }
    }
    for (index, builder) in builders.iter().enumerate() {
        results.set_size(index, builder.size()?);
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Option<Options> {
        Options::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_what_is_not_known_is_refused() {
        let read = options(&["build", "--rounds", "5", "--write"]);
        assert_eq!(read, Some(Options { rounds: 5, binary: None, write: true }));
        assert_eq!(options(&["build", "--rounds", "0"]), None);
        assert_eq!(options(&["build", "--quick"]), None);
        assert_eq!(options(&[]), None);
    }
}

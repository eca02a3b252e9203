//! `cargo xtask bench`: envwright beside what a user would pick instead, all in one run.
//!
//! Numbers of different runs, machines or days say little; the ratios within a run are what counts. So in every
//! round everybody does the same, one after another, and each round begins with another builder.

mod case;
mod conda;
pub(crate) mod diagnose;
mod docker;
mod envwright;
mod import;
mod inputs;
mod machine;
mod measure;
mod memory;
mod pack;
pub(crate) mod page;
mod peers;
mod pushing;
mod registry;
mod service;
mod settings;
mod table;
mod targets;

use crate::shell;
use case::{Builder, Case};
use inputs::Inputs;
pub(crate) use inputs::{remove, write};
pub(crate) use page::write as write_page;
use registry::Registry;
use std::path::{self, PathBuf};
use table::Results;

const USAGE: &str = "\
usage: cargo xtask bench <what> [--rounds N] [--binary PATH] [--write]

  build          beside buildah with uv and with pip
  push           with pushing to a registry, beside buildah with uv and docker with pip
  memory         the peak of an image of 5 GB, which needs about 20 GB of disk
  pack           how fast wheels are packed, beside zstd alone
  conda          the conda example, beside py-rattler and beside buildah with it
  import         how long a first import takes in a fresh container

  --rounds N     times that everything is measured [default: 3]
  --binary PATH  the envwright to measure [default: built by cargo build --release]
  --write        keep the results in docs/benchmarks.md";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bench {
    Build,
    Push,
    Memory,
    Pack,
    Import,
    Conda,
}

impl Bench {
    const ALL: [Self; 6] = [Self::Build, Self::Push, Self::Memory, Self::Pack, Self::Import, Self::Conda];

    fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Push => "push",
            Self::Memory => "memory",
            Self::Pack => "pack",
            Self::Import => "import",
            Self::Conda => "conda",
        }
    }

    /// Programs that it runs besides those of every bench.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Build | Self::Import => &[],
            Self::Push => &["docker", "dockerd", "docker-registry", "setpriv"],
            Self::Memory => &["docker-registry", "setpriv", "python3"],
            Self::Pack => &["python3", "zstd"],
            Self::Conda => &["docker-registry", "setpriv", "python3", "dpkg-deb"],
        }
    }

    /// The results as Markdown.
    fn measure(self, inputs: &Inputs, rounds: usize) -> Result<String, String> {
        match self {
            Self::Build => build(inputs, rounds),
            Self::Push => push(inputs, rounds),
            Self::Memory => memory::measure(inputs, rounds),
            Self::Pack => pack::measure(inputs, rounds),
            Self::Import => import::measure(inputs, rounds),
            Self::Conda => conda::measure(inputs, rounds),
        }
    }
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Options {
    bench: Bench,
    rounds: usize,
    binary: Option<PathBuf>,
    write: bool,
}

impl Options {
    fn parse(arguments: &[String]) -> Option<Self> {
        let (name, arguments) = arguments.split_first()?;
        let bench = Bench::ALL.into_iter().find(|bench| bench.name() == name)?;
        let mut options = Self { bench, rounds: 3, binary: None, write: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--rounds" => options.rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
                "--binary" => options.binary = Some(path::absolute(words.next()?).ok()?),
                "--write" => options.write = true,
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs the bench and prints the results.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let options = Options::parse(arguments).ok_or(USAGE)?;
    machine::check_programs(options.bench.programs())?;
    let load = machine::load();
    let binary = options.binary.map_or_else(build_envwright, Ok)?;
    let inputs = Inputs::make(binary)?;
    let results = options.bench.measure(&inputs, options.rounds)?;
    let name = options.bench.name();
    let text = format!("{}\n{results}", machine::facts(&inputs, name, options.rounds, &load)?);
    shell::print(&text);
    if options.write {
        write_page("docs/benchmarks.md", &format!("cargo xtask bench {name}"), &text)
    } else {
        Ok(())
    }
}

fn build(inputs: &Inputs, rounds: usize) -> Result<String, String> {
    let builders: [&dyn Builder; 3] = [
        &envwright::Envwright { inputs },
        &peers::Peer::new(inputs, peers::Installer::Uv)?,
        &peers::Peer::new(inputs, peers::Installer::Pip)?,
    ];
    let results = measure(inputs, &builders, &Case::BUILD, rounds)?;
    Ok(format!("{}\n{}", results.times(), results.sizes()))
}

fn push(inputs: &Inputs, rounds: usize) -> Result<String, String> {
    let builders: [&dyn Builder; 4] = [
        &pushing::PushingEnvwright::new(inputs)?,
        &pushing::PushingBuildah::new(inputs, "gzip")?,
        &pushing::PushingBuildah::new(inputs, "zstd")?,
        &docker::Docker::start(inputs)?,
    ];
    let results = measure(inputs, &builders, &Case::PUSH, rounds)?;
    Ok(format!("{}\n{}", results.times(), targets::table(&targets::of_push(&results))))
}

/// envwright as its users build it.
pub(crate) fn build_envwright() -> Result<PathBuf, String> {
    shell::run(&mut shell::cargo(&["build", "--release", "--package", "envwright"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    Ok(shell::root().join(target).join("release/envwright"))
}

fn measure(
    inputs: &Inputs,
    builders: &[&dyn Builder],
    cases: &[Case],
    rounds: usize,
) -> Result<Results, String> {
    let mut results = Results::of(builders.iter().map(|builder| builder.name()).collect());
    let report = inputs.folder.join("time");
    for round in 0..rounds {
        for &case in cases {
            for turn in 0..builders.len() {
                let index = (round + turn) % builders.len();
                let builder = builders[index];
                let Some(command) = builder.command(case) else { continue };
                builder.prepare(case)?;
                let before = builder.registry().map(Registry::bytes);
                let mut sample = measure::measure(&command, &report)?;
                let after = builder.registry().map(Registry::bytes);
                sample.sent = before.zip(after).map(|(before, after)| after.saturating_sub(before));
                if builder.works_elsewhere() {
                    (sample.cpu, sample.peak) = (f64::NAN, f64::NAN);
                }
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
        if let Some(size) = builder.size()? {
            results.set_size(index, size);
        }
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
        assert_eq!(read, Some(Options { bench: Bench::Build, rounds: 5, binary: None, write: true }));
        assert_eq!(options(&["build", "--rounds", "0"]), None);
        assert_eq!(options(&["build", "--quick"]), None);
        assert_eq!(options(&["push"]).map(|options| options.bench), Some(Bench::Push));
        assert_eq!(options(&["other"]), None);
        assert_eq!(options(&[]), None);
    }
}

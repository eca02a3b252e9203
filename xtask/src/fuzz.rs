//! `cargo xtask fuzz`: the readers of what others wrote, under libFuzzer, on the stable toolchain.

use crate::shell::{self, cargo, run, say};
use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// What `cargo fuzz` passes too: `LLVM`'s coverage counters, which libFuzzer reads.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];
/// Where the fuzzer, its inputs and what it found lie.
const FOLDER: &str = "target/fuzz";
/// Most memory of a run, MiB; and most time for one input, seconds.
const MOST_MEMORY: u32 = 2048;
const MOST_TIME: u32 = 25;

/// What was asked for.
struct Options {
    targets: Vec<String>,
    seconds: u32,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self { targets: Vec::new(), seconds: 60 };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--seconds" => {
                    let value = arguments.next().and_then(|value| value.parse().ok());
                    options.seconds = value.ok_or("--seconds wants a number")?;
                }
                option if option.starts_with('-') => return Err(format!("`{option}` is no option of fuzz")),
                target => options.targets.push(target.to_owned()),
            }
        }
        Ok(options)
    }
}

/// Runs the targets one after another, and says how many inputs each read. What made one fail is kept below
/// `target/fuzz/found`.
pub(crate) fn fuzz(arguments: &[String]) -> Result<ExitCode, String> {
    let mut options = Options::parse(arguments)?;
    let fuzzer = build()?;
    let known = known(&fuzzer)?;
    if let Some(other) = options.targets.iter().find(|target| !known.contains(target)) {
        return Err(format!("there is no target `{other}`; there are {}", known.join(", ")));
    }
    if options.targets.is_empty() {
        options.targets = known;
    }
    let mut failed = Vec::new();
    for target in &options.targets {
        match one(&fuzzer, target, options.seconds)? {
            Some(executions) => say(&format!("{target}: {executions} inputs in {} s", options.seconds)),
            None => failed.push(target.as_str()),
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("failed: {}; the inputs are in {FOLDER}/found", failed.join(", ")));
    Ok(ExitCode::FAILURE)
}

fn build() -> Result<PathBuf, String> {
    let host = shell::output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let host = host.trim();
    // With a target given, the flags are not used for build scripts and procedural macros.
    let mut build = cargo(&["build", "--release", "--package", "envwright-fuzz", "--features", "libfuzzer"]);
    build.args(["--target", host, "--target-dir", FOLDER]).env("RUSTFLAGS", COVERAGE.join(" "));
    run(&mut build)?;
    Ok(folder().join(host).join("release/fuzz"))
}

fn folder() -> PathBuf {
    shell::root().join(FOLDER)
}

/// The names of the targets.
fn known(fuzzer: &Path) -> Result<Vec<String>, String> {
    let names = shell::output(Command::new(fuzzer).env("ENVWRIGHT_FUZZ", "list"))?;
    Ok(names.lines().map(str::to_owned).collect())
}

/// How many inputs were read; nothing when one of them failed.
fn one(fuzzer: &Path, target: &str, seconds: u32) -> Result<Option<u64>, String> {
    let (inputs, found) = (folder().join("inputs").join(target), folder().join("found"));
    for folder in [&inputs, &found] {
        fs_err::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let log = folder().join(format!("{target}.log"));
    let words = fs_err::File::create(&log).map_err(|error| error.to_string())?;
    let mut command = Command::new(fuzzer);
    command.arg(&inputs).arg(format!("-artifact_prefix={}/{target}-", found.display())).args([
        format!("-max_total_time={seconds}"),
        format!("-rss_limit_mb={MOST_MEMORY}"),
        format!("-timeout={MOST_TIME}"),
        "-print_final_stats=1".to_owned(),
        "-max_len=65536".to_owned(),
    ]);
    command.env("ENVWRIGHT_FUZZ", target).env("ENVWRIGHT_FUZZ_SEEDS", &inputs);
    let status = command.stderr(words.into_parts().0).status().map_err(|error| error.to_string())?;
    let words = fs_err::read(&log).map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&words);
    if !status.success() {
        let lines: Vec<&str> = words.lines().collect();
        say(&format!("{target} failed; the end of {}:", log.display()));
        say(&lines[lines.len().saturating_sub(30)..].join("\n"));
        return Ok(None);
    }
    let executions = words.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(Some(executions.and_then(|number| number.trim().parse().ok()).unwrap_or(0)))
}

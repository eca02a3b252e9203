//! `cargo xtask bench diagnose`: how fast logs are read, beside ripgrep with as many patterns.
//!
//! Both read made logs with one thread: envwright looks for all signatures of its catalog and orders what it finds,
//! ripgrep counts the lines that match any of the same patterns. It is so slow with them that it gets a small log; what
//! it does with the whole one is asked with a fixed text in the place of each pattern.

use super::{
    machine,
    measure::{self, Spread},
    page,
    table::number,
    targets::{self, Target},
};
use crate::shell;
use std::{
    fmt::Write as _,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

const USAGE: &str = "\
usage: cargo xtask bench diagnose [--rounds N] [--binary PATH] [--write]

  --rounds N     times that everything is measured [default: 3]
  --binary PATH  the envwright to measure [default: built by cargo build --release]
  --write        keep the results in docs/benchmarks.md";

/// Bytes of the log.
const SIZE: u64 = 1_000_000_000;
/// Bytes of the log that ripgrep reads with the patterns.
const PIECE: u64 = 1_000_000;
/// Starts of the program whose median is told.
const STARTS: usize = 20;

/// Lines of a build, with `@` for a number that changes.
const LINES: &[&str] = &[
    "Collecting package-@==1.@.0",
    "  Downloading package_@-1.@.0-cp311-cp311-manylinux_2_17_x86_64.whl.metadata (@ kB)",
    "     ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ @.1/@.9 MB 12.3 MB/s eta 0:00:00",
    "Requirement already satisfied: certifi>=2017.4.@ in /opt/env/lib/python3.11/site-packages (from requests)",
    "Get:@ http://mirror.example/debian bookworm/main amd64 libfoo@ amd64 1.2.@-1 [@ kB]",
    "Selecting previously unselected package libfoo@:amd64.",
    "Preparing to unpack .../@-libfoo@_1.2.@-1_amd64.deb ...",
    "Unpacking libfoo@:amd64 (1.2.@-1) ...",
    "Setting up libfoo@:amd64 (1.2.@-1) ...",
    "#12 @.123   copying build/lib.linux-x86_64-cpython-311/pkg/module_@.py -> build/bdist/wheel/pkg",
    "#12 @.456   gcc -pthread -B /opt/env/compiler_compat -DNDEBUG -O2 -Wall -fPIC -Iinclude -c src/file_@.c -o build/file_@.o",
    "src/file_@.c:@:17: warning: unused variable 'value_@' [-Wunused-variable]",
    "2026-01-02T03:04:05.@Z   [@/2048] Building CXX object CMakeFiles/core.dir/src/unit_@.cpp.o",
    "test_module_@.py::test_case_@ PASSED                                       [ @%]",
    " ---> Running in 0123456789ab@",
    "added @ packages, and audited @ packages in 12s",
    "error_handler_@.o: compiled without complaint in @ ms",
    "WARNING: the file cache of package-@ is not writable and is not used",
];

/// Lines that nearly are what a signature looks for.
const NEAR: &[&str] = &[
    "ERROR: No matching distribution was looked for @",
    "E: Unable to locate the package list of mirror @, using another",
    "Could not find a version that satisfies nobody @",
    "fatal error: that was @ builds ago",
    "Connection timed out counter is @",
];

/// Measures and prints.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (mut rounds, mut binary, mut write) = (3, None, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" => {
                let number = words.next().and_then(|rounds| rounds.parse().ok());
                rounds = number.filter(|rounds| *rounds > 0).ok_or(USAGE)?;
            }
            "--binary" => binary = Some(std::path::absolute(words.next().ok_or(USAGE)?).map_err(|_| USAGE)?),
            "--write" => write = true,
            _ => return Err(USAGE.to_owned()),
        }
    }
    let load = machine::load();
    let binary = binary.map_or_else(super::build_envwright, Ok)?;
    let folder = shell::root().join("target/bench/diagnose");
    fs_err::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let text = measured(&binary, &folder, rounds, &load);
    super::remove(&folder)?;
    let text = text?;
    shell::print(&text);
    if write { page::write("docs/benchmarks.md", "cargo xtask bench diagnose", &text) } else { Ok(()) }
}

fn measured(binary: &Path, folder: &Path, rounds: usize, load: &str) -> Result<String, String> {
    shell::say("making logs");
    let all = patterns()?;
    let count = all.len();
    let patterns = list(folder, "patterns", all.iter().map(|pattern| plain_groups(pattern)))?;
    let texts =
        list(folder, "texts", all.iter().filter_map(|pattern| fixed_text(pattern)).map(str::to_owned))?;
    let piece = make(folder, "piece.log", PIECE, LINES)?;
    let real = make(folder, "build.log", SIZE, LINES)?;
    let small = make(folder, "small.log", SIZE / 10, LINES)?;
    let near = make(folder, "near.log", SIZE / 20, NEAR)?;
    let long = folder.join("long.log");
    let line = "x1y2 error-free ".repeat(usize::try_from(SIZE / 160).unwrap_or_default());
    fs_err::write(&long, line).map_err(|error| error.to_string())?;
    let tiny = make(folder, "tiny.log", 4000, LINES)?;
    let ours = |log: &Path| {
        let mut command = Command::new(binary);
        command.args(["diagnose", "--json"]).arg(log).env("ENVWRIGHT_HOME", folder.join("home"));
        command
    };
    let theirs = |what: &str, list: &Path, log: &Path| {
        // One that finds nothing fails with 1, one that does not understand a pattern with 2.
        let mut command = Command::new("sh");
        let script = format!("rg --threads 1 --no-config -c {what} -f \"$1\" \"$2\" || [ $? = 1 ]");
        command.args(["-c", &script, "rg"]);
        command.arg(list).arg(log);
        command
    };
    let mut samples = vec![Vec::new(); 6];
    for _ in 0..rounds {
        let fixed = theirs("-F", &texts, &real);
        let commands =
            [ours(&real), fixed, theirs("", &patterns, &piece), ours(&small), ours(&near), ours(&long)];
        for (command, samples) in commands.iter().zip(&mut samples) {
            samples.push(measure::measure(command, &folder.join("time"))?);
        }
    }
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(measure::measure(&ours(&tiny), &folder.join("time"))?);
    }
    let wall = |at: usize| Spread::of(&samples[at], |run| run.wall).map_or(f64::NAN, |spread| spread.median);
    let ours_only = [0, 3, 4, 5].into_iter().flat_map(|at| &samples[at]);
    let peak = ours_only.map(|run| run.peak / 1e6).fold(0.0, f64::max);
    let start = Spread::of(&starts, |run| run.wall).map_or(f64::NAN, |spread| spread.median * 1e3);
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let rate = |at: usize, bytes: u64| bytes as f64 / 1e6 / wall(at);
    let mut text = String::new();
    let _ = writeln!(text, "- Command: `cargo xtask bench diagnose --write --rounds {rounds}`");
    let _ = writeln!(text, "- Machine: {}", machine::machine());
    let _ = writeln!(text, "- Load of other programs when it began: {load}");
    let _ = writeln!(text, "- Patterns: {count}\n");
    let _ = writeln!(text, "| Log | Reader | Wall, s | MB/s |\n|---|---|--:|--:|");
    let rows = [
        ("real-looking, 1 GB", "envwright", 0, SIZE),
        ("real-looking, 1 GB", "`rg -c -F -f`, a fixed text of each pattern", 1, SIZE),
        ("real-looking, 1 MB", "`rg -c -f`, the same patterns", 2, PIECE),
        ("real-looking, 0.1 GB", "envwright", 3, SIZE / 10),
        ("a million near misses, 0.05 GB", "envwright", 4, SIZE / 20),
        ("one line of 0.1 GB", "envwright", 5, SIZE / 10),
    ];
    for (log, reader, at, size) in rows {
        let _ = writeln!(text, "| {log} | {reader} | {} | {} |", number(wall(at)), number(rate(at, size)));
    }
    let speed = rate(0, SIZE);
    let targets = [
        Target::least("speed against `rg -c -f`", speed / rate(2, PIECE), 0.5, "×"),
        Target::least("speed against `rg -c -F -f`", speed / rate(1, SIZE), 0.5, "×"),
        Target::most("ten times the log against ten times the time", wall(0) / (10.0 * wall(3)), 1.2, "×"),
        Target::most("peak memory", peak, 100.0, "MB"),
        Target::most("from start to end, a log of 4 KB", start, 30.0, "ms"),
    ];
    let _ = writeln!(text, "\n{}", targets::table(&targets));
    Ok(text)
}

/// All patterns of the catalog.
fn patterns() -> Result<Vec<String>, String> {
    let mut patterns = Vec::new();
    let catalog = shell::root().join("catalog");
    let entries = |path: &Path| -> Result<Vec<PathBuf>, String> {
        let entries = fs_err::read_dir(path).map_err(|error| error.to_string())?;
        Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
    };
    for tool in entries(&catalog)?.into_iter().filter(|tool| tool.is_dir()) {
        for file in entries(&tool)? {
            let entry = fs_err::read_to_string(&file).map_err(|error| error.to_string())?;
            let entry: toml::Table = entry.parse().map_err(|error: toml::de::Error| error.to_string())?;
            let signatures = entry.get("signature").and_then(toml::Value::as_array).into_iter().flatten();
            let found = signatures.filter_map(|signature| signature.get("pattern")?.as_str());
            patterns.extend(found.map(str::to_owned));
        }
    }
    Ok(patterns)
}

/// A pattern as every version of ripgrep reads it: groups without names, which would be there twice, and no apostrophe
/// that is escaped.
fn plain_groups(pattern: &str) -> String {
    let mut parts = pattern.split("(?<");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push('(');
        plain.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    plain.replace("\\'", "'")
}

/// The longest piece of a pattern that means itself.
fn fixed_text(pattern: &str) -> Option<&str> {
    let pieces = pattern.split(|c: char| !c.is_alphanumeric() && !" :-_/,'".contains(c));
    pieces.filter(|piece| piece.len() >= 5).max_by_key(|piece| piece.len())
}

fn list(folder: &Path, name: &str, lines: impl Iterator<Item = String>) -> Result<PathBuf, String> {
    let file = folder.join(name);
    let text: String = lines.map(|line| line.replace('\n', " ") + "\n").collect();
    fs_err::write(&file, text).map_err(|error| error.to_string())?;
    Ok(file)
}

/// A log of this size, the same each time.
fn make(folder: &Path, name: &str, size: u64, lines: &[&str]) -> Result<PathBuf, String> {
    let path = folder.join(name);
    let mut file = BufWriter::new(fs_err::File::create(&path).map_err(|error| error.to_string())?);
    let mut written = 0;
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    while written < size {
        // Marsaglia's xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let line = lines[usize::try_from(state % lines.len() as u64).unwrap_or_default()];
        let line = line.replace('@', &(state >> 40).to_string()) + "\n";
        file.write_all(line.as_bytes()).map_err(|error| error.to_string())?;
        written += line.len() as u64;
    }
    file.flush().map_err(|error| error.to_string())?;
    Ok(path)
}

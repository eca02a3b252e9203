//! Reads definitions of other people, writes them again, and prints which ones were read: `cargo xtask definitions` runs
//! it.
#![expect(clippy::print_stdout, reason = "an example prints")]

use envwright_definition::{DefinitionError, Environment, Format, Options, read, read_text};
use envwright_diagnosis::{Explain as _, Severity};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// How one file fared.
struct Read {
    name: String,
    /// Its format, or the errors that refused it.
    outcome: Result<Format, Vec<String>>,
}

fn main() -> Result<(), String> {
    let mut files = Vec::new();
    for folder in std::env::args().skip(1) {
        files_below(Path::new(&folder), &mut files)?;
    }
    files.sort_unstable();
    let mut all = Vec::new();
    let mut changed = Vec::new();
    for file in &files {
        changed_in_all_ways(file);
        let read = read(file, &Options::default());
        if let Ok(environment) = &read
            && let Err(why) = written_again(environment, file)
        {
            changed.push(format!("{}: {why}", file.display()));
        }
        all.push(Read { name: name(file), outcome: outcome(read) });
    }
    println!("{}", table(&all));
    if changed.is_empty() { Ok(()) } else { Err(changed.join("\n")) }
}

/// Reads a file with a mistake of each simple kind at many places: it is read or refused, and nothing panics.
fn changed_in_all_ways(file: &Path) {
    const PLACES: usize = 60;
    let Ok(text) = fs_err::read_to_string(file) else { return };
    let (name, dir) = (file.display().to_string(), file.parent().unwrap_or(Path::new(".")));
    let take = |text: &str| drop(read_text(&name, text, dir, &Options::default()));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for place in 0..PLACES {
        let at = text.floor_char_boundary(text.len() * place / PLACES);
        let (before, after) = text.split_at(at);
        take(before);
        take(after);
        for put in ["\n", "\t", "'", "\"", "[", "{", ":", "#", "\0", "é", "\u{2028}", "- "] {
            take(&format!("{before}{put}{after}"));
        }
        take(&format!("{before}{}", after.chars().skip(1).collect::<String>()));
        let line = lines.len() * place / PLACES;
        take(&[&lines[..line], lines.get(line + 1..).unwrap_or_default()].concat().concat());
        take(&[&lines[..line], &lines[line.saturating_sub(1)..]].concat().concat());
    }
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs_err::read_dir(folder).map_err(|error| error.to_string())?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The name and its folder.
fn name(file: &Path) -> String {
    let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    format!("{folder}/{}", file.file_name().unwrap_or_default().to_string_lossy())
}

fn outcome(read: Result<Environment, DefinitionError>) -> Result<Format, Vec<String>> {
    read.map(|environment| environment.format).map_err(|error| {
        let findings = error.findings();
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for finding in errors {
            let place = finding
                .evidence
                .first()
                .map(|evidence| evidence.span.text().lines().next().unwrap_or_default());
            let place = place.unwrap_or_default().chars().take(60).collect::<String>();
            *told.entry(format!("`{}`: `{place}`", finding.problem)).or_default() += 1;
        }
        told.into_iter()
            .map(|(told, times)| if times == 1 { told } else { format!("{told} ({times} times)") })
            .collect()
    })
}

/// Writes an environment in its own format where that can say all of it, and reads it again.
fn written_again(environment: &Environment, file: &Path) -> Result<(), String> {
    let Ok(converted) = environment.convert(environment.format) else { return Ok(()) };
    if !converted.lost.is_empty() {
        return Ok(());
    }
    let name = match environment.format {
        Format::Requirements | Format::Explicit => "definition.txt",
        Format::Pyproject | Format::Pixi | Format::Pylock => "definition.toml",
        Format::Dockerfile => "Dockerfile",
        _ => "definition.yml",
    };
    let dir = file.parent().unwrap_or(Path::new("."));
    match read_text(name, &converted.text, dir, &Options::default()) {
        Ok(again) if again.hash() == environment.hash() => Ok(()),
        Ok(_) => Err("it means something else".to_owned()),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

fn table(all: &[Read]) -> String {
    let mut formats: BTreeMap<&str, usize> = BTreeMap::new();
    for format in all.iter().filter_map(|read| read.outcome.as_ref().ok()) {
        *formats.entry(format.name()).or_default() += 1;
    }
    let count = formats.values().sum::<usize>();
    let mut out = format!("{count} of {} files are read.\n\n| format | files |\n|---|--:|\n", all.len());
    for (format, count) in formats {
        let _ = writeln!(out, "| {format} | {count} |");
    }
    out += "\n| refused | reason |\n|---|---|\n";
    for read in all {
        if let Err(reasons) = &read.outcome {
            let reasons = reasons.join("<br>").replace('|', "\\|");
            let _ = writeln!(out, "| {} | {reasons} |", read.name);
        }
    }
    out
}

//! `cargo xtask accuracy`: how often the diagnosis of real logs is right, by a corpus that has its own judge.

use crate::{
    bench::page,
    shell::{self, cargo, output, print, root, run},
};
use std::{fmt::Write as _, path::PathBuf, process::Command};

const USAGE: &str = "\
usage: cargo xtask accuracy FOLDER [--write]

  FOLDER   a corpus of logs with the program `score`, which gets the command that diagnoses
  --write  keep the results in docs/diagnosis-accuracy.md";

/// Fails where fewer roots are right, or a log without a failure is given one. Per cent.
const LEAST: &str = "97";

/// Scores the program on the corpus.
pub(crate) fn accuracy(arguments: &[String]) -> Result<(), String> {
    let mut folder = None;
    let mut write = false;
    for argument in arguments {
        match argument.as_str() {
            "--write" => write = true,
            option if option.starts_with('-') || folder.is_some() => return Err(USAGE.to_owned()),
            path => folder = Some(PathBuf::from(path)),
        }
    }
    let folder = folder.ok_or(USAGE)?;
    run(&mut cargo(&["build", "--release", "--package", "envwright"]))?;
    let program = root().join("target/release/envwright");
    let score = |least: bool| {
        let mut score = Command::new(folder.join("score"));
        score.arg("--program").arg(format!("{} diagnose --format json", program.display()));
        if least {
            score.args(["--min-root", LEAST]);
        }
        score
    };
    if !write {
        return run(&mut score(true));
    }
    let told = output(&mut score(false))?;
    print(&told);
    page::write("docs/diagnosis-accuracy.md", "cargo xtask accuracy", &table(&told)?)
}

/// What the judge printed, as Markdown. The logs themselves are not quoted.
fn table(told: &str) -> Result<String, String> {
    let figures = told.lines().rfind(|line| line.starts_with("root ")).ok_or("the judge gave no figures")?;
    let mut out = format!("{figures}\n\n| problem | right | logs |\n|---|--:|--:|\n");
    for line in told.lines() {
        let mut words = line.split_whitespace();
        let counts = words.next().and_then(|counts| counts.split_once('/'));
        if let (Some((right, all)), Some(problem), None) = (counts, words.next(), words.next()) {
            let _ = writeln!(out, "| `{problem}` | {right} | {all} |");
        }
    }
    let wrong = told.lines().filter_map(|line| line.strip_prefix("WRONG ")?.split_once("  | "));
    let wrong: Vec<String> = wrong.map(|(line, _)| format!("- {line}\n")).collect();
    if !wrong.is_empty() {
        let _ = write!(out, "\nWrong:\n\n{}", wrong.concat());
    }
    shell::say("docs/diagnosis-accuracy.md: written");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_right_and_what_was_wrong_is_told_without_the_logs() {
        let told =
            "   4/5    apt-lock\nWRONG a1: want apt-lock, got nothing  | E: a line\nroot 80.0%  of 5 logs\n";
        let table = table(told).unwrap();
        assert!(table.starts_with("root 80.0%  of 5 logs\n"));
        assert!(
            table.contains("| `apt-lock` | 4 | 5 |") && table.contains("- a1: want apt-lock, got nothing\n")
        );
        assert!(!table.contains("a line"));
    }
}

//! The generated pages of `docs/`: what the program itself says about problems and commands.

use crate::shell;
use std::{fs, path::Path, process::Command};

/// A generated page and the arguments of `envwright` that print it.
const PAGES: &[(&str, &[&str])] = &[
    ("docs/src/reference/problems.md", &["explain", "--markdown"]),
    ("docs/src/reference/commands.md", &["help-markdown"]),
    ("docs/src/reference/schema.json", &["schema"]),
];

/// Writes the pages, or with `--check` fails where one is not what the program prints.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let check = arguments.iter().any(|argument| argument == "--check");
    shell::run(&mut shell::cargo(&["build", "--release", "--quiet", "--package", "envwright"]))?;
    let binary = shell::root().join("target/release/envwright");
    let mut drifted = Vec::new();
    for (page, arguments) in PAGES {
        let text = shell::output(Command::new(&binary).args(*arguments))?;
        let path = shell::root().join(page);
        if check {
            if fs::read(&path).ok().as_deref() != Some(text.as_slice()) {
                drifted.push(*page);
            }
        } else {
            write(&path, &text)?;
        }
    }
    if drifted.is_empty() {
        Ok(())
    } else {
        Err(format!("run `cargo xtask docs`: drifted are {}", drifted.join(", ")))
    }
}

fn write(path: &Path, text: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}

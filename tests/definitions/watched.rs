//! A check after each change.

use super::{CONDA, conda};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

fn codes(line: &str) -> Vec<String> {
    let files: Value = serde_json::from_str(line).unwrap();
    let all = files.as_array().unwrap().iter().flat_map(|file| file["diagnostics"].as_array().unwrap());
    all.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

/// Waits for lines that the runner's limit ends where they do not come.
#[test]
fn each_change_gives_a_line_of_diagnostics() {
    let envwright = conda();
    let mut command = envwright.command();
    command.args(["check", "--watch", "--format", "lsp"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut next = || {
        let codes = codes(&lines.next().unwrap().unwrap());
        // From this line on it listens.
        while !told.next().unwrap().unwrap().starts_with("waiting") {}
        codes
    };
    assert!(next().iter().any(|code| code == "definition-pip-missing"));
    let file = envwright.folder().join("environment.yml");
    fs_err::write(&file, CONDA.replace("  - pip:\n", "  - pip=24.2\n  - pip:\n")).unwrap();
    assert_eq!(next(), ["definition-name-spelling"]);
    // Editors put another file in its place.
    fs_err::write(envwright.folder().join("new"), "dependencies: [\n").unwrap();
    fs_err::rename(envwright.folder().join("new"), &file).unwrap();
    let codes = loop {
        let codes = next();
        if codes != ["definition-name-spelling"] {
            break codes;
        }
    };
    assert_eq!(codes, ["definition-invalid-yaml"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

//! What users are told about definitions that are wrong: the whole text report.

use envwright_definition::{Environment, Options, read_text};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, report};
use std::path::Path;

fn told(name: &str, text: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let read = read_text(name, text, &dir, &Options::default());
    let findings = match read.and_then(Environment::buildable) {
        Ok(environment) => environment.findings,
        Err(error) => error.findings(),
    };
    report::text(&Diagnosis::new(findings, &Catalog::builtin()), false, 100)
}

#[test]
fn every_wrong_line_of_a_requirements_file_is_told() {
    insta::assert_snapshot!(told(
        "requirements.txt",
        "numpy=1.26\n\
         flask >> 2  # why\n\
         six==1.16 ; python_versoin > '3'\n\
         -r nowhere.txt\n\
         -e .\n\
         --extra-index https://index.example/simple --indx-url https://index.example/simple\n\
         renamed.whl\n\
         attrs \\\n    --hash=md5:00\n",
    ));
}

#[test]
fn warnings_are_told_without_the_password() {
    let told = told(
        "requirements.txt",
        "--index-url https://me:hunter2@index.example/simple\n--trusted-host index.example\nsix\nSix>=1\n",
    );
    assert!(!told.contains("hunter2"));
    insta::assert_snapshot!(told);
}

#[test]
fn every_wrong_key_of_a_yaml_is_told() {
    insta::assert_snapshot!(told(
        "environment.yml",
        "image: registry.example/team/base:1\n\
         requirments: [six]\n\
         python: latest\n\
         apt: [libgl1, 'no good']\n\
         files:\n  - missing.bin:/opt/missing.bin\n  - {from: a, too: /b}\n\
         workdir: srv\n\
         platforms: [windows/amd64]\n\
         apt: [curl]\n\
         conda_file: conda.yml\n",
    ));
}

#[test]
fn wrong_grammar_is_told_where_it_is() {
    let texts = [
        ("environment.yml", "image: scratch\nenv:\n\tA: b\n"),
        ("pyproject.toml", "[project]\nname = \"a\ndependencies = []\n"),
        (
            "pyproject.toml",
            "[project]\nname = 'a'\nrequires-python = 'three'\ndependencies = ['six = 1', 7]\n",
        ),
    ];
    insta::assert_snapshot!(texts.map(|(name, text)| told(name, text)).join("\n----\n"));
}

#[test]
fn what_this_version_does_not_build_is_told() {
    let texts = [
        ("environment.yml", "name: a\nchannels: [conda-forge]\ndependencies:\n- numpy\n"),
        ("Dockerfile", "FROM debian:12\nRUN true\n"),
        ("environment.yml", "name: a\nversion: 1\n"),
        ("requirements.txt", "# nothing yet\n"),
    ];
    insta::assert_snapshot!(texts.map(|(name, text)| told(name, text)).join("\n----\n"));
}

//! The verdict on Azure ML's own definitions beside that of Azure ML's loader (`load_environment` of `azure-ai-ml`), as
//! `azure/make.py` wrote it down.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_definition::{Options, read};
use envwright_diagnosis::{Explain as _, Finding, Severity};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

#[derive(Deserialize)]
struct Verdicts {
    files: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    accepted: bool,
    fields: BTreeSet<String>,
}

/// Where the verdicts differ on purpose, each with the words of the book's page `azure.md` that say why.
const DIFFERENCES: [(&str, &str); 15] = [
    ("name: a\n", NO_IMAGE),
    ("name: a\nversion: 1\ntags: {a: b}\n", NO_IMAGE),
    ("name: a\nconda_file: conda.yml\n", NO_IMAGE),
    ("image: registry.example/base:1\n", "an image alone is used as it is"),
    ("name: a\nimage: registry.example/base:1\nbuild: {path: context}\n", "refuses both a step later"),
    ("name: a\nbuild: {}\n", "a build without a folder"),
    ("name: a\nbuild: {path: context}\nconda_file: conda.yml\n", "not allowed beside a build context"),
    ("name: a\nimage: a\nname: b\n", "takes the last of two keys"),
    ("name: a\nimage: registry.example/base:1\nproperties: {a: b}\n", "`properties` is read"),
    ("name: a\nimage: registry.example//Base\n", "a name that no registry can have"),
    ("name: a\nimage: registry.example/base:1\nconda_file: list.yml\n", CONDA),
    ("name: a\nimage: registry.example/base:1\nconda_file: empty.yml\n", CONDA),
    ("name: a\nimage: registry.example/base:1\nconda_file: {dependencies: 3}\n", CONDA),
    ("name: a\nimage: registry.example/base:1\nconda_file: {dependencies: ['numpy>=']}\n", CONDA),
    (HALF_A_PORT, "a port of 80.5"),
];
const NO_IMAGE: &str = "neither `image` nor `build`";
const CONDA: &str = "does not look into the conda file";
const HALF_A_PORT: &str = "name: a\nimage: registry.example/base:1\ninference_config: {liveness_route: {port: 80.5, path: /a}, \
    readiness_route: {port: 80, path: /a}, scoring_route: {port: 80, path: /a}}\n";

/// The top key that a finding is about.
fn field(finding: &Finding) -> Option<String> {
    if finding.problem.as_str() == "definition-key-missing" {
        let key = finding.facts.get("key")?;
        return Some(key.split('.').next()?.to_owned())
            .filter(|key| !key.ends_with("_route"))
            .or(Some("inference_config".to_owned()));
    }
    let span = &finding.evidence.first()?.span;
    let before =
        &span.source().text[..span.range().end.max(span.range().start + 1).min(span.source().text.len())];
    let line =
        before.lines().rfind(|line| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$'))?;
    let key = line.split(':').next()?;
    // Azure ML has a sentence of its own for conda's keys, which is about the file as a whole.
    Some(if matches!(key, "channels" | "dependencies") { "_schema" } else { key }.to_owned())
}

fn ours(files: &BTreeMap<String, String>, text: &str) -> (bool, BTreeSet<String>) {
    let dir = tempfile::tempdir().unwrap();
    let own = ("environment.yml".to_owned(), text.to_owned());
    for (name, text) in files.iter().map(|(name, text)| (name.clone(), text.clone())).chain([own]) {
        let path = dir.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    match read(&dir.path().join("environment.yml"), &Options::default()) {
        Ok(_) => (true, BTreeSet::new()),
        Err(error) => {
            let findings = error.findings();
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            (false, errors.filter_map(field).collect())
        }
    }
}

#[test]
fn the_verdict_is_that_of_azures_loader() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure/verdicts.json");
    let verdicts: Verdicts = serde_json::from_str(&fs_err::read_to_string(path).unwrap()).unwrap();
    assert!(verdicts.cases.len() >= 80);
    let mut wrong = Vec::new();
    for case in &verdicts.cases {
        let (accepted, fields) = ours(&verdicts.files, &case.text);
        // Where the loader names no field, it has not come to them.
        let same = accepted == case.accepted && (case.fields.is_empty() || fields == case.fields);
        let is_known = DIFFERENCES.iter().any(|(text, _)| *text == case.text);
        if same == is_known {
            wrong.push(format!(
                "{:?}\n  Azure {} {:?}\n  ours  {accepted} {fields:?}",
                case.text, case.accepted, case.fields
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), verdicts.cases.len(), wrong.join("\n"));
}

#[test]
fn the_book_says_why_verdicts_differ() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/azure.md");
    let page = fs_err::read_to_string(page).unwrap();
    for (text, reason) in DIFFERENCES {
        assert!(page.contains(reason), "{reason}: {text}");
    }
}

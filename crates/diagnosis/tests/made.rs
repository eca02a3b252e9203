//! Logs of builds that failed on purpose, made with the real tools by `cargo xtask corpus make`: each is told by its
//! cause.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_diagnosis::{
    Catalog, Diagnosis,
    log::{Matcher, diagnose},
};
use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};
use toml::Value;

/// Builds that go well.
const WELL: &str = "none";

/// Cases by name, by problem. A case is how its log is made, or a table of that and of the root's facts.
type Cases = BTreeMap<String, BTreeMap<String, Value>>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/made")
}

fn cases() -> Cases {
    toml::from_str(&fs_err::read_to_string(folder().join("cases.toml")).unwrap()).unwrap()
}

/// What is wrong with a diagnosis.
fn wrong(case: &Value, problem: &str, diagnosis: &Diagnosis, catalog: &Catalog) -> Option<String> {
    let root = diagnosis.root().map(|root| &root.finding);
    if problem == WELL {
        return root.map(|root| format!("it went well, and is told as {}", root.problem.as_str()));
    }
    let Some(root) = root else { return Some("no root".to_owned()) };
    let parent = catalog.get(root.problem.as_str()).and_then(|known| known.parent.as_deref());
    if root.problem.as_str() != problem && parent != Some(problem) {
        return Some(format!("its root is {}", root.problem.as_str()));
    }
    let facts = case.get("facts").and_then(Value::as_table)?;
    let missing = facts.iter().find(|(name, value)| root.facts.get(name) != value.as_str());
    missing.map(|(name, value)| format!("the fact {name} is not {value}: {:?}", root.facts))
}

#[test]
fn every_log_that_was_made_is_told_by_its_cause() {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    let mut told = String::new();
    let (mut failed, mut well) = (0, 0);
    for (problem, cases) in &cases() {
        for (name, case) in cases {
            let log = fs_err::read(folder().join("logs").join(format!("{name}.log"))).unwrap();
            let diagnosis = diagnose(&log, &matcher, &catalog, name);
            if let Some(sentence) = wrong(case, problem, &diagnosis, &catalog) {
                let _ = writeln!(told, "{problem}: {name}: {sentence}");
            }
            let count = if problem == WELL { &mut well } else { &mut failed };
            *count += 1;
        }
    }
    assert!(told.is_empty(), "{told}");
    assert!(failed >= 150 && well >= 40, "{failed} that failed and {well} that went well");
}

/// No log is left of a case that is no more.
#[test]
fn every_log_belongs_to_a_case() {
    let cases = cases();
    for entry in fs_err::read_dir(folder().join("logs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = cases.values().any(|group| group.contains_key(name.trim_end_matches(".log")));
        assert!(known, "{name}");
    }
}

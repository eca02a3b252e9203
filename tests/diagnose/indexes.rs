//! What the index has in the place of a name or a version that a log says is missing.

use super::{MISSING, with_log};
use crate::support::{Ran, index::Index, server::Answer, wheel::wheel};
use serde_json::Value;

fn titles(ran: &Ran) -> Vec<String> {
    let remedies = &ran.json()["root"]["remedies"];
    remedies.as_array().unwrap().iter().map(|remedy| remedy["title"].as_str().unwrap().to_owned()).collect()
}

fn versions() -> Index {
    Index::of(&["2.0.1", "2.1.0", "2.1.4", "3.0rc1"].map(|version| wheel("pandas", version)))
}

const WRONG_VERSION: &str = "ERROR: No matching distribution found for pandas==2.1.3\n";

#[test]
fn a_misspelled_name_is_told_the_real_one() {
    let index = Index::of(&[wheel("scikit-learn", "1.5.2")]);
    let ran = with_log(MISSING).index(&index.url()).run(&["diagnose", "build.log", "--json"]).succeeded();
    assert_eq!(ran.json()["root"]["facts"]["nearest"], "scikit-learn");
    assert_eq!(titles(&ran)[0], "Write `scikit-learn` in its place, if that is meant");
}

#[test]
fn a_version_that_does_not_exist_is_told_the_nearest() {
    let ran = with_log(WRONG_VERSION).index(&versions().url()).run(&["diagnose", "build.log", "--json"]);
    assert_eq!(titles(&ran)[0], "Write `pandas==2.1.0`, the nearest version that exists");
    let versions = "The index has these versions of pandas, the newest first: 3.0rc1, 2.1.4, 2.1.0, 2.0.1.";
    assert_eq!(ran.json()["root"]["cause"], versions);
}

#[test]
fn a_package_that_conda_lacks_is_looked_for_on_the_index() {
    let log = "PackagesNotFoundError: The following packages are not available from current channels:\n\n  - pandas\n\n";
    let ran = with_log(log).index(&versions().url()).run(&["diagnose", "build.log", "--json"]);
    assert_eq!(ran.json()["root"]["problem"], "conda-package-not-found");
    assert_eq!(
        titles(&ran)[0],
        "Move pandas to the `pip:` list: the Python index has it, the newest is 2.1.4"
    );
}

#[test]
fn offline_nothing_is_asked() {
    let index = versions();
    let envwright = with_log(WRONG_VERSION).index(&index.url());
    let offline = envwright.run(&["diagnose", "build.log", "--json", "--offline"]).succeeded();
    assert!(index.requests().is_empty(), "{:?}", index.requests());
    let online = envwright.run(&["diagnose", "build.log", "--json"]).succeeded();
    assert_eq!(index.requests(), ["GET /simple/pandas/"]);
    assert_eq!(titles(&online)[1..], titles(&offline));
    // What is kept is not asked, either.
    let again = envwright.run(&["diagnose", "build.log", "--json", "--offline"]).succeeded();
    assert_eq!(again.json(), offline.json());
}

#[test]
fn a_log_without_such_a_problem_asks_nothing() {
    let index = versions();
    let log = "curl: (6) Could not resolve host: mirror.example\n";
    with_log(log).index(&index.url()).run(&["diagnose", "build.log", "--json"]).succeeded();
    assert!(index.requests().is_empty(), "{:?}", index.requests());
}

#[test]
fn an_index_that_does_not_answer_changes_nothing() {
    let index = Index::with_faults(&[], |_| Some(Answer::status("500 Internal Server Error", "")));
    let envwright = with_log(WRONG_VERSION).index(&index.url());
    let report = |arguments: &[&str]| -> Value {
        envwright.run(&[&["diagnose", "build.log", "--json"], arguments].concat()).succeeded().json()
    };
    assert_eq!(report(&[]), report(&["--offline"]));
    assert!(!index.requests().is_empty());
}

#[test]
fn a_configuration_that_cannot_be_read_does_not_stop_a_report() {
    let envwright = with_log(WRONG_VERSION).config("[network\n");
    let ran = envwright.run(&["diagnose", "build.log", "--json"]).succeeded();
    assert_eq!(ran.json()["root"]["problem"], "pip-no-matching-distribution");
}

//! Files and builds, forms of the report, exit codes.

use super::{MISSING, with_log};
use crate::support::{Envwright, assert_snapshot, base::BOOKWORM, index::Index};

const WELL: &str = "Collecting six\nInstalling collected packages: six\nSuccessfully installed six-1.16.0\n";

#[test]
fn a_report_names_the_cause_its_lines_and_what_to_do() {
    assert_snapshot!(with_log(MISSING).run(&["diagnose", "build.log", "--offline"]).succeeded());
}

#[test]
fn a_log_of_a_success_is_told_in_a_sentence() {
    let ran = with_log(WELL).run(&["diagnose", "build.log", "--exit-code", "fault"]).succeeded();
    assert_eq!(ran.stdout, "build.log shows no failure\n");
}

#[test]
fn each_form_names_the_problem() {
    let envwright = with_log(MISSING);
    for form in ["text", "json", "sarif", "markdown", "github", "html"] {
        let ran = envwright.run(&["diagnose", "build.log", "--offline", "--format", form]).succeeded();
        assert!(ran.stdout.contains("pip-no-matching-distribution"), "{form}: {ran}");
        assert!(ran.stderr.is_empty(), "{form}: {ran}");
    }
    let ran = envwright.run(&["diagnose", "build.log", "--offline", "--json"]).succeeded();
    let report = ran.json();
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["root"]["evidence"][0]["line"], 2);
    assert_eq!(report["root"]["facts"]["package"], "sickit-learn");
}

#[test]
fn the_exit_code_is_the_callers_choice() {
    let envwright =
        with_log(MISSING).file("network.log", "curl: (6) Could not resolve host: mirror.example\n");
    let code = |arguments: &[&str]| envwright.run(&[&["diagnose", "--offline"], arguments].concat()).code;
    assert_eq!(code(&["build.log"]), Some(0));
    assert_eq!(code(&["build.log", "--exit-code", "7"]), Some(7));
    assert_eq!(code(&["build.log", "--exit-code", "fault"]), Some(1));
    assert_eq!(code(&["network.log", "--exit-code", "fault"]), Some(3));
    assert_eq!(code(&["build.log", "--exit-code", "256"]), Some(2));
}

#[test]
fn a_log_that_is_not_there_is_a_finding() {
    let ran = Envwright::new().run(&["diagnose", "no-such.log", "--json"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.json()["root"]["problem"], "log-unavailable");
}

#[test]
fn a_folder_in_the_place_of_a_log_is_a_finding() {
    let ran = Envwright::new().run(&["diagnose", ".", "--json"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.json()["root"]["problem"], "log-unavailable");
}

#[test]
fn the_log_of_a_build_tells_what_the_build_told() {
    let index = Index::of(&[]);
    let envwright = Envwright::new().on_base(&BOOKWORM, "six\n").index(&index.url());
    let built = envwright.run(&["build", "--json"]);
    assert_eq!(built.code, Some(1));
    let told = envwright.run(&["diagnose", "latest", "--json", "--offline"]).succeeded().json();
    assert_eq!(told["root"]["problem"], built.json()["root"]["problem"]);
    assert_eq!(told["root"]["facts"]["package"], "six");
}

#[test]
fn secrets_of_a_log_are_in_no_report() {
    let secret = "hunter2-is-not-a-word";
    let log = format!(
        "Looking in indexes: https://user:{secret}@index.example/simple\n{MISSING}Authorization: Bearer {secret}\n"
    );
    let envwright = with_log(&log);
    for form in ["text", "json", "sarif", "markdown", "github", "html"] {
        let ran = envwright.run(&["diagnose", "build.log", "--offline", "--format", form]).succeeded();
        assert!(!ran.to_string().contains(secret), "{form}: {ran}");
    }
}

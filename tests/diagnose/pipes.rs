//! Text that comes by standard input, and may still grow.

use super::{MISSING, with_log};
use crate::support::{Envwright, tool};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::Stdio,
};

#[test]
fn the_text_is_passed_through_and_the_report_follows() {
    let ran = Envwright::new().run_with_input(&["diagnose", "-", "--offline"], MISSING).succeeded();
    let report = ran.stdout.strip_prefix(MISSING).unwrap_or_else(|| panic!("{ran}"));
    assert!(report.contains("error[pip-no-matching-distribution]"), "{ran}");
    let ran = Envwright::new()
        .run_with_input(&["diagnose", "-", "--offline", "--no-passthrough"], MISSING)
        .succeeded();
    assert!(ran.stdout.starts_with("error[pip-no-matching-distribution]"), "{ran}");
}

#[test]
fn beside_another_report_the_text_goes_to_standard_error() {
    let ran = Envwright::new().run_with_input(&["diagnose", "-", "--offline", "--json"], MISSING).succeeded();
    assert_eq!(ran.json()["root"]["problem"], "pip-no-matching-distribution");
    assert!(ran.stderr.starts_with(MISSING), "{ran}");
}

#[test]
fn a_pipe_without_an_argument_is_read() {
    let ran = Envwright::new().run_with_input(&["diagnose", "--offline"], MISSING).succeeded();
    assert!(ran.stdout.contains("error[pip-no-matching-distribution]"), "{ran}");
}

#[test]
fn an_error_is_announced_while_the_build_goes_on() {
    let envwright = Envwright::new();
    let mut command = envwright.command();
    command.args(["diagnose", "-", "--offline"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(MISSING.as_bytes()).unwrap();
    // The pipe stays open until the line is here; without it this waits for the runner's limit.
    let mut announced = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut announced).unwrap();
    assert!(announced.starts_with("envwright: line 2: pip-no-matching-distribution: "), "{announced}");
    drop(input);
    let mut report = String::new();
    child.stdout.take().unwrap().read_to_string(&mut report).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(report.contains("error[pip-no-matching-distribution]"), "{report}");
}

#[test]
fn a_reader_that_goes_away_ends_nothing_badly() {
    let envwright = with_log(MISSING);
    let program = env!("CARGO_BIN_EXE_envwright");
    let script = format!(
        "for i in $(seq 100000); do echo \"line $i of a long log\"; done | {program} diagnose - --offline | head -n 1"
    );
    let mut command = tool("sh", "dash");
    let output = command.args(["-c", &script]).current_dir(envwright.folder()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "line 1 of a long log\n");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
}

#[test]
fn a_page_of_a_pipe_holds_the_whole_log() {
    let log = format!("first line\n{MISSING}");
    let arguments = ["diagnose", "-", "--offline", "--format", "html", "--no-passthrough"];
    let ran = Envwright::new().run_with_input(&arguments, &log).succeeded();
    assert!(
        ran.stdout.contains("first line") && ran.stdout.contains("pip-no-matching-distribution"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("<script"));
}

//! Offline, nothing is connected to and no name is looked up.

use super::mirrors::requests;
use crate::support::{
    Envwright, Ran,
    base::{BOOKWORM, write_base},
    index::Index,
    strace::connections,
};

/// Runs a command, and tells to whom it connected or sent something.
#[track_caller]
fn run(envwright: &Envwright, arguments: &[&str]) -> (Ran, Vec<String>) {
    let log = envwright.folder().join("connections");
    let mut command = envwright.command();
    command.args(arguments);
    let ran = envwright.run_command(connections(&command, &log), "");
    let record = fs_err::read_to_string(&log).unwrap();
    assert!(record.contains("+++ exited"), "strace recorded nothing\n{record}");
    let calls = record.lines().filter(|line| line.contains("AF_INET")).map(str::to_owned).collect();
    (ran, calls)
}

/// It ends with this code, and has connected to nobody.
#[track_caller]
fn silent(envwright: &Envwright, arguments: &[&str], code: i32) -> Ran {
    let (ran, calls) = run(envwright, arguments);
    assert_eq!(ran.code, Some(code), "{ran}");
    assert!(calls.is_empty(), "{calls:#?}");
    ran
}

#[track_caller]
fn lacks(envwright: &Envwright, arguments: &[&str]) {
    let ran = silent(envwright, &[arguments, &["--offline", "--json"]].concat(), 1);
    assert_eq!(ran.json()["root"]["problem"], "offline-miss", "{ran}");
}

#[test]
fn what_was_built_is_built_again() {
    let index = Index::of(&[requests()]);
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index.url());
    let (built, calls) = run(&envwright, &["build", "--json"]);
    assert!(!calls.is_empty(), "a build that may connect does: {built}");
    let again = silent(&envwright, &["build", "--offline", "--json"], 0);
    assert_eq!(built.json()["digest"], again.json()["digest"]);
    silent(&envwright, &["lock", "--offline"], 0);
}

#[test]
fn what_is_not_at_hand_is_named() {
    let index = Index::of(&[requests()]);
    let of_index = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index.url());
    lacks(&of_index, &["build"]);
    lacks(&of_index, &["lock"]);
    // A name that would have to be looked up, and a store whose credentials a cloud's own service would give.
    let store = "https://wheels.blob.example/";
    let of_store = Envwright::new()
        .on_base(&BOOKWORM, "requests\n")
        .index(&format!("{store}simple/"))
        .config(&format!("[stores.{store:?}]\nkind = \"azure\"\n"));
    lacks(&of_store, &["build"]);
    let of_registry = Envwright::new().file("environment.yml", "image: registry.example/team/base:1\n");
    lacks(&of_registry, &["build"]);
    lacks(&of_registry, &["pull", "registry.example/team/base:1"]);
    let of_debian = Envwright::new()
        .file("environment.yml", "image: bootstrap:debian/bookworm\napt: [hello]\n")
        .config("[debian]\nmirror = \"https://mirror.example/debian\"\n");
    lacks(&of_debian, &["build"]);
    assert!(index.requests().is_empty(), "{:?}", index.requests());
}

#[test]
fn an_image_cannot_be_pushed() {
    let envwright = Envwright::new().file("environment.yml", "name: app\nimage: oci:base\n");
    write_base(&envwright.folder().join("base"), &BOOKWORM);
    envwright.run(&["build", "-t", "app:1"]).succeeded();
    lacks(&envwright, &["push", "app:1", "registry.example/team/app:1"]);
}

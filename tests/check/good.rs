//! What is said of a definition that a build can go on with.

use super::buildable;
use crate::support::{
    Envwright,
    base::BOOKWORM,
    credentials::{PASSWORD, USER, credentials},
    debian::{Package, Repository},
    registry::Registry,
};
use serde_json::json;
use std::path::PathBuf;

#[test]
fn every_part_is_named_with_what_a_build_would_do() {
    let (envwright, _index) = buildable();
    let ran = envwright.run(&["check", "-o", "oci:out", "-t", "team/app:1"]).succeeded();
    crate::support::assert_snapshot!(ran);
}

#[test]
fn programs_are_given_the_plan_of_the_build() {
    let (envwright, _index) = buildable();
    let checked = envwright.run(&["check", "--json"]).succeeded().json();
    assert_eq!((&checked["outcome"], &checked["root"]), (&json!("succeeded"), &json!(null)));
    assert_eq!(checked["plan"], envwright.run(&["plan", "--json"]).succeeded().json());
    assert_eq!(checked["plan"]["platforms"][0]["fetch"], 2);
    let states = checked["checks"].as_array().unwrap();
    assert!(states.iter().all(|looked| looked["state"] == "ok"), "{states:#?}");
    let built = envwright.run(&["build", "--json"]).succeeded().json();
    assert_eq!(built["packages"]["fetch"], 2);
    assert_eq!(envwright.run(&["check", "--json"]).succeeded().json()["plan"]["nothing_to_do"], true);
}

#[test]
fn a_quiet_check_of_what_is_good_says_nothing() {
    let (envwright, _index) = buildable();
    let envwright = envwright.config("[check]\ndefinition-azure-refuses = \"off\"\n");
    let ran = envwright.run(&["check", "--quiet"]).succeeded();
    assert_eq!((&*ran.stdout, &*ran.stderr), ("", ""));
}

#[test]
fn each_platform_is_looked_at() {
    let (envwright, _index) = buildable();
    let envwright =
        envwright.file("environment.yml", "image: scratch\nfiles: [{from: own, to: /own}]\n").file("own", "");
    let platforms = ["check", "--platform", "linux/amd64,linux/arm64", "--json"];
    let plan = envwright.run(&platforms).succeeded().json()["plan"].take();
    let platforms: Vec<&str> =
        plan["platforms"].as_array().unwrap().iter().map(|one| one["platform"].as_str().unwrap()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
}

/// The packages of a base that is made from a mirror are chosen, and one of them is asked for.
#[test]
fn a_base_of_a_mirror_needs_its_lists_and_one_package() {
    let packages = ["base-files", "ca-certificates", "python3", "libstdc++6", "hello"];
    let packages = packages.map(|name| Package::new(name, if name == "python3" { "3.11.2-1" } else { "1" }));
    let repository = Repository::with("sid", &packages);
    let envwright = Envwright::new()
        .file("environment.yml", "image: bootstrap:debian/sid\napt: [hello]\n")
        .file("key.asc", repository.public_key());
    let keyring = envwright.folder().join("key.asc");
    let envwright = envwright.config(&format!(
        "[debian]\nmirror = \"{}\"\nkeyring = \"{}\"\n",
        repository.url(),
        keyring.display()
    ));
    crate::support::assert_snapshot!(envwright.run(&["check"]).succeeded());
    let asked = repository.requests().iter().filter(|request| request.ends_with(".deb")).count();
    assert_eq!(asked, 1, "{:?}", repository.requests());
}

#[test]
fn an_upload_that_is_allowed_is_begun_and_given_up() {
    let storage = tempfile::tempdir().unwrap();
    let registry = Registry::with_password(storage.path(), USER, PASSWORD);
    let (envwright, _index) = buildable();
    let docker = envwright.folder().join("docker");
    let envwright = envwright
        .variable("DOCKER_CONFIG", docker)
        .file("docker/config.json", credentials(&registry.address, PASSWORD));
    let name = registry.reference("team/app:1");
    envwright.run(&["check", "-t", &name, "--push"]).succeeded();
    // The registry forgets how far it came only later.
    let uploads = storage.path().join("docker/registry/v2/repositories/team/app/_uploads");
    let begun: Vec<PathBuf> = fs_err::read_dir(uploads).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(begun.len(), 1);
    assert!(!begun[0].join("startedat").exists(), "an upload was left");
    envwright.run(&["build", "-t", &name, "--push"]).succeeded();
}

#[test]
fn offline_what_is_here_is_enough() {
    let (envwright, index) = buildable();
    envwright.run(&["build"]).succeeded();
    let before = index.requests().len();
    envwright.run(&["check", "--offline"]).succeeded();
    assert_eq!(index.requests().len(), before);
}

#[test]
fn a_definition_of_standard_input_is_checked_whole() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "");
    let ran = envwright.run_with_input(&["check", "-"], "image: oci:base\nenv: {A: b}\n");
    ran.succeeded();
}

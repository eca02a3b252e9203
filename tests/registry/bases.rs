//! Bases of a registry.

use super::image::{Empty, Image, PASSWORD, complete, credentials, manifest};
use crate::support::{Envwright, Ran, base::BOOKWORM, registry::Registry};
use serde_json::Value;

/// Pushes a base, told apart from others by a file.
#[track_caller]
pub(super) fn push_base(registry: &Registry, mark: &str) -> String {
    let text = "name: base\nimage: oci:base\nplatforms: [linux/amd64]\nfiles: [{from: mark, to: /mark}]\n";
    let envwright = Envwright::new().on_base(&BOOKWORM, "").file("environment.yml", text).file("mark", mark);
    let docker = envwright.folder().join("docker");
    let envwright = envwright
        .variable("DOCKER_CONFIG", docker)
        .file("docker/config.json", credentials(&registry.address, PASSWORD));
    let name = registry.reference("team/base:1");
    let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
    built["digest"].as_str().unwrap().to_owned()
}

/// A definition on this base.
pub(super) fn on(image: &str, more: &str) -> Envwright {
    let text = format!(
        "name: app\nimage: {image}\nplatforms: [linux/amd64]\nfiles: [{{from: own, to: /own}}]\n{more}"
    );
    let envwright = Envwright::new().file("environment.yml", &text).file("own", "own");
    let docker = envwright.folder().join("docker");
    envwright.variable("DOCKER_CONFIG", docker)
}

#[track_caller]
fn fails(ran: &Ran, problem: &str) -> Value {
    let root = ran.json()["root"].clone();
    assert_eq!(root["problem"], problem, "{ran}");
    assert_eq!(ran.code, Some(1), "{ran}");
    root["facts"].clone()
}

/// Digests of the layers of an image of the registry.
pub(super) fn layers(registry: &Registry, repository: &str) -> Vec<Value> {
    let value = manifest(registry, repository, "1").value;
    value["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].clone()).collect()
}

#[test]
fn an_image_on_a_base_of_its_registry_has_the_bases_layers_and_sends_only_its_own() {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    let envwright = on(&empty.registry.reference("team/base:1"), "");
    let name = empty.registry.reference("team/app:1");
    let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
    complete(&empty.registry, "team/app", "1", built["digest"].as_str().unwrap());
    let (base, app) = (layers(&empty.registry, "team/base"), layers(&empty.registry, "team/app"));
    assert_eq!(app[..base.len()], base[..]);
    assert_eq!(built["pushed"][0]["mounted"], base.len(), "{built:#}");
    // Its own files, and its configuration.
    let own = app.iter().filter(|layer| !base.contains(layer)).count();
    assert_eq!(built["pushed"][0]["sent"], own + 1, "{built:#}");
}

#[test]
fn a_base_stays_what_its_tag_was_until_an_upgrade() {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    let envwright = on(&empty.registry.reference("team/base:1"), "");
    let build = |arguments: &[&str]| {
        let ran = envwright.run(&[&["build", "--json"], arguments].concat()).succeeded().json();
        ran["digest"].clone()
    };
    let first = build(&[]);
    push_base(&empty.registry, "second");
    assert_eq!(build(&[]), first);
    assert_eq!(build(&["--offline"]), first);
    let second = build(&["--upgrade"]);
    assert_ne!(second, first);
    assert_eq!(build(&[]), second);
}

#[test]
fn a_base_is_named_by_its_digest_too() {
    let empty = Empty::registry();
    let digest = push_base(&empty.registry, "first");
    push_base(&empty.registry, "second");
    let by_digest = on(&format!("{}@{digest}", empty.registry.reference("team/base")), "");
    let by_tag = on(&empty.registry.reference("team/base:1"), "");
    let built =
        |envwright: &Envwright| envwright.run(&["build", "--json"]).succeeded().json()["digest"].clone();
    assert_ne!(built(&by_digest), built(&by_tag));
}

#[test]
fn a_base_of_several_platforms_is_that_of_the_image() {
    let empty = Empty::registry();
    Image::for_two_platforms().push(&empty.registry.reference("team/base:1")).succeeded();
    let text = format!(
        "name: app\nimage: {}\nplatforms: [linux/amd64, linux/arm64]\nfiles: [{{from: own, to: /own}}]\n",
        empty.registry.reference("team/base:1")
    );
    let envwright = Envwright::new().file("environment.yml", &text).file("own", "own");
    let name = empty.registry.reference("team/app:1");
    let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
    complete(&empty.registry, "team/app", "1", built["digest"].as_str().unwrap());
    assert_eq!(manifest(&empty.registry, "team/app", "1").value["manifests"].as_array().unwrap().len(), 2);
}

#[test]
fn a_base_of_another_platform_does_not_fit() {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    let envwright = on(&empty.registry.reference("team/base:1"), "");
    let facts = fails(
        &envwright.run(&["build", "--platform", "linux/arm64", "--json"]),
        "registry-platform-mismatch",
    );
    assert_eq!((&facts["platform"], &facts["available"]), (&"linux/arm64".into(), &"linux/amd64".into()));
}

#[test]
fn a_tag_and_a_repository_that_are_not_there_are_not_found() {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    for name in ["team/base:2", "team/other:1"] {
        let envwright = on(&empty.registry.reference(name), "");
        fails(&envwright.run(&["build", "--json"]), "registry-not-found");
    }
}

#[test]
fn a_private_base_needs_credentials() {
    let private = Empty::with_password();
    push_base(&private.registry, "first");
    let envwright = on(&private.registry.reference("team/base:1"), "");
    fails(&envwright.run(&["build", "--json"]), "registry-unauthorized");

    let envwright = envwright.file("docker/config.json", credentials(&private.registry.address, PASSWORD));
    let ran = envwright.run(&["build", "--json"]).succeeded();
    assert!(!ran.to_string().contains(PASSWORD), "{ran}");
}

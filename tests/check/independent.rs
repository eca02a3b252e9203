//! Failures that have nothing to do with each other are told together.

use super::roots;
use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    index::Index,
    server::{Answer, Server},
    wheel::wheel,
};

fn dead_mirror() -> Server {
    Server::start(|_| Answer::status("503 Service Unavailable", ""))
}

#[test]
fn a_dead_mirror_hides_no_misspelled_package() {
    let mirror = dead_mirror();
    let index = Index::of(&[wheel("requests", "2.31.0")]);
    let envwright = Envwright::new()
        .file(
            "environment.yml",
            "image: bootstrap:debian/bookworm\nrequirements:\n  - requests\n  - reqeusts\n",
        )
        .config(&format!("[network]\nretries = 0\n\n[debian]\nmirror = \"{}\"\n", mirror.url("/debian")))
        .index(&index.url());
    let ran = envwright.run(&["check", "--json"]);
    assert_eq!(roots(&ran.json()), ["pip-no-matching-distribution", "net-server-error"], "{ran}");
    assert_eq!(ran.code, Some(1));
    crate::support::assert_snapshot!(envwright.run(&["check"]));
}

/// What a package needs and which of its wheels fit is up to the base, so nothing is said of it.
#[test]
fn without_a_base_nothing_is_said_that_the_base_decides() {
    let mirror = dead_mirror();
    let wheels = [
        wheel("app", "1.0").requires("missing-library"),
        wheel("old", "1.0").requires_python("<3.10"),
        wheel("fast", "1.0").tag("cp311-cp311-manylinux_2_17_aarch64"),
    ];
    let index = Index::of(&wheels);
    let requirements = "  - app\n  - old\n  - fast\n  - gone; python_version < '3'\n";
    let envwright = Envwright::new()
        .file("environment.yml", format!("image: bootstrap:debian/bookworm\nrequirements:\n{requirements}"))
        .config(&format!("[network]\nretries = 0\n\n[debian]\nmirror = \"{}\"\n", mirror.url("/debian")))
        .index(&index.url());
    let ran = envwright.run(&["check", "--json"]);
    assert_eq!(roots(&ran.json()), ["net-server-error"], "{ran}");
    assert_eq!(ran.code, Some(3));
}

#[test]
fn a_base_without_apt_hides_no_misspelled_package() {
    let index = Index::of(&[wheel("requests", "2.31.0")]);
    let envwright = Envwright::new()
        .file("environment.yml", "image: oci:base\napt: [hello]\nrequirements: [reqeusts]\n")
        .index(&index.url());
    write_base(&envwright.folder().join("base"), &BOOKWORM);
    let ran = envwright.run(&["check", "--json"]);
    assert_eq!(roots(&ran.json()), ["base-without-apt", "pip-no-matching-distribution"], "{ran}");
}

#[test]
fn everything_that_stands_in_the_way_is_told_at_once() {
    let index = Index::with_faults(&[wheel("requests", "2.31.0")], |path| {
        path.ends_with(".whl").then(|| Answer::status("503 Service Unavailable", ""))
    });
    let denied = Server::start(|path| {
        let refused = path.contains("/blobs/uploads/");
        Answer::status(if refused { "403 Forbidden" } else { "404 Not Found" }, "")
    });
    let name = format!("{}/team/app:1", denied.url("").trim_start_matches("http://"));
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "requests\n")
        .config("[network]\nretries = 0\n")
        .index(&index.url())
        .variable("PATH", "/nowhere")
        .file("out/precious.txt", "keep me");
    let arguments = [
        "check", "-t", &name, "-t", "Team/App", "--push", "-o", "oci:out", "-o", "docker:", "-o", "tar:x",
        "--json",
    ];
    let ran = envwright.run(&arguments);
    let report = ran.json();
    let mut problems = roots(&report);
    problems.sort_unstable();
    let expected = [
        "engine-not-running",
        "image-name-invalid",
        "net-server-error",
        "output-invalid",
        "output-invalid",
        "registry-push-denied",
    ];
    assert_eq!(problems, expected, "{ran}");
    assert_eq!(report["plan"], serde_json::Value::Null);
}

/// A definition that cannot be read says nothing of packages; where the image is to go does not depend on it.
#[test]
fn a_broken_definition_hides_no_output_that_cannot_be_written() {
    let envwright = Envwright::new()
        .file("environment.yml", "image: scratch\npyhton: '3.11'\n")
        .file("out/precious.txt", "keep me");
    let ran = envwright.run(&["check", "-o", "oci:out", "--json"]);
    assert_eq!(roots(&ran.json()), ["definition-unknown-key", "output-invalid"], "{ran}");
}

//! What differs between locks and images, told by the real binary.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

use serde_json::{Value, json};
use support::{
    Envwright, assert_snapshot,
    base::{BOOKWORM, write_base},
    channel::Channel,
    debian::{Package, Repository},
    index::Index,
    registry::Registry,
    wheel::wheel,
};

/// What a base has of Debian.
const STATUS: &str = "Package: there\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";

/// What differs, as JSON says it.
#[track_caller]
fn diff(envwright: &Envwright, a: &str, b: &str) -> Value {
    envwright.run(&["diff", a, b, "--json"]).succeeded().json()
}

/// Packages that differ on the only platform: change, kind, name, versions.
fn packages(difference: &Value) -> Vec<Value> {
    let packages = difference["platforms"][0]["packages"].as_array().unwrap();
    let of = |side: &Value| side["version"].clone();
    packages
        .iter()
        .map(|one| json!([one["change"], one["kind"], one["name"], of(&one["from"]), of(&one["to"])]))
        .collect()
}

/// Copies files of the definition's folder to another folder in it.
fn copy(envwright: &Envwright, names: &[&str], folder: &str) {
    let to = envwright.folder().join(folder);
    fs_err::create_dir_all(&to).unwrap();
    for name in names {
        fs_err::copy(envwright.folder().join(name), to.join(name)).unwrap();
    }
}

/// Both are read in their own way: the lock from its files, the image from what is installed in it.
#[test]
fn an_image_of_debian_conda_and_pypi_packages_does_not_differ_from_its_lock() {
    let (channel, index) = (
        Channel::start(),
        Index::of(&[
            wheel("table-app", "1.0").requires("tabulate>=0.8"),
            wheel("local-name", "1.0.post1+cu118"),
            wheel("tabulate", "0.10"),
        ]),
    );
    let tool = Package::new("tool", "2:1.0~rc1-1").field("Depends", "library");
    let repository = Repository::with("bookworm", &[tool, Package::new("library", "3")]);
    let source = repository.source("bookworm");
    let pip = "- python=3.11\n- tabulate=0.9\n- pip\n- pip:\n  - table-app\n  - local-name\n";
    let envwright = Envwright::new()
        .config(&channel.config())
        .index(&index.url())
        .file("environment.yaml", "name: app\nimage: oci:base\nconda_file: conda.yml\napt: [tool]\n")
        .file("conda.yml", format!("channels: [conda-forge]\ndependencies:\n{pip}"));
    let files = [("var/lib/dpkg/status", STATUS), ("etc/apt/sources.list.d/test.sources", source.as_str())];
    write_base(&envwright.folder().join("base"), &[&BOOKWORM[..], &files].concat());
    envwright.run(&["lock"]).succeeded();
    envwright.run(&["build", "-o", "oci:out", "-o", "docker-archive:app.tar"]).succeeded();
    let locked = envwright.run(&["plan", "--json"]).succeeded().json();
    let count = locked["platforms"][0]["packages"].as_array().unwrap().len();
    for image in ["app", "latest", "oci:out", "oci:out:latest", "docker-archive:app.tar"] {
        let same = diff(&envwright, ".", image);
        assert_eq!((&same["differ"], packages(&same)), (&json!(false), vec![]), "{image}: {same:#}");
        let platform = &same["platforms"][0];
        // The base's own package: the lock names only what is put on it.
        assert_eq!((&platform["same"], &platform["not_compared"]), (&json!(count), &json!(1)), "{image}");
    }
    let archive = diff(&envwright, "oci:out", "docker-archive:app.tar");
    assert_eq!((&archive["differ"], &archive["platforms"][0]["not_compared"]), (&json!(false), &json!(0)));
    // Alone, the file is a lock of pixi's.
    copy(&envwright, &["pixi.lock"], "alone");
    let alone = envwright.run(&["diff", "alone/pixi.lock", "app", "--exit-code"]).succeeded();
    assert!(alone.stdout.contains("no difference") && alone.stdout.contains("3 not compared"), "{alone}");
}

#[test]
fn an_upgrade_shows_in_the_lock_and_a_definition_is_compared_as_it_would_be_locked() {
    let channel = Channel::start();
    let definition =
        |tabulate: &str| format!("channels: [conda-forge]\ndependencies:\n- python=3.11\n- {tabulate}\n");
    let envwright = Envwright::new()
        .config(&channel.config())
        .file("environment.yaml", "name: app\nimage: oci:base\nconda_file: conda.yml\n")
        .file("conda.yml", definition("tabulate=0.8"));
    write_base(&envwright.folder().join("base"), &BOOKWORM);
    envwright.run(&["lock"]).succeeded();
    copy(&envwright, &["pixi.lock", "envwright.lock"], "old");
    let envwright = envwright.file("conda.yml", definition("tabulate=0.9"));
    let expected = [json!(["upgraded", "conda", "tabulate", "0.8.10", "0.9.0"])];
    assert_eq!(packages(&diff(&envwright, "pixi.lock", ".")), expected);
    envwright.run(&["lock"]).succeeded();
    let after = diff(&envwright, "old/envwright.lock", "environment.yaml");
    assert_eq!(packages(&after), expected);
    assert_ne!(after["platforms"][0]["definition"], Value::Null);
    let back = envwright.run(&["diff", "pixi.lock", "old/pixi.lock", "--exit-code"]);
    assert_eq!(back.code, Some(1), "{back}");
    assert!(back.stdout.contains("    ~ tabulate  0.9.0 -> 0.8.10 (older)\n"), "{back}");
}

/// Two images of the store, `app:1` and `app:2`.
fn two_images() -> (Envwright, Index) {
    let index = Index::of(&[
        wheel("gone", "1.0"),
        wheel("moved", "1.9"),
        wheel("moved", "1.10"),
        wheel("new", "2.0"),
        wheel("stays", "1.0"),
    ]);
    let keys = "name: app\nimage: oci:base\nrequirements: requirements.txt\n";
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "gone\nmoved==1.9\nstays\n")
        .index(&index.url())
        .file("environment.yml", format!("{keys}env: {{API_KEY: one, MODE: test}}\n"));
    envwright.run(&["build", "-t", "app:1"]).succeeded();
    let envwright = envwright
        .file("environment.yml", format!("{keys}env: {{API_KEY: two, MODE: test}}\nuser: '1000'\n"))
        .file("requirements.txt", "moved==1.10\nnew\nstays\n");
    envwright.run(&["build", "-t", "app:2", "-o", "oci:out"]).succeeded();
    (envwright, index)
}

#[test]
fn two_images_differ_in_packages_configuration_and_layers() {
    let (envwright, _index) = two_images();
    assert_snapshot!(envwright.run(&["diff", "app:1", "app:2"]));
    let difference = diff(&envwright, "app:1", "oci:out:2");
    assert_eq!(
        packages(&difference),
        [
            json!(["removed", "pypi", "gone", "1.0", null]),
            json!(["upgraded", "pypi", "moved", "1.9", "1.10"]),
            json!(["added", "pypi", "new", null, "2.0"]),
        ]
    );
    let digest = envwright.run(&["images", "--json"]).succeeded().json()[0]["digest"].take();
    assert_eq!(diff(&envwright, digest.as_str().unwrap(), "app:1")["differ"], false);
}

#[test]
fn an_image_of_a_registry_is_compared_without_being_kept() {
    let (envwright, _index) = two_images();
    let storage = tempfile::tempdir().unwrap();
    let registry = Registry::start(storage.path());
    let name = registry.reference("team/app:2");
    envwright.run(&["push", "app:2", &name]).succeeded();
    let other = Envwright::new().file("config", "");
    let out = envwright.folder().join("out").display().to_string();
    let same = diff(&other, &name, &format!("oci:{out}:2"));
    assert_eq!(
        (&same["differ"], &same["platforms"][0]["layers"]["only_b"]["count"]),
        (&json!(false), &json!(0))
    );
    let blobs = fs_err::read_dir(other.home().join("images/blobs/sha256")).unwrap().count();
    assert!(blobs < 4, "{blobs}");
    assert!(other.run(&["images"]).succeeded().stdout.is_empty());
}

#[test]
fn layers_of_a_base_that_stayed_in_its_registry_are_fetched_where_nothing_is_known_of_them() {
    let storage = tempfile::tempdir().unwrap();
    let registry = Registry::start(storage.path());
    let base = registry.reference("team/base:1");
    let first = Envwright::new().file("environment.yml", "image: oci:base\nenv: {A: b}\n");
    write_base(&first.folder().join("base"), &BOOKWORM);
    first.run(&["build", "-t", &base, "--push"]).succeeded();
    let index = Index::of(&[wheel("six", "1.0")]);
    let envwright = Envwright::new()
        .index(&index.url())
        .file("environment.yml", format!("name: app\nimage: {base}\nrequirements: [six]\n"));
    envwright.run(&["lock"]).succeeded();
    envwright.run(&["build"]).succeeded();
    envwright.run(&["diff", ".", "app", "--exit-code", "--offline"]).succeeded();
    envwright.run(&["cache", "clean"]).succeeded();
    let offline = envwright.run(&["diff", ".", "app", "--offline", "--json"]);
    assert_eq!(offline.json()["root"]["problem"], "offline-miss", "{offline}");
    assert_eq!(diff(&envwright, ".", "app")["differ"], false);
}

#[test]
fn a_platform_that_one_side_has_alone_is_named() {
    let envwright = Envwright::new().file("environment.yml", "name: app\nimage: scratch\nenv: {A: b}\n");
    envwright.run(&["build", "-t", "app:both", "--platform", "linux/amd64,linux/arm64"]).succeeded();
    envwright.run(&["build", "-t", "app:one", "--platform", "linux/amd64"]).succeeded();
    let all = diff(&envwright, "app:both", "app:one");
    assert_eq!((&all["differ"], &all["only_a"]), (&json!(true), &json!(["linux/arm64"])));
    let amd64 = envwright.run(&["diff", "app:both", "app:one", "--platform", "linux/amd64", "--exit-code"]);
    amd64.succeeded();
    let arm64 = envwright.run(&["diff", "app:one", "app:both", "--platform", "linux/arm64"]);
    assert!(arm64.stderr.contains("registry-platform-mismatch") && arm64.code == Some(1), "{arm64}");
}

#[test]
fn a_side_that_is_not_there_is_named() {
    let (envwright, _index) = two_images();
    let envwright = envwright.file("broken/envwright.lock", "version = 9\n").file("broken/pixi.lock", "");
    for (side, problem) in [
        ("gone.yml", "definition-not-found"),
        ("gone", "image-not-found"),
        ("oci:gone", "base-invalid"),
        ("oci:out:3", "image-not-found"),
        ("docker-archive:gone.tar", "base-invalid"),
        ("broken/pixi.lock", "lock-invalid"),
    ] {
        let failed = envwright.run(&["diff", "app:1", side, "--json"]);
        assert_eq!((failed.code, &failed.json()["root"]["problem"]), (Some(1), &json!(problem)), "{failed}");
    }
}

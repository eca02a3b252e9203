//! What is wrong with channels, packages and specifications, each told as what it is: by a build, and by a check before.

use super::environment;
use crate::support::{
    Envwright,
    channel::{self, Channel},
    index::Index,
    server::{Answer, Server},
    wheel::wheel,
};
use serde_json::{Value, json};
use std::net::TcpListener;

/// One attempt.
const IMPATIENT: &str = "[network]\nretries = 0\nread-timeout = 2\nconnect-timeout = 5\n";

/// A build ends with this problem, whose facts hold at least these. Gives its root.
#[track_caller]
fn fails(envwright: &Envwright, arguments: &[&str], code: i32, problem: &str, facts: &Value) -> Value {
    let built = envwright.run(&[&["build", "--json"], arguments].concat());
    let root = built.json()["root"].take();
    assert_eq!((built.code, &root["problem"]), (Some(code), &problem.into()), "{built}");
    for (name, value) in facts.as_object().unwrap() {
        assert_eq!(&root["facts"][name], value, "{name} of {root:#}");
    }
    root
}

/// The same, and a check finds it before.
#[track_caller]
fn both(envwright: &Envwright, arguments: &[&str], code: i32, problem: &str, facts: &Value) -> Value {
    let root = fails(envwright, arguments, code, problem, facts);
    let checked = envwright.run(&[&["check", "--json"], arguments].concat());
    let found = checked.json()["root"].take();
    assert_eq!(
        (checked.code, &found["problem"], &found["facts"]),
        (Some(code), &root["problem"], &root["facts"]),
        "{checked}"
    );
    root
}

fn from_server(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> (Envwright, Server) {
    let server = Server::start(answer);
    let config =
        format!("{IMPATIENT}[conda.custom-channels]\nconda-forge = \"{}\"\n", server.url("/channel"));
    (environment(&Channel::start(), "- tabulate\n").config(&config), server)
}

#[test]
fn a_channel_that_refuses_or_is_not_there() {
    let cases = [
        ("403 Forbidden", 3, "conda-http-403"),
        ("401 Unauthorized", 3, "conda-http-403"),
        ("404 Not Found", 1, "conda-http-404"),
    ];
    for (status, code, problem) in cases {
        let (envwright, _server) = from_server(move |_| Answer::status(status, ""));
        both(&envwright, &[], code, problem, &json!({ "channel": "conda-forge", "host": "127.0.0.1" }));
    }
}

#[test]
fn a_channel_that_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let config =
        format!("{IMPATIENT}[conda.custom-channels]\nconda-forge = \"http://127.0.0.1:{port}/channel\"\n");
    let envwright = environment(&Channel::start(), "- tabulate\n").config(&config);
    both(&envwright, &[], 3, "net-unreachable", &json!({ "channel": "conda-forge" }));
}

#[test]
fn a_channel_that_is_none() {
    let (envwright, _server) = from_server(|_| Answer::file("text/html", b"<html>Welcome</html>"));
    both(&envwright, &[], 1, "conda-bad-channel", &json!({ "channel": "conda-forge" }));
    let envwright = environment(&Channel::start(), "- tabulate\n");
    let envwright = envwright.file("conda.yml", "channels: [\"conda:forge\"]\ndependencies: [tabulate]\n");
    both(&envwright, &[], 1, "conda-bad-channel", &json!({ "channel": "conda:forge" }));
}

#[test]
fn a_file_with_other_bytes_than_the_channel_says() {
    let file = fs_err::read(channel::folder().join("noarch/tabulate-0.9.0-pyhd8ed1ab_0.conda")).unwrap();
    let mut other = file;
    other[100] ^= 1;
    let channel = Channel::with_faults(move |path| {
        path.ends_with("tabulate-0.9.0-pyhd8ed1ab_0.conda").then(|| Answer::file("application/zip", &other))
    });
    let root = fails(
        &environment(&channel, "- tabulate\n"),
        &[],
        3,
        "conda-checksum-mismatch",
        &json!({
            "package": "tabulate",
            "version": "0.9.0",
            "file": "tabulate-0.9.0-pyhd8ed1ab_0.conda",
        }),
    );
    assert_eq!(root["evidence"][0]["line"], 3, "{root:#}");
}

/// The channel knows the damaged file, so that its digest is right.
#[test]
fn a_file_that_is_no_package() {
    let folder = tempfile::tempdir().unwrap();
    let name = "tabulate-0.9.0-pyhd8ed1ab_0.conda";
    let bytes = fs_err::read(channel::folder().join("noarch").join(name)).unwrap();
    let half = &bytes[..bytes.len() / 2];
    let of_channel =
        |subdir: &str| fs_err::read_to_string(channel::folder().join(subdir).join("repodata.json")).unwrap();
    let mut repodata: Value = serde_json::from_str(&of_channel("noarch")).unwrap();
    let record = &mut repodata["packages.conda"][name];
    record["sha256"] = crate::support::wheel::sha256(half).into();
    record["size"] = half.len().into();
    for (subdir, text) in [("noarch", repodata.to_string()), ("linux-64", of_channel("linux-64"))] {
        fs_err::create_dir_all(folder.path().join(subdir)).unwrap();
        fs_err::write(folder.path().join(subdir).join("repodata.json"), text).unwrap();
    }
    fs_err::write(folder.path().join("noarch").join(name), half).unwrap();
    let linux = channel::folder().join("linux-64");
    for entry in fs_err::read_dir(&linux).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file())
    {
        let to = folder.path().join("linux-64").join(entry.file_name());
        if !to.exists() && !entry.file_name().to_string_lossy().starts_with("repodata") {
            fs_err::os::unix::fs::symlink(entry.path(), to).unwrap();
        }
    }
    let channel = Channel::of(folder.path());
    fails(
        &environment(&channel, "- tabulate=0.9\n"),
        &[],
        3,
        "archive-invalid",
        &json!({ "package": "tabulate", "file": name }),
    );
}

#[test]
fn a_package_that_no_channel_has() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- python\n- tabulat\n");
    let root = both(
        &envwright,
        &[],
        1,
        "conda-package-not-found",
        &json!({
            "package": "tabulat",
            "nearest": "tabulate",
            "channel": "conda-forge",
        }),
    );
    assert_eq!(
        (&root["evidence"][0]["line"], &root["evidence"][0]["text"]),
        (&4.into(), &"- tabulat".into()),
        "{root:#}"
    );
}

#[test]
fn a_version_that_no_channel_has() {
    let channel = Channel::start();
    both(
        &environment(&channel, "- numpy=1.24\n"),
        &[],
        1,
        "conda-package-not-found",
        &json!({
            "package": "numpy",
            "version": "1.24.*",
            "available": "1.26.4, 1.25.2",
        }),
    );
}

#[test]
fn a_package_for_another_platform() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- twin-a\n")
        .file("environment.yaml", "name: app\nimage: scratch\nconda_file: conda.yml\n");
    both(
        &envwright,
        &["--platform", "linux/arm64"],
        1,
        "conda-package-not-found",
        &json!({
            "package": "twin-a",
            "platform": "linux-aarch64",
        }),
    );
}

/// Of five specifications, the two that exclude each other are shown.
#[test]
fn specifications_that_exclude_each_other() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- twin-a\n- alpha=1\n- tabulate\n- beta\n- six\n");
    let root = both(&envwright, &[], 1, "conda-unsatisfiable", &json!({}));
    let lines: Vec<&Value> = root["evidence"].as_array().unwrap().iter().map(|one| &one["text"]).collect();
    assert_eq!(lines, ["- alpha=1", "- beta"], "{root:#}");
    let told = envwright.run(&["build"]).stderr;
    let drawn = told.lines().filter(|line| line.contains("gamma")).count();
    assert!((2..40).contains(&drawn), "{told}");
}

#[test]
fn something_of_the_machine_that_is_missing() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- gpu-only\n");
    both(
        &envwright,
        &[],
        1,
        "conda-virtual-package-missing",
        &json!({ "package": "__cuda", "needed": "__cuda >=12" }),
    );
    let yaml = |cuda: &str| format!("name: app\nimage: oci:base\nconda_file: conda.yml\ncuda: \"{cuda}\"\n");
    let old = environment(&channel, "- gpu-only\n").file("environment.yaml", yaml("11.8"));
    both(&old, &[], 1, "conda-virtual-package-missing", &json!({ "package": "__cuda" }));
    environment(&channel, "- gpu-only\n").file("environment.yaml", yaml("12.4")).run(&["build"]).succeeded();
}

#[test]
fn a_specification_that_is_none() {
    let channel = Channel::start();
    both(
        &environment(&channel, "- numpy>=\n"),
        &[],
        1,
        "conda-bad-spec",
        &json!({ "requirement": "numpy>=" }),
    );
    both(&environment(&channel, "- num*\n"), &[], 1, "conda-bad-spec", &json!({ "requirement": "num*" }));
}

#[test]
fn what_pip_cannot_take_away() {
    let channel = Channel::start();
    let index = Index::of(&[wheel("distutils-made", "2.0")]);
    let envwright = environment(&channel, "- distutils-made\n- pip\n- pip:\n  - distutils-made==2.0\n")
        .index(&index.url());
    both(
        &envwright,
        &[],
        1,
        "pip-cannot-uninstall-distutils",
        &json!({
            "package": "distutils-made",
            "version": "1.0",
            "other": "2.0",
        }),
    );
}

#[test]
fn a_solve_ends_with_its_time() {
    let (envwright, server) = from_server(|_| Answer::Silence);
    let config = format!(
        "[solve]\nlimit = 1\n[conda.custom-channels]\nconda-forge = \"{}\"\n",
        server.url("/channel")
    );
    fails(&envwright.config(&config), &[], 1, "conda-solve-timeout", &json!({ "limit": "1 s" }));
}

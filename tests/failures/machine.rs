//! What is wrong with this machine, or with what was asked of it.

use crate::support::{Envwright, base::BOOKWORM, index::Index, wheel::wheel};
use std::os::unix::fs::PermissionsExt as _;

fn buildable() -> Envwright {
    Envwright::new().on_base(&BOOKWORM, "requests\n").index(&Index::of(&[wheel("requests", "2.31.0")]).url())
}

#[test]
fn a_name_that_no_registry_takes_is_refused_before_the_build() {
    for name in ["Team/App:1", "team//app", r"team\app", "team/app:not a tag"] {
        let failed = super::failed(&buildable(), &["build", "-t", name]);
        failed.is(1, "image-name-invalid", &serde_json::json!({ "image": name }));
    }
    assert_failure!(buildable(), ["build", "-t", "Team/App:1"], 1, "image-name-invalid", {
        "image": "Team/App:1",
    });
}

#[test]
fn an_unknown_form_of_output_is_told_the_known_ones() {
    assert_failure!(buildable(), ["build", "-o", "tarball:out.tar"], 1, "output-invalid", {
        "path": "tarball:out.tar",
    });
}

#[test]
fn an_output_folder_that_holds_other_things_is_not_written_to() {
    let envwright = buildable().file("out/precious.txt", "keep me");
    assert_failure!(envwright, ["build", "-o", "oci:out"], 1, "output-invalid", {});
    assert!(envwright.folder().join("out/precious.txt").exists());
}

#[test]
fn an_archive_in_what_is_no_folder_is_not_written() {
    let envwright = buildable().file("taken", "");
    assert_failure!(envwright, ["build", "-o", "docker-archive:taken/app.tar"], 1, "output-invalid", {});
}

#[test]
fn an_engine_that_is_not_installed_is_named() {
    let envwright = buildable().variable("PATH", "/nowhere");
    assert_failure!(envwright, ["build", "-o", "docker:"], 1, "engine-not-running", { "command": "docker" });
}

#[test]
fn an_engine_that_does_not_answer_is_quoted() {
    let words = "#!/bin/sh\ncat >/dev/null\n\
        echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2\n\
        exit 1\n";
    let envwright = buildable().file("bin/docker", words);
    let engine = envwright.folder().join("bin/docker");
    fs_err::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", engine.parent().unwrap().display());
    let envwright = envwright.variable("PATH", path);
    assert_failure!(envwright, ["build", "-o", "docker:"], 1, "engine-not-running", { "command": "docker" });
}

#[test]
fn a_build_that_was_never_made_is_not_found() {
    assert_failure!(Envwright::new(), ["logs", "20200101T000000"], 1, "build-not-found", {
        "name": "20200101T000000",
    });
}

#[test]
fn a_file_where_the_home_should_be_is_named() {
    let envwright = Envwright::new().file("taken", "").file("requirements.txt", "requests\n");
    let arguments = ["build", "--home", "taken"];
    assert_failure!(envwright, arguments, 1, "store-io", {});
}

#[test]
fn a_file_where_the_cache_has_a_folder_is_named() {
    let envwright = buildable();
    crate::support::write(&envwright.home().join("segments"), b"");
    assert_failure!(envwright, ["build"], 1, "store-io", {});
}

#[test]
fn a_configuration_that_is_no_toml_shows_where() {
    let envwright = buildable().config("[network]\nretry = 3\n");
    assert_failure!(envwright, ["build"], 1, "configuration-invalid", {});
}

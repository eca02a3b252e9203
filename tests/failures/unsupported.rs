//! Definitions that are read and that this version does not build yet.

use crate::support::Envwright;

#[test]
fn a_dockerfile_is_known_as_one() {
    let envwright = Envwright::new().file("Dockerfile", "FROM debian:12\nRUN apt-get update\n");
    assert_failure!(envwright, ["build", "Dockerfile"], 1, "not-supported-yet", {});
}

#[test]
fn a_docker_build_in_a_definition_is_not_built_yet() {
    let envwright = Envwright::new()
        .file("environment.yml", "name: app\nbuild:\n  path: .\n  dockerfile_path: Dockerfile\n")
        .file("Dockerfile", "FROM debian:12\n");
    assert_failure!(envwright, ["build"], 1, "not-supported-yet", { "feature": "a Dockerfile (`build`)" });
}

#[test]
fn sources_that_would_have_to_be_built_are_each_told() {
    let text = "-e .\ngit+https://git.example/team/tool.git\n./library\n";
    let envwright = Envwright::new().file("requirements.txt", text).file("library/setup.py", "");
    assert_failure!(envwright, ["build"], 1, "not-supported-yet", {});
}

//! Every output of a build, in the engine that it is for.

use super::{docker::Docker, podman::Podman};
use crate::support::Envwright;
use crate::support::machine::{command, output};

const WORKS: [&str; 3] = ["python", "-c", "import six; print(six.__name__)"];

#[test]
fn each_output_is_an_image_that_runs() {
    let (docker, podman) = (Docker::start(), Podman::new());
    let envwright = Envwright::with_settings_of_machine()
        .variable("DOCKER_HOST", docker.host())
        .variable("CONTAINERS_STORAGE_CONF", podman.configuration())
        .file("requirements.txt", "six\n");
    let outputs = ["-o", "docker:", "-o", "podman:", "-o", "docker-archive:small.tar", "-o", "oci:layout"];
    envwright.run(&[&["build", "-t", "team/small:1"], &outputs[..]].concat()).succeeded();

    let run = [&["run", "--rm", "--network=none", "team/small:1"], &WORKS[..]].concat();
    assert_eq!(docker.client(&run), "six\n");
    let run = [&["--network=none", "team/small:1"], &WORKS[..]].concat();
    assert_eq!(podman.run(&run), "six\n");

    docker.client(&["rmi", "--force", "team/small:1"]);
    let archive = envwright.folder().join("small.tar");
    let loaded = docker.client(&["load", "--quiet", "--input", archive.to_str().unwrap()]);
    assert_eq!(loaded.trim(), "Loaded image: team/small:1");
    let run = [&["run", "--rm", "--network=none", "team/small:1"], &WORKS[..]].concat();
    assert_eq!(docker.client(&run), "six\n");

    let from = format!("oci:{}:1", envwright.folder().join("layout").display());
    let mut copy = command("skopeo");
    copy.env("CONTAINERS_STORAGE_CONF", podman.configuration());
    output(copy.args(["copy", "--quiet", &from, "containers-storage:localhost/copy:1"]));
    assert_eq!(podman.run(&[&["--network=none", "copy:1"], &WORKS[..]].concat()), "six\n");
}

//! containerd, the one that a Docker daemon of the test's own runs on.

use super::{docker::Docker, facts::INSIDE, quickstart::Quickstart};
use crate::support::machine::{command, output};
use std::process::Command;

/// A call of its client that is still to be told what to do.
pub(crate) fn ctr(docker: &Docker) -> Command {
    let mut command = command("ctr");
    command.arg("--address").arg(docker.containerd());
    command
}

#[test]
fn containerd_pulls_and_runs_the_quickstart() {
    let (image, docker) = (Quickstart::shared(), Docker::start());
    let registry = image.registry();
    let ctr = |arguments: &[&str]| output(ctr(&docker).args(arguments));
    let name = registry.reference("quickstart:zstd");
    ctr(&["images", "pull", "--plain-http", &name]);
    assert!(ctr(&["images", "list"]).contains(&image.digest("zstd")));
    let as_user = ["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups"];
    for (id, prefix, ids) in [("root", &[][..], (0, 0)), ("user", &as_user[..], (1234, 1234))] {
        let run = [&["run", "--rm", &name, id], prefix, &["python", "-c", INSIDE]].concat();
        image.agrees(&ctr(&run), ids);
    }
}

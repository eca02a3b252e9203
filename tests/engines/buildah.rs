//! buildah with a storage of the test's own.

use super::{facts::INSIDE, quickstart::Quickstart};
use crate::support::machine::{Storage, command, output};
use std::process::Command;

pub(crate) struct Buildah(Storage);

impl Buildah {
    pub(crate) fn new() -> Self {
        Self(Storage::new("buildah"))
    }

    /// A call that is still to be told what to do.
    pub(crate) fn command(&self) -> Command {
        let mut command = command("buildah");
        command.arg("--root").arg(self.0.path().join("root"));
        command.arg("--runroot").arg(self.0.path().join("run"));
        command
    }
}

#[test]
fn buildah_pulls_and_runs_the_quickstart() {
    let (image, buildah) = (Quickstart::shared(), Buildah::new());
    let registry = image.registry();
    let buildah = |arguments: &[&str]| output(buildah.command().args(arguments));
    let name = registry.reference("quickstart:zstd");
    for (user, ids) in [("0:0", (0, 0)), ("1234:1234", (1234, 1234))] {
        // Its containers are mounted as volatile, which the kernel allows once.
        let container = buildah(&["from", "--quiet", "--tls-verify=false", &name]);
        let run =
            ["run", "--isolation", "chroot", "--user", user, container.trim(), "--", "python", "-c", INSIDE];
        image.agrees(&buildah(&run), ids);
    }
}

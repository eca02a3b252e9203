//! buildah with a storage of the test's own.

use super::{facts::INSIDE, quickstart::Quickstart};
use crate::support::machine::{Storage, command, output};

#[test]
fn buildah_pulls_and_runs_the_quickstart() {
    let (image, storage) = (Quickstart::shared(), Storage::new("buildah"));
    let registry = image.registry();
    let buildah = |arguments: &[&str]| {
        let mut command = command("buildah");
        command.arg("--root").arg(storage.path().join("root"));
        command.arg("--runroot").arg(storage.path().join("run"));
        output(command.args(arguments))
    };
    let name = registry.reference("quickstart:zstd");
    for (user, ids) in [("0:0", (0, 0)), ("1234:1234", (1234, 1234))] {
        // Its containers are mounted as volatile, which the kernel allows once.
        let container = buildah(&["from", "--quiet", "--tls-verify=false", &name]);
        let run =
            ["run", "--isolation", "chroot", "--user", user, container.trim(), "--", "python", "-c", INSIDE];
        image.agrees(&buildah(&run), ids);
    }
}

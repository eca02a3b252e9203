//! buildah with a storage of the test's own.

use super::{
    facts::INSIDE,
    machine::{Storage, command, output},
    quickstart::Quickstart,
};

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
    let container = buildah(&["from", "--quiet", "--tls-verify=false", &name]);
    for (user, ids) in [("0:0", (0, 0)), ("1234:1234", (1234, 1234))] {
        let run = ["run", "--isolation", "chroot", "--user", user, container.trim(), "--", "python", "-c", INSIDE];
        image.agrees(&buildah(&run), ids);
    }
}

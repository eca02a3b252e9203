//! Registries that ask who is there.

use super::{facts::INSIDE, podman::Podman, quickstart::Quickstart};
use crate::support::{authority::Authority, write};

const USER: &str = "team";
const PASSWORD: &str = "correct horse";

#[test]
fn podman_pulls_what_was_pushed_by_https_with_a_password() {
    let (image, podman, authority) = (Quickstart::shared(), Podman::new(), Authority::new());
    let registry = image.guarded(&authority.certificate("IP:127.0.0.1"), USER, PASSWORD);
    let certificates = tempfile::tempdir().unwrap();
    write(&certificates.path().join("ca.crt"), &fs_err::read(authority.file()).unwrap());
    let name = registry.reference("quickstart:zstd");
    let trusted = certificates.path().to_str().unwrap();
    let credentials = format!("{USER}:{PASSWORD}");
    podman.call(&["pull", "--quiet", "--cert-dir", trusted, "--creds", &credentials, &name]);
    image.agrees(&podman.run(&["--network=none", &name, "python", "-c", INSIDE]), (0, 0));
}

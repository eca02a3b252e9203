//! Registries that ask who is there, and images on a base of a registry.

use super::{facts::INSIDE, podman::Podman, quickstart::Quickstart};
use crate::support::{
    Envwright,
    authority::Authority,
    credentials::{PASSWORD, USER},
    registry::Registry,
    write,
};

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

#[test]
fn an_image_on_a_base_of_a_registry_runs() {
    let (image, podman, storage) = (Quickstart::shared(), Podman::new(), tempfile::tempdir().unwrap());
    let (base, registry) = (image.registry(), Registry::start(storage.path()));
    let text = format!(
        "name: above\nimage: {}\nfiles: [{{from: own, to: /own}}]\n",
        base.reference("quickstart:zstd")
    );
    let envwright = Envwright::new().file("environment.yml", &text).file("own", "of its own");
    let name = registry.reference("team/above:1");
    envwright.run(&["build", "-t", &name, "--push"]).succeeded();
    podman.call(&["pull", "--quiet", "--tls-verify=false", &name]);
    let script = "import mlflow; print(open('/own').read())";
    assert_eq!(podman.run(&["--network=none", &name, "python", "-c", script]), "of its own\n");
}

//! Images on a base of a registry, pulled by each engine in each of the ways that registries are reached.

use super::{docker::Docker, way::Way};
use crate::support::{
    authority::Authority,
    credentials::{PASSWORD, USER, basic},
    registry::{Access, Registry},
    tokens::Tokens,
    tunnel::Tunnel,
    write,
};
use std::path::{Path, PathBuf};

/// Of Go's `crypto/x509`.
const UNKNOWN: &str = "certificate signed by unknown authority";

#[test]
fn an_image_on_a_base_of_a_registry_runs_in_every_engine() {
    let (storage, docker) = (tempfile::tempdir().unwrap(), Docker::start());
    let registry = Registry::start(storage.path());
    let way = Way::to(&registry.address);
    let image = way.image();
    image.runs_in_docker(&docker);
    image.runs_in_containerd(&docker);
    image.runs_in_podman();
    image.runs_in_buildah(&["chroot", "oci"]);
}

#[test]
fn one_of_a_registry_that_asks_for_a_password_runs_in_every_engine() {
    let (storage, docker) = (tempfile::tempdir().unwrap(), Docker::start());
    let registry = Registry::with_password(storage.path(), USER, PASSWORD);
    let way = Way::to(&registry.address).with_password();
    let image = way.image();
    image.runs_in_docker(&docker);
    image.runs_in_containerd(&docker);
    image.runs_in_podman();
    image.runs_in_buildah(&["chroot"]);
}

#[test]
fn one_of_a_registry_that_asks_for_tokens_runs_in_every_engine() {
    let (storage, docker) = (tempfile::tempdir().unwrap(), Docker::start());
    let tokens = Tokens::start(basic(), |_| 3600);
    let registry = Registry::with_access(storage.path(), &tokens.access());
    let way = Way::to(&registry.address).with_password();
    let image = way.image();
    let engines: [&dyn Fn(); 4] = [
        &|| image.runs_in_docker(&docker),
        &|| image.runs_in_containerd(&docker),
        &|| image.runs_in_podman(),
        &|| image.runs_in_buildah(&["chroot"]),
    ];
    for runs in engines {
        let before = tokens.issued().len();
        runs();
        let scopes: Vec<_> =
            tokens.issued().into_iter().skip(before).flat_map(|token| token.scopes).collect();
        assert!(scopes.iter().any(|scope| scope == "repository:team/app:pull"), "{scopes:#?}");
    }
}

/// Docker and containerd trust an address of this machine as it is: they have the test with a proxy.
#[test]
fn one_of_a_registry_with_a_certificate_of_a_private_authority_runs_in_podman_and_buildah() {
    let (storage, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let certificate = authority.certificate("IP:127.0.0.1");
    let registry = Registry::with_access(storage.path(), &Access::default().certified(&certificate));
    let way = Way::to(&registry.address).trusting(&authority);
    let image = way.image();
    let refused = image.refused_by_podman();
    assert!(refused.contains(UNKNOWN), "{refused}");
    image.runs_in_podman();
    image.runs_in_buildah(&["chroot"]);
}

/// What Docker trusts for a registry; goes with this.
struct Trusted(PathBuf);

impl Trusted {
    #[track_caller]
    fn by_docker(host: &str, authority: &Authority) -> Self {
        let folder = Path::new("/etc/docker/certs.d").join(host);
        write(&folder.join("ca.crt"), &fs_err::read(authority.file()).unwrap());
        Self(folder)
    }
}

impl Drop for Trusted {
    fn drop(&mut self) {
        let _ = fs_err::remove_dir_all(&self.0);
        // Stays where there is more in it.
        let _ = fs_err::remove_dir(self.0.parent().unwrap());
    }
}

#[test]
fn one_of_a_registry_behind_a_proxy_with_a_certificate_of_a_private_authority_runs_in_every_engine() {
    let (storage, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let name = format!("registry-{}.test", std::process::id());
    let host = format!("{name}:5000");
    let certificate = authority.certificate(&format!("DNS:{name}"));
    let registry = Registry::with_access(storage.path(), &Access::default().certified(&certificate));
    let proxy = Tunnel::start(&host, &registry.address, None);
    let way = Way::to(&host).trusting(&authority).through(proxy.url(""));
    let docker = Docker::with_environment(|command| {
        way.set(command);
    });
    let image = way.image();
    let refused = image.refused_by_docker(&docker);
    assert!(refused.contains(UNKNOWN), "{refused}");
    let engines: [&dyn Fn(); 4] = [
        &|| image.runs_in_containerd(&docker),
        &|| image.runs_in_podman(),
        &|| image.runs_in_buildah(&["chroot"]),
        &|| {
            let _trusted = Trusted::by_docker(&host, &authority);
            image.runs_in_docker(&docker);
        },
    ];
    for runs in engines {
        let before = proxy.requests().len();
        runs();
        let requests = proxy.requests().split_off(before);
        assert!(requests.contains(&format!("CONNECT {host}")), "{requests:#?}");
    }
}

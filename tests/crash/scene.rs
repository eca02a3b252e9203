//! Where the victims run: an index, a Debian repository, a registry with an image, and the definition.

use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    debian::{Package, Repository},
    index::Index,
    registry::Registry,
    wheel::{Wheel, wheel},
};
use std::path::Path;
use tempfile::TempDir;

/// What the image of the registry is called there.
const PULLED: &str = "team/pulled:1";

pub(super) struct Scene {
    index: Index,
    repository: Repository,
    pub(super) registry: Registry,
    _storage: TempDir,
    /// Digest of the image of the registry.
    pub(super) pulled: String,
}

/// Five packages, one of them in two versions and larger than what is read or written at once.
fn wheels() -> Vec<Wheel> {
    let large = "0123456789abcdef".repeat(20_000);
    vec![
        wheel("alpha", "1.0").requires("beta").file("alpha/data.txt", &large),
        wheel("alpha", "2.0").requires("beta").file("alpha/data.txt", &large),
        wheel("beta", "1.0").requires("gamma>=1"),
        wheel("gamma", "1.0"),
        wheel("delta", "1.0").file("delta/text.py", "print('delta')\n"),
        wheel("epsilon", "1.0"),
    ]
}

impl Scene {
    pub(super) fn new() -> Self {
        let tool = Package::new("tool", "1").field("Depends", "held").file("usr/bin/tool", "#!/bin/sh\n");
        let repository = Repository::with("bookworm", &[tool, Package::new("held", "1")]);
        let storage = tempfile::tempdir().unwrap();
        let registry = Registry::start(storage.path());
        let index = Index::of(&wheels());
        let mut scene = Self { index, repository, registry, _storage: storage, pulled: String::new() };
        let (envwright, name) = (scene.definition(1), scene.pulled_name());
        let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
        built["digest"].as_str().unwrap().clone_into(&mut scene.pulled);
        scene
    }

    /// The image of the registry.
    pub(super) fn pulled_name(&self) -> String {
        self.registry.reference(PULLED)
    }

    /// Python packages on a small base, with this version of `alpha`.
    pub(super) fn definition(&self, alpha: u32) -> Envwright {
        on_memory()
            .on_base(&BOOKWORM, &requirements(alpha))
            .index(&self.index.url())
            .config("[network]\nretries = 0\n")
    }

    /// Debian packages added to a small base.
    pub(super) fn debian(&self) -> Envwright {
        const STATUS: &str = "Package: base\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
        let envwright = on_memory()
            .file("environment.yml", "name: app\nimage: oci:base\napt: [tool]\n")
            .config("[network]\nretries = 0\n");
        let source = self.source();
        let added = [("var/lib/dpkg/status", STATUS), ("etc/apt/sources.list.d/test.sources", &*source)];
        write_base(&envwright.folder().join("base"), &[&BOOKWORM[..], &added].concat());
        envwright
    }

    fn source(&self) -> String {
        let line = |line: &str| if line.is_empty() { " .\n".to_owned() } else { format!(" {line}\n") };
        let key: String = self.repository.public_key().lines().map(line).collect();
        let url = self.repository.url();
        format!("Types: deb\nURIs: {url}\nSuites: bookworm\nComponents: main\nSigned-By:\n{key}")
    }
}

/// In memory: there is no disk to wait for, and what is asked of it is the same.
fn on_memory() -> Envwright {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { Envwright::below(memory) } else { Envwright::new() }
}

/// The requirements of the definition with this version of `alpha`.
pub(super) fn requirements(alpha: u32) -> String {
    format!("alpha=={alpha}.0\ndelta\nepsilon\n")
}

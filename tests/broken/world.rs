//! The index, the mirror of Debian and the registry that the examples name.

use crate::support::{
    Envwright,
    debian::{Package, Repository},
    index::Index,
    registry::Registry,
    wheel::{Wheel, wheel},
};
use tempfile::TempDir;

/// What is asked instead of the world outside.
pub(super) struct World {
    index: Index,
    mirror: Repository,
    registry: Registry,
    _storage: TempDir,
}

impl World {
    pub(super) fn start() -> Self {
        let storage = tempfile::tempdir().unwrap();
        let registry = Registry::start(storage.path());
        let base = Envwright::new().file("environment.yml", "image: scratch\nenv: {BASE: team}\n");
        let name = registry.reference("team/base:1.0");
        base.run(&["build", "-t", &name, "--push", "--platform", "linux/amd64"]).succeeded();
        Self {
            index: Index::of(&wheels()),
            mirror: Repository::with_updates("bookworm", &packages()),
            registry,
            _storage: storage,
        }
    }

    /// A run in this world. Hosts that do not exist lead to it: a registry by way of a proxy, which the registry itself
    /// is as well, files by way of a mirror.
    pub(super) fn envwright(&self) -> Envwright {
        let envwright = Envwright::new();
        let keyring = envwright.folder().with_file_name("keyring.asc");
        fs_err::write(&keyring, self.mirror.public_key()).unwrap();
        let files = self.index.url().replace("/simple/", "/");
        let config = format!(
            "[network]\nretries = 0\n\n[debian]\nmirror = \"{}\"\nkeyring = \"{}\"\n\n\
             [registries.\"registry.example\"]\ninsecure = true\n\n\
             [mirrors]\n\"http://packages.example/\" = [\"{files}\"]\n",
            self.mirror.url(),
            keyring.display(),
        );
        envwright
            .config(&config)
            .index(&self.index.url())
            .variable("http_proxy", format!("http://{}", self.registry.address))
            .variable("no_proxy", "127.0.0.1")
    }
}

fn wheels() -> Vec<Wheel> {
    let of_http = |version| wheel("requests", version).requires("idna").requires("urllib3");
    vec![
        of_http("2.31.0"),
        of_http("2.32.3"),
        wheel("idna", "3.7"),
        wheel("urllib3", "1.26.18"),
        wheel("urllib3", "2.2.2"),
        wheel("numpy", "1.26.4"),
        wheel("numpy", "2.1.0"),
        wheel("pandas", "2.0.1").requires("numpy"),
        wheel("pandas", "2.1.4").requires("numpy<3"),
        wheel("scikit-learn", "1.5.2").requires("numpy"),
        wheel("six", "1.16.0"),
        wheel("colorama", "0.4.6"),
        wheel("legacy-model", "1.0").requires("numpy<2"),
        wheel("legacy-model", "2.0").requires("numpy>=2"),
        wheel("next-gen", "2.0").requires_python(">=3.9"),
        wheel("next-gen", "3.0").requires_python(">=3.13"),
        wheel("desktop-tools", "1.0"),
        wheel("desktop-tools", "1.1").tag("cp311-cp311-win_amd64"),
        wheel("ancient", "0.1").source_only(),
        wheel("ancient", "0.2"),
        wheel("withdrawn", "1.0"),
        wheel("withdrawn", "1.1").yanked("corrupts data"),
        wheel("pipeline", "1.0"),
        wheel("pipeline", "2.0").requires("missing-library>=2"),
        wheel("preview", "1.0rc1"),
    ]
}

/// What a base needs, and what the examples ask for.
fn packages() -> Vec<Package> {
    let mail = |name, version| {
        let package = Package::new(name, version).field("Provides", "mail-transport-agent");
        package.field("Conflicts", "mail-transport-agent")
    };
    vec![
        Package::new("base-files", "12.4"),
        Package::new("ca-certificates", "20230311"),
        Package::new("libc6", "2.36-9"),
        Package::new("libstdc++6", "12.2.0-14").field("Depends", "libc6"),
        Package::new("python3", "3.11.2-1").field("Depends", "python3.11-minimal"),
        Package::new("python3.11-minimal", "3.11.2-6").field("Depends", "libc6"),
        Package::new("git", "1:2.39.2-1.1"),
        Package::new("curl", "7.88.1-10"),
        Package::new("libgl1", "1.6.0-1"),
        Package::new("hello", "2.10-3"),
        Package::new("gpu-tools", "1.0").field("Depends", "libgpu-driver (>= 550)"),
        mail("postfix", "3.7.11-0"),
        mail("exim4-daemon-light", "4.96-15"),
    ]
}

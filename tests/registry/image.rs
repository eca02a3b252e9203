//! The image that is pushed.

use super::proxy::Proxy;
pub(crate) use crate::support::credentials::{PASSWORD, USER, basic, credentials};
use crate::support::{
    Envwright, Ran,
    registry::{Access, Registry},
};
use serde_json::Value;
use tempfile::TempDir;

/// Bytes of the large file, which no compression makes smaller.
const LARGE: usize = 40_000_000;
/// The most that is sent in one request.
pub(crate) const CHUNK: u64 = 16 << 20;

/// A registry of nothing, and its storage.
pub(crate) struct Empty {
    pub(crate) registry: Registry,
    storage: TempDir,
}

impl Empty {
    pub(crate) fn registry() -> Self {
        let storage = tempfile::tempdir().unwrap();
        Self { registry: Registry::start(storage.path()), storage }
    }

    /// Asks for [`USER`] and [`PASSWORD`].
    pub(crate) fn with_password() -> Self {
        let storage = tempfile::tempdir().unwrap();
        Self { registry: Registry::with_password(storage.path(), USER, PASSWORD), storage }
    }

    /// Lets in whom `access` says.
    pub(crate) fn with_access(access: &Access) -> Self {
        let storage = tempfile::tempdir().unwrap();
        Self { registry: Registry::with_access(storage.path(), access), storage }
    }

    /// The same storage, for everybody and by plain http.
    pub(crate) fn open(&self) -> Registry {
        Registry::start(self.storage.path())
    }
}

/// A home in which `app:1` was built.
pub(crate) struct Image {
    pub(crate) envwright: Envwright,
    pub(crate) digest: String,
}

impl Image {
    /// For one platform.
    pub(crate) fn build() -> Self {
        Self::of(definition())
    }

    /// For two platforms.
    pub(crate) fn for_two_platforms() -> Self {
        let text = "name: app\nimage: scratch\nplatforms: [linux/amd64, linux/arm64]\n\
            files:\n  - {from: small.txt, to: /data/small.txt}\n";
        Self::of(Envwright::new().file("environment.yml", text).file("small.txt", "small\n"))
    }

    fn of(envwright: Envwright) -> Self {
        let docker = envwright.folder().join("docker");
        let envwright = envwright.variable("DOCKER_CONFIG", docker);
        let built = envwright.run(&["build", "-t", "app:1", "--json"]).succeeded().json();
        Self { envwright, digest: built["digest"].as_str().unwrap().to_owned() }
    }

    /// Writes what `docker login` does.
    pub(crate) fn log_in(&self, host: &str, password: &str) {
        let path = self.envwright.folder().join("docker/config.json");
        crate::support::write(&path, credentials(host, password).as_bytes());
    }

    /// Pushes `app:1` as another name.
    pub(crate) fn push(&self, destination: &str) -> Ran {
        self.envwright.run(&["push", "app:1", destination, "--json"])
    }

    /// Pushes it through a proxy as `team/app:1`, and checks what the registry then has and when it got it.
    #[track_caller]
    pub(crate) fn pushed(&self, proxy: &Proxy, registry: &Registry) {
        let pushed = self.push(&proxy.reference("team/app:1")).succeeded().json();
        assert_eq!(pushed["digest"], *self.digest);
        proxy.tagged_last("team/app", "1");
        complete(registry, "team/app", "1", &self.digest);
    }
}

/// A definition of one file on an image, in a home with [`USER`]'s credentials for a registry.
pub(crate) fn on(image: &str, host: &str) -> Envwright {
    let text = format!("name: small\nimage: {image}\nfiles: [{{from: own, to: /own}}]\n");
    let envwright = Envwright::new();
    let docker = envwright.folder().join("docker");
    envwright
        .variable("DOCKER_CONFIG", docker)
        .file("docker/config.json", credentials(host, PASSWORD))
        .file("environment.yml", &text)
        .file("own", image)
}

/// Pushes `team/base:1` to a registry, from another home `team/app:1` on that, and from a third `team/top:1` on that
/// one. Gives the digest of the last.
#[track_caller]
pub(crate) fn there_and_back(host: &str, settled: impl Fn(Envwright) -> Envwright) -> String {
    let mut image = "scratch".to_owned();
    let mut digest = String::new();
    for repository in ["team/base", "team/app", "team/top"] {
        let name = format!("{host}/{repository}:1");
        let envwright = settled(on(&image, host));
        let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
        built["digest"].as_str().unwrap().clone_into(&mut digest);
        image = name;
    }
    digest
}

/// A large file and some small ones on nothing.
pub(crate) fn definition() -> Envwright {
    let text = "name: app\nimage: scratch\nfiles:\n  - {from: large.bin, to: /data/large.bin}\n  \
        - {from: small.txt, to: /data/small.txt}\n  - {from: empty.txt, to: /data/empty.txt}\n";
    Envwright::new()
        .file("environment.yml", text)
        .file("large.bin", noise(LARGE))
        .file("small.txt", "small\n")
        .file("empty.txt", "")
}

/// The registry has the image under the tag, and all that it is made of. Gives the bytes of its blobs.
#[track_caller]
pub(crate) fn complete(registry: &Registry, repository: &str, tag: &str, digest: &str) -> u64 {
    let manifest = manifest(registry, repository, tag);
    assert_eq!(manifest.digest, digest);
    let mut blobs = 0;
    for part in manifest.value["manifests"].as_array().into_iter().flatten() {
        let part = part["digest"].as_str().unwrap();
        blobs += complete(registry, repository, part, part);
    }
    let value = &manifest.value;
    for blob in value["layers"].as_array().into_iter().flatten().chain(value.get("config")) {
        let path = format!("/v2/{repository}/blobs/{}", blob["digest"].as_str().unwrap());
        let (head, _) = registry.ask("HEAD", &path, &basic(), "*/*");
        assert!(head.contains(" 200 "), "{path}: {head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", blob["size"])), "{blob}: {head}");
        blobs += blob["size"].as_u64().unwrap();
    }
    assert!(blobs > 0, "{value:#}");
    blobs
}

pub(crate) struct Manifest {
    pub(crate) digest: String,
    pub(crate) value: Value,
}

#[track_caller]
pub(crate) fn manifest(registry: &Registry, repository: &str, tag: &str) -> Manifest {
    let path = format!("/v2/{repository}/manifests/{tag}");
    let kinds = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
        application/vnd.docker.distribution.manifest.v2+json";
    let (head, body) = registry.ask("GET", &path, &basic(), kinds);
    assert!(head.contains(" 200 "), "{path}: {head}");
    let digest = envwright_store::Digest::of(&body).to_string();
    Manifest { digest, value: serde_json::from_slice(&body).unwrap() }
}

/// The same bytes each time (Marsaglia's xorshift).
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    words.flat_map(u64::to_le_bytes).take(size).collect()
}

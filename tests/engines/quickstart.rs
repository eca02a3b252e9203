//! The README's image, built once for all tests of a binary.

use super::{
    facts::Facts,
    shared::{forget, remove, shared},
};
use crate::support::{
    authority::Certificate,
    machine::output,
    registry::{Access, Registry},
};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/quickstart/requirements.txt");

/// The image with zstd and with gzip layers, in layouts and in a registry's storage, which it was pushed to.
pub(crate) struct Quickstart {
    folder: PathBuf,
    lock: Value,
}

impl Quickstart {
    /// Builds it, or takes what another test of this binary built: each test is a process of its own.
    #[track_caller]
    pub(crate) fn shared() -> Self {
        let folder = shared("quickstart", make);
        let lock = fs_err::read_to_string(folder.join("lock.json")).unwrap();
        let lock: Value = serde_json::from_str(&lock).unwrap();
        Self { folder, lock: lock["lock"]["platforms"]["linux/amd64"].clone() }
    }

    /// A registry that has `quickstart:zstd` and `quickstart:gzip`.
    #[track_caller]
    pub(crate) fn registry(&self) -> Registry {
        Registry::start(&self.folder.join("registry"))
    }

    /// The same by https, for those who have this name and password.
    #[track_caller]
    pub(crate) fn guarded(&self, certificate: &Certificate, user: &str, password: &str) -> Registry {
        let storage = self.folder.join("registry");
        Registry::with_access(&storage, &Access::password(&storage, user, password).certified(certificate))
    }

    /// Its layout with layers of this compression.
    pub(crate) fn layout(&self, compression: &str) -> PathBuf {
        self.folder.join(compression)
    }

    /// The digest of its manifest, as a layout has it.
    pub(crate) fn digest(&self, compression: &str) -> String {
        let index = fs_err::read_to_string(self.layout(compression).join("index.json")).unwrap();
        let index: Value = serde_json::from_str(&index).unwrap();
        index["manifests"][0]["digest"].as_str().unwrap().to_owned()
    }

    /// The address of the index that the packages came from.
    pub(crate) fn index(&self) -> &str {
        self.lock["wheels"][0]["index"].as_str().unwrap()
    }

    /// What the image says of itself must be what was locked.
    #[track_caller]
    pub(crate) fn agrees(&self, printed: &str, user: (u64, u64)) {
        Facts::read(printed).agree(&self.lock, user);
    }
}

const BINARY: &str = env!("CARGO_BIN_EXE_envwright");

/// Everything anew, but for packages that were fetched.
fn make(folder: &Path) {
    forget(&folder.join("home"));
    for each in ["definition", "zstd", "gzip", "registry"] {
        remove(&folder.join(each));
    }
    fs_err::create_dir_all(folder.join("definition")).unwrap();
    fs_err::copy(EXAMPLE, folder.join("definition/requirements.txt")).unwrap();
    let lock = output(envwright(folder).args(["lock", "definition", "--json", "--platform", "linux/amd64"]));
    fs_err::write(folder.join("lock.json"), lock).unwrap();
    let registry = Registry::start(&folder.join("registry"));
    for compression in ["zstd", "gzip"] {
        let name = format!("quickstart:{compression}");
        let mut build = envwright(folder);
        build.args(["build", "definition", "--locked", "--platform", "linux/amd64", "--tag", &name]);
        output(build.args(["--compression", compression, "--output", &format!("oci:{compression}")]));
        output(envwright(folder).args(["push", &name, &registry.reference(&name)]));
    }
}

fn envwright(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.current_dir(folder).env("ENVWRIGHT_HOME", folder.join("home"));
    command
}

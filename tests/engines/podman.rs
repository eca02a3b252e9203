//! podman with a storage of the test's own.

use super::{facts::INSIDE, quickstart::Quickstart};
use crate::support::machine::{Storage, command, output, runtime};
use std::{path::PathBuf, process::Command};

/// podman, without a service: each call works on the storage itself.
pub(crate) struct Podman(Storage);

impl Podman {
    pub(crate) fn new() -> Self {
        let storage = Storage::new("podman");
        let paths = format!(
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"{0}/root\"\nrunroot = \"{0}/run\"\n",
            storage.path().display()
        );
        fs_err::write(storage.path().join("storage.conf"), paths).unwrap();
        Self(storage)
    }

    /// The value of `CONTAINERS_STORAGE_CONF` that makes any podman use this storage.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.0.path().join("storage.conf")
    }

    /// A call that is still to be told what to do.
    pub(crate) fn command(&self) -> Command {
        let mut command = command("podman");
        command.env("CONTAINERS_STORAGE_CONF", self.configuration());
        command.arg("--cgroup-manager=cgroupfs").arg("--runtime").arg(runtime());
        command
    }

    /// Runs it.
    #[track_caller]
    pub(crate) fn call(&self, arguments: &[&str]) -> String {
        output(self.command().args(arguments))
    }

    /// Runs a container to its end. A machine may allow fewer open files and processes than podman asks for.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let limits = ["run", "--rm", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
        self.call(&[&limits, arguments].concat())
    }
}

#[test]
fn podman_pulls_and_runs_the_quickstart() {
    let (image, podman) = (Quickstart::shared(), Podman::new());
    let registry = image.registry();
    let name = registry.reference("quickstart:zstd");
    podman.call(&["pull", "--quiet", "--tls-verify=false", &name]);
    for (user, ids) in [("0:0", (0, 0)), ("1234:1234", (1234, 1234))] {
        image.agrees(&podman.run(&["--network=none", "--user", user, &name, "python", "-c", INSIDE]), ids);
    }
    reaches_the_index(&podman, &name, image.index());
}

/// A request to a server of the outer world, the package index, with the machine's own authorities and proxies.
#[track_caller]
fn reaches_the_index(podman: &Podman, name: &str, index: &str) {
    const ASK: &str = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=60).status)";
    let mut arguments =
        vec!["--network=host", "--volume", "/etc/ssl/certs/ca-certificates.crt:/authorities:ro"];
    arguments.extend(["--env", "SSL_CERT_FILE=/authorities"]);
    let proxies = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];
    arguments.extend(proxies.iter().flat_map(|variable| ["--env", variable]));
    let page = format!("{}/six/", index.trim_end_matches('/'));
    arguments.extend([name, "python", "-c", ASK, &page]);
    assert_eq!(podman.run(&arguments), "200\n");
}

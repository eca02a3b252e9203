//! A Docker daemon of the test's own.

use super::{facts::INSIDE, quickstart::Quickstart};
use crate::support::{
    machine::{Storage, command, output},
    service::Service,
};
use std::process::Command;
use tempfile::TempDir;

/// The daemon and its client. Fields go in their order: the daemon before its storage.
pub(crate) struct Docker {
    _service: Service,
    _storage: Storage,
    /// Short: the path of a socket has at most 107 bytes.
    sockets: TempDir,
}

impl Docker {
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::with_environment(|_| ())
    }

    /// The same, where `set` gives the daemon an environment of its own.
    #[track_caller]
    pub(crate) fn with_environment(set: impl FnOnce(&mut Command)) -> Self {
        let (storage, sockets) = (Storage::new("docker"), tempfile::tempdir().unwrap());
        let mut service = Service::start("dockerd", sockets.path(), |command| {
            set(command);
            // No bridge: it would need rules of the machine's firewall.
            command.args(["--iptables=false", "--bridge=none"]);
            command.arg("--data-root").arg(storage.path());
            command.arg("--exec-root").arg(sockets.path().join("exec"));
            command.arg("--pidfile").arg(sockets.path().join("pid"));
            command.arg("--host").arg(format!("unix://{}/docker", sockets.path().display()));
        });
        let client = || client(&sockets);
        service.wait_for(|_| client().arg("info").output().unwrap().status.success().then_some(()));
        Self { _service: service, _storage: storage, sockets }
    }

    /// The value of `DOCKER_HOST` that finds it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}/docker", self.sockets.path().display())
    }

    /// The socket of the containerd that it runs on.
    pub(crate) fn containerd(&self) -> String {
        self.sockets.path().join("exec/containerd/containerd.sock").display().to_string()
    }

    /// Runs its client.
    #[track_caller]
    pub(crate) fn client(&self, arguments: &[&str]) -> String {
        output(self.command().args(arguments))
    }

    /// Its client.
    pub(crate) fn command(&self) -> Command {
        client(&self.sockets)
    }

    /// Docker reads zstd layers since version 23.
    fn reads_zstd(&self) -> bool {
        let version = self.client(&["version", "--format", "{{.Server.Version}}"]);
        version.split('.').next().unwrap().parse::<u32>().unwrap() >= 23
    }
}

fn client(sockets: &TempDir) -> Command {
    let mut command = command("docker");
    command.arg("--host").arg(format!("unix://{}/docker", sockets.path().display()));
    command
}

#[test]
fn docker_pulls_and_runs_the_quickstart() {
    let (image, docker) = (Quickstart::shared(), Docker::start());
    let registry = image.registry();
    let compressions: &[&str] = if docker.reads_zstd() { &["gzip", "zstd"] } else { &["gzip"] };
    for compression in compressions {
        docker.client(&["pull", "--quiet", &registry.reference(&format!("quickstart:{compression}"))]);
    }
    let name = registry.reference(&format!("quickstart:{}", compressions.last().unwrap()));
    for (user, ids) in [("0:0", (0, 0)), ("1234:1234", (1234, 1234))] {
        let run = ["run", "--rm", "--network=none", "--user", user, &name, "python", "-c", INSIDE];
        image.agrees(&docker.client(&run), ids);
    }
}

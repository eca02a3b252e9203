//! Docker, with pip, as a builder that pushes.

use super::{
    case::{Builder, Case},
    inputs::{Inputs, write},
    peers::Installer,
    pushing::requirements,
    registry::Registry,
    service::Service,
    settings::Settings,
};
use crate::shell;
use std::{fmt::Write as _, path::PathBuf, process::Command};

/// A daemon of the bench's own and its client.
pub(super) struct Docker<'a> {
    inputs: &'a Inputs,
    settings: Settings,
    registry: Registry,
    _service: Service,
}

impl<'a> Docker<'a> {
    pub(super) fn start(inputs: &'a Inputs) -> Result<Self, String> {
        let settings = Settings::of_this_machine(Installer::Pip)?;
        let registry = Registry::start(inputs, "docker")?;
        // Docker before version 23 pulls no zstd.
        registry.push_base(inputs, "gzip")?;
        let service = Service::start(&daemon(inputs), folder(inputs).join("log"))?;
        service.wait_for(|_| shell::output(client(inputs).arg("info")).ok())?;
        Ok(Self { inputs, settings, registry, _service: service })
    }

    fn context(&self) -> PathBuf {
        folder(self.inputs).join("context")
    }

    /// Docker's own builder mounts nothing: certificates are copied, and pip keeps no cache between builds.
    fn dockerfile(&self) -> String {
        let mut text = format!("FROM {}\n", self.registry.reference("base"));
        for name in self.settings.variables.keys() {
            let _ = writeln!(text, "ARG {name}");
        }
        text.push_str("COPY bench /bench\nCOPY requirements.txt /tmp/requirements.txt\n");
        text.push_str("RUN /opt/env/bin/pip install --quiet --no-compile --no-cache-dir ");
        text.push_str("--requirement /tmp/requirements.txt\n");
        text
    }

    /// Leaves the base image alone in the daemon's storage.
    fn empty_storage(&self) -> Result<(), String> {
        // There is none before the first round.
        let _ = shell::output(client(self.inputs).args(["rmi", "--force", &self.registry.reference("env")]));
        shell::output(client(self.inputs).args(["image", "prune", "--force"]))?;
        shell::output(client(self.inputs).args(["pull", "--quiet", &self.registry.reference("base")]))
            .map(drop)
    }
}

impl Builder for Docker<'_> {
    fn name(&self) -> &'static str {
        "docker, pip"
    }

    fn prepare(&self, case: Case) -> Result<(), String> {
        write(&self.context().join("Dockerfile"), &self.dockerfile())?;
        write(&self.context().join("requirements.txt"), &requirements(self.inputs, case))?;
        write(&self.context().join("bench/.keep"), "")?;
        self.settings.copy_certificates(&self.context().join("bench"))?;
        if case == Case::PushCold {
            self.registry.reset()?;
            self.empty_storage()?;
        }
        Ok(())
    }

    fn command(&self, _: Case) -> Option<Command> {
        let name = self.registry.reference("env");
        let mut build = client(self.inputs);
        build.args(["build", "--quiet", "--network=host", "--tag", &name]).env("DOCKER_BUILDKIT", "0");
        for (variable, value) in &self.settings.variables {
            build.args(["--build-arg", variable]).env(variable, value);
        }
        let mut push = client(self.inputs);
        push.args(["push", "--quiet", &name]);
        Some(shell::both(build.arg(self.context()), &push))
    }

    fn works_elsewhere(&self) -> bool {
        true
    }

    fn registry(&self) -> Option<&Registry> {
        Some(&self.registry)
    }
}

fn folder(inputs: &Inputs) -> PathBuf {
    inputs.folder.join("docker")
}

fn socket(inputs: &Inputs) -> String {
    format!("unix://{}/socket", folder(inputs).display())
}

fn client(inputs: &Inputs) -> Command {
    let mut command = Command::new("docker");
    command.arg("--host").arg(socket(inputs));
    command
}

fn daemon(inputs: &Inputs) -> Command {
    let mut command = Command::new("dockerd");
    // No bridge: it would need rules of the machine's firewall.
    command.args(["--iptables=false", "--bridge=none"]);
    command.arg("--data-root").arg(inputs.folder.join("storage/docker"));
    command.arg("--exec-root").arg(folder(inputs).join("exec"));
    command.arg("--pidfile").arg(folder(inputs).join("pid"));
    command.arg("--host").arg(socket(inputs));
    command
}

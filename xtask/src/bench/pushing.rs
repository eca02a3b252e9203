//! Builders that push: envwright, and buildah with uv.

use super::{
    case::{Builder, Case},
    inputs::{Inputs, copy, write},
    peers::Peer,
    registry::Registry,
};
use crate::shell;
use std::{path::PathBuf, process::Command};

/// What a definition of a case asks for.
pub(super) fn requirements(inputs: &Inputs, case: Case) -> String {
    match case {
        Case::PushLarge => inputs.other_large(),
        Case::PushSmall => inputs.other_small(),
        _ => inputs.pins.clone(),
    }
}

pub(super) struct PushingEnvwright<'a> {
    inputs: &'a Inputs,
    registry: Registry,
}

impl<'a> PushingEnvwright<'a> {
    pub(super) fn new(inputs: &'a Inputs) -> Result<Self, String> {
        let registry = Registry::start(inputs, "envwright")?;
        registry.push_base(inputs, "zstd")?;
        Ok(Self { inputs, registry })
    }

    fn folder(&self) -> PathBuf {
        self.inputs.folder.join("pushing")
    }
}

impl Builder for PushingEnvwright<'_> {
    fn name(&self) -> &'static str {
        "envwright"
    }

    fn prepare(&self, case: Case) -> Result<(), String> {
        let file = self.folder().join("definition/requirements.txt");
        write(&file, &requirements(self.inputs, case))?;
        if case == Case::PushCold {
            self.registry.reset()?;
            copy(&self.inputs.base_home(), &self.folder().join("home"))?;
        }
        Ok(())
    }

    fn command(&self, _: Case) -> Option<Command> {
        let arguments = ["build", "--quiet", "--push", "--tag", &self.registry.reference("env")];
        let mut command = self.inputs.envwright(&self.folder().join("home"), &arguments);
        command.arg(self.folder().join("definition"));
        Some(command)
    }

    fn registry(&self) -> Option<&Registry> {
        Some(&self.registry)
    }
}

pub(super) struct PushingBuildah<'a> {
    inputs: &'a Inputs,
    peer: Peer<'a>,
    registry: Registry,
    compression: &'static str,
}

impl<'a> PushingBuildah<'a> {
    /// The base is compressed as what is pushed: else buildah would compress it again.
    pub(super) fn new(inputs: &'a Inputs, compression: &'static str) -> Result<Self, String> {
        let label = format!("uv-{compression}");
        let registry = Registry::start(inputs, &label)?;
        registry.push_base(inputs, compression)?;
        let base = format!("docker://{}", registry.reference("base"));
        Ok(Self { inputs, peer: Peer::on(inputs, &label, base)?, registry, compression })
    }
}

impl Builder for PushingBuildah<'_> {
    fn name(&self) -> &'static str {
        if self.compression == "gzip" { "buildah, uv, gzip" } else { "buildah, uv, zstd" }
    }

    fn prepare(&self, case: Case) -> Result<(), String> {
        self.peer.require(&requirements(self.inputs, case))?;
        if case == Case::PushCold {
            self.registry.reset()?;
            self.peer.empty_cache()?;
            self.peer.empty_storage()?;
        }
        Ok(())
    }

    fn command(&self, _: Case) -> Option<Command> {
        let mut push = self.peer.buildah();
        push.args(["push", "--quiet", "--tls-verify=false", "--compression-format", self.compression]);
        push.arg(self.peer.image()).arg(format!("docker://{}", self.registry.reference("env")));
        Some(shell::both(&self.peer.build(), &push))
    }

    fn registry(&self) -> Option<&Registry> {
        Some(&self.registry)
    }
}

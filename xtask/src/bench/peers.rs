//! What a user would pick instead: buildah, with uv or with pip.

use super::{
    case::{Builder, Case, Size},
    inputs::{Inputs, remove, size_of_layout, write},
    settings::Settings,
};
use crate::shell;
use fs_err as fs;
use std::{fmt::Write as _, path::PathBuf, process::Command};

const BASE: &str = "localhost/envwright-bench-base";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Installer {
    Uv,
    Pip,
}

impl Installer {
    /// What the container runs. Neither compiles: so all images hold the same files.
    fn command(self) -> &'static str {
        match self {
            Self::Uv => "UV_LINK_MODE=copy /bench/bin/uv pip install --quiet --python /opt/env/bin/python",
            Self::Pip => "/opt/env/bin/pip install --quiet --no-compile",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Pip => "pip",
        }
    }
}

pub(super) struct Peer<'a> {
    inputs: &'a Inputs,
    installer: Installer,
    settings: Settings,
}

impl<'a> Peer<'a> {
    pub(super) fn new(inputs: &'a Inputs, installer: Installer) -> Result<Self, String> {
        let settings = Settings::of_this_machine(installer)?;
        settings.copy_certificates(&inputs.tools())?;
        Ok(Self { inputs, installer, settings })
    }

    fn folder(&self) -> PathBuf {
        self.inputs.folder.join(self.installer.name())
    }

    fn layout(&self) -> PathBuf {
        self.folder().join("layout")
    }

    fn image(&self) -> String {
        format!("localhost/envwright-bench-{}", self.installer.name())
    }

    /// Where buildah keeps the folders of `--mount=type=cache`.
    fn temporary(&self) -> PathBuf {
        self.folder().join("temporary")
    }

    fn buildah(&self) -> Command {
        let storage = self.inputs.folder.join("storage").join(self.installer.name());
        let mut command = Command::new("buildah");
        command.arg("--root").arg(storage.join("root")).arg("--runroot").arg(storage.join("run"));
        command.env("TMPDIR", self.temporary());
        command
    }

    /// Leaves the base image alone in the storage.
    fn empty_storage(&self) -> Result<(), String> {
        shell::output(self.buildah().args(["rmi", "--all", "--force"]))?;
        let layout = format!("oci:{}", self.inputs.base_layout().display());
        let id = shell::output(self.buildah().args(["pull", "--quiet", &layout]))?;
        shell::output(self.buildah().args(["tag", id.trim(), BASE])).map(drop)
    }

    fn empty_cache(&self) -> Result<(), String> {
        remove(&self.temporary())?;
        fs::create_dir_all(self.temporary()).map_err(|error| error.to_string())
    }

    fn require(&self, requirements: &str) -> Result<(), String> {
        let context = self.folder().join("context");
        write(&context.join("Containerfile"), &self.containerfile())?;
        write(&context.join("requirements.txt"), requirements)
    }

    fn containerfile(&self) -> String {
        let mut text = format!("FROM {BASE}\n");
        for name in self.settings.variables.keys() {
            let _ = writeln!(text, "ARG {name}");
        }
        let install = self.installer.command();
        let _ = writeln!(text, "COPY requirements.txt /tmp/requirements.txt");
        let _ = writeln!(
            text,
            "RUN --mount=type=cache,target=/root/.cache {install} --requirement /tmp/requirements.txt"
        );
        text
    }

    fn build(&self) -> Command {
        let mut command = self.buildah();
        command.args(["bud", "--quiet", "--isolation", "chroot", "--layers", "--tag", &self.image()]);
        for (name, value) in &self.settings.variables {
            // Without a value, so that a password in it is in no list of processes.
            command.args(["--build-arg", name]).env(name, value);
        }
        command.arg("--volume").arg(format!("{}:/bench:ro", self.inputs.tools().display()));
        for folder in &self.settings.folders {
            command.args(["--volume", &format!("{folder}:{folder}:ro")]);
        }
        command.arg(self.folder().join("context"));
        command
    }

    fn push(&self) -> Command {
        let mut command = self.buildah();
        command.args(["push", "--quiet", &self.image()]).arg(format!("oci:{}", self.layout().display()));
        command
    }
}

impl Builder for Peer<'_> {
    fn name(&self) -> &'static str {
        match self.installer {
            Installer::Uv => "buildah, uv",
            Installer::Pip => "buildah, pip",
        }
    }

    fn prepare(&self, case: Case) -> Result<(), String> {
        match case {
            Case::Empty | Case::Nothing => Ok(()),
            Case::Cold => {
                self.require(&self.inputs.pins)?;
                self.empty_cache()?;
                self.empty_storage()
            }
            Case::Layout => remove(&self.layout()),
            Case::Changed => self.require(&self.inputs.changed()),
            Case::Cached => {
                self.require(&self.inputs.pins)?;
                self.empty_storage()
            }
        }
    }

    fn command(&self, case: Case) -> Option<Command> {
        match case {
            Case::Empty => None,
            Case::Layout => Some(self.push()),
            _ => Some(self.build()),
        }
    }

    fn size(&self) -> Result<Size, String> {
        size_of_layout(&self.layout())
    }
}

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
    /// Folder and image are called so.
    label: String,
    /// Where the base is pulled from.
    base: String,
}

impl<'a> Peer<'a> {
    pub(super) fn new(inputs: &'a Inputs, installer: Installer) -> Result<Self, String> {
        let settings = Settings::of_this_machine(installer)?;
        settings.copy_certificates(&inputs.tools())?;
        let base = format!("oci:{}", inputs.base_layout().display());
        Ok(Self { inputs, installer, settings, label: installer.name().to_owned(), base })
    }

    /// One that pulls the base from a registry, in a storage of its own.
    pub(super) fn on(inputs: &'a Inputs, label: &str, base: String) -> Result<Self, String> {
        Ok(Self { label: label.to_owned(), base, ..Self::new(inputs, Installer::Uv)? })
    }

    fn folder(&self) -> PathBuf {
        self.inputs.folder.join(&self.label)
    }

    fn layout(&self) -> PathBuf {
        self.folder().join("layout")
    }

    pub(super) fn image(&self) -> String {
        format!("localhost/envwright-bench-{}", self.label)
    }

    /// Where buildah keeps the folders of `--mount=type=cache`.
    fn temporary(&self) -> PathBuf {
        self.folder().join("temporary")
    }

    pub(super) fn buildah(&self) -> Command {
        let storage = self.inputs.folder.join("storage").join(&self.label);
        let mut command = Command::new("buildah");
        command.arg("--root").arg(storage.join("root")).arg("--runroot").arg(storage.join("run"));
        command.env("TMPDIR", self.temporary());
        command
    }

    /// Leaves the base image alone in the storage.
    pub(super) fn empty_storage(&self) -> Result<(), String> {
        shell::output(self.buildah().args(["rmi", "--all", "--force"]))?;
        let pull = ["pull", "--quiet", "--tls-verify=false", &self.base];
        let id = shell::output(self.buildah().args(pull))?;
        shell::output(self.buildah().args(["tag", id.trim(), BASE])).map(drop)
    }

    pub(super) fn empty_cache(&self) -> Result<(), String> {
        remove(&self.temporary())?;
        fs::create_dir_all(self.temporary()).map_err(|error| error.to_string())
    }

    /// The folder that it builds from.
    pub(super) fn context(&self) -> PathBuf {
        self.folder().join("context")
    }

    pub(super) fn require(&self, requirements: &str) -> Result<(), String> {
        let context = self.context();
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

    pub(super) fn build(&self) -> Command {
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
        command.arg(self.context());
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
            _ => Ok(()),
        }
    }

    fn command(&self, case: Case) -> Option<Command> {
        match case {
            Case::Empty => None,
            Case::Layout => Some(self.push()),
            _ => Some(self.build()),
        }
    }

    fn size(&self) -> Result<Option<Size>, String> {
        size_of_layout(&self.layout()).map(Some)
    }
}

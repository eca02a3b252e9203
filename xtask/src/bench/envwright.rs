//! envwright as a builder.

use super::{
    case::{Builder, Case, Size},
    inputs::{Inputs, copy, remove, size_of_layout, write},
};
use std::{path::PathBuf, process::Command};

pub(super) struct Envwright<'a> {
    pub(super) inputs: &'a Inputs,
}

impl Envwright<'_> {
    fn folder(&self) -> PathBuf {
        self.inputs.folder.join("envwright")
    }

    fn home(&self, case: Case) -> PathBuf {
        self.folder().join(if case == Case::Empty { "empty-home" } else { "home" })
    }

    fn definition(&self, case: Case) -> PathBuf {
        if case == Case::Empty { self.inputs.quickstart() } else { self.folder().join("definition") }
    }

    fn layout(&self) -> PathBuf {
        self.folder().join("layout")
    }

    fn require(&self, requirements: &str) -> Result<(), String> {
        write(&self.definition(Case::Cold).join("requirements.txt"), requirements)
    }
}

impl Builder for Envwright<'_> {
    fn name(&self) -> &'static str {
        "envwright"
    }

    fn prepare(&self, case: Case) -> Result<(), String> {
        match case {
            Case::Empty => remove(&self.home(case)),
            Case::Cold => {
                self.require(&self.inputs.pins)?;
                copy(&self.inputs.base_home(), &self.home(case))
            }
            Case::Changed => self.require(&self.inputs.changed()),
            Case::Layout => remove(&self.layout()),
            Case::Cached => {
                self.require(&self.inputs.pins)?;
                remove(&self.home(case).join("images"))
            }
            _ => Ok(()),
        }
    }

    fn command(&self, case: Case) -> Option<Command> {
        let mut command = self.inputs.envwright(&self.home(case), &["build", "--quiet", "--tag", "bench"]);
        match case {
            Case::Layout => command.arg("--output").arg(format!("oci:{}", self.layout().display())),
            Case::Cached => command.arg("--offline"),
            _ => &mut command,
        };
        command.arg(self.definition(case));
        Some(command)
    }

    fn size(&self) -> Result<Option<Size>, String> {
        size_of_layout(&self.layout()).map(Some)
    }
}

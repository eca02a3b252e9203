//! The machine's Python, pip and uv.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

/// The tools that the comparison needs, all there.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Absolute path of the interpreter.
    interpreter: PathBuf,
    /// Its major and minor version.
    pub(crate) python: (u8, u8),
}

impl Machine {
    /// Looks for the tools and says what to install where one is not there.
    pub(crate) fn look() -> Self {
        let script = "import sys; print(*sys.version_info[:2], sys.executable)";
        let said = output(Command::new("python3").args(["-c", script]), "needs CPython as `python3`");
        let mut words = said.trim().splitn(3, ' ');
        let mut word = || words.next().expect("three words were printed");
        let python = (word().parse().unwrap(), word().parse().unwrap());
        let machine = Self { interpreter: word().into(), python };
        output(Command::new("uv").arg("--version"), "needs uv: pip install uv");
        output(machine.pip().arg("--version"), "needs pip: python3 -m ensurepip");
        machine
    }

    /// Such as `python3.11`.
    pub(crate) fn python_name(&self) -> String {
        format!("python{}.{}", self.python.0, self.python.1)
    }

    /// Downloads wheels from wherever the machine's pip is told to look.
    pub(crate) fn download(&self, requirements: impl Iterator<Item = String>, folder: &Path) {
        let mut pip = self.pip();
        pip.args(["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest"]);
        output(pip.arg(folder).args(requirements), "needs the wheels of tests/wheels.txt from an index");
    }

    /// Makes a virtual environment.
    pub(crate) fn environment(&self, at: &Path, cache: &Path) {
        let mut uv = uv("venv");
        uv.arg("--cache-dir").arg(cache).arg("--python").arg(&self.interpreter).arg(at);
        output(&mut uv, "cannot make an environment");
    }

    /// Installs one wheel out of `wheels` as if it came from an index: so there is no `direct_url.json`.
    pub(crate) fn install(requirement: &str, wheels: &Path, cache: &Path, environment: &Path) {
        let mut uv = uv("pip");
        uv.args(["install", "--no-deps", "--no-index", "--link-mode", "copy", "--find-links"]);
        uv.arg(wheels).arg("--cache-dir").arg(cache).arg("--python").arg(environment);
        output(uv.arg(requirement), "cannot install");
    }

    fn pip(&self) -> Command {
        let mut pip = Command::new(&self.interpreter);
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    }
}

/// uv with its defaults, whatever the user has set.
fn uv(command: &str) -> Command {
    let mut uv = Command::new("uv");
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_uvs(name)) {
        uv.env_remove(name);
    }
    uv.args([command, "--quiet", "--no-config", "--offline"]);
    uv
}

fn is_uvs(variable: &OsStr) -> bool {
    variable.to_string_lossy().starts_with("UV_")
}

/// What a command printed; if it fails, the test fails with what was needed of it.
fn output(command: &mut Command, need: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{need} ({error})"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{need}: {command:?} ended with {}\n{said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

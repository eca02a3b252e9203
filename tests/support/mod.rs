//! What the end-to-end tests share: [`Envwright`] runs the real binary in a home and a folder of its own,
//! [`Ran`] is what came of it, and `assert_snapshot!` compares that with `tests/snapshots`.

#![allow(dead_code, unused_macros, unused_imports, reason = "each test program uses its own part of this")]

pub(crate) mod authority;
pub(crate) mod base;
pub(crate) mod channel;
pub(crate) mod credentials;
pub(crate) mod debian;
pub(crate) mod index;
pub(crate) mod machine;
pub(crate) mod redaction;
pub(crate) mod registry;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod stores;
pub(crate) mod strace;
pub(crate) mod tls;
pub(crate) mod tokens;
pub(crate) mod tree;
pub(crate) mod tunnel;
pub(crate) mod wheel;
pub(crate) mod whole;

use serde_json::Value;
use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Variables that change what a run does; a test that needs one sets it.
const PREFIXES: [&str; 3] = ["PIP_", "UV_", "ENVWRIGHT_"];
/// The same, by their whole names, compared without case.
const NAMES: [&str; 13] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "NETRC",
    "RATTLER_AUTH_FILE",
    "NO_COLOR",
    "DOCKER_HOST",
    "CONTAINER_HOST",
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
    "XDG_RUNTIME_DIR",
    "SOURCE_DATE_EPOCH",
];

/// Runs of the binary with an empty home, in a folder that holds the definition.
pub(crate) struct Envwright {
    root: TempDir,
    /// The machine's own settings of the network and of indexes stay as they are.
    settings_of_machine: bool,
    variables: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
}

impl Envwright {
    /// Sees none of this machine's settings: no proxy, no index, no credentials.
    pub(crate) fn new() -> Self {
        Self::below(Path::new("/tmp"))
    }

    /// The same in another place than `/tmp`.
    pub(crate) fn below(place: &Path) -> Self {
        // Always of one length: lines are broken by the length of the paths in them.
        let root = tempfile::Builder::new().prefix("envwright-test-").tempdir_in(place).unwrap();
        for folder in ["home", "definition", "user"] {
            fs_err::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root, settings_of_machine: false, variables: Vec::new(), unset: Vec::new() }
    }

    /// Uses the network, the indexes and the mirrors as this machine is set up to use them.
    pub(crate) fn with_settings_of_machine() -> Self {
        Self { settings_of_machine: true, ..Self::new() }
    }

    /// The folder that the binary runs in.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("definition")
    }

    /// Its home.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Writes a file of the definition's folder, with the folders above it.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.folder().join(path), content.as_ref());
        self
    }

    /// Writes the home's `config.toml`.
    pub(crate) fn config(self, text: &str) -> Self {
        write(&self.home().join("config.toml"), text.as_bytes());
        self
    }

    /// A definition on a base of these files, with this `requirements.txt`; see [`base`].
    pub(crate) fn on_base(self, files: &[(&str, &str)], requirements: &str) -> Self {
        base::write_base(&self.folder().join("base"), files);
        self.file("environment.yml", "name: app\nimage: oci:base\nrequirements: requirements.txt\n")
            .file("requirements.txt", requirements)
    }

    /// Asks this package index.
    pub(crate) fn index(self, url: &str) -> Self {
        self.variable("PIP_INDEX_URL", url)
    }

    /// Sets a variable.
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Takes a variable away.
    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.unset.push(name.into());
        self
    }

    /// The command as the binary is run with; for what [`Envwright::run`] has no words for.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_envwright"));
        command.current_dir(self.folder()).env("ENVWRIGHT_HOME", self.home());
        if !self.settings_of_machine {
            for (name, _) in std::env::vars_os().filter(|(name, _)| decides(name)) {
                command.env_remove(name);
            }
            command.env("HOME", self.root.path().join("user")).env("ENVWRIGHT_HOME", self.home());
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        for name in &self.unset {
            command.env_remove(name);
        }
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    /// The same, with text on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command();
        command.args(arguments);
        self.run_command(command, input)
    }

    /// Runs a command made from [`Envwright::command`] to its end.
    pub(crate) fn run_command(&self, mut command: Command, input: &str) -> Ran {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Whoever does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            root: self.root.path().to_owned(),
        }
    }
}

fn decides(name: &OsStr) -> bool {
    let Some(name) = name.to_str().map(str::to_ascii_uppercase) else { return false };
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name.as_str())
}

/// Writes a file, with the folders above it.
pub(crate) fn write(path: &Path, content: &[u8]) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, content).unwrap();
}

/// A program of this machine that a test needs, and the Debian package that has it.
pub(crate) fn tool(name: &str, package: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    assert!(there, "this test needs `{name}`: apt-get install {package}");
    Command::new(name)
}

/// A run that has ended. Its text form is exit code, standard output and standard error.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    root: PathBuf,
}

impl Ran {
    /// It must have succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// Standard output, read as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Settings for a snapshot of this.
    pub(crate) fn settings(&self) -> insta::Settings {
        redaction::settings(&self.root)
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(formatter, "exit code: {code}")?,
            None => writeln!(formatter, "ended by a signal")?,
        }
        write!(formatter, "----- stdout -----\n{}\n----- stderr -----\n{}", self.stdout, self.stderr)
    }
}

/// Compares a [`Ran`] with the snapshot of this test, without what differs between runs.
macro_rules! assert_snapshot {
    ($ran:expr) => {{
        let ran: &crate::support::Ran = &$ran;
        ran.settings().bind(|| insta::assert_snapshot!(ran.to_string()));
    }};
}
pub(crate) use assert_snapshot;

//! What these tests ask of the machine, and how other programs are run.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The path of a program. Its absence fails the test with how to get it.
#[track_caller]
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps daemons where a user's `PATH` may not look.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is not installed; `cargo xtask test` says how to get it"))
}

/// A command of a program that must be there.
#[track_caller]
pub(crate) fn command(name: &str) -> Command {
    Command::new(program(name))
}

/// The runtime that is at home on this machine.
#[track_caller]
pub(crate) fn runtime() -> PathBuf {
    program("runc")
}

/// Runs to the end and gives standard output; a failure shows all that was said.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    // Some are called with a whole script.
    let shown: String = format!("{command:?}").chars().take(500).collect();
    assert!(status.success(), "{shown} ended with {status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

/// A folder for an engine's storage, on the file system of the target folder: an engine may not be able to stack file
/// systems where temporary files are.
pub(crate) struct Storage(tempfile::TempDir);

impl Storage {
    pub(crate) fn new(engine: &str) -> Self {
        let prefix = format!("{engine}-");
        Self(tempfile::Builder::new().prefix(&prefix).tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Storage {
    /// What an engine left mounted goes first, the last first.
    fn drop(&mut self) {
        let mounts = fs_err::read_to_string("/proc/self/mounts").unwrap_or_default();
        let targets = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        let below: Vec<&str> = targets.filter(|target| Path::new(target).starts_with(self.path())).collect();
        for target in below.into_iter().rev() {
            // The folder's removal fails where this does.
            let _ = Command::new("umount").arg(target).output();
        }
    }
}

/// The machine's files of apt sources that name the suite; mmdebstrap knows Debian's own where there is none.
pub(crate) fn sources(suite: &str) -> Vec<PathBuf> {
    let more = fs_err::read_dir("/etc/apt/sources.list.d").into_iter().flatten();
    let mut paths: Vec<PathBuf> = more.map(|entry| entry.unwrap().path()).collect();
    paths.push("/etc/apt/sources.list".into());
    paths.sort();
    let names = |path: &PathBuf| {
        let text = fs_err::read_to_string(path).unwrap_or_default();
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .any(|line| line.split_whitespace().any(|word| word == suite))
    };
    paths.into_iter().filter(names).collect()
}

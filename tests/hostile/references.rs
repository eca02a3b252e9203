//! What other readers do with the same archives, run for real.

use super::tried::Case;
use crate::support::{machine, tool};
use std::{
    collections::BTreeMap,
    os::unix::fs::{MetadataExt as _, PermissionsExt},
    path::Path,
    process::{Command, Stdio},
};

/// Whether a reader takes an archive, by the archive's name.
pub(crate) type Takes = BTreeMap<String, bool>;

/// Writes the archives to a folder that everybody may read.
pub(crate) fn folder<'a>(cases: impl Iterator<Item = (&'a Case, Vec<u8>)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    for (case, bytes) in cases {
        fs_err::write(folder.path().join(case.name), bytes).unwrap();
    }
    folder
}

/// Python's `tarfile` with its data filter, or `zipfile`.
pub(crate) fn python(kind: &str, folder: &Path) -> Takes {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/hostile/references.py");
    let said = machine::output(machine::command("python3").args([script, kind]).arg(folder));
    let verdicts: BTreeMap<String, String> = serde_json::from_str(&said).unwrap();
    verdicts.into_iter().map(|(name, verdict)| (name, verdict == "taken")).collect()
}

/// `tar --extract`.
pub(crate) fn gnu_tar(folder: &Path) -> Takes {
    each(folder, |archive, into| {
        let mut command = tool("tar", "tar");
        command.arg("--extract").arg("--file").arg(archive).arg("--directory").arg(into);
        command
    })
}

/// `dpkg-deb --raw-extract`, which unpacks the control archive, too.
pub(crate) fn dpkg_deb(folder: &Path) -> Takes {
    each(folder, |archive, into| {
        let mut command = tool("dpkg-deb", "dpkg");
        command.arg("--raw-extract").arg(archive).arg(into);
        command
    })
}

fn each(folder: &Path, command: impl Fn(&Path, &Path) -> Command) -> Takes {
    let verdict = |entry: std::io::Result<fs_err::DirEntry>| {
        let path = entry.unwrap().path();
        let into = tempfile::tempdir().unwrap();
        let inner = into.path().join("a/b/c/d");
        fs_err::create_dir_all(&inner).unwrap();
        let mut above = inner.as_path();
        while above.starts_with(into.path()) {
            fs_err::set_permissions(above, PermissionsExt::from_mode(0o777)).unwrap();
            above = above.parent().unwrap();
        }
        let given = command(&path, &inner);
        let mut command = as_nobody();
        command.arg(given.get_program()).args(given.get_args());
        // What it says is in the language of the machine.
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, status.success())
    };
    fs_err::read_dir(folder).unwrap().map(verdict).collect()
}

/// Without rights, bounded in time and in what it writes: whoever runs the tests gets the same verdicts.
fn as_nobody() -> Command {
    let mut command = tool("timeout", "coreutils");
    command.args(["--signal=KILL", "30", "prlimit", "--fsize=67108864"]);
    if fs_err::metadata("/proc/self").unwrap().uid() == 0 {
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command
}

//! What surrounds a build, and must not show in its image.

use super::{REQUIREMENTS, digest};
use crate::support::{
    Envwright,
    machine::{command, output},
    write,
};
use std::{
    collections::BTreeSet,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// One way to build.
struct Surroundings {
    home: &'static str,
    user: User,
    umask: &'static str,
    time_zone: &'static str,
    locale: &'static str,
    threads: &'static str,
    folder: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum User {
    Root,
    Nobody,
}

/// The home, user, umask, time zone, locale, number of threads, and the folder of the definition.
#[rustfmt::skip]
const ALL: [Surroundings; 10] = [
    with("one", User::Root,   "022", "UTC",                "C",           "1", "a"),
    with("one", User::Root,   "077", "Asia/Kathmandu",     "C.UTF-8",     "2", "a"),
    with("two", User::Nobody, "022", "America/St_Johns",   "tr_TR.UTF-8", "1", "a"),
    with("two", User::Nobody, "077", "UTC",                "C",           "2", "deep/er/b"),
    with("one", User::Root,   "002", "Pacific/Kiritimati", "de_DE.UTF-8", "2", "deep/er/b"),
    with("two", User::Nobody, "002", "Asia/Kathmandu",     "C.UTF-8",     "2", "a"),
    with("one", User::Root,   "022", "America/St_Johns",   "ja_JP.eucJP", "1", "c d"),
    with("two", User::Nobody, "027", "Pacific/Kiritimati", "de_DE.UTF-8", "1", "c d"),
    with("one", User::Root,   "027", "UTC",                "tr_TR.UTF-8", "2", "c d"),
    with("two", User::Nobody, "077", "America/St_Johns",   "ja_JP.eucJP", "2", "deep/er/b"),
];

const fn with(
    home: &'static str,
    user: User,
    umask: &'static str,
    time_zone: &'static str,
    locale: &'static str,
    threads: &'static str,
    folder: &'static str,
) -> Surroundings {
    Surroundings { home, user, umask, time_zone, locale, threads, folder }
}

/// Where all of them build: homes, definitions with one lock, and the binary, where every user may read it.
struct Place(TempDir);

impl Place {
    #[track_caller]
    fn new() -> Self {
        let locked = Envwright::with_settings_of_machine()
            .file("requirements.txt", REQUIREMENTS)
            .file("environment.yml", DEFINITION)
            .file("main.py", "print('built')\n");
        locked.run(&["lock"]).succeeded();
        let root = tempfile::tempdir().unwrap();
        open(root.path());
        fs_err::copy(env!("CARGO_BIN_EXE_envwright"), root.path().join("envwright")).unwrap();
        for folder in ALL.map(|each| each.folder) {
            for file in fs_err::read_dir(locked.folder()).unwrap() {
                let from = file.unwrap().path();
                let to = root.path().join(folder).join(from.file_name().unwrap());
                write(&to, &fs_err::read(from).unwrap());
            }
        }
        fs_err::create_dir(root.path().join("one")).unwrap();
        fs_err::create_dir(root.path().join("two")).unwrap();
        output(command("chown").args(["65534:65534"]).arg(root.path().join("two")));
        Self(root)
    }

    /// Builds everything but downloads anew, and gives the digest.
    #[track_caller]
    fn build(&self, each: &Surroundings, compression: &str) -> String {
        let home = self.0.path().join(each.home);
        for made in ["segments", "images", "builds", "solves"].map(|name| home.join(name)) {
            assert!(!made.exists() || fs_err::remove_dir_all(&made).is_ok(), "{}", made.display());
        }
        let mut command = self.command(each, &home);
        command.args([
            "build",
            "--json",
            "--locked",
            "--platform",
            "linux/amd64",
            "--compression",
            compression,
        ]);
        digest(&output(command.args(["--jobs", each.threads])))
    }

    fn command(&self, each: &Surroundings, home: &Path) -> Command {
        let mut command = command("setpriv");
        if each.user == User::Nobody {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        command.args(["sh", "-c", "umask $0 && exec \"$@\"", each.umask]).arg(self.binary());
        command.current_dir(self.0.path().join(each.folder)).env("ENVWRIGHT_HOME", home).env("HOME", home);
        command.env("TZ", each.time_zone).env("LC_ALL", each.locale).env_remove("SOURCE_DATE_EPOCH");
        command
    }

    fn binary(&self) -> PathBuf {
        self.0.path().join("envwright")
    }
}

/// Text and files of the user's besides the packages, whose mode and time are the file system's own.
const DEFINITION: &str = "name: same\nrequirements: requirements.txt\nenv: {B: b, A: a}\nuser: '1000'\n\
                          files: [{from: main.py, to: /srv/main.py}]\n";

fn open(folder: &Path) {
    fs_err::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn ten_builds_in_other_surroundings_are_one_image() {
    let place = Place::new();
    let digests: Vec<String> = ALL.iter().map(|each| place.build(each, "zstd")).collect();
    assert_eq!(BTreeSet::from_iter(&digests).len(), 1, "{digests:#?}");
}

#[test]
fn gzip_layers_are_the_same_too() {
    let place = Place::new();
    let digests: Vec<String> = ALL[..4].iter().map(|each| place.build(each, "gzip")).collect();
    assert_eq!(BTreeSet::from_iter(&digests).len(), 1, "{digests:#?}");
}

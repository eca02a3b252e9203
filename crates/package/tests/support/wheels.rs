//! The list of wheels, and their files.

use super::machine::Machine;
use fs_err as fs;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// A wheel of the list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pin {
    name: String,
    version: String,
}

impl Pin {
    /// `name==version`, then words on why the wheel is there.
    fn read(line: &str) -> Self {
        let requirement = line.split_whitespace().next().unwrap();
        let (name, version) = requirement.split_once("==").expect("a line of the list is `name==version`");
        Self { name: name.to_owned(), version: version.to_owned() }
    }

    pub(crate) fn requirement(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }

    /// Whether `SQLAlchemy-2.0.30-cp311-….whl` is its wheel.
    fn is_of(&self, filename: &str) -> bool {
        let mut parts = filename.split('-');
        parts.next().is_some_and(|name| normalised(name) == normalised(&self.name))
            && parts.next() == Some(&self.version)
    }

    /// Its wheel among the files of `folder`.
    pub(crate) fn wheel(&self, folder: &Path) -> Option<PathBuf> {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.into_iter().find(|file| self.is_of(&file.file_name().unwrap().to_string_lossy()))
    }
}

fn normalised(name: &str) -> String {
    name.replace(['_', '.'], "-").to_lowercase()
}

/// The list.
pub(crate) fn pins() -> BTreeSet<Pin> {
    let lines = include_str!("../wheels.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Pin::read).collect()
}

/// The folder of all wheels. It stays between runs, as each file of an index stays the same for ever; one
/// folder for each Python, as pip chooses by it.
pub(crate) fn downloaded(machine: &Machine, pins: &BTreeSet<Pin>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("wheels-{}", machine.python_name()));
    fs::create_dir_all(&folder).unwrap();
    let missing: Vec<&Pin> = pins.iter().filter(|pin| pin.wheel(&folder).is_none()).collect();
    for round in rounds(&missing) {
        download(machine, &round, &folder);
    }
    folder
}

/// Pins in groups without two versions of a name, which one call of pip does not take.
fn rounds<'p>(pins: &[&'p Pin]) -> Vec<Vec<&'p Pin>> {
    let mut rounds: Vec<Vec<&Pin>> = Vec::new();
    for pin in pins {
        let free = rounds.iter().position(|round| round.iter().all(|other| other.name != pin.name));
        match free {
            Some(round) => rounds[round].push(pin),
            None => rounds.push(vec![pin]),
        }
    }
    rounds
}

/// Files come into the folder by renaming only, so that a run which is ended leaves no half of a wheel.
fn download(machine: &Machine, pins: &[&Pin], folder: &Path) {
    let incoming = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    machine.download(pins.iter().map(|pin| pin.requirement()), incoming.path());
    for entry in fs::read_dir(incoming.path()).unwrap() {
        let entry = entry.unwrap();
        fs::rename(entry.path(), folder.join(entry.file_name())).unwrap();
    }
}

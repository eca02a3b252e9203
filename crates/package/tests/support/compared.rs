//! Each wheel of the list, installed by uv and packed by us, and what differs.

use super::{
    difference::{Difference, row_differences, tree_differences},
    machine::Machine,
    record,
    tree::{self, Entry, Tree},
    wheels::{self, Pin},
};
use envwright_store::Digest;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Mutex,
};

/// What was compared of one wheel.
#[derive(Debug)]
pub(crate) struct Compared {
    /// File name of the wheel.
    pub(crate) wheel: String,
    /// Names of all members of its archive.
    pub(crate) members: Vec<String>,
    pub(crate) differences: Vec<Difference>,
    /// Paths for which our RECORD says other than what the segment holds.
    pub(crate) misrecorded: Vec<String>,
}

/// All wheels of the list, downloaded, installed and compared.
pub(crate) fn all() -> Vec<Compared> {
    Workshop::open().compare_all()
}

/// What all comparisons share.
struct Workshop {
    machine: Machine,
    /// The folder of wheels.
    wheels: PathBuf,
    /// Environments and uv's cache, gone at the end.
    scratch: tempfile::TempDir,
    /// An environment in which nothing is installed.
    bare: Tree,
}

impl Workshop {
    fn open() -> Self {
        let machine = Machine::look();
        let wheels = wheels::downloaded(&machine, &wheels::pins());
        let scratch = tempfile::tempdir().unwrap();
        let environment = scratch.path().join("bare");
        machine.environment(&environment, &scratch.path().join("cache"));
        let bare = Tree::on_disk(&environment, &Tree::default());
        Self { machine, wheels, scratch, bare }
    }

    fn compare_all(&self) -> Vec<Compared> {
        let waiting = Mutex::new(wheels::pins().into_iter());
        let compared = Mutex::new(Vec::new());
        let next = || waiting.lock().unwrap().next();
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().unwrap().get() {
                scope.spawn(|| {
                    while let Some(pin) = next() {
                        let one = self.compare(&pin);
                        compared.lock().unwrap().push(one);
                    }
                });
            }
        });
        compared.into_inner().unwrap()
    }

    fn compare(&self, pin: &Pin) -> Compared {
        let wheel = pin.wheel(&self.wheels).expect("all wheels were downloaded");
        let uv = self.installed(&pin.requirement());
        let (ours, index) = Tree::packed(&wheel, self.machine.python, &self.bare);
        let site = format!("lib/{}/site-packages", self.machine.python_name());
        let members = members(&wheel);
        let mut differences = tree_differences(&uv, &ours);
        let (uv_rows, our_rows) = (rows(&uv, &site), rows(&ours, &site));
        differences.extend(row_differences(&uv_rows, &our_rows, &site, &differences));
        Compared {
            wheel: wheel.file_name().unwrap().to_string_lossy().into_owned(),
            members,
            differences,
            misrecorded: misrecorded(&our_rows, &site, &tree::digests(&index)),
        }
    }

    /// What uv adds to an empty environment.
    fn installed(&self, requirement: &str) -> Tree {
        let environment = tempfile::tempdir_in(&self.scratch).unwrap();
        let cache = self.scratch.path().join("cache");
        self.machine.environment(environment.path(), &cache);
        Machine::install(requirement, &self.wheels, &cache, environment.path());
        Tree::on_disk(environment.path(), &self.bare)
    }
}

fn members(wheel: &Path) -> Vec<String> {
    let archive = zip::ZipArchive::new(fs_err::File::open(wheel).unwrap()).unwrap();
    archive.file_names().map(|name| name.unwrap().into_owned()).collect()
}

/// The rows of the RECORD of the only distribution in the tree.
fn rows(tree: &Tree, site: &str) -> BTreeMap<String, String> {
    let mut records = tree.entries.iter().filter(|(path, _)| is_record(path, site));
    let (Some((_, Entry::File { bytes, .. })), None) = (records.next(), records.next()) else {
        panic!("one RECORD is there");
    };
    record::rows(std::str::from_utf8(bytes).unwrap())
}

/// `<site>/<name>-<version>.dist-info/RECORD`; packages may bundle others deeper down.
fn is_record(path: &str, site: &str) -> bool {
    let folder = path.strip_prefix(site).and_then(|path| path.strip_suffix(".dist-info/RECORD"));
    folder.is_some_and(|folder| folder.rfind('/') == Some(0))
}

/// Files without their row, rows without their file, rows that say other than what is there.
fn misrecorded(
    rows: &BTreeMap<String, String>,
    site: &str,
    files: &BTreeMap<String, (Digest, u64)>,
) -> Vec<String> {
    let said = rows.iter().map(|(path, rest)| (record::resolved(site, path), rest.clone())).collect();
    let held: BTreeSet<(String, String)> = files
        .iter()
        .map(|(path, (digest, size))| {
            let own = is_record(path, site);
            (path.clone(), if own { ",".to_owned() } else { record::rest(digest, *size) })
        })
        .collect();
    held.symmetric_difference(&said).map(|(path, _)| path.clone()).collect()
}

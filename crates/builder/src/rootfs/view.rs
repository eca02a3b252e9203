//! The packages as one tree, over that of the base that they are added to.

use super::{Package, RootfsError, installed::Installed};
use envwright_package::{OwnFile, Rewrites};
use envwright_store::EntryKind;
use envwright_target::{Files, resolve};
use std::{collections::BTreeMap, ops::Bound};

/// Packages in byte order of their names, and where every file is.
pub(super) struct View<'a> {
    pub(super) packages: Vec<Package<'a>>,
    pub(super) epoch: u64,
    suite: &'a str,
    contents: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    entries: BTreeMap<&'a str, &'a EntryKind>,
    rewrites: Rewrites,
    /// What was there before; nothing under a base that is made of the packages.
    pub(super) base: Option<Installed<'a>>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        packages: &[Package<'a>],
        contents: &'a dyn Fn(&str) -> Option<Vec<u8>>,
        suite: &'a str,
        epoch: u64,
        (base, rewrites): (Option<&'a dyn Files>, &Rewrites),
    ) -> Self {
        let mut packages = packages.to_vec();
        packages.sort_by(|a, b| (a.name, a.architecture).cmp(&(b.name, b.architecture)));
        let all = packages.iter().flat_map(|package| &package.index.entries);
        let entries = all.map(|entry| (entry.path.as_str(), &entry.kind)).collect();
        let base = base.map(Installed::read);
        Self { packages, epoch, suite, contents, entries, rewrites: rewrites.clone(), base }
    }

    /// The path in the image, without a leading `/`, of a path that a script names.
    pub(super) fn place(&self, path: &str) -> String {
        self.rewrites.apply(path.trim_start_matches('/'))
    }

    /// The base's top-level links and where they lead.
    pub(super) fn links(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rewrites.iter()
    }

    /// Whether a package brings this file or link, or the base has it.
    pub(super) fn has(&self, path: &str) -> bool {
        let place = self.place(path);
        self.entries.contains_key(place.as_str()) || self.in_base(&place).is_some()
    }

    /// Whether a package brings exactly this.
    pub(super) fn brings(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Where a path ends up in the base, through its links.
    fn in_base(&self, path: &str) -> Option<String> {
        let base = self.base.as_ref()?;
        resolve(base.files, path).filter(|place| base.files.entry(place).is_some())
    }

    /// The paths of all files and links below a folder (given with its `/` at the end), in byte order.
    pub(super) fn below<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = &'a str> + 's {
        let from = (Bound::Included(folder), Bound::Unbounded);
        self.entries
            .range::<str, _>(from)
            .map(|(path, _)| *path)
            .take_while(move |path| path.starts_with(folder))
    }

    /// Whether any package brings something below a folder, or the folder itself.
    pub(super) fn has_folder(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        self.below(&inside).next().is_some()
            || self
                .packages
                .iter()
                .any(|package| package.index.directories.iter().any(|dir| dir.path == folder))
    }

    /// Whether a package is installed for the first time.
    pub(super) fn installed(&self, name: &str) -> bool {
        let before = self.base.as_ref().is_some_and(|base| base.has(name));
        !before && self.packages.iter().any(|package| package.name == name)
    }

    /// The bytes of a file.
    pub(super) fn read(&self, path: &str) -> Option<Vec<u8>> {
        let place = self.place(path);
        (self.contents)(&place).or_else(|| self.base.as_ref()?.files.read(&self.in_base(&place)?))
    }

    /// The text of a file that a package must have.
    pub(super) fn text(&self, package: &str, path: &str) -> Result<String, RootfsError> {
        let missing = || RootfsError::Missing {
            package: package.to_owned(),
            path: path.to_owned(),
            suite: self.suite.to_owned(),
        };
        self.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).ok_or_else(missing)
    }

    /// A regular file of the environment layer.
    pub(super) fn file(&self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> OwnFile {
        OwnFile::file(path, bytes, self.epoch)
    }

    /// A symbolic link of the environment layer.
    pub(super) fn link(&self, path: impl Into<String>, target: impl Into<String>) -> OwnFile {
        OwnFile::symlink(path, target, self.epoch)
    }

    /// A directory of the environment layer.
    pub(super) fn directory(&self, path: impl Into<String>) -> OwnFile {
        OwnFile::directory(path, self.epoch)
    }
}

impl Package<'_> {
    /// A text of the control archive, such as `postinst`; empty where there is none.
    pub(super) fn control(&self, name: &str) -> &str {
        self.index.metadata.get(name).map_or("", String::as_str)
    }
}

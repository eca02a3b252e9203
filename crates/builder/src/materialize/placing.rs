//! Files of several packages in one folder.

use super::Prefix;
use crate::{
    BuildError, assemble,
    context::Context,
    distributions::{self, Described},
    event::Step,
};
use envwright_diagnosis::Finding;
use envwright_image::Kind;
use envwright_lock::PlatformLock;
use envwright_package::{Links, Tree, TreeFile};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The files of one package.
pub(crate) struct Owned {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) tree: Tree,
}

/// Which package's file lies at each path.
pub(crate) struct Placing {
    packages: Vec<Owned>,
    /// Positions of packages by path below the root.
    winners: BTreeMap<String, usize>,
    /// Pairs of packages that have different files at one place, the winner second: the first place, and how many.
    clashes: BTreeMap<(usize, usize), (String, usize)>,
}

impl Placing {
    /// As in an image: of two packages with a file at one place, the later one's is there; where a wheel takes the place
    /// of what conda brought, that goes as it would by pip.
    pub(crate) fn of(packages: Vec<Owned>, lock: &PlatformLock, place: &str) -> Result<Self, BuildError> {
        let mut placing = Self { packages, winners: BTreeMap::new(), clashes: BTreeMap::new() };
        let (gone, covered) = placing.uninstalled(lock, place)?;
        for (at, package) in placing.packages.iter().enumerate() {
            for path in package.tree.files.keys() {
                let Some(loser) = placing.winners.insert(path.clone(), at) else { continue };
                let is_meant = covered.contains(&package.name);
                if !is_meant && differs(&placing.packages[loser].tree, &package.tree, path) {
                    let clash = placing.clashes.entry((loser, at));
                    clash.or_insert_with(|| (path.clone(), 0)).1 += 1;
                }
            }
        }
        for path in gone {
            placing.winners.remove(&path);
        }
        Ok(placing)
    }

    /// The files of conda's that pip would remove before it installs others, and the wheels for which it would.
    fn uninstalled(
        &self,
        lock: &PlatformLock,
        place: &str,
    ) -> Result<(Vec<String>, BTreeSet<String>), BuildError> {
        let (mut gone, mut covered) = (Vec::new(), BTreeSet::new());
        let there = distributions::all(&self.described());
        for (there, wheel) in distributions::covered(&there, lock) {
            let of = |kind: Kind, name: &str| {
                self.packages.iter().find(|owned| owned.kind == kind && owned.name == name)
            };
            let (Some(package), Some(other)) = (of(Kind::Conda, &there.package), of(Kind::Pypi, wheel))
            else {
                continue;
            };
            let record = package.tree.files.get(&format!("{place}/{}/RECORD", there.place));
            let record = record.map(TreeFile::bytes).transpose()?.unwrap_or_default();
            let paths = |owned: &Owned| -> BTreeSet<String> { owned.tree.files.keys().cloned().collect() };
            gone.extend(there.uninstalled(place, &record, &paths(package), &paths(other)));
            covered.insert(wheel.to_owned());
        }
        Ok((gone, covered))
    }

    /// What is kept of the files of conda's packages.
    pub(crate) fn described(&self) -> Vec<Described<'_>> {
        let of_conda = self.packages.iter().filter(|owned| owned.kind == Kind::Conda);
        of_conda.map(|owned| Described { package: &owned.name, metadata: &owned.tree.metadata }).collect()
    }

    /// The packages with different files at one place.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let name = |at: usize| self.packages[at].name.as_str();
        let finding = |((loser, winner), (path, paths)): (&(usize, usize), &(String, usize))| {
            assemble::file_clash(path, *paths, name(*loser), name(*winner))
        };
        self.clashes.iter().map(finding).collect()
    }

    /// How many files and links there will be.
    pub(crate) fn len(&self) -> usize {
        self.winners.len()
    }

    /// Writes all into the folder that becomes the environment.
    pub(crate) async fn write(self, context: &Context<'_>, prefix: &Prefix) -> Result<Links, BuildError> {
        self.check()?;
        context.record.event(Step::Output, "placing", &[("files", self.len().into())]);
        for folder in self.folders() {
            if let Some(place) = prefix.staged(folder) {
                fs_err::create_dir_all(place)?;
            }
        }
        let mut files = Vec::new();
        for (path, at) in &self.winners {
            // A package's files are in the environment; where it says otherwise it was refused when it was read.
            if let Some(place) = prefix.staged(path) {
                files.push((path.clone(), *at, place));
            }
        }
        let (shared, links) = (Arc::new(self), Arc::new(Links::default()));
        let size = files.len().div_ceil(context.request.threads()).max(1);
        let mut writing = Vec::new();
        while !files.is_empty() {
            let part = files.split_off(files.len().saturating_sub(size));
            let (shared, links, stop) = (Arc::clone(&shared), Arc::clone(&links), context.stop.clone());
            writing.push(context.on_thread(move || {
                for (path, at, place) in part {
                    if stop.is_asked() {
                        return Err(BuildError::Interrupted);
                    }
                    if let Some(file) = shared.packages[at].tree.files.get(&path) {
                        file.place(&place, &links)?;
                    }
                }
                Ok(())
            }));
        }
        futures::future::try_join_all(writing).await?;
        Arc::into_inner(links).ok_or_else(|| BuildError::Internal("files are still being placed".to_owned()))
    }

    /// All folders.
    fn folders(&self) -> BTreeSet<&str> {
        let own = self.packages.iter().flat_map(|package| &package.tree.directories).map(String::as_str);
        let of_files = self.winners.keys().filter_map(|path| Some(path.rsplit_once('/')?.0));
        own.chain(of_files).collect()
    }

    /// Nothing is written through a link, or below a file.
    fn check(&self) -> Result<(), BuildError> {
        let above = |folder: &&str| {
            let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
            ends.map(|end| folder[..end].to_owned()).find(|path| self.winners.contains_key(path))
        };
        let Some(path) = self.folders().iter().find_map(above) else { return Ok(()) };
        let owner = &self.packages[self.winners[&path]].name;
        let finding = Finding::new("file-clash").fact("path", path).fact("package", owner);
        let detail = format!("{owner} has a file where another package has a folder.");
        Err(BuildError::Refused { findings: vec![finding.detail(detail)] })
    }
}

fn differs(one: &Tree, other: &Tree, path: &str) -> bool {
    let bytes = |tree: &Tree| tree.files.get(path).and_then(|file| file.bytes().ok());
    let is_link = |tree: &Tree| tree.files.get(path).is_some_and(TreeFile::is_symlink);
    is_link(one) || is_link(other) || bytes(one) != bytes(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Explain as _;
    use envwright_lock::BaseLock;
    use envwright_package::OwnFile;

    fn placing(packages: &[(&str, Vec<OwnFile>)]) -> Placing {
        let owned = packages.iter().map(|(name, files)| Owned {
            kind: Kind::Conda,
            name: (*name).to_owned(),
            tree: Tree::of(files.clone()),
        });
        let lock = PlatformLock::of_base(BaseLock {
            name: "scratch".to_owned(),
            digest: None,
            releases: BTreeMap::new(),
            apt: Vec::new(),
        });
        Placing::of(owned.collect(), &lock, "srv/env").unwrap()
    }

    #[test]
    fn nothing_is_written_through_the_link_of_another_package() {
        let link = OwnFile::symlink("srv/env/lib", "/etc", 0);
        for through in [
            OwnFile::file("srv/env/lib/passwd", "x", 0),
            OwnFile::directory("srv/env/lib", 0),
            OwnFile::directory("srv/env/lib/a/b", 0),
        ] {
            let error = placing(&[("a", vec![link.clone()]), ("b", vec![through])]).check().unwrap_err();
            let findings = error.findings();
            assert_eq!(findings[0].facts.get("package"), Some("a"), "{findings:?}");
        }
    }

    #[test]
    fn the_later_of_two_packages_has_the_place_and_other_bytes_are_told() {
        let file = |text: &str| vec![OwnFile::file("srv/env/x", text, 0)];
        let same = placing(&[("a", file("1")), ("b", file("1"))]);
        assert!(same.findings().is_empty() && same.len() == 1 && same.winners["srv/env/x"] == 1);
        let findings = placing(&[("a", file("1")), ("b", file("2"))]).findings();
        let fact = |name: &str| findings[0].facts.get(name).unwrap().to_owned();
        assert_eq!((fact("package"), fact("other")), ("a".to_owned(), "b".to_owned()));
    }
}

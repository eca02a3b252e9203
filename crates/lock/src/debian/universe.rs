//! Every package that the lists have, found by name and by what it provides.

use super::{
    DebianError,
    control::{Stanza, Stanzas},
    lists::{List, Lists},
    relation::{Atom, Operator, groups},
};
use debversion::Version;
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use envwright_target::Platform;
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, BufRead, BufReader},
};

/// A package as its list describes it; relationships as they are written.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: Version,
    pub(super) architecture: String,
    pub(super) essential: bool,
    priority: Priority,
    /// `Pre-Depends`, then `Depends`.
    pub(super) depends: [String; 2],
    /// `Conflicts`, then `Breaks`.
    pub(super) conflicts: [String; 2],
    provides: String,
    /// Where it is to be had; none for one that is installed.
    pub(super) file: Option<Archived>,
}

/// A .deb as a list describes it.
#[derive(Debug)]
pub(super) struct Archived {
    /// Which list.
    pub(super) list: usize,
    /// Path below the list's archive.
    pub(super) path: String,
    /// Bytes.
    pub(super) size: u64,
    pub(super) sha256: Digest,
}

/// How much a usual system wants a package, most first (Debian policy, section 2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    Required,
    Important,
    Standard,
    Optional,
}

impl Priority {
    /// `extra` is an old name of `optional`.
    fn parse(text: &str) -> Self {
        match text {
            "required" => Self::Required,
            "important" => Self::Important,
            "standard" => Self::Standard,
            _ => Self::Optional,
        }
    }
}

/// All packages.
#[derive(Debug)]
pub(super) struct Universe {
    pub(super) packages: Vec<Package>,
    /// By name, best version first.
    by_name: HashMap<String, Vec<usize>>,
    /// By the name that is provided, with the version that is.
    providers: HashMap<String, Vec<(usize, Option<Version>)>>,
    /// Addresses of the archives, by list.
    pub(super) bases: Vec<SafeUrl>,
    /// Lists whose packages are taken only where nothing else has them.
    reluctant: Vec<bool>,
    /// By name, what is installed.
    installed: BTreeMap<String, usize>,
}

const FIELDS: &[&str] = &[
    "Package",
    "Version",
    "Architecture",
    "Essential",
    "Priority",
    "Filename",
    "Size",
    "SHA256",
    "Pre-Depends",
    "Depends",
    "Conflicts",
    "Breaks",
    "Provides",
    "Status",
];

impl Universe {
    /// Reads what is installed (the text of a `/var/lib/dpkg/status`) and the lists. Of one version in several of them
    /// the first counts.
    pub(super) fn read(lists: &Lists, status: &str, platform: Platform) -> Result<Self, DebianError> {
        let mut universe = Self {
            packages: Vec::new(),
            by_name: HashMap::new(),
            providers: HashMap::new(),
            bases: lists.lists.iter().map(|list| list.base.clone()).collect(),
            reluctant: lists.lists.iter().map(|list| list.reluctant).collect(),
            installed: BTreeMap::new(),
        };
        let held =
            universe.add_installed(status, platform).map_err(|reason| DebianError::Status { reason })?;
        for (at, list) in lists.lists.iter().enumerate() {
            let invalid = |reason: String| DebianError::Lists { url: list.base.to_string(), reason };
            let failed = |source: io::Error| match source.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => invalid(source.to_string()),
                _ => DebianError::Io { path: list.path.clone(), source },
            };
            let mut stanzas = Stanzas::new(open(list).map_err(failed)?, |name| FIELDS.contains(&name));
            while let Some(mut stanza) = stanzas.read().map_err(failed)? {
                let file = archived(&mut stanza, at).map_err(invalid)?;
                universe.add(package(stanza, Some(file)).map_err(invalid)?).map_err(invalid)?;
            }
        }
        universe.settle(&held);
        Ok(universe)
    }

    /// Adds what a status says is installed for the platform, and gives the names that are on hold.
    fn add_installed(&mut self, status: &str, platform: Platform) -> Result<BTreeSet<String>, String> {
        let mut held = BTreeSet::new();
        let mut stanzas = Stanzas::new(status.as_bytes(), |name| FIELDS.contains(&name));
        while let Some(stanza) = stanzas.read().map_err(|error| error.to_string())? {
            let mut words = stanza.get("Status").unwrap_or_default().split_whitespace();
            let on_hold = words.next() == Some("hold");
            let is_there =
                matches!(words.nth(1), Some("installed" | "triggers-awaited" | "triggers-pending"));
            let fits = [platform.arch.oci(), "all"].contains(&stanza.get("Architecture").unwrap_or_default());
            if !is_there || !fits {
                continue;
            }
            let package = package(stanza, None)?;
            if on_hold {
                held.insert(package.name.clone());
            }
            self.installed.insert(package.name.clone(), self.packages.len());
            self.add(package)?;
        }
        Ok(held)
    }

    /// Sorts the versions of each name, and takes out those that may not replace what is installed.
    fn settle(&mut self, held: &BTreeSet<String>) {
        for (name, at) in &self.installed {
            let Some(versions) = self.by_name.get_mut(name) else { continue };
            let there = &self.packages[*at].version;
            versions.retain(|other| {
                other == at || (!held.contains(name) && self.packages[*other].version > *there)
            });
        }
        let mut by_name = std::mem::take(&mut self.by_name);
        for versions in by_name.values_mut() {
            versions.sort_by(|a, b| self.rank(*b).cmp(&self.rank(*a)));
        }
        self.by_name = by_name;
        let mut providers = std::mem::take(&mut self.providers);
        let left = |at: usize| {
            let name = &self.packages[at].name;
            !self.installed.contains_key(name) || self.named(name).contains(&at)
        };
        for provided in providers.values_mut() {
            provided.retain(|(at, _)| left(*at));
        }
        self.providers = providers;
    }

    /// How much a package is wanted among those of its name: by its version, but after all others where its list is
    /// taken reluctantly.
    pub(super) fn rank(&self, at: usize) -> (bool, &Version) {
        let package = &self.packages[at];
        let reluctant = package.file.as_ref().is_some_and(|file| self.reluctant[file.list]);
        (!reluctant, &package.version)
    }

    /// Names of what is installed, each with its place.
    pub(super) fn installed(&self) -> impl Iterator<Item = (&str, usize)> {
        self.installed.iter().map(|(name, at)| (name.as_str(), *at))
    }

    /// What is installed under a name.
    pub(super) fn installed_as(&self, name: &str) -> Option<usize> {
        self.installed.get(name).copied()
    }

    pub(super) fn is_installed(&self, at: usize) -> bool {
        self.packages[at].file.is_none()
    }

    fn add(&mut self, package: Package) -> Result<(), String> {
        let known = self.by_name.get(&package.name).into_iter().flatten();
        if known.into_iter().any(|known| self.packages[*known].version == package.version) {
            return Ok(());
        }
        let at = self.packages.len();
        for group in groups(&package.provides) {
            for Atom { name, version } in group? {
                let version =
                    version.and_then(|(operator, version)| (operator == Operator::Equal).then_some(version));
                self.providers.entry(name.to_owned()).or_default().push((at, version));
            }
        }
        self.by_name.entry(package.name.clone()).or_default().push(at);
        self.packages.push(package);
        Ok(())
    }

    /// Packages of this very name, best version first.
    pub(super) fn named(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// What meets a relationship: packages of the name, then providers by priority, as apt
    /// takes them, and by name; best version first. A relation to a version holds for what is provided only with that
    /// version (Debian policy, section 7.5).
    pub(super) fn matches(&self, atom: &Atom<'_>) -> Vec<usize> {
        let named = self.named(atom.name).iter().copied();
        let mut found: Vec<usize> = named.filter(|at| atom.allows(&self.packages[*at].version)).collect();
        let providers = self.providers.get(atom.name).into_iter().flatten();
        let mut provided: Vec<usize> = providers
            .filter(|(_, version)| match version {
                Some(version) => atom.allows(version),
                None => atom.version.is_none(),
            })
            .map(|(at, _)| *at)
            .filter(|at| self.packages[*at].name != atom.name)
            .collect();
        provided.sort_by(|a, b| {
            let (a, b) = (&self.packages[*a], &self.packages[*b]);
            (a.priority, &a.name).cmp(&(b.priority, &b.name)).then_with(|| b.version.cmp(&a.version))
        });
        found.extend(provided);
        found
    }

    /// Names of essential packages, sorted.
    pub(super) fn essential(&self) -> Vec<&str> {
        let essential = self.packages.iter().filter(|package| package.essential);
        let mut names: Vec<&str> = essential.map(|package| package.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Versions of the packages of a name, the best first.
    pub(super) fn versions(&self, name: &str) -> Vec<String> {
        let mut versions: Vec<String> =
            self.named(name).iter().map(|package| self.packages[*package].version.to_string()).collect();
        versions.dedup();
        versions
    }

    /// Names like `name`, the nearest first, at most three.
    pub(super) fn nearest(&self, name: &str) -> Vec<String> {
        let close = self.by_name.keys().map(|known| (strsim::jaro_winkler(name, known), known));
        let mut close: Vec<_> = close.filter(|(score, _)| *score > 0.88).collect();
        close.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        close.into_iter().take(3).map(|(_, known)| known.clone()).collect()
    }
}

fn open(list: &List) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::new(fs_err::File::open(&list.path)?);
    Ok(match list.suffix {
        "xz" => Box::new(BufReader::new(XzDecoder::new_multi_decoder(file))),
        "gz" => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        _ => Box::new(file),
    })
}

fn needed(stanza: &mut Stanza, field: &str) -> Result<String, String> {
    stanza.take(field).ok_or_else(|| {
        format!(
            "{} has no {field}",
            stanza.get("Package").filter(|name| !name.is_empty()).unwrap_or("a package")
        )
    })
}

fn archived(stanza: &mut Stanza, list: usize) -> Result<Archived, String> {
    let (path, size) = (needed(stanza, "Filename")?, needed(stanza, "Size")?);
    let sha256 = needed(stanza, "SHA256")?;
    let name = stanza.get("Package").unwrap_or_default();
    if path.split('/').any(|part| part == "..") {
        return Err(format!("the file of {name} lies outside of the archive"));
    }
    Ok(Archived {
        list,
        size: size.parse().map_err(|_| format!("`{size}` of {name} is not a size"))?,
        sha256: format!("sha256:{sha256}")
            .parse()
            .map_err(|_| format!("`{sha256}` of {name} is not a digest"))?,
        path: path.trim_start_matches("./").to_owned(),
    })
}

fn package(mut stanza: Stanza, file: Option<Archived>) -> Result<Package, String> {
    let version = needed(&mut stanza, "Version")?;
    let architecture = needed(&mut stanza, "Architecture")?;
    let name = needed(&mut stanza, "Package")?;
    let mut text = |field: &str| stanza.take(field).unwrap_or_default();
    Ok(Package {
        version: version.parse().map_err(|_| format!("`{version}` of {name} is not a version"))?,
        essential: text("Essential") == "yes",
        priority: Priority::parse(&text("Priority")),
        depends: [text("Pre-Depends"), text("Depends")],
        conflicts: [text("Conflicts"), text("Breaks")],
        provides: text("Provides"),
        name,
        architecture,
        file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_those_that_provide_a_name_the_one_a_usual_system_has_comes_first() {
        let stanza = |name: &str, priority: &str| {
            format!(
                "Package: {name}\nVersion: 1\nArchitecture: amd64\nPriority: {priority}\nProvides: awk\n\
                 Filename: pool/{name}.deb\nSize: 1\nSHA256: {:064}\n\n",
                0
            )
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Packages");
        fs_err::write(&path, stanza("gawk", "optional") + &stanza("mawk", "required")).unwrap();
        let base = SafeUrl::parse("http://mirror.example/debian").unwrap();
        let lists =
            Lists { lists: vec![List { path, suffix: "", base, reluctant: false }], releases: [].into() };
        let universe = Universe::read(&lists, "", "linux/amd64".parse().unwrap()).unwrap();
        let awk = universe.matches(&Atom { name: "awk", version: None });
        let names: Vec<&str> = awk.iter().map(|at| universe.packages[*at].name.as_str()).collect();
        assert_eq!(names, ["mawk", "gawk"]);
    }
}

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
use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use std::{
    collections::HashMap,
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
    pub(super) filename: String,
    pub(super) size: u64,
    pub(super) sha256: Digest,
    /// `Pre-Depends`, then `Depends`.
    pub(super) depends: [String; 2],
    /// `Conflicts`, then `Breaks`.
    pub(super) conflicts: [String; 2],
    provides: String,
    /// Which list it is of.
    pub(super) list: usize,
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
];

impl Universe {
    /// Reads the lists. Of one version in several of them the first list's counts.
    pub(super) fn read(lists: &Lists) -> Result<Self, DebianError> {
        let mut universe = Self {
            packages: Vec::new(),
            by_name: HashMap::new(),
            providers: HashMap::new(),
            bases: lists.lists.iter().map(|list| list.base.clone()).collect(),
        };
        for (at, list) in lists.lists.iter().enumerate() {
            let invalid = |reason: String| DebianError::Lists { url: list.base.to_string(), reason };
            let failed = |source: io::Error| match source.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => invalid(source.to_string()),
                _ => DebianError::Io { path: list.path.clone(), source },
            };
            let mut stanzas = Stanzas::new(open(list).map_err(failed)?, |name| FIELDS.contains(&name));
            while let Some(stanza) = stanzas.read().map_err(failed)? {
                let package = package(stanza, at).map_err(invalid)?;
                universe.add(package).map_err(invalid)?;
            }
        }
        for versions in universe.by_name.values_mut() {
            versions.sort_by(|a, b| universe.packages[*b].version.cmp(&universe.packages[*a].version));
        }
        Ok(universe)
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

fn package(mut stanza: Stanza, list: usize) -> Result<Package, String> {
    let name = stanza.take("Package").ok_or("a package has no name")?;
    let mut needed = |field: &str| stanza.take(field).ok_or_else(|| format!("{name} has no {field}"));
    let version = needed("Version")?;
    let (architecture, filename) = (needed("Architecture")?, needed("Filename")?);
    let (size, sha256) = (needed("Size")?, needed("SHA256")?);
    if filename.split('/').any(|part| part == "..") {
        return Err(format!("the file of {name} lies outside of the archive"));
    }
    let mut text = |field: &str| stanza.take(field).unwrap_or_default();
    Ok(Package {
        version: version.parse().map_err(|_| format!("`{version}` of {name} is not a version"))?,
        size: size.parse().map_err(|_| format!("`{size}` of {name} is not a size"))?,
        sha256: format!("sha256:{sha256}")
            .parse()
            .map_err(|_| format!("`{sha256}` of {name} is not a digest"))?,
        essential: text("Essential") == "yes",
        priority: Priority::parse(&text("Priority")),
        depends: [text("Pre-Depends"), text("Depends")],
        conflicts: [text("Conflicts"), text("Breaks")],
        provides: text("Provides"),
        name,
        architecture,
        filename,
        list,
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
        let lists = Lists { lists: vec![List { path, suffix: "", base }], releases: [].into() };
        let universe = Universe::read(&lists).unwrap();
        let awk = universe.matches(&Atom { name: "awk", version: None });
        let names: Vec<&str> = awk.iter().map(|at| universe.packages[*at].name.as_str()).collect();
        assert_eq!(names, ["mawk", "gawk"]);
    }
}

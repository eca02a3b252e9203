//! Exact packages, as lock files of other tools name them.

mod conda_lock;
mod explicit;
mod pixi;
mod pylock;

pub(crate) use conda_lock::read as conda_lock;
pub(crate) use explicit::read as explicit;
pub(crate) use pixi::read as pixi;
pub(crate) use pylock::read as pylock;

use crate::collect::Collected;
use envwright_diagnosis::{Finding, Source, Span};
use envwright_redact::SafeUrl;
use std::sync::Arc;

/// What a lock file holds: packages for each environment and platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locked {
    /// Channels in their order, as written.
    pub channels: Vec<String>,
    /// The packages.
    pub sets: Vec<LockedSet>,
}

/// The packages of one environment on one platform, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedSet {
    /// The environment's name; `default` where the format knows one alone.
    pub environment: String,
    /// conda's name of the platform (subdir), such as `linux-64`; none where packages have markers in its place.
    pub platform: Option<String>,
    /// The packages.
    pub packages: Vec<LockedPackage>,
}

/// One exact package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// Whose package it is.
    pub kind: LockedKind,
    /// Its name.
    pub name: String,
    /// Its version; none where only a URL is known.
    pub version: Option<String>,
    /// Where its file is: several where a lock file has wheels for several platforms.
    pub files: Vec<LockedFile>,
    /// On which platforms it is installed (an environment marker, PEP 508).
    pub marker: Option<String>,
    /// Names and versions of what it needs, where the file says so, sorted.
    pub requires: Vec<(String, String)>,
    /// conda-lock's category, such as `dev`.
    pub category: Option<String>,
}

/// Whose package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockedKind {
    /// Of a conda channel.
    Conda,
    /// Of a Python package index.
    Pypi,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedFile {
    /// Where it is: a URL, or a path for what stands on this machine.
    pub location: Location,
    /// SHA-256 in hexadecimal digits.
    pub sha256: Option<String>,
    /// MD5 in hexadecimal digits; older conda packages have no other.
    pub md5: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
}

/// Where a locked file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// At a URL.
    Url(SafeUrl),
    /// In a folder or file on this machine, as written.
    Path(String),
}

impl Location {
    /// A URL where the text is one.
    pub(crate) fn parse(text: &str) -> Self {
        match SafeUrl::parse(text) {
            Ok(url) if text.contains("://") => Self::Url(url),
            _ => Self::Path(text.to_owned()),
        }
    }
}

impl std::fmt::Display for Location {
    /// Without credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Path(path) => f.write_str(path),
        }
    }
}

impl LockedPackage {
    fn new(kind: LockedKind, name: &str, version: Option<&str>) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            version: version.map(str::to_owned),
            files: Vec::new(),
            marker: None,
            requires: Vec::new(),
            category: None,
        }
    }
}

impl Locked {
    /// The set of an environment and platform, made where there is none.
    fn set(&mut self, environment: &str, platform: Option<&str>) -> &mut LockedSet {
        let at = self
            .sets
            .iter()
            .position(|set| set.environment == environment && set.platform.as_deref() == platform);
        let at = at.unwrap_or_else(|| {
            self.sets.push(LockedSet {
                environment: environment.to_owned(),
                platform: platform.map(str::to_owned),
                packages: Vec::new(),
            });
            self.sets.len() - 1
        });
        &mut self.sets[at]
    }

    /// How many packages there are in all.
    pub fn len(&self) -> usize {
        self.sets.iter().map(|set| set.packages.len()).sum()
    }

    /// Whether there is no package.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Name, version and build of a conda package by its file name (CEP 26). Sample: `bzip2-1.0.8-h7f98852_4.tar.bz2`.
fn conda_file_name(url: &str) -> Option<(&str, &str, &str)> {
    let file = url.rsplit('/').next()?;
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let (rest, build) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty() && !version.is_empty() && !build.is_empty()).then_some((name, version, build))
}

/// A lock file that cannot be read.
fn invalid(source: &Arc<Source>, line: usize, reason: &str, collected: &mut Collected) {
    let line = line.max(1) - 1;
    let start = source.text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let end = source.text[start..].find('\n').map_or(source.text.len(), |length| start + length);
    let span = Span::new(source, start..end);
    let finding = Finding::new("definition-lock-invalid").fact("reason", reason);
    collected.push(finding.at(&span, "not as a lock file has it"));
}

#[cfg(test)]
mod tests {
    use super::conda_file_name;

    #[test]
    fn a_file_name_has_three_parts() {
        assert_eq!(
            conda_file_name("https://c.example/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2"),
            Some(("_libgcc_mutex", "0.1", "conda_forge"))
        );
        assert_eq!(
            conda_file_name("a/python-dateutil-2.8.2-pyhd_0.conda"),
            Some(("python-dateutil", "2.8.2", "pyhd_0"))
        );
        assert_eq!(conda_file_name("a/six.whl"), None);
    }
}

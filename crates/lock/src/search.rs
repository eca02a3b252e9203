//! What a search of channels or indexes answers: the same for both.

use envwright_diagnosis::Finding;
use envwright_redact::SafeUrl;
use envwright_target::Platform;
use serde::Serialize;
use std::{fmt, str::FromStr};

/// At most so many versions are explained.
const EXPLAINED: usize = 3;
/// No release of `CPython` has a higher last number.
const LAST_MICRO: u8 = 30;

/// What the packages that are looked for have to run on.
#[derive(Debug, Clone, Default)]
pub struct Fitting {
    /// One of these platforms; any where empty.
    pub platforms: Vec<Platform>,
    /// This Python; any where `None`.
    pub python: Option<CPython>,
}

impl Fitting {
    /// Whether anything is asked of the packages.
    pub fn is_limited(&self) -> bool {
        !self.platforms.is_empty() || self.python.is_some()
    }

    /// The platforms that count: all that images are made for where none is named.
    pub(crate) fn platforms(&self) -> Vec<Platform> {
        if self.platforms.is_empty() {
            vec![Platform::AMD64, Platform::ARM64]
        } else {
            self.platforms.clone()
        }
    }

    /// `linux/amd64, linux/arm64`.
    pub(crate) fn platform_names(&self) -> String {
        self.platforms().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// A release of `CPython`, or any of a minor version: `3.11.4`, `3.11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CPython {
    /// Major and minor version.
    pub minor: (u8, u8),
    /// The third number, where one is meant.
    pub micro: Option<u8>,
}

/// Text that is no version of `CPython`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of Python, such as 3.11 or 3.11.4")]
pub struct CPythonError(String);

impl CPython {
    /// The releases that are meant, each with three numbers.
    pub(crate) fn releases(self) -> impl Iterator<Item = (u8, u8, u8)> {
        let micros = self.micro.map_or(0..=LAST_MICRO, |micro| micro..=micro);
        micros.map(move |micro| (self.minor.0, self.minor.1, micro))
    }
}

impl FromStr for CPython {
    type Err = CPythonError;

    fn from_str(text: &str) -> Result<Self, CPythonError> {
        let numbers: Result<Vec<u8>, _> = text.split('.').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([major, minor]) => Ok(Self { minor: (*major, *minor), micro: None }),
            Ok([major, minor, micro]) => Ok(Self { minor: (*major, *minor), micro: Some(*micro) }),
            _ => Err(CPythonError(text.to_owned())),
        }
    }
}

impl fmt::Display for CPython {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minor.0, self.minor.1)?;
        self.micro.map_or(Ok(()), |micro| write!(f, ".{micro}"))
    }
}

/// What channels or indexes have of one package.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The versions within the bound that was given, the highest first.
    pub releases: Vec<Release>,
    /// Why no version can be had: there is none of this name, none within the bound, or none that fits. `None` where
    /// one can be had, and where not everyone who was asked answered.
    pub missing: Option<Finding>,
    /// Who could not be asked.
    pub failures: Vec<Finding>,
}

impl Answer {
    /// Whether one of the versions can be had.
    pub fn has_any(&self) -> bool {
        self.releases.iter().any(|release| release.unfit.is_none())
    }

    /// The finding that no version fits, with the reason of the highest ones.
    pub(crate) fn nothing_fits(&self, finding: Finding) -> Finding {
        let finding =
            self.releases.iter().take(1).fold(finding, |finding, one| finding.fact("version", &one.version));
        let reasons = self.releases.iter().filter_map(|release| Some((release, release.unfit.as_ref()?)));
        reasons.take(EXPLAINED).fold(finding, |finding, (release, unfit)| {
            finding.detail(format!("{} does not fit: {unfit}.", release.version))
        })
    }
}

/// One version of a package in one channel or index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The version, as it is written there.
    pub version: String,
    /// Name of the channel, or address of the index without credentials.
    pub place: String,
    /// Whether installers pass over it where there is another one (PEP 440).
    pub prerelease: bool,
    /// Why none of its files fits, a clause.
    pub unfit: Option<String>,
    /// Its files, the newest build first.
    pub files: Vec<PackageFile>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageFile {
    /// Its name.
    pub filename: String,
    /// What it is.
    pub kind: FileKind,
    /// Where it is, without credentials.
    #[serde(serialize_with = "crate::address::serialize")]
    pub url: SafeUrl,
    /// Its digest in hexadecimal digits, where it is told.
    pub sha256: Option<String>,
    /// Bytes, where they are told.
    pub size: Option<u64>,
    /// conda's build, or the tags of a wheel.
    pub build: Option<String>,
    /// The Python that it is for: `3.11` or a bound such as `>=3.8`, or the tag of a wheel; none where it is for any.
    pub python: Option<String>,
    /// conda's platform; for a wheel `any`, `x86_64` or `aarch64` (Linux with glibc), or `other`.
    pub platform: Option<String>,
    /// `Requires-Python`, where the index tells.
    pub requires_python: Option<String>,
    /// Why it was withdrawn, empty where no reason is given; none where it was not.
    pub yanked: Option<String>,
    /// Whether it is for what was asked for.
    pub fits: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A package of conda's.
    Conda,
    /// A wheel.
    Wheel,
    /// A source archive.
    Source,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minor_version_means_all_its_releases() {
        let python = |text: &str| text.parse::<CPython>();
        assert_eq!(python("3.11.4").unwrap().releases().collect::<Vec<_>>(), [(3, 11, 4)]);
        assert!(python("3.11").unwrap().releases().any(|release| release == (3, 11, 14)));
        assert_eq!(python("3.11").unwrap().to_string(), "3.11");
        for text in ["3", "", "3.x", ">=3.11", "3.11.2.1"] {
            assert!(python(text).is_err(), "{text}");
        }
    }
}

//! What differs, as it is reported.

use envwright_store::Digest;
use envwright_target::Platform;
use serde::Serialize;
use serde_json::Value;

/// What differs between two locks or images.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The first, as it was named.
    pub a: String,
    /// The second, as it was named.
    pub b: String,
    /// Whether anything differs.
    pub differ: bool,
    /// What differs on each platform that both have.
    pub platforms: Vec<PlatformDifference>,
    /// Platforms that the first has alone.
    pub only_a: Vec<Platform>,
    /// Platforms that the second has alone.
    pub only_b: Vec<Platform>,
}

/// What differs on one platform. What only one side knows is not compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlatformDifference {
    /// The platform.
    pub platform: Platform,
    /// Hash of what the definition means.
    pub definition: Option<Changed<Digest>>,
    /// What the packages are put on.
    pub base: Option<Changed<BaseImage>>,
    /// Version of Python.
    pub python: Option<Changed<String>>,
    /// Packages that differ: Debian packages, then conda packages, then wheels, by name.
    pub packages: Vec<PackageDifference>,
    /// How many packages are the same.
    pub same: usize,
    /// How many packages of one side are of a kind, or of a base, that the other knows nothing of.
    pub not_compared: usize,
    /// How containers are started; of two images only.
    pub config: Vec<ConfigDifference>,
    /// Which layers two images have in common.
    pub layers: Option<LayersDifference>,
}

impl PlatformDifference {
    /// Whether anything differs. The same files in layers of another compression do not.
    pub fn differs(&self) -> bool {
        self.definition.is_some()
            || self.base.is_some()
            || self.python.is_some()
            || !self.packages.is_empty()
            || !self.config.is_empty()
            || self.layers.as_ref().is_some_and(|layers| !layers.same_files)
    }
}

/// Two values that differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed<T> {
    /// The first side's.
    pub from: T,
    /// The second side's.
    pub to: T,
}

/// What packages are put on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaseImage {
    /// As the definition names it.
    pub name: String,
    /// Digest of its manifest; none for one that is made of the Debian packages.
    pub digest: Option<Digest>,
}

/// Whose package it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    /// Debian's.
    Debian,
    /// Of a conda channel.
    Conda,
    /// Of a Python package index.
    Pypi,
}

/// One package, as far as a side knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Package {
    /// Version.
    pub version: String,
    /// conda's build, such as `py311h64a7726_0`.
    pub build: Option<String>,
    /// Digest of its file.
    pub sha256: Option<Digest>,
    /// Whether it is of the base, beside the environment that was put on it.
    #[serde(skip)]
    pub(super) of_base: bool,
}

impl Package {
    /// One of which the version alone is known.
    pub(super) fn of(version: &str) -> Self {
        Self { version: version.to_owned(), build: None, sha256: None, of_base: false }
    }
}

/// A package that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageDifference {
    /// Whose package it is.
    pub kind: PackageKind,
    /// Its name.
    pub name: String,
    /// How it differs.
    pub change: Change,
    /// The first side's.
    pub from: Option<Package>,
    /// The second side's.
    pub to: Option<Package>,
}

/// How a package differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// The second side has it alone.
    Added,
    /// The first side has it alone.
    Removed,
    /// The second side's version is newer.
    Upgraded,
    /// The second side's version is older.
    Downgraded,
    /// The versions differ, and the rules do not say which is newer.
    Changed,
    /// The version is the same, the build or the file is not.
    Rebuilt,
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigDifference {
    /// Its name in the configuration (OCI image specification, config.md), such as `User`, `Env.PATH` or `Labels.team`.
    pub key: String,
    /// The first side's value, secrets masked; none where it has none.
    pub from: Option<Value>,
    /// The second side's value.
    pub to: Option<Value>,
}

/// Layers of two images, by the digests that registries know them by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LayersDifference {
    /// Those that both have.
    pub both: LayerSum,
    /// Those that the first has alone.
    pub only_a: LayerSum,
    /// Those that the second has alone: what pulling it costs who has the first.
    pub only_b: LayerSum,
    /// Whether all layers are the same without their compression.
    pub same_files: bool,
}

/// Some layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LayerSum {
    /// How many.
    pub count: usize,
    /// Sum of their sizes as they are kept, in bytes.
    pub bytes: u64,
}

//! What one side of a comparison consists of on one platform, as far as that side knows.

use super::{
    difference::{BaseImage, Package, PackageKind},
    image::ImageFacts,
};
use crate::{hashes, names};
use envwright_definition::{Location, Locked, LockedFile, LockedKind, LockedPackage};
use envwright_lock::{
    BaseLock, PlatformLock,
    conda::{LockedConda, subdir_name},
    debian::LockedDeb,
    pypi::{self, LockedWheel},
};
use envwright_store::Digest;
use envwright_target::Platform;
use std::collections::BTreeMap;

/// Packages by kind and name.
pub(super) type Packages = BTreeMap<(PackageKind, String), Package>;

/// One side.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    pub(super) definition: Option<Digest>,
    pub(super) base: Option<BaseImage>,
    pub(super) python: Option<String>,
    pub(super) packages: Packages,
    pub(super) debian: Debian,
    /// What an image has besides packages.
    pub(super) image: Option<ImageFacts>,
}

/// Which Debian packages a side knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Debian {
    /// None.
    #[default]
    Unknown,
    /// Those that are put on a base.
    Added,
    /// All.
    All,
}

impl Contents {
    /// Those of envwright's own lock.
    pub(super) fn of_lock(lock: &PlatformLock, definition: Digest, platform: Platform) -> Self {
        let BaseLock { name, digest, .. } = &lock.base;
        let mut packages = Packages::new();
        packages.extend(lock.debs.iter().map(|deb| of_deb(deb, platform)));
        packages.extend(lock.conda.iter().map(of_conda));
        packages.extend(lock.wheels.iter().map(of_wheel));
        Self {
            definition: Some(definition),
            base: Some(BaseImage { name: name.clone(), digest: *digest }),
            python: lock.python.map(|(major, minor, micro)| format!("{major}.{minor}.{micro}")),
            packages,
            // A base without a digest is made of the locked packages.
            debian: if digest.is_some() { Debian::Added } else { Debian::All },
            image: None,
        }
    }

    /// Those of a lock file of another tool; none where it has nothing for the platform.
    pub(super) fn of_locked(locked: &Locked, platform: Platform) -> Option<Self> {
        let sets = crate::exact::sets(locked, subdir_name(platform));
        let all: Vec<&LockedPackage> = sets.into_iter().flat_map(|set| &set.packages).collect();
        let conda = all.iter().filter(|package| package.kind == LockedKind::Conda);
        let mut packages: Packages = conda.filter_map(|package| of_locked_conda(package)).collect();
        let python =
            packages.get(&(PackageKind::Conda, "python".to_owned())).map(|package| package.version.clone());
        let target = pypi::Target {
            platform,
            python: python.as_deref().and_then(parsed).unwrap_or(names::PYTHON),
            glibc: None,
        };
        let wheels = all.iter().filter(|package| package.kind == LockedKind::Pypi);
        let meant = wheels.filter(|wheel| wheel.marker.as_ref().is_none_or(|marker| target.is_meant(marker)));
        packages.extend(meant.map(|package| of_locked_pypi(package)));
        (!all.is_empty()).then(|| Self { python, packages, ..Self::default() })
    }
}

/// Sample: `3.11.2`.
fn parsed(version: &str) -> Option<(u8, u8, u8)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

/// Debian's name of a package, with its architecture where that is not the image's own.
pub(super) fn debian_name(name: &str, architecture: &str, platform: Platform) -> String {
    let is_own = ["all", "", platform.arch.oci()].contains(&architecture);
    if is_own { name.to_owned() } else { format!("{name}:{architecture}") }
}

/// Name, version and build of a conda package by the stem of its file's name (CEP 26).
pub(super) fn conda_name(stem: &str) -> Option<(&str, &str, &str)> {
    let (rest, build) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some((name, version, build))
}

fn of_deb(deb: &LockedDeb, platform: Platform) -> ((PackageKind, String), Package) {
    let name = debian_name(&deb.name, &deb.architecture, platform);
    ((PackageKind::Debian, name), Package { sha256: Some(deb.sha256), ..Package::of(&deb.version) })
}

fn of_conda(package: &LockedConda) -> ((PackageKind, String), Package) {
    let build = Some(package.build.clone());
    let found = Package { build, sha256: Some(package.sha256), ..Package::of(&package.version) };
    ((PackageKind::Conda, package.name.clone()), found)
}

fn of_wheel(wheel: &LockedWheel) -> ((PackageKind, String), Package) {
    let found = Package { sha256: hashes::sha256(wheel), ..Package::of(&wheel.version) };
    ((PackageKind::Pypi, wheel.name.clone()), found)
}

fn of_locked_conda(package: &LockedPackage) -> Option<((PackageKind, String), Package)> {
    let file = file_name(package.files.first()?);
    let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
    let (name, version, build) = conda_name(stem)?;
    let found = Package { build: Some(build.to_owned()), sha256: sha256(package), ..Package::of(version) };
    Some(((PackageKind::Conda, name.to_owned()), found))
}

fn of_locked_pypi(package: &LockedPackage) -> ((PackageKind, String), Package) {
    let of_file = || package.files.first().and_then(|file| pypi::version_of(&file_name(file)));
    let version = package.version.clone().or_else(of_file).unwrap_or_default();
    let found = Package { sha256: sha256(package), ..Package::of(&version) };
    ((PackageKind::Pypi, package.name.clone()), found)
}

/// Known where there is one file; which of several would be taken depends on the base.
fn sha256(package: &LockedPackage) -> Option<Digest> {
    let [file] = package.files.as_slice() else { return None };
    format!("sha256:{}", file.sha256.as_deref()?).parse().ok()
}

fn file_name(file: &LockedFile) -> String {
    match &file.location {
        Location::Url(url) => url.file_name().unwrap_or_default(),
        Location::Path(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

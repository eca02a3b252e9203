//! pixi's lock file, in every version that `rattler_lock` reads.

use super::{Location, Locked, LockedFile, LockedKind, LockedPackage, invalid};
use crate::collect::Collected;
use envwright_diagnosis::Source;
use rattler_lock::{CondaPackageData, LockFile, LockedPackage as Package, PypiPackageData, UrlOrPath};
use std::{path::Path, sync::Arc};

/// Reads the packages of every environment and platform; paths in it are relative to `dir`.
pub(crate) fn read(source: &Arc<Source>, dir: &Path, collected: &mut Collected) -> Locked {
    let mut locked = Locked::default();
    let file = match LockFile::from_str_with_base_directory(&source.text, Some(dir)) {
        Ok(file) => file,
        Err(error) => {
            let reason = error.to_string();
            invalid(source, line(&reason), &reason, collected);
            return locked;
        }
    };
    for (name, environment) in file.environments() {
        for channel in environment.channels() {
            if !locked.channels.contains(&channel.url) {
                locked.channels.push(channel.url.clone());
            }
        }
        for platform in environment.platforms() {
            let subdir = platform.subdir().to_string();
            let packages = environment.packages(platform).into_iter().flatten().map(package);
            locked.set(name, Some(&subdir)).packages.extend(packages);
        }
    }
    // They come in no order.
    locked
        .sets
        .sort_by(|one, other| (&one.environment, &one.platform).cmp(&(&other.environment, &other.platform)));
    locked
}

/// The line that a message of the YAML reader names. Sample: `… at line 3 column 5`.
fn line(message: &str) -> usize {
    let after = message.split("line ").nth(1).unwrap_or_default();
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(1)
}

fn package(package: &Package) -> LockedPackage {
    match package {
        Package::Conda(conda) => of_conda(conda),
        Package::Pypi(pypi) => of_pypi(pypi),
    }
}

fn of_conda(data: &CondaPackageData) -> LockedPackage {
    let record = data.record();
    let name = data.name().as_normalized();
    let version = record.map(|record| record.version.to_string());
    let mut package = LockedPackage::new(LockedKind::Conda, name, version.as_deref());
    package.files.push(LockedFile {
        location: location(data.location()),
        sha256: record.and_then(|record| record.sha256).map(hex::encode),
        md5: record.and_then(|record| record.md5).map(hex::encode),
        size: record.and_then(|record| record.size),
    });
    package.requires = record.map(|record| split(&record.depends)).unwrap_or_default();
    package
}

/// Sample: `libzlib >=1.2.11,<1.3.0a0` becomes `(libzlib, >=1.2.11,<1.3.0a0)`.
fn split(depends: &[String]) -> Vec<(String, String)> {
    let pairs = depends.iter().map(|text| text.split_once(' ').unwrap_or((text, "")));
    let mut requires: Vec<_> = pairs.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
    requires.sort_unstable();
    requires
}

fn of_pypi(data: &PypiPackageData) -> LockedPackage {
    let (name, version, place, hash) = match data {
        PypiPackageData::Distribution(one) => {
            (one.name.to_string(), Some(one.version.to_string()), &*one.location, one.hash.as_ref())
        }
        PypiPackageData::Source(one) => (one.name.to_string(), None, &*one.location, None),
    };
    let mut package = LockedPackage::new(LockedKind::Pypi, &name, version.as_deref());
    package.files.push(LockedFile {
        location: location(place),
        sha256: hash.and_then(rattler_lock::PackageHashes::sha256).map(hex::encode),
        md5: hash.and_then(rattler_lock::PackageHashes::md5).map(hex::encode),
        size: None,
    });
    package
}

fn location(place: &UrlOrPath) -> Location {
    match place {
        UrlOrPath::Url(url) => Location::parse(url.as_str()),
        UrlOrPath::Path(path) => Location::Path(path.to_string()),
    }
}

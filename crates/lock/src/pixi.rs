//! The conda packages and wheels of a lock as a `pixi.lock`: one environment `default`, every platform.

use crate::{
    LockError, PlatformLock,
    conda::LockedConda,
    pypi::{LockedWheel, WheelLocation},
};
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use envwright_target::{Arch, Platform};
use rattler_conda_types::{RepoDataRecord, Subdir};
use rattler_digest::{Sha256, parse_digest_from_hex};
use rattler_lock::{
    Channel, CondaBinaryData, CondaPackageData, LockFile, PackageHashes, PlatformData, PlatformName,
    PypiDistributionData, PypiIndexes, PypiPackageData, UrlOrPath, Verbatim,
};
use std::{collections::BTreeMap, path::Path};

const ENVIRONMENT: &str = "default";

/// What `pixi.lock` holds of one platform.
#[derive(Default)]
pub(crate) struct Packages {
    pub(crate) channels: Vec<String>,
    pub(crate) conda: Vec<LockedConda>,
    pub(crate) wheels: Vec<LockedWheel>,
}

/// Writes the packages of each platform. `indexes` are those that were asked, without credentials.
pub(crate) fn write(
    platforms: &BTreeMap<Platform, PlatformLock>,
    indexes: &[SafeUrl],
    path: &Path,
) -> Result<String, LockError> {
    let invalid = |reason: String| LockError::Invalid { path: path.to_owned(), reason };
    let mut builder = LockFile::builder();
    // The same for every platform: they are solved from one definition.
    let channels = platforms.values().map(|lock| &lock.channels).max_by_key(|channels| channels.len());
    builder.set_channels(ENVIRONMENT, channels.into_iter().flatten().map(|url| Channel::from(url.clone())));
    let indexes =
        indexes.iter().filter_map(|index| index.without_credentials().to_string().parse().ok()).collect();
    builder.set_pypi_indexes(ENVIRONMENT, PypiIndexes { indexes, find_links: Vec::new() });
    for platform in platforms.keys() {
        let data = platform_data(*platform).map_err(|error| invalid(error.to_string()))?;
        builder = builder.add_platform(data).map_err(|error| invalid(error.to_string()))?;
    }
    for (platform, lock) in platforms {
        let name = subdir(*platform).to_string();
        for package in &lock.conda {
            let record = package
                .record()
                .ok_or_else(|| invalid(format!("the record of {} is broken", package.name)))?;
            let package = CondaPackageData::from(record);
            builder
                .add_conda_package(ENVIRONMENT, &name, package)
                .map_err(|error| invalid(error.to_string()))?;
        }
        for wheel in &lock.wheels {
            let package = package(wheel).map_err(&invalid)?;
            builder
                .add_pypi_package(ENVIRONMENT, &name, package)
                .map_err(|error| invalid(error.to_string()))?;
        }
    }
    builder.finish().render_to_string().map_err(|error| invalid(error.to_string()))
}

/// Reads the packages of each platform; what `pixi.lock` has no place for is left at its default.
pub(crate) fn read(text: &str, path: &Path) -> Result<BTreeMap<Platform, Packages>, LockError> {
    let invalid = |reason: String| LockError::Invalid { path: path.to_owned(), reason };
    let file = LockFile::from_str_with_base_directory(text, path.parent())
        .map_err(|error| invalid(error.to_string()))?;
    let environment =
        file.default_environment().ok_or_else(|| invalid("there is no environment `default`".to_owned()))?;
    let channels: Vec<String> = environment.channels().iter().map(|channel| channel.url.clone()).collect();
    let mut platforms = BTreeMap::new();
    for platform in environment.platforms() {
        let known =
            [Platform::AMD64, Platform::ARM64].into_iter().find(|known| subdir(*known) == platform.subdir());
        let Some(known) = known else {
            return Err(invalid(format!("envwright makes no images for {}", platform.name().as_str())));
        };
        let mut packages = Packages { channels: channels.clone(), ..Packages::default() };
        for package in environment.packages(platform).into_iter().flatten() {
            if let Some(data) = package.as_binary_conda() {
                packages.conda.push(conda(data).map_err(&invalid)?);
            } else if let Some(data) = package.as_pypi().and_then(PypiPackageData::as_wheel) {
                packages.wheels.push(wheel(data).map_err(&invalid)?);
            } else {
                return Err(invalid(format!("{} is neither a conda package nor a wheel", package.name())));
            }
        }
        packages.conda.sort_by(|a, b| a.name.cmp(&b.name));
        packages.wheels.sort_by(|a, b| a.name.cmp(&b.name));
        platforms.insert(known, packages);
    }
    Ok(platforms)
}

/// Packages with what the format keeps of their records alone: a lock is the same whether it was read from the file or
/// not.
pub(crate) fn settled(packages: Vec<LockedConda>) -> Result<Vec<LockedConda>, String> {
    let settle = |package: LockedConda| {
        let record = package.record().ok_or_else(|| format!("the record of {} is broken", package.name))?;
        let mut builder = LockFile::builder();
        builder.set_channels(ENVIRONMENT, std::iter::empty::<Channel>());
        let data = platform_data(Platform::AMD64).map_err(|error| error.to_string())?;
        let platform = data.name.clone();
        let mut builder = builder.add_platform(data).map_err(|error| error.to_string())?;
        let added = builder.add_conda_package(ENVIRONMENT, platform.as_str(), CondaPackageData::from(record));
        added.map_err(|error| error.to_string())?;
        let text = builder.finish().render_to_string().map_err(|error| error.to_string())?;
        let read = read(&text, Path::new("pixi.lock")).map_err(|error| error.to_string())?;
        let found = read.into_values().flat_map(|packages| packages.conda).next();
        let found = found.ok_or_else(|| format!("{} is lost in a lock file", package.name))?;
        Ok(LockedConda { requested: package.requested, ..found })
    };
    packages.into_iter().map(settle).collect()
}

/// A package with what the format keeps of its record.
fn conda(data: &CondaBinaryData) -> Result<LockedConda, String> {
    let name = data.package_record.name.as_normalized();
    let record = RepoDataRecord::try_from(data).map_err(|error| format!("{name}: {error}"))?;
    LockedConda::new(&record, false).ok_or_else(|| format!("{name} has no SHA-256"))
}

fn subdir(platform: Platform) -> Subdir {
    match platform.arch {
        Arch::Amd64 => Subdir::Linux64,
        Arch::Arm64 => Subdir::LinuxAarch64,
    }
}

fn platform_data(platform: Platform) -> Result<PlatformData, rattler_lock::ParsePlatformError> {
    let subdir = subdir(platform);
    Ok(PlatformData {
        name: PlatformName::try_from(subdir.to_string())?,
        subdir,
        virtual_packages: Vec::new(),
    })
}

fn package(wheel: &LockedWheel) -> Result<PypiPackageData, String> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| format!("{what} of {}: {error}", wheel.name);
    let location = match &wheel.location {
        WheelLocation::Url(url) => UrlOrPath::Url(
            url.without_credentials().to_string().parse().map_err(|error| wrong("the address", &error))?,
        ),
        WheelLocation::Path(path) => {
            path.display().to_string().parse::<UrlOrPath>().map_err(|error| wrong("the path", &error))?
        }
    };
    let sha256 =
        wheel.hashes.iter().find_map(|hash| parse_digest_from_hex::<Sha256>(hash.strip_prefix("sha256:")?));
    let requires_dist: Result<Vec<_>, _> = wheel.requires_dist.iter().map(|text| text.parse()).collect();
    let requires_python = wheel.requires_python.as_deref().map(str::parse).transpose();
    Ok(PypiPackageData::Distribution(Box::new(PypiDistributionData {
        name: wheel.name.parse().map_err(|error| wrong("the name", &error))?,
        version: wheel.version.parse().map_err(|error| wrong("the version", &error))?,
        location: Verbatim::from(location),
        index_url: wheel
            .index
            .as_ref()
            .and_then(|index| index.without_credentials().to_string().parse().ok()),
        hash: PackageHashes::from_hashes(None, sha256),
        requires_dist: requires_dist.map_err(|error| wrong("a requirement", &error))?,
        requires_python: requires_python.map_err(|error| wrong("requires-python", &error))?,
    })))
}

fn wheel(data: &PypiDistributionData) -> Result<LockedWheel, String> {
    let location = match data.location.inner() {
        UrlOrPath::Url(url) => WheelLocation::Url(
            SafeUrl::parse(url.as_str()).map_err(|error| format!("{}: {error}", data.name))?,
        ),
        UrlOrPath::Path(path) => WheelLocation::Path(path.as_str().into()),
    };
    let filename = data.location.inner().file_name().unwrap_or_default().to_owned();
    let sha256 = data.hash.as_ref().and_then(PackageHashes::sha256);
    Ok(LockedWheel {
        name: data.name.to_string(),
        version: data.version.to_string(),
        filename,
        // Where a file has none of its own, the format gives it the environment's first.
        index: (data.index_url.as_ref())
            .filter(|_| matches!(location, WheelLocation::Url(_)))
            .and_then(|url| SafeUrl::parse(url.as_str()).ok()),
        location,
        hashes: sha256.into_iter().map(|hash| Digest::from_bytes((*hash).into()).to_string()).collect(),
        size: None,
        requires_dist: data.requires_dist.iter().map(ToString::to_string).collect(),
        requires_python: data.requires_python.as_ref().map(ToString::to_string),
        requested: false,
        direct_url: None,
    })
}

//! Environments whose definition is a lock file of another tool: its packages as they are, nothing chosen.

use crate::{BuildError, context::Context, hashes};
use envwright_definition::{Environment, Location, Locked, LockedFile, LockedKind, LockedPackage, LockedSet};
use envwright_diagnosis::Finding;
use envwright_lock::{
    PlatformLock,
    conda::{self, LockedConda},
    pypi::{self, LockedWheel, WheelLocation},
};
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use envwright_target::Platform;
use md5::{Digest as _, Md5};
use std::{io::Read as _, path::Path};

/// Whether the definition is a lock file.
pub(crate) fn is(environment: &Environment) -> bool {
    environment.locked.as_ref().is_some_and(|locked| !locked.is_empty())
}

/// Whether it has packages of a kind.
pub(crate) fn has(environment: &Environment, kind: LockedKind) -> bool {
    let sets = environment.locked.iter().flat_map(|locked| &locked.sets);
    sets.flat_map(|set| &set.packages).any(|package| package.kind == kind)
}

/// Adds the packages of the lock file for a platform to what the base gives.
pub(crate) async fn fill(
    context: &Context<'_>,
    locked: &Locked,
    platform: Platform,
    mut lock: PlatformLock,
) -> Result<PlatformLock, BuildError> {
    let subdir = conda::subdir_name(platform);
    let packages: Vec<&LockedPackage> = sets(locked, subdir).iter().flat_map(|set| &set.packages).collect();
    if packages.is_empty() {
        let reason = format!("it has nothing for {subdir}");
        return Err(refused(Finding::new("definition-lock-invalid").fact("reason", reason)));
    }
    for package in packages.iter().filter(|package| package.kind == LockedKind::Conda) {
        lock.conda.push(of_conda(context, package).await?);
    }
    lock.conda.sort_by(|one, other| one.name.cmp(&other.name));
    lock.python = lock.conda.iter().find_map(LockedConda::python).or(lock.python);
    let target = pypi::Target { platform, python: lock.python.unwrap_or_default(), glibc: lock.glibc };
    for package in packages.iter().filter(|package| package.kind == LockedKind::Pypi) {
        lock.wheels.extend(of_pypi(package, &target)?);
    }
    lock.wheels.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(lock)
}

/// The sets of the environment that is meant: `default`, else the first.
pub(crate) fn sets<'l>(locked: &'l Locked, subdir: &str) -> Vec<&'l LockedSet> {
    let named = |name: &str| locked.sets.iter().any(|set| set.environment == name);
    let first = locked.sets.first().map_or("default", |set| set.environment.as_str());
    let environment = if named("default") { "default" } else { first };
    let is_meant = |set: &&LockedSet| {
        set.environment == environment && set.platform.as_deref().is_none_or(|platform| platform == subdir)
    };
    locked.sets.iter().filter(is_meant).collect()
}

fn refused(finding: Finding) -> BuildError {
    BuildError::Refused { findings: vec![finding] }
}

async fn of_conda(context: &Context<'_>, package: &LockedPackage) -> Result<LockedConda, BuildError> {
    let unusable = |reason: &str| {
        refused(Finding::new("definition-lock-invalid").fact("package", &package.name).fact("reason", reason))
    };
    let file = package.files.first().ok_or_else(|| unusable("a package has no file"))?;
    let url = match &file.location {
        Location::Url(url) => url.clone(),
        Location::Path(path) => {
            let path = std::path::absolute(path).map_err(BuildError::from)?;
            SafeUrl::parse(&format!("file://{}", path.display())).map_err(|_| unusable("a path is none"))?
        }
    };
    let sha256 = match (&file.sha256, &file.md5) {
        (Some(sha256), _) => format!("sha256:{sha256}").parse().map_err(|_| unusable("a SHA-256 is none"))?,
        (None, md5) => {
            let version = package.version.as_deref().unwrap_or_default();
            let about = About { name: &package.name, version, size: file.size };
            read(context, &about, &url, md5.as_deref()).await?
        }
    };
    LockedConda::exact(&url, sha256, file.size).ok_or_else(|| unusable("a URL names no conda package"))
}

/// What is known of a package whose file is to be read.
pub(crate) struct About<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    pub(crate) size: Option<u64>,
}

/// The digest of a conda package of which at most MD5 is known: its file is fetched, held to that, and kept.
pub(crate) async fn read(
    context: &Context<'_>,
    about: &About<'_>,
    url: &SafeUrl,
    md5: Option<&str>,
) -> Result<Digest, BuildError> {
    let client = context.client.for_conda();
    let (sha256, kept) = hashes::fetch(context, &client, url.clone(), about.size).await?;
    if let Some(expected) = md5 {
        let got = md5_of(&kept)?;
        if !got.eq_ignore_ascii_case(expected) {
            fs_err::remove_file(&kept)?;
            return Err(BuildError::Digest {
                package: about.name.to_owned(),
                version: about.version.to_owned(),
                file: url.file_name().unwrap_or_default(),
                expected: format!("md5:{expected}"),
                got: format!("md5:{got}"),
                kind: envwright_image::Kind::Conda,
                span: None,
            });
        }
    }
    Ok(sha256)
}

fn md5_of(path: &Path) -> Result<String, BuildError> {
    let mut hasher = Md5::new();
    let mut file = fs_err::File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// The wheel of a package that fits the target best; none where its marker leaves the target out.
fn of_pypi(package: &LockedPackage, target: &pypi::Target) -> Result<Option<LockedWheel>, BuildError> {
    if package.marker.as_ref().is_some_and(|marker| !target.is_meant(marker)) {
        return Ok(None);
    }
    let name = |file: &LockedFile| match &file.location {
        Location::Url(url) => url.file_name().unwrap_or_default(),
        Location::Path(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    let names: Vec<String> = package.files.iter().map(name).collect();
    let Some(best) = target.best(&names) else {
        let finding = Finding::new("pip-no-wheel-for-platform")
            .fact("package", &package.name)
            .fact("platform", target.platform)
            .detail(format!("The lock file has {} for it.", names.join(", ")));
        return Err(refused(finding));
    };
    let file = &package.files[best];
    let location = match &file.location {
        Location::Url(url) => WheelLocation::Url(url.without_credentials()),
        Location::Path(path) => WheelLocation::Path(std::path::absolute(path)?),
    };
    Ok(Some(LockedWheel {
        name: package.name.clone(),
        version: package
            .version
            .clone()
            .unwrap_or_else(|| pypi::version_of(&names[best]).unwrap_or_default()),
        filename: names[best].clone(),
        location,
        index: None,
        hashes: file.sha256.iter().map(|digest| format!("sha256:{digest}")).collect(),
        size: file.size,
        requires_dist: Vec::new(),
        requires_python: None,
        requested: true,
        direct_url: None,
    }))
}

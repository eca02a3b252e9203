//! A lock as the two files beside a definition: `pixi.lock` and `envwright.lock`.

use crate::{
    LockError,
    debian::LockedDeb,
    model::{BaseLock, LOCK_VERSION, Lock, PlatformLock},
    pixi,
    pypi::LockedWheel,
};
use envwright_redact::SafeUrl;
use envwright_store::{Digest, write_atomic};
use envwright_target::Platform;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// The two lock files of a folder.
#[derive(Debug, Clone)]
pub struct LockFiles {
    pixi: PathBuf,
    own: PathBuf,
}

/// The form of `envwright.lock`: all that `pixi.lock` has no place for.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    version: u32,
    definition: Digest,
    /// Digest of the `pixi.lock` that was written with it. Of two files one is written first: a process that is killed
    /// between them leaves two that do not belong together.
    pixi: Option<Digest>,
    /// Until that one is written, digest of the one that it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaced: Option<Digest>,
    platforms: BTreeMap<Platform, OwnPlatform>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnPlatform {
    python: Option<(u8, u8, u8)>,
    glibc: Option<(u32, u32)>,
    base: BaseLock,
    #[serde(default)]
    debs: Vec<LockedDeb>,
    /// Names of the conda packages that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conda: Vec<String>,
    #[serde(default)]
    wheels: Vec<OwnWheel>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnWheel {
    name: String,
    requested: bool,
    size: Option<u64>,
    direct_url: Option<serde_json::Value>,
}

impl LockFiles {
    /// Those of `folder`.
    pub fn of(folder: &Path) -> Self {
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        Self { pixi: folder.join("pixi.lock"), own: folder.join("envwright.lock") }
    }

    /// The file that is envwright's own.
    pub fn path(&self) -> &Path {
        &self.own
    }

    /// The lock, or `None` where there is none, or the writing of both files came to half. An error where another tool
    /// has changed `pixi.lock`.
    pub fn read(&self) -> Result<Option<Lock>, LockError> {
        let (Some(own_text), Some(pixi_text)) = (text(&self.own)?, text(&self.pixi)?) else {
            return Ok(None);
        };
        let invalid = |reason: String| LockError::Invalid { path: self.own.clone(), reason };
        let own: Own = toml::from_str(&own_text).map_err(|error| invalid(error.message().to_owned()))?;
        if own.version != LOCK_VERSION {
            return Err(invalid(format!("its version is {}, not {LOCK_VERSION}", own.version)));
        }
        let found = digest(&pixi_text);
        if own.pixi.is_some_and(|written| written != found) {
            return if own.replaced == Some(found) {
                Ok(None)
            } else {
                Err(LockError::Foreign(self.pixi.clone()))
            };
        }
        let mut packages = pixi::read(&pixi_text, &self.pixi)?;
        let mut platforms = BTreeMap::new();
        for (platform, own) in own.platforms {
            let packages = packages.remove(&platform).unwrap_or_default();
            platforms.insert(platform, join(own, packages).map_err(invalid)?);
        }
        Ok(Some(Lock { definition: own.definition, platforms }))
    }

    /// Writes both, never over another tool's `pixi.lock`. `indexes` are those that were asked.
    pub fn write(&self, lock: &Lock, indexes: &[SafeUrl]) -> Result<(), LockError> {
        if self.pixi.exists() && !self.own.exists() {
            return Err(LockError::Foreign(self.pixi.clone()));
        }
        let pixi_text = self.pixi_text(lock, indexes)?;
        // Who comes after a process that was killed in between knows whose file is there.
        let replaced = text(&self.pixi)?.map(|text| digest(&text));
        let begun = self.own_text(lock, &pixi_text, replaced)?;
        write_atomic(&self.own, begun.as_bytes())?;
        write_atomic(&self.pixi, pixi_text.as_bytes())?;
        let own_text = self.own_text(lock, &pixi_text, None)?;
        if own_text != begun {
            write_atomic(&self.own, own_text.as_bytes())?;
        }
        Ok(())
    }

    /// Whether both files hold exactly what [`LockFiles::write`] would write.
    pub fn are(&self, lock: &Lock, indexes: &[SafeUrl]) -> Result<bool, LockError> {
        let pixi_text = self.pixi_text(lock, indexes)?;
        let own_text = self.own_text(lock, &pixi_text, None)?;
        Ok(text(&self.pixi)?.as_deref() == Some(&pixi_text) && text(&self.own)?.as_deref() == Some(&own_text))
    }

    fn pixi_text(&self, lock: &Lock, indexes: &[SafeUrl]) -> Result<String, LockError> {
        pixi::write(&lock.platforms, indexes, &self.pixi)
    }

    /// The text of `envwright.lock` beside this text of `pixi.lock`.
    fn own_text(&self, lock: &Lock, pixi_text: &str, replaced: Option<Digest>) -> Result<String, LockError> {
        let platforms = lock.platforms.iter().map(|(platform, lock)| (*platform, own_platform(lock)));
        let own = Own {
            version: LOCK_VERSION,
            definition: lock.definition,
            pixi: Some(digest(pixi_text)),
            replaced,
            platforms: platforms.collect(),
        };
        let own_text = toml::to_string(&own)
            .map_err(|error| LockError::Invalid { path: self.own.clone(), reason: error.to_string() })?;
        Ok(format!("# Made by `envwright lock`; not meant to be edited.\n{own_text}"))
    }
}

fn own_platform(lock: &PlatformLock) -> OwnPlatform {
    let own_wheel = |wheel: &LockedWheel| OwnWheel {
        name: wheel.name.clone(),
        requested: wheel.requested,
        size: wheel.size,
        direct_url: wheel.direct_url.clone(),
    };
    OwnPlatform {
        python: lock.python,
        glibc: lock.glibc,
        base: lock.base.clone(),
        debs: lock.debs.clone(),
        conda: lock
            .conda
            .iter()
            .filter(|package| package.requested)
            .map(|package| package.name.clone())
            .collect(),
        wheels: lock.wheels.iter().map(own_wheel).collect(),
    }
}

/// Puts together what the two files say about one platform. Both must name the same packages.
fn join(own: OwnPlatform, packages: pixi::Packages) -> Result<PlatformLock, String> {
    let pixi::Packages { channels, mut conda, mut wheels } = packages;
    for package in &mut conda {
        package.requested = own.conda.contains(&package.name);
    }
    let mut known: BTreeMap<String, OwnWheel> =
        own.wheels.into_iter().map(|wheel| (wheel.name.clone(), wheel)).collect();
    for wheel in &mut wheels {
        let own = known
            .remove(&wheel.name)
            .ok_or_else(|| format!("it does not know {} of pixi.lock", wheel.name))?;
        wheel.requested = own.requested;
        wheel.size = own.size;
        wheel.direct_url = own.direct_url;
    }
    if let Some(name) = known.keys().next() {
        return Err(format!("{name} is not in pixi.lock"));
    }
    if let Some(name) = own.conda.iter().find(|name| !conda.iter().any(|package| package.name == **name)) {
        return Err(format!("{name} is not in pixi.lock"));
    }
    let OwnPlatform { base, python, glibc, debs, .. } = own;
    Ok(PlatformLock { base, python, glibc, debs, channels, conda, wheels })
}

/// The same for lines that end as on Windows: version control may change that.
fn digest(text: &str) -> Digest {
    Digest::of(text.replace("\r\n", "\n").as_bytes())
}

fn text(path: &Path) -> Result<Option<String>, LockError> {
    match fs_err::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LockError::Io { path: path.to_owned(), source }),
    }
}

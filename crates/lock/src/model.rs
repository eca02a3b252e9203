//! The solved environment.

use crate::{conda::LockedConda, debian::LockedDeb, pypi::LockedWheel};
use envwright_store::{Digest, canonical_json};
use envwright_target::Platform;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the lock format.
pub const LOCK_VERSION: u32 = 1;

/// An environment solved for some platforms: all that is needed to make its images again, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// Hash of the definition that was solved.
    pub definition: Digest,
    /// The solution for each platform.
    pub platforms: BTreeMap<Platform, PlatformLock>,
}

/// The solution for one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlatformLock {
    /// What the packages are put on.
    pub base: BaseLock,
    /// The Python that wheels were chosen for; none where there are no wheels.
    pub python: Option<(u8, u8, u8)>,
    /// The C library that wheels were chosen for.
    pub glibc: Option<(u32, u32)>,
    /// Debian packages, by name.
    pub debs: Vec<LockedDeb>,
    /// Channels that conda packages were chosen from, in their order, without credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// conda packages, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conda: Vec<LockedConda>,
    /// Wheels, by name.
    pub wheels: Vec<LockedWheel>,
}

/// A base, pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseLock {
    /// As the definition names it.
    pub name: String,
    /// Digest of its manifest; none for a base that envwright makes itself from the locked .debs.
    pub digest: Option<Digest>,
    /// When each suite of the Debian mirror was made, as its `Release` says (`Date`).
    #[serde(default)]
    pub releases: BTreeMap<String, String>,
    /// System packages that were asked for on a base that has others already, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apt: Vec<String>,
}

impl PlatformLock {
    /// A base, and nothing on it yet.
    pub fn of_base(base: BaseLock) -> Self {
        Self {
            base,
            python: None,
            glibc: None,
            debs: Vec::new(),
            channels: Vec::new(),
            conda: Vec::new(),
            wheels: Vec::new(),
        }
    }

    /// The Python that conda brings.
    pub fn conda_python(&self) -> Option<&LockedConda> {
        self.conda.iter().find(|package| package.python().is_some())
    }
}

impl Lock {
    /// Digest of all that it pins.
    pub fn digest(&self) -> Digest {
        // Every member serialises: maps have text keys and numbers are integers.
        let value = serde_json::to_value(self).unwrap_or_default();
        Digest::of(&canonical_json(&value))
    }
}

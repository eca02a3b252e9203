//! The solved environment.

use crate::{debian::LockedDeb, pypi::LockedWheel};
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

impl Lock {
    /// Digest of all that it pins.
    pub fn digest(&self) -> Digest {
        // Every member serialises: maps have text keys and numbers are integers.
        let value = serde_json::to_value(self).unwrap_or_default();
        Digest::of(&canonical_json(&value))
    }
}

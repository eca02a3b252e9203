//! Debian packages from a mirror whose signature is checked.
//!
//! - [`Mirror`]: a suite on a mirror; [`Mirror::configured`], [`host_sources`] and [`base_sources`] make them;
//! - [`lock`]: from a [`Request`] to a [`DebianLock`] of [`LockedDeb`]s, or a [`DebianError`] that explains;
//! - [`snapshot`]: where a locked package is that left its mirror.
//!
//! `InRelease` must carry a signature by a key of the mirror's keyring; it holds the digests of the package
//! lists, and they those of the packages (Debian repository format, "Release files"). Lists are kept by their digest:
//! a lock costs one small request per suite, and the lists only where they have changed.

mod control;
mod error;
mod keyring;
mod lists;
mod provider;
mod relation;
mod release;
mod snapshot;
mod solve;
mod sources;
mod universe;

pub use error::DebianError;
pub use keyring::{KeyFile, Keyring};
pub use snapshot::snapshot;
pub use solve::{glibc, glibc_of_suite, python};
pub use sources::{Mirror, base_sources, host_sources};

use envwright_diagnosis::Span;
use envwright_fetch::Client;
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use envwright_target::Platform;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

/// What a base shall have.
#[derive(Debug, Clone)]
pub struct Request {
    /// The platform.
    pub platform: Platform,
    /// The suite, such as `bookworm`.
    pub suite: String,
    /// System packages that the user asks for.
    pub packages: Vec<Wanted>,
    /// What there is before.
    pub ground: Ground,
}

/// What packages are put on.
#[derive(Debug, Clone)]
pub enum Ground {
    /// Nothing: the base is made of the packages.
    Nothing {
        /// Whether `python3` is needed.
        include_python: bool,
    },
    /// A system with packages of its own.
    Installed {
        /// Its `/var/lib/dpkg/status`.
        status: String,
    },
}

/// A package that the user asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// Where it was written.
    pub span: Option<Span>,
}

/// The packages of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebianLock {
    /// Sorted by name.
    pub debs: Vec<LockedDeb>,
    /// When each suite was made, as its `Release` says.
    pub releases: BTreeMap<String, String>,
    /// Version of the `python3` among them: major, minor, patch.
    pub python: Option<(u8, u8, u8)>,
    /// Version of the C library among them.
    pub glibc: Option<(u32, u32)>,
}

/// A package that was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedDeb {
    /// Name.
    pub name: String,
    /// Version (Debian policy, section 5.6.12).
    pub version: String,
    /// Architecture as Debian names it; `all` for any.
    pub architecture: String,
    /// Where the file is, without credentials.
    #[serde(with = "crate::address")]
    pub url: SafeUrl,
    /// Digest of the file.
    pub sha256: Digest,
    /// Size of the file in bytes.
    pub size: u64,
    /// Whether the user named it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
}

/// Locks packages. Of a base that is made of them: the essential ones, `ca-certificates`, Python with the C++ library
/// where it is asked for, and the user's. On a system that is there: those that the user's need beside what it has, as
/// `apt-get install --no-install-recommends` chooses them. What it has stays as it is, unless one of the user's needs a
/// newer version; nothing is removed, made older, or taken out of its hold.
/// Lists are kept below `cache_dir`; a client that is offline takes them from there.
pub async fn lock(
    client: &Client,
    cache_dir: &Path,
    mirrors: &[Mirror],
    request: &Request,
) -> Result<DebianLock, DebianError> {
    if mirrors.is_empty() {
        return Err(DebianError::NoMirror { suite: request.suite.clone() });
    }
    let lists = lists::fetch(client, &cache_dir.join("debian"), mirrors, request.platform).await?;
    let request = request.clone();
    // Reading and solving take about a second of one core.
    let solved = tokio::task::spawn_blocking(move || solve::solve(&lists, &request)).await;
    solved.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

//! Wheels for a target, solved by uv's resolver with pip's rules.
//!
//! - [`default_index`]: where wheels come from when nothing else is said;
//! - [`solve`]: from a [`Request`] to a [`PypiLock`] of [`LockedWheel`]s, or a [`PypiError`] that explains;
//! - [`look_up`]: what the indexes have of some names; [`search`]: all that they have of one;
//! - [`Target`]: which of the files that a lock names are for a platform and its Python.
//!
//! Only wheels are taken: nothing is ever built. Markers and tags are those of the target, so the answer
//! is the same on every host. Of several indexes the best version of any wins, as with pip. Index pages and
//! wheel metadata are kept below [`Request::cache_dir`]; a package costs one request for its page and one
//! for the metadata of each version that is looked at.

mod conflict;
mod context;
mod error;
mod explain;
mod fate;
mod installed;
mod known;
mod locked;
mod look_up;
mod markers;
mod meant;
mod provider;
mod requirement;
mod resolve;
mod search;
mod session;
mod target;
#[cfg(test)]
mod tests;
mod transport;

pub use error::PypiError;
pub use search::LINKS;
pub use target::{Target, version_of};

use crate::search::{Answer, Fitting};
use envwright_diagnosis::{Asked, Finding, Had, Span};
use envwright_fetch::Client;
use envwright_redact::SafeUrl;
use envwright_target::Platform;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// What to solve, and for which target.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the image shall have.
    pub requirements: Vec<Required>,
    /// Limits on versions that ask for nothing themselves (`-c`).
    pub constraints: Vec<Required>,
    /// Where packages come from.
    pub indexes: IndexUrls,
    /// Every package needs an exact version and a hash. One requirement with a hash switches it on, too.
    pub require_hashes: bool,
    /// The target's platform.
    pub platform: Platform,
    /// The target's `CPython`: major, minor, patch.
    pub python: (u8, u8, u8),
    /// The target's glibc; without one (musl, or unknown) only wheels for any platform fit.
    pub glibc: Option<(u32, u32)>,
    /// What the target has already; it is kept where it fits.
    pub installed: Vec<Installed>,
    /// Versions to keep where they still fit, such as those of an earlier lock: name and version.
    pub preferences: Vec<(String, String)>,
    /// After this the solve ends as [`PypiError::Timeout`].
    pub time_limit: Duration,
    /// Folder for index pages and metadata.
    pub cache_dir: PathBuf,
    /// Whether indexes are asked again for what may still be kept.
    pub refresh: bool,
    /// What asks; offline, everything is taken from [`Request::cache_dir`] and local folders.
    pub client: Client,
}

/// One requirement or constraint, and where it was written.
#[derive(Debug, Clone)]
pub struct Required {
    /// Normalised name of the package.
    pub name: String,
    /// The whole requirement as a dependency specifier (PEP 508).
    pub text: String,
    /// `--hash` options, such as `sha256:…`.
    pub hashes: Vec<String>,
    /// Where it stands.
    pub span: Option<Span>,
}

/// A distribution that the target has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Normalised name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its core metadata (`METADATA`, or `PKG-INFO` of an older one).
    pub metadata: String,
}

/// Where packages come from.
#[derive(Debug, Clone, Default)]
pub struct IndexUrls {
    /// `--index-url`; without it the resolver's own default.
    pub index: Option<SafeUrl>,
    /// `--extra-index-url`.
    pub extra: Vec<SafeUrl>,
    /// `--find-links`.
    pub find_links: Vec<FindLinks>,
    /// `--no-index`.
    pub no_index: bool,
    /// `--pre`: pre-releases count like other versions. Otherwise they are taken only where they are named
    /// or nothing else exists.
    pub prerelease: bool,
}

/// A plain page or folder of files.
#[derive(Debug, Clone)]
pub enum FindLinks {
    /// A page with links.
    Url(SafeUrl),
    /// A folder, absolute.
    Path(PathBuf),
}

/// The answer: a wheel for every package.
#[derive(Debug, Clone)]
pub struct PypiLock {
    /// Sorted by name.
    pub wheels: Vec<LockedWheel>,
    /// What is worth knowing about the answer.
    pub warnings: Vec<Finding>,
}

/// One wheel that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockedWheel {
    /// Normalised name.
    pub name: String,
    /// Version as the wheel's name has it.
    pub version: String,
    /// Name of the file.
    pub filename: String,
    /// Where the file is.
    pub location: WheelLocation,
    /// The index it was found on, without credentials: those given for it open the file, too.
    #[serde(with = "crate::address::optional")]
    pub index: Option<SafeUrl>,
    /// `sha256:…`, from the index or the requirement; empty when neither has one.
    pub hashes: Vec<String>,
    /// Bytes, where the index tells.
    pub size: Option<u64>,
    /// `Requires-Dist` of its metadata.
    pub requires_dist: Vec<String>,
    /// `Requires-Python` of its metadata.
    pub requires_python: Option<String>,
    /// Asked for by name, not only needed by another package.
    pub requested: bool,
    /// Content of `direct_url.json` (PEP 610) for a wheel that was asked for by URL or path.
    pub direct_url: Option<serde_json::Value>,
}

/// Where a wheel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WheelLocation {
    /// An address, without credentials.
    #[serde(with = "crate::address")]
    Url(SafeUrl),
    /// A file on this machine, absolute.
    Path(PathBuf),
}

/// The index that is asked where none is named: uv's own default.
pub fn default_index() -> SafeUrl {
    transport::safe(&uv_distribution_types::PYPI_URL)
}

/// Finds a wheel for every package that the request needs. Dropping the future ends the solve.
pub async fn solve(request: &Request) -> Result<PypiLock, PypiError> {
    let request = request.clone();
    on_a_thread(async move || resolve::run(&request).await).await?
}

/// What the indexes of a request have of some packages, in their order; `None` where it cannot be found out within the
/// request's time limit. What the request wants is not looked at.
pub async fn look_up(request: &Request, asked: &[Asked]) -> Result<Vec<Option<Had>>, PypiError> {
    let (request, asked) = (request.clone(), asked.to_vec());
    on_a_thread(async move || look_up::run(&request, &asked).await).await?
}

/// What the indexes of a request have of its first requirement. Each index is asked alone, so that one which does not
/// answer hides no other; that costs one request each.
///
/// # Errors
/// [`PypiError::Requirement`] where there is no requirement, or one that names no package with versions.
pub async fn search(request: &Request, fitting: &Fitting) -> Result<Answer, PypiError> {
    let (request, fitting) = (request.clone(), fitting.clone());
    on_a_thread(async move || search::run(&request, &fitting).await).await?
}

/// Runs work with uv's resolver and client, which are not `Send`, on a thread of its own.
async fn on_a_thread<T: Send + 'static>(
    work: impl AsyncFnOnce() -> T + Send + 'static,
) -> Result<T, PypiError> {
    let (mut sender, receiver) = tokio::sync::oneshot::channel();
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answer = match runtime {
            Ok(runtime) => {
                let answer = runtime.block_on(async {
                    tokio::select! {
                        answer = work() => Some(Ok(answer)),
                        () = sender.closed() => None,
                    }
                });
                runtime.shutdown_background();
                answer
            }
            Err(source) => Some(Err(PypiError::Thread { source })),
        };
        if let Some(answer) = answer {
            // Fails only when nobody waits any more.
            let _ = sender.send(answer);
        }
    };
    // Reports of the resolver recurse deeply.
    let builder = std::thread::Builder::new().name("pypi-solve".to_owned()).stack_size(8 << 20);
    builder.spawn(work).map_err(|source| PypiError::Thread { source })?;
    receiver.await.map_err(|_| PypiError::Ended)?
}

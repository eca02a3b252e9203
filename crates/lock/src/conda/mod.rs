//! conda packages for a target, solved by rattler's solver.
//!
//! - [`Channels`]: which addresses the names of channels stand for; [`Channel`]: one of them;
//! - [`solve`]: from a [`Request`] to a [`Solution`] of [`LockedConda`]s, or a [`CondaError`] that explains;
//! - [`search`]: what channels have of one package.
//!
//! Virtual packages are those of the target, so the answer is the same on every host. Repodata are kept below
//! [`Request::cache_dir`], sharded ones where a channel has them, and asked for again with the conditions of HTTP.

mod channels;
mod conflict;
mod error;
mod explain;
mod gateway;
mod locked;
mod search;
mod solve;
mod virtual_packages;

pub use channels::{Channel, Channels};
pub use error::CondaError;
pub use gateway::subdir_name;
pub use locked::{LockedConda, Undigested};
pub use search::search;
pub use solve::solve;

use envwright_diagnosis::Span;
use envwright_fetch::Client;
use envwright_target::Platform;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// What to solve, and for which target.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the environment shall have.
    pub specs: Vec<Asked>,
    /// Where packages come from, the preferred first.
    pub channels: Vec<Channel>,
    /// How the order of channels counts.
    pub priority: Priority,
    /// The target's platform.
    pub platform: Platform,
    /// The target's glibc; without one, packages that need any are not taken.
    pub glibc: Option<(u32, u32)>,
    /// The CUDA version that the target's driver has, such as `12.4`.
    pub cuda: Option<String>,
    /// Packages to keep where they still fit, such as those of an earlier lock.
    pub preferences: Vec<LockedConda>,
    /// After this the solve ends as [`CondaError::Timeout`].
    pub time_limit: Duration,
    /// Folder for repodata.
    pub cache_dir: PathBuf,
    /// What asks; offline, everything is taken from [`Request::cache_dir`] and local folders.
    pub client: Client,
}

/// The answer: all packages of the environment.
#[derive(Debug, Clone, Default)]
pub struct Solution {
    /// Those that can be locked as they are, sorted by name.
    pub packages: Vec<LockedConda>,
    /// The others.
    pub undigested: Vec<Undigested>,
}

/// One match specification, and where it was written.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As conda reads it, such as `numpy >=1.26`.
    pub text: String,
    /// Where it stands.
    pub span: Option<Span>,
}

/// How the order of channels counts (conda's manual, "Managing channels").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// A package comes from the first channel that has any version of it.
    #[default]
    Strict,
    /// A package comes from the first channel that has a version that fits.
    Flexible,
    /// The highest version of any channel.
    Disabled,
}

//! What can be wrong with lock files.

use envwright_diagnosis::{Explain, Finding};
use envwright_store::{StoreError, refused};
use std::path::PathBuf;

/// Why a lock cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// A lock file says what no lock of this version can say.
    #[error("{path}: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is a `pixi.lock` that another tool made.
    #[error("{0} was made by another tool")]
    Foreign(PathBuf),
    /// A lock file cannot be written.
    #[error("writing the lock")]
    Store(#[from] StoreError),
    /// A lock file cannot be read.
    #[error("reading {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Explain for LockError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::Invalid { path, reason } => {
                Finding::new("lock-invalid").fact("file", path.display()).fact("reason", reason)
            }
            Self::Foreign(path) => Finding::new("lock-foreign").fact("file", path.display()),
            Self::Store(error) => return error.findings(),
            Self::Io { path, source } => refused(path.display(), source),
        };
        vec![finding]
    }
}

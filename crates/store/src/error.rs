//! What can go wrong when something is kept.

use envwright_diagnosis::{Explain, Finding};
use std::{
    io,
    path::{Path, PathBuf},
};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was being done: a verb, such as `write`.
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No folder to keep things in is known.
    #[error("no home folder: `HOME` is not set")]
    NoHome,
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

impl Explain for StoreError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::Io { path, source, .. } if is_full(source) => {
                Finding::new("disk-full").fact("path", path.display())
            }
            Self::Io { path, source, .. } => {
                Finding::new("store-io").fact("path", path.display()).fact("reason", source)
            }
            Self::NoHome => Finding::new("store-io").fact("path", "$HOME").fact("reason", "HOME is not set"),
        };
        vec![finding]
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let problem = |kind: io::ErrorKind| {
            let error = StoreError::io("write", Path::new("/x"))(kind.into());
            error.findings()[0].problem.as_str().to_owned()
        };
        assert_eq!(problem(io::ErrorKind::StorageFull), "disk-full");
        assert_eq!(problem(io::ErrorKind::QuotaExceeded), "disk-full");
        assert_eq!(problem(io::ErrorKind::PermissionDenied), "store-io");
    }
}

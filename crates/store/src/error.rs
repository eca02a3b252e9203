//! What can go wrong when something is kept.

use envwright_diagnosis::{Explain, Finding};
use std::{
    error::Error,
    fmt::Display,
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
    /// What a refusal of the operating system is: `action`, a verb, was not done to `path`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

impl Explain for StoreError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::Io { path, source, .. } => refused(path.display(), source),
            Self::NoHome => Finding::new("store-io").fact("path", "$HOME").fact("reason", "HOME is not set"),
        };
        vec![finding]
    }
}

/// Whether there is no space: on the disk, or in the user's part of it.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Whether the operating system said it, and not a library about the bytes that it read.
pub fn is_of_system(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof, Unsupported, WriteZero};
    !matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof | Unsupported | WriteZero)
}

/// The finding that a refusal of the operating system is; `path` is what could not be read or written.
pub fn refused(path: impl Display, error: &io::Error) -> Finding {
    if is_full(error) {
        return Finding::new("disk-full").fact("path", path);
    }
    // The path is said already.
    let mut reason: &dyn Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    Finding::new("store-io").fact("path", path).fact("reason", reason)
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

    #[test]
    fn what_a_library_says_of_bytes_is_not_of_the_system() {
        let missing = fs_err::File::open("/no/such/file").unwrap_err();
        let nested = io::Error::from_raw_os_error(5);
        assert!(
            is_of_system(&missing) && is_of_system(&nested) && !is_of_system(&io::Error::other("not a tar"))
        );
    }
}

//! What can be wrong with an archive.

use std::io;

/// Most characters of a path that are shown: an archive may make them a mebibyte long.
const SHOWN: usize = 160;

/// Why an archive is not read to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Its bytes cannot be read, or not be decompressed.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is not in its format.
    #[error("its {0}")]
    Broken(String),
    /// A member means different things to different readers.
    #[error("its member `{path}`: {reason}")]
    Member {
        /// The member's path; what is not printable is escaped, and a long one is cut.
        path: String,
        /// What is wrong with it, a clause.
        reason: String,
    },
}

impl ArchiveError {
    /// A member that is refused for a reason, a clause.
    pub fn member(path: &[u8], reason: impl Into<String>) -> Self {
        let mut path: String = String::from_utf8_lossy(path).escape_debug().take(SHOWN + 1).collect();
        if path.chars().count() > SHOWN {
            path.pop();
            path.push('…');
        }
        Self::Member { path, reason: reason.into() }
    }

    /// A format that is broken; the clause follows "its".
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }
}

impl From<ArchiveError> for io::Error {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(error) => error,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}

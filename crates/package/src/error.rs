//! What can go wrong when a package becomes a segment.

use crate::writer::unreadable;
use envwright_archive::ArchiveError;
use envwright_diagnosis::{Explain, Finding};
use envwright_store::refused;
use std::{io, path::PathBuf};

/// Why a package did not become a segment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The archive is damaged, or not what its format's specification says.
    #[error("cannot unpack `{file}`: {reason}")]
    Invalid {
        /// The archive's file name.
        file: String,
        /// Name of the package that it holds.
        package: String,
        /// What is wrong, a clause.
        reason: String,
    },
    /// The archive holds something that must not be unpacked.
    #[error("refused `{path}` in `{file}`: {reason}")]
    Unsafe {
        /// The archive's file name.
        file: String,
        /// Name of the package that it holds.
        package: String,
        /// The member, or `*` for the archive as a whole; what is not printable is escaped.
        path: String,
        /// What is wrong with it, a clause.
        reason: String,
    },
    /// The byte code of the package's modules cannot be made.
    #[error("cannot compile the modules of {package}: {reason}")]
    Compiler {
        /// Name of the package.
        package: String,
        /// Why.
        reason: String,
    },
    /// The archive's file cannot be read, or its contents cannot be spooled.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The archive.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The segment cannot be written.
    #[error("cannot write the segment of `{file}`")]
    Write {
        /// The archive's file name.
        file: String,
        /// Why.
        source: io::Error,
    },
}

impl Explain for PackageError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::Invalid { file, package, reason } => Finding::new("archive-invalid")
                .fact("file", file)
                .fact("package", package)
                .fact("reason", reason)
                .detail(format!("The archive's {reason}.")),
            Self::Unsafe { file, package, path, reason } => {
                let finding = Finding::new("archive-unsafe").fact("file", file).fact("package", package);
                let finding = if path == "*" { finding } else { finding.fact("path", path) };
                finding.fact("reason", reason).detail(format!("It was refused because {reason}."))
            }
            Self::Compiler { package, reason } => {
                Finding::new("python-bytecode").fact("package", package).fact("reason", reason)
            }
            Self::Read { path, source } => refused(path.display(), source),
            Self::Write { file, source } => refused(format!("the segment of {file}"), source),
        };
        vec![finding]
    }
}

/// A failure before it is known to which archive it belongs.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A clause that follows "the archive's".
    Invalid(String),
    /// A member's path, and a clause.
    Unsafe(String, String),
    /// Why there is no byte code.
    Compiler(String),
    Read(io::Error),
    Write(io::Error),
}

impl Fault {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    pub(crate) fn refused(path: &str, reason: impl Into<String>) -> Self {
        Self::archive("", ArchiveError::member(path.as_bytes(), reason))
    }

    /// What is wrong with a part of a package, `data.tar` for one.
    pub(crate) fn archive(part: &str, error: ArchiveError) -> Self {
        match error {
            ArchiveError::Read(error) => unreadable(part, &error),
            ArchiveError::Member { path, reason } => Self::Unsafe(path, reason),
            ArchiveError::Broken(reason) => Self::invalid(format!("part {part} is broken: its {reason}")),
            other => Self::invalid(format!("part {part} is broken: {other}")),
        }
    }

    /// The public error, for the archive at `path` called `file`, that holds `package`.
    pub(crate) fn of(self, path: PathBuf, file: &str, package: &str) -> PackageError {
        let (file, package) = (file.to_owned(), package.to_owned());
        match self {
            Self::Invalid(reason) => PackageError::Invalid { file, package, reason },
            Self::Unsafe(path, reason) => PackageError::Unsafe { file, package, path, reason },
            Self::Compiler(reason) => PackageError::Compiler { package, reason },
            Self::Read(source) => PackageError::Read { path, source },
            Self::Write(source) => PackageError::Write { file, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_its_problem() {
        let problem = |fault: Fault| {
            let error = fault.of("a.whl".into(), "a.whl", "a");
            error.findings()[0].problem.as_str().to_owned()
        };
        assert_eq!(problem(Fault::invalid("central directory is missing")), "archive-invalid");
        assert_eq!(problem(Fault::refused("../x", "it goes up")), "archive-unsafe");
        assert_eq!(problem(Fault::Read(io::ErrorKind::PermissionDenied.into())), "store-io");
        assert_eq!(problem(Fault::Write(io::ErrorKind::StorageFull.into())), "disk-full");
    }
}

//! Why wheels could not be found.

use envwright_diagnosis::{Explain, Finding, Span};
use envwright_store::refused;
use std::{io, time::Duration};

/// A solve that failed.
#[derive(Debug, thiserror::Error)]
pub enum PypiError {
    /// A requirement that is not one.
    #[error("`{text}` is not a valid requirement: {reason}")]
    Requirement {
        /// The requirement.
        text: String,
        /// What is wrong with it.
        reason: String,
        /// Where it stands.
        span: Option<Span>,
    },
    /// The address or path of an index that cannot be used.
    #[error("`{text}` is not the address of an index")]
    Index {
        /// The address, without credentials.
        text: String,
    },
    /// The requirements, or what the index answers to them, leave no solution.
    #[error("the requirements have no solution")]
    Unsolvable {
        /// Why, root causes first; never empty.
        findings: Vec<Finding>,
    },
    /// An index or file could not be read.
    #[error("an index or file could not be read")]
    Transport {
        /// What went wrong, to whom.
        finding: Box<Finding>,
    },
    /// The time limit passed.
    #[error("no solution was found within {} s", limit.as_secs())]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// The cache folder could not be used.
    #[error("the cache {path} could not be used")]
    Cache {
        /// The folder.
        path: String,
        /// Why.
        source: uv_cache::Error,
    },
    /// The thread of the solve could not be started.
    #[error("the thread of the solve could not be started")]
    Thread {
        /// Why.
        source: std::io::Error,
    },
    /// The thread of the solve ended without an answer.
    #[error("the thread of the solve ended without an answer")]
    Ended,
    /// The resolver answered with what cannot be.
    #[error("the resolver failed: {reason}")]
    Internal {
        /// What it said.
        reason: String,
    },
}

impl PypiError {
    /// The failure that one finding describes.
    pub(super) fn unsolvable(finding: Finding) -> Self {
        Self::Unsolvable { findings: vec![finding] }
    }

    /// A failure of the resolver itself.
    pub(super) fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal { reason: reason.to_string() }
    }
}

impl Explain for PypiError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::Unsolvable { findings } => return findings.clone(),
            Self::Transport { finding } => (**finding).clone(),
            Self::Requirement { text, reason, span } => {
                let finding =
                    Finding::new("pip-invalid-requirement").fact("requirement", text).detail(reason);
                at(finding, span.as_ref(), "not a requirement")
            }
            Self::Index { text } => Finding::new("pip-index-not-simple").fact("url", text),
            Self::Timeout { limit } => {
                Finding::new("pip-solve-timeout").fact("limit", format!("{} s", limit.as_secs()))
            }
            Self::Cache { path, source } => match of_system(source) {
                Some(error) => refused(path, error),
                None => Finding::new("store-io").fact("path", path).fact("reason", source),
            },
            Self::Thread { source } => refused("the thread of the solve", source)
                .detail("The solver needs a thread and files of its own, which this machine does not give."),
            Self::Ended | Self::Internal { .. } => Finding::new("internal-error").detail(self.to_string()),
        };
        vec![finding]
    }
}

/// What the system said of the solver's cache.
fn of_system(error: &uv_cache::Error) -> Option<&io::Error> {
    use uv_cache::Error::{Absolute, Acquire, Init, Io};
    match error {
        Io(error) | Init(_, error) | Absolute(error) => Some(error),
        Acquire(error) => error.as_io_error(),
    }
}

/// The finding, with the place of its requirement where that is known.
pub(super) fn at(finding: Finding, span: Option<&Span>, label: &str) -> Finding {
    match span {
        Some(span) => finding.at(span, label),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_cache_that_may_not_be_written() {
        let problem = |kind: io::ErrorKind| {
            let source = uv_cache::Error::Init("/x".into(), kind.into());
            let error = PypiError::Cache { path: "/x".to_owned(), source };
            error.findings()[0].problem.as_str().to_owned()
        };
        assert_eq!(problem(io::ErrorKind::StorageFull), "disk-full");
        assert_eq!(problem(io::ErrorKind::PermissionDenied), "store-io");
    }
}

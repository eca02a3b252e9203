//! Why conda packages could not be found.

use envwright_diagnosis::{Explain, Finding, Span};
use std::time::Duration;

/// A solve that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CondaError {
    /// A channel that is none.
    #[error("`{text}` is no channel: {reason}")]
    Channel {
        /// As written, without credentials.
        text: String,
        /// What is wrong with it, a clause.
        reason: String,
        /// Where it stands.
        span: Option<Span>,
    },
    /// A specification that is none.
    #[error("`{text}` is no match specification: {reason}")]
    Spec {
        /// As written.
        text: String,
        /// What is wrong with it, a clause.
        reason: String,
        /// Where it stands.
        span: Option<Span>,
    },
    /// The specifications, or what the channels have, leave no solution.
    #[error("the specifications have no solution")]
    Unsolvable {
        /// Why, root causes first; never empty.
        findings: Vec<Finding>,
    },
    /// A channel could not be read.
    #[error("a channel could not be read")]
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
    /// The solver answered with what cannot be.
    #[error("the solver failed: {reason}")]
    Internal {
        /// What it said.
        reason: String,
    },
}

impl CondaError {
    /// A failure of the solver itself.
    pub(super) fn internal(reason: impl std::fmt::Display) -> Self {
        Self::Internal { reason: reason.to_string() }
    }
}

impl Explain for CondaError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::Unsolvable { findings } => return findings.clone(),
            Self::Transport { finding } => (**finding).clone(),
            Self::Channel { text, reason, span } => {
                let finding = Finding::new("conda-bad-channel")
                    .fact("channel", text)
                    .detail(format!("`{text}`: {reason}."));
                at(finding, span.as_ref(), "no channel")
            }
            Self::Spec { text, reason, span } => {
                let finding = Finding::new("conda-bad-spec").fact("requirement", text).fact("reason", reason);
                at(finding, span.as_ref(), reason)
            }
            Self::Timeout { limit } => {
                Finding::new("conda-solve-timeout").fact("limit", format!("{} s", limit.as_secs()))
            }
            Self::Internal { .. } => Finding::new("internal-error").detail(self.to_string()),
        };
        vec![finding]
    }
}

/// The finding, with the place of what it is about where that is known.
pub(super) fn at(finding: Finding, span: Option<&Span>, label: &str) -> Finding {
    match span {
        Some(span) => finding.at(span, label),
        None => finding,
    }
}

//! Why a set of packages makes no base.

use envwright_diagnosis::{Explain, Finding};

/// Unpacked packages that cannot be made a system, or a user that it does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootfsError {
    /// A package without the file that its own script would have copied.
    #[error("{package} of {suite} has no {path}")]
    Missing {
        /// Name of the package.
        package: String,
        /// The file, without a leading `/`.
        path: String,
        /// The suite that was bootstrapped.
        suite: String,
    },
    /// A package whose segment has no control paragraph.
    #[error("{package} has no control paragraph")]
    Control {
        /// Name of the package.
        package: String,
    },
    /// A certificate authority's file that is no PEM certificate.
    #[error("{path} is no certificate")]
    Certificate {
        /// The file, without a leading `/`.
        path: String,
    },
    /// A named user that `/etc/passwd` does not have, or a value that is no user.
    #[error("there is no user `{user}` in the image")]
    User {
        /// As the definition has it.
        user: String,
    },
}

impl Explain for RootfsError {
    fn findings(&self) -> Vec<Finding> {
        let finding = match self {
            Self::User { user } => Finding::new("definition-invalid-value")
                .fact("key", "user")
                .fact("value", user)
                .fact("expected", "a number, or a user of the base")
                .remedy("give the user by number, such as user = \"1000\""),
            Self::Missing { suite, .. } => {
                Finding::new("base-invalid").fact("image", format!("debian/{suite}"))
            }
            Self::Control { .. } | Self::Certificate { .. } => Finding::new("base-invalid"),
        };
        vec![finding.detail(self.to_string())]
    }
}

//! Why a definition cannot be used.

use envwright_diagnosis::{Explain, Finding};
use envwright_redact::Secret;
use std::fmt;

/// Everything that is wrong with a definition, not only the first thing.
#[derive(Debug, Clone)]
pub struct DefinitionError {
    findings: Vec<Finding>,
    secrets: Vec<Secret>,
}

impl DefinitionError {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self { findings, secrets: Vec::new() }
    }

    pub(crate) fn with_secrets(findings: Vec<Finding>, secrets: Vec<Secret>) -> Self {
        Self { findings, secrets }
    }

    /// Passwords and tokens of the definition that no pattern recognises: whoever shows the findings masks them.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the definition cannot be used")?;
        for (index, finding) in self.findings.iter().enumerate() {
            write!(f, "{} {}", if index == 0 { ":" } else { "," }, finding.problem)?;
        }
        Ok(())
    }
}

impl std::error::Error for DefinitionError {}

impl Explain for DefinitionError {
    fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }
}

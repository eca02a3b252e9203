//! Why a definition cannot be used.

use envwright_diagnosis::{Explain, Finding};
use std::fmt;

/// Everything that is wrong with a definition, not only the first thing.
#[derive(Debug, Clone)]
pub struct DefinitionError {
    findings: Vec<Finding>,
}

impl DefinitionError {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
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

//! The environment's name.

use super::Subject;
use envwright_diagnosis::{Finding, Severity};

/// What Azure ML keeps for its own environments.
const RESERVED: [&str; 2] = ["azureml", "microsoft"];
/// Characters that Azure ML takes.
const LONGEST: usize = 255;

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(name) = subject.environment.name.as_deref().filter(|_| subject.is_azure()) else {
        return Vec::new();
    };
    let place = subject.environment.name_span.as_ref().unwrap_or(subject.place);
    let mut findings = Vec::new();
    let lower = name.to_ascii_lowercase();
    if RESERVED.iter().any(|prefix| lower.starts_with(prefix)) {
        let finding = Finding::new("definition-reserved-name").severity(Severity::Warning);
        findings.push(finding.fact("name", name).at(place, "kept for Azure ML's own environments"));
    }
    let length = name.chars().count();
    if length > LONGEST {
        let finding = Finding::new("definition-name-too-long").severity(Severity::Warning);
        let finding = finding.fact("got", length).fact("limit", LONGEST);
        findings.push(finding.at(place, format!("{length} characters")));
    }
    findings
}

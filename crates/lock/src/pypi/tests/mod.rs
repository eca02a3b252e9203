//! Solves against a small index on this machine.

mod chosen;
mod explained;
mod index;

use super::{PypiError, PypiLock, Request, solve};
use envwright_diagnosis::{Explain as _, Finding};

/// Solves on a runtime of its own.
fn run(request: &Request) -> Result<PypiLock, PypiError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(solve(request))
}

/// `name==version` of everything that was locked.
fn versions(request: &Request) -> Vec<String> {
    match run(request) {
        Ok(lock) => lock.wheels.iter().map(|wheel| format!("{}=={}", wheel.name, wheel.version)).collect(),
        Err(error) => panic!("{:#?}", error.findings()),
    }
}

/// The findings of a solve that fails.
fn findings(request: &Request) -> Vec<Finding> {
    match run(request) {
        Ok(lock) => panic!("solved: {lock:#?}"),
        Err(error) => error.findings(),
    }
}

/// The one finding of a solve that fails.
fn finding(request: &Request) -> Finding {
    let mut findings = findings(request);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings.remove(0)
}

fn fact<'f>(finding: &'f Finding, name: &str) -> &'f str {
    finding.facts.get(name).unwrap_or_else(|| panic!("no fact {name}: {finding:#?}"))
}

/// The marked texts of a finding.
fn marked(finding: &Finding) -> Vec<&str> {
    finding.evidence.iter().map(|evidence| evidence.span.text()).collect()
}

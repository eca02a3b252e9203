//! Whether the indexes have what is asked for by name, where it is not known what it would be put on.

use crate::{
    BuildError,
    context::Context,
    solve::{self, Known},
};
use envwright_definition::Environment;
use envwright_diagnosis::{Explain as _, Finding};
use envwright_lock::{BaseLock, PlatformLock};
use envwright_target::Platform;
use std::collections::BTreeMap;

/// A Python and a C library that nearly everything is published for; what depends on them is not reported.
pub(crate) const PYTHON: (u8, u8, u8) = (3, 12, 0);
pub(crate) const GLIBC: (u32, u32) = (2, 39);

/// Problems of a name, a version or an index that are the same for every target.
const INDEPENDENT: [&str; 4] =
    ["pip-no-matching-distribution", "pip-yanked-only", "pip-index-not-simple", "pip-hash-mismatch"];

/// The problems of requirements that do not depend on the target. Requirements with markers are left out: whether they
/// count is up to the target.
pub(crate) async fn problems(
    context: &Context<'_>,
    environment: &Environment,
    platform: Platform,
    known: &Known,
) -> Vec<Finding> {
    let mut environment = environment.clone();
    environment.requirements.retain(|requirement| !requirement.text.contains(';'));
    (environment.python, environment.requires_python) = (None, None);
    if environment.requirements.is_empty() {
        return Vec::new();
    }
    let base = BaseLock { name: String::new(), digest: None, releases: BTreeMap::new(), apt: Vec::new() };
    let ground = PlatformLock { python: Some(PYTHON), glibc: Some(GLIBC), ..PlatformLock::of_base(base) };
    match solve::wheels(context, &environment, platform, ground, &[], known).await {
        Err(BuildError::Pypi(error)) => error.findings().into_iter().filter(is_independent).collect(),
        _ => Vec::new(),
    }
}

fn is_independent(finding: &Finding) -> bool {
    let problem = finding.problem.as_str();
    let of_name = INDEPENDENT.contains(&problem) && finding.facts.get("required_by").is_none();
    of_name || problem.starts_with("net-") || problem == "offline-miss"
}

//! One solve from request to lock: attempts until every chosen wheel runs on the target's Python.

use super::{PypiError, PypiLock, Request, conflict, explain, locked, requirement::Item, session::Session};
use std::collections::BTreeMap;
use tokio::time::{Instant, timeout_at};
use uv_distribution_types::{Name, Requirement, RequirementSource, Resolution, ResolvedDist};
use uv_normalize::PackageName;
use uv_pep440::{Version, VersionSpecifier, VersionSpecifiers};
use uv_resolver::ResolveError;

/// Excluding versions of so many packages in turn is no solve any more.
const MAX_EXCLUSIONS: usize = 50;

/// Solves the request within its time limit.
pub(super) async fn run(request: &Request) -> Result<PypiLock, PypiError> {
    let deadline = Instant::now() + request.time_limit;
    match timeout_at(deadline, solve(request, deadline)).await {
        Ok(answer) => answer,
        Err(_) => Err(PypiError::Timeout { limit: request.time_limit }),
    }
}

async fn solve(request: &Request, deadline: Instant) -> Result<PypiLock, PypiError> {
    let session = Session::open(request).await?;
    let items: Vec<&Item> = session.items.iter().collect();
    match attempt(&session, &items).await {
        Ok(resolution) => locked::lock(&session, &resolution),
        Err(error) => Err(explain_failure(&session, error, deadline).await),
    }
}

/// An attempt whose wheels all run on the target's Python. uv takes `Requires-Python` for a lower bound
/// only; pip does not, so versions that it excludes are excluded here until none is chosen.
pub(super) async fn attempt(session: &Session<'_>, items: &[&Item]) -> Result<Resolution, ResolveError> {
    let mut excluded: BTreeMap<PackageName, Vec<Version>> = BTreeMap::new();
    loop {
        let further: Vec<Requirement> =
            excluded.iter().map(|(name, versions)| without(name, versions)).collect();
        let resolution = Resolution::from(session.attempt(items, &further).await?);
        let foreign = foreign(session, &resolution);
        if foreign.is_empty() || excluded.len() >= MAX_EXCLUSIONS {
            return Ok(resolution);
        }
        for (name, version) in foreign {
            let known = super::known::known(session, &name).await;
            let versions = excluded.entry(name).or_default();
            versions.push(version);
            let unfit = known.versions.into_iter().filter(|(_, files)| {
                !files.is_empty() && files.iter().all(|file| !file.runs_on(&session.python))
            });
            versions.extend(unfit.map(|(version, _)| version));
            versions.sort_unstable();
            versions.dedup();
        }
    }
}

/// Chosen packages that do not run on the target's Python.
fn foreign(session: &Session<'_>, resolution: &Resolution) -> Vec<(PackageName, Version)> {
    let runs = |dist: &ResolvedDist| {
        locked::requires_python(session, dist).is_none_or(|needed| needed.contains(&session.python))
    };
    let by_version = |dist: &ResolvedDist| match dist {
        ResolvedDist::Installable { version: Some(version), dist } if dist.index().is_some() => {
            Some((dist.name().clone(), version.clone()))
        }
        _ => None,
    };
    resolution.distributions().filter(|dist| !runs(dist)).filter_map(by_version).collect()
}

fn without(name: &PackageName, versions: &[Version]) -> Requirement {
    let specifier = versions.iter().map(|version| VersionSpecifier::not_equals_version(version.clone()));
    Requirement {
        name: name.clone(),
        extras: Box::default(),
        groups: Box::default(),
        marker: uv_pep508::MarkerTree::TRUE,
        source: RequirementSource::Registry {
            specifier: specifier.collect::<VersionSpecifiers>(),
            index: None,
            conflict: None,
        },
        origin: None,
    }
}

async fn explain_failure(session: &Session<'_>, error: ResolveError, deadline: Instant) -> PypiError {
    if !matches!(error, ResolveError::NoSolution(_) | ResolveError::ConflictingUrls { .. }) {
        return explain::failure(session, error);
    }
    if let Some(name) = session.record.offline() {
        return explain::offline(&name);
    }
    let direct = explain::dead_items(session).await;
    if !direct.is_empty() {
        return PypiError::Unsolvable { findings: direct };
    }
    let minimal = conflict::minimal(session, deadline).await;
    PypiError::Unsolvable { findings: explain::conflict(session, &minimal).await }
}

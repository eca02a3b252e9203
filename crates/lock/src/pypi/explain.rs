//! Why there is no solution, from what the indexes have and what the wheels declare.

use super::{
    PypiError,
    fate::{fate, usable},
    known::known,
    requirement::{Item, specifiers},
    session::Session,
    transport,
};
use envwright_diagnosis::Finding;
use std::collections::{BTreeSet, VecDeque};
use uv_distribution_types::Name as _;
use uv_normalize::PackageName;
use uv_pep440::Version;
use uv_resolver::ResolveError;

/// At most so many sentences on what is shared.
const NAMED: usize = 10;
/// At most so many dependencies of dependencies are looked at.
const VISITED: usize = 200;

/// An error of the resolver other than a missing solution.
pub(super) fn failure(session: &Session<'_>, error: ResolveError) -> PypiError {
    match error {
        ResolveError::Client(error) => transport::client(&error),
        ResolveError::Distribution(error) => distribution(session, None, &error),
        ResolveError::Dist(_, dist, _, error) => distribution(session, Some(dist.name()), &error),
        ResolveError::Dependencies(inner, ..) => failure(session, *inner),
        ResolveError::UnhashedPackage(name) => PypiError::unsolvable(unhashed(session, &name)),
        ResolveError::DisallowedUrl { name, .. } => {
            let feature = "a dependency of a package that is given as a URL";
            PypiError::unsolvable(
                Finding::new("not-supported-yet")
                    .fact("feature", feature)
                    .fact("package", &name)
                    .remedy(format!("Write the URL of {name} into your own requirements")),
            )
        }
        ResolveError::PackageUnavailable(name) => offline(&name),
        other => PypiError::internal(other),
    }
}

/// A package that has no hash, and who needs it.
fn unhashed(session: &Session<'_>, name: &PackageName) -> Finding {
    let mut finding = Finding::new("pip-hash-missing").fact("package", name);
    let source = session.items.iter().find_map(|item| item.span.as_ref()).map(|span| &span.source().name);
    if let Some(file) = source {
        finding = finding.fact("file", file);
    }
    let of = |name: &PackageName| session.items.iter().find(|item| item.parsed.name == *name);
    if let Some(item) = of(name) {
        return item.prove(finding, "no hash");
    }
    let Some((parent, version)) = session.record.needing(name) else { return finding };
    finding = finding
        .fact("required_by", format!("{parent} {version}"))
        .detail(format!("{parent} {version} needs {name}."))
        .detail("Where one package has a hash, all need one, those that others depend on too.");
    match of(&parent) {
        Some(item) => item.prove(finding, "brings it in"),
        None => finding,
    }
}

/// A package whose page is not in the cache while the network is off.
pub(super) fn offline(name: &PackageName) -> PypiError {
    PypiError::unsolvable(
        Finding::new("offline-miss")
            .fact("url", format!("the index page or metadata of {name}"))
            .fact("package", name),
    )
}

fn distribution(
    session: &Session<'_>,
    name: Option<&PackageName>,
    error: &uv_distribution::Error,
) -> PypiError {
    use uv_distribution::Error as Kind;
    let item = name.and_then(|name| session.items.iter().find(|item| item.parsed.name == *name));
    let prove = |finding: Finding, label: &str| {
        let finding = match name {
            Some(name) => finding.fact("package", name),
            None => finding,
        };
        PypiError::unsolvable(item.map_or(finding.clone(), |item| item.prove(finding, label)))
    };
    match error {
        Kind::Client(error) => transport::client(error),
        Kind::NoBuild | Kind::NoBuildPackage(_) => prove(
            Finding::new("pip-no-wheel-for-platform")
                .fact("platform", session.request.platform)
                .detail("It is given as a source archive or folder, which would have to be built."),
            "not a wheel",
        ),
        Kind::MismatchedHashes { expected, actual, .. } => prove(
            Finding::new("pip-hash-mismatch").fact("expected", expected.trim()).fact("got", actual.trim()),
            "the hash given here",
        ),
        Kind::MissingHashes { .. } | Kind::MissingExpectedHashes { .. } => {
            prove(Finding::new("pip-hash-missing"), "no hash")
        }
        Kind::NotFound(url) => {
            PypiError::Transport { finding: Box::new(transport::at("net-not-found", &transport::safe(url))) }
        }
        Kind::Reqwest(error) => {
            let finding = Finding::new("net-io").fact("reason", error);
            PypiError::Transport { finding: Box::new(finding) }
        }
        other => PypiError::internal(other),
    }
}

/// The user's own requirements that nothing can fulfil, each with the reason.
pub(super) async fn dead_items(session: &Session<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for item in session.items.iter().filter(|item| !item.constraint) {
        let Some(wanted) = item.specifiers() else { continue };
        let known = known(session, &item.parsed.name).await;
        if let Some(finding) = fate(session, &item.parsed.name, wanted, &known).await {
            let finding = instead(finding, &item.parsed.name, usable(session, wanted, &known));
            findings.push(item.prove(finding.fact("requirement", &item.text), "asked for here"));
        }
    }
    findings
}

/// What the user can write in the place of a requirement that nothing fulfils.
fn instead(finding: Finding, name: &PackageName, usable: Option<&Version>) -> Finding {
    let near = finding.facts.get("nearest").map(str::to_owned);
    match (usable, near) {
        (Some(version), _) => finding.remedy(format!("Write `{name}=={version}`, which can be installed")),
        (None, Some(near)) if finding.remedies.is_empty() => {
            finding.remedy(format!("Write `{near}`, if that is meant"))
        }
        _ => finding,
    }
}

/// What the smallest unsolvable set says: the dependency that cannot be had, or a contradiction.
pub(super) async fn conflict(session: &Session<'_>, minimal: &[&Item]) -> Vec<Finding> {
    if let [only] = minimal {
        let dead = dead_dependencies(session, only).await;
        if !dead.is_empty() {
            return dead;
        }
    }
    let mut finding = Finding::new("pip-resolution-impossible");
    for item in minimal {
        let label = if item.constraint { "this constraint" } else { "this requirement" };
        finding = item.prove(finding, label);
    }
    let texts: Vec<String> = minimal.iter().map(|item| format!("`{}`", item.text)).collect();
    finding = finding.detail(format!("No versions fulfil {} together.", texts.join(" and ")));
    for sentence in shared(session, minimal) {
        finding = finding.detail(sentence);
    }
    vec![finding]
}

/// Dependencies, near or far, of one requirement that nothing can fulfil.
async fn dead_dependencies(session: &Session<'_>, item: &Item) -> Vec<Finding> {
    let mut queue = VecDeque::from([item.parsed.name.clone()]);
    let mut seen = BTreeSet::from([item.parsed.name.clone()]);
    while let Some(parent) = queue.pop_front() {
        for (version, requires) in session.record.dependencies(&parent) {
            for requirement in requires {
                let applies =
                    requirement.evaluate_markers(Some(session.markers.markers()), &item.parsed.extras);
                let Some(wanted) = specifiers(&requirement).filter(|_| applies) else { continue };
                let known = known(session, &requirement.name).await;
                if let Some(finding) = fate(session, &requirement.name, wanted, &known).await {
                    let finding = finding
                        .fact("requirement", &requirement)
                        .fact("required_by", format!("{parent} {version}"))
                        .detail(format!("{parent} {version} needs `{requirement}`."));
                    return vec![item.prove(finding, "brings it in")];
                }
                if seen.len() < VISITED && seen.insert(requirement.name.clone()) {
                    queue.push_back(requirement.name);
                }
            }
        }
    }
    Vec::new()
}

/// Sentences on the packages that more than one of the items limit.
fn shared(session: &Session<'_>, minimal: &[&Item]) -> Vec<String> {
    let mut sentences = Vec::new();
    for item in minimal.iter().filter(|item| !item.constraint) {
        let newest = session
            .record
            .dependencies(&item.parsed.name)
            .into_iter()
            .find(|(version, _)| item.specifiers().is_none_or(|wanted| wanted.contains(version)));
        let Some((version, requires)) = newest else { continue };
        for requirement in requires {
            let common = minimal.iter().any(|other| {
                !std::ptr::eq(*other, *item)
                    && (other.parsed.name == requirement.name
                        || session.record.dependencies(&other.parsed.name).iter().any(|(_, requires)| {
                            requires.iter().any(|theirs| theirs.name == requirement.name)
                        }))
            });
            let applies = requirement.evaluate_markers(Some(session.markers.markers()), &item.parsed.extras);
            if common && applies {
                sentences.push(format!("{} {version} needs `{requirement}`.", item.parsed.name));
            }
        }
    }
    sentences.truncate(NAMED);
    sentences
}

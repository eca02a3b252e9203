//! The resolver's answer as locked wheels.

use super::{LockedWheel, PypiError, PypiLock, WheelLocation, session::Session, transport::safe};
use envwright_diagnosis::{Finding, Severity};
use envwright_redact::SafeUrl;
use std::path::Path;
use uv_distribution::Metadata;
use uv_distribution_types::{
    BuiltDist, Dist, HashPolicy, Identifier, Name, RegistryBuiltWheel, Resolution, ResolutionDiagnostic,
    ResolvedDist,
};
use uv_pep440::VersionSpecifiers;
use uv_pypi_types::{HashAlgorithm, HashDigest};
use uv_resolver::MetadataResponse;

/// A lock of everything that was chosen.
pub(super) fn lock(session: &Session<'_>, resolution: &Resolution) -> Result<PypiLock, PypiError> {
    let mut wheels = Vec::with_capacity(resolution.len());
    let mut findings = Vec::new();
    for dist in resolution.distributions() {
        let ResolvedDist::Installable { dist, .. } = dist else { continue };
        match &**dist {
            Dist::Built(built) => match wheel(session, dist, built) {
                Ok(wheel) => wheels.push(wheel),
                Err(PypiError::Unsolvable { findings: found }) => findings.extend(found),
                Err(other) => return Err(other),
            },
            Dist::Source(source) => findings.push(source_only(session, source.name().as_ref())),
        }
    }
    if !findings.is_empty() {
        return Err(PypiError::Unsolvable { findings });
    }
    wheels.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(PypiLock { wheels, warnings: resolution.diagnostics().iter().filter_map(warning).collect() })
}

fn source_only(session: &Session<'_>, name: &str) -> Finding {
    Finding::new("pip-no-wheel-for-platform")
        .fact("package", name)
        .fact("platform", session.request.platform)
        .detail("Only a source archive was found.")
}

/// Metadata that was read for a chosen distribution.
fn metadata(session: &Session<'_>, dist: &Dist) -> Option<Metadata> {
    let answer = session.index.distributions().get(&dist.distribution_id())?;
    match &*answer {
        MetadataResponse::Found(archive) => Some(archive.metadata.clone()),
        _ => None,
    }
}

/// What a chosen distribution declares to need, by its metadata.
pub(super) fn requires_python(session: &Session<'_>, dist: &ResolvedDist) -> Option<VersionSpecifiers> {
    match dist {
        ResolvedDist::Installable { dist, .. } => metadata(session, dist)?.requires_python,
        ResolvedDist::Installed { .. } => None,
    }
}

fn wheel(session: &Session<'_>, dist: &Dist, built: &BuiltDist) -> Result<LockedWheel, PypiError> {
    let metadata = metadata(session, dist);
    let name = built.name().to_string();
    let mut wheel = LockedWheel {
        filename: String::new(),
        version: String::new(),
        location: WheelLocation::Path(std::path::PathBuf::new()),
        index: None,
        hashes: Vec::new(),
        size: None,
        requires_dist: metadata.iter().flat_map(|all| &all.requires_dist).map(ToString::to_string).collect(),
        requires_python: metadata.and_then(|all| all.requires_python).map(|needed| needed.to_string()),
        requested: session.items.iter().any(|item| !item.constraint && item.parsed.name.as_ref() == name),
        direct_url: None,
        name,
    };
    match built {
        BuiltDist::Registry(registry) => fill_from_registry(session, &mut wheel, registry.best_wheel())?,
        BuiltDist::DirectUrl(direct) => {
            let url = safe(&direct.location);
            wheel.filename = direct.filename.to_string();
            wheel.version = direct.filename.version.to_string();
            wheel.hashes = pinned(session, dist);
            wheel.direct_url = Some(direct_url(&url, &wheel.hashes));
            wheel.location = location(session, &url);
        }
        BuiltDist::Path(path) => {
            let url = safe(&path.url.to_url());
            wheel.filename = path.filename.to_string();
            wheel.version = path.filename.version.to_string();
            wheel.hashes = pinned(session, dist);
            wheel.direct_url = Some(direct_url(&url, &wheel.hashes));
            wheel.location = WheelLocation::Path(Path::to_path_buf(&path.install_path));
        }
        BuiltDist::GitPath(_) => {
            let finding = Finding::new("not-supported-yet").fact("feature", "a wheel in a git repository");
            return Err(PypiError::unsolvable(finding.fact("package", &wheel.name)));
        }
    }
    if let Some(file) = file_name(&wheel.location) {
        wheel.filename = file;
    }
    Ok(wheel)
}

fn fill_from_registry(
    session: &Session<'_>,
    locked: &mut LockedWheel,
    wheel: &RegistryBuiltWheel,
) -> Result<(), PypiError> {
    let url = wheel.file.url.to_url().map_err(PypiError::internal)?;
    locked.filename = wheel.file.filename.to_string();
    locked.version = wheel.filename.version.to_string();
    locked.location = location(session, &safe(&url));
    locked.size = wheel.file.size;
    locked.index = Some(safe(wheel.index.url()));
    let offered = wheel.file.hashes.as_slice();
    let policy = session.hashes.get_package(&wheel.filename.name, &wheel.filename.version);
    let expected = expected(&policy);
    if let Some(finding) = mismatch(locked, offered, &expected) {
        let item = session.items.iter().find(|item| item.parsed.name.as_ref() == locked.name);
        let finding = item.map_or(finding.clone(), |item| item.prove(finding, "the hash given here"));
        return Err(PypiError::unsolvable(finding));
    }
    let sha256 = offered.iter().filter(|digest| digest.algorithm() == HashAlgorithm::Sha256);
    locked.hashes = sha256.map(ToString::to_string).collect();
    if locked.hashes.is_empty() {
        locked.hashes = expected.iter().map(ToString::to_string).collect();
    }
    Ok(())
}

/// The wheel's hashes on the index contradict those that were given for it.
fn mismatch(wheel: &LockedWheel, offered: &[HashDigest], expected: &[HashDigest]) -> Option<Finding> {
    let same = |digest: &&HashDigest| expected.iter().any(|other| other.algorithm() == digest.algorithm());
    let compared: Vec<&HashDigest> = offered.iter().filter(same).collect();
    if compared.is_empty() || compared.iter().any(|digest| expected.contains(digest)) {
        return None;
    }
    let list = |digests: Vec<String>| digests.join(" or ");
    let finding = Finding::new("pip-hash-mismatch")
        .fact("package", &wheel.name)
        .fact("version", &wheel.version)
        .fact("file", &wheel.filename)
        .fact("expected", list(expected.iter().map(ToString::to_string).collect()))
        .fact("got", list(compared.iter().map(ToString::to_string).collect()));
    Some(finding)
}

fn expected(policy: &HashPolicy<'_>) -> Vec<HashDigest> {
    match policy {
        HashPolicy::Any(digests) | HashPolicy::All(digests) => digests.to_vec(),
        HashPolicy::None | HashPolicy::Generate(_) => Vec::new(),
    }
}

/// Hashes that were given for a file that is named by URL or path.
fn pinned(session: &Session<'_>, dist: &Dist) -> Vec<String> {
    expected(&session.hashes.get(dist)).iter().map(ToString::to_string).collect()
}

/// `direct_url.json` of an archive (PEP 610).
fn direct_url(url: &SafeUrl, hashes: &[String]) -> serde_json::Value {
    let hashes: serde_json::Map<String, serde_json::Value> = hashes
        .iter()
        .filter_map(|hash| hash.split_once(':'))
        .map(|(algorithm, value)| (algorithm.to_owned(), value.into()))
        .collect();
    let archive =
        if hashes.is_empty() { serde_json::json!({}) } else { serde_json::json!({ "hashes": hashes }) };
    serde_json::json!({ "url": url.expose().as_str(), "archive_info": archive })
}

/// Where a file is, whichever of its mirrors named it.
fn location(session: &Session<'_>, url: &SafeUrl) -> WheelLocation {
    let origin = session.request.client.settings().mirrors.origin(url);
    let mut plain = origin.expose().clone();
    plain.set_fragment(None);
    match plain.scheme() {
        "file" => match plain.to_file_path() {
            Ok(path) => WheelLocation::Path(path),
            Err(()) => WheelLocation::Url(SafeUrl::from(plain)),
        },
        _ => WheelLocation::Url(SafeUrl::from(plain)),
    }
}

fn file_name(location: &WheelLocation) -> Option<String> {
    match location {
        WheelLocation::Url(url) => {
            url.file_name().filter(|name| Path::new(name).extension().is_some_and(|end| end == "whl"))
        }
        WheelLocation::Path(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
    }
}

fn warning(diagnostic: &ResolutionDiagnostic) -> Option<Finding> {
    let finding = match diagnostic {
        ResolutionDiagnostic::MissingExtra { dist, extra } => Finding::new("pip-no-matching-distribution")
            .fact("package", dist.name())
            .fact("extra", extra)
            .detail(format!("{} has no extra named `{extra}`.", dist.name())),
        ResolutionDiagnostic::YankedVersion { dist, reason } => {
            let finding = Finding::new("pip-yanked-only").fact("package", dist.name());
            let finding = match dist.version() {
                Some(version) => finding.fact("version", version),
                None => finding,
            };
            match reason.as_deref().filter(|reason| !reason.is_empty()) {
                Some(reason) => finding.fact("reason", reason),
                None => finding,
            }
        }
        ResolutionDiagnostic::MissingGroup { .. } | ResolutionDiagnostic::MissingLowerBound { .. } => {
            return None;
        }
    };
    Some(finding.severity(Severity::Warning))
}

//! The user's own requirements, as uv reads them, and the hashes that they pin.

use super::{PypiError, Request, Required, error::at};
use envwright_diagnosis::{Finding, Span};
use std::str::FromStr;
use uv_configuration::HashCheckingMode;
use uv_distribution_types::{Requirement, RequirementSource, UnresolvedRequirement};
use uv_pep440::{Operator, VersionSpecifier, VersionSpecifiers};
use uv_pypi_types::{ResolverMarkerEnvironment, VerbatimParsedUrl};
use uv_types::HashStrategy;

/// A requirement or constraint of the user that applies to the target.
#[derive(Debug)]
pub(super) struct Item {
    /// As uv reads it.
    pub(super) parsed: Requirement,
    /// As the user wrote it.
    pub(super) text: String,
    /// Where.
    pub(super) span: Option<Span>,
    /// `--hash` options.
    pub(super) hashes: Vec<String>,
    /// Limits versions only.
    pub(super) constraint: bool,
}

impl Item {
    /// The versions it allows, unless it names a file.
    pub(super) fn specifiers(&self) -> Option<&VersionSpecifiers> {
        specifiers(&self.parsed)
    }

    /// Whether it names one version or one file.
    fn is_pinned(&self) -> bool {
        let exact = |specifier: &VersionSpecifier| {
            matches!(specifier.operator(), Operator::Equal | Operator::ExactEqual)
        };
        self.specifiers().is_none_or(|all| all.iter().any(exact))
    }

    /// The finding, with this item as its proof.
    pub(super) fn prove(&self, finding: Finding, label: &str) -> Finding {
        at(finding, self.span.as_ref(), label)
    }
}

/// The versions that a requirement allows, unless it names a file.
pub(super) fn specifiers(requirement: &Requirement) -> Option<&VersionSpecifiers> {
    match &requirement.source {
        RequirementSource::Registry { specifier, .. } => Some(specifier),
        _ => None,
    }
}

/// The requirements and constraints that apply to the target.
pub(super) fn items(request: &Request, markers: &ResolverMarkerEnvironment) -> Result<Vec<Item>, PypiError> {
    let read = |required: &Required, constraint| {
        let parsed =
            uv_pep508::Requirement::<VerbatimParsedUrl>::from_str(&required.text).map_err(|error| {
                PypiError::Requirement {
                    text: required.text.clone(),
                    reason: error.message.to_string(),
                    span: required.span.clone(),
                }
            })?;
        let (text, span) = (required.text.clone(), required.span.clone());
        Ok(Item {
            parsed: Requirement::from(parsed),
            text,
            span,
            hashes: required.hashes.clone(),
            constraint,
        })
    };
    let requirements = request.requirements.iter().map(|required| read(required, false));
    let all = requirements.chain(request.constraints.iter().map(|required| read(required, true)));
    let mut items = all.collect::<Result<Vec<Item>, PypiError>>()?;
    items.retain(|item| item.parsed.evaluate_markers(Some(markers.markers()), &[]));
    Ok(items)
}

/// pip's rule: as soon as one requirement has a hash, all need one, and an exact version.
pub(super) fn hash_strategy(
    request: &Request,
    items: &[Item],
    markers: &ResolverMarkerEnvironment,
) -> Result<HashStrategy, PypiError> {
    let in_url = |item: &Item| item.parsed.hashes().is_some();
    if !request.require_hashes && items.iter().all(|item| item.hashes.is_empty()) {
        return Ok(HashStrategy::None);
    }
    let covered = |item: &Item| {
        let same = |other: &&Item| other.parsed.name == item.parsed.name && other.is_pinned();
        items.iter().filter(same).any(|other| !other.hashes.is_empty() || in_url(other))
    };
    let bare = items.iter().filter(|item| !item.constraint && !covered(item));
    let findings: Vec<Finding> = bare
        .map(|item| {
            let label = if item.is_pinned() { "no hash" } else { "no exact version" };
            let finding = Finding::new("pip-hash-missing")
                .fact("package", &item.parsed.name)
                .fact("requirement", &item.text);
            let file = item.span.iter().map(|span| &span.source().name);
            item.prove(file.fold(finding, |finding, file| finding.fact("file", file)), label)
        })
        .collect();
    if !findings.is_empty() {
        return Err(PypiError::Unsolvable { findings });
    }
    let (constraints, requirements): (Vec<&Item>, Vec<&Item>) =
        items.iter().filter(|item| item.is_pinned()).partition(|item| item.constraint);
    let requirements: Vec<(UnresolvedRequirement, &[String])> = requirements
        .into_iter()
        .map(|item| (UnresolvedRequirement::Named(item.parsed.clone()), item.hashes.as_slice()))
        .collect();
    HashStrategy::from_requirements(
        requirements.iter().map(|(requirement, hashes)| (requirement, *hashes)),
        constraints.iter().map(|item| (&item.parsed, item.hashes.as_slice())),
        Some(markers),
        HashCheckingMode::Require,
    )
    .map_err(|error| PypiError::unsolvable(Finding::new("pip-hash-missing").detail(format!("{error}."))))
}

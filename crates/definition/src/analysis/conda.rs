//! The part of conda.

use super::{Subject, pip::place};
use crate::{Conda, CondaSpec, Format, PackageName, Requirement, lines};
use envwright_diagnosis::{Finding, Fix, Severity, Span};
use std::collections::BTreeMap;

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(conda) = &subject.environment.conda else { return Vec::new() };
    let mut findings = Vec::new();
    let is_file = matches!(subject.environment.format, Format::Conda | Format::Azure | Format::AzureV1);
    if is_file && conda.channels.is_empty() && !conda.specs.is_empty() {
        let finding = Finding::new("definition-channels-missing").severity(Severity::Note);
        findings.push(finding.at(&conda.specs[0].span, "from `defaults`, as no channel is named"));
    }
    findings.extend(twice(conda));
    findings.extend(both(conda, &subject.environment.requirements));
    findings.extend(conda.specs.iter().filter_map(spelling));
    findings.extend(unpinned(subject, conda));
    if let Some(prefix) = &conda.prefix {
        findings.extend(prefix.span.as_ref().map(without_effect));
    }
    if subject.environment.format == Format::Conda {
        findings.extend(selectors(conda));
    }
    findings
}

/// Packages that stand in the list more than once, unless selectors tell them apart.
fn twice(conda: &Conda) -> Vec<Finding> {
    let mut first: BTreeMap<&str, &CondaSpec> = BTreeMap::new();
    let mut findings = Vec::new();
    for spec in conda.specs.iter().filter(|spec| spec.selector.is_none() && spec.name != "python") {
        let Some(earlier) = first.get(spec.name.as_str()) else {
            first.insert(&spec.name, spec);
            continue;
        };
        let finding = Finding::new("definition-duplicate-package")
            .severity(Severity::Warning)
            .fact("package", &spec.name);
        let finding = finding.at(&spec.span, "again here").at(&earlier.span, "first here");
        // One that says nothing more than the other can go.
        let says_nothing = |spec: &CondaSpec| spec.canonical == spec.name;
        findings.push(if earlier.canonical == spec.canonical || says_nothing(spec) {
            removed(finding, &spec.span)
        } else if says_nothing(earlier) {
            removed(finding, &earlier.span)
        } else {
            finding
        });
    }
    findings
}

/// Packages that conda installs and pip installs over it.
fn both(conda: &Conda, requirements: &[Requirement]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for spec in &conda.specs {
        let name = PackageName::parse(&spec.name);
        let same = |requirement: &&Requirement| Some(&requirement.name) == name.as_ref();
        let Some((requirement, span)) = requirements
            .iter()
            .find(same)
            .and_then(|requirement| Some((requirement, requirement.span.as_ref()?)))
        else {
            continue;
        };
        let finding =
            Finding::new("definition-conda-and-pip").severity(Severity::Warning).fact("package", &spec.name);
        let finding = finding.at(span, "and pip here").at(&spec.span, "conda installs it here");
        // What says more of the version is what was meant.
        let pip_says_more = requirement.text.contains(['=', '<', '>', '~']) && !spec.is_pinned();
        let dropped = if pip_says_more { &spec.span } else { span };
        findings.push(removed(finding, dropped));
    }
    findings
}

/// A finding that goes away with the line of an item.
fn removed(finding: Finding, item: &Span) -> Finding {
    match lines::without_item(item) {
        Some((place, text)) => {
            let number = item.line();
            finding.fix(Fix::new(format!("Remove `{}` in line {number}", item.text()), place, text))
        }
        None => finding,
    }
}

/// Channels have their packages in lower case; conda puts names so without a word.
fn spelling(spec: &CondaSpec) -> Option<Finding> {
    let written: String = spec
        .text
        .rsplit("::")
        .next()?
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .collect();
    if written == spec.name || written.to_lowercase() != spec.name {
        return None;
    }
    let finding =
        Finding::new("definition-name-spelling").severity(Severity::Note).fact("package", &spec.name);
    let finding = finding.at(&spec.span, "conda's names have no upper case");
    Some(match place(&written, &spec.span) {
        Some(place) => finding.fix(Fix::new(format!("Write `{}`", spec.name), place, spec.name.clone())),
        None => finding,
    })
}

/// One finding for all packages without a version.
fn unpinned(subject: &Subject<'_>, conda: &Conda) -> Option<Finding> {
    let of_conda = conda
        .specs
        .iter()
        .filter(|spec| spec.version.is_none() && !matches!(spec.name.as_str(), "python" | "pip"))
        .filter(|spec| !spec.name.starts_with("__") && !spec.text.contains("://"))
        .map(|spec| (spec.name.as_str(), &spec.span));
    let of_pip = subject
        .environment
        .requirements
        .iter()
        .filter(|one| !one.text.contains(['=', '<', '>', '~', '@', '!']))
        .filter_map(|one| Some((one.name.as_str(), one.span.as_ref()?)));
    let all: Vec<(&str, &Span)> = of_conda.chain(of_pip).collect();
    let (_, first) = all.first()?;
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let label = match all.len() - 1 {
        0 => "no version".to_owned(),
        1 => "no version, as another one".to_owned(),
        others => format!("no version, as {others} others"),
    };
    let shown = match names.as_slice() {
        [first, second, third, rest @ ..] if rest.len() > 1 => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        names => names.join(", "),
    };
    let finding = Finding::new("definition-unpinned").severity(Severity::Note).fact("package", shown);
    Some(finding.at(first, label))
}

fn without_effect(prefix: &Span) -> Finding {
    let finding =
        Finding::new("definition-prefix").severity(Severity::Note).at(prefix, "a folder of one machine");
    match lines::without_member(prefix) {
        Some((place, text)) => finding.fix(Fix::new("Remove `prefix`", place, text)),
        None => finding,
    }
}

fn selectors(conda: &Conda) -> Option<Finding> {
    let spec = conda.specs.iter().find(|spec| spec.selector.is_some())?;
    let finding = Finding::new("definition-selector").severity(Severity::Note);
    let finding = finding.fact("package", &spec.name).fact("platform", spec.selector.unwrap_or_default());
    Some(finding.at(&spec.span, "with a selector in the comment behind it"))
}

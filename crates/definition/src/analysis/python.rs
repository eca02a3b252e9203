//! The version of Python.

use super::{Date, Subject};
use crate::{Format, PythonRequest};
use envwright_diagnosis::{Finding, Severity, Span};

/// The last month in which a minor version gets security fixes (Python developer's guide, "Status of Python versions").
const ENDS: [(u32, Date); 9] = [
    (6, Date::new(2021, 12)),
    (7, Date::new(2023, 6)),
    (8, Date::new(2024, 10)),
    (9, Date::new(2025, 10)),
    (10, Date::new(2026, 10)),
    (11, Date::new(2027, 10)),
    (12, Date::new(2028, 10)),
    (13, Date::new(2029, 10)),
    (14, Date::new(2030, 10)),
];
/// Months before the end in which it is told.
const NEAR: i64 = 6;
/// Minor versions of Python 3 that there may be.
const LATEST: u32 = 30;

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let environment = subject.environment;
    let key =
        environment.python.as_ref().and_then(|python| Some((python.text.clone(), python.span.clone()?)));
    let specs = environment.conda.iter().flat_map(|conda| &conda.specs).filter(|spec| spec.name == "python");
    let of_conda = specs.map(|spec| (spec.version.clone().unwrap_or_default(), spec.span.clone()));
    let asked: Vec<(String, Span)> = key.into_iter().chain(of_conda).collect();
    let mut findings = Vec::new();
    if let [first, others @ ..] = asked.as_slice() {
        if !others.is_empty() && others.iter().any(|other| other.0 != first.0) {
            findings.push(several(first, others));
        }
        findings.extend(asked.iter().filter_map(|(text, span)| version(text, span, subject.today)));
    }
    let is_conda =
        environment.conda.as_ref().is_some_and(|conda| !conda.specs.is_empty() || conda.pip_list.is_some());
    let needs_python =
        is_conda && matches!(environment.format, Format::Conda | Format::Azure | Format::AzureV1);
    if needs_python && asked.iter().all(|(text, _)| text.is_empty()) {
        let place = asked.first().map_or(subject.place, |(_, span)| span);
        let finding = Finding::new("definition-python-missing").severity(Severity::Warning);
        findings.push(finding.at(place, if asked.is_empty() { "no `python` in here" } else { "no version" }));
    }
    findings
}

fn several(first: &(String, Span), others: &[(String, Span)]) -> Finding {
    let finding = Finding::new("definition-python-multiple").severity(Severity::Warning);
    let finding = others.iter().fold(finding, |finding, (_, span)| finding.at(span, "another one here"));
    finding.at(&first.1, "the first one here")
}

fn version(text: &str, span: &Span, today: Date) -> Option<Finding> {
    let text = text.trim().trim_start_matches('=').trim().trim_end_matches(".*");
    if text.is_empty() || text.contains(['<', '>', '!', '~', '|', ',']) {
        return None;
    }
    let warning =
        |problem: &'static str| Finding::new(problem).severity(Severity::Warning).fact("python", text);
    let mut parts = text.split('.').map(str::parse::<u32>);
    let (major, minor) = (parts.next().and_then(Result::ok), parts.next());
    match (major, minor) {
        (Some(3), None) => None,
        (Some(3), Some(Ok(minor))) if minor <= LATEST => ending(minor, warning, span, today),
        (Some(0..=2), _) => {
            Some(warning("definition-python-unsupported").at(span, "Python 2 has had no fixes since 2020"))
        }
        _ => Some(warning("definition-python-invalid").at(span, "no version of Python")),
    }
}

fn ending(
    minor: u32,
    warning: impl Fn(&'static str) -> Finding,
    span: &Span,
    today: Date,
) -> Option<Finding> {
    let oldest = ENDS[0];
    let end = if minor < oldest.0 { oldest.1 } else { ENDS.iter().find(|(known, _)| *known == minor)?.1 };
    let left = today.until(end);
    if left < 0 {
        let finding = warning("definition-python-unsupported").fact("limit", end);
        Some(finding.at(span, format!("no fixes since {end}")))
    } else if left <= NEAR {
        let finding = warning("definition-python-end-of-life").severity(Severity::Note).fact("limit", end);
        Some(finding.at(span, format!("fixes end in {end}")))
    } else {
        None
    }
}

impl PythonRequest {
    /// The minor version of Python 3 that is asked for, where it is one alone.
    pub(crate) fn minor(text: &str) -> Option<u32> {
        let text = text.trim().trim_start_matches('=').trim();
        if text.contains(['<', '>', '!', '~', '|', ',']) {
            return None;
        }
        text.strip_prefix("3.")?.split('.').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Source;

    #[test]
    fn a_version_is_judged_by_the_day() {
        let source = Source::new("a", "python");
        let span = Span::new(&source, 0..6);
        let told = |text: &str, today| version(text, &span, today).map(|finding| finding.problem.to_string());
        let (before, near, after) = (Date::new(2025, 12), Date::new(2026, 7), Date::new(2026, 12));
        for text in ["3.10", "=3.10", "==3.10.4", "3.10.*"] {
            assert_eq!(told(text, before), None, "{text}");
            assert_eq!(told(text, near).as_deref(), Some("definition-python-end-of-life"), "{text}");
            assert_eq!(told(text, after).as_deref(), Some("definition-python-unsupported"), "{text}");
        }
        for text in [">=3.6", "3", "", "3.14", "3.20"] {
            assert_eq!(told(text, before), None, "{text}");
        }
        for text in ["2.7", "==2.7.18", "3.5"] {
            assert_eq!(told(text, before).as_deref(), Some("definition-python-unsupported"), "{text}");
        }
        for text in ["3.99", "4.0", "3.x", "latest"] {
            assert_eq!(told(text, before).as_deref(), Some("definition-python-invalid"), "{text}");
        }
    }
}

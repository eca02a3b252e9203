//! pip in a conda environment.

use super::Subject;
use crate::{Conda, CondaSpec, PythonRequest};
use envwright_diagnosis::{Finding, Fix, Severity, Span};

pub(super) fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(conda) = &subject.environment.conda else { return Vec::new() };
    let is_pinned = |spec: &&CondaSpec| spec.version.is_some() || spec.build.is_some();
    let mut specs = conda.specs.iter().filter(|spec| spec.name == "pip");
    match specs.clone().find(is_pinned).or_else(|| specs.next()) {
        None => conda.pip_list.as_ref().map(|list| missing(conda, list)).into_iter().collect(),
        Some(spec) if !is_pinned(&spec) => {
            let pin = format!("{}={}", spec.text, newest(conda));
            let finding = Finding::new("definition-pip-unpinned").severity(Severity::Note);
            let finding = finding.at(&spec.span, "no version");
            vec![match place(&spec.text, &spec.span) {
                Some(place) => finding.fix(Fix::new(format!("Write `{pin}`"), place, pin)),
                None => finding,
            }]
        }
        Some(_) => Vec::new(),
    }
}

/// conda adds pip by itself, with a warning; newer versions refuse.
fn missing(conda: &Conda, list: &Span) -> Finding {
    let finding = Finding::new("definition-pip-missing").severity(Severity::Warning);
    let finding = finding.at(list, "a list of pip's, and no `pip` before it");
    let source = list.source();
    let start = list.range().start;
    let line = source.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &source.text[line..start];
    let pin = format!("pip={}", newest(conda));
    // Sample: `  - pip:`, where the list is an item of its own line.
    if indent.trim() != "-" || indent.starts_with('\t') {
        return finding;
    }
    let place = Span::new(source, line..line);
    finding.fix(Fix::new(format!("Add `{pin}` to the dependencies"), place, format!("{indent}{pin}\n")))
}

/// A version of pip that both of the large channels have for that Python.
fn newest(conda: &Conda) -> &'static str {
    let version = conda.spec("python").and_then(|spec| spec.version.as_deref()).unwrap_or_default();
    match PythonRequest::minor(version) {
        Some(..=7) => "22.3.1",
        Some(13..) => "25.0",
        _ => "24.2",
    }
}

/// Where a text stands within a place, which may have quotes around it.
pub(super) fn place(text: &str, span: &Span) -> Option<Span> {
    let at = span.text().find(text)?;
    let start = span.range().start + at;
    Some(Span::new(span.source(), start..start + text.len()))
}

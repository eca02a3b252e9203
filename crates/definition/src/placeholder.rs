//! Placeholders of templates that were not filled in.

use envwright_diagnosis::{Finding, Span};

/// A finding where a text holds one. Sample: `azureml-core=={{latest-pypi-version}}`.
pub(crate) fn finding(text: &str, span: &Span) -> Option<Finding> {
    let (before, rest) = text.split_once("{{")?;
    let (inner, _) = rest.split_once("}}")?;
    let range = span.range();
    let at = span.text().find("{{").map_or(range.clone(), |at| {
        let start = range.start + at;
        start..start + inner.len() + "{{}}".len()
    });
    let place = Span::new(span.source(), at);
    let name = before.trim().trim_end_matches(['=', '<', '>', '~', '!', ' ']);
    let finding =
        Finding::new("definition-placeholder").fact("requirement", text).at(&place, "not filled in");
    Some(if name.is_empty() { finding } else { finding.fact("package", name) })
}

//! The title of a finding and the lines that prove it.

use crate::{Diagnosed, Diagnosis, Evidence, Severity, Source, template::one_line};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use std::sync::Arc;

/// More places than this are not shown.
const MOST_PLACES: usize = 8;

/// `error[id]: title`, the marked lines, and what it led to. Ends with a line break.
pub(super) fn frame(diagnosed: &Diagnosed, diagnosis: &Diagnosis, color: bool, width: usize) -> String {
    let level = match diagnosed.finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(one_line(&diagnosed.title)).id(diagnosed.finding.problem.as_str());
    let evidence = &diagnosed.finding.evidence;
    let shown = &evidence[..evidence.len().min(MOST_PLACES)];
    let mut group = Group::with_title(title);
    for source in sources(shown) {
        group = group.element(snippet(source, shown));
    }
    if let Some(message) = led_to(diagnosed, diagnosis) {
        group = group.element(Level::NOTE.no_name().message(message));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Unicode).term_width(width);
    renderer.render(&[group]) + "\n"
}

/// The texts that the places lie in, each once, in the order of their first place.
fn sources(evidence: &[Evidence]) -> Vec<&Arc<Source>> {
    let mut sources: Vec<&Arc<Source>> = Vec::new();
    for place in evidence {
        if !sources.contains(&place.span.source()) {
            sources.push(place.span.source());
        }
    }
    sources
}

/// The marked lines of one text. The most telling place of all is marked strongest.
fn snippet<'a>(source: &'a Arc<Source>, evidence: &'a [Evidence]) -> Snippet<'a, Annotation<'a>> {
    let mut snippet =
        Snippet::source(source.text.as_str()).line_start(source.first_line).path(one_line(&source.name));
    for (index, place) in evidence.iter().enumerate().filter(|(_, place)| place.span.source() == source) {
        let first_here = evidence.iter().position(|other| other.span.source() == source) == Some(index);
        let kind = if first_here { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = (!place.label.is_empty()).then(|| one_line(&place.label));
        snippet = snippet.annotation(kind.span(place.span.range()).label(label));
    }
    snippet
}

/// The findings that this one explains, in order.
fn led_to(diagnosed: &Diagnosed, diagnosis: &Diagnosis) -> Option<String> {
    let effects: Vec<String> = diagnosed
        .explains
        .iter()
        .filter_map(|index| diagnosis.findings().get(*index))
        .map(|effect| match effect.finding.evidence.first() {
            Some(place) => format!("{} (line {})", one_line(&effect.title), place.span.line()),
            None => one_line(&effect.title),
        })
        .collect();
    (!effects.is_empty()).then(|| format!("led to: {}", effects.join(" → ")))
}

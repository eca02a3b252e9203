//! Findings without the secrets that their lines and facts may hold.

use crate::{Evidence, Facts, Finding, Remedy, Source, Span};
use envwright_redact::Redactor;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Masks findings; each source is read once, whole, since a secret may have several lines.
pub(crate) struct Masker<'a> {
    redactor: &'a Redactor,
    sources: BTreeMap<*const Source, Arc<Source>>,
}

impl<'a> Masker<'a> {
    pub(crate) fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, sources: BTreeMap::new() }
    }

    /// The finding with `****` for secrets in every text of it, places moved along.
    pub(crate) fn finding(&mut self, finding: Finding) -> Finding {
        let mut facts = Facts::default();
        for (name, value) in finding.facts.iter() {
            facts.set(name, self.redactor.redact(value));
        }
        let remedies = finding.all_remedies().map(|remedy| self.remedy(remedy)).collect();
        Finding {
            facts,
            evidence: finding.evidence.into_iter().map(|evidence| self.evidence(&evidence)).collect(),
            details: self.texts(finding.details),
            remedies,
            // It holds the texts as they are.
            fix: None,
            ..finding
        }
    }

    fn texts(&self, texts: Vec<String>) -> Vec<String> {
        texts.into_iter().map(|text| self.redactor.redact(&text).into_owned()).collect()
    }

    fn remedy(&self, remedy: Remedy) -> Remedy {
        Remedy {
            title: self.redactor.redact(&remedy.title).into_owned(),
            command: self.texts(remedy.command),
            fix: remedy.fix,
            patch: remedy.patch.map(|patch| self.redactor.redact(&patch).into_owned()),
        }
    }

    fn evidence(&mut self, evidence: &Evidence) -> Evidence {
        let Range { start, end } = evidence.span.range();
        let original = evidence.span.source();
        let mut ends = [start, end];
        let clean = self.redactor.redact_at(&original.text, &mut ends).into_owned();
        let redactor = self.redactor;
        let name = || redactor.redact(&original.name).into_owned();
        let source = self
            .sources
            .entry(Arc::as_ptr(original))
            .or_insert_with(|| Source::excerpt(name(), clean, original.first_line));
        Evidence {
            span: Span::new(source, ends[0]..ends[1]),
            label: redactor.redact(&evidence.label).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_finding_keeps_a_secret_and_its_place_stays() {
        let source =
            Source::new("requirements.txt", "--index-url https://u:hunter2@index.example/\nsix==99\n");
        let at = source.text.find("six").unwrap();
        let url = "https://u:hunter2@index.example/";
        let finding = Finding::new("pip-no-matching-distribution")
            .fact("index", url)
            .at(&Span::new(&source, at..at + 7), url)
            .detail(url)
            .remedy(url);
        let masked = Masker::new(&Redactor::default()).finding(finding);
        assert!(!format!("{masked:?}{}", masked.evidence[0].span.source().text).contains("hunter2"));
        assert_eq!(masked.evidence[0].span.text(), "six==99");
        assert_eq!(masked.evidence[0].span.line(), 2);
    }

    #[test]
    fn a_place_that_is_a_secret_becomes_the_mask() {
        let source = Source::new("a", "https://u:hunter2@index.example/");
        let finding = Finding::new("definition-secret-in-url").at(&Span::new(&source, 8..17), "here");
        let masked = Masker::new(&Redactor::default()).finding(finding);
        assert_eq!(masked.evidence[0].span.text(), "****");
    }
}

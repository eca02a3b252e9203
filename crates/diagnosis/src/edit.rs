//! Changes of texts that take a finding away.

use crate::{Source, Span};
use similar::TextDiff;
use std::{collections::BTreeMap, sync::Arc};

/// A part of a text, and what is to stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is put in.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A change of texts that is made whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in one sentence without a full stop.
    pub title: String,
    /// The changes; no two overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix with one change.
    pub fn new(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self { title: title.into(), edits: vec![Edit { span, text: text.into() }] }
    }

    /// Adds a change.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.edits.push(Edit { span, text: text.into() });
        self
    }

    /// The change as a unified diff.
    pub fn patch(&self) -> String {
        let (edited, _) = edited([self]);
        edited.iter().map(|(source, text)| diff(source, text)).collect()
    }
}

/// The texts after the fixes, each with what it was, and how many fixes were made. A fix that would change what an
/// earlier one has changed is left out: it can be made afterwards.
pub fn edited<'a>(fixes: impl IntoIterator<Item = &'a Fix>) -> (Vec<(Arc<Source>, String)>, usize) {
    let mut made = 0;
    let mut by_source: BTreeMap<Arc<Source>, Vec<&Edit>> = BTreeMap::new();
    for fix in fixes {
        let clashes = |edit: &Edit| {
            let others = by_source.get(edit.span.source());
            others.is_some_and(|others| others.iter().any(|other| overlap(edit, other)))
        };
        if fix.edits.is_empty() || fix.edits.iter().any(clashes) {
            continue;
        }
        made += 1;
        for edit in &fix.edits {
            by_source.entry(Arc::clone(edit.span.source())).or_default().push(edit);
        }
    }
    let texts = by_source.into_iter().map(|(source, mut edits)| {
        edits.sort_by_key(|edit| (edit.span.range().start, edit.span.range().end));
        let mut text = source.text.clone();
        for edit in edits.iter().rev() {
            text.replace_range(edit.span.range(), &edit.text);
        }
        (source, text)
    });
    (texts.collect(), made)
}

/// Two changes at one place would depend on their order.
fn overlap(one: &Edit, other: &Edit) -> bool {
    let (one, other) = (one.span.range(), other.span.range());
    one.start < other.end && other.start < one.end || one.start == other.start
}

/// A unified diff of a text and what became of it.
pub fn diff(source: &Source, text: &str) -> String {
    let name = source.name.trim_start_matches('/');
    let diff = TextDiff::from_lines(source.text.as_str(), text);
    diff.unified_diff().context_radius(2).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_that_change_the_same_place_are_made_one_after_the_other() {
        let source = Source::new("a.txt", "one two three\n");
        let span = |from, to| Span::new(&source, from..to);
        let fixes = [
            Fix::new("one", span(0, 3), "1").and(span(8, 13), "3"),
            Fix::new("two", span(2, 7), "x"),
            Fix::new("more", span(4, 4), "and "),
            Fix::new("nothing", span(0, 0), "").clone(),
        ];
        let (texts, made) = edited(&fixes);
        assert_eq!((texts.len(), texts[0].1.as_str(), made), (1, "1 and two 3\n", 2));
        assert_eq!(
            fixes[1].patch(),
            "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one two three\n+onx three\n".to_owned()
        );
    }
}

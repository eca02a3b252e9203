//! Text that remembers where each of its characters was written.

use envwright_diagnosis::{Source, Span};
use std::{ops::Range, sync::Arc};

/// A character and the bytes of the source that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Char {
    pub(crate) value: char,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Text with places; may differ from the source, as after a continued line or an expanded variable.
#[derive(Debug, Clone)]
pub(crate) struct Chars {
    pub(crate) source: Arc<Source>,
    pub(crate) all: Vec<Char>,
    /// Place of the text when it is empty.
    empty_at: usize,
}

impl Chars {
    /// A part of the source.
    pub(crate) fn of(source: &Arc<Source>, range: Range<usize>) -> Self {
        let part = source.text.get(range.clone()).unwrap_or_default();
        let chars = part.char_indices().map(|(at, value)| {
            let start = range.start + at;
            Char { value, start, end: start + value.len_utf8() }
        });
        Self { source: Arc::clone(source), all: chars.collect(), empty_at: range.start }
    }

    /// A text that stands at `range` in other words: every character has the whole place.
    pub(crate) fn instead(source: &Arc<Source>, range: Range<usize>, text: &str) -> Self {
        if let Some(at) = source.text.get(range.clone()).and_then(|part| part.find(text)) {
            return Self::of(source, range.start + at..range.start + at + text.len());
        }
        let chars = text.chars().map(|value| Char { value, start: range.start, end: range.end });
        Self { source: Arc::clone(source), all: chars.collect(), empty_at: range.start }
    }

    /// The same source with other characters.
    pub(crate) fn with(&self, chars: Vec<Char>) -> Self {
        let empty_at = self.all.first().map_or(self.empty_at, |first| first.start);
        Self { source: Arc::clone(&self.source), all: chars, empty_at }
    }

    pub(crate) fn text(&self) -> String {
        self.all.iter().map(|char| char.value).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Place of the whole text.
    pub(crate) fn span(&self) -> Span {
        let start = self.all.first().map_or(self.empty_at, |first| first.start);
        let end = self.all.last().map_or(start, |last| last.end);
        Span::new(&self.source, start..end)
    }

    /// Place of some bytes of [`Chars::text`]; of one character at least, where there is one.
    pub(crate) fn span_of(&self, bytes: Range<usize>) -> Span {
        let mut at = 0;
        let mut found: Option<Range<usize>> = None;
        for char in &self.all {
            let next = at + char.value.len_utf8();
            if next > bytes.start && (at < bytes.end || found.is_none()) {
                found = Some(found.map_or(char.start, |range| range.start)..char.end);
            }
            at = next;
        }
        found.map_or_else(
            || {
                let end = self.span().range().end;
                Span::new(&self.source, end..end)
            },
            |range| Span::new(&self.source, range),
        )
    }

    /// The characters in a range of character positions, clipped.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.all.len());
        let start = range.start.min(end);
        let mut part = self.with(self.all[start..end].to_vec());
        if let Some(next) = self.all.get(start) {
            part.empty_at = next.start;
        }
        part
    }

    /// Without white space at both ends.
    pub(crate) fn trim(&self) -> Self {
        let solid = |char: &Char| !char.value.is_whitespace();
        let start = self.all.iter().position(solid).unwrap_or(self.all.len());
        let end = self.all.iter().rposition(solid).map_or(start, |last| last + 1);
        self.part(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_text_is_a_place_in_the_source() {
        let source = Source::new("a", "  ä == 1  ");
        let text = Chars::of(&source, 0..source.text.len()).trim();
        assert_eq!(text.text(), "ä == 1");
        assert_eq!(text.span_of(3..5).text(), "==");
        assert_eq!(text.span_of(0..1).text(), "ä");
        assert_eq!(text.span_of(99..100).text(), "");
    }

    #[test]
    fn words_that_stand_for_others_have_their_place() {
        let source = Source::new("a", "key: 'it''s'");
        let text = Chars::instead(&source, 5..12, "it's");
        assert_eq!((text.text().as_str(), text.span().text()), ("it's", "'it''s'"));
    }
}

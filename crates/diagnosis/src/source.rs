//! Texts and places in them.

use std::{fmt, ops::Range, sync::Arc};

/// A text that the user wrote, or lines of a log, with the name it is shown under.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Path as the user would write it, or `<stdin>`.
    pub name: String,
    /// The whole text, or a part of it that begins with a line.
    pub text: String,
    /// The number of the text's first line, counted from 1.
    pub first_line: usize,
}

impl Source {
    /// A shared source.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::excerpt(name, text, 1)
    }

    /// Some lines of a longer text, of which the first has this number.
    pub fn excerpt(name: impl Into<String>, text: impl Into<String>, first_line: usize) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), first_line })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.name)
    }
}

/// A place in a [`Source`]: a byte range that lies on character boundaries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl Span {
    /// The range of bytes of `source`, clipped to its length and moved out to character boundaries.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let text = &source.text;
        let mut start = range.start.min(text.len());
        let mut end = range.end.clamp(start, text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self { source: Arc::clone(source), start, end }
    }

    /// The text it lies in.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Byte range.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The spanned text.
    pub fn text(&self) -> &str {
        &self.source.text[self.start..self.end]
    }

    /// The whole line that it begins in, without its end.
    pub fn line_text(&self) -> &str {
        let text = &self.source.text;
        let start = text[..self.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[self.start..].find('\n').map_or(text.len(), |at| self.start + at);
        text[start..end].trim_end_matches('\r')
    }

    /// Line of its start, counted from 1.
    pub fn line(&self) -> usize {
        self.source.text[..self.start].bytes().filter(|b| *b == b'\n').count() + self.source.first_line
    }

    /// Column of its start in characters, counted from 1.
    pub fn column(&self) -> usize {
        let line_start = self.source.text[..self.start].rfind('\n').map_or(0, |at| at + 1);
        self.source.text[line_start..self.start].chars().count() + 1
    }
}

//! Lines of a text that lists stand in, and what is written beside them.

use envwright_diagnosis::{Fix, Source, Span};
use std::{ops::Range, sync::Arc};

/// The whole line that a span begins on, with its end.
pub(crate) fn of(span: &Span) -> Range<usize> {
    let (text, at) = (&span.source().text, span.range().start);
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    start..end
}

/// The blanks before a list's dash, where the span is an item of a list that has one on each line.
pub(crate) fn indent(span: &Span) -> Option<&str> {
    let line = &span.source().text[of(span)];
    let indent = &line[..line.len() - line.trim_start_matches(' ').len()];
    let rest = &line[indent.len()..];
    // In `[a, b]` and `- [a]`, other items stand on the line.
    (rest.starts_with("- ") && !rest.trim_start_matches("- ").starts_with(['[', '{'])).then_some(indent)
}

/// A place of no length.
pub(crate) fn at(source: &Arc<Source>, position: usize) -> Span {
    Span::new(source, position..position)
}

/// Lines that are put in behind the one of a span.
pub(crate) fn behind(title: String, span: &Span, lines: &str) -> Fix {
    let end = of(span).end;
    let text = &span.source().text;
    let is_open = !text[..end].ends_with('\n');
    let lines = if is_open { format!("\n{}", lines.trim_end_matches('\n')) } else { lines.to_owned() };
    Fix::new(title, at(span.source(), end), lines)
}

/// Takes the line of an item away.
pub(crate) fn without(title: String, span: &Span) -> Fix {
    Fix::new(title, Span::new(span.source(), of(span)), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str, of: &str) -> Span {
        let source = Source::new("x.yml", text);
        let start = text.find(of).unwrap();
        Span::new(&source, start..start + of.len())
    }

    #[test]
    fn items_of_block_lists_have_an_indent() {
        assert_eq!(indent(&span("a:\n  - numpy # c\n", "numpy")), Some("  "));
        assert_eq!(indent(&span("a:\n- numpy", "numpy")), Some(""));
        assert_eq!(indent(&span("a: [numpy]\n", "numpy")), None);
        assert_eq!(indent(&span("a:\n  - [numpy]\n", "numpy")), None);
    }

    #[test]
    fn lines_are_put_in_and_taken_away_whole() {
        let text = "a:\n  - b # why\n  - c";
        let edited = |fix: &Fix| envwright_diagnosis::edit::edited([fix]).0.remove(0).1;
        assert_eq!(
            edited(&behind(String::new(), &span(text, "b"), "  - x\n")),
            "a:\n  - b # why\n  - x\n  - c"
        );
        assert_eq!(
            edited(&behind(String::new(), &span(text, "c"), "  - x\n")),
            "a:\n  - b # why\n  - c\n  - x"
        );
        assert_eq!(edited(&without(String::new(), &span(text, "b"))), "a:\n  - c");
    }
}

//! What is left of lines that something is taken out of: comments stay.

use envwright_diagnosis::{Source, Span};
use std::sync::Arc;

/// The place of an item of a list that stands in one line, and what is put there: nothing, or the comment behind it.
/// None where the item does not have a line of its own. Sample: `  - numpy=1.26  # why`.
pub(crate) fn without_item(item: &Span) -> Option<(Span, String)> {
    let line = Line::of(item)?;
    (line.before.trim() == "-").then(|| line.replaced())
}

/// The same for a member of a mapping, by the place of its value. Sample: `prefix: /opt/conda  # exported`.
pub(crate) fn without_member(value: &Span) -> Option<(Span, String)> {
    let line = Line::of(value)?;
    let key = line.before.trim().strip_suffix(':')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
    is_key.then(|| line.replaced())
}

/// The same for a line that has nothing else. Sample: `numpy==1.26  # why` of a requirements file.
pub(crate) fn without_line(place: &Span) -> Option<(Span, String)> {
    let line = Line::of(place)?;
    line.before.trim().is_empty().then(|| line.replaced())
}

/// The place of an entry of a list or mapping in brackets, with the comma that goes with it, and with its line where it
/// has one of its own. Sample: `"enabled": false,`.
pub(crate) fn without_entry(entry: &Span) -> Span {
    let (source, range) = (entry.source(), entry.range());
    let text = &source.text;
    let after = &text[range.end..];
    let blank = after.len() - after.trim_start().len();
    if after.trim_start().starts_with(',') {
        let end = range.end + blank + 1;
        let rest = &text[end..];
        // Up to the next entry, whose indentation takes the place of this one's.
        return Span::new(source, range.start..end + rest.len() - rest.trim_start().len());
    }
    let before = text[..range.start].trim_end();
    let start = before.strip_suffix(',').map_or(range.start, str::len);
    Span::new(source, start..range.end)
}

/// The one line that a place lies in.
struct Line<'a> {
    source: &'a Arc<Source>,
    start: usize,
    /// After the end of the line.
    end: usize,
    before: &'a str,
    comment: &'a str,
}

impl<'a> Line<'a> {
    /// None where something besides a comment stands behind the place.
    fn of(place: &'a Span) -> Option<Self> {
        let source = place.source();
        let text = &source.text;
        let range = place.range();
        if text.get(range.clone())?.contains('\n') {
            return None;
        }
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
        let comment = text[range.end..end].trim();
        let is_comment = comment.is_empty() || comment.starts_with('#');
        is_comment.then_some(Self { source, start, end, before: &text[start..range.start], comment })
    }

    fn replaced(&self) -> (Span, String) {
        let indent: &str = &self.before[..self.before.len() - self.before.trim_start().len()];
        let text =
            if self.comment.is_empty() { String::new() } else { format!("{indent}{}\n", self.comment) };
        (Span::new(self.source, self.start..self.end), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_and_its_comment_stays() {
        let text = "dependencies:\n  - numpy  # why\n  - six\nprefix: /opt\nflow: [a, b]\n";
        let source = Source::new("e.yml", text);
        let at = |word: &str| {
            let start = text.find(word).unwrap();
            Span::new(&source, start..start + word.len())
        };
        let (place, left) = without_item(&at("numpy")).unwrap();
        assert_eq!((place.text(), left.as_str()), ("  - numpy  # why\n", "  # why\n"));
        let (place, left) = without_item(&at("six")).unwrap();
        assert_eq!((place.text(), left.as_str()), ("  - six\n", ""));
        let (place, _) = without_member(&at("/opt")).unwrap();
        assert_eq!(place.text(), "prefix: /opt\n");
        let json = Source::new("e.json", "{\"a\": 1,\n  \"b\": 2,\n  \"c\": 3}");
        let left = |from: usize, to: usize| {
            let mut text = json.text.clone();
            text.replace_range(without_entry(&Span::new(&json, from..to)).range(), "");
            text
        };
        assert_eq!(left(1, 7), "{\"b\": 2,\n  \"c\": 3}");
        assert_eq!(left(11, 17), "{\"a\": 1,\n  \"c\": 3}");
        assert_eq!(left(21, 27), "{\"a\": 1,\n  \"b\": 2}");
        assert!(without_item(&at("b")).is_none() && without_member(&at("six")).is_none());
    }
}

//! The text that every match of a pattern holds, by which its lines are found.

use regex_syntax::hir::{Hir, HirKind};

/// Shorter texts stand in too many lines. Bytes.
const SHORTEST: usize = 5;
/// Longer texts find hardly fewer lines, and the automaton that looks for them grows. Bytes.
pub(super) const LONGEST: usize = 12;
/// Alternatives of one pattern; more of them cost more than the pattern is worth.
const MOST: usize = 40;

/// Texts of which every match holds at least one.
///
/// # Errors
/// The reason, where the pattern is none or where some match may hold no text that is long enough.
pub(super) fn required(pattern: &str) -> Result<Vec<String>, String> {
    let hir = regex_syntax::parse(pattern).map_err(|error| error.to_string())?;
    let texts = best(&hir).filter(|texts| weight(texts).0 >= SHORTEST);
    let texts = texts.ok_or_else(|| {
        format!("the pattern `{pattern}` can match a line without any fixed text of {SHORTEST} bytes")
    })?;
    Ok(texts.into_iter().map(|text| cut(&text)).collect())
}

/// The most telling set of texts of which each match holds one.
fn best(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![plain(str::from_utf8(&literal.0).ok()?).to_owned()]),
        HirKind::Capture(capture) => best(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => best(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(best).max_by_key(|texts| weight(texts)),
        HirKind::Alternation(choices) => {
            let mut texts = Vec::new();
            for choice in choices {
                texts.extend(best(choice)?);
            }
            (texts.len() <= MOST).then_some(texts)
        }
        _ => None,
    }
}

/// How well a set finds lines: by its shortest text, then by how few they are.
fn weight(texts: &[String]) -> (usize, std::cmp::Reverse<usize>) {
    let shortest = texts.iter().map(|text| text.len().min(LONGEST)).min().unwrap_or_default();
    (shortest, std::cmp::Reverse(texts.len()))
}

/// The longest part that stands in a line of JSON as it is.
fn plain(text: &str) -> &str {
    text.split(['"', '\\', '\t']).max_by_key(|part| part.len()).unwrap_or_default()
}

/// What is looked for of a text.
pub(super) fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_fixed_text_is_taken() {
        let of = |pattern: &str| required(pattern).unwrap();
        assert_eq!(of(r"^ERROR: No matching distribution found for (?<p>\S+)"), ["ERROR: No ma"]);
        assert_eq!(of(r"(?:E: )?Unable to locate package (\S+)"), ["Unable to lo"]);
        assert_eq!(of(r#"file "(\S+)" of "a\tproject""#), ["project"]);
        assert_eq!(of("no such host|unknown host"), ["no such host", "unknown host"]);
        assert_eq!(of("curl: .*(?:timed out|refused)"), ["timed out", "refused"]);
    }

    #[test]
    fn a_pattern_without_fixed_text_is_refused() {
        for pattern in [r"^\S+$", "a|timed out", "(?i)timed out", "(timed out)?", "err", "("] {
            assert!(required(pattern).is_err(), "{pattern}");
        }
    }
}

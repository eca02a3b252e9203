//! Lines as pip sees them (`pip._internal.req.req_file.preprocess`): continued lines joined, comments gone,
//! variables expanded.

use crate::chars::{Char, Chars};

/// The lines that hold something, trimmed, in order.
pub(crate) fn logical(text: &Chars, variable: &dyn Fn(&str) -> Option<String>) -> Vec<Chars> {
    joined(physical(text))
        .into_iter()
        .map(|line| without_comment(&line).trim())
        .filter(|line| !line.is_empty())
        .map(|line| expanded(&line, variable))
        .collect()
}

/// Splits where Python's `str.splitlines` does.
fn physical(text: &Chars) -> Vec<Chars> {
    let mut lines = Vec::new();
    let mut start = 0;
    let chars = &text.all;
    let mut at = 0;
    while at < chars.len() {
        let end = at;
        at += 1;
        match chars[end].value {
            '\r' if chars.get(at).is_some_and(|next| next.value == '\n') => at += 1,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {}
            _ => continue,
        }
        lines.push(text.part(start..end));
        start = at;
    }
    if start < chars.len() {
        lines.push(text.part(start..chars.len()));
    }
    lines
}

/// Joins a line that ends in `\` with the next one. A comment line is never continued.
fn joined(lines: Vec<Chars>) -> Vec<Chars> {
    let mut done = Vec::new();
    let mut open: Option<Chars> = None;
    for line in lines {
        let is_comment = line.trim().all.first().is_some_and(|first| first.value == '#');
        let continues = !is_comment && line.all.last().is_some_and(|last| last.value == '\\');
        let mut piece = if continues { without_backslashes(&line) } else { line };
        if is_comment && let Some(first) = piece.all.first().copied() {
            // So that it stays a comment behind the text that it is joined to.
            piece.all.insert(0, Char { value: ' ', end: first.start, ..first });
        }
        match &mut open {
            Some(begun) => begun.all.extend(piece.all),
            None => open = Some(piece),
        }
        if !continues {
            done.extend(open.take());
        }
    }
    done.extend(open);
    done
}

/// pip strips them from both ends.
fn without_backslashes(line: &Chars) -> Chars {
    let other = |char: &Char| char.value != '\\';
    let start = line.all.iter().position(other).unwrap_or(line.all.len());
    let end = line.all.iter().rposition(other).map_or(start, |last| last + 1);
    line.part(start..end)
}

/// A comment starts with `#` at the start of the line or after white space.
fn without_comment(line: &Chars) -> Chars {
    let hash = (0..line.all.len())
        .find(|at| line.all[*at].value == '#' && (*at == 0 || line.all[*at - 1].value.is_whitespace()));
    line.part(0..hash.unwrap_or(line.all.len()))
}

/// Puts values for `${NAME}`, where the name is in upper case and the variable is set.
fn expanded(line: &Chars, variable: &dyn Fn(&str) -> Option<String>) -> Chars {
    let mut chars = Vec::new();
    let mut at = 0;
    while at < line.all.len() {
        let value = name_at(line, at).and_then(|name| Some((variable(&name)?, name.len() + "${}".len())));
        let Some((value, length)) = value.filter(|(value, _)| !value.is_empty()) else {
            chars.push(line.all[at]);
            at += 1;
            continue;
        };
        let (start, end) = (line.all[at].start, line.all[at + length - 1].end);
        chars.extend(value.chars().map(|value| Char { value, start, end }));
        at += length;
    }
    line.with(chars)
}

/// Sample: `${INDEX_TOKEN_1}`.
fn name_at(line: &Chars, at: usize) -> Option<String> {
    let mut rest = line.all[at..].iter().map(|char| char.value);
    if (rest.next(), rest.next()) != (Some('$'), Some('{')) {
        return None;
    }
    let mut name = String::new();
    loop {
        match rest.next()? {
            '}' => return (!name.is_empty()).then_some(name),
            c if c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' => name.push(c),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Source;

    fn lines(text: &str) -> Vec<(usize, String)> {
        let source = Source::new("r", text);
        let variable = |name: &str| (name == "TOKEN").then(|| "t0k".to_owned());
        let all = logical(&Chars::of(&source, 0..text.len()), &variable);
        all.iter().map(|line| (line.span().line(), line.text())).collect()
    }

    #[test]
    fn continued_lines_are_one_and_comments_are_none() {
        let text = "a \\\n  --hash=x\n\n# c \\\nb # d\nc#d\ne\\\n # f\n\\\n";
        let expected = [(1, "a   --hash=x"), (5, "b"), (6, "c#d"), (7, "e")];
        assert_eq!(lines(text), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn only_set_variables_in_upper_case_are_expanded() {
        assert_eq!(lines("${TOKEN} ${token} ${OTHER} $TOKEN ${}")[0].1, "t0k ${token} ${OTHER} $TOKEN ${}");
    }
}

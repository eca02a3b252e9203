//! What to write in the place of text that cannot be read.

use envwright_diagnosis::{Finding, Source, Span};
use std::sync::Arc;

/// Names of other tools for what is a key here.
const CALLED: [(&str, &[&str]); 9] = [
    ("image", &["base", "base_image", "from"]),
    ("cmd", &["entrypoint", "command", "run"]),
    ("env", &["environment", "environment_variables", "variables", "envs"]),
    ("apt", &["packages", "system_packages", "apt_packages"]),
    ("requirements", &["pip", "python_packages", "python_requirements"]),
    ("files", &["copy", "add"]),
    ("tags", &["labels"]),
    ("workdir", &["working_dir", "working_directory"]),
    ("python", &["python_version"]),
];

/// Names that people give to what is a key of conda's environment.
const CALLED_BY_CONDA: [(&str, &[&str]); 4] = [
    ("dependencies", &["packages", "requirements", "depends", "deps"]),
    ("channels", &["sources", "repositories"]),
    ("variables", &["env", "environment", "environment_variables", "vars"]),
    ("name", &["title", "environment_name"]),
];

/// What can be built in the place of what cannot be yet; features are told by the words in them.
const INSTEAD: [(&str, &str); 4] = [
    (
        "Dockerfile",
        "List what it installs: the packages of Python as `requirements`, those of Debian as `apt`",
    ),
    ("source build", "Require a version that has a wheel, or build one with `pip wheel` and name its file"),
    ("editable", "Build its wheel with `pip wheel` and name that file"),
    ("Windows", "Write `linux`"),
];

/// What to write in the place of a feature that cannot be built yet.
pub(crate) fn instead(feature: &str) -> Option<&'static str> {
    INSTEAD.iter().find(|(words, _)| feature.contains(words)).map(|(_, other)| *other)
}

/// The key that another tool calls so.
pub(crate) fn called(key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    CALLED.iter().find(|(_, names)| names.contains(&key.as_str())).map(|(own, _)| *own)
}

/// The key of conda's environment that is meant.
pub(crate) fn conda(key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    CALLED_BY_CONDA.iter().find(|(_, names)| names.contains(&key.as_str())).map(|(own, _)| *own)
}

/// What helps against a fault in YAML at a byte, which the parser tells in these words.
pub(crate) fn yaml(finding: Finding, source: &Arc<Source>, at: usize, words: &str) -> Finding {
    if words.contains("tabs disallowed") {
        return finding
            .detail("A tab stands in the indentation, where YAML takes spaces alone.")
            .remedy("Put spaces in the place of the tab");
    }
    if words.contains("mapping values are not allowed")
        && let Some(quoted) = quoted(line(&source.text, at))
    {
        return finding
            .detail("A second `: ` stands in the line, as if another key began there.")
            .remedy(format!("Write `{quoted}`"));
    }
    unclosed(finding, source, at)
}

/// Shows the bracket that was left open before a byte where the text cannot be read.
pub(crate) fn unclosed(finding: Finding, source: &Arc<Source>, at: usize) -> Finding {
    let Some((open, bracket)) = open_bracket(source.text.get(..at).unwrap_or(&source.text)) else {
        return finding;
    };
    let close = if bracket == '[' { ']' } else { '}' };
    finding
        .at(&Span::new(source, open..open + 1), "not closed")
        .detail(format!("The `{bracket}` before it is not closed."))
        .remedy(format!("Close the list with `{close}` where it ends"))
}

fn line(text: &str, at: usize) -> &str {
    let start = text.get(..at).unwrap_or(text).rfind('\n').map_or(0, |end| end + 1);
    text[start..].lines().next().unwrap_or_default().trim()
}

/// Sample: `description: Churn: again` becomes `description: "Churn: again"`.
fn quoted(line: &str) -> Option<String> {
    let (key, value) = line.split_once(": ")?;
    (!value.contains(['"', '\\'])).then(|| format!("{key}: \"{}\"", value.trim()))
}

/// The last bracket that a text leaves open; those in quotes and comments do not count.
fn open_bracket(text: &str) -> Option<(usize, char)> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut in_comment = false;
    let mut before = '\n';
    for (at, c) in text.char_indices() {
        match c {
            '\n' => (in_comment, quote) = (false, None),
            _ if in_comment => {}
            _ if quote.is_some() => quote = quote.filter(|begun| *begun != c),
            '"' | '\'' if !before.is_alphanumeric() => quote = Some(c),
            '#' if before.is_whitespace() => in_comment = true,
            '[' | '{' => open.push((at, c)),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
        before = c;
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_that_is_open_is_the_last_one_that_is_not_closed() {
        assert_eq!(open_bracket("a: [b, 'c]'\nd:"), Some((3, '[')));
        assert_eq!(open_bracket("a = {b = [1]\n# ]}\n"), Some((4, '{')));
        for closed in ["a: [b]", "a: \"[\"", "# [", "don't: [x]", "]", ""] {
            assert_eq!(open_bracket(closed), None, "{closed}");
        }
    }

    #[test]
    fn a_value_with_a_colon_is_quoted() {
        assert_eq!(quoted("a: b: c").as_deref(), Some("a: \"b: c\""));
        assert_eq!(quoted("a: \"b\": c"), None);
    }

    #[test]
    fn keys_of_other_tools_are_known_by_their_names_there() {
        assert_eq!(called("ENTRYPOINT"), Some("cmd"));
        assert_eq!(called("working-dir"), Some("workdir"));
        assert_eq!(called("image"), None);
    }
}

//! Texts of the catalog with the facts put in.

use crate::Facts;
use std::fmt::Write as _;

/// A title, cause or remedy; see [`crate::Problem`] for the rules.
pub(crate) fn text(template: &str, facts: &Facts) -> String {
    let mut rendered = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '[']) {
        rendered.push_str(&rest[..at]);
        rest = &rest[at..];
        let (piece, length) = token(rest, facts);
        rendered.push_str(&piece);
        rest = &rest[length..];
    }
    rendered + rest
}

/// A command: only `{fact}` is replaced, and what is not known is shown as `<fact>`.
pub(crate) fn command(template: &str, facts: &Facts) -> String {
    let mut rendered = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        rendered.push_str(&rest[..at]);
        rest = &rest[at..];
        let (piece, length) = match name(rest) {
            Some(name) => {
                let value = facts.get(name).map_or_else(|| format!("<{name}>"), one_line);
                (value, name.len() + 2)
            }
            None => ("{".to_owned(), if rest.starts_with("{{") { 2 } else { 1 }),
        };
        rendered.push_str(&piece);
        rest = &rest[length..];
    }
    rendered + rest
}

/// Whether the condition holds: facts that must be known, or with `!` unknown, separated by spaces; `tool=pip|uv` where
/// one of these tools said it. What envwright itself met has the tool `envwright`.
pub(crate) fn holds(condition: &str, facts: &Facts, tool: Option<&str>) -> bool {
    condition.split_whitespace().all(|word| {
        let (name, expected) = word.strip_prefix('!').map_or((word, true), |name| (name, false));
        let is = match tools(name) {
            Some(mut tools) => tools.any(|name| name == tool.unwrap_or("envwright")),
            None => facts.get(name).is_some(),
        };
        is == expected
    })
}

/// The tools of `tool=pip|uv`.
fn tools(word: &str) -> Option<impl Iterator<Item = &str>> {
    Some(word.strip_prefix("tool=")?.split('|'))
}

/// Names of the facts that a condition asks for.
pub(crate) fn asked(condition: &str) -> impl Iterator<Item = &str> {
    let names = condition.split_whitespace().map(|word| word.trim_start_matches('!'));
    names.filter(|name| tools(name).is_none())
}

/// Names of the facts that a template uses.
pub(crate) fn names(template: &str) -> Vec<&str> {
    let starts = template.match_indices('{').map(|(at, _)| &template[at..]);
    starts.filter_map(name).collect()
}

/// The facts that a text was made with, where it was made from this template.
pub(crate) fn read(template: &str, text: &str) -> Option<Facts> {
    let mut pattern = "^".to_owned();
    pattern_of(template, &mut pattern, &mut Vec::new());
    pattern.push('$');
    let regex = regex::Regex::new(&pattern).ok()?;
    let captures = regex.captures(text)?;
    let mut facts = Facts::default();
    for name in regex.capture_names().flatten() {
        if let Some(value) = captures.name(name)
            && value.as_str() != stand_in(name)
        {
            facts.set(name, value.as_str());
        }
    }
    Some(facts)
}

/// A pattern of the texts that a template makes, with a group for each fact.
fn pattern_of<'a>(template: &'a str, pattern: &mut String, known: &mut Vec<&'a str>) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '[']) {
        pattern.push_str(&regex::escape(&rest[..at]));
        rest = &rest[at..];
        let doubled = rest.starts_with("{{") || rest.starts_with("[[");
        let length = match (name(rest), rest.find(']')) {
            _ if doubled => {
                pattern.push_str(&regex::escape(&rest[..1]));
                2
            }
            (Some(name), _) if known.contains(&name) => {
                pattern.push_str(".+?");
                name.len() + 2
            }
            (Some(name), _) => {
                known.push(name);
                let _ = write!(pattern, "(?<{name}>.+?)");
                name.len() + 2
            }
            (None, Some(end)) if rest.starts_with('[') => {
                pattern.push_str("(?:");
                pattern_of(&rest[1..end], pattern, known);
                pattern.push_str(")?");
                end + 1
            }
            _ => {
                pattern.push_str(&regex::escape(&rest[..1]));
                1
            }
        };
        rest = &rest[length..];
    }
    pattern.push_str(&regex::escape(rest));
}

/// A value on one line, without control characters.
pub(crate) fn one_line(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// What stands at a bracket: its text and how many bytes of the template it takes.
fn token(rest: &str, facts: &Facts) -> (String, usize) {
    if rest.starts_with("{{") || rest.starts_with("[[") {
        return (rest[..1].to_owned(), 2);
    }
    if let Some(name) = name(rest) {
        return (facts.get(name).map_or_else(|| stand_in(name), one_line), name.len() + 2);
    }
    match (rest.starts_with('['), rest.find(']')) {
        (true, Some(end)) => {
            let inner = &rest[1..end];
            let known = names(inner).iter().all(|name| facts.get(name).is_some());
            (if known { text(inner, facts) } else { String::new() }, end + 1)
        }
        _ => (rest[..1].to_owned(), 1),
    }
}

/// `name` of `{name}…`.
fn name(rest: &str) -> Option<&str> {
    let name = rest.strip_prefix('{')?.split_once('}')?.0;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// Words for a fact that is not known.
fn stand_in(name: &str) -> String {
    match name {
        "host" => "the server".to_owned(),
        "url" => "the address".to_owned(),
        "path" => "the file".to_owned(),
        "python" => "the Python version".to_owned(),
        "key" => "the key".to_owned(),
        "suite" => "the suite".to_owned(),
        name => format!("the {}", name.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        let mut facts = Facts::default();
        for (name, value) in pairs {
            facts.set(name, value);
        }
        facts
    }

    #[test]
    fn what_was_made_from_a_template_can_be_read_again() {
        let template = "no version of {package} matches[ `{requirement}`][ on {host}] [[{{x}]";
        for known in [
            facts(&[("package", "a b"), ("requirement", "a (b)")]),
            facts(&[("package", "six")]),
            facts(&[("package", "six"), ("host", "h.example"), ("requirement", "six>1")]),
            facts(&[("requirement", "six>1")]),
        ] {
            assert_eq!(read(template, &text(template, &known)), Some(known));
        }
        assert_eq!(read(template, "no version of six"), None);
        assert_eq!(read("{package} needs {package}", "six needs six").unwrap().get("package"), Some("six"));
    }

    #[test]
    fn facts_take_the_place_of_their_names() {
        let facts = facts(&[("package", "six"), ("version", "1.16")]);
        assert_eq!(text("the hash of {package}[ {version}] differs", &facts), "the hash of six 1.16 differs");
    }

    #[test]
    fn a_missing_fact_leaves_a_readable_text() {
        let none = Facts::default();
        assert_eq!(text("{host} did not answer[ within {limit}]", &none), "the server did not answer");
        assert_eq!(text("cannot read {required_by}", &none), "cannot read the required by");
        assert_eq!(command("pip hash {file}", &none), "pip hash <file>");
    }

    #[test]
    fn brackets_can_be_written() {
        let none = Facts::default();
        assert_eq!(text("`name[[extra]` and {{x}, {Not}, {", &none), "`name[extra]` and {x}, {Not}, {");
        assert_eq!(command("a[0] {{b} { {x}", &none), "a[0] {b} { <x>");
    }

    #[test]
    fn a_fact_cannot_break_the_line() {
        assert_eq!(text("no {path}", &facts(&[("path", "a\nb\u{1b}[31m")])), "no a b [31m");
    }

    #[test]
    fn a_fact_is_not_a_template() {
        assert_eq!(text("no {path}", &facts(&[("path", "{host}[x]"), ("host", "h")])), "no {host}[x]");
    }

    #[test]
    fn conditions_name_facts_that_are_known_or_not() {
        let facts = facts(&[("host", "h")]);
        for holding in ["", "host", "host !url", "tool=pip", "tool=uv|pip host", "!tool=envwright"] {
            assert!(holds(holding, &facts, Some("pip")), "{holding}");
        }
        for other in ["url", "!host", "tool=uv", "!tool=uv|pip", "tool=envwright", "tool=pip url"] {
            assert!(!holds(other, &facts, Some("pip")), "{other}");
        }
        assert!(holds("tool=envwright", &facts, None));
        assert_eq!(asked("host !url tool=pip").collect::<Vec<_>>(), ["host", "url"]);
    }
}

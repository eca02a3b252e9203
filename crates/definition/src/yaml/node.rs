//! YAML with the place of every value.

use crate::advice;
use envwright_diagnosis::{Finding, Source, Span};
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// How deep values may be nested.
const DEEPEST: usize = 64;
/// Values that a definition may have once its aliases are filled in; as many as it has bytes, where that is more.
const MOST_VALUES: usize = 100_000;

/// A value and its place in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) range: Range<usize>,
    /// Whether it is a scalar without quotes, which YAML may read as a number or truth value.
    pub(crate) is_plain: bool,
    /// How many values it holds, itself included.
    size: usize,
}

/// A YAML value; scalars stay as written, so that `3.10` is no number.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Scalar(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The value as JSON; scalars as strings, as they are written.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Scalar(text) => text.as_str().into(),
            Value::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Value::Mapping(members) => {
                let members = members
                    .iter()
                    .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.to_json())));
                serde_json::Value::Object(members.collect())
            }
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub(crate) fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_mapping(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Mapping(members) => Some(members),
            _ => None,
        }
    }

    /// What a reader of YAML 1.1, as `PyYAML` is one, takes a scalar for (<https://yaml.org/type/>).
    pub(crate) fn kind(&self) -> Kind {
        match &self.value {
            Value::Null => Kind::Null,
            Value::Scalar(text) if self.is_plain => kind(text),
            Value::Scalar(_) => Kind::String,
            Value::Sequence(_) => Kind::Sequence,
            Value::Mapping(_) => Kind::Mapping,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.iter().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }
}

/// What a value is in YAML 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Time,
    String,
    Sequence,
    Mapping,
}

fn kind(text: &str) -> Kind {
    const TRUTHS: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];
    let lower = text.to_ascii_lowercase();
    if TRUTHS.contains(&lower.as_str())
        && (text == lower || text == text.to_ascii_uppercase() || is_title(text))
    {
        return Kind::Bool;
    }
    let digits = text.trim_start_matches(['+', '-']);
    let all = |text: &str, is: fn(char) -> bool| !text.is_empty() && text.chars().all(|c| is(c) || c == '_');
    if all(digits, |c| c.is_ascii_digit()) && digits.starts_with(|c: char| c.is_ascii_digit()) {
        let octal = digits.len() > 1 && digits.starts_with('0') && digits.contains(['8', '9']);
        return if octal { Kind::String } else { Kind::Int };
    }
    if digits.strip_prefix("0x").is_some_and(|hex| all(hex, |c| c.is_ascii_hexdigit())) {
        return Kind::Int;
    }
    if digits.split_once('.').is_some_and(|(whole, rest)| is_fraction(whole, rest)) {
        return Kind::Float;
    }
    if matches!(lower.as_str(), ".nan" | ".inf" | "-.inf" | "+.inf") {
        return Kind::Float;
    }
    if is_date(text) { Kind::Time } else { Kind::String }
}

fn is_title(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase()) && chars.all(|c| c.is_ascii_lowercase())
}

/// Samples: `3.10`, `.5`, `1.5e+3`.
fn is_fraction(whole: &str, rest: &str) -> bool {
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    let (rest, exponent) =
        rest.split_once(['e', 'E']).map_or((rest, None), |(rest, exponent)| (rest, Some(exponent)));
    let exponent_fits = exponent.is_none_or(|exponent| {
        exponent.strip_prefix(['+', '-']).is_some_and(|digits| !digits.is_empty() && is_digits(digits))
    });
    is_digits(whole) && is_digits(rest) && exponent_fits && !(whole.is_empty() && rest.is_empty())
}

/// Samples: `2024-01-31`, `2024-1-1 10:00:00`.
fn is_date(text: &str) -> bool {
    let date = text.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = date.split('-').collect();
    let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    parts.len() == 3
        && parts[0].len() == 4
        && parts.iter().all(|part| is_digits(part))
        && parts[1..].iter().all(|part| part.len() <= 2)
        && (date.len() == text.len() || text.contains(':'))
}

/// Reads the one document of a text; none if it is empty.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Option<Node>, Finding> {
    let invalid = |range: Range<usize>, message: &str| {
        Finding::new("definition-invalid-yaml").at(&Span::new(source, range), message)
    };
    // Places are counted in characters.
    let mut offsets: Vec<usize> = source.text.char_indices().map(|(at, _)| at).collect();
    offsets.push(source.text.len());
    let byte = |index: usize| offsets.get(index).copied().unwrap_or(source.text.len());
    let mut builder = Builder { most: source.text.len().max(MOST_VALUES), ..Builder::default() };
    for event in Parser::new_from_str(&source.text) {
        let (event, span) = event.map_err(|error| {
            let at = byte(error.marker().index());
            advice::yaml(invalid(at..at + 1, error.info()), source, at, error.info())
        })?;
        let range = byte(span.start.index())..byte(span.end.index());
        builder.take(event, range.clone()).map_err(|message| invalid(range, message))?;
    }
    Ok(builder.root.filter(|root| !root.is_null()))
}

/// A sequence or mapping that is being read.
struct Open {
    anchor: usize,
    start: usize,
    children: Vec<Node>,
    is_mapping: bool,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    values: usize,
    most: usize,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, range: Range<usize>) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let is_null =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if is_null { Value::Null } else { Value::Scalar(text.into_owned()) };
                self.add(Node { value, range, is_plain: style == ScalarStyle::Plain, size: 1 }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, range.start, false),
            Event::MappingStart(anchor, _) => self.begin(anchor, range.start, true),
            Event::SequenceEnd | Event::MappingEnd => self.finish(range.start),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).ok_or("this alias stands for nothing")?;
                let size = known.size;
                if self.values + size > self.most {
                    return Err("there are too many values");
                }
                let node = Node { range, ..known.clone() };
                self.add(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, start: usize, is_mapping: bool) -> Result<(), &'static str> {
        if self.open.len() >= DEEPEST {
            return Err("values are nested too deeply");
        }
        self.open.push(Open { anchor, start, children: Vec::new(), is_mapping });
        Ok(())
    }

    fn finish(&mut self, end: usize) -> Result<(), &'static str> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let size = 1 + open.children.iter().map(|child| child.size).sum::<usize>();
        let end = open.children.last().map_or(end, |last| last.range.end).max(open.start);
        let value = if open.is_mapping {
            let mut children = open.children.into_iter();
            let mut members = Vec::new();
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                members.push((key, value));
            }
            Value::Mapping(merged(members))
        } else {
            Value::Sequence(open.children)
        };
        // Its children were counted when they were added.
        self.values = self.values.saturating_sub(size - 1);
        self.add(Node { value, range: open.start..end, is_plain: false, size }, open.anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), &'static str> {
        self.values += node.size;
        if self.values > self.most {
            return Err("there are too many values");
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None if self.root.is_some() => return Err("a second document starts here"),
            None => self.root = Some(node),
        }
        Ok(())
    }
}

/// Puts what `<<` names in its place (<https://yaml.org/type/merge.html>): a mapping, or several of which the first wins;
/// what stands in the mapping itself wins over both.
fn merged(members: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
    let is_merge = |key: &Node| key.is_plain && key.as_str() == Some("<<");
    if !members.iter().any(|(key, _)| is_merge(key)) {
        return members;
    }
    let (merges, mut members): (Vec<_>, Vec<_>) = members.into_iter().partition(|(key, _)| is_merge(key));
    for (_, value) in merges {
        let Value::Sequence(several) = value.value else {
            merge(&mut members, value);
            continue;
        };
        for value in several {
            merge(&mut members, value);
        }
    }
    members
}

fn merge(members: &mut Vec<(Node, Node)>, from: Node) {
    let Value::Mapping(others) = from.value else { return };
    for (key, value) in others {
        if members.iter().all(|(known, _)| known.as_str() != key.as_str()) {
            members.push((key, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Node>, Finding> {
        parse(&Source::new("e.yml", text))
    }

    #[test]
    fn scalars_stay_as_written_and_have_places() {
        let text = "ä: 3.10\nb: [x, 'y']\n";
        let root = read(text).unwrap().unwrap();
        let number = root.get("ä").unwrap();
        assert_eq!((number.as_str(), &text[number.range.clone()]), (Some("3.10"), "3.10"));
        assert_eq!(&text[root.get("b").unwrap().as_sequence().unwrap()[1].range.clone()], "'y'");
    }

    #[test]
    fn merge_keys_bring_what_is_not_there() {
        let root = read("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 0}\nd: {'<<': 1}\n")
            .unwrap()
            .unwrap();
        let member = |name: &str| root.get("c").unwrap().get(name).and_then(Node::as_str).map(str::to_owned);
        assert_eq!(["x", "y", "z"].map(|name| member(name).unwrap()), ["0", "2", "4"]);
        assert!(root.get("d").unwrap().get("<<").is_some());
    }

    #[test]
    fn wrong_yaml_has_a_place() {
        for text in ["a: [", "a: b: c", "a:\n\t- b", "a: *b", "a: 1\n---\nb: 2\n"] {
            let finding = read(text).unwrap_err();
            assert!(!finding.evidence.is_empty(), "{text}");
        }
    }

    #[test]
    fn aliases_cannot_fill_the_memory() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 10].join(", ");
            text.extend(["a", &level.to_string(), ": &a", &level.to_string(), " [", &inner, "]\n"]);
        }
        assert!(read(&text).is_err());
        assert!(read(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn scalars_have_the_kind_that_pyyaml_gives_them() {
        for (text, kind) in [
            ("3.10", Kind::Float),
            ("1_000", Kind::Int),
            ("0x1f", Kind::Int),
            ("yes", Kind::Bool),
            ("Off", Kind::Bool),
            ("'yes'", Kind::String),
            ("y", Kind::String),
            ("1.2.3", Kind::String),
            ("08", Kind::String),
            ("1e3", Kind::String),
            ("1.0e+3", Kind::Float),
            ("2024-01-31", Kind::Time),
            ("2024.01", Kind::Float),
            ("[a]", Kind::Sequence),
        ] {
            assert_eq!(read(text).unwrap().unwrap().kind(), kind, "{text}");
        }
    }

    #[test]
    fn nothing_is_no_value() {
        for text in ["", "# only this\n", "---\n", "~"] {
            assert!(read(text).unwrap().is_none(), "{text}");
        }
    }
}

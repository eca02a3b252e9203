//! The table of differences in the documentation.

use crate::support::tree::Node;
use std::fmt;

const DOCUMENTATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/bases.md");

/// How our tree differs at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    Absent,
    Added,
    Changed,
}

impl Here {
    /// The second column begins with this word.
    fn parse(column: &str) -> Self {
        match column.split_whitespace().next() {
            Some("absent") => Self::Absent,
            Some("added") => Self::Added,
            Some("changed") => Self::Changed,
            _ => panic!("`{column}` is not one of `absent`, `added` and `changed`"),
        }
    }
}

/// One path that is not the same in both.
pub(crate) struct Difference {
    path: String,
    here: Here,
    shown: String,
}

impl Difference {
    pub(crate) fn between(path: &str, ours: Option<&Node>, theirs: Option<&Node>) -> Option<Self> {
        let (here, shown) = match (ours, theirs) {
            (Some(ours), Some(theirs)) if ours == theirs => return None,
            (Some(ours), Some(theirs)) => (Here::Changed, format!("{ours} here, {theirs} there")),
            (Some(ours), None) => (Here::Added, ours.to_string()),
            (None, Some(theirs)) => (Here::Absent, theirs.to_string()),
            (None, None) => return None,
        };
        Some(Self { path: path.to_owned(), here, shown })
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, here, shown } = self;
        write!(formatter, "{here:?} {path}: {shown}")
    }
}

/// Patterns of paths, and how what they match differs.
pub(crate) struct Table(Vec<(String, Here)>);

impl Table {
    /// Rows such as ``| `etc/fstab`, `dev/*` | absent | nothing reads it |`` after a heading of the second level.
    pub(crate) fn of_documentation(heading: &str) -> Self {
        let text = fs_err::read_to_string(DOCUMENTATION).unwrap();
        let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("the page has the section");
        let rows = section
            .lines()
            .take_while(|line| !line.starts_with("## "))
            .filter(|line| line.starts_with("| `"));
        let patterns: Vec<_> = rows.flat_map(row).collect();
        assert!(!patterns.is_empty(), "the section has no table");
        Self(patterns)
    }

    pub(crate) fn explains(&self, difference: &Difference) -> bool {
        self.0.iter().any(|row| is_of(row, difference))
    }

    /// Patterns that none of these is of.
    pub(crate) fn unused(&self, differences: &[Difference]) -> Vec<&str> {
        let rows = self.0.iter().filter(|row| !differences.iter().any(|difference| is_of(row, difference)));
        rows.map(|(pattern, _)| pattern.as_str()).collect()
    }
}

fn row(line: &str) -> Vec<(String, Here)> {
    let mut columns = line.trim_matches('|').split(" | ");
    let (patterns, here) = (columns.next().unwrap(), Here::parse(columns.next().unwrap()));
    let reason = columns.next().unwrap_or_default();
    assert!(!reason.trim().is_empty(), "no reason is given in {line}");
    patterns.split('`').skip(1).step_by(2).map(|pattern| (pattern.to_owned(), here)).collect()
}

fn is_of((pattern, here): &(String, Here), difference: &Difference) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), difference.path.split('/').collect());
    *here == difference.here && matches(&pattern, &path)
}

/// `**` stands for any number of names, none included; `*` for a part of a name.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=path.len()).any(|skipped| matches(rest, &path[skipped..])),
        ([first, rest @ ..], [name, names @ ..]) => name_matches(first, name) && matches(rest, names),
        _ => false,
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    ends.any(|at| name_matches(rest, &name[at..]))
}

#[test]
fn patterns_match_as_they_are_meant() {
    let matched = |pattern: &str, path: &str| {
        let split = |text: &'static str| text.split('/').collect::<Vec<_>>();
        matches(&split(pattern.to_owned().leak()), &split(path.to_owned().leak()))
    };
    assert!(matched("a/**", "a") && matched("a/**", "a/b/c") && matched("**/c*.pyc", "a/cd.pyc"));
    assert!(!matched("a/*", "a/b/c") && !matched("a/*", "a") && !matched("*.pyc", "a/b.pyc"));
}

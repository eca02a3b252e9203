//! Relationships between packages (Debian policy, chapter 7).

use debversion::Version;
use std::cmp::Ordering;

/// One alternative of a relationship, such as `libc6 (>= 2.36)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<(Operator, Version)>,
}

/// A relation to a version (section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Earlier,
    EarlierOrEqual,
    Equal,
    LaterOrEqual,
    Later,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "<<" => Self::Earlier,
            // `<` and `>` are old spellings that mean "or equal" (section 7.1, footnote).
            "<=" | "<" => Self::EarlierOrEqual,
            "=" => Self::Equal,
            ">=" | ">" => Self::LaterOrEqual,
            ">>" => Self::Later,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }
}

impl Atom<'_> {
    /// Whether a version of the named package fits.
    pub(super) fn allows(&self, version: &Version) -> bool {
        self.version.as_ref().is_none_or(|(operator, limit)| operator.holds(version.cmp(limit)))
    }
}

impl std::fmt::Display for Atom<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)?;
        let Some((operator, version)) = &self.version else { return Ok(()) };
        let operator = match operator {
            Operator::Earlier => "<<",
            Operator::EarlierOrEqual => "<=",
            Operator::Equal => "=",
            Operator::LaterOrEqual => ">=",
            Operator::Later => ">>",
        };
        write!(formatter, " ({operator} {version})")
    }
}

/// The groups of alternatives of a field; each group needs one of its atoms.
pub(super) fn groups(field: &str) -> impl Iterator<Item = Result<Vec<Atom<'_>>, String>> {
    let groups = field.split(',').map(str::trim).filter(|group| !group.is_empty());
    groups.map(|group| group.split('|').map(atom).collect())
}

/// `name[:arch] [(op version)] [[arch …]] [<profile …>]`; binary packages have no architecture or profile lists.
fn atom(text: &str) -> Result<Atom<'_>, String> {
    let invalid = || format!("`{}` is not a relationship", text.trim());
    let text = text.trim();
    let (name, version) = match text.split_once('(') {
        None => (text, None),
        Some((name, rest)) => {
            let (inner, _) = rest.split_once(')').ok_or_else(invalid)?;
            let at = inner.find(|letter: char| !"<>=".contains(letter)).ok_or_else(invalid)?;
            let operator = Operator::parse(&inner[..at]).ok_or_else(invalid)?;
            let version: Version = inner[at..].trim().parse().map_err(|_| invalid())?;
            (name, Some((operator, version)))
        }
    };
    // Of one architecture, `:any` and `:native` allow what no qualifier allows.
    let name = name.trim().split(':').next().unwrap_or_default();
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(invalid());
    }
    Ok(Atom { name, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_versions_and_qualifiers_are_read() {
        let groups: Vec<_> =
            groups("python3:any (>= 3.7~), debconf (>= 0.5) | debconf-2.0,libc6(<<3)").collect();
        let names: Vec<Vec<&str>> = groups
            .iter()
            .map(|group| group.as_ref().unwrap().iter().map(|atom| atom.name).collect())
            .collect();
        assert_eq!(names, [vec!["python3"], vec!["debconf", "debconf-2.0"], vec!["libc6"]]);
        assert!(groups[0].as_ref().unwrap()[0].allows(&"3.7~rc1".parse().unwrap()));
        assert!(!groups[0].as_ref().unwrap()[0].allows(&"3.6".parse().unwrap()));
        assert!(!groups[2].as_ref().unwrap()[0].allows(&"1:1".parse().unwrap()));
    }

    #[test]
    fn what_is_not_a_relationship_is_refused() {
        for text in ["a (>= 1", "a (1)", "(>= 1)", "a b", "a | "] {
            assert!(groups(text).any(|group| group.is_err()), "{text}");
        }
    }
}

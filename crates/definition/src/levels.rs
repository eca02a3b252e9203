//! How bad a finding is, by the user's choice: in the configuration, and in comments of the definition.
//!
//! A comment `# envwright: allow ID` behind something allows the finding there, one on a line of its own allows it in
//! the next line, and one before everything else in the whole file.

use envwright_diagnosis::{Finding, Severity, Source};
use std::{collections::BTreeMap, sync::Arc};

const MARK: &str = "envwright: allow";

/// What is to become of findings that do not stop a build by themselves, by their problem.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(pub BTreeMap<String, Level>);

/// What is to become of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is not told.
    Off,
    /// It is worth knowing.
    Note,
    /// The image may not be what was meant.
    Warning,
    /// It stops a build.
    Error,
}

impl Levels {
    /// The findings as they are to be told. What cannot be built stays an error.
    pub(crate) fn applied(&self, findings: Vec<Finding>, sources: &[Arc<Source>]) -> Vec<Finding> {
        let allowed: Vec<Allowed<'_>> = sources.iter().flat_map(allowances).collect();
        findings.into_iter().filter_map(|finding| self.one(finding, &allowed)).collect()
    }

    fn one(&self, finding: Finding, allowed: &[Allowed<'_>]) -> Option<Finding> {
        if finding.severity == Severity::Error {
            return Some(finding);
        }
        if allowed.iter().any(|allowed| allowed.covers(&finding)) {
            return None;
        }
        match self.0.get(finding.problem.as_str()) {
            Some(Level::Off) => None,
            Some(Level::Note) => Some(finding.severity(Severity::Note)),
            Some(Level::Warning) => Some(finding.severity(Severity::Warning)),
            Some(Level::Error) => Some(finding.severity(Severity::Error)),
            None => Some(finding),
        }
    }
}

/// What a comment allows.
struct Allowed<'a> {
    source: &'a Arc<Source>,
    /// The line; none for the whole file.
    line: Option<usize>,
    problems: Vec<&'a str>,
}

impl Allowed<'_> {
    fn covers(&self, finding: &Finding) -> bool {
        let is_here = |span: &envwright_diagnosis::Span| {
            span.source() == self.source && self.line.is_none_or(|line| span.line() == line)
        };
        self.problems.contains(&finding.problem.as_str())
            && finding.evidence.first().is_some_and(|evidence| is_here(&evidence.span))
    }
}

fn allowances(source: &Arc<Source>) -> Vec<Allowed<'_>> {
    let mut found = Vec::new();
    let mut is_head = true;
    for (index, line) in source.text.lines().enumerate() {
        let trimmed = line.trim();
        let comment = line.split_once('#').and_then(|(before, comment)| {
            let problems = comment.trim().strip_prefix(MARK)?;
            Some((before.trim().is_empty(), problems))
        });
        if let Some((is_alone, problems)) = comment {
            let number = source.first_line + index;
            let line = match (is_alone, is_head) {
                (true, true) => None,
                (true, false) => Some(number + 1),
                (false, _) => Some(number),
            };
            let words = problems.split([',', ' ']).map(|word| word.trim_matches(['(', ')']));
            found.push(Allowed { source, line, problems: words.filter(|word| !word.is_empty()).collect() });
        }
        is_head &= trimmed.is_empty() || trimmed.starts_with('#');
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Span;

    #[test]
    fn comments_allow_where_they_stand() {
        let text = "# envwright: allow whole\nname: a\n# envwright: allow next, other\nb: 1\nc: 2  # envwright: allow here\n";
        let source = Source::new("e.yml", text);
        let told = |problem: &'static str, place: &str, severity| {
            let at = text.find(place).unwrap();
            let finding = Finding::new(problem).severity(severity).at(&Span::new(&source, at..at + 1), "");
            !Levels::default().applied(vec![finding], std::slice::from_ref(&source)).is_empty()
        };
        let warned = |problem, place| told(problem, place, Severity::Warning);
        assert!(!warned("whole", "c: 2") && !warned("next", "b: 1") && !warned("other", "b: 1"));
        assert!(!warned("here", "c: 2"));
        assert!(warned("next", "c: 2") && warned("here", "b: 1") && warned("more", "b: 1"));
        assert!(told("whole", "b: 1", Severity::Error));
    }

    #[test]
    fn levels_raise_lower_and_silence() {
        let levels = Levels(BTreeMap::from([
            ("a".to_owned(), Level::Error),
            ("b".to_owned(), Level::Off),
            ("c".to_owned(), Level::Note),
        ]));
        let findings =
            ["a", "b", "c", "d"].map(|problem| Finding::new(problem.to_owned()).severity(Severity::Warning));
        let applied = levels.applied(findings.to_vec(), &[]);
        let severities: Vec<Severity> = applied.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Error, Severity::Note, Severity::Warning]);
    }
}

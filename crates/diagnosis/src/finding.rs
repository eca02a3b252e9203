//! One problem that was seen.

use crate::{Fix, Span};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// Name of a catalog problem, such as `pip-hash-mismatch`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProblemId(Cow<'static, str>);

impl ProblemId {
    /// The id as written in the catalog.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for ProblemId {
    fn from(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }
}

impl From<String> for ProblemId {
    fn from(id: String) -> Self {
        Self(Cow::Owned(id))
    }
}

impl fmt::Display for ProblemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Named facts of a finding; names are shared by all problems (`package`, `version`, `host`, …).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Sets a fact.
    pub fn set(&mut self, name: &str, value: impl fmt::Display) {
        self.0.insert(name.to_owned(), value.to_string());
    }

    /// The value of a fact.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// All facts in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stops the build.
    Error,
    /// The build goes on; the image may not be what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// What proves a finding: a place, with a few words on what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Where.
    pub span: Span,
    /// Words under the marked text; may be empty.
    pub label: String,
}

/// Something the user can do, made from the facts (the catalog adds its general ones).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remedy {
    /// What to do, one sentence.
    pub title: String,
    /// Commands to type, shown and never run.
    pub command: Vec<String>,
    /// The name of the mechanical fix that does it, where there is one.
    #[serde(default)]
    pub fix: Option<String>,
    /// What the fix changes, as a unified diff.
    #[serde(default)]
    pub patch: Option<String>,
}

/// One problem that was seen, before the catalog's words are put to it.
///
/// Serialised it has no evidence: a place holds the whole text it lies in, secrets included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which problem of the catalog.
    pub problem: ProblemId,
    /// Error unless said otherwise.
    pub severity: Severity,
    /// What is known about it.
    pub facts: Facts,
    /// Places that prove it, the most telling first.
    #[serde(skip)]
    pub evidence: Vec<Evidence>,
    /// What exactly is wrong here, where facts alone do not say it: complete sentences, no secrets.
    pub details: Vec<String>,
    /// Specific things to do, the best first.
    pub remedies: Vec<Remedy>,
    /// A change of the texts that takes the finding away, where a program can make it.
    #[serde(skip)]
    pub fix: Option<Fix>,
    /// The tool that said it; none for what envwright itself met.
    #[serde(default)]
    pub tool: Option<String>,
    /// How sure it is, from 0 to 100 percent.
    #[serde(default = "certain")]
    pub confidence: u8,
}

fn certain() -> u8 {
    100
}

impl Finding {
    /// An error of the catalog problem `problem`.
    pub fn new(problem: impl Into<ProblemId>) -> Self {
        Self {
            problem: problem.into(),
            severity: Severity::Error,
            facts: Facts::default(),
            evidence: Vec::new(),
            details: Vec::new(),
            remedies: Vec::new(),
            fix: None,
            tool: None,
            confidence: certain(),
        }
    }

    /// The same finding with another severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.facts.set(name, value);
        self
    }

    /// Adds a place, with words that stand under it.
    #[must_use]
    pub fn at(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.evidence.push(Evidence { span: span.clone(), label: label.into() });
        self
    }

    /// Adds a sentence on what exactly is wrong.
    #[must_use]
    pub fn detail(mut self, sentence: impl Into<String>) -> Self {
        self.details.push(sentence.into());
        self
    }

    /// What can be done, the change that a program can make first.
    pub(crate) fn all_remedies(&self) -> impl Iterator<Item = Remedy> {
        let fix = self.fix.as_ref().map(|fix| Remedy {
            title: fix.title.clone(),
            command: vec!["envwright check --fix".to_owned()],
            fix: Some(self.problem.to_string()),
            patch: Some(fix.patch()),
        });
        fix.into_iter().chain(self.remedies.iter().cloned())
    }

    /// Says how a program can take the finding away.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Adds something to do.
    #[must_use]
    pub fn remedy(mut self, title: impl Into<String>) -> Self {
        self.remedies.push(Remedy { title: title.into(), ..Remedy::default() });
        self
    }
}

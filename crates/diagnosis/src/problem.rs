//! An entry of the catalog: what can go wrong, its causes and remedies.

use crate::Severity;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// One file of the catalog. Texts are templates: `{package}` is replaced by the fact of that name (or by
/// words such as "the package" when it is not known), and `[ for {platform}]` is left out as a whole when one
/// of its facts is not known. `{{` and `[[` stand for the bracket itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// Name used everywhere; the file is `<tool>/<id>.toml`.
    pub id: String,
    /// One line, lower case, no full stop. A template.
    pub title: String,
    /// When it happens.
    pub stage: Stage,
    /// Who can change it.
    pub fault: Fault,
    /// Whether the same build can succeed if tried again.
    pub transient: bool,
    /// Louder problems that this one causes.
    #[serde(default)]
    pub explains: Vec<String>,
    /// Problems that the text of a tool names where this one is behind them, as the tool does not tell them apart.
    #[serde(default)]
    pub mistaken: Vec<String>,
    /// The general problem that this one is a variant of.
    #[serde(default)]
    pub parent: Option<String>,
    /// The tool whose text its signatures read, where they do not name another.
    #[serde(default)]
    pub tool: Option<String>,
    /// Whether it says only that something failed: whatever is more specific explains it.
    #[serde(default)]
    pub generic: bool,
    /// How it is recognised in a log: by any of them.
    #[serde(default)]
    pub signature: Vec<Signature>,
    /// What can be behind it, the most likely first.
    #[serde(default)]
    pub cause: Vec<Cause>,
    /// What to do, the best first.
    #[serde(default)]
    pub remedy: Vec<Guidance>,
    /// Where to read more.
    #[serde(default)]
    pub reference: Vec<Reference>,
    /// Logs in which it is the one root.
    #[serde(default)]
    pub example: Vec<Example>,
    /// Logs that look alike and in which it is not a root.
    #[serde(default)]
    pub counterexample: Vec<Counterexample>,
}

/// A message of a tool by which a problem is recognised. Patterns are those of the `regex` crate, each for one line,
/// from which terminal escapes and the prefixes of platforms are removed. Named groups become facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The tool that prints it.
    #[serde(default)]
    pub tool: Option<String>,
    /// The first of the tool's versions that prints it; for readers only.
    #[serde(default)]
    pub since: Option<String>,
    /// A warning or a note fails no build by itself: it is a cause only where nothing else is known.
    #[serde(default = "error")]
    pub level: Severity,
    /// The line. Every match holds some text of five bytes or more by which the line is found.
    pub pattern: String,
    /// Each must match the line itself or one of the 40 before and 20 after it.
    #[serde(default)]
    pub with: Vec<String>,
    /// Any of them makes the line harmless, on the line itself, one of the 3 before or the 6 after it.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Looked for on the line and in up to 60 lines before, nearest first, to read facts.
    #[serde(default)]
    pub before: Vec<String>,
    /// Looked for in up to 40 lines after, in this order, to read facts.
    #[serde(default)]
    pub then: Vec<String>,
    /// Each of the lines that follow at once and match is a finding of its own.
    #[serde(default)]
    pub each: Option<String>,
    /// Facts that the message means without spelling them.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

fn error() -> Severity {
    Severity::Error
}

/// A log in which a problem is the one root.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Its lines.
    pub log: String,
    /// Facts that the root has, among others.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
    /// The line of the root's first evidence, counted from 1.
    #[serde(default)]
    pub line: Option<usize>,
}

/// A log in which a problem is not a root.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counterexample {
    /// Its lines.
    pub log: String,
}

/// What can be behind a problem.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Complete sentences. A template.
    pub text: String,
    /// Names of facts that must be known for this cause, or with `!` unknown, separated by spaces.
    #[serde(default)]
    pub when: String,
}

/// Something that can be done about a problem.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidance {
    /// What to do, one sentence without full stop. A template.
    pub title: String,
    /// As for [`Cause::when`].
    #[serde(default)]
    pub when: String,
    /// Commands to type, shown and never run. Templates in which only `{fact}` is replaced.
    #[serde(default)]
    pub command: Vec<String>,
}

/// Where to read more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Title of the page or specification.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// The part of a build in which a problem happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading the definition.
    Define,
    /// Choosing packages.
    Solve,
    /// Downloading.
    Fetch,
    /// Unpacking and installing packages.
    Install,
    /// Building a package from source.
    Compile,
    /// Running the image.
    Run,
    /// Pulling a base image.
    Pull,
    /// Pushing the image.
    Push,
    /// Keeping things on disk.
    Store,
    /// A service that the build relies on.
    Service,
}

/// Who can do something about a problem. The order is that in which causes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// Whoever wrote the definition.
    Definition,
    /// Whoever runs this machine.
    Machine,
    /// The network between here and a service.
    Network,
    /// Whoever runs a service.
    Service,
    /// envwright: a bug.
    Envwright,
}

impl Stage {
    /// As written in the catalog.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Define => "define",
            Self::Solve => "solve",
            Self::Fetch => "fetch",
            Self::Install => "install",
            Self::Compile => "compile",
            Self::Run => "run",
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Store => "store",
            Self::Service => "service",
        }
    }
}

impl Fault {
    /// Exit code of a command that fails for a reason of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Definition | Self::Machine => 1,
            Self::Network | Self::Service => 3,
            Self::Envwright => 4,
        }
    }

    /// As written in the catalog.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Machine => "machine",
            Self::Network => "network",
            Self::Service => "service",
            Self::Envwright => "envwright",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

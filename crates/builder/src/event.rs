//! The one stream of events of a build. The terminal, `events.jsonl` and the human log only listen to it.

use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Version of the event format (`v` of every event).
pub const EVENT_VERSION: u32 = 1;

/// A stage of the pipeline, in the order in which builds go through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Reading the definition.
    Define,
    /// Choosing packages.
    Solve,
    /// Downloading packages.
    Fetch,
    /// Turning packages into segments.
    Pack,
    /// Joining segments to layers and writing the image.
    Layer,
    /// Handing the image to where it was asked for.
    Output,
    /// Sending the image to a registry.
    Push,
    /// The build as a whole.
    Build,
}

impl Step {
    /// Lower-case name, as in `events.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Define => "define",
            Self::Solve => "solve",
            Self::Fetch => "fetch",
            Self::Pack => "pack",
            Self::Layer => "layer",
            Self::Output => "output",
            Self::Push => "push",
            Self::Build => "build",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// [`EVENT_VERSION`].
    pub v: u32,
    /// Counted from 0 without gaps within a build.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// What happened: `queued solving fetching packing layering pushing done failed` and their endings.
    pub kind: &'static str,
    /// Which stage it belongs to.
    pub step: Step,
    /// Facts: names, bytes, digests.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

impl Event {
    /// A fact that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.facts.get(name).and_then(Value::as_str)
    }

    /// A fact that is a count or a size in bytes.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.facts.get(name).and_then(Value::as_u64)
    }

    /// Whether a fact holds.
    pub fn flag(&self, name: &str) -> bool {
        self.facts.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The line of the human log, without its time.
    pub fn line(&self) -> String {
        let mut line = format!("{:<6} {}", self.step.name(), self.kind);
        for (name, value) in &self.facts {
            match value {
                Value::String(text) if !text.contains(char::is_whitespace) => {
                    let _ = write!(line, " {name}={text}");
                }
                // As JSON writes it, so that a name with blanks stays one word.
                other => {
                    let _ = write!(line, " {name}={other}");
                }
            }
        }
        line
    }
}

/// Something that wants to know what a build does while it does it. Called from many threads.
pub trait Listener: Sync {
    /// An event, in the order of `seq`.
    fn event(&self, event: &Event);
    /// Bytes that arrived or were packed since the last call; not kept in the record.
    fn progress(&self, step: Step, bytes: u64);
}

/// Listens to nothing.
pub struct Silent;

impl Listener for Silent {
    fn event(&self, _: &Event) {}
    fn progress(&self, _: Step, _: u64) {}
}

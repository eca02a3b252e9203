//! Logs of any tool: the problems that they show.

mod entry;
mod examples;
mod facts;
mod here;
mod judge;
mod line;
mod literal;
mod matcher;
mod package;
mod reader;
mod rejoin;
mod sighting;
mod signs;
mod state;
mod text;
mod trouble;

pub use entry::entry;
pub use examples::prove;
pub use matcher::{Matcher, check};
pub use reader::LogReader;

use crate::{Catalog, Diagnosis};
use envwright_redact::Redactor;

/// What was read of a log.
#[derive(Debug)]
pub struct Log {
    /// How many lines it has.
    lines: usize,
    /// Its last lines, and the number of the first of them.
    tail: String,
    tail_line: usize,
    state: state::State,
}

/// An error that was just read, before what follows it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Id of the problem.
    pub problem: String,
    /// The problem's title with the facts of this line.
    pub title: String,
    /// Counted from 1.
    pub line: usize,
}

impl Log {
    /// How many lines were read.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// What the log shows, under the name that its lines are shown with. Secrets are masked.
    pub fn diagnose(
        self,
        matcher: &Matcher,
        catalog: &Catalog,
        name: &str,
        redactor: &Redactor,
    ) -> Diagnosis {
        judge::judge(self, matcher, catalog, name, redactor)
    }
}

/// Reads a whole log at once.
pub fn diagnose(text: &[u8], matcher: &Matcher, catalog: &Catalog, name: &str) -> Diagnosis {
    let mut reader = LogReader::new(matcher);
    reader.push(text);
    reader.finish().diagnose(matcher, catalog, name, &Redactor::default())
}

/// A line as it is shown: without terminal escapes and rewritten progress, and cut after so many bytes.
pub(crate) fn shown(raw: &[u8], longest: usize) -> String {
    let cleaned = line::clean(&raw[..raw.len().min(2 * longest)]);
    let text = line::text(cleaned.trim_ascii_end());
    if text.len() <= longest {
        return text.into_owned();
    }
    let mut end = longest;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

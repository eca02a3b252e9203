//! The page of the book that says what becomes of each archive.

use super::{
    references::Takes,
    tried::{Case, Verdict},
};
use std::{fmt::Write as _, path::Path};

/// Set by who wants the page written instead of compared.
const WRITE: &str = "ENVWRIGHT_WRITE_DOCS";
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/hostile-archives.md");

/// A table of the page.
pub(crate) struct Section<'a> {
    pub(crate) title: &'a str,
    /// Ways in which each is tried.
    pub(crate) ways: &'a [&'a str],
    /// Other readers.
    pub(crate) references: &'a [(&'a str, Takes)],
}

impl Section<'_> {
    /// Compares the page with the cases, or writes it. A reason is given where a verdict differs from that of another
    /// reader, and nowhere else.
    pub(crate) fn check(&self, cases: &[Case]) {
        let mut text = format!("## {}\n\n| Archive |", self.title);
        for name in self.ways.iter().chain(self.references.iter().map(|(name, _)| name)) {
            write!(text, " {name} |").unwrap();
        }
        let columns = self.ways.len() + self.references.len();
        writeln!(text, " Why it differs |\n|---|{}---|", "---|".repeat(columns)).unwrap();
        let mut wrong = Vec::new();
        for case in cases {
            let takes: Vec<Option<bool>> =
                self.references.iter().map(|(_, takes)| takes.get(case.name).copied()).collect();
            let differs = case.verdicts.iter().any(|verdict| match verdict {
                Verdict::Taken => takes.contains(&Some(false)),
                Verdict::Refused(_) => takes.contains(&Some(true)),
                Verdict::Untried => false,
            });
            if differs == case.why.is_empty() {
                wrong.push(format!("{}: {takes:?} {}", case.name, case.why));
            }
            text.push_str(&row(case, &takes));
        }
        assert!(wrong.is_empty(), "a reason is lacking, or given for nothing: {wrong:#?}");
        self.compare(text.trim_end());
    }

    /// Of a page that several tests write, each has its own part.
    fn compare(&self, text: &str) {
        let page = Path::new(PAGE);
        let guard = fs_err::File::open(env!("CARGO_TARGET_TMPDIR")).unwrap();
        guard.file().lock().unwrap();
        let written = fs_err::read_to_string(page).unwrap();
        let mut parts: Vec<&str> = written.split("\n\n## ").map(str::trim_end).collect();
        let is_own = |part: &&str| part.split('\n').next() == Some(self.title);
        let own = text.trim_start_matches("## ");
        if std::env::var_os(WRITE).is_none() {
            let is = parts.into_iter().find(is_own);
            assert!(is == Some(own), "{PAGE} is not what comes out: set {WRITE}=1 to write it\n{text}");
            return;
        }
        match parts.iter().position(is_own) {
            Some(at) => parts[at] = own,
            None => parts.push(own),
        }
        fs_err::write(page, format!("{}\n", parts.join("\n\n## "))).unwrap();
    }
}

fn row(case: &Case, takes: &[Option<bool>]) -> String {
    let what = case.what.replace('|', "\\|");
    let mut row = format!("| {what} |");
    for verdict in &case.verdicts {
        match verdict {
            Verdict::Taken => row.push_str(" taken |"),
            Verdict::Untried => row.push_str(" not tried |"),
            Verdict::Refused(problem) => write!(row, " `{problem}` |").unwrap(),
        }
    }
    for taken in takes {
        row.push_str(match taken {
            Some(true) => " taken |",
            Some(false) => " refused |",
            None => " not tried |",
        });
    }
    format!("{row} {} |\n", case.why)
}

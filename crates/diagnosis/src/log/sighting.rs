//! One place of a log at which a signature matched.

use crate::{Evidence, Facts, Severity, Source, Span};
use std::{ops::Range, sync::Arc};

/// A line that proves something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proof {
    /// Counted from 1.
    pub(super) line: usize,
    /// The line as it is shown.
    pub(super) text: String,
    /// What matched in it. Bytes.
    pub(super) range: Range<usize>,
}

/// A match, with what its lines tell.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    /// Place in the matcher's problems.
    pub(super) problem: usize,
    pub(super) level: Severity,
    pub(super) tool: Option<String>,
    pub(super) facts: Facts,
    /// The matching line first.
    pub(super) proofs: Vec<Proof>,
    /// Which step of the build the line belongs to; place in the reader's steps.
    pub(super) step: Option<usize>,
    /// The last line on which it was seen.
    pub(super) last: usize,
}

/// Characters of a line that are shown.
const SHOWN: usize = 1000;
/// Lines from one proof to the next that are shown as neighbours.
const GAP: usize = 1;
/// More lines prove no more.
pub(super) const MOST_PROOFS: usize = 10;

/// Facts that tell two findings of a problem apart.
const TELLING: &[&str] = &[
    "package",
    "library",
    "header",
    "command",
    "image",
    "host",
    "path",
    "module",
    "key",
    "file",
    "codec",
    "repository",
    "name",
    "suite",
    "executable",
    "channel",
    "requirement",
];

impl Proof {
    /// A line with a place in it, cut around the place where it is long.
    pub(super) fn new(line: usize, text: &str, range: Range<usize>) -> Self {
        if text.len() <= SHOWN {
            return Self { line, text: text.trim_end().to_owned(), range };
        }
        let mut start = if range.end <= SHOWN { 0 } else { range.start.saturating_sub(SHOWN / 4) };
        let mut end = (start + SHOWN).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let shift = |at: usize| at.clamp(start, end) - start;
        Self { line, text: text[start..end].to_owned(), range: shift(range.start)..shift(range.end) }
    }
}

impl Sighting {
    /// Whether both are about the same thing, so that one finding has the lines of both.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let same = |name: &&str| match (self.facts.get(name), other.facts.get(name)) {
            (Some(one), Some(two)) => alike(one, two),
            _ => true,
        };
        let shared = |name: &&str| self.facts.get(name).is_some() && other.facts.get(name).is_some();
        let bare = |sighting: &Self| TELLING.iter().all(|name| sighting.facts.get(name).is_none());
        self.problem == other.problem
            && TELLING.iter().all(same)
            && (TELLING.iter().any(shared) || bare(self) || bare(other))
    }

    /// Takes over what the other one knows beyond it.
    pub(super) fn merge(&mut self, other: Self) {
        for (name, value) in other.facts.iter() {
            if self.facts.get(name).is_none() {
                self.facts.set(name, value);
            }
        }
        self.last = self.last.max(other.last);
        self.level = self.level.min(other.level);
        self.step = other.step.or(self.step);
        for proof in other.proofs {
            let known = self.proofs.iter().any(|known| known.text == proof.text);
            if known {
                continue;
            }
            // The first ones, and the last.
            self.proofs.truncate(MOST_PROOFS - 1);
            self.proofs.push(proof);
        }
    }

    /// The lines as evidence: those that stand near each other in one excerpt.
    pub(super) fn evidence(&self, name: &str) -> Vec<Evidence> {
        evidence(name, &self.proofs)
    }
}

/// The same thing, as a longer or a shorter form of it.
fn alike(one: &str, two: &str) -> bool {
    one == two || one.starts_with(two) || two.starts_with(one)
}

/// Evidence in the order of the proofs.
pub(super) fn evidence(name: &str, proofs: &[Proof]) -> Vec<Evidence> {
    let mut order: Vec<usize> = (0..proofs.len()).collect();
    order.sort_by_key(|at| proofs[*at].line);
    let mut evidence: Vec<Option<Evidence>> = vec![None; proofs.len()];
    let mut rest = &order[..];
    while let Some(first) = rest.first() {
        let mut count = 1;
        while rest.get(count).is_some_and(|at| proofs[*at].line <= proofs[rest[count - 1]].line + GAP) {
            count += 1;
        }
        let (group, others) = rest.split_at(count);
        let mut text = String::new();
        let mut places = Vec::new();
        let mut line = proofs[*first].line;
        for at in group {
            let proof = &proofs[*at];
            if proof.line == line && !places.is_empty() {
                // Another place of the line before.
                let begin = text.rfind('\n').map_or(0, |at| at + 1);
                places.push((*at, begin + proof.range.start..begin + proof.range.end));
                continue;
            }
            while line < proof.line {
                text.push('\n');
                line += 1;
            }
            places.push((*at, text.len() + proof.range.start..text.len() + proof.range.end));
            text.push_str(&proof.text);
        }
        let source: Arc<Source> = Source::excerpt(name, text, proofs[*first].line);
        for (at, range) in places {
            evidence[at] = Some(Evidence { span: Span::new(&source, range), label: String::new() });
        }
        rest = others;
    }
    evidence.into_iter().flatten().collect()
}

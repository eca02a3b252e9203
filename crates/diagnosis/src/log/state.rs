//! What was seen of a log so far.

use super::{
    line,
    rejoin::Joined,
    sighting::{self, Proof, Sighting},
    signs::Told,
};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// A line that was looked at so often tells nothing new.
const ENOUGH: usize = 8;
/// Lines that are known again.
const MOST_REPEATS: usize = 4096;
/// Different findings of one problem that are kept.
const MOST: usize = 64;

/// How a step of the build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Unknown,
    Well,
    Failed,
}

/// A line that was there more than once.
#[derive(Debug, Default)]
struct Repeat {
    count: usize,
    /// What was last seen on it; places in the sightings.
    sightings: Vec<usize>,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) sightings: Vec<Sighting>,
    by_problem: HashMap<usize, usize>,
    /// By the hash of a line's text.
    repeats: HashMap<u64, Repeat>,
    pub(super) steps: Vec<End>,
    vertices: HashMap<u32, usize>,
    step: Option<usize>,
    number: u32,
    pub(super) package: Option<String>,
    /// Lines of commands that went well, with their step.
    pub(super) done: Vec<(usize, Option<usize>)>,
    /// The last line that says that the whole went well, or failed, or complains.
    pub(super) success: usize,
    pub(super) failure: usize,
    pub(super) complaint: usize,
    pub(super) failures: Vec<Proof>,
    pub(super) complaints: Vec<Proof>,
}

impl State {
    /// The step of a line that BuildKit numbered.
    pub(super) fn enter(&mut self, vertex: Option<u32>) {
        let Some(vertex) = vertex else { return };
        let steps = &mut self.steps;
        let step = *self.vertices.entry(vertex).or_insert_with(|| {
            steps.push(End::Unknown);
            steps.len() - 1
        });
        self.step = Some(step);
    }

    pub(super) fn told(&mut self, told: Told, vertex: Option<u32>, line: usize, proof: &dyn Fn() -> Proof) {
        match told {
            Told::Step(number) => {
                let before = self.step.filter(|_| vertex.is_none() && number > self.number);
                if let Some(step) = before.and_then(|step| self.steps.get_mut(step)) {
                    *step = End::Well;
                }
                self.number = number;
                self.steps.push(End::Unknown);
                self.step = Some(self.steps.len() - 1);
                self.package = None;
            }
            Told::Vertex(well) => {
                if let Some(step) = self.step.and_then(|step| self.steps.get_mut(step)) {
                    *step = if well { End::Well } else { End::Failed };
                }
                if !well {
                    self.failed(line, proof);
                }
            }
            Told::Package(package) => self.package = Some(package),
            Told::Done => {
                self.done.push((line, self.step));
                if self.done.len() > 256 {
                    self.done.drain(..128);
                }
            }
            Told::Success => {
                self.success = line;
                if vertex.is_none()
                    && let Some(step) = self.step.and_then(|step| self.steps.get_mut(step))
                    && *step == End::Unknown
                {
                    *step = End::Well;
                }
            }
            Told::Failure => self.failed(line, proof),
            Told::Complaint => {
                self.complaint = line;
                keep(&mut self.complaints, line, proof);
            }
        }
    }

    /// Takes what was seen in messages that were made whole instead of what their pieces seemed to say.
    pub(super) fn reread(&mut self, again: Self, joined: &Joined, tail: &str, first: usize) {
        let lines: Vec<&str> = tail.lines().collect();
        let anew = |line: usize| line >= first && joined.changed.binary_search(&(line - first)).is_ok();
        let original = |proof: &Proof| -> Vec<Proof> {
            let origin = joined.origin(proof.line - 1, &proof.range);
            let shown = origin.into_iter().filter_map(|at| Some((at, line::text(lines.get(at)?.as_bytes()))));
            shown.map(|(at, text)| Proof::new(first + at, &text, 0..text.len())).collect()
        };
        self.sightings.retain(|sighting| sighting.proofs.iter().all(|proof| !anew(proof.line)));
        let shift = |line: usize| if line == 0 { 0 } else { line + first - 1 };
        for mut sighting in again.sightings {
            if !sighting.proofs.iter().any(|proof| anew(shift(proof.line))) {
                continue;
            }
            sighting.proofs = sighting.proofs.iter().flat_map(original).take(sighting::MOST_PROOFS).collect();
            sighting.last = shift(sighting.last);
            self.add(sighting);
        }
        self.success = self.success.max(shift(again.success));
        self.failure = self.failure.max(shift(again.failure));
        self.complaint = self.complaint.max(shift(again.complaint));
    }

    fn failed(&mut self, line: usize, proof: &dyn Fn() -> Proof) {
        self.failure = line;
        keep(&mut self.failures, line, proof);
    }

    /// The place of what was seen among the sightings; none where there are too many of its problem.
    pub(super) fn add(&mut self, mut sighting: Sighting) -> Option<usize> {
        sighting.step = self.step;
        if let Some(at) = self.sightings.iter().rposition(|known| known.agrees(&sighting)) {
            self.sightings[at].merge(sighting);
            return Some(at);
        }
        let count = self.by_problem.entry(sighting.problem).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        self.sightings.push(sighting);
        Some(self.sightings.len() - 1)
    }

    /// Whether a line was looked at so often that its patterns tell nothing new.
    pub(super) fn is_known(&self, key: u64) -> bool {
        self.repeats.get(&key).is_some_and(|repeat| repeat.count >= ENOUGH)
    }

    /// A line of this text was seen, which is about these sightings; about those of before where it is only counted.
    pub(super) fn repeat(&mut self, key: u64, line: usize, sightings: Vec<usize>) {
        if self.repeats.len() >= MOST_REPEATS {
            self.repeats.clear();
        }
        let repeat = self.repeats.entry(key).or_default();
        if repeat.count < ENOUGH {
            *repeat = Repeat { count: repeat.count + 1, sightings };
            return;
        }
        for at in &repeat.sightings {
            let known = &mut self.sightings[*at];
            known.last = known.last.max(line);
            known.step = self.step.or(known.step);
        }
    }
}

/// What a line is known by when it comes again.
pub(super) fn key(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The last few of many lines.
fn keep(proofs: &mut Vec<Proof>, line: usize, proof: &dyn Fn() -> Proof) {
    if proofs.last().is_some_and(|last| last.line == line) {
        return;
    }
    if proofs.len() == 16 {
        proofs.remove(0);
    }
    proofs.push(proof());
}

#[cfg(test)]
mod tests {
    use crate::{Catalog, Diagnosis, log};

    const ERROR: &str = "E: Unable to locate package gadget\n";
    const WELL: &str = "Successfully built 0123456789ab\n";

    fn diagnose(text: &str) -> Diagnosis {
        let catalog = Catalog::builtin();
        log::diagnose(text.as_bytes(), &log::Matcher::new(&catalog), &catalog, "build.log")
    }

    #[test]
    fn a_line_that_comes_often_counts_to_its_last_place() {
        let often = ERROR.repeat(50);
        assert!(diagnose(&format!("{often}{WELL}")).root().is_none());
        for text in [format!("{often}{WELL}{ERROR}"), format!("{WELL}{often}")] {
            assert_eq!(diagnose(&text).roots().len(), 1);
        }
    }

    #[test]
    fn lists_after_a_line_that_comes_often_are_read_each_time() {
        let list =
            |number: usize| format!("ResolvePackageNotFound: \n  - gadget{number}=1.0\n\nnext\nnext\nnext\n");
        let text: String = (0..20).map(list).collect();
        assert_eq!(diagnose(&text).roots().len(), 20);
    }
}

//! Reads a log once, in constant memory.

use super::{
    Announcement, Log,
    facts::{constants, finish_facts, read_facts},
    line::{self, Unwrapped},
    matcher::{Candidate, Matcher, Pattern},
    rejoin::{self, Joined},
    sighting::{self, Proof, Sighting},
    signs::{self, Sign, Told},
    text::Decoder,
};
use crate::{Facts, Severity};
use std::{
    borrow::Cow,
    cell::OnceCell,
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Lines after a match that are looked at.
const AFTER: usize = 40;
/// Lines before a match that are looked at.
const BEFORE: usize = 60;
/// Bytes on either side of a match that are looked at.
const REACH: usize = 64 * 1024;
/// Bytes of a line that are kept; what follows is dropped up to the line's end.
const LONGEST: usize = line::LONGEST;
/// A line that was looked at so often tells nothing new.
const ENOUGH: usize = 8;
/// Lines that are known again.
const MOST_REPEATS: usize = 4096;
/// Different findings of one problem that are kept.
const MOST: usize = 64;
/// Bytes from which on a log is long.
const LONG: usize = 4 << 20;
/// Bytes of the log's end that are kept for when nothing is recognised.
const TAIL: usize = 64 * 1024;

/// The problem of a log that nothing recognises.
pub(super) const UNRECOGNISED: &str = "unrecognised";

/// How a step of the build ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Unknown,
    Well,
    Failed,
}

/// Reads the text of any tool, from a file or from a pipe that still grows.
pub struct LogReader<'m> {
    matcher: &'m Matcher,
    decoder: Decoder,
    /// Lines that may still be looked at. Begins with a line.
    buffer: Vec<u8>,
    /// The number of the buffer's first line.
    first_line: usize,
    /// How many bytes were read.
    read: usize,
    /// Where the next line to look at begins.
    at: usize,
    /// And its number.
    line: usize,
    /// Whether the rest of a line that is too long is being dropped.
    dropping: bool,
    /// Bytes of the line that is not yet whole.
    pending: usize,
    /// Up to which line what was seen has been announced.
    announced: usize,
    state: State,
    scratch: Vec<Candidate>,
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
    package: Option<String>,
    /// Lines of commands that went well, with their step.
    pub(super) done: Vec<(usize, Option<usize>)>,
    /// The last line that says that the whole went well, or failed, or complains.
    pub(super) success: usize,
    pub(super) failure: usize,
    pub(super) complaint: usize,
    pub(super) failures: Vec<Proof>,
    pub(super) complaints: Vec<Proof>,
}

impl<'m> LogReader<'m> {
    /// A reader that has read nothing.
    pub fn new(matcher: &'m Matcher) -> Self {
        Self {
            matcher,
            decoder: Decoder::default(),
            buffer: Vec::new(),
            first_line: 1,
            read: 0,
            at: 0,
            line: 1,
            dropping: false,
            pending: 0,
            announced: 0,
            state: State::default(),
            scratch: Vec::new(),
        }
    }

    /// Reads the next bytes, as many as there are.
    pub fn push(&mut self, bytes: &[u8]) {
        self.read += bytes.len();
        let text = self.decoder.decode(bytes);
        self.add(&text);
        self.advance(false);
    }

    /// Errors that were seen since the last call, before what follows them is known.
    pub fn fresh(&mut self) -> Vec<Announcement> {
        let mut fresh = self.passed();
        let (mut at, mut number) = (self.at, self.line);
        let whole = self.buffer.len() - self.pending;
        while at < whole {
            let end = line_end(&self.buffer, at).min(whole);
            if number > self.announced {
                fresh.extend(self.announce(at..end, number));
            }
            at = end + 1;
            number += 1;
        }
        self.announced = self.announced.max(number - 1);
        fresh
    }

    /// Those of lines that were looked at meanwhile.
    fn passed(&self) -> Vec<Announcement> {
        let problems = &self.matcher.problems;
        let sightings = self.state.sightings.iter().filter(|sighting| {
            sighting.level == Severity::Error
                && !problems[sighting.problem].generic
                && sighting.proofs.first().is_some_and(|proof| proof.line > self.announced)
        });
        let announcement = |sighting: &Sighting| Announcement {
            problem: problems[sighting.problem].id.clone(),
            title: crate::template::text(&problems[sighting.problem].title, &sighting.facts),
            line: sighting.proofs.first().map_or(0, |proof| proof.line),
        };
        sightings.map(announcement).collect()
    }

    fn announce(&mut self, range: std::ops::Range<usize>, number: usize) -> Option<Announcement> {
        let raw = &self.buffer[range];
        let first = self.matcher.next(raw, 0, false)?;
        self.matcher.candidates(raw, first, false, &mut self.scratch);
        let shown = line::text(raw);
        let unwrapped = line::unwrap(&shown);
        self.scratch.iter().find_map(|candidate| {
            let Candidate::Pattern(pattern) = candidate else { return None };
            let pattern = &self.matcher.patterns[*pattern];
            let problem = &self.matcher.problems[pattern.problem];
            let telling = pattern.level == Severity::Error && !problem.generic && pattern.with.is_empty();
            let captures = pattern.line.get().filter(|_| telling)?.captures(&unwrapped.text)?;
            let mut facts = constants(pattern);
            read_facts(pattern.line.get()?, &captures, &mut facts);
            Some(Announcement {
                problem: problem.id.clone(),
                title: crate::template::text(&problem.title, &facts),
                line: number,
            })
        })
    }

    /// What the whole log shows.
    pub fn finish(mut self) -> Log {
        let rest = self.decoder.finish();
        self.add(&rest);
        if self.pending > 0 {
            self.buffer.push(b'\n');
            self.pending = 0;
        }
        self.advance(true);
        let tail = self.buffer.len().saturating_sub(TAIL);
        let tail = line_start(&self.buffer, tail);
        let skipped = memchr::memchr_iter(b'\n', &self.buffer[..tail]).count();
        let tail_line = self.first_line + skipped;
        let tail = String::from_utf8_lossy(&self.buffer[tail..]).into_owned();
        if let Some(joined) = rejoin::joined(&tail) {
            let mut again = Self::new(self.matcher);
            again.add(joined.text.as_bytes());
            again.advance(true);
            self.state.reread(again.state, &joined, &tail, tail_line);
        }
        Log { lines: self.line - 1, tail_line, tail, state: self.state }
    }

    /// Takes text into the buffer, without what is too long in its lines.
    fn add(&mut self, text: &[u8]) {
        let mut rest = text;
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            let ends = rest[end - 1] == b'\n';
            // Whole lines that are short go in at once.
            if self.pending == 0 && !self.dropping && ends {
                let whole = memchr::memrchr(b'\n', &rest[..rest.len().min(LONGEST)]).map_or(0, |at| at + 1);
                if whole > 0 {
                    self.buffer.extend_from_slice(&rest[..whole]);
                    rest = &rest[whole..];
                    continue;
                }
            }
            let piece = &rest[..end - usize::from(ends)];
            if self.dropping {
                self.rewritten(piece);
            } else {
                let room = LONGEST.saturating_sub(self.pending);
                let taken = &piece[..piece.len().min(room)];
                self.buffer.extend_from_slice(taken);
                self.pending += taken.len();
                if piece.len() > room {
                    self.overlong(&piece[room..]);
                }
            }
            if ends {
                self.buffer.push(b'\n');
                self.pending = 0;
                self.dropping = false;
            }
            rest = &rest[end..];
        }
    }

    /// A line that is too long: its beginning is looked at, unless it is progress that was rewritten.
    fn overlong(&mut self, rest: &[u8]) {
        self.dropping = true;
        self.rewritten(rest);
    }

    /// A carriage return in a line that is too long begins it anew.
    fn rewritten(&mut self, piece: &[u8]) {
        let Some(at) = memchr::memrchr(b'\r', piece).filter(|at| at + 1 < piece.len()) else { return };
        let begin = self.buffer.len() - self.pending;
        self.buffer.truncate(begin);
        let last = &piece[at + 1..];
        let last = &last[..last.len().min(LONGEST)];
        self.buffer.extend_from_slice(last);
        self.pending = last.len();
        self.dropping = piece.len() - at - 1 > LONGEST;
    }

    /// Looks at every line that has enough lines after it, or at all.
    fn advance(&mut self, last: bool) {
        let whole = self.buffer.len() - self.pending;
        let limit = if last { whole } else { settled(&self.buffer[..whole]) };
        let long = self.read > LONG;
        while self.at < limit {
            let Some(hit) = self.matcher.next(&self.buffer[..limit], self.at, long) else {
                self.skip_to(limit);
                break;
            };
            self.skip_to(line_start(&self.buffer, hit.saturating_sub(1)));
            let end = line_end(&self.buffer, self.at);
            let first = hit - self.at;
            self.matcher.candidates(&self.buffer[self.at..end], first, long, &mut self.scratch);
            self.look(end);
            self.at = end + 1;
            self.line += 1;
        }
        let keep = line_start(&self.buffer, back(&self.buffer[..self.at.min(whole)]));
        // Moving what is left costs as much as it is long, so it is done seldom.
        if keep > 4 * REACH && !last {
            self.first_line += memchr::memchr_iter(b'\n', &self.buffer[..keep]).count();
            self.buffer.drain(..keep);
            self.at -= keep;
        }
    }

    fn skip_to(&mut self, place: usize) {
        self.line += memchr::memchr_iter(b'\n', &self.buffer[self.at..place]).count();
        self.at = place;
    }

    /// Looks at the line that begins where the reader is, for its candidates.
    fn look(&mut self, end: usize) {
        let shown = line::text(&self.buffer[self.at..end]);
        let unwrapped = line::unwrap(&shown);
        let (before, after) = (OnceCell::new(), OnceCell::new());
        let here = Here { reader: &*self, shown: &shown, unwrapped: &unwrapped, end, before, after };
        let (mut seen, mut told) = (Vec::new(), Vec::new());
        let patterns = self.scratch.first().is_some_and(|first| matches!(first, Candidate::Pattern(_)));
        let key = patterns.then(|| hash(&unwrapped.text));
        let known = key.and_then(|key| self.state.repeats.get(&key)).filter(|repeat| repeat.count >= ENOUGH);
        for candidate in &self.scratch {
            match candidate {
                Candidate::Pattern(_) if known.is_some() => {}
                Candidate::Pattern(pattern) => here.recognise(&self.matcher.patterns[*pattern], &mut seen),
                Candidate::Sign(Sign::Report) => seen.extend(here.reported()),
                Candidate::Sign(sign) => told.extend(signs::read(*sign, &unwrapped)),
            }
        }
        let (vertex, line) = (unwrapped.vertex, self.line);
        let proof = || Proof::new(line, &shown, 0..shown.len().min(400));
        self.state.enter(vertex);
        for told in told {
            self.state.told(told, vertex, line, &proof);
        }
        let added = seen.into_iter().filter_map(|sighting| self.state.add(sighting)).collect();
        if let Some(key) = key {
            self.state.repeat(key, line, added);
        }
    }
}

/// A line that is looked at, and what stands around it.
struct Here<'a, 'm> {
    reader: &'a LogReader<'m>,
    shown: &'a str,
    unwrapped: &'a Unwrapped<'a>,
    end: usize,
    before: OnceCell<Vec<Around<'a>>>,
    after: OnceCell<Vec<Around<'a>>>,
}

/// An unwrapped line, with its number.
type Around<'a> = (Cow<'a, str>, usize);

impl<'a> Here<'a, '_> {
    fn recognise(&self, pattern: &Pattern, seen: &mut Vec<Sighting>) {
        let Some(regex) = pattern.line.get() else { return };
        let Some(captures) = regex.captures(&self.unwrapped.text) else { return };
        let near = |wanted: &super::matcher::Lazy, before: usize, after: usize| {
            let mut around = self.before(before).iter().chain(self.after(after));
            wanted.is_match(&self.unwrapped.text) || around.any(|(text, _)| wanted.is_match(text))
        };
        if pattern.unless.iter().any(|unless| near(unless, 3, 6)) {
            return;
        }
        if !pattern.with.iter().all(|with| near(with, AFTER, 20)) {
            return;
        }
        let mut facts = constants(pattern);
        read_facts(regex, &captures, &mut facts);
        let whole = captures.get(0).map_or(0..0, |found| found.range());
        let place = line::place(self.shown, self.unwrapped, whole);
        let mut proofs = vec![Proof::new(self.reader.line, self.shown, place)];
        self.read_before(pattern, &mut facts, &mut proofs);
        self.read_after(pattern, &mut facts, &mut proofs);
        let sighting = |mut facts: Facts, proofs: Vec<Proof>| {
            let problem = &self.reader.matcher.problems[pattern.problem];
            if problem.compiles
                && facts.get("package").is_none()
                && let Some(package) = self.package()
            {
                facts.set("package", package);
            }
            finish_facts(&mut facts, pattern.tool.as_deref(), &problem.id);
            Sighting {
                problem: pattern.problem,
                level: pattern.level,
                tool: pattern.tool.clone(),
                last: proofs.iter().map(|proof| proof.line).max().unwrap_or_default(),
                facts,
                proofs,
                step: None,
            }
        };
        match &pattern.each {
            None => seen.push(sighting(facts, proofs)),
            Some(each) => {
                let mut listed = false;
                for (own, proof) in self.each(each) {
                    let mut facts = facts.clone();
                    for (name, value) in own.iter() {
                        facts.set(name, value);
                    }
                    let mut proofs = proofs.clone();
                    proofs.insert(0, proof);
                    seen.push(sighting(facts, proofs));
                    listed = true;
                }
                if !listed {
                    seen.push(sighting(facts, proofs));
                }
            }
        }
    }

    /// What envwright itself reported, such as in the log of its own build.
    fn reported(&self) -> Option<Sighting> {
        let (level, id, title) = signs::report(&self.unwrapped.text)?;
        let problems = &self.reader.matcher.problems;
        let problem = problems.iter().position(|known| known.id == id && id != UNRECOGNISED)?;
        let text = &self.unwrapped.text;
        let place = line::place(self.shown, self.unwrapped, 0..text.trim_end().len());
        Some(Sighting {
            problem,
            level,
            tool: Some("envwright".to_owned()),
            facts: crate::template::read(&problems[problem].title, title).unwrap_or_default(),
            proofs: vec![Proof::new(self.reader.line, self.shown, place)],
            step: None,
            last: self.reader.line,
        })
    }

    fn read_before(&self, pattern: &Pattern, facts: &mut Facts, proofs: &mut Vec<Proof>) {
        if pattern.before.is_empty() {
            return;
        }
        let lines = self.before(BEFORE);
        for wanted in pattern.before.iter().filter_map(|wanted| wanted.get()) {
            if let Some(captures) = wanted.captures(&self.unwrapped.text) {
                read_facts(wanted, &captures, facts);
                continue;
            }
            for (text, line) in lines {
                if let Some(captures) = wanted.captures(text) {
                    read_facts(wanted, &captures, facts);
                    proofs.push(Proof::new(*line, text, captures.get(0).map_or(0..0, |found| found.range())));
                    break;
                }
            }
        }
    }

    fn read_after(&self, pattern: &Pattern, facts: &mut Facts, proofs: &mut Vec<Proof>) {
        if pattern.then.is_empty() {
            return;
        }
        let lines = self.after(AFTER);
        let mut from = 0;
        for wanted in pattern.then.iter().filter_map(|wanted| wanted.get()) {
            for (at, (text, line)) in lines.iter().enumerate().skip(from) {
                if let Some(captures) = wanted.captures(text) {
                    read_facts(wanted, &captures, facts);
                    proofs.push(Proof::new(*line, text, captures.get(0).map_or(0..0, |found| found.range())));
                    from = at + 1;
                    break;
                }
            }
        }
    }

    /// The lines of a list that follows.
    fn each(&self, wanted: &super::matcher::Lazy) -> Vec<(Facts, Proof)> {
        let Some(wanted) = wanted.get() else { return Vec::new() };
        let mut listed = Vec::new();
        let mut others = 0;
        for (text, line) in self.after(AFTER) {
            match wanted.captures(text) {
                Some(captures) => {
                    let mut facts = Facts::default();
                    read_facts(wanted, &captures, &mut facts);
                    let range = captures.get(0).map_or(0..0, |found| found.range());
                    listed.push((facts, Proof::new(*line, text, range)));
                    others = 0;
                }
                None if others == 2 => break,
                None => others += 1,
            }
        }
        listed
    }

    /// Lines before, the nearest first.
    fn before(&self, most: usize) -> &[Around<'a>] {
        let lines = self.before.get_or_init(|| {
            let reader = self.reader;
            let mut lines = Vec::new();
            let (mut end, mut number) = (reader.at, reader.line);
            let floor = reader.at.saturating_sub(REACH);
            while end > floor && lines.len() < BEFORE {
                let start = line_start(&reader.buffer, end - 1);
                number -= 1;
                lines.push((unwrapped(&reader.buffer[start..end - 1]), number));
                end = start;
            }
            lines
        });
        &lines[..most.min(lines.len())]
    }

    /// Lines after.
    fn after(&self, most: usize) -> &[Around<'a>] {
        let lines = self.after.get_or_init(|| {
            let reader = self.reader;
            let whole = reader.buffer.len() - reader.pending;
            let mut lines = Vec::new();
            let (mut start, mut number) = (self.end + 1, reader.line);
            let ceiling = whole.min(self.end + REACH);
            while start < ceiling && lines.len() < AFTER {
                let end = line_end(&reader.buffer, start);
                number += 1;
                lines.push((unwrapped(&reader.buffer[start..end]), number));
                start = end + 1;
            }
            lines
        });
        &lines[..most.min(lines.len())]
    }

    /// The package whose build the line belongs to: what the lines after say of it, else what was begun.
    fn package(&self) -> Option<String> {
        let after = self.after(AFTER);
        let named = after.iter().find_map(|(text, _)| super::package::failed(text));
        let titled = || {
            let title =
                after.iter().position(|(text, _)| text.contains("while generating package metadata"))?;
            let next =
                after[title + 1..].iter().map(|(text, _)| text.trim()).find(|text| !text.is_empty())?;
            super::package::alone(next)
        };
        let folder = || self.before(BEFORE).iter().find_map(|(text, _)| super::package::folder(text));
        named.or_else(titled).or_else(folder).or_else(|| self.reader.state.package.clone())
    }
}

impl State {
    /// The step of a line that BuildKit numbered.
    fn enter(&mut self, vertex: Option<u32>) {
        let Some(vertex) = vertex else { return };
        let steps = &mut self.steps;
        let step = *self.vertices.entry(vertex).or_insert_with(|| {
            steps.push(End::Unknown);
            steps.len() - 1
        });
        self.step = Some(step);
    }

    fn told(&mut self, told: Told, vertex: Option<u32>, line: usize, proof: &dyn Fn() -> Proof) {
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
    fn reread(&mut self, again: Self, joined: &Joined, tail: &str, first: usize) {
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
    fn add(&mut self, mut sighting: Sighting) -> Option<usize> {
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

    /// A line of this text was seen, which is about these sightings; about those of before where it is only counted.
    fn repeat(&mut self, key: u64, line: usize, sightings: Vec<usize>) {
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

/// What the tool wrote of a line.
fn unwrapped(raw: &[u8]) -> Cow<'_, str> {
    match line::text(raw) {
        Cow::Borrowed(text) => line::unwrap(text).text,
        Cow::Owned(text) => Cow::Owned(line::unwrap(&text).text.into_owned()),
    }
}

fn hash(text: &str) -> u64 {
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

/// The beginning of the line that a place lies in.
fn line_start(buffer: &[u8], place: usize) -> usize {
    memchr::memrchr(b'\n', &buffer[..place]).map_or(0, |at| at + 1)
}

/// The line break that ends the line that a place lies in.
fn line_end(buffer: &[u8], place: usize) -> usize {
    memchr::memchr(b'\n', &buffer[place..]).map_or(buffer.len(), |at| place + at)
}

/// The place before the last lines, whose number or size is as much as is looked at after a line.
fn settled(buffer: &[u8]) -> usize {
    let floor = buffer.len().saturating_sub(REACH);
    let nth = memchr::memrchr_iter(b'\n', buffer).nth(AFTER);
    let place = nth.map_or(0, |at| at + 1).max(floor);
    line_start(buffer, place)
}

/// The place from which lines before the end may be looked at.
fn back(buffer: &[u8]) -> usize {
    let floor = buffer.len().saturating_sub(TAIL.max(REACH));
    floor.min(memchr::memrchr_iter(b'\n', buffer).nth(BEFORE).unwrap_or(0))
}

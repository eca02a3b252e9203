//! Reads a log once, in constant memory.

use super::{
    Announcement, Log,
    facts::{constants, read_facts},
    here::{AFTER, BEFORE, Here, REACH, line_end, line_start},
    line,
    matcher::{Candidate, Matcher},
    rejoin,
    sighting::{Proof, Sighting},
    signs::{self, Sign},
    state::{State, key},
    text::Decoder,
};
use crate::Severity;
use std::cell::OnceCell;

/// Bytes of a line that are kept; what follows is dropped up to the line's end.
const LONGEST: usize = line::LONGEST;
/// Bytes from which on a log is long.
const LONG: usize = 4 << 20;
/// Bytes of the log's end that are kept for when nothing is recognised.
const TAIL: usize = 64 * 1024;

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
        let here = Here {
            matcher: self.matcher,
            lines: &self.buffer[..self.buffer.len() - self.pending],
            range: self.at..end,
            number: self.line,
            shown: &shown,
            unwrapped: &unwrapped,
            begun: self.state.package.as_deref(),
            before: OnceCell::new(),
            after: OnceCell::new(),
        };
        let (mut seen, mut told) = (Vec::new(), Vec::new());
        let patterns = self.scratch.first().is_some_and(|first| matches!(first, Candidate::Pattern(_)));
        let key = patterns.then(|| key(&unwrapped.text));
        let known = key.is_some_and(|key| self.state.is_known(key));
        for candidate in &self.scratch {
            match candidate {
                Candidate::Pattern(pattern) => {
                    let pattern = &self.matcher.patterns[*pattern];
                    // What follows a line that begins a list is another one each time.
                    if !known || pattern.each.is_some() {
                        here.recognise(pattern, &mut seen);
                    }
                }
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

//! One line of a log and what stands around it: what it is recognised as.

use super::{
    facts::{constants, finish_facts, read_facts},
    judge::UNRECOGNISED,
    line::{self, Unwrapped},
    matcher::{Lazy, Matcher, Pattern},
    package,
    sighting::{Proof, Sighting},
    signs,
};
use crate::Facts;
use std::{borrow::Cow, cell::OnceCell, ops::Range};

/// Lines after a match that are looked at.
pub(super) const AFTER: usize = 40;
/// Lines before a match that are looked at.
pub(super) const BEFORE: usize = 60;
/// Bytes on either side of a match that are looked at.
pub(super) const REACH: usize = 64 * 1024;

/// A line that is looked at, and what stands around it.
pub(super) struct Here<'a> {
    pub(super) matcher: &'a Matcher,
    /// Whole lines.
    pub(super) lines: &'a [u8],
    /// Where the line lies in them.
    pub(super) range: Range<usize>,
    /// Its number.
    pub(super) number: usize,
    pub(super) shown: &'a str,
    pub(super) unwrapped: &'a Unwrapped<'a>,
    /// The package whose build was begun.
    pub(super) begun: Option<&'a str>,
    pub(super) before: OnceCell<Vec<Around<'a>>>,
    pub(super) after: OnceCell<Vec<Around<'a>>>,
}

/// An unwrapped line, with its number.
pub(super) type Around<'a> = (Cow<'a, str>, usize);

impl<'a> Here<'a> {
    /// Adds what a pattern recognises.
    pub(super) fn recognise(&self, pattern: &Pattern, seen: &mut Vec<Sighting>) {
        let Some(regex) = pattern.line.get() else { return };
        let Some(captures) = regex.captures(&self.unwrapped.text) else { return };
        let near = |wanted: &Lazy, before: usize, after: usize| {
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
        let mut proofs = vec![Proof::new(self.number, self.shown, place)];
        self.read_before(pattern, &mut facts, &mut proofs);
        self.read_after(pattern, &mut facts, &mut proofs);
        let sighting = |mut facts: Facts, proofs: Vec<Proof>| {
            let problem = &self.matcher.problems[pattern.problem];
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
    pub(super) fn reported(&self) -> Option<Sighting> {
        let (level, id, title) = signs::report(&self.unwrapped.text)?;
        let problems = &self.matcher.problems;
        let problem = problems.iter().position(|known| known.id == id && id != UNRECOGNISED)?;
        let text = &self.unwrapped.text;
        let place = line::place(self.shown, self.unwrapped, 0..text.trim_end().len());
        Some(Sighting {
            problem,
            level,
            tool: Some("envwright".to_owned()),
            facts: crate::template::read(&problems[problem].title, title).unwrap_or_default(),
            proofs: vec![Proof::new(self.number, self.shown, place)],
            step: None,
            last: self.number,
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
    fn each(&self, wanted: &Lazy) -> Vec<(Facts, Proof)> {
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
            let mut lines = Vec::new();
            let (mut end, mut number) = (self.range.start, self.number);
            let floor = end.saturating_sub(REACH);
            while end > floor && lines.len() < BEFORE {
                let start = line_start(self.lines, end - 1);
                number -= 1;
                lines.push((unwrapped(&self.lines[start..end - 1]), number));
                end = start;
            }
            lines
        });
        &lines[..most.min(lines.len())]
    }

    /// Lines after.
    fn after(&self, most: usize) -> &[Around<'a>] {
        let lines = self.after.get_or_init(|| {
            let mut lines = Vec::new();
            let (mut start, mut number) = (self.range.end + 1, self.number);
            let ceiling = self.lines.len().min(self.range.end + REACH);
            while start < ceiling && lines.len() < AFTER {
                let end = line_end(self.lines, start);
                number += 1;
                lines.push((unwrapped(&self.lines[start..end]), number));
                start = end + 1;
            }
            lines
        });
        &lines[..most.min(lines.len())]
    }

    /// The package whose build the line belongs to: what the lines after say of it, else what was begun.
    fn package(&self) -> Option<String> {
        let after = self.after(AFTER);
        let named = after.iter().find_map(|(text, _)| package::failed(text));
        let titled = || {
            let title =
                after.iter().position(|(text, _)| text.contains("while generating package metadata"))?;
            let next =
                after[title + 1..].iter().map(|(text, _)| text.trim()).find(|text| !text.is_empty())?;
            package::alone(next)
        };
        let folder = || self.before(BEFORE).iter().find_map(|(text, _)| package::folder(text));
        named.or_else(titled).or_else(folder).or_else(|| self.begun.map(str::to_owned))
    }
}

/// What the tool wrote of a line.
fn unwrapped(raw: &[u8]) -> Cow<'_, str> {
    match line::text(raw) {
        Cow::Borrowed(text) => line::unwrap(text).text,
        Cow::Owned(text) => Cow::Owned(line::unwrap(&text).text.into_owned()),
    }
}

/// The beginning of the line that a place lies in.
pub(super) fn line_start(buffer: &[u8], place: usize) -> usize {
    memchr::memrchr(b'\n', &buffer[..place]).map_or(0, |at| at + 1)
}

/// The line break that ends the line that a place lies in.
pub(super) fn line_end(buffer: &[u8], place: usize) -> usize {
    memchr::memchr(b'\n', &buffer[place..]).map_or(buffer.len(), |at| place + at)
}

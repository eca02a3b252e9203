//! All signatures of a catalog at once.

use super::{
    literal,
    signs::{self, Sign},
};
use crate::{Catalog, Problem, Severity, Signature};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::Regex;
use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

/// The texts of the patterns of the program's own catalog, by pattern.
const KNOWN: &[(&str, &[&str])] = include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// A pattern that is compiled when a line first asks for it.
#[derive(Debug)]
pub(super) struct Lazy {
    pattern: String,
    regex: OnceLock<Option<Regex>>,
}

impl Lazy {
    fn new(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), regex: OnceLock::new() }
    }

    /// The pattern. None where it is not one, which [`check`] tells of.
    pub(super) fn get(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&self.pattern).ok()).as_ref()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text))
    }
}

/// One signature, ready to be looked for.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Which problem it recognises.
    pub(super) problem: usize,
    pub(super) level: Severity,
    pub(super) tool: Option<String>,
    pub(super) line: Lazy,
    pub(super) with: Vec<Lazy>,
    pub(super) unless: Vec<Lazy>,
    pub(super) before: Vec<Lazy>,
    pub(super) then: Vec<Lazy>,
    pub(super) each: Option<Lazy>,
    pub(super) facts: BTreeMap<String, String>,
}

/// What a text found in a line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Candidate {
    /// Place in [`Matcher::patterns`].
    Pattern(usize),
    /// What tells of steps, packages, success and failure.
    Sign(Sign),
}

/// What is known of a problem while a log is read.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) generic: bool,
    pub(super) compiles: bool,
    pub(super) title: String,
}

/// The signatures of a catalog, ready for any number of logs.
#[derive(Debug)]
pub struct Matcher {
    pub(super) problems: Vec<Known>,
    pub(super) patterns: Vec<Pattern>,
    texts: Vec<String>,
    /// Finds the texts; is made at once.
    automaton: AhoCorasick,
    /// The same, which takes longer to make and is faster: for long logs.
    fast: OnceLock<AhoCorasick>,
    /// By number of the text.
    candidates: Vec<Vec<Candidate>>,
}

impl Matcher {
    /// Makes the signatures ready. What [`check`] would refuse is left out.
    pub fn new(catalog: &Catalog) -> Self {
        let mut problems = Vec::new();
        let mut patterns = Vec::new();
        let mut texts: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for problem in catalog.problems() {
            let index = problems.len();
            problems.push(Known {
                id: problem.id.clone(),
                generic: problem.generic,
                compiles: problem.stage == crate::Stage::Compile,
                title: problem.title.clone(),
            });
            for signature in &problem.signature {
                let Some(required) = required(&signature.pattern) else { continue };
                for text in required {
                    texts.entry(text.into_owned()).or_default().push(Candidate::Pattern(patterns.len()));
                }
                patterns.push(pattern(index, problem, signature));
            }
        }
        for (text, sign) in signs::TEXTS {
            texts.entry(literal::cut(text)).or_default().push(Candidate::Sign(*sign));
        }
        let (texts, candidates): (Vec<String>, Vec<_>) = texts.into_iter().unzip();
        Self {
            automaton: automaton(AhoCorasickKind::ContiguousNFA, &texts),
            fast: OnceLock::new(),
            problems,
            patterns,
            texts,
            candidates,
        }
    }

    /// The end of the first text at or after a place. `long` where much is looked at.
    pub(super) fn next(&self, block: &[u8], from: usize, long: bool) -> Option<usize> {
        let input = aho_corasick::Input::new(block).range(from..);
        self.automaton(long).find(input).map(|found| found.end())
    }

    /// What the texts of a line ask for, each once, signs last. The first text ends at `first`, or later.
    pub(super) fn candidates(&self, line: &[u8], first: usize, long: bool, found: &mut Vec<Candidate>) {
        found.clear();
        let from = first.saturating_sub(literal::LONGEST).min(line.len());
        for text in self.automaton(long).find_overlapping_iter(&line[from..]) {
            found.extend(&self.candidates[text.pattern().as_usize()]);
        }
        found.sort_unstable();
        found.dedup();
    }

    fn automaton(&self, long: bool) -> &AhoCorasick {
        if !long {
            return &self.automaton;
        }
        self.fast.get_or_init(|| automaton(AhoCorasickKind::DFA, &self.texts))
    }
}

/// The texts of a pattern: those of the program's own catalog are known since it was built.
fn required(pattern: &str) -> Option<Vec<Cow<'static, str>>> {
    if let Ok(at) = KNOWN.binary_search_by_key(&pattern, |(known, _)| known) {
        return Some(KNOWN[at].1.iter().map(|text| Cow::Borrowed(*text)).collect());
    }
    literal::required(pattern).ok().map(|texts| texts.into_iter().map(Cow::Owned).collect())
}

fn automaton(kind: AhoCorasickKind, texts: &[String]) -> AhoCorasick {
    let mut builder = AhoCorasick::builder();
    builder.match_kind(MatchKind::Standard).kind(Some(kind));
    // A few thousand texts are far below its limits.
    builder.build(texts).unwrap_or_else(|_| unreachable!("too many texts in the catalog"))
}

fn pattern(index: usize, problem: &Problem, signature: &Signature) -> Pattern {
    let all = |patterns: &[String]| patterns.iter().map(|pattern| Lazy::new(pattern)).collect();
    Pattern {
        problem: index,
        level: signature.level,
        tool: signature.tool.clone().or_else(|| problem.tool.clone()),
        line: Lazy::new(&signature.pattern),
        with: all(&signature.with),
        unless: all(&signature.unless),
        before: all(&signature.before),
        then: all(&signature.then),
        each: signature.each.as_deref().map(Lazy::new),
        facts: signature.facts.clone(),
    }
}

/// What is wrong with the signatures of an entry, a sentence each.
pub fn check(problem: &Problem) -> Vec<String> {
    let mut wrong = Vec::new();
    for signature in &problem.signature {
        if let Err(reason) = literal::required(&signature.pattern) {
            wrong.push(format!("{reason}."));
        }
        let lists = [&signature.with, &signature.unless, &signature.before, &signature.then];
        let others = lists.into_iter().flatten().chain(&signature.each);
        for pattern in others.chain([&signature.pattern]) {
            match Regex::new(pattern) {
                Err(error) => wrong.push(format!("The pattern `{pattern}` is not one: {error}.")),
                Ok(regex) if regex.is_match("") => {
                    wrong.push(format!("The pattern `{pattern}` matches an empty line."));
                }
                Ok(_) => {}
            }
        }
    }
    wrong
}

//! Which of the things that were seen made the build fail.

use super::{
    Log,
    matcher::Matcher,
    sighting::{Proof, Sighting, evidence},
    state::{End, State},
    trouble,
};
use crate::Catalog;
use crate::{Diagnosis, Finding, Outcome, Severity};
use envwright_redact::Redactor;

/// The problem of a log that nothing recognises.
pub(super) const UNRECOGNISED: &str = "unrecognised";

/// Lines before the end within which a complaint counts where nothing else tells how it ended.
const NEAR_END: usize = 25;
/// Lines before the end after which nothing went on.
const LAST: usize = 3;
/// More lines without a name are not shown.
const MOST_LINES: usize = 12;

/// The diagnosis of a log of this name.
pub(super) fn judge(
    log: Log,
    matcher: &Matcher,
    catalog: &Catalog,
    name: &str,
    redactor: &Redactor,
) -> Diagnosis {
    let outcome = outcome(&log);
    let Log { state, lines, tail, tail_line } = log;
    let mut errors = Vec::new();
    let mut notes = Vec::new();
    for sighting in &state.sightings {
        let harmless = sighting.level != Severity::Error || survived(sighting, &state);
        if harmless { notes.push(sighting) } else { errors.push(sighting) }
    }
    let generic = |sighting: &&Sighting| matcher.problems[sighting.problem].generic;
    // A warning whose consequence is there is its cause.
    let (causes, mut notes): (Vec<_>, Vec<_>) = notes.into_iter().partition(|note: &&Sighting| {
        let effect = |error: &&Sighting| {
            let later = error.step == note.step && error.last >= note.last;
            let other = error.facts.get("available").is_some();
            let (cause, effect) = (&matcher.problems[note.problem].id, &matcher.problems[error.problem].id);
            later
                && !other
                && !generic(error)
                && catalog
                    .get(cause)
                    .is_some_and(|cause| cause.explains.contains(effect) || cause.mistaken.contains(effect))
        };
        note.level == Severity::Warning && !survived(note, &state) && errors.iter().any(effect)
    });
    errors.extend(causes);
    let known = errors.iter().any(|error| !generic(error));
    let ends_badly = outcome == Outcome::Failed || outcome == Outcome::Unknown && state.success == 0;
    if !known && ends_badly {
        // What alone fails no build did so here, unless the build went on after it.
        let near = |sighting: &&Sighting| outcome == Outcome::Failed || sighting.last + LAST >= lines;
        let warned =
            |sighting: &&Sighting| sighting.level == Severity::Warning && !survived(sighting, &state);
        let (promoted, rest): (Vec<_>, Vec<_>) =
            notes.into_iter().partition(|s| warned(s) && near(s) && !generic(s));
        errors.extend(promoted);
        notes = rest;
    }
    let failed = !errors.is_empty() || outcome == Outcome::Failed;
    let mut findings: Vec<Finding> = Vec::new();
    for sighting in &errors {
        findings.push(finding(sighting, matcher, name, Severity::Error));
    }
    let only_steps =
        errors.iter().all(|error| matcher.problems[error.problem].id == "dockerfile-step-failed");
    let complains = state.complaint > state.success && state.complaint + NEAR_END > lines;
    if only_steps
        && (failed
            || (outcome == Outcome::Unknown && state.success == 0 && state.done.is_empty() && complains))
    {
        findings.push(unrecognised(&state, &tail, tail_line, name));
    }
    for sighting in &notes {
        let severity = if sighting.level == Severity::Error { Severity::Note } else { sighting.level };
        findings.push(finding(sighting, matcher, name, severity));
    }
    let diagnosis = Diagnosis::redacted(findings, catalog, redactor);
    let outcome = if diagnosis.root().is_some() { Outcome::Failed } else { outcome };
    diagnosis.of_log(name, outcome)
}

/// How the log says it ended.
fn outcome(log: &Log) -> Outcome {
    let state = &log.state;
    let done = state.done.last().map_or(0, |(line, _)| *line);
    match (state.success, state.failure) {
        (_, failure) if failure > state.success && failure > done => Outcome::Failed,
        (0, 0) if done == 0 => Outcome::Unknown,
        (0, 0) if state.complaint > done => Outcome::Unknown,
        (success, failure) if failure > success && failure < done => Outcome::Succeeded,
        _ => Outcome::Succeeded,
    }
}

/// Whether the build went on as if nothing had happened.
fn survived(sighting: &Sighting, state: &State) -> bool {
    let step = sighting.step.and_then(|step| state.steps.get(step).copied());
    if step == Some(End::Well) {
        return true;
    }
    // What failed may have failed in another try than the one that went well.
    if state.success > sighting.last && state.failure < state.success {
        return true;
    }
    state.done.iter().any(|(line, step)| *line > sighting.last && *step == sighting.step)
}

fn finding(sighting: &Sighting, matcher: &Matcher, name: &str, severity: Severity) -> Finding {
    let problem = &matcher.problems[sighting.problem];
    let mut finding = Finding::new(problem.id.clone()).severity(severity);
    finding.facts = sighting.facts.clone();
    finding.evidence = sighting.evidence(name);
    finding.tool.clone_from(&sighting.tool);
    finding.confidence = match (sighting.level, problem.generic) {
        (Severity::Error, false) => 95,
        (Severity::Error, true) => 60,
        _ => 70,
    };
    finding
}

/// The problem without a name, with the lines most likely to tell it.
fn unrecognised(state: &State, tail: &str, tail_line: usize, name: &str) -> Finding {
    let mut proofs: Vec<Proof> = trouble::block(state, tail, tail_line);
    proofs.truncate(MOST_LINES);
    let mut finding = Finding::new(UNRECOGNISED);
    if let Some(proof) = proofs.first() {
        finding = finding.fact("text", proof.text.trim());
    }
    finding.evidence = evidence(name, &proofs);
    finding.confidence = 10;
    finding
}

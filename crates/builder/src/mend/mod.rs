//! Checked fixes: changes of a definition after which packages can be chosen, found by trying.

mod candidates;
mod lines;

use crate::{
    BuildError,
    attempt::{self, Attempt, Locked},
    context::Context,
    event::{Listener, Silent},
    fix::replaced,
    headless, pipeline,
    record::Record,
    request::{Input, Request},
    settings::Settings,
    stop::Stop,
};
use candidates::Candidate;
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, Finding, Fix, edit, masked};
use envwright_redact::Redactor;
use envwright_store::Home;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Most candidates that are tried, and most time that goes into it.
const MOST_TRIED: usize = 24;
const MOST_TIME: Duration = Duration::from_mins(5);

/// What is wrong with a definition, and what would mend it.
#[derive(Debug, Clone)]
pub struct Mended {
    /// What stops a build, as choosing packages finds it.
    pub diagnosis: Diagnosis,
    /// Changes that mend it, the one that changes least first for each problem.
    pub proposals: Vec<Proposal>,
    /// What was made of them: the changes as a unified diff, secrets masked.
    pub applied: Option<String>,
    /// The whole text afterwards, where the definition came as a text.
    pub text: Option<String>,
}

/// A change of the definition's text.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// The problem that it is for.
    pub problem: String,
    /// What it does, in one sentence without a full stop.
    pub title: String,
    /// What it changes, as a unified diff; secrets masked.
    pub patch: String,
    /// Whether packages could be chosen with it. The others mend their own finding, and other findings are left.
    pub checked: bool,
    /// The position of the finding that it is for.
    #[serde(skip)]
    of: usize,
    #[serde(skip)]
    fix: Fix,
}

/// Looks for changes that mend what stops a build: each is tried, and shown as checked only after all packages could be
/// chosen with it; where several things are wrong, with those for the others. With `apply`, the first one for each finding
/// of that problem is written; comments and layout stay.
pub fn mend(
    home: &Home,
    settings: &Settings,
    request: &Request,
    apply: Option<&str>,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Mended, BuildError> {
    let trial = Trial { home, settings, request, listener, stop, end: Instant::now() + MOST_TIME };
    let (findings, redactor) = match trial.choose(request)? {
        Ok((locked, redactor)) => (doubtful(&locked), redactor),
        Err(failure) => (failure.error.findings(), failure.redactor),
    };
    let environment = attempt::read(request, settings).ok();
    let quiet = Trial { listener: &Silent, ..trial };
    let (mut proposals, mut base): (Vec<Proposal>, Vec<Fix>) = (Vec::new(), Vec::new());
    let (mut tried, mut left, mut solved) = (0, findings.len(), false);
    for (of, finding) in findings.iter().enumerate() {
        let mut first = None;
        for candidate in candidates::of(finding, environment.as_ref(), settings) {
            // One that works is enough for each way of mending.
            if first.is_some() && !candidate.is_another_way
                || tried >= MOST_TRIED
                || Instant::now() > trial.end
            {
                continue;
            }
            tried += 1;
            let Some((fix, checked)) = quiet.mended(finding, candidate, &base, left)? else { continue };
            proposals.push(Proposal {
                problem: finding.problem.to_string(),
                title: fix.title.clone(),
                patch: redactor.redact(&fix.patch()).into_owned(),
                checked,
                of,
                fix: fix.clone(),
            });
            if first.is_none() {
                first = Some(fix);
                solved = checked;
            }
        }
        if let Some(fix) = first {
            base.push(fix);
            left = left.saturating_sub(1);
        }
    }
    // Those that only together mend everything were tried together.
    for proposal in proposals.iter_mut().filter(|proposal| solved && base.contains(&proposal.fix)) {
        proposal.checked = true;
    }
    let diagnosis = Diagnosis::redacted(masked(findings, &redactor), &Catalog::builtin(), &redactor);
    let mut mended = Mended { diagnosis, proposals, applied: None, text: None };
    if let Some(problem) = apply {
        mended.apply(problem, request, &redactor)?;
    }
    Ok(mended)
}

impl Mended {
    fn apply(&mut self, problem: &str, request: &Request, redactor: &Redactor) -> Result<(), BuildError> {
        let mut chosen: Vec<&Proposal> = Vec::new();
        for proposal in self.proposals.iter().filter(|one| one.checked && one.problem == problem) {
            if chosen.iter().all(|other| other.of != proposal.of) {
                chosen.push(proposal);
            }
        }
        if chosen.is_empty() {
            return Ok(());
        }
        let mut patch = String::new();
        for (source, text) in edit::edited(chosen.iter().map(|proposal| &proposal.fix)).0 {
            patch += &redactor.redact(&edit::diff(&source, &text));
            match &request.input {
                Input::Text { text: whole, .. } if *whole == source.text => self.text = Some(text),
                _ if replaced(&source, &text)? => {}
                _ => {
                    let reason = format!("{} changed meanwhile, or is not UTF-8", source.name);
                    return Err(std::io::Error::other(reason).into());
                }
            }
        }
        self.applied = Some(patch);
        Ok(())
    }
}

/// Why packages could not be chosen, and what hides the definition's secrets.
struct Failure {
    error: BuildError,
    redactor: Redactor,
}

/// What candidates are tried with.
#[derive(Clone, Copy)]
struct Trial<'a> {
    home: &'a Home,
    settings: &'a Settings,
    request: &'a Request,
    listener: &'a dyn Listener,
    stop: &'a Stop,
    end: Instant,
}

impl Trial<'_> {
    /// Chooses the packages of a request, or says why they cannot be; with what hides the definition's secrets. An error
    /// where the user asked to stop.
    fn choose(&self, request: &Request) -> Result<Result<(Locked, Redactor), Box<Failure>>, BuildError> {
        let attempt = match Attempt::open(self.home, self.settings, request, self.stop) {
            Ok(attempt) => attempt,
            Err(error) => {
                let redactor = error.redactor();
                return Ok(Err(Box::new(Failure { error, redactor })));
            }
        };
        let record = Record::unkept(self.listener);
        let outcome = (|| {
            let _in_use = pipeline::share(self.home, self.stop)?;
            let context = Context::new(self.home, self.settings, request, &record, self.stop)?;
            attempt.block_on(attempt.lock_all(&context))
        })();
        match outcome {
            Ok(mut locked) => {
                // With the changes that mend them, which were masked away.
                locked.warnings.retain(|warning| warning.problem.as_str() == headless::PROBLEM);
                locked.warnings.extend(attempt.of_definition().cloned());
                Ok(Ok((locked, attempt.redactor())))
            }
            Err(BuildError::Interrupted) => Err(BuildError::Interrupted),
            Err(error) => Ok(Err(Box::new(Failure { error, redactor: attempt.redactor() }))),
        }
    }

    /// The candidate together with other changes, where it mends the finding: whether all packages can be chosen then, or
    /// only this finding of those that are left is gone.
    fn mended(
        &self,
        finding: &Finding,
        candidate: Candidate,
        base: &[Fix],
        left: usize,
    ) -> Result<Option<(Fix, bool)>, BuildError> {
        let Candidate { fix, settle, .. } = candidate;
        let mut request = self.request.clone();
        for (source, text) in edit::edited(base.iter().chain([&fix])).0 {
            match &mut request.input {
                Input::Text { text: whole, .. } if *whole == source.text => *whole = text,
                _ => drop(request.instead.insert(source.name.clone(), text)),
            }
        }
        Ok(match self.choose(&request)? {
            Ok((locked, _)) if doubtful(&locked).iter().any(|one| is_same(one, finding)) => None,
            Ok((locked, _)) => Some((settle.and_then(|settle| settle(&locked)).unwrap_or(fix), true)),
            Err(failure) => {
                let rest = failure.error.findings();
                let is_gone = !rest.iter().any(|one| is_same(one, finding)) && rest.len() < left;
                is_gone.then_some((fix, false))
            }
        })
    }
}

/// What stops no build and is worth mending all the same.
const DOUBTFUL: [&str; 4] =
    ["definition-conda-and-pip", "definition-duplicate-package", "definition-pip-missing", headless::PROBLEM];

/// What of it there is.
fn doubtful(locked: &Locked) -> Vec<Finding> {
    let is_one = |finding: &&Finding| DOUBTFUL.contains(&finding.problem.as_str());
    locked.warnings.iter().filter(is_one).cloned().collect()
}

/// Whether two findings are of one thing.
fn is_same(one: &Finding, other: &Finding) -> bool {
    let of = |finding: &Finding, name| finding.facts.get(name).map(str::to_owned);
    one.problem == other.problem
        && ["package", "requirement"].into_iter().all(|name| of(one, name) == of(other, name))
}

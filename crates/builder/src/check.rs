//! All that can fail before a build, looked at without building. What is independent is looked at whatever else failed.

use crate::{
    BuildError,
    attempt::{self, Attempt},
    context::Context,
    event::Listener,
    outputs,
    pipeline::IN_USE,
    plan::Plan,
    record::Record,
    request::Request,
    settings::Settings,
    space::{self, Shortage},
    stop::Stop,
};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, Finding, Severity};
use envwright_redact::Redactor;
use envwright_store::Home;
use serde::Serialize;
use std::{collections::BTreeSet, fmt};

/// What was found out.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What was looked at, in this order.
    pub looked: Vec<Looked>,
    /// What a build would do, for the platforms whose packages could be chosen.
    pub plan: Plan,
    /// What that needs of each file system at least, and what is free there.
    pub disk: Vec<Shortage>,
    /// What stops a build, and what should be known about it.
    pub diagnosis: Diagnosis,
    /// Whether the user asked to stop.
    pub interrupted: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// What: `definition`, `build`, `platform`, `lock`, `base`, `user`, `python`, `debian`, `conda`, `pypi`, `files`, `disk`, `output` or
    /// `push`.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// Which one it is, and what was seen.
    pub about: String,
}

/// How it is with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// A build can go on.
    Ok,
    /// It stops a build.
    Failed,
    /// It was not looked at, or not whole: it follows from what failed.
    Skipped,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

/// Looks at all that a build rests on: definition, base, choice of packages, one file at each host that has some,
/// outputs, and whether pushing is allowed. Caches are filled as by a build; no image, record or lock is written.
/// `wrong` is what was wrong with the request itself.
pub fn check(
    home: &Home,
    settings: &Settings,
    request: &Request,
    wrong: &[BuildError],
    listener: &dyn Listener,
    stop: &Stop,
) -> Checked {
    let mut look = Look::default();
    for error in wrong {
        look.findings.extend(error.findings());
    }
    if let Some(redactor) = look.unbuildable(request, settings) {
        let diagnosis = Diagnosis::redacted(look.findings, &Catalog::builtin(), &redactor);
        return Checked {
            looked: look.looked,
            plan: look.plan,
            disk: look.disk,
            diagnosis,
            interrupted: false,
        };
    }
    let attempt = Attempt::open(home, settings, request, stop);
    let redactor = attempt.as_ref().map_or_else(BuildError::redactor, Attempt::redactor);
    let record = Record::unkept(listener);
    let outcome = (|| {
        let _in_use = home.share(IN_USE)?;
        let context = Context::new(home, settings, request, &record, stop)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(stop.or(async {
            look.all(attempt, &context).await;
            Ok(())
        }))
    })();
    let interrupted = matches!(outcome, Err(BuildError::Interrupted));
    if let Err(error) = outcome.as_ref().map_err(BuildError::findings) {
        look.findings.extend(error);
    }
    for looked in &mut look.looked {
        looked.about = redactor.redact(&looked.about).into_owned();
    }
    let diagnosis = Diagnosis::redacted(look.findings, &Catalog::builtin(), &redactor);
    Checked { looked: look.looked, plan: look.plan, disk: look.disk, diagnosis, interrupted }
}

/// Looks at the definition alone: nothing is asked of the network, and nothing is written. Names the files that were
/// read.
pub fn examine(settings: &Settings, request: &Request) -> (Diagnosis, Vec<String>) {
    let (findings, mut names, redactor) = match attempt::read(request, settings) {
        Ok(environment) => {
            let names: Vec<String> = environment.sources.iter().map(|source| source.name.clone()).collect();
            let redactor = Redactor::new(attempt::secrets(&environment));
            ([environment.findings, environment.remarks].concat(), names, redactor)
        }
        Err(error) => (error.findings(), Vec::new(), error.redactor()),
    };
    let shown =
        findings.iter().flat_map(|finding| &finding.evidence).map(|evidence| &evidence.span.source().name);
    for name in shown {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    (Diagnosis::redacted(findings, &Catalog::builtin(), &redactor), names)
}

/// What is known until now.
#[derive(Default)]
pub(crate) struct Look {
    looked: Vec<Looked>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) plan: Plan,
    disk: Vec<Shortage>,
    /// Bytes that are to be fetched, as far as is known.
    pub(crate) fetched: u64,
    /// Hosts that gave an answer for one of their files, or did not.
    pub(crate) hosts: BTreeSet<String>,
}

impl Look {
    /// Whether the definition is valid and has parts that this version cannot build: then nothing else can be looked at.
    /// What hides its secrets, then.
    fn unbuildable(&mut self, request: &Request, settings: &Settings) -> Option<Redactor> {
        let environment = attempt::read(request, settings).ok()?;
        if environment.unsupported.is_empty() {
            return None;
        }
        let redactor = Redactor::new(attempt::secrets(&environment));
        let names: Vec<&str> = environment.sources.iter().map(|source| source.name.as_str()).collect();
        self.add("definition", State::Ok, format!("{}, as {}", names.join(", "), environment.format));
        self.add("build", State::Skipped, "it has parts that this version cannot build".to_owned());
        self.findings.extend(environment.findings);
        self.findings.extend(environment.remarks);
        let warning = |finding: Finding| finding.severity(Severity::Warning);
        self.findings.extend(environment.unsupported.into_iter().map(warning));
        Some(redactor)
    }

    async fn all(&mut self, attempt: Result<Attempt<'_>, BuildError>, context: &Context<'_>) {
        let mut platforms = Vec::new();
        match attempt {
            Ok(attempt) => {
                self.add("definition", State::Ok, attempt.sources());
                platforms = self.of("platform", String::new(), attempt.platforms()).unwrap_or_default();
                attempt.look(context, &platforms, self).await;
            }
            Err(error) => {
                self.fail("definition", "a build needs it whole".to_owned(), &error);
            }
        }
        self.room(context);
        for output in &context.request.outputs {
            self.saw("output", output.to_string(), outputs::possible(output, &platforms));
        }
        if context.request.push {
            for name in &context.request.tags {
                let allowed = envwright_image::may_push(&context.client, name, &context.settings.registries);
                let allowed = allowed.await.map_err(BuildError::from);
                self.saw("push", name.to_string(), allowed);
            }
        }
    }

    /// Looks at the room that there is for what is to be fetched, and for what is made of it.
    fn room(&mut self, context: &Context<'_>) {
        for share in space::shares(context.home, &context.request.outputs, self.fetched) {
            let (needed, available) = (space::bytes(share.needed), space::bytes(share.available));
            let about = format!("{} needs at least {needed}, {available} are free", share.path.display());
            let fits = share.needed <= share.available;
            self.disk.push(share.clone());
            self.saw("disk", about, if fits { Ok(()) } else { Err(BuildError::Space(share)) });
        }
    }

    /// Notes how it is with something.
    pub(crate) fn add(&mut self, what: &'static str, state: State, about: String) {
        self.looked.push(Looked { what, state, about });
    }

    /// Notes what stops a build.
    pub(crate) fn fail(&mut self, what: &'static str, about: String, error: &BuildError) {
        self.findings.extend(error.findings());
        self.add(what, State::Failed, about);
    }

    /// Notes that something is well, or why not.
    pub(crate) fn saw(&mut self, what: &'static str, about: String, outcome: Result<(), BuildError>) {
        match outcome {
            Ok(()) => self.add(what, State::Ok, about),
            Err(error) => self.fail(what, about, &error),
        }
    }

    /// What there is, or a note of why it is not.
    pub(crate) fn of<T>(
        &mut self,
        what: &'static str,
        about: String,
        outcome: Result<T, BuildError>,
    ) -> Option<T> {
        outcome.map_err(|error| self.fail(what, about, &error)).ok()
    }
}

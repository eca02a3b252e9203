//! What can be asked for: a build, a lock, a plan. Each reads the definition first, and says why it failed with
//! secrets masked.

use crate::{
    BuildError,
    attempt::{Attempt, LAST_WORK, Locked},
    context::Context,
    event::Listener,
    plan::Plan,
    record::Record,
    report::{Failed, Report},
    request::Request,
    settings::Settings,
    stop::Stop,
};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _};
use envwright_store::{Home, LockGuard};
use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// What a build holds shared, and `prune` alone, so that nothing is taken from under a build.
pub(crate) const IN_USE: &str = "in-use";

/// How often a wish to stop is looked for while another process is waited for.
const LOOK: Duration = Duration::from_millis(50);

/// Builds. Every outcome is in the record before this returns.
pub fn build(
    home: &Home,
    settings: &Settings,
    request: &Request,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Report, Failed> {
    let attempt = Attempt::read(home, settings, request, stop)?;
    let _in_use = in_use(&attempt)?;
    let unkept = Record::unkept(listener);
    if let Some(report) = attempt.nothing_to_do(&unkept) {
        let pushed = report.and_then(|report| attempt.pushed(report, &unkept));
        return pushed.map_err(|error| attempt.failed(None, &error));
    }
    let record = Record::start(home, listener).map_err(|error| attempt.failed(None, &error))?;
    let outcome = attempt.run(&record).and_then(|report| attempt.pushed(report, &record));
    let outcome = outcome.map_err(|error| attempt.failed(record.id(), &error));
    attempt.conclude(&record, &outcome);
    outcome
}

/// Solves without building. Nothing is written beside the definition: that is the caller's to do.
pub fn lock(
    home: &Home,
    settings: &Settings,
    request: &Request,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Locked, Failed> {
    without_building(home, settings, request, listener, stop, async |attempt, context| {
        attempt.lock_all(context).await
    })
}

/// Solves, and says what a build would then have to do.
pub fn plan(
    home: &Home,
    settings: &Settings,
    request: &Request,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Plan, Failed> {
    without_building(home, settings, request, listener, stop, async |attempt, context| {
        let locked = attempt.lock_all(context).await?;
        attempt.plan(context, &locked)
    })
}

fn without_building<T>(
    home: &Home,
    settings: &Settings,
    request: &Request,
    listener: &dyn Listener,
    stop: &Stop,
    work: impl AsyncFnOnce(&Attempt<'_>, &Context<'_>) -> Result<T, BuildError>,
) -> Result<T, Failed> {
    let attempt = Attempt::read(home, settings, request, stop)?;
    let _in_use = in_use(&attempt)?;
    let record = Record::unkept(listener);
    let outcome = Context::new(home, settings, request, &record, stop)
        .and_then(|context| attempt.block_on(work(&attempt, &context)));
    outcome.map_err(|error| attempt.failed(None, &error))
}

fn in_use(attempt: &Attempt<'_>) -> Result<LockGuard, Failed> {
    share(attempt.home, attempt.stop).map_err(|error| attempt.failed(None, &error))
}

/// Waits until nobody prunes, or stopping is asked for.
pub(crate) fn share(home: &Home, stop: &Stop) -> Result<LockGuard, BuildError> {
    let (sender, receiver) = mpsc::channel();
    let waiting = home.clone();
    // The kernel's wait for a lock cannot be ended from outside.
    thread::Builder::new().name("in-use".to_owned()).spawn(move || sender.send(waiting.share(IN_USE)))?;
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(guard) => return Ok(guard?),
            Err(_) if stop.is_asked() => return Err(BuildError::Interrupted),
            Err(RecvTimeoutError::Timeout) => {}
            Err(error) => return Err(BuildError::Internal(error.to_string())),
        }
    }
}

/// Runs what moves images and makes none.
pub(crate) fn outside_a_build<T>(
    home: &Home,
    stop: &Stop,
    work: impl AsyncFnOnce() -> Result<T, BuildError>,
) -> Result<T, Failed> {
    let outcome = (|| {
        let _in_use = share(home, stop)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let outcome = runtime.block_on(stop.or(work()));
        if outcome.is_err() {
            runtime.shutdown_timeout(LAST_WORK);
        }
        outcome
    })();
    outcome.map_err(|error: BuildError| Failed {
        build: None,
        interrupted: matches!(error, BuildError::Interrupted),
        diagnosis: Diagnosis::new(error.findings(), &Catalog::builtin()),
    })
}

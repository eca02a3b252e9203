//! Many faults, each in a home of its own; and the table of them.

use super::{
    aftermath::Expected,
    fault::{Fault, is_durable, is_refusable},
    figures::{Tried, figures, steps},
    random::Random,
    scene::Scene,
    steps::{Step, name},
    victims::{VICTIMS, Victim},
};
use crate::support::strace;
use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// Where the numbers begin where nothing else is asked for.
const FIRST: u64 = 20_261_126;
/// How often a seed whose call another thread made, or none, looks for another.
const TRIES: usize = 16;

/// The steps of all victims.
struct Stage {
    first: u64,
    scene: Scene,
    expected: Vec<Expected>,
}

/// Tries this many kills and errors, and fails with all that went wrong.
pub(super) fn run(name: &str, kills: usize, errors: usize) {
    let begun = Instant::now();
    let first = std::env::var("CRASH_FIRST").map_or(FIRST, |first| first.parse().unwrap());
    let scene = Scene::new();
    let expected = VICTIMS.iter().map(|victim| Expected::of(&scene, victim)).collect();
    let stage = Stage { first, scene, expected };
    let seeds: Vec<usize> = match std::env::var("CRASH_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..kills + errors).collect(),
    };
    let (tried, wrong) = stage.all(&seeds, kills, errors);
    let of_victims = stage.order(|_| true).len();
    let text = figures(&tried, of_victims, begun.elapsed());
    crate::say(&format!("seeds from {first}\n\n{text}"));
    let place = format!("{}/crash-{name}.md", env!("CARGO_TARGET_TMPDIR"));
    fs_err::write(place, format!("{text}\n{}", steps(&tried))).unwrap();
    assert!(wrong.is_empty(), "{} of {} went wrong\n{}", wrong.len(), seeds.len(), wrong.join("\n\n"));
    if seeds.len() > 1 {
        stage.assert_covers(&tried, kills, errors);
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

impl Stage {
    /// Tries all seeds, two at a time; gives what came of them, and what went wrong.
    fn all(&self, seeds: &[usize], kills: usize, errors: usize) -> (Vec<Tried>, Vec<String>) {
        let next = AtomicUsize::new(0);
        let (tried, wrong) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let work = || {
            while let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                // Errors are spread among the kills.
                let is_kill = |seed: usize| (seed * kills) % (kills + errors) < kills;
                let kill = is_kill(seed);
                let nth = (0..seed).filter(|earlier| is_kill(*earlier) == kill).count();
                match catch_unwind(AssertUnwindSafe(|| self.attempt(seed, nth, kill))) {
                    Ok(one) => tried.lock().unwrap().extend(one),
                    Err(panic) => {
                        let seed = format!("CRASH_FIRST={} CRASH_SEED={seed}", self.first);
                        wrong.lock().unwrap().push(format!("{seed}: {}", words(&*panic)));
                    }
                }
            }
        };
        thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
        (tried.into_inner().unwrap(), wrong.into_inner().unwrap())
    }

    /// The names of the steps that a fault of a kind fits, each with its victim, in an order that looks random.
    fn order(&self, fits: fn(&Step) -> bool) -> Vec<(usize, &str)> {
        let mut names: BTreeSet<(usize, &str)> = BTreeSet::new();
        for (victim, expected) in self.expected.iter().enumerate() {
            names.extend(
                expected.clean.steps.iter().filter(|step| fits(step)).map(|step| (victim, &*step.name)),
            );
        }
        let mut names: Vec<_> = names.into_iter().collect();
        Random(self.first).shuffle(&mut names);
        // One of each kind, then the second of each, so that the first few are of all kinds.
        let mut counts = BTreeMap::new();
        names.sort_by_cached_key(|(_, name)| {
            let count: &mut usize = counts.entry(name.split(' ').next()).or_default();
            *count += 1;
            *count
        });
        names
    }

    /// One fault, the `nth` of its kind: none where its call was not made.
    fn attempt(&self, seed: usize, nth: usize, kill: bool) -> Option<Tried> {
        let fits = fits(kill);
        let order = self.order(fits);
        let mut random = Random(self.first + seed as u64);
        let (victim, wanted) = order[nth % order.len()];
        let steps = &self.expected[victim].clean.steps;
        let fitting: Vec<&Step> = steps.iter().filter(|step| fits(step)).collect();
        let named: Vec<&Step> = fitting.iter().copied().filter(|step| step.name == wanted).collect();
        (0..TRIES).find_map(|attempt| {
            // Where it is never the same thread that makes a call, one of another name does.
            let step = random.pick(if attempt < TRIES / 2 { &named } else { &fitting });
            let fault = if kill { Fault::Kill } else { Fault::error(step, &mut random) };
            self.one(&VICTIMS[victim], &self.expected[victim], step, fault, &format!("s{seed}-{attempt}"))
        })
    }

    fn one(
        &self,
        victim: &Victim,
        expected: &Expected,
        step: &Step,
        fault: Fault,
        attempt: &str,
    ) -> Option<Tried> {
        let envwright = (victim.prepare)(&self.scene);
        let root = envwright.home().parent().unwrap().to_owned();
        let mut command = envwright.command();
        command.args(victim.arguments(&self.scene, attempt));
        let log = tempfile::NamedTempFile::new().unwrap();
        let injection = step.injection(&fault.spelled(), &envwright);
        let ran = envwright.run_command(strace::faulted(&command, log.path(), &injection), "");
        let calls = strace::calls(log.path(), &envwright.folder());
        let hit: Vec<_> = calls.iter().filter(|call| call.faulted).collect();
        let names: Vec<_> = hit.iter().map(|call| name(call, &root)).collect();
        let struck = names.iter().flatten().next();
        // Another thread's call came first, which is none of a file.
        if hit.is_empty() || (fault != Fault::Kill && names.iter().any(Option::is_none)) {
            return None;
        }
        let struck = struck.cloned().unwrap_or_else(|| "elsewhere".to_owned());
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let did = fault.judge(&ran);
            expected.check(&self.scene, victim, attempt, &envwright, &ran);
            did
        }));
        match judged {
            Ok(did) => Some(Tried { victim: victim.name, step: struck, kind: step.kind, fault, did }),
            Err(panic) => {
                panic!("{} at `{struck}` of `{}`: {}\n{ran}", fault.name(), victim.name, words(&*panic))
            }
        }
    }

    /// As many were tried as were wanted, of each kind of call that any victim makes.
    fn assert_covers(&self, tried: &[Tried], kills: usize, errors: usize) {
        for (kill, wanted) in [(true, kills), (false, errors)] {
            let fits = fits(kill);
            let of_kind: Vec<&Tried> =
                tried.iter().filter(|one| (one.fault == Fault::Kill) == kill).collect();
            let reached: BTreeSet<&str> = of_kind.iter().map(|one| one.kind).collect();
            let steps = self.expected.iter().flat_map(|expected| &expected.clean.steps);
            let expected: BTreeSet<&str> = steps.filter(|step| fits(step)).map(|step| step.kind).collect();
            assert_eq!(reached, expected);
            // A few seeds may find no call to be made.
            assert!(of_kind.len() * 50 >= wanted * 49, "only {} of {wanted}", of_kind.len());
        }
    }
}

/// Where a fault of a kind may be.
fn fits(kill: bool) -> fn(&Step) -> bool {
    if kill { is_durable } else { is_refusable }
}

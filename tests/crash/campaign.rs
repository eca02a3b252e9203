//! Many faults, each in a home of its own; and the table of them.

use super::{
    aftermath::Expected,
    fault::{Fault, is_durable, is_refusable},
    random::Random,
    scene::Scene,
    steps::{Step, name},
    victims::{VICTIMS, Victim},
};
use crate::support::strace;
use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Where the numbers begin.
const FIRST: u64 = 20_261_126;
/// How often a seed whose call another thread made, or none, looks for another.
const TRIES: usize = 8;

/// The steps of all victims.
struct Stage {
    scene: Scene,
    expected: Vec<Expected>,
}

/// What came of one fault.
struct Tried {
    victim: &'static str,
    step: String,
    kind: &'static str,
    fault: Fault,
    did: &'static str,
}

/// Tries this many kills and errors, and fails with all that went wrong.
pub(super) fn run(name: &str, kills: usize, errors: usize) {
    let scene = Scene::new();
    let expected = VICTIMS.iter().map(|victim| Expected::of(&scene, victim)).collect();
    let stage = Stage { scene, expected };
    let seeds: Vec<usize> = match std::env::var("CRASH_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..kills + errors).collect(),
    };
    let next = AtomicUsize::new(0);
    let (tried, wrong) = (Mutex::new(Vec::<Tried>::new()), Mutex::new(Vec::<String>::new()));
    let work = || {
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
            // Errors are spread among the kills.
            let is_kill = |seed: usize| (seed * kills) % (kills + errors) < kills;
            let kill = is_kill(*seed);
            let nth = (0..*seed).filter(|earlier| is_kill(*earlier) == kill).count();
            match catch_unwind(AssertUnwindSafe(|| stage.attempt(*seed, nth, kill))) {
                Ok(Some(one)) => lock(&tried).push(one),
                Ok(None) => {}
                Err(panic) => lock(&wrong).push(format!("CRASH_SEED={seed}: {}", words(&*panic))),
            }
        }
    };
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let (tried, wrong): (Vec<Tried>, Vec<String>) =
        (tried.into_inner().unwrap(), wrong.into_inner().unwrap());
    let table = table(&tried, &stage.names());
    fs_err::write(format!("{}/crash-{name}.md", env!("CARGO_TARGET_TMPDIR")), &table).unwrap();
    crate::say(&table);
    assert!(wrong.is_empty(), "{} of {} went wrong\n{}", wrong.len(), seeds.len(), wrong.join("\n\n"));
    if seeds.len() > 1 {
        stage.assert_covers(&tried, kills, errors);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

impl Stage {
    /// The names of the steps that a fault of a kind fits, each with its victim, in an order that looks random.
    fn order(&self, fits: fn(&Step) -> bool) -> Vec<(usize, &str)> {
        let mut names: BTreeSet<(usize, &str)> = BTreeSet::new();
        for (victim, expected) in self.expected.iter().enumerate() {
            names.extend(
                expected.clean.steps.iter().filter(|step| fits(step)).map(|step| (victim, &*step.name)),
            );
        }
        let mut names: Vec<_> = names.into_iter().collect();
        Random(FIRST).shuffle(&mut names);
        // One of each kind, then the second of each, so that the first few are of all kinds.
        let mut counts = BTreeMap::new();
        names.sort_by_cached_key(|(_, name)| {
            let count: &mut usize = counts.entry(name.split(' ').next()).or_default();
            *count += 1;
            *count
        });
        names
    }

    fn names(&self) -> BTreeSet<String> {
        self.order(|_| true).into_iter().map(|(_, name)| name.to_owned()).collect()
    }

    /// One fault, the `nth` of its kind: none where its call was not made.
    fn attempt(&self, seed: usize, nth: usize, kill: bool) -> Option<Tried> {
        let fits: fn(&Step) -> bool = if kill { is_durable } else { is_refusable };
        let order = self.order(fits);
        let mut random = Random(FIRST + seed as u64);
        let (victim, wanted) = order[nth % order.len()];
        let steps = &self.expected[victim].clean.steps;
        let named: Vec<&Step> = steps.iter().filter(|step| step.name == wanted && fits(step)).collect();
        (0..TRIES).find_map(|attempt| {
            let step = random.pick(&named);
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
}

impl Stage {
    /// Each kind of call of any victim was killed, and each that can be refused was refused.
    fn assert_covers(&self, tried: &[Tried], kills: usize, errors: usize) {
        for (kill, fits, wanted) in
            [(true, is_durable as fn(&Step) -> bool, kills), (false, is_refusable, errors)]
        {
            let of_kind: Vec<&Tried> =
                tried.iter().filter(|one| (one.fault == Fault::Kill) == kill).collect();
            let reached: BTreeSet<&str> = of_kind.iter().map(|one| one.kind).collect();
            let steps = self.expected.iter().flat_map(|expected| &expected.clean.steps);
            let expected: BTreeSet<&str> = steps.filter(|step| fits(step)).map(|step| step.kind).collect();
            assert_eq!(reached, expected);
            // A few seeds may find that their call is made no more.
            assert!(of_kind.len() * 10 >= wanted * 9, "only {} of {wanted}", of_kind.len());
        }
    }
}

/// What was tried, by kind of call and fault.
fn table(tried: &[Tried], steps: &BTreeSet<String>) -> String {
    let mut rows: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for one in tried {
        *rows.entry((one.kind, one.fault.name())).or_default().entry(one.did).or_default() += 1;
    }
    let mut text = "| call | fault | tried | what the command did |\n|---|---|---|---|\n".to_owned();
    for ((kind, fault), did) in rows {
        let count: usize = did.values().sum();
        let did: Vec<String> = did.iter().map(|(word, count)| format!("{word} {count}")).collect();
        writeln!(text, "| {kind} | {fault} | {count} | {} |", did.join(", ")).unwrap();
    }
    let points: BTreeSet<_> = tried.iter().map(|one| (one.victim, &one.step)).collect();
    let names: BTreeSet<&String> = tried.iter().map(|one| &one.step).collect();
    writeln!(
        text,
        "\n{} faults at {} different steps of {} commands; {} of {} names of steps",
        tried.len(),
        points.len(),
        VICTIMS.len(),
        names.len(),
        steps.len()
    )
    .unwrap();
    text
}

//! A home that many builds use at once.

use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    index::Index,
    machine::{command, output},
    server::Answer,
    wheel::{Wheel, is_wheel, wheel},
    whole,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    process::{Child, Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long a build may take to ask for something before the test gives up.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);
/// Packages that several definitions share.
pub(crate) const SHARED: usize = 12;

/// A home, and as many definitions as are asked for, each in a folder of its own: `d0`, `d1`, … They share packages.
pub(crate) struct Crowd {
    pub(crate) envwright: Envwright,
    pub(crate) index: Index,
}

fn wheels() -> Vec<Wheel> {
    let text = "0123456789abcdef".repeat(4096);
    let shared =
        |at: usize| wheel(&format!("shared{at}"), "1.0").file(&format!("shared{at}/data.txt"), &text);
    (0..SHARED).map(shared).chain([wheel("stuck", "1.0")]).collect()
}

impl Crowd {
    pub(crate) fn new(definitions: usize) -> Self {
        let index = Index::with_faults(&wheels(), |path| {
            (is_wheel(path) && path.contains("stuck")).then_some(Answer::Silence)
        });
        let mut envwright = Envwright::new().index(&index.url()).config("[network]\nretries = 0\n");
        write_base(&envwright.folder().join("base"), &BOOKWORM);
        for at in 0..definitions {
            envwright = define(envwright, at, &requirements(at));
        }
        Self { envwright, index }
    }

    /// What the images of these definitions are in a home that nobody else uses.
    pub(crate) fn alone(&self, definitions: usize) -> BTreeMap<usize, String> {
        let home = tempfile::tempdir().unwrap();
        (0..definitions).map(|at| (at, digest(self.start_in(home.path(), at)))).collect()
    }

    /// Begins the build of a definition.
    pub(crate) fn start(&self, at: usize) -> Child {
        self.start_in(&self.envwright.home(), at)
    }

    pub(crate) fn start_in(&self, home: &Path, at: usize) -> Child {
        let mut command = self.envwright.command();
        command.args(["build", &format!("d{at}"), "--json", "-j", "1", "--home"]).arg(home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Each file of a package was asked for once, and each package packed once.
    pub(crate) fn assert_made_once(&self, packages: usize) {
        let mut asked: BTreeMap<String, usize> = BTreeMap::new();
        for request in self.index.requests().into_iter().filter(|request| is_wheel(request)) {
            *asked.entry(request).or_default() += 1;
        }
        assert_eq!(asked.len(), packages, "{asked:?}");
        assert!(asked.values().all(|count| *count == 1), "asked for more than once: {asked:?}");
        for kind in ["fetched", "packed"] {
            let made = self.events(kind);
            assert_eq!(made.len(), packages, "{kind}: {made:?}");
            assert!(made.values().all(|count| *count == 1), "{kind} more than once: {made:?}");
        }
    }

    /// How often each package had an event, over all builds.
    pub(crate) fn events(&self, kind: &str) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        let logs = whole::files(&self.envwright.home().join("builds"));
        for log in logs.iter().filter(|log| log.ends_with("events.jsonl")) {
            for line in fs_err::read_to_string(log).unwrap().lines() {
                let event: Value = serde_json::from_str(line).unwrap();
                if event["kind"] == kind {
                    *found.entry(event["package"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
        }
        found
    }

    /// Nothing is half there or left over, everything can be read, and each of these images is there.
    pub(crate) fn assert_whole(&self, images: &BTreeMap<usize, String>) {
        let home = self.envwright.home();
        whole::assert_home(&home);
        whole::assert_readable(&self.envwright);
        self.envwright.run(&["prune"]).succeeded();
        whole::assert_home(&home);
        whole::assert_nothing_begun(&home);
        for (at, digest) in images {
            let there = whole::image(&self.envwright, &format!("d{at}:latest"));
            assert_eq!(there.as_ref(), Some(digest), "d{at}");
        }
    }

    /// Runs these commands again and again until `work` has ended. Gives how often each of them did.
    pub(crate) fn beside<T>(&self, commands: &[&[&str]], work: impl FnOnce() -> T) -> (T, usize) {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let others = scope.spawn(|| {
                let mut rounds = 0;
                while !ended.load(Ordering::SeqCst) {
                    for arguments in commands {
                        self.envwright.run(arguments).succeeded();
                    }
                    rounds += 1;
                }
                rounds
            });
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            ended.store(true, Ordering::SeqCst);
            let rounds = others.join().unwrap();
            (done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), rounds)
        })
    }
}

pub(crate) fn define(envwright: Envwright, at: usize, requirements: &str) -> Envwright {
    envwright
        .file(&format!("d{at}/environment.yml"), "image: oci:../base\nrequirements: requirements.txt\n")
        .file(&format!("d{at}/requirements.txt"), requirements)
}

/// Three packages that no other number below 64 has all of.
pub(crate) fn requirements(at: usize) -> String {
    let chosen: BTreeSet<usize> =
        [at % SHARED, (at / SHARED + at + 1) % SHARED, (at * 5 + 3) % SHARED].into();
    let mut text = format!("# {at}\n");
    for package in chosen {
        writeln!(text, "shared{package}").unwrap();
    }
    text
}

/// Waits for a build that is to succeed, and gives its digest.
#[track_caller]
pub(crate) fn digest(child: Child) -> String {
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    report["digest"].as_str().unwrap().to_owned()
}

pub(crate) fn said(ended: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr))
}

pub(crate) fn signal(child: &Child, name: &str) {
    output(command("kill").args(["-s", name, &child.id().to_string()]));
}

/// Waits until a condition holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "still not so: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Interrupts a build as Ctrl-C does, once it listens (proc(5), `SigCgt`): before, the signal would end it as any
/// program. Gives how it ended.
#[track_caller]
pub(crate) fn interrupted(child: Child) -> Output {
    const SIGINT: u64 = 1 << 1;
    let listens = || {
        let status = fs_err::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & SIGINT != 0
    };
    wait_until("a build listens to signals", listens);
    signal(&child, "INT");
    child.wait_with_output().unwrap()
}

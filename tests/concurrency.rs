//! Many builds at once, each a process, in one home: nothing is made twice, nothing is missing, and nobody is harmed by
//! who prunes, is interrupted or is killed meanwhile.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

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
use support::{
    Envwright,
    base::{BOOKWORM, write_base},
    index::Index,
    machine::{command, output},
    server::Answer,
    wheel::{Wheel, is_wheel, wheel},
    whole,
};

/// How long a build may take to ask for something before the test gives up.
const DEADLINE: Duration = Duration::from_mins(2);
/// Packages that several definitions share.
const SHARED: usize = 12;

/// A home, and as many definitions as are asked for, each in a folder of its own: `d0`, `d1`, … They share packages.
struct Crowd {
    envwright: Envwright,
    index: Index,
}

fn wheels() -> Vec<Wheel> {
    let text = "0123456789abcdef".repeat(4096);
    let shared =
        |at: usize| wheel(&format!("shared{at}"), "1.0").file(&format!("shared{at}/data.txt"), &text);
    (0..SHARED).map(shared).chain([wheel("stuck", "1.0")]).collect()
}

impl Crowd {
    fn new(definitions: usize) -> Self {
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
    fn alone(&self, definitions: usize) -> BTreeMap<usize, String> {
        let home = tempfile::tempdir().unwrap();
        (0..definitions).map(|at| (at, digest(self.start_in(home.path(), at)))).collect()
    }

    /// Begins the build of a definition.
    fn start(&self, at: usize) -> Child {
        self.start_in(&self.envwright.home(), at)
    }

    fn start_in(&self, home: &Path, at: usize) -> Child {
        let mut command = self.envwright.command();
        command.args(["build", &format!("d{at}"), "--json", "-j", "1", "--home"]).arg(home);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Each file of a package was asked for once, and each package packed once.
    fn assert_made_once(&self, packages: usize) {
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
    fn events(&self, kind: &str) -> BTreeMap<String, usize> {
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
    fn assert_whole(&self, images: &BTreeMap<usize, String>) {
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
    fn beside<T>(&self, commands: &[&[&str]], work: impl FnOnce() -> T) -> (T, usize) {
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

fn define(envwright: Envwright, at: usize, requirements: &str) -> Envwright {
    envwright
        .file(&format!("d{at}/environment.yml"), "image: oci:../base\nrequirements: requirements.txt\n")
        .file(&format!("d{at}/requirements.txt"), requirements)
}

/// Three packages that no other number below 64 has all of.
fn requirements(at: usize) -> String {
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
fn digest(child: Child) -> String {
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    report["digest"].as_str().unwrap().to_owned()
}

fn said(ended: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr))
}

fn signal(child: &Child, name: &str) {
    output(command("kill").args(["-s", name, &child.id().to_string()]));
}

fn one_environment(builds: usize) {
    let crowd = Crowd::new(1);
    let children: Vec<Child> = (0..builds).map(|_| crowd.start(0)).collect();
    let digests: BTreeSet<String> = children.into_iter().map(digest).collect();
    assert_eq!(digests.len(), 1, "{digests:?}");
    crowd.assert_made_once(requirements(0).lines().count() - 1);
    let alone = crowd.alone(1);
    assert_eq!(digests.first(), alone.get(&0));
    crowd.assert_whole(&alone);
}

fn different_environments(builds: usize) {
    let crowd = Crowd::new(builds);
    let all = || -> BTreeMap<usize, String> {
        let children: Vec<Child> = (0..builds).map(|at| crowd.start(at)).collect();
        children.into_iter().map(digest).enumerate().collect()
    };
    // Unneeded files go, and nobody misses one.
    let (images, rounds) = crowd.beside(&[&["prune"]], all);
    assert!(rounds > 0);
    crowd.assert_made_once(SHARED);
    assert_eq!(images, crowd.alone(builds));
    crowd.assert_whole(&images);
}

fn with_signals(builds: usize) {
    let mut crowd = Crowd::new(builds);
    let stuck = builds;
    crowd.envwright = define(crowd.envwright, stuck, "stuck\nshared0\n");
    let all = || -> BTreeMap<usize, String> {
        let mut going = Vec::new();
        let mut killed = Vec::new();
        let mut interrupted = Vec::new();
        for at in 0..builds {
            let child = crowd.start(at);
            if at % 4 == 1 {
                killed.push(child);
            } else {
                going.push((at, child));
            }
            // One after another, so that each is somewhere else.
            if at % 4 == 3
                && let Some(child) = killed.last()
            {
                signal(child, "KILL");
            }
            if at % 8 == 0 {
                interrupted.push(crowd.start(stuck));
            }
        }
        let begun = Instant::now();
        while !crowd.index.requests().iter().any(|request| is_wheel(request) && request.contains("stuck")) {
            assert!(begun.elapsed() < DEADLINE, "nobody asked for what never comes");
            thread::sleep(Duration::from_millis(10));
        }
        for child in interrupted {
            signal(&child, "INT");
            let ended = child.wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(130), "{}", said(&ended));
        }
        for child in killed {
            // It may have been done before it was killed.
            child.wait_with_output().unwrap();
        }
        going.into_iter().map(|(at, child)| (at, digest(child))).collect()
    };
    let (images, rounds) = crowd.beside(&[&["prune"], &["cache", "clean"], &["cache"], &["images"]], all);
    assert!(rounds > 0);
    let expected = crowd.alone(builds);
    for (at, digest) in &images {
        assert_eq!(Some(digest), expected.get(at), "d{at}");
    }
    crowd.assert_whole(&images);
    // Those that were killed go on.
    let again: BTreeMap<usize, String> = (0..builds).map(|at| (at, digest(crowd.start(at)))).collect();
    assert_eq!(again, expected);
    crowd.assert_whole(&expected);
}

#[test]
fn builds_of_one_environment_make_each_package_once_and_one_image() {
    one_environment(32);
}

#[test]
fn builds_of_different_environments_make_each_shared_package_once_while_others_prune() {
    different_environments(32);
}

#[test]
fn who_is_interrupted_or_killed_harms_no_other_build() {
    with_signals(32);
}

#[test]
#[ignore = "twice as many: cargo xtask test --full"]
fn sixty_four_builds_at_once_are_as_good() {
    one_environment(64);
    different_environments(64);
    with_signals(64);
}

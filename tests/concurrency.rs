//! Many builds at once, each a process, in one home: nothing is made twice, nothing is missing, and nobody is harmed by
//! who prunes, is interrupted or is killed meanwhile.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]

mod support;

mod concurrency {
    pub(crate) mod crowd;
}

use concurrency::crowd::{
    Crowd, SHARED, define, digest, interrupted, requirements, said, signal, wait_until,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Child,
};
use support::wheel::is_wheel;

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
        let mut stopped = Vec::new();
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
                stopped.push(crowd.start(stuck));
            }
        }
        let asks = |request: &String| is_wheel(request) && request.contains("stuck");
        wait_until("somebody asks for what never comes", || crowd.index.requests().iter().any(asks));
        for child in stopped {
            let ended = interrupted(child);
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

/// A wait for a lock of another process ends with the wish to stop, too.
#[test]
fn who_waits_for_prune_can_be_interrupted() {
    let crowd = Crowd::new(1);
    let path = crowd.envwright.home().join("locks/in-use");
    support::write(&path, b"");
    let held = fs_err::File::open(&path).unwrap();
    held.file().lock().unwrap();
    let child = crowd.start(0);
    let waits = || {
        let threads = fs_err::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        let name = |thread: std::io::Result<fs_err::DirEntry>| {
            fs_err::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default()
        };
        threads.map(name).any(|name| name.trim_end() == "in-use")
    };
    wait_until("a thread waits for the lock", waits);
    let ended = interrupted(child);
    assert_eq!(ended.status.code(), Some(130), "{}", said(&ended));
    held.file().unlock().unwrap();
    let built = BTreeMap::from([(0, digest(crowd.start(0)))]);
    crowd.assert_whole(&built);
}

#[test]
#[ignore = "twice as many: cargo xtask test --full"]
fn sixty_four_builds_at_once_are_as_good() {
    one_environment(64);
    different_environments(64);
    with_signals(64);
}

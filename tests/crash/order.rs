//! What is durable is on disk before anybody is told: seen in the calls of runs without faults.

use super::{
    scene::Scene,
    steps::{self, Clean},
    victims::VICTIMS,
};
use crate::support::strace::Call;
use std::path::{Path, PathBuf};

/// Where durable things are, below the test's folder.
const DURABLE: [&str; 6] = [
    "home/builds",
    "home/images",
    "definition/out",
    "definition/out.tar",
    "definition/envwright.lock",
    "definition/pixi.lock",
];

struct Order<'a> {
    calls: &'a [Call],
    root: PathBuf,
}

impl Order<'_> {
    fn is_durable(&self, path: &Path) -> bool {
        DURABLE.iter().any(|place| path.starts_with(self.root.join(place)))
    }

    /// Whether a file or folder was brought to disk in some part of the run.
    fn is_flushed(&self, path: &Path, between: std::ops::Range<usize>) -> bool {
        self.calls[between].iter().any(|call| {
            steps::kind(call) == Some("fsync") && call.succeeded && call.path.as_deref() == Some(path)
        })
    }

    fn last(&self, until: usize, wanted: impl Fn(&Call) -> bool) -> Option<usize> {
        self.calls[..until].iter().rposition(wanted)
    }

    /// Where the command told what it did: its first words on standard output.
    fn told(&self) -> usize {
        let said = |call: &Call| call.name == "write" && call.arguments.starts_with("1<");
        self.calls.iter().position(said).expect("it printed its result")
    }

    /// Each file that got its name by a rename was whole on disk before, and its name was before anything was said.
    /// Gives how many there were.
    fn assert_renames(&self, victim: &str) -> usize {
        let told = self.told();
        let mut count = 0;
        for (at, call) in self.calls.iter().enumerate() {
            let (Some("rename"), Some(from), Some(to)) = (steps::kind(call), &call.from, &call.path) else {
                continue;
            };
            if !self.is_durable(to) {
                continue;
            }
            count += 1;
            let written =
                |call: &Call| steps::kind(call) == Some("write") && call.path.as_ref() == Some(from);
            let written = self.last(at, written).unwrap_or(0);
            assert!(
                self.is_flushed(from, written..at),
                "{victim}: {} was named before it was on disk",
                to.display()
            );
            assert!(at < told, "{victim}: {} came after the result was told", to.display());
            let folder = to.parent().unwrap();
            assert!(self.is_flushed(folder, at..told), "{victim}: the name {} was not on disk", to.display());
        }
        count
    }

    /// Each folder that was made is on disk in the one above it before anything is said.
    fn assert_folders(&self, victim: &str) -> usize {
        let mut count = 0;
        for (at, call) in self.calls.iter().enumerate() {
            let (Some("mkdir"), Some(path)) = (steps::kind(call), &call.path) else { continue };
            if !self.is_durable(path) || !call.succeeded {
                continue;
            }
            count += 1;
            let above = path.parent().unwrap();
            assert!(self.is_flushed(above, at..self.told()), "{victim}: {} is not on disk", path.display());
        }
        count
    }

    /// The log and the events of a build are on disk to their last line.
    fn assert_records(&self, victim: &str) -> usize {
        let is_record = |path: &Path| path.starts_with(self.root.join("home/builds"));
        let is_log = |call: &&Call| {
            let name = call.path.as_ref().and_then(|path| path.extension());
            steps::kind(call) == Some("create") && name.is_some_and(|name| name == "jsonl" || name == "txt")
        };
        let created: Vec<&Call> = self.calls.iter().filter(is_log).collect();
        for call in &created {
            let path = call.path.as_ref().unwrap();
            assert!(is_record(path));
            let of_it = |call: &Call| steps::kind(call) == Some("write") && call.path.as_ref() == Some(path);
            let last = self.last(self.calls.len(), of_it).unwrap();
            let flushed = self.is_flushed(path, last..self.told());
            assert!(flushed, "{victim}: the end of {} is not on disk", path.display());
        }
        created.len()
    }
}

#[test]
fn what_is_promised_is_on_disk_before_a_command_says_so() {
    let scene = Scene::new();
    let (mut renames, mut folders, mut records) = (0, 0, 0);
    for victim in &VICTIMS {
        let Clean { calls, envwright, .. } = steps::clean(&scene, victim);
        let root = envwright.home().parent().unwrap().to_owned();
        let order = Order { calls: &calls, root };
        renames += order.assert_renames(victim.name);
        folders += order.assert_folders(victim.name);
        records += order.assert_records(victim.name);
    }
    assert!(
        renames > 60 && folders > 15 && records == 6,
        "only {renames}, {folders} and {records} were seen"
    );
}

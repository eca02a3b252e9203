//! What came of the faults, in numbers.

use super::{aftermath::REPEATED, fault::Fault};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

/// What came of one fault.
pub(super) struct Tried {
    pub(super) victim: &'static str,
    /// As in `rename home/segments/….seg`.
    pub(super) step: String,
    /// Its first word.
    pub(super) kind: &'static str,
    pub(super) fault: Fault,
    /// What the command did, in a word.
    pub(super) did: &'static str,
}

/// All in short, by command, by place and by call. `steps` is how many there are.
pub(super) fn figures(tried: &[Tried], steps: usize, took: Duration) -> String {
    let kills = tried.iter().filter(|one| one.fault == Fault::Kill).count();
    let points: BTreeSet<_> = tried.iter().map(|one| (one.victim, &one.step)).collect();
    let mut text = format!(
        "{kills} kills and {} errors at {} of {steps} steps; {} commands repeated, all with the right result; {} s\n",
        tried.len() - kills,
        points.len(),
        tried.len() * REPEATED,
        took.as_secs()
    );
    let tables = [
        table("command", tried, |one| one.victim.to_owned()),
        table("place", tried, |one| place(&one.step)),
        table("call and fault", tried, |one| format!("{} {}", one.kind, one.fault.name())),
    ];
    for table in tables {
        text.push('\n');
        text.push_str(&table);
    }
    text
}

/// Every step that a fault was at.
pub(super) fn steps(tried: &[Tried]) -> String {
    table("step", tried, |one| format!("{}: {}", one.victim, one.step))
}

fn table(title: &str, tried: &[Tried], by: impl Fn(&Tried) -> String) -> String {
    let mut rows: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for one in tried {
        *rows.entry(by(one)).or_default().entry(one.did).or_default() += 1;
    }
    let mut text = format!("| {title} | killed | refused | went on |\n|---|---|---|---|\n");
    for (name, did) in rows {
        let count = |word: &str| did.get(word).map_or(String::new(), usize::to_string);
        let row = ["killed", "refused", "went on"].map(count).join(" | ");
        writeln!(text, "| {name} | {row} |").unwrap();
    }
    text
}

/// Sample: `home/segments` for `rename home/segments/….seg`.
fn place(step: &str) -> String {
    let path = step.split_once(' ').map_or(step, |(_, path)| path);
    path.split('/').take(2).collect::<Vec<_>>().join("/")
}

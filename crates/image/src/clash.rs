//! Paths that more than one segment owns.

use crate::plan::{Clash, Kind, SegmentRef};
use envwright_store::{Entry, EntryKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What must not share a layer, and what has to be told.
pub(crate) struct Clashes {
    /// Pairs of positions, the one that is covered first.
    pub(crate) pairs: BTreeSet<(usize, usize)>,
    /// Pairs whose files differ.
    pub(crate) clashes: Vec<Clash>,
}

/// Finds them among segments in the order in which later ones win.
pub(crate) fn find(sorted: &[&SegmentRef]) -> Clashes {
    let mut owners: HashMap<&str, Vec<(usize, &Entry)>> = HashMap::new();
    for (position, segment) in sorted.iter().enumerate() {
        for entry in &segment.index.entries {
            owners.entry(&entry.path).or_default().push((position, entry));
        }
    }
    let mut pairs = BTreeSet::new();
    let mut different: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
    for (path, owners) in &owners {
        for (first, (loser, covered)) in owners.iter().enumerate() {
            for (winner, seen) in &owners[first + 1..] {
                pairs.insert((*loser, *winner));
                if !same(covered, seen) {
                    different.entry((*loser, *winner)).or_default().insert(path);
                }
            }
        }
    }
    folders_over_files(sorted, &owners, &mut pairs, &mut different);
    let clash = |((loser, winner), paths): ((usize, usize), BTreeSet<&str>)| {
        // The user's files and the environment layer replace on purpose what packages bring.
        sorted
            .get(winner)
            .filter(|segment| matches!(segment.kind, Kind::Debian | Kind::Conda | Kind::Pypi))?;
        Some(Clash {
            path: (*paths.first()?).to_owned(),
            paths: paths.len(),
            loser: sorted.get(loser)?.name.clone(),
            winner: sorted.get(winner)?.name.clone(),
        })
    };
    Clashes { pairs, clashes: different.into_iter().filter_map(clash).collect() }
}

/// A file of one segment may stand where another has a folder: the later one takes the place, with all that is below.
fn folders_over_files<'a>(
    sorted: &[&'a SegmentRef],
    owners: &HashMap<&str, Vec<(usize, &Entry)>>,
    pairs: &mut BTreeSet<(usize, usize)>,
    different: &mut BTreeMap<(usize, usize), BTreeSet<&'a str>>,
) {
    for (position, segment) in sorted.iter().enumerate() {
        for directory in &segment.index.directories {
            for (owner, _) in owners.get(directory.path.as_str()).into_iter().flatten() {
                if *owner != position {
                    let pair = (position.min(*owner), position.max(*owner));
                    pairs.insert(pair);
                    different.entry(pair).or_default().insert(&directory.path);
                }
            }
        }
    }
}

fn same(a: &Entry, b: &Entry) -> bool {
    match (&a.kind, &b.kind) {
        (EntryKind::File { digest: a_digest, .. }, EntryKind::File { digest: b_digest, .. }) => {
            a_digest == b_digest && a.mode == b.mode
        }
        (a, b) => a == b,
    }
}

//! How two trees differ.

use super::{
    record,
    tree::{Entry, Tree},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What of a path is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Concern {
    /// Whether a file or link is there.
    Path,
    /// Whether a folder is there.
    Directory,
    /// A file's bytes or a link's target; RECORD's are compared row by row.
    Bytes,
    /// The bits that make a file executable.
    Executable,
    /// A row of RECORD. Of files that differ, only that there is a row.
    Row,
}

/// A difference between uv's tree and ours.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) concern: Concern,
    /// Path below the environment, or as RECORD spells it.
    pub(crate) path: String,
    /// What there is, `None` for nothing.
    pub(crate) uv: Option<Vec<u8>>,
    pub(crate) ours: Option<Vec<u8>>,
}

/// How our tree differs from uv's, but for the text of RECORD.
pub(crate) fn tree_differences(uv: &Tree, ours: &Tree) -> Vec<Difference> {
    let mut differences = Vec::new();
    for path in uv.directories.symmetric_difference(&ours.directories) {
        let there = |tree: &Tree| tree.directories.contains(path).then(Vec::new);
        differences.push(Difference::new(Concern::Directory, path, there(uv), there(ours)));
    }
    let paths: BTreeSet<&String> = uv.entries.keys().chain(ours.entries.keys()).collect();
    for path in paths {
        let (uv, ours) = (uv.entries.get(path), ours.entries.get(path));
        differences.extend(entry_differences(path, uv, ours));
    }
    differences
}

/// How the rows of RECORD differ. Of files that differ themselves, only whether there is a row.
pub(crate) fn row_differences(
    uv: &BTreeMap<String, String>,
    ours: &BTreeMap<String, String>,
    site: &str,
    others: &[Difference],
) -> Vec<Difference> {
    let changed: BTreeSet<&str> = others.iter().map(|difference| difference.path.as_str()).collect();
    let paths: BTreeSet<&String> = uv.keys().chain(ours.keys()).collect();
    let mut differences = Vec::new();
    for path in paths {
        let (uv, ours) = (uv.get(path), ours.get(path));
        let excused = uv.is_some() && ours.is_some() && changed.contains(&*record::resolved(site, path));
        if uv != ours && !excused {
            let bytes = |rest: Option<&String>| rest.map(|rest| rest.clone().into_bytes());
            differences.push(Difference::new(Concern::Row, path, bytes(uv), bytes(ours)));
        }
    }
    differences
}

fn entry_differences(path: &str, uv: Option<&Entry>, ours: Option<&Entry>) -> Vec<Difference> {
    let bytes = |entry: &Entry| match entry {
        Entry::File { bytes, .. } => bytes.clone(),
        Entry::Symlink(target) => format!("-> {target}").into_bytes(),
    };
    let executable = |entry: &Entry| match entry {
        Entry::File { executable, .. } => format!("{executable:03o}").into_bytes(),
        Entry::Symlink(_) => Vec::new(),
    };
    let difference = |concern, of: &dyn Fn(&Entry) -> Vec<u8>| {
        let (uv, ours) = (uv.map(of), ours.map(of));
        (uv != ours).then(|| Difference::new(concern, path, uv, ours))
    };
    if uv.is_none() || ours.is_none() {
        return difference(Concern::Path, &bytes).into_iter().collect();
    }
    let record = path.ends_with(".dist-info/RECORD");
    let bytes = if record { None } else { difference(Concern::Bytes, &bytes) };
    bytes.into_iter().chain(difference(Concern::Executable, &executable)).collect()
}

impl Difference {
    fn new(concern: Concern, path: &str, uv: Option<Vec<u8>>, ours: Option<Vec<u8>>) -> Self {
        Self { concern, path: path.to_owned(), uv, ours }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (uv, ours) = (excerpt(self.uv.as_deref()), excerpt(self.ours.as_deref()));
        write!(f, "{:?} of `{}`: uv has {uv}, we have {ours}", self.concern, self.path)
    }
}

fn excerpt(bytes: Option<&[u8]>) -> String {
    match bytes {
        None => "none".to_owned(),
        Some(bytes) => format!("`{}`", bytes[..bytes.len().min(120)].escape_ascii()),
    }
}

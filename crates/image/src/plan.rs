//! Which segments share a layer, and in which order the layers lie.

use crate::{ImageError, clash, clash::Clashes};
use envwright_store::{Digest, Directory, EntryKind, SegmentIndex};
use envwright_target::{FileEntry, Files, resolve};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// Layers that an image may have, its base's included: docker's overlay driver mounts no more than 128, and some
/// registries and engines fewer.
pub const MOST_LAYERS: usize = 100;

/// Compressed size in bytes above which a segment has a layer of its own, where an image has room for that: the least
/// of any kind.
const LARGE: u64 = 1 << 18;

/// What a segment is of. Layers lie in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Debian package.
    Debian,
    /// A conda package.
    Conda,
    /// A wheel.
    Pypi,
    /// The user's files.
    Files,
    /// What belongs to no package.
    Environment,
}

impl Kind {
    /// Compressed size in bytes above which a segment has a layer of its own. Wheels and conda packages change more often
    /// than Debian packages, and images share fewer of them.
    fn large(self) -> u64 {
        match self {
            Self::Pypi | Self::Conda => LARGE,
            Self::Debian | Self::Files | Self::Environment => 1 << 20,
        }
    }
}

/// A packed segment.
#[derive(Debug, Clone)]
pub struct SegmentRef {
    /// What it is of.
    pub kind: Kind,
    /// Name of the package.
    pub name: String,
    /// Key of the segment.
    pub key: Digest,
    /// Its compressed bytes.
    pub file: PathBuf,
    /// What it holds.
    pub index: SegmentIndex,
}

/// A layer to be written.
#[derive(Debug, Clone)]
pub struct PlannedLayer {
    /// Every directory that the layer needs, parents first.
    pub directories: Vec<Directory>,
    /// Its segments, in order.
    pub segments: Vec<SegmentRef>,
}

/// The layers of an image, from the one next to the base on.
#[derive(Debug, Clone)]
pub struct LayerPlan {
    /// The layers.
    pub layers: Vec<PlannedLayer>,
    /// Files that two packages bring with different bytes.
    pub clashes: Vec<Clash>,
}

/// Two packages that bring different files under the same paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The first such path.
    pub path: String,
    /// How many there are.
    pub paths: usize,
    /// The package whose files are covered.
    pub loser: String,
    /// The package whose files are seen.
    pub winner: String,
}

/// Decides the layers: a function of the set of segments and the base, not of the order in which they come.
pub fn plan_layers(
    segments: &[SegmentRef],
    base: &dyn Files,
    base_layers: usize,
) -> Result<LayerPlan, ImageError> {
    let mut sorted: Vec<&SegmentRef> = segments.iter().collect();
    sorted.sort_by(|a, b| (a.kind, &a.name, a.key).cmp(&(b.kind, &b.name, b.key)));
    let Clashes { pairs, clashes } = clash::find(&sorted);
    let limit = MOST_LAYERS.saturating_sub(base_layers);
    let mut least = LARGE;
    let mut groups = grouped(&sorted, &pairs, least);
    while groups.len() > limit {
        if least > 1 << 50 {
            return Err(ImageError::Layers { layers: groups.len(), limit });
        }
        least = least / 4 * 5;
        groups = grouped(&sorted, &pairs, least);
    }
    keep_links(&sorted, base)?;
    let attributes = attributes(&sorted, base)?;
    let layers = groups.iter().map(|group| layer(&sorted, group, &attributes)).collect();
    Ok(LayerPlan { layers, clashes })
}

/// Groups by kind: large segments alone, then small ones together, then those that cover files of earlier ones. None
/// of at most `least` bytes is large.
fn grouped(sorted: &[&SegmentRef], pairs: &BTreeSet<(usize, usize)>, least: u64) -> Vec<Vec<usize>> {
    let winners: BTreeSet<usize> = pairs.iter().map(|(_, winner)| *winner).collect();
    let mut groups = Vec::new();
    for kind in [Kind::Debian, Kind::Conda, Kind::Pypi, Kind::Files, Kind::Environment] {
        let large = kind.large().max(least);
        let of_kind = || (0..sorted.len()).filter(|index| sorted[*index].kind == kind);
        let is_large = |index: &usize| sorted[*index].index.compressed_size > large;
        let plain = || of_kind().filter(|index| !winners.contains(index));
        groups.extend(plain().filter(is_large).map(|index| vec![index]));
        fill(sorted, pairs, plain().filter(|index| !is_large(index)), large, &mut groups);
        fill(sorted, pairs, of_kind().filter(|index| winners.contains(index)), large, &mut groups);
    }
    groups
}

/// Puts segments into groups in their order. A group is full at one and a quarter times the size of a large segment,
/// and never holds two that clash.
fn fill(
    sorted: &[&SegmentRef],
    pairs: &BTreeSet<(usize, usize)>,
    indices: impl Iterator<Item = usize>,
    large: u64,
    groups: &mut Vec<Vec<usize>>,
) {
    let full = large / 4 * 5;
    let (mut group, mut size) = (Vec::new(), 0);
    for index in indices {
        let next = sorted[index].index.compressed_size;
        let clashes = group.iter().any(|other| pairs.contains(&(*other, index)));
        if !group.is_empty() && (size + next > full || clashes) {
            groups.push(std::mem::take(&mut group));
            size = 0;
        }
        group.push(index);
        size += next;
    }
    if !group.is_empty() {
        groups.push(group);
    }
}

/// Refuses files in the place of a base's link to a folder: all that is reached through it would be gone. A link may
/// be replaced by a newer one, as packages do.
fn keep_links(sorted: &[&SegmentRef], base: &dyn Files) -> Result<(), ImageError> {
    let is_link = |path: &str| matches!(base.entry(path), Some(FileEntry::Symlink { .. }));
    let leads_to_folder = |path: &str| {
        resolve(base, path).is_some_and(|end| matches!(base.entry(&end), Some(FileEntry::Directory { .. })))
    };
    let entries = sorted.iter().flat_map(|segment| &segment.index.entries);
    let mut files = entries.filter(|entry| !matches!(entry.kind, EntryKind::Symlink { .. }));
    match files.find(|entry| is_link(&entry.path) && leads_to_folder(&entry.path)) {
        Some(entry) => Err(ImageError::BaseLink { path: entry.path.clone() }),
        None => Ok(()),
    }
}

/// Seconds since 1970 of a directory that the base lacks: it belongs to no single package, and its time may depend
/// neither on which others there are nor on `SOURCE_DATE_EPOCH`, or layers would change that hold none of these.
const DIRECTORY_TIME: u64 = 0;

/// The attributes of every directory: the base's, else the environment layer's, else those of the first package that
/// names it, else of the first that needs it.
fn attributes(sorted: &[&SegmentRef], base: &dyn Files) -> Result<BTreeMap<String, Directory>, ImageError> {
    let mut directories: BTreeMap<String, (u8, Directory)> = BTreeMap::new();
    for segment in sorted {
        for directory in &segment.index.directories {
            let rank = match (directory.implied, segment.kind) {
                (false, Kind::Environment) => 0,
                (false, _) => 1,
                (true, _) => 2,
            };
            match directories.get(&directory.path) {
                Some((known, _)) if *known <= rank => {}
                _ => {
                    directories.insert(directory.path.clone(), (rank, directory.clone()));
                }
            }
        }
    }
    let mut settled = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for (path, (_, mut directory)) in directories {
        if elsewhere.iter().any(|link: &String| path.starts_with(link)) {
            continue;
        }
        match base.entry(&path) {
            // An empty folder behind a link, such as `/var/run/x`, is one that is made at every start.
            Some(FileEntry::Symlink { .. }) if !has_files(sorted, &path) => elsewhere.push(path + "/"),
            Some(FileEntry::Directory { mode, uid, gid, mtime }) => {
                directory = Directory { mode, uid, gid, mtime, ..directory };
                settled.insert(path, directory);
            }
            Some(FileEntry::Symlink { .. }) => return Err(ImageError::BaseLink { path }),
            Some(FileEntry::File { .. }) | None => {
                directory.mtime = DIRECTORY_TIME;
                settled.insert(path, directory);
            }
        }
    }
    Ok(settled)
}

fn has_files(sorted: &[&SegmentRef], folder: &str) -> bool {
    let mut entries = sorted.iter().flat_map(|segment| &segment.index.entries);
    entries.any(|entry| entry.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

fn layer(sorted: &[&SegmentRef], group: &[usize], attributes: &BTreeMap<String, Directory>) -> PlannedLayer {
    let segments: Vec<SegmentRef> = group.iter().map(|index| sorted[*index].clone()).collect();
    let needed: BTreeSet<&str> = segments
        .iter()
        .flat_map(|segment| segment.index.directories.iter().map(|directory| directory.path.as_str()))
        .collect();
    let members: BTreeSet<&str> = segments
        .iter()
        .flat_map(|segment| segment.index.entries.iter().map(|entry| entry.path.as_str()))
        .collect();
    let directories = needed.into_iter().filter(|path| !members.contains(path));
    let directories = directories.filter_map(|path| attributes.get(path).cloned()).collect();
    PlannedLayer { directories, segments }
}

//! The tree of an environment, as uv leaves it on disk and as a segment holds it.

use envwright_package::{Compression, PREFIX, WheelSegment};
use envwright_store::{Digest, EntryKind, SegmentIndex};
use fs_err as fs;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Files, links and folders by their paths below the environment's.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) directories: BTreeSet<String>,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Bytes, and the bits of the mode that make it executable.
    File { bytes: Vec<u8>, executable: u32 },
    /// The link's text.
    Symlink(String),
}

impl Tree {
    /// What is below `environment` and not in `before`.
    pub(crate) fn on_disk(environment: &Path, before: &Self) -> Self {
        let mut tree = Self::default();
        tree.read(environment, "", before);
        tree
    }

    fn read(&mut self, root: &Path, folder: &str, before: &Self) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.file_type().unwrap().is_dir() {
                self.read(root, &path, before);
                if !before.directories.contains(&path) {
                    self.directories.insert(path);
                }
            } else if !before.entries.contains_key(&path) {
                self.entries.insert(path, Entry::on_disk(&entry.path()));
            }
        }
    }

    /// The tree of the segment that is made of a wheel. Folders that `before` has are left out.
    pub(crate) fn packed(wheel: &Path, python: (u8, u8), before: &Self) -> (Self, SegmentIndex) {
        let filename = wheel.file_name().unwrap().to_string_lossy();
        let segment = WheelSegment {
            wheel,
            filename: &filename,
            // Only the segment's key depends on it.
            sha256: Digest::of(b""),
            python,
            prefix: PREFIX,
            compression: Compression::Zstd,
            compile: None,
            compiler: None,
            direct_url: None,
        };
        let mut bytes = Vec::new();
        let index = segment.pack(&mut bytes).unwrap_or_else(|error| panic!("{filename}: {error}"));
        let directories = index.directories.iter().filter_map(|directory| below(&directory.path));
        let directories = directories.filter(|path| !before.directories.contains(path)).collect();
        (Self { entries: unpacked(&bytes), directories }, index)
    }
}

/// The members of a segment.
fn unpacked(segment: &[u8]) -> BTreeMap<String, Entry> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(segment).unwrap());
    let members = archive.entries().unwrap().map(|member| {
        let mut member = member.unwrap();
        let path = String::from_utf8(member.path_bytes().into_owned()).unwrap();
        let target = member.link_name_bytes().map(|target| String::from_utf8(target.into_owned()).unwrap());
        let entry = target.map_or_else(|| Entry::member(&mut member), Entry::Symlink);
        (below(&path).expect("a wheel's files are in the environment"), entry)
    });
    members.collect()
}

/// A path below the environment's, nothing for its own and those above it.
fn below(path: &str) -> Option<String> {
    path.strip_prefix(PREFIX)?.strip_prefix('/').map(str::to_owned)
}

/// Digest and size of each file, as the segment's index has them.
pub(crate) fn digests(index: &SegmentIndex) -> BTreeMap<String, (Digest, u64)> {
    let files = index.entries.iter().filter_map(|entry| match entry.kind {
        EntryKind::File { size, digest } => Some((below(&entry.path)?, (digest, size))),
        _ => None,
    });
    files.collect()
}

impl Entry {
    /// A member of an archive that is a file.
    fn member(member: &mut tar::Entry<'_, impl Read>) -> Self {
        let executable = member.header().mode().unwrap() & 0o111;
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        Self::File { bytes, executable }
    }

    fn on_disk(path: &Path) -> Self {
        let metadata = fs::symlink_metadata(path).unwrap();
        if metadata.is_symlink() {
            return Self::Symlink(fs::read_link(path).unwrap().to_str().unwrap().to_owned());
        }
        let executable = metadata.permissions().mode() & 0o111;
        Self::File { bytes: fs::read(path).unwrap(), executable }
    }
}

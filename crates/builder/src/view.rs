//! The files of packed segments, as an image made of them would show them.

use envwright_image::SegmentRef;
use envwright_store::{Directory, Entry, EntryKind, StoreError};
use envwright_target::{FileEntry, Files};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, BufReader, Read},
    path::PathBuf,
};

/// Segments of up to this size are kept unpacked once one of their files was read.
const KEEP: u64 = 4 << 20;

/// Later segments win, as in an image.
pub(crate) struct SegmentFiles<'a> {
    segments: &'a [SegmentRef],
    entries: BTreeMap<&'a str, (usize, &'a Entry)>,
    directories: BTreeMap<&'a str, &'a Directory>,
    names: BTreeMap<&'a str, BTreeSet<&'a str>>,
    kept: RefCell<HashMap<usize, HashMap<String, Vec<u8>>>>,
    /// The first segment that could not be read, and why.
    failed: RefCell<Option<(PathBuf, io::Error)>>,
}

impl<'a> SegmentFiles<'a> {
    pub(crate) fn new(segments: &'a [SegmentRef]) -> Self {
        let mut view = Self {
            segments,
            entries: BTreeMap::new(),
            directories: BTreeMap::new(),
            names: BTreeMap::new(),
            kept: RefCell::default(),
            failed: RefCell::default(),
        };
        for (position, segment) in segments.iter().enumerate() {
            for entry in &segment.index.entries {
                view.entries.insert(&entry.path, (position, entry));
                view.name(&entry.path);
            }
            for directory in &segment.index.directories {
                view.directories.insert(&directory.path, directory);
                view.name(&directory.path);
            }
        }
        view
    }

    fn name(&mut self, path: &'a str) {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.names.entry(dir).or_default().insert(name);
    }

    /// Whether all that was asked for could be read: a file of a segment that cannot be read is shown as none.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.failed.take() {
            Some((path, error)) => Err(StoreError::io("read", &path)(error)),
            None => Ok(()),
        }
    }

    /// Some members of a segment.
    fn members(
        &self,
        segment: &SegmentRef,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<HashMap<String, Vec<u8>>> {
        let note = |error| {
            self.failed.borrow_mut().get_or_insert((segment.file.clone(), error));
        };
        members(segment, wanted).map_err(note).ok()
    }

    /// The bytes of a member; a hard link's are those of its target.
    fn bytes(&self, position: usize, entry: &Entry) -> Option<Vec<u8>> {
        let path = match &entry.kind {
            EntryKind::File { .. } => &entry.path,
            EntryKind::Hardlink { target } => target,
            EntryKind::Symlink { .. } => return None,
        };
        let segment = self.segments.get(position)?;
        if segment.index.uncompressed_size > KEEP {
            return self.members(segment, |found| found == path)?.remove(path);
        }
        let mut kept = self.kept.borrow_mut();
        let files = match kept.entry(position) {
            std::collections::hash_map::Entry::Occupied(files) => files.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(self.members(segment, |_| true)?)
            }
        };
        files.get(path).cloned()
    }
}

/// The tar stream of a segment.
pub(crate) fn open(segment: &SegmentRef) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::new(fs_err::File::open(&segment.file)?);
    let zstd = io::BufRead::fill_buf(&mut file)?.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    Ok(if zstd {
        Box::new(zstd::Decoder::with_buffer(file)?)
    } else {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    })
}

/// Reads the wanted members of a segment.
fn members(segment: &SegmentRef, wanted: impl Fn(&str) -> bool) -> io::Result<HashMap<String, Vec<u8>>> {
    let stream = open(segment)?;
    let mut found = HashMap::new();
    for member in tar::Archive::new(stream).entries()? {
        let mut member = member?;
        let path = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if wanted(&path) {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes)?;
            found.insert(path, bytes);
        }
    }
    Ok(found)
}

impl Files for SegmentFiles<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let (position, entry) = self.entries.get(path)?;
        self.bytes(*position, entry)
    }

    fn entry(&self, path: &str) -> Option<FileEntry> {
        if let Some((position, entry)) = self.entries.get(path) {
            let size = |entry: &Entry| match &entry.kind {
                EntryKind::File { size, .. } => Some(*size),
                _ => None,
            };
            return Some(match &entry.kind {
                EntryKind::Symlink { target } => FileEntry::Symlink { target: target.clone() },
                EntryKind::File { size, .. } => FileEntry::File { mode: entry.mode, size: *size },
                EntryKind::Hardlink { target } => {
                    let entries = &self.segments.get(*position)?.index.entries;
                    let size =
                        entries.iter().find(|other| other.path == *target).and_then(size).unwrap_or_default();
                    FileEntry::File { mode: entry.mode, size }
                }
            });
        }
        let Directory { mode, uid, gid, mtime, .. } = *self.directories.get(path)?;
        Some(FileEntry::Directory { mode: *mode, uid: *uid, gid: *gid, mtime: *mtime })
    }

    fn list(&self, dir: &str) -> Vec<String> {
        self.names.get(dir).into_iter().flatten().map(|name| (*name).to_owned()).collect()
    }
}

/// Files over others, as a layer lies over a base. Whiteouts are not followed.
pub(crate) struct Over<'a> {
    pub(crate) upper: &'a dyn Files,
    pub(crate) lower: &'a dyn Files,
}

impl Files for Over<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if self.upper.entry(path).is_some() { self.upper.read(path) } else { self.lower.read(path) }
    }

    /// A link of the lower one to a folder stays: layers go through it.
    fn entry(&self, path: &str) -> Option<FileEntry> {
        match (self.upper.entry(path), self.lower.entry(path)) {
            (Some(FileEntry::Directory { .. }), Some(link @ FileEntry::Symlink { .. })) => Some(link),
            (upper, lower) => upper.or(lower),
        }
    }

    fn list(&self, dir: &str) -> Vec<String> {
        let names: BTreeSet<String> = self.upper.list(dir).into_iter().chain(self.lower.list(dir)).collect();
        names.into_iter().collect()
    }
}

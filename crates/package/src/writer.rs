//! Writes a segment in one pass: each member is hashed, archived and compressed as it is read.

use crate::{
    Compression,
    compression::Encoder,
    error::Fault,
    header::{self, Attributes, BLOCK, Member},
    path,
};
use envwright_archive::is_exceeded;
use envwright_store::{Digest, DigestWriter, Directory, Entry, EntryKind, SegmentIndex, is_of_system};
use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
};

/// Most memory that the folders of one package may take, in bytes, and what each takes besides its path, about.
const MAX_FOLDERS: u64 = 256 << 20;
const FOLDER: u64 = 128;

/// A segment that is being written. Members come in byte order of their paths.
pub(crate) struct SegmentWriter<'a> {
    out: Encoder<'a>,
    size: u64,
    entries: Vec<Entry>,
    directories: BTreeMap<String, Directory>,
    /// About how many bytes of memory these take.
    taken: u64,
}

impl<'a> SegmentWriter<'a> {
    pub(crate) fn new(compression: Compression, out: &'a mut dyn Write) -> Result<Self, Fault> {
        let out = Encoder::new(compression, out).map_err(Fault::Write)?;
        Ok(Self { out, size: 0, entries: Vec::new(), directories: BTreeMap::new(), taken: 0 })
    }

    /// A directory with the package's own attributes.
    pub(crate) fn directory(&mut self, path: &str, attributes: Attributes) -> Result<(), Fault> {
        self.imply_parents(path, attributes.mtime)?;
        self.take(path)?;
        self.directories.insert(path.to_owned(), directory(path, attributes, false));
        Ok(())
    }

    /// A regular file of exactly `size` bytes.
    pub(crate) fn file(
        &mut self,
        path: &str,
        attributes: Attributes,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<Digest, Fault> {
        self.begin(path, attributes, Member::File(size))?;
        let digest = self.copy(path, size, content)?;
        let padding = size.next_multiple_of(BLOCK as u64) - size;
        self.write(&vec![0; usize::try_from(padding).unwrap_or(0)])?;
        self.entry(path, EntryKind::File { size, digest }, attributes.mode);
        Ok(digest)
    }

    pub(crate) fn symlink(&mut self, path: &str, attributes: Attributes, target: &str) -> Result<(), Fault> {
        self.begin(path, attributes, Member::Symlink(target))?;
        self.entry(path, EntryKind::Symlink { target: target.to_owned() }, attributes.mode);
        Ok(())
    }

    pub(crate) fn hardlink(&mut self, path: &str, attributes: Attributes, target: &str) -> Result<(), Fault> {
        self.begin(path, attributes, Member::Hardlink(target))?;
        self.entry(path, EntryKind::Hardlink { target: target.to_owned() }, attributes.mode);
        Ok(())
    }

    pub(crate) fn finish(self, metadata: BTreeMap<String, String>) -> Result<SegmentIndex, Fault> {
        let (compressed_digest, compressed_size) = self.out.finish().map_err(Fault::Write)?;
        Ok(SegmentIndex {
            entries: self.entries,
            directories: self.directories.into_values().collect(),
            compressed_size,
            compressed_digest,
            uncompressed_size: self.size,
            metadata,
        })
    }

    fn begin(&mut self, path: &str, attributes: Attributes, member: Member<'_>) -> Result<(), Fault> {
        if self.entries.last().is_some_and(|last| last.path.as_str() >= path) {
            return Err(Fault::refused(path, "it is there twice"));
        }
        self.imply_parents(path, attributes.mtime)?;
        self.write(&header::blocks(path, attributes, member))
    }

    /// Folders that the package does not bring itself get the time of the newest member below.
    fn imply_parents(&mut self, path: &str, mtime: u64) -> Result<(), Fault> {
        for parent in path::parents(path) {
            let attributes = Attributes { mode: 0o755, uid: 0, gid: 0, mtime };
            match self.directories.get_mut(parent) {
                Some(directory) if directory.implied => directory.mtime = directory.mtime.max(mtime),
                Some(_) => {}
                None => {
                    self.take(parent)?;
                    self.directories.insert(parent.to_owned(), directory(parent, attributes, true));
                }
            }
        }
        Ok(())
    }

    /// Counts a folder. A path names up to hundreds of them.
    fn take(&mut self, folder: &str) -> Result<(), Fault> {
        self.taken += FOLDER + folder.len() as u64;
        if self.taken > MAX_FOLDERS {
            return Err(Fault::refused(folder, "there are more folders than a package can have"));
        }
        Ok(())
    }

    fn copy(&mut self, path: &str, size: u64, content: &mut dyn Read) -> Result<Digest, Fault> {
        let mut hasher = DigestWriter::new(io::sink());
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(path, &error)),
            };
            if hasher.size() + read as u64 > size {
                return Err(Fault::refused(path, "it holds more than its size says"));
            }
            hasher.write_all(&buffer[..read]).map_err(Fault::Write)?;
            self.write(&buffer[..read])?;
        }
        if hasher.size() < size {
            return Err(Fault::invalid(format!("member `{path}` is shorter than its size says")));
        }
        Ok(hasher.digest())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.size += bytes.len() as u64;
        self.out.write_all(bytes).map_err(Fault::Write)
    }

    fn entry(&mut self, path: &str, kind: EntryKind, mode: u32) {
        self.entries.push(Entry { path: path.to_owned(), kind, mode: mode & 0o7777 });
    }
}

fn directory(path: &str, attributes: Attributes, implied: bool) -> Directory {
    let Attributes { mode, uid, gid, mtime } = attributes;
    Directory { path: path.to_owned(), mode: mode & 0o7777, uid, gid, mtime, implied }
}

/// A member that cannot be read is damaged, unless the operating system says otherwise.
pub(crate) fn unreadable(path: &str, error: &io::Error) -> Fault {
    if is_exceeded(error) {
        return Fault::refused(path, error.to_string());
    }
    match error.raw_os_error() {
        Some(code) => Fault::Read(io::Error::from_raw_os_error(code)),
        // Of the wrapper that names the file in what it says.
        None if is_of_system(error) => Fault::Read(io::Error::new(error.kind(), error.to_string())),
        None => Fault::invalid(format!("member `{path}` cannot be read: {error}")),
    }
}

//! A package's files for an environment on this machine. Most bytes are not written again: a file of the cache is linked.

use crate::{OwnFile, error::Fault, own, writer::unreadable};
use envwright_store::{Digest, DigestWriter};
use fs_err as fs;
use std::{
    collections::BTreeMap,
    fs::{FileTimes, Permissions},
    io::{self, Read},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, UNIX_EPOCH},
};

/// What a package brings to an environment.
#[derive(Debug)]
pub struct Tree {
    /// Files and links, by their paths below the root.
    pub files: BTreeMap<String, TreeFile>,
    /// Folders that are there without anything in them.
    pub directories: Vec<String>,
    /// The same as of a segment: scripts and what describes distributions of Python, by paths below the prefix.
    pub metadata: BTreeMap<String, String>,
}

impl Tree {
    /// Files that belong to no package; those that are copied, and what hides others, have no place in it.
    pub fn of(files: Vec<OwnFile>) -> Self {
        let mut tree = Self { files: BTreeMap::new(), directories: Vec::new(), metadata: BTreeMap::new() };
        for OwnFile { path, mode, mtime, content, .. } in files {
            let content = match content {
                own::Content::Bytes(bytes) => Content::Bytes(bytes),
                own::Content::Symlink(target) => Content::Symlink(target),
                own::Content::Directory => {
                    tree.directories.push(path);
                    continue;
                }
                own::Content::Copied { .. } | own::Content::Whiteout => continue,
            };
            tree.files.insert(path, TreeFile { content, executable: mode & 0o111 != 0, mtime });
        }
        tree
    }
}

/// One file or link.
#[derive(Debug)]
pub struct TreeFile {
    pub(crate) content: Content,
    pub(crate) executable: bool,
    /// Seconds since 1970.
    pub(crate) mtime: u64,
}

/// What is in it.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// The bytes of a file of the cache.
    Kept(PathBuf),
    Symlink(String),
}

/// How files of the cache come to their places: each as the file system allows, which the first one finds out.
#[derive(Debug, Default)]
pub struct Links(AtomicU8);

/// The ways to bring a file to its place, the best first.
const REFLINK: u8 = 0;
const HARD_LINK: u8 = 1;
const COPY: u8 = 2;

impl Links {
    /// What was done: `reflink`, `hard link` or `copy`.
    pub fn name(&self) -> &'static str {
        match self.0.load(Ordering::Relaxed) {
            REFLINK => "reflink",
            HARD_LINK => "hard link",
            _ => "copy",
        }
    }

    /// Brings a file to a place where none is.
    fn bring(&self, from: &Path, to: &Path, file: &TreeFile) -> io::Result<()> {
        let way = self.0.load(Ordering::Relaxed);
        if way == REFLINK {
            if reflink_copy::reflink(from, to).is_ok() {
                return file.set_attributes(to);
            }
            self.0.fetch_max(HARD_LINK, Ordering::Relaxed);
        }
        if way <= HARD_LINK {
            match fs::hard_link(from, to) {
                Ok(()) => return Ok(()),
                // A file has no more than so many names; the next one may have less.
                Err(error) if error.kind() == io::ErrorKind::TooManyLinks => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                Err(_) => drop(self.0.fetch_max(COPY, Ordering::Relaxed)),
            }
        }
        fs::copy(from, to)?;
        file.set_attributes(to)
    }
}

impl TreeFile {
    /// Brings it to a place where nothing is. The folder above must be there.
    pub fn place(&self, to: &Path, links: &Links) -> io::Result<()> {
        match &self.content {
            Content::Bytes(bytes) => {
                fs::write(to, bytes)?;
                self.set_attributes(to)
            }
            Content::Kept(from) => links.bring(from, to, self),
            Content::Symlink(target) => fs::os::unix::fs::symlink(target, to),
        }
    }

    /// Its bytes; none of a link.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::Kept(from) => fs::read(from),
            Content::Symlink(_) => Ok(Vec::new()),
        }
    }

    /// Whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        matches!(self.content, Content::Symlink(_))
    }

    fn set_attributes(&self, path: &Path) -> io::Result<()> {
        set_attributes(path, self.executable, self.mtime)
    }
}

fn set_attributes(path: &Path, executable: bool, mtime: u64) -> io::Result<()> {
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    let times = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(mtime));
    fs::OpenOptions::new().write(true).open(path)?.file().set_times(times)
}

/// Keeps one file of a package in the cache, and tells its digest.
pub(crate) fn keep(
    path: &Path,
    name: &str,
    content: &mut dyn Read,
    executable: bool,
    mtime: u64,
) -> Result<Digest, Fault> {
    let mut out = DigestWriter::new(fs::File::create(path).map_err(Fault::Write)?);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => io::Write::write_all(&mut out, &buffer[..read]).map_err(Fault::Write)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(name, &error)),
        }
    }
    let (_, digest, _) = out.finish();
    set_attributes(path, executable, mtime).map_err(Fault::Write)?;
    Ok(digest)
}

/// Whether a kept file is as it was left. It may have other names in environments, through which it can be changed:
/// that changes its time, too.
pub(crate) fn is_kept(path: &Path, size: u64, mtime: u64) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else { return false };
    let time = UNIX_EPOCH + Duration::from_secs(mtime);
    metadata.is_file() && metadata.len() == size && metadata.modified().is_ok_and(|modified| modified == time)
}

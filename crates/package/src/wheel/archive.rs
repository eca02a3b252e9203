//! A wheel's zip archive, opened by its central directory.

use crate::{error::Fault, path, writer::unreadable};
use envwright_archive::{Bounded, is_exceeded, most_unpacked};
use envwright_store::is_of_system;
use fs_err as fs;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};
use zip::{CompressionMethod, ZipArchive, read::ZipFile};

/// Most bytes of a member that is held in memory: metadata and scripts in text.
const MAX_TEXT: u64 = 64 << 20;
/// Most bytes of the central directory, about: it is held in memory. The largest wheels have a tenth of it.
const MAX_DIRECTORY: u64 = 32 << 20;

type Zip = ZipArchive<BufReader<fs::File>>;

/// An open wheel whose directory was checked.
pub(crate) struct Archive {
    zip: Zip,
    /// Files by their names in the archive.
    pub(crate) files: BTreeMap<String, Member>,
    /// Directories that the archive names.
    pub(crate) directories: BTreeSet<String>,
}

/// A file of the archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    index: usize,
    /// Size in bytes that the directory declares.
    pub(crate) size: u64,
    pub(crate) executable: bool,
}

impl Member {
    /// The file that holds its bytes in the folder that the wheel was unpacked to.
    pub(crate) fn file(&self, folder: &Path) -> PathBuf {
        folder.join(self.index.to_string())
    }
}

impl Archive {
    pub(crate) fn open(file: &Path) -> Result<Self, Fault> {
        let file = fs::File::open(file).map_err(|error| Fault::Read(error.kind().into()))?;
        let packed = file.metadata().map_err(Fault::Read)?.len();
        check_directory(&file)?;
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
        let mut archive_files = BTreeMap::new();
        let mut directories = BTreeSet::new();
        let mut total: u64 = 0;
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(|error| broken(&error))?;
            let name = name(&entry)?.to_owned();
            if entry.is_dir() {
                directories.insert(name);
                continue;
            }
            total = total.saturating_add(entry.size());
            let executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
            let member = Member { index, size: entry.size(), executable };
            if archive_files.insert(name, member).is_some() {
                return Err(Fault::refused(&String::from_utf8_lossy(entry.name_raw()), "it is there twice"));
            }
        }
        if total > most_unpacked(packed) {
            return Err(Fault::refused("*", format!("{total} bytes would come out of {packed}")));
        }
        zip.validate_header_consistency().map_err(|error| broken(&error))?;
        let archive = Self { zip, files: archive_files, directories };
        let names = archive.files.keys().chain(&archive.directories);
        path::check_tree(&archive.files.keys().cloned().collect(), names.map(String::as_str))?;
        Ok(archive)
    }

    /// Reads a member from its start.
    pub(crate) fn reader(&mut self, member: Member) -> Result<impl Read + '_, Fault> {
        self.zip.by_index(member.index).map_err(|error| broken(&error))
    }

    /// A small member's bytes.
    pub(crate) fn bytes(&mut self, name: &str, member: Member) -> Result<Vec<u8>, Fault> {
        if member.size > MAX_TEXT {
            return Err(Fault::invalid(format!("member `{name}` is larger than such a file may be")));
        }
        let mut bytes = Vec::new();
        let mut reader = self.reader(member)?.take(member.size + 1);
        reader.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
        if bytes.len() as u64 != member.size {
            return Err(Fault::refused(name, "its size is not the one that the archive says"));
        }
        Ok(bytes)
    }

    /// A metadata file as text, if there is one.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let Some(&member) = self.files.get(name) else { return Ok(None) };
        let bytes = self.bytes(name, member)?;
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| Fault::invalid(format!("file `{name}` is not UTF-8")))
    }
}

/// Reads the central directory once, as far as it may go, and keeps nothing of it.
fn check_directory(file: &fs::File) -> Result<(), Fault> {
    let bounded = Bounded::new(BufReader::new(file), MAX_DIRECTORY);
    match ZipArchive::new(bounded) {
        Err(zip::result::ZipError::Io(error)) if is_exceeded(&error) => {
            Err(Fault::refused("*", "its central directory is larger than that of a wheel can be"))
        }
        _ => Ok(()),
    }
}

/// The checked name of an entry that is a plain file or a directory.
fn name<'a, R: Read>(entry: &'a ZipFile<'_, R>) -> Result<&'a str, Fault> {
    let raw = entry.name_raw();
    let name = path::member(raw)?;
    if raw.contains(&b'\\') {
        return Err(Fault::refused(name, "its name holds a backslash"));
    }
    // The type's bits are empty where the archive was made on another system.
    match entry.unix_mode().unwrap_or(0) & 0o170_000 {
        0 | 0o040_000 | 0o100_000 => {}
        0o120_000 => return Err(Fault::refused(name, "it is a symbolic link, which wheels cannot hold")),
        _ => return Err(Fault::refused(name, "it is neither a file nor a directory")),
    }
    if entry.encrypted() {
        return Err(Fault::invalid(format!("member `{name}` is encrypted")));
    }
    match entry.compression() {
        CompressionMethod::Stored | CompressionMethod::Deflated => Ok(name),
        other => Err(Fault::invalid(format!("member `{name}` is compressed with {other:?}"))),
    }
}

fn broken(error: &zip::result::ZipError) -> Fault {
    match error {
        zip::result::ZipError::Io(error) if is_of_system(error) => unreadable("central directory", error),
        _ => Fault::invalid(format!("zip structure is broken: {error}")),
    }
}

//! What is on disk of a download.

use crate::{Downloaded, FetchError};
use envwright_store::{Digest, DigestWriter};
use fs_err::{File, OpenOptions};
use std::{
    io::{self, Write},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// A file that grows until it is whole. Only one process has it at a time.
pub(crate) struct Partial {
    path: PathBuf,
    writer: DigestWriter<File>,
    joined: bool,
}

/// What is there of a download.
pub(crate) enum Found {
    /// A part, which may be empty.
    Part(Partial),
    /// All of it, as another process finished it meanwhile.
    Whole(Downloaded),
}

impl Partial {
    /// Opens what an earlier attempt left of `into`, and hashes it. Waits while another process is at it; the kernel
    /// drops the lock with its process.
    pub(crate) fn open(into: &Path) -> Result<Found, FetchError> {
        let mut name = into.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        let failed = |error| FetchError::io(&path)(error);
        fs_err::create_dir_all(folder(into)).map_err(failed)?;
        loop {
            let mut file =
                OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
            file.file().lock().map_err(failed)?;
            // Whoever had it may have finished it: then the name is free again, or another's.
            if !is_at(&file, &path).map_err(failed)? {
                match whole(into)? {
                    Some(downloaded) => return Ok(Found::Whole(downloaded)),
                    None => continue,
                }
            }
            let mut hashed = DigestWriter::new(io::sink());
            let left = io::copy(&mut file, &mut hashed).map_err(failed)?;
            return Ok(Found::Part(Self { writer: hashed.replace(file), path, joined: left > 0 }));
        }
    }

    /// Starts anew, under the same lock.
    pub(crate) fn clear(&mut self) -> Result<(), FetchError> {
        self.writer.get_ref().set_len(0).map_err(FetchError::io(&self.path))?;
        self.writer.reset();
        self.joined = false;
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.writer.write_all(bytes).map_err(FetchError::io(&self.path))
    }

    /// Size in bytes until now.
    pub(crate) fn size(&self) -> u64 {
        self.writer.size()
    }

    /// Digest until now.
    pub(crate) fn digest(&self) -> Digest {
        self.writer.digest()
    }

    /// Whether its bytes come from more than one answer, which may be of different files.
    pub(crate) fn joined(&self) -> bool {
        self.joined
    }

    /// Another answer continues it.
    pub(crate) fn join(&mut self) {
        self.joined |= self.size() > 0;
    }

    /// Leaves the part for another attempt to continue; one without bytes is removed.
    pub(crate) fn leave(self) -> Result<(), FetchError> {
        if self.size() > 0 {
            return Ok(());
        }
        // Still locked: who waits for it sees that the name has gone, and makes a file of its own.
        fs_err::remove_file(&self.path).map_err(FetchError::io(&self.path))
    }

    /// Makes the file durable under its final name: the bytes first, then the name.
    pub(crate) fn finish(self, into: &Path) -> Result<Downloaded, FetchError> {
        let (file, sha256, size) = self.writer.finish();
        file.sync_all().map_err(FetchError::io(&self.path))?;
        fs_err::rename(&self.path, into).map_err(FetchError::io(into))?;
        let folder = folder(into);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(FetchError::io(folder))?;
        Ok(Downloaded { size, sha256 })
    }
}

/// Whether a name still leads to an open file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match fs_err::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that is whole, hashed.
pub(crate) fn whole(path: &Path) -> Result<Option<Downloaded>, FetchError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FetchError::io(path)(error)),
    };
    let mut hashed = DigestWriter::new(io::sink());
    io::copy(&mut file, &mut hashed).map_err(FetchError::io(path))?;
    let (_, sha256, size) = hashed.finish();
    Ok(Some(Downloaded { size, sha256 }))
}

/// The folder that holds a file; `.` for a bare name.
fn folder(of: &Path) -> &Path {
    of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(into: &Path) -> Partial {
        match Partial::open(into).unwrap() {
            Found::Part(part) => part,
            Found::Whole(_) => panic!("there is no whole file"),
        }
    }

    #[test]
    fn a_part_goes_on_where_it_ended_and_can_start_anew() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("a");
        part(&into).write(b"ab").unwrap();
        let mut again = part(&into);
        assert_eq!((again.size(), again.joined()), (2, true));
        again.write(b"c").unwrap();
        assert_eq!(again.digest(), Digest::of(b"abc"));
        again.clear().unwrap();
        again.write(b"x").unwrap();
        assert_eq!(again.finish(&into).unwrap(), Downloaded { size: 1, sha256: Digest::of(b"x") });
        assert_eq!(fs_err::read(&into).unwrap(), b"x");
    }

    #[test]
    fn who_waits_gets_what_another_finished() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("a");
        let mut first = part(&into);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| Partial::open(&into).map(|found| matches!(found, Found::Whole(_))));
            first.write(b"all").unwrap();
            first.finish(&into).unwrap();
            // Either it waited, or it came after the end and has a part of its own.
            let waited = second.join().unwrap().unwrap();
            assert!(waited || into.with_extension("partial").exists());
        });
        assert_eq!(fs_err::read(&into).unwrap(), b"all");
    }

    #[test]
    fn a_bare_name_lies_in_the_working_folder() {
        assert_eq!(folder(Path::new("file")), Path::new("."));
        assert_eq!(folder(Path::new("a/file")), Path::new("a"));
    }
}

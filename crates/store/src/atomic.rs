//! Durable writes: a reader sees the whole file or none of it.

use crate::StoreError;
use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// A file that appears at its path only when [`AtomicFile::commit`] is called; dropped before, it is removed.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl AtomicFile {
    /// Starts a file beside `path`; missing folders are made.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let dir = parent(path);
        create_folder(dir)?;
        let file = tempfile::Builder::new()
            .prefix(".tmp-")
            // As any file that a program makes: the umask says who may read it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(dir)
            .map_err(StoreError::io("write in", dir))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Flushes to the disk, then renames over whatever stood at the path.
    pub fn commit(self) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.commit_to(&path)
    }

    /// Like [`AtomicFile::commit`], under another name of the same file system, such as the digest of what was written.
    pub fn commit_to(self, path: &Path) -> Result<(), StoreError> {
        let Self { file, .. } = self;
        file.as_file().sync_all().map_err(StoreError::io("write", path))?;
        file.persist(path).map_err(|error| StoreError::io("write", path)(error.error))?;
        flush(parent(path))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file durably: temporary file in the same folder, fsync, rename, fsync of the folder.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(StoreError::io("write", path))?;
    file.commit()
}

/// Makes a folder durably, with the folders above it that are missing; one that is there is left as it is.
pub fn create_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    if above != path {
        create_folder(above)?;
    }
    match fs_err::create_dir(path) {
        Ok(()) => flush(above),
        // Made by another process meanwhile.
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(StoreError::io("make the folder", path)(error)),
    }
}

/// Brings the names in a folder to disk.
fn flush(folder: &Path) -> Result<(), StoreError> {
    let flushed = fs_err::File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(StoreError::io("flush", folder))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_leaves_nothing_and_the_old_one_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        write_atomic(&path, b"old").unwrap();
        AtomicFile::create(&path).unwrap().write_all(b"half").unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"old");
        assert_eq!(fs_err::read_dir(dir.path().join("a")).unwrap().count(), 1);
        write_atomic(&path, b"new").unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), b"new");
    }

    #[test]
    fn a_folder_is_made_with_those_above_it_and_never_in_the_place_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b/c");
        create_folder(&folder).unwrap();
        create_folder(&folder).unwrap();
        assert!(folder.is_dir());
        fs_err::write(folder.join("file"), "").unwrap();
        let error = create_folder(&folder.join("file/d")).unwrap_err();
        assert!(matches!(error, StoreError::Io { path, .. } if path == folder.join("file")));
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_can_be_named_by_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = AtomicFile::create(&dir.path().join("first")).unwrap();
        file.write_all(b"bytes").unwrap();
        file.commit_to(&dir.path().join("second")).unwrap();
        assert_eq!(names(dir.path()), ["second"]);
        assert_eq!(fs_err::read(dir.path().join("second")).unwrap(), b"bytes");
    }

    #[test]
    fn a_name_that_cannot_be_given_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::create_dir_all(dir.path().join("folder/full")).unwrap();
        for path in ["none/file", "folder"] {
            let file = AtomicFile::create(&dir.path().join("first")).unwrap();
            let error = file.commit_to(&dir.path().join(path)).unwrap_err();
            assert!(matches!(error, StoreError::Io { action: "write", .. }), "{error}");
        }
        assert_eq!(names(dir.path()), ["folder"]);
    }

    /// A reader beside many writers sees one of their files, whole.
    #[test]
    fn a_reader_never_sees_half_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let text = |letter: u8| vec![letter; 100_000];
        write_atomic(&path, &text(b'a')).unwrap();
        std::thread::scope(|scope| {
            let writers: Vec<_> = (b'a'..b'e')
                .map(|letter| (letter, &path))
                .map(|(letter, path)| scope.spawn(move || write_atomic(path, &text(letter)).unwrap()))
                .collect();
            let look = || {
                let seen = fs_err::read(&path).unwrap();
                assert_eq!(seen, text(seen[0]));
            };
            while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                look();
            }
            look();
        });
        assert_eq!(names(dir.path()), ["file"]);
    }

    /// As with any file that a program makes: what is exported is for others to read.
    #[test]
    fn a_file_is_as_readable_as_others() {
        let dir = tempfile::tempdir().unwrap();
        let (durable, plain) = (dir.path().join("durable"), dir.path().join("plain"));
        write_atomic(&durable, b"").unwrap();
        fs_err::write(&plain, b"").unwrap();
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&durable), mode(&plain));
    }
}

//! Durable writes: a reader sees the whole file or none of it.

use crate::StoreError;
use std::{
    io::{self, Write},
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
        fs_err::create_dir_all(dir).map_err(StoreError::io("make the folder", dir))?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tmp-");
        // Who may read it is the umask's to say, as for any file; alone, a temporary file would be its owner's only.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(dir).map_err(StoreError::io("write in", dir))?;
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
        let dir = parent(path);
        fs_err::File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io("flush", dir))
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

fn parent(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_mode_that_any_new_file_has() {
        use std::os::unix::fs::MetadataExt as _;
        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs_err::metadata(dir.path().join(name)).unwrap().mode();
        fs_err::write(dir.path().join("usual"), b"").unwrap();
        write_atomic(&dir.path().join("atomic"), b"").unwrap();
        assert_eq!(mode("atomic"), mode("usual"));
    }

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
}

//! Unpacked packages, each in a folder of its own, by key.

use crate::{Digest, Home, StoreError, create_folder, home};
use fs_err as fs;
use std::{
    io,
    path::{Path, PathBuf},
};

/// The unpacked packages of a home: a folder each, called as its key. Files of them may have other names outside.
#[derive(Debug, Clone)]
pub struct Unpacked {
    dir: PathBuf,
}

impl Unpacked {
    /// The unpacked packages of `home`.
    pub fn new(home: &Home) -> Self {
        Self { dir: home.unpacked() }
    }

    /// The folder of a key. It may not be there.
    pub fn folder(&self, key: &Digest) -> PathBuf {
        self.dir.join(key.hex())
    }

    /// What `read` finds in the folder of a key. Where that is nothing, `unpack` fills an empty folder that takes its
    /// place. A kernel lock on the key lets one of several in; the others wait and take what it made.
    pub fn put<T, E: From<StoreError>>(
        &self,
        key: &Digest,
        read: impl Fn(&Path) -> Result<Option<T>, E>,
        unpack: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<T, E> {
        let folder = self.folder(key);
        let _guard = home::lock(&self.dir.join("locks").join(key.hex()))?;
        if let Some(found) = read(&folder)? {
            return Ok(found);
        }
        create_folder(&self.dir)?;
        let fresh = tempfile::Builder::new().prefix(".tmp-").tempdir_in(&self.dir);
        let fresh = fresh.map_err(StoreError::io("write in", &self.dir))?;
        unpack(fresh.path())?;
        match fs::remove_dir_all(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("remove", &folder)(error).into()),
        }
        fs::rename(fresh.keep(), &folder).map_err(StoreError::io("write", &folder))?;
        let lost = || StoreError::io("read", &folder)(io::Error::other("its files changed meanwhile"));
        Ok(read(&folder)?.ok_or_else(lost)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_unpacked_once_and_again_where_it_is_not_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let unpacked = Unpacked::new(&Home::open(Some(dir.path())).unwrap());
        let key = Digest::of(b"key");
        let read = |folder: &Path| {
            Ok::<_, StoreError>(fs::read_to_string(folder.join("file")).ok().filter(|text| text == "whole"))
        };
        let mut times = 0;
        let mut put = || {
            let unpack = |folder: &Path| {
                times += 1;
                fs::write(folder.join("file"), "whole").map_err(StoreError::io("write", folder))
            };
            unpacked.put(&key, read, unpack).unwrap()
        };
        assert_eq!((put(), put()), ("whole".to_owned(), "whole".to_owned()));
        fs::write(unpacked.folder(&key).join("file"), "half").unwrap();
        assert_eq!((put(), times), ("whole".to_owned(), 2));
    }

    #[test]
    fn what_cannot_be_unpacked_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        let unpacked = Unpacked::new(&home);
        let fails = |folder: &Path| {
            fs::write(folder.join("file"), "half").unwrap();
            Err(StoreError::io("write", folder)(io::Error::other("full")))
        };
        unpacked.put(&Digest::of(b"key"), |_| Ok(None::<()>), fails).unwrap_err();
        let left = fs::read_dir(home.unpacked()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["locks"]);
    }
}

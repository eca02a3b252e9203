//! Packed segments, each once, by key.

use crate::{AtomicFile, Digest, Home, SegmentIndex, StoreError, home, write_atomic};
use fs_err as fs;
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// The segments of a home: `<key>.seg` with its `<key>.json` beside it, written in this order.
#[derive(Debug, Clone)]
pub struct Segments {
    dir: PathBuf,
}

impl Segments {
    /// The segments of `home`.
    pub fn new(home: &Home) -> Self {
        Self { dir: home.segments() }
    }

    /// The compressed bytes' file and their index. One whose size is not the index's, or whose index cannot
    /// be read, is set aside as `<key>.broken` and counts as absent.
    pub fn get(&self, key: &Digest) -> Option<(PathBuf, SegmentIndex)> {
        let (file, index_file) = (self.path(key, "seg"), self.path(key, "json"));
        let text = fs::read(&index_file).ok()?;
        let index: Option<SegmentIndex> = serde_json::from_slice(&text).ok();
        let size = fs::metadata(&file).ok().map(|metadata| metadata.len());
        match index {
            Some(index) if size == Some(index.compressed_size) => Some((file, index)),
            _ => {
                self.set_aside(key);
                None
            }
        }
    }

    /// Makes a segment count as absent: its bytes stay as `<key>.broken`, for whoever looks for the reason.
    pub fn set_aside(&self, key: &Digest) {
        // A failure here only means that the next `put` replaces them.
        let _ = fs::remove_file(self.path(key, "json"));
        let _ = fs::rename(self.path(key, "seg"), self.path(key, "broken"));
    }

    /// Whether a segment is there, without reading it.
    pub fn has(&self, key: &Digest) -> bool {
        self.path(key, "json").is_file() && self.path(key, "seg").is_file()
    }

    /// The segment with this key, packed by `pack` when it is not there. A kernel lock on the key lets one
    /// packer in; the others wait and take what it made.
    pub fn put<E: From<StoreError>>(
        &self,
        key: &Digest,
        pack: impl FnOnce(&mut dyn Write) -> Result<SegmentIndex, E>,
    ) -> Result<(PathBuf, SegmentIndex), E> {
        let _guard = home::lock(&self.dir.join("locks").join(key.hex()))?;
        if let Some(found) = self.get(key) {
            return Ok(found);
        }
        let path = self.path(key, "seg");
        let mut file = AtomicFile::create(&path)?;
        let index = pack(&mut file)?;
        file.commit()?;
        let index_path = self.path(key, "json");
        let text = serde_json::to_vec(&index).map_err(io::Error::from);
        write_atomic(&index_path, &text.map_err(StoreError::io("write", &index_path))?)?;
        Ok((path, index))
    }

    fn path(&self, key: &Digest, extension: &str) -> PathBuf {
        self.dir.join(format!("{}.{extension}", key.hex()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::BTreeMap,
        sync::atomic::{AtomicU32, Ordering},
    };

    #[expect(clippy::unnecessary_wraps, reason = "packers may fail")]
    fn pack(out: &mut dyn Write) -> Result<SegmentIndex, StoreError> {
        out.write_all(b"bytes").unwrap();
        Ok(SegmentIndex {
            entries: Vec::new(),
            directories: Vec::new(),
            compressed_size: 5,
            compressed_digest: Digest::of(b"bytes"),
            uncompressed_size: 5,
            metadata: BTreeMap::new(),
        })
    }

    #[test]
    fn a_segment_is_packed_once_by_many_threads() {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::new(&Home::open(Some(dir.path())).unwrap());
        let (key, packed) = (Digest::of(b"key"), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let counted = |out: &mut dyn Write| {
                        packed.fetch_add(1, Ordering::SeqCst);
                        pack(out)
                    };
                    segments.put(&key, counted).unwrap();
                });
            }
        });
        assert_eq!(packed.into_inner(), 1);
        assert_eq!(fs::read(segments.get(&key).unwrap().0).unwrap(), b"bytes");
    }

    #[test]
    fn a_truncated_segment_is_set_aside_and_packed_again() {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::new(&Home::open(Some(dir.path())).unwrap());
        let key = Digest::of(b"key");
        let (path, _) = segments.put(&key, pack).unwrap();
        fs::write(&path, b"by").unwrap();
        assert!(segments.get(&key).is_none());
        assert_eq!(fs::read(path.with_extension("broken")).unwrap(), b"by");
        assert!(segments.put(&key, pack).is_ok());
        assert!(segments.get(&key).is_some());
    }

    /// As if the process had been killed between the two files, or before either.
    #[test]
    fn what_a_killed_packer_left_is_no_segment() {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::new(&Home::open(Some(dir.path())).unwrap());
        let key = Digest::of(b"key");
        fs::create_dir_all(&segments.dir).unwrap();
        fs::write(segments.path(&key, "seg"), b"half").unwrap();
        fs::write(segments.dir.join(".tmp-1"), b"ha").unwrap();
        assert!(segments.get(&key).is_none() && !segments.has(&key));
        let (path, _) = segments.put(&key, pack).unwrap();
        assert_eq!(fs::read(path).unwrap(), b"bytes");
        assert!(segments.has(&key));
    }

    #[test]
    fn a_damaged_index_is_set_aside_with_its_segment() {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::new(&Home::open(Some(dir.path())).unwrap());
        let key = Digest::of(b"key");
        for damage in ["", "{", "{}", "[]"] {
            segments.put(&key, pack).unwrap();
            fs::write(segments.path(&key, "json"), damage).unwrap();
            assert!(segments.get(&key).is_none(), "{damage}");
            assert!(!segments.has(&key), "{damage}");
            assert!(segments.path(&key, "broken").exists());
        }
    }

    #[test]
    fn keys_do_not_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::new(&Home::open(Some(dir.path())).unwrap());
        let inner = |out: &mut dyn Write| {
            segments.put(&Digest::of(b"inner"), pack)?;
            pack(out)
        };
        segments.put(&Digest::of(b"outer"), inner).unwrap();
        assert!(segments.has(&Digest::of(b"inner")) && segments.has(&Digest::of(b"outer")));
    }

    #[test]
    fn a_packer_that_fails_leaves_no_segment() {
        let dir = tempfile::tempdir().unwrap();
        let segments = Segments::new(&Home::open(Some(dir.path())).unwrap());
        let key = Digest::of(b"key");
        assert!(segments.put(&key, |_| Err(StoreError::NoHome)).is_err());
        assert!(segments.get(&key).is_none());
        assert!(!segments.path(&key, "seg").exists());
    }
}

//! How much memory the view of an image's files takes.

use envwright_archive::ArchiveError;
use std::{collections::HashSet, hash::BuildHasher as _, hash::RandomState};

/// Bytes that a path takes besides its text, about.
const PATH: u64 = 256;
/// Most bytes of paths and kept contents, of one layer and of an image: enough for most of a million files, and for
/// twice as many.
const OF_LAYER: u64 = 256 << 20;
const OF_IMAGE: u64 = 2 * OF_LAYER;

/// What was taken, and how much there is.
pub(crate) struct Taken {
    bytes: u64,
    most: u64,
    /// Hashes of the folders that were counted. They cannot be foreseen.
    folders: HashSet<u64>,
    hasher: RandomState,
}

impl Taken {
    pub(crate) fn of_layer() -> Self {
        Self { bytes: 0, most: OF_LAYER, folders: HashSet::new(), hasher: RandomState::new() }
    }

    pub(crate) fn of_image() -> Self {
        Self { most: OF_IMAGE, ..Self::of_layer() }
    }

    /// Counts a member whose content takes so many bytes, and the folders above it: each of them is an entry, too.
    pub(crate) fn add(&mut self, path: &str, content: u64) -> Result<(), ArchiveError> {
        self.bytes += PATH + path.len() as u64 + content;
        let mut above = path;
        while let Some((folder, _)) = above.rsplit_once('/') {
            if !self.folders.insert(self.hasher.hash_one(folder)) {
                break;
            }
            self.bytes += PATH + folder.len() as u64;
            above = folder;
        }
        if self.bytes > self.most {
            let reason = "there are more members before it than can be kept in memory";
            return Err(ArchiveError::member(path.as_bytes(), reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_counted_once() {
        let mut taken = Taken::of_layer();
        taken.add("a/b/c", 7).unwrap();
        assert_eq!(taken.bytes, 3 * PATH + 5 + 7 + 3 + 1);
        taken.add("a/b/d", 0).unwrap();
        assert_eq!(taken.bytes, 4 * PATH + 2 * 5 + 7 + 3 + 1);
    }

    #[test]
    fn deep_folders_are_refused_before_memory_ends() {
        let mut taken = Taken::of_layer();
        let deep = |number: u32| format!("{number}/{}", "folder/".repeat(250));
        let refused = (0..10_000).find(|number| taken.add(&deep(*number), 0).is_err());
        assert!(refused.is_some_and(|number| number < 2000), "{refused:?}");
    }
}

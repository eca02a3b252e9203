//! What images move to a registry that has those before them.

use std::collections::BTreeSet;

/// Something that is moved once to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    /// Blobs with the same key have the same bytes.
    pub(super) key: String,
    /// Bytes.
    pub(super) size: u64,
}

/// An image that envwright built.
pub(super) struct Image {
    pub(super) wheel_layers: Vec<Blob>,
    /// Layers of Debian packages and of what belongs to no package.
    pub(super) other_layers: Vec<Blob>,
    /// Its wheels as segments.
    pub(super) wheels: Vec<Blob>,
}

/// What a series of images cost.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Traffic {
    /// Bytes that each image moved.
    pub(super) moved: Vec<u64>,
    /// Most layers that an image has.
    pub(super) layers: usize,
    /// Blobs in the registry.
    pub(super) blobs: usize,
}

impl Traffic {
    /// Of images that are pushed one after another to a registry that is empty at first and forgets nothing.
    pub(super) fn of(images: &[Vec<Blob>]) -> Self {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let mut moved = Vec::new();
        for layers in images {
            let fresh = layers.iter().filter(|layer| known.insert(&layer.key));
            moved.push(fresh.map(|layer| layer.size).sum());
        }
        let layers = images.iter().map(Vec::len).max().unwrap_or_default();
        Self { moved, layers, blobs: known.len() }
    }

    /// Bytes moved by all, which is what is kept.
    pub(super) fn total(&self) -> u64 {
        self.moved.iter().sum()
    }

    /// Bytes moved by all but the first.
    pub(super) fn later(&self) -> u64 {
        self.moved.iter().skip(1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_moves_once() {
        let blob = |key: &str, size| Blob { key: key.to_owned(), size };
        let images = [vec![blob("a", 5), blob("b", 7)], vec![blob("b", 7)], vec![blob("a", 5), blob("c", 1)]];
        let traffic = Traffic::of(&images);
        assert_eq!(traffic, Traffic { moved: vec![12, 0, 1], layers: 2, blobs: 3 });
        assert_eq!((traffic.total(), traffic.later()), (13, 1));
    }
}

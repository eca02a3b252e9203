//! Where the blobs of a layout that are not in it can be had.

use crate::{
    ImageError, ImageReference, Layout,
    layout::{descriptor, descriptors},
};
use envwright_store::{Digest, write_atomic};
use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
};

/// Blobs with their sizes in bytes, by an image of a registry that has them.
pub type Origins = BTreeMap<ImageReference, Vec<(Digest, u64)>>;

impl Layout {
    /// Notes of the layers of an image that are not here that a registry has them.
    pub fn note_origin(&self, image: &Digest, from: &ImageReference) -> Result<(), ImageError> {
        let name = from.full();
        for blob in self.blobs(image)?.into_iter().filter(|blob| !self.has(blob)) {
            let path = self.origin_path(&blob);
            if fs_err::read(&path).ok().as_deref() != Some(name.as_bytes()) {
                write_atomic(&path, name.as_bytes())?;
            }
        }
        Ok(())
    }

    /// The blobs of an image that are not here, and where they can be had. An error where one of them cannot.
    pub fn absent(&self, image: &Digest) -> Result<Origins, ImageError> {
        let value = self.json(image)?;
        let mut absent = Origins::new();
        for (manifest, _) in descriptors(&value, "manifests") {
            for (origin, blobs) in self.absent(&manifest)? {
                absent.entry(origin).or_default().extend(blobs);
            }
        }
        if value.get("manifests").is_some() {
            return Ok(absent);
        }
        let (config, _) = descriptor(&value["config"]).ok_or(ImageError::Missing(*image))?;
        self.json(&config)?;
        for (layer, size) in descriptors(&value, "layers") {
            if !self.has_whole(&layer, size) {
                let origin = self.origin(&layer).ok_or(ImageError::Missing(layer))?;
                absent.entry(origin).or_default().push((layer, size));
            }
        }
        for blobs in absent.values_mut() {
            blobs.sort_unstable();
            blobs.dedup();
        }
        Ok(absent)
    }

    /// Whether the manifest and the configuration of an image of one platform are here.
    pub fn describes(&self, image: &Digest) -> bool {
        let config = self.json(image).ok().and_then(|value| descriptor(&value["config"]));
        config.is_some_and(|(config, _)| self.json(&config).is_ok())
    }

    /// The image of a registry that has a blob, where that was noted.
    pub(crate) fn origin(&self, blob: &Digest) -> Option<ImageReference> {
        fs_err::read_to_string(self.origin_path(blob)).ok()?.parse().ok()
    }

    /// Forgets where blobs are that nothing needs; gives the bytes freed.
    pub(crate) fn forget_origins(&self, needed: &HashSet<String>) -> Result<u64, ImageError> {
        let folder = self.path().join("origins");
        if !folder.is_dir() {
            return Ok(0);
        }
        let mut freed = 0;
        for note in fs_err::read_dir(&folder).map_err(ImageError::io(&folder))? {
            let note = note.map_err(ImageError::io(&folder))?;
            if !needed.contains(note.file_name().to_string_lossy().as_ref()) {
                freed += note.metadata().map_or(0, |file| file.len());
                fs_err::remove_file(note.path()).map_err(ImageError::io(&folder))?;
            }
        }
        Ok(freed)
    }

    fn origin_path(&self, blob: &Digest) -> PathBuf {
        self.path().join("origins").join(blob.hex())
    }
}

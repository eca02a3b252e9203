//! An OCI image layout (OCI image specification, image-layout.md).

use crate::{ImageError, ImageReference};
use envwright_store::{AtomicFile, Digest, StoreError, canonical_json, create_folder, write_atomic};
use fs_err::{self as fs, File};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Most bytes of a manifest, an index or a configuration. Registries take manifests of 4 MiB (OCI distribution
/// specification, "Pushing Manifests"); real configurations are far smaller.
pub(crate) const MAX_JSON: u64 = 16 << 20;
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// A folder with blobs by digest and an index of named images.
#[derive(Debug, Clone)]
pub struct Layout {
    path: PathBuf,
}

/// A named image of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Digest of its manifest or index.
    pub digest: Digest,
    /// Sum of the sizes of its layers in bytes, over all platforms.
    pub size: u64,
}

impl Layout {
    /// Opens one that is there.
    pub fn open(path: &Path) -> Result<Self, ImageError> {
        let text = fs::read(path.join("oci-layout")).map_err(ImageError::io(path))?;
        let version: Option<Value> = serde_json::from_slice(&text).ok();
        match version.as_ref().and_then(|value| value.get("imageLayoutVersion")).and_then(Value::as_str) {
            Some(version) if version.starts_with("1.") => Ok(Self { path: path.to_owned() }),
            _ => Err(ImageError::Base {
                base: path.display().to_string(),
                reason: "it is no OCI image layout".to_owned(),
            }),
        }
    }

    /// Opens one, or makes it in a folder that is empty or not there.
    pub fn create(path: &Path) -> Result<Self, ImageError> {
        Self::is_free(path)?;
        if path.join("oci-layout").exists() {
            return Self::open(path);
        }
        create_folder(&path.join("blobs/sha256"))?;
        let layout = Self { path: path.to_owned() };
        // Another process may be at it: what it has named by now stays.
        let _guard = layout.lock()?;
        if !path.join("index.json").exists() {
            layout.write_index(&[])?;
        }
        write_atomic(&path.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(layout)
    }

    /// Whether a folder is one already, or holds nothing that one would be mixed with.
    pub fn is_free(path: &Path) -> Result<(), ImageError> {
        if path.join("oci-layout").exists() {
            return Self::open(path).map(drop);
        }
        if fs::read_dir(path).is_ok_and(|folder| folder.flatten().any(|entry| is_foreign(&entry))) {
            return Err(ImageError::Output {
                path: path.to_owned(),
                reason: "The folder holds other things.".to_owned(),
            });
        }
        Ok(())
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a blob is, or would be.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.path.join("blobs/sha256").join(digest.hex())
    }

    /// Whether a blob is there.
    pub fn has(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Keeps some bytes.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, ImageError> {
        let digest = Digest::of(bytes);
        if !self.has(&digest) {
            let mut file = AtomicFile::create(&self.blob_path(&digest))?;
            file.write_all(bytes).map_err(ImageError::io(&self.path))?;
            file.commit()?;
        }
        Ok(digest)
    }

    /// The JSON of a blob; one with other bytes than its digest says, or with too many, counts as missing.
    pub fn json(&self, digest: &Digest) -> Result<Value, ImageError> {
        let path = self.blob_path(digest);
        let file = File::open(&path).map_err(absent(*digest, &path))?;
        let mut bytes = Vec::new();
        file.take(MAX_JSON + 1).read_to_end(&mut bytes).map_err(ImageError::io(&path))?;
        if bytes.len() as u64 > MAX_JSON || Digest::of(&bytes) != *digest {
            return Err(ImageError::Missing(*digest));
        }
        serde_json::from_slice(&bytes).map_err(|_| ImageError::Missing(*digest))
    }

    /// Whether a manifest or index and all that it names is there.
    pub fn is_whole(&self, digest: &Digest) -> bool {
        let Ok(value) = self.json(digest) else { return false };
        let manifests = descriptors(&value, "manifests");
        if !manifests.is_empty() {
            return manifests.iter().all(|(digest, _)| self.is_whole(digest));
        }
        let config = descriptor(&value["config"]);
        let blobs = descriptors(&value, "layers").into_iter().chain(config);
        let mut blobs = blobs.peekable();
        blobs.peek().is_some() && blobs.all(|(digest, size)| self.has_whole(&digest, size))
    }

    /// Whether a blob of this size in bytes is there.
    pub(crate) fn has_whole(&self, digest: &Digest, size: u64) -> bool {
        fs::metadata(self.blob_path(digest)).is_ok_and(|file| file.len() == size)
    }

    /// Names an image; the name leaves the image that had it.
    pub fn tag(&self, name: &ImageReference, digest: &Digest) -> Result<(), ImageError> {
        self.name(&name.to_string(), name, digest)
    }

    /// Like [`Layout::tag`], with the given text as the name inside the layout.
    pub(crate) fn name(&self, text: &str, name: &ImageReference, digest: &Digest) -> Result<(), ImageError> {
        let path = self.blob_path(digest);
        let size = fs::metadata(&path).map_err(absent(*digest, &path))?.len();
        let value = self.json(digest)?;
        let kind = media_type(&value);
        let entry = json!({
            "mediaType": kind,
            "digest": digest,
            "size": size,
            "annotations": {REF_NAME: text, CONTAINERD_NAME: name.full()},
        });
        let _guard = self.lock()?;
        let mut entries = self.entries()?;
        if entries.contains(&entry) {
            return Ok(());
        }
        entries.retain(|known| known["annotations"][REF_NAME] != text);
        entries.push(entry);
        entries.sort_by_key(|entry| entry["annotations"][REF_NAME].to_string());
        self.write_index(&entries)
    }

    /// The digest of a named image.
    pub fn resolve(&self, name: &str) -> Result<Option<Digest>, ImageError> {
        Ok(self.list()?.into_iter().find(|named| named.name == name).map(|named| named.digest))
    }

    /// All named images, by name.
    pub fn list(&self) -> Result<Vec<Named>, ImageError> {
        let named = |entry: &Value| {
            let (digest, _) = descriptor(entry)?;
            let name = entry["annotations"][REF_NAME].as_str()?.to_owned();
            Some(Named { name, digest, size: self.size(&digest) })
        };
        Ok(self.entries()?.iter().filter_map(named).collect())
    }

    fn size(&self, digest: &Digest) -> u64 {
        let Ok(value) = self.json(digest) else { return 0 };
        let manifests = descriptors(&value, "manifests").into_iter().map(|(digest, _)| self.size(&digest));
        let layers = descriptors(&value, "layers").into_iter().map(|(_, size)| size);
        manifests.chain(layers).sum()
    }

    /// Takes a name away; says whether it was there.
    pub fn remove(&self, name: &str) -> Result<bool, ImageError> {
        let _guard = self.lock()?;
        let mut entries = self.entries()?;
        let before = entries.len();
        entries.retain(|entry| entry["annotations"][REF_NAME] != name);
        let removed = entries.len() < before;
        if removed {
            self.write_index(&entries)?;
        }
        Ok(removed)
    }

    /// Removes the blobs that no named image needs; gives the bytes freed.
    pub fn collect(&self) -> Result<u64, ImageError> {
        let _guard = self.lock()?;
        let mut needed = HashSet::new();
        for entry in self.entries()? {
            if let Some((digest, _)) = descriptor(&entry) {
                self.reach(&digest, &mut needed)?;
            }
        }
        let folder = self.path.join("blobs/sha256");
        let mut freed = self.forget_origins(&needed)?;
        for blob in fs::read_dir(&folder).map_err(ImageError::io(&folder))? {
            let blob = blob.map_err(ImageError::io(&folder))?;
            if !needed.contains(blob.file_name().to_string_lossy().as_ref()) {
                freed += blob.metadata().map_or(0, |file| file.len());
                fs::remove_file(blob.path()).map_err(ImageError::io(&folder))?;
            }
        }
        Ok(freed)
    }

    /// The layers and configurations that an image needs; none of a manifest that is not there.
    pub fn blobs(&self, digest: &Digest) -> Result<Vec<Digest>, ImageError> {
        let Some(value) = self.known(digest)? else { return Ok(Vec::new()) };
        let mut blobs = Vec::new();
        for (inner, _) in descriptors(&value, "manifests") {
            blobs.extend(self.blobs(&inner)?);
        }
        let own = descriptors(&value, "layers").into_iter().chain(descriptor(&value["config"]));
        blobs.extend(own.map(|(blob, _)| blob));
        Ok(blobs)
    }

    fn reach(&self, digest: &Digest, needed: &mut HashSet<String>) -> Result<(), ImageError> {
        if !needed.insert(digest.hex()) {
            return Ok(());
        }
        let Some(value) = self.known(digest)? else { return Ok(()) };
        for (manifest, _) in descriptors(&value, "manifests") {
            self.reach(&manifest, needed)?;
        }
        let blobs = descriptors(&value, "layers").into_iter().chain(descriptor(&value["config"]));
        needed.extend(blobs.map(|(digest, _)| digest.hex()));
        Ok(())
    }

    /// The JSON of a blob where it is there. One that only cannot be read now is none that is not there: what it names
    /// would be taken for unneeded.
    pub(crate) fn known(&self, digest: &Digest) -> Result<Option<Value>, ImageError> {
        match self.json(digest) {
            Ok(value) => Ok(Some(value)),
            Err(ImageError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Copies a blob from a file or stream, checked.
    pub(crate) fn copy_in(&self, digest: &Digest, from: &mut dyn io::Read) -> Result<(), ImageError> {
        if self.has(digest) {
            return Ok(());
        }
        let mut out = envwright_store::DigestWriter::new(AtomicFile::create(&self.blob_path(digest))?);
        io::copy(from, &mut out).map_err(ImageError::io(&self.path))?;
        let (file, got, _) = out.finish();
        if got != *digest {
            return Err(ImageError::Missing(*digest));
        }
        Ok(file.commit()?)
    }

    /// Copies an image with all that it needs from another layout.
    pub(crate) fn copy_image(&self, from: &Self, digest: &Digest) -> Result<(), ImageError> {
        let mut needed = HashSet::new();
        from.reach(digest, &mut needed)?;
        for hex in needed {
            let Ok(digest) = hex.parse::<Digest>() else { continue };
            let path = from.blob_path(&digest);
            let mut file = File::open(&path).map_err(absent(digest, &path))?;
            self.copy_in(&digest, &mut file)?;
        }
        Ok(())
    }

    /// Whoever writes the index, or removes what it does not name, must have read it: an empty list that stands for
    /// an index that cannot be read would lose every image.
    pub(crate) fn entries(&self) -> Result<Vec<Value>, ImageError> {
        let path = self.path.join("index.json");
        let text = fs::read(&path).map_err(ImageError::io(&path))?;
        let index: Value =
            serde_json::from_slice(&text).map_err(|error| ImageError::io(&path)(error.into()))?;
        Ok(index["manifests"].as_array().cloned().unwrap_or_default())
    }

    fn write_index(&self, entries: &[Value]) -> Result<(), ImageError> {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        Ok(write_atomic(&self.path.join("index.json"), &canonical_json(&index))?)
    }

    /// A kernel lock: one writer of the index at a time.
    fn lock(&self) -> Result<File, ImageError> {
        let path = self.path.join("blobs/.lock");
        let file =
            fs::OpenOptions::new().create(true).append(true).open(&path).map_err(ImageError::io(&path))?;
        file.file().lock().map_err(ImageError::io(&path))?;
        Ok(file)
    }
}

/// What it means that a blob cannot be opened: it is not there, or the system does not let it be read.
pub(crate) fn absent(digest: Digest, path: &Path) -> impl FnOnce(io::Error) -> ImageError {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => ImageError::Missing(digest),
        _ => ImageError::io(path)(error),
    }
}

/// Whether something is no part of a layout, finished or begun.
fn is_foreign(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    !["blobs", "index.json", "oci-layout"].contains(&name.as_ref()) && !name.starts_with(".tmp-")
}

/// What a manifest or index says that it is. An OCI one need not say it.
pub(crate) fn media_type(value: &Value) -> &str {
    let of_members = if value.get("manifests").is_some() { INDEX } else { MANIFEST };
    value["mediaType"].as_str().unwrap_or(of_members)
}

/// Digest and size of a descriptor.
pub(crate) fn descriptor(value: &Value) -> Option<(Digest, u64)> {
    Some((value["digest"].as_str()?.parse().ok()?, value["size"].as_u64()?))
}

pub(crate) fn descriptors(value: &Value, member: &str) -> Vec<(Digest, u64)> {
    value[member].as_array().into_iter().flatten().filter_map(descriptor).collect()
}

/// Writes an image to a layout that other tools read, next to what is there.
pub fn export_oci_layout(
    from: &Layout,
    digest: &Digest,
    name: &ImageReference,
    folder: &Path,
) -> Result<(), ImageError> {
    let to = Layout::create(folder)?;
    to.copy_image(from, digest)?;
    to.name(name.tag(), name, digest)
}

impl From<ImageError> for io::Error {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Io { source, .. } | ImageError::Store(StoreError::Io { source, .. }) => source,
            other => io::Error::other(other.to_string()),
        }
    }
}

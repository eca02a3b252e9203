//! What package layers are put on: an image from a layout or an archive, or nothing.

use crate::{
    ImageError, Layout, RemoteImage,
    layer_index::{LayerIndex, LayerIndexes},
    layout::{MAX_JSON, descriptor},
    path,
    plan::MOST_LAYERS,
    taken::Taken,
};
use envwright_archive::{ArchiveError, Kind, TarReader};
use envwright_store::{Digest, DigestWriter, is_of_system};
use envwright_target::{Files, MapFiles, Platform, PlatformError};
use fs_err::File;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// Most members that an archive of an image may have: each layer and each configuration is a few.
const MOST_MEMBERS: usize = 10_000;
/// Most manifests and indexes that are looked at to find the one of a platform, and how deep indexes may stand in
/// another (in practice one in the layout's own).
const MOST_MANIFESTS: usize = 1000;
const DEEPEST_INDEX: usize = 8;

/// A base image, read once: its layers stay where they are, its files are known.
#[derive(Debug, Clone)]
pub struct Base {
    digest: Option<Digest>,
    config: Value,
    layers: Vec<BaseLayer>,
    diff_ids: Vec<Digest>,
    files: MapFiles,
    /// Its layers are in a registry, where they can be had when they are wanted.
    remote: bool,
}

/// A layer of a base.
#[derive(Debug, Clone)]
pub struct BaseLayer {
    /// Digest of its bytes as they are kept.
    pub digest: Digest,
    /// Size of these in bytes.
    pub size: u64,
    /// Media type.
    pub media_type: String,
    place: Place,
}

/// Where bytes are: a part of a file.
#[derive(Debug, Clone)]
struct Place {
    file: PathBuf,
    start: u64,
    size: u64,
}

impl Place {
    fn whole(file: PathBuf, size: u64) -> Self {
        Self { file, start: 0, size }
    }

    fn open(&self) -> io::Result<io::Take<File>> {
        let mut file = File::open(&self.file)?;
        file.seek(SeekFrom::Start(self.start))?;
        Ok(file.take(self.size))
    }

    /// The bytes of a text.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        if self.size > MAX_JSON {
            return Err(io::Error::other("a text in it is larger than such a text may be"));
        }
        let mut bytes = Vec::new();
        self.open()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl BaseLayer {
    /// Reads what it changes; its bytes must be those of its digest.
    fn read(&self, wrong: &dyn Fn(String) -> ImageError) -> Result<LayerIndex, ImageError> {
        let read = self.place.open().and_then(|bytes| LayerIndex::read(bytes, self.size, &self.media_type));
        let (digest, index) = read.map_err(refused_or(&self.place.file, |error| {
            wrong(format!("its layer {} cannot be read: {error}", self.digest))
        }))?;
        if digest == self.digest { Ok(index) } else { Err(self.damaged(wrong)) }
    }

    /// What it changes, read once.
    fn known(
        &self,
        indexes: &LayerIndexes,
        wrong: &dyn Fn(String) -> ImageError,
    ) -> Result<LayerIndex, ImageError> {
        if let Some(index) = indexes.get(&self.digest) {
            return Ok(index);
        }
        let index = self.read(wrong)?;
        indexes.keep(&self.digest, &index)?;
        Ok(index)
    }

    fn damaged(&self, wrong: &dyn Fn(String) -> ImageError) -> ImageError {
        wrong(format!("its layer {} is damaged", self.digest))
    }
}

impl Base {
    /// Nothing at all.
    pub fn scratch(platform: Platform) -> Self {
        let config = json!({"architecture": platform.arch.oci(), "os": "linux"});
        Self {
            digest: None,
            config,
            layers: Vec::new(),
            diff_ids: Vec::new(),
            files: MapFiles::default(),
            remote: false,
        }
    }

    /// The image of an OCI layout that is for this platform.
    pub fn oci_layout(folder: &Path, platform: Platform) -> Result<Self, ImageError> {
        let called = format!("oci:{}", folder.display());
        let found = Self::in_layout(&Layout::foreign(folder)?, None, &called, platform, None)?;
        let reason = format!("it has no image for {platform}");
        found.ok_or(ImageError::Base { base: called, reason })
    }

    /// The image of a layout that is for this platform, among all of them or of one manifest or index; none where there
    /// is none. What a layer changes is known from `indexes` where they are given, or read from the layout.
    pub fn in_layout(
        layout: &Layout,
        image: Option<Digest>,
        called: &str,
        platform: Platform,
        indexes: Option<&LayerIndexes>,
    ) -> Result<Option<Self>, ImageError> {
        let wrong = |reason: String| ImageError::Base { base: called.to_owned(), reason };
        let entries = match image {
            Some(digest) => vec![json!({"digest": digest, "size": 0})],
            None => layout.entries()?,
        };
        let mut left = MOST_MANIFESTS;
        let found = find(layout, &entries, platform, DEEPEST_INDEX, &mut left)?;
        found.map(|manifest| Self::of_manifest(layout, manifest, indexes, platform, &wrong)).transpose()
    }

    /// An image of a registry whose manifest and configuration a layout has. What a layer changes is known from
    /// `indexes`, or read from the layout once; layers that are known need not be there.
    pub fn pulled(
        layout: &Layout,
        manifest: Digest,
        image: &RemoteImage,
        platform: Platform,
        indexes: &LayerIndexes,
    ) -> Result<Self, ImageError> {
        let wrong = |reason: String| ImageError::Base { base: image.name().to_string(), reason };
        let mut base = Self::of_manifest(layout, manifest, Some(indexes), platform, &wrong)?;
        base.remote = true;
        Ok(base)
    }

    fn of_manifest(
        layout: &Layout,
        manifest: Digest,
        indexes: Option<&LayerIndexes>,
        platform: Platform,
        wrong: &dyn Fn(String) -> ImageError,
    ) -> Result<Self, ImageError> {
        let damaged = || wrong(format!("its manifest {manifest} is missing or damaged"));
        let value = layout.json(&manifest).map_err(unless_refused(damaged))?;
        let (config, _) =
            descriptor(&value["config"]).ok_or_else(|| wrong("its manifest names no config".to_owned()))?;
        let damaged = || wrong(format!("its config {config} is missing or damaged"));
        let config = layout.json(&config).map_err(unless_refused(damaged))?;
        let mut layers = Vec::new();
        check_count(&value["layers"])?;
        for layer in value["layers"].as_array().into_iter().flatten() {
            let (digest, size) =
                descriptor(layer).ok_or_else(|| wrong("a layer has no digest".to_owned()))?;
            let media_type = oci_type(layer["mediaType"].as_str().unwrap_or_default()).to_owned();
            layers.push(BaseLayer {
                digest,
                size,
                media_type,
                place: Place::whole(layout.blob_path(&digest), size),
            });
        }
        Self::new(Some(manifest), config, layers, indexes, platform, wrong)
    }

    /// The image of an archive that `docker save` wrote.
    pub fn docker_archive(file: &Path, platform: Platform) -> Result<Self, ImageError> {
        Self::archived(file, |_| Ok(platform)).map(|(_, base)| base)
    }

    /// The same, for whichever platform it is.
    pub fn docker_archive_as_it_is(file: &Path) -> Result<(Platform, Self), ImageError> {
        Self::archived(file, |config| config["architecture"].as_str().unwrap_or_default().parse())
    }

    fn archived(
        file: &Path,
        platform: impl FnOnce(&Value) -> Result<Platform, PlatformError>,
    ) -> Result<(Platform, Self), ImageError> {
        let wrong =
            |reason: String| ImageError::Base { base: format!("docker-archive:{}", file.display()), reason };
        let members = members(file)
            .map_err(io::Error::from)
            .map_err(refused_or(file, |error| wrong(format!("it cannot be read as an archive: {error}"))))?;
        let text = |name: &str| {
            let place = members.get(name).ok_or_else(|| wrong(format!("it has no {name}")))?;
            place.bytes().map_err(refused_or(file, |error| wrong(error.to_string())))
        };
        let list: Value =
            serde_json::from_slice(&text("manifest.json")?).map_err(|error| wrong(error.to_string()))?;
        let images = list.as_array().map(Vec::as_slice).unwrap_or_default();
        let [image] = images else { return Err(wrong(format!("it holds {} images, not one", images.len()))) };
        let config = text(image["Config"].as_str().unwrap_or_default())?;
        let digest = Digest::of(&config);
        let config: Value = serde_json::from_slice(&config).map_err(|error| wrong(error.to_string()))?;
        let mut layers = Vec::new();
        check_count(&image["Layers"])?;
        for name in image["Layers"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let place = members.get(name).ok_or_else(|| wrong(format!("it has no {name}")))?;
            layers.push(archived(place).map_err(refused_or(file, |error| wrong(error.to_string())))?);
        }
        let platform = platform(&config).map_err(|error| wrong(error.to_string()))?;
        Ok((platform, Self::new(Some(digest), config, layers, None, platform, &wrong)?))
    }

    fn new(
        digest: Option<Digest>,
        config: Value,
        layers: Vec<BaseLayer>,
        indexes: Option<&LayerIndexes>,
        platform: Platform,
        wrong: &dyn Fn(String) -> ImageError,
    ) -> Result<Self, ImageError> {
        let architecture = config["architecture"].as_str().unwrap_or_default();
        if architecture != platform.arch.oci() {
            return Err(wrong(format!("it is for {architecture}, not for {platform}")));
        }
        if let Some(system) = config["os"].as_str().filter(|system| *system != "linux") {
            return Err(wrong(format!("it is for {system}, not for {platform}")));
        }
        let diff_ids: Vec<Digest> = serde_json::from_value(config["rootfs"]["diff_ids"].clone())
            .map_err(|_| wrong("its config names no layers".to_owned()))?;
        if diff_ids.len() != layers.len() {
            return Err(wrong(format!(
                "its config names {} layers, its manifest {}",
                diff_ids.len(),
                layers.len()
            )));
        }
        let files = files(&layers, &diff_ids, indexes, wrong)?;
        Ok(Self { digest, config, layers, diff_ids, files, remote: false })
    }

    /// Digest of the manifest (of the config for an archive); none for scratch.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The configuration as it stands.
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// The layers.
    pub fn layers(&self) -> &[BaseLayer] {
        &self.layers
    }

    /// The files, as a container would see them. Of large ones only those are kept that tell facts about the base.
    pub fn files(&self) -> &dyn Files {
        &self.files
    }

    /// Paths of all its files, links and directories, in byte order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.paths()
    }

    /// Digests of the layers without their compression.
    pub fn diff_ids(&self) -> Vec<Digest> {
        self.diff_ids.clone()
    }

    /// Copies the layers into a layout that lacks them; those of a registry come when an output needs them.
    pub(crate) fn copy_layers(&self, layout: &Layout) -> Result<(), ImageError> {
        for layer in self.layers.iter().filter(|_| !self.remote) {
            let mut bytes = layer.place.open().map_err(ImageError::io(&layer.place.file))?;
            layout.copy_in(&layer.digest, &mut bytes)?;
        }
        Ok(())
    }
}

impl Layout {
    /// Opens one that others wrote; its index can be read.
    pub fn foreign(folder: &Path) -> Result<Self, ImageError> {
        let wrong = |reason: &str| ImageError::Base {
            base: format!("oci:{}", folder.display()),
            reason: reason.to_owned(),
        };
        let layout = Self::open(folder).map_err(unless_refused(|| wrong("it is no OCI image layout")))?;
        let index = fs_err::metadata(folder.join("index.json")).map_or(0, |file| file.len());
        if index > MAX_JSON {
            return Err(wrong("its index is larger than such a text may be"));
        }
        layout.entries().map_err(unless_refused(|| wrong("its index cannot be read")))?;
        Ok(layout)
    }
}

/// The files of layers, each of which must have its digest, packed and unpacked.
fn files(
    layers: &[BaseLayer],
    diff_ids: &[Digest],
    indexes: Option<&LayerIndexes>,
    wrong: &dyn Fn(String) -> ImageError,
) -> Result<MapFiles, ImageError> {
    let mut files = MapFiles::default();
    let mut taken = Taken::of_image();
    for (layer, diff_id) in layers.iter().zip(diff_ids) {
        let index = match indexes {
            Some(indexes) => layer.known(indexes, wrong)?,
            None => layer.read(wrong)?,
        };
        if index.diff_id != *diff_id {
            return Err(layer.damaged(wrong));
        }
        let applied = index.changes.apply(&mut files, &mut taken);
        applied.map_err(|error| wrong(format!("with its layer {}, {error}", layer.digest)))?;
    }
    Ok(files)
}

/// An image with more layers than it can have is refused before any of them is read.
fn check_count(layers: &Value) -> Result<(), ImageError> {
    match layers.as_array().map_or(0, Vec::len) {
        layers if layers > MOST_LAYERS => Err(ImageError::Layers { layers, limit: MOST_LAYERS }),
        _ => Ok(()),
    }
}

/// Docker's layers are those of the OCI specification by another name (its media-types.md, compatibility matrix).
pub(crate) fn oci_type(media_type: &str) -> &str {
    match media_type {
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd" => "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar" => "application/vnd.oci.image.layer.v1.tar",
        other => other,
    }
}

/// The manifest for a platform among descriptors; a lone one without a platform is taken as it is. Indexes are looked
/// into `deeper` times, and `left` is how many descriptors may still be looked at.
fn find(
    layout: &Layout,
    entries: &[Value],
    platform: Platform,
    deeper: usize,
    left: &mut usize,
) -> Result<Option<Digest>, ImageError> {
    for entry in entries {
        let Some(fewer) = left.checked_sub(1) else { return Ok(None) };
        *left = fewer;
        let Some((digest, _)) = descriptor(entry) else { continue };
        let named = &entry["platform"]["architecture"];
        if entry["platform"]["os"].as_str().is_some_and(|system| system != "linux") {
            continue;
        }
        // One that cannot be read is still the one that was meant.
        let Some(value) = layout.known(&digest)? else {
            if entries.len() == 1 || named == platform.arch.oci() {
                return Ok(Some(digest));
            }
            continue;
        };
        if let Some(inner) = value["manifests"].as_array() {
            if let Some(deeper) = deeper.checked_sub(1)
                && let Some(found) = find(layout, inner, platform, deeper, left)?
            {
                return Ok(Some(found));
            }
            continue;
        }
        let config = match descriptor(&value["config"]) {
            Some((config, _)) if !named.is_string() => layout.known(&config)?.unwrap_or_default(),
            _ => Value::Null,
        };
        let architecture = named.as_str().or_else(|| config["architecture"].as_str());
        if architecture == Some(platform.arch.oci()) || (architecture.is_none() && entries.len() == 1) {
            return Ok(Some(digest));
        }
    }
    Ok(None)
}

/// What the system does not let be read says nothing about the base.
fn refused_or(
    path: &Path,
    wrong: impl FnOnce(io::Error) -> ImageError,
) -> impl FnOnce(io::Error) -> ImageError {
    move |error| match error.kind() {
        io::ErrorKind::NotFound => wrong(error),
        _ if is_of_system(&error) => ImageError::io(path)(error),
        _ => wrong(error),
    }
}

/// The same for parts of a layout.
fn unless_refused(wrong: impl FnOnce() -> ImageError) -> impl FnOnce(ImageError) -> ImageError {
    move |error| match error {
        ImageError::Io { path, source } => refused_or(&path, |_| wrong())(source),
        _ => wrong(),
    }
}

/// Where each member of an archive is; links of old archives lead to their targets.
fn members(file: &Path) -> Result<HashMap<String, Place>, ArchiveError> {
    let mut archive = TarReader::seeking(BufReader::new(File::open(file)?));
    let mut members = HashMap::new();
    let mut links = Vec::new();
    while let Some(member) = archive.next_member()? {
        let refused = |reason: &str| Err(ArchiveError::member(&member.path, reason));
        let Some(name) = path::of_layer(&member.path)? else { continue };
        if members.len() + links.len() >= MOST_MEMBERS {
            return refused("there are more members before it than an archive of an image has");
        }
        match member.kind {
            Kind::Directory => {}
            Kind::File => {
                let place = Place { file: file.to_owned(), start: member.position, size: member.size };
                if members.insert(name, place).is_some() {
                    return refused("it is there twice");
                }
            }
            Kind::Symlink(target) | Kind::Hardlink(target) => {
                let target = String::from_utf8_lossy(&target).trim_start_matches("../").to_owned();
                links.push((name, target));
            }
            Kind::Sparse | Kind::Special | Kind::Other(_) => {
                return refused("it is neither a file nor a link nor a directory");
            }
        }
    }
    for (name, target) in links {
        if let Some(place) = members.get(&target).cloned() {
            members.insert(name, place);
        }
    }
    Ok(members)
}

/// A layer of an archive, as it is there: plain or compressed.
fn archived(place: &Place) -> io::Result<BaseLayer> {
    let mut start = Vec::new();
    place.open()?.take(4).read_to_end(&mut start)?;
    let media_type = match start.as_slice() {
        [0x1f, 0x8b, ..] => "application/vnd.oci.image.layer.v1.tar+gzip",
        [0x28, 0xb5, 0x2f, 0xfd] => "application/vnd.oci.image.layer.v1.tar+zstd",
        _ => "application/vnd.oci.image.layer.v1.tar",
    };
    let mut hashed = DigestWriter::new(io::sink());
    io::copy(&mut place.open()?, &mut hashed)?;
    Ok(BaseLayer {
        digest: hashed.digest(),
        size: place.size,
        media_type: media_type.to_owned(),
        place: place.clone(),
    })
}

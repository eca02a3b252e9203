//! Finished images by what they were made of, so that a build with nothing to do does nothing.

use crate::{BuildError, conda, report::PlatformReport, request::Request, settings::Settings};
use envwright_definition::{Base, Environment};
use envwright_diagnosis::Finding;
use envwright_store::{Digest, Home, canonical_json, write_atomic};
use envwright_target::Platform;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Version of envwright's way to lay out an image; a bump makes every image anew.
const IMAGE_VERSION: u32 = 2;

/// A finished image.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) digest: Digest,
    pub(crate) platforms: Vec<PlatformReport>,
    /// What was found besides the definition's own findings, which are found again each time it is read.
    pub(crate) warnings: Vec<Finding>,
}

/// Key of a finished image: the definition with its words, the request's options, the lock beside it and
/// the files of its base. Nothing of it needs the network or a large file read.
pub(crate) fn key(
    environment: &Environment,
    definition: Digest,
    platforms: &[Platform],
    request: &Request,
    settings: &Settings,
    beside: Option<&Path>,
) -> Digest {
    let base = match &environment.base {
        Base::OciLayout(folder) => stamp(&folder.join("index.json")),
        Base::DockerArchive(file) => stamp(file),
        Base::Bootstrap { .. } | Base::Registry(_) | Base::Scratch => Value::Null,
    };
    let url = |url: &envwright_redact::SafeUrl| url.without_credentials().to_string();
    let mut value = json!({
        "version": [IMAGE_VERSION, envwright_package::SEGMENT_VERSION, envwright_lock::LOCK_VERSION],
        "definition": definition,
        "words": [&environment.name, &environment.version, &environment.description],
        "tags": environment.tags,
        "platforms": platforms,
        "compression": request.compression.name(),
        "epoch": settings.epoch,
        "index": settings.indexes.index.as_ref().map(url),
        "extra": settings.indexes.extra.iter().map(url).collect::<Vec<_>>(),
        "base": base,
        "lock": beside.map(stamp),
    });
    if conda::is_asked(environment) {
        value["conda"] = settings.conda.meaning();
    }
    Digest::of(&canonical_json(&value))
}

/// What tells a changed file from an unchanged one without reading it.
fn stamp(path: &Path) -> Value {
    match fs_err::metadata(path) {
        Ok(file) => {
            json!([path.display().to_string(), file.len(), file.mtime(), file.mtime_nsec(), file.ino()])
        }
        Err(_) => Value::Null,
    }
}

fn path(home: &Home, key: &Digest) -> PathBuf {
    home.solves().join(format!("image-{}.json", key.hex()))
}

/// The finished image with this key.
pub(crate) fn find(home: &Home, key: &Digest) -> Option<Done> {
    serde_json::from_slice(&fs_err::read(path(home, key)).ok()?).ok()
}

/// Keeps a finished image under its key.
pub(crate) fn keep(home: &Home, key: &Digest, done: &Done) -> Result<(), BuildError> {
    Ok(write_atomic(&path(home, key), &serde_json::to_vec(done).map_err(std::io::Error::from)?)?)
}

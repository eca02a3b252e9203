//! What must hold of a home and of what was written outside of it at any moment, whatever happened: nothing is half
//! there.

use super::{Envwright, wheel::sha256};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Every file below a folder, in no order; none where there is no folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

/// Whatever is found under its digest has that digest, whatever is found as a segment has its index's, and every image
/// that has a name has all of its parts.
#[track_caller]
pub(crate) fn assert_home(home: &Path) {
    for file in files(&home.join("packages")) {
        assert_named_by_digest(&file);
    }
    for index in files(&home.join("segments")).into_iter().filter(|file| ends(file, "json")) {
        let value = json(&index);
        let bytes = fs_err::read(index.with_extension("seg")).unwrap();
        assert_eq!(value["compressed_digest"], format!("sha256:{}", sha256(&bytes)), "{}", index.display());
    }
    for folder in ["solves", "layers", "builds"] {
        for file in files(&home.join(folder)).iter().filter(|file| ends(file, "json") && !is_temporary(file))
        {
            json(file);
        }
    }
    assert_layout(&home.join("images"));
}

/// An OCI layout that is there is whole; layers that stayed in their registries may be missing, where that was noted.
#[track_caller]
pub(crate) fn assert_layout(folder: &Path) {
    for blob in files(&folder.join("blobs/sha256")) {
        assert_named_by_digest(&blob);
    }
    if folder.join("oci-layout").exists() {
        json(&folder.join("oci-layout"));
        for image in json(&folder.join("index.json"))["manifests"].as_array().unwrap() {
            assert_image(folder, image);
        }
    }
}

#[track_caller]
fn assert_image(folder: &Path, descriptor: &Value) {
    let digest = descriptor["digest"].as_str().unwrap().trim_start_matches("sha256:");
    let blob = folder.join("blobs/sha256").join(digest);
    let noted = folder.join("origins").join(digest).exists();
    assert!(blob.exists() || noted, "{} is missing", blob.display());
    if !blob.exists() || !descriptor["mediaType"].as_str().is_some_and(|kind| kind.ends_with("+json")) {
        return;
    }
    let value = json(&blob);
    let lists = ["manifests", "layers"].into_iter().filter_map(|list| value[list].as_array());
    for inner in lists.flatten().chain(value.get("config").filter(|config| config["digest"].is_string())) {
        assert_image(folder, inner);
    }
}

/// Nothing is left of what was begun.
#[track_caller]
pub(crate) fn assert_nothing_begun(folder: &Path) {
    let left: Vec<PathBuf> = files(folder).into_iter().filter(|file| is_temporary(file)).collect();
    assert!(left.is_empty(), "left: {left:?}");
}

/// What the home says of itself can be read: its images, its builds, the last log.
#[track_caller]
pub(crate) fn assert_readable(envwright: &Envwright) {
    let images = envwright.run(&["images", "--json"]).succeeded();
    assert!(images.json().is_array(), "{images}");
    let history = envwright.run(&["history", "--json"]).succeeded().json();
    for build in history.as_array().unwrap() {
        envwright.run(&["logs", build["build"].as_str().unwrap()]).succeeded();
    }
}

/// The image of the home that has a name.
pub(crate) fn image(envwright: &Envwright, name: &str) -> Option<String> {
    let images = envwright.run(&["images", "--json"]).succeeded().json();
    let named = images.as_array().unwrap().iter().find(|image| image["name"] == name)?;
    Some(named["digest"].as_str().unwrap().to_owned())
}

/// Files that say by their names that they are not finished, or were set aside.
pub(crate) fn is_temporary(file: &Path) -> bool {
    let hidden = |part: std::path::Component<'_>| part.as_os_str().to_string_lossy().starts_with(".tmp");
    file.components().any(hidden) || ends(file, "partial") || ends(file, "broken")
}

/// `packages/<digest>`, `blobs/sha256/<digest>`.
#[track_caller]
fn assert_named_by_digest(file: &Path) {
    let name = file.file_name().unwrap().to_str().unwrap();
    if name.len() == 64 {
        assert_eq!(sha256(&fs_err::read(file).unwrap()), name, "{}", file.display());
    }
}

fn ends(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

#[track_caller]
fn json(file: &Path) -> Value {
    let text = fs_err::read(file).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

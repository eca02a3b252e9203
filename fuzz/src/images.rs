//! What registries and image layouts hold.

use envwright_image::{Base, Challenge, ImageReference, Layout, RemoteImage};
use envwright_store::{Digest, canonical_json};
use envwright_target::Platform;
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{LazyLock, Mutex, PoisonError},
};
use tempfile::TempDir;

/// A name prints as what is read as the same name.
pub(crate) fn reference(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(name) = text.parse::<ImageReference>() {
        assert_eq!(name.to_string().parse::<ImageReference>().ok(), Some(name.clone()), "{text:?}");
        assert_eq!(name.full().parse::<ImageReference>().map(|full| full.full()).ok(), Some(name.full()));
    }
    if let Ok(image) = text.parse::<RemoteImage>() {
        assert!(!image.wanted().is_empty(), "{text:?}");
        image.local_name();
    }
}

pub(crate) fn reference_seeds() -> Vec<Vec<u8>> {
    let digest = Digest::of(b"x").to_string();
    let pinned = format!("registry.example:5000/team/app:1.0@{digest}");
    let long = "a".repeat(250);
    ["app", "team/app:latest", "localhost:5000/a__b/c-d:v1", "[::1]:5000/x", &pinned, &long]
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect()
}

pub(crate) fn challenge(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let fields: Vec<&str> = text.lines().collect();
    let first = Challenge::first(fields.iter().copied());
    assert_eq!(first, Challenge::first(fields), "it is read in two ways");
}

pub(crate) fn challenge_seeds() -> Vec<Vec<u8>> {
    [
        "Bearer realm=\"https://auth.example/token\",service=\"registry.example\",scope=\"repository:a:pull\"",
        "Basic realm=\"a \\\"quoted\\\" place\"\nBearer error=\"invalid_token\"",
        "Digest nonce=abc, qop=\"auth\", Bearer realm = x , Negotiate dG9rZW4=",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect()
}

/// A layout whose index names one manifest, which the bytes replace. One thread at a time.
struct Place {
    folder: TempDir,
    layer: Digest,
    config: Digest,
}

static PLACE: LazyLock<Mutex<Option<Place>>> = LazyLock::new(|| Mutex::new(place().ok()));

fn place() -> std::io::Result<Place> {
    let folder = tempfile::tempdir()?;
    fs_err::create_dir_all(folder.path().join("blobs/sha256"))?;
    fs_err::write(folder.path().join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let layer = put(folder.path(), &crate::archives::tar_seeds().swap_remove(0))?;
    let config = put(
        folder.path(),
        &canonical_json(&json!({
            "architecture": "amd64", "os": "linux", "config": {"Env": ["A=b"]},
            "rootfs": {"type": "layers", "diff_ids": [layer]},
        })),
    )?;
    Ok(Place { folder, layer, config })
}

fn put(layout: &Path, bytes: &[u8]) -> std::io::Result<Digest> {
    let digest = Digest::of(bytes);
    fs_err::write(layout.join("blobs/sha256").join(digest.hex()), bytes)?;
    Ok(digest)
}

pub(crate) fn manifest(bytes: &[u8]) {
    let held = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    let place = held.as_ref().expect("there is room for temporary files");
    let layout = place.folder.path();
    let digest = put(layout, bytes).expect("there is room for temporary files");
    let index = json!({"schemaVersion": 2, "manifests": [{"digest": digest, "size": bytes.len()}]});
    fs_err::write(layout.join("index.json"), index.to_string()).expect("there is room for temporary files");
    let read = Base::oci_layout(layout, Platform::AMD64);
    if let Ok(base) = read {
        assert!(base.layers().len() <= bytes.len(), "there are more layers than it can name");
    }
    if let Ok(open) = Layout::open(layout) {
        // Only that it comes to an end: what it names may be there or not.
        drop(open.blobs(&digest));
        drop(open.absent(&digest));
    }
    let blob = layout.join("blobs/sha256").join(digest.hex());
    if digest != place.layer && digest != place.config {
        fs_err::remove_file(blob).expect("it was written");
    }
}

pub(crate) fn manifest_seeds() -> Vec<Vec<u8>> {
    let held = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(place) = held.as_ref() else { return Vec::new() };
    let size = |digest: &Digest| {
        let path = place.folder.path().join("blobs/sha256").join(digest.hex());
        fs_err::metadata(path).map_or(0, |file| file.len())
    };
    let described = |digest: &Digest, kind: &str| -> Value {
        json!({"mediaType": format!("application/vnd.oci.image.{kind}"), "digest": digest, "size": size(digest)})
    };
    let config = described(&place.config, "config.v1+json");
    let layer = described(&place.layer, "layer.v1.tar");
    let whole = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": [layer]});
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{"digest": place.config, "size": 1, "platform": {"architecture": "amd64", "os": "linux"}}]});
    [whole, index].iter().map(|value| value.to_string().into_bytes()).collect()
}

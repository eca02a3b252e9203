//! A base image made of the few files that envwright reads facts from: an OCI layout with one layer.

use super::{wheel::sha256, write};
use serde_json::{Value, json};
use std::path::Path;

/// The files of a Debian 12: its name, glibc 2.36 and Python 3.11.2.
pub(crate) const BOOKWORM: [(&str, &str); 3] = [
    ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"),
    (
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n\0",
    ),
    ("usr/bin/python3.11", "\0x\x003.11.2\0"),
];

/// The files of a Debian 11: its name, glibc 2.31 and Python 3.9.2.
pub(crate) const BULLSEYE: [(&str, &str); 3] = [
    ("etc/os-release", "ID=debian\nVERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\n"),
    (
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "\0GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\n\0",
    ),
    ("usr/bin/python3.9", "\0x\x003.9.2\0"),
];

/// Writes an image for `linux/amd64` with these files as an OCI layout.
pub(crate) fn write_base(folder: &Path, files: &[(&str, &str)]) {
    write_layout(folder, &layer(files));
}

/// Writes an image for `linux/amd64` of one layer as an OCI layout.
pub(crate) fn write_layout(folder: &Path, layer: &[u8]) {
    write_layers(folder, &[Layer::plain(layer.to_vec())]);
}

/// A layer as it is kept.
pub(crate) struct Layer {
    /// Media type below `application/vnd.oci.image.layer.v1`.
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 of the layer without its compression.
    pub(crate) diff_id: String,
}

impl Layer {
    /// One that is not compressed.
    pub(crate) fn plain(bytes: Vec<u8>) -> Self {
        Self { kind: "tar", diff_id: sha256(&bytes), bytes }
    }

    /// One with these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self::plain(layer(files))
    }
}

/// Writes an image for `linux/amd64` of these layers as an OCI layout.
pub(crate) fn write_layers(folder: &Path, layers: &[Layer]) {
    let diff_ids: Vec<String> = layers.iter().map(|layer| format!("sha256:{}", layer.diff_id)).collect();
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    let kind = |layer: &Layer| format!("application/vnd.oci.image.layer.v1.{}", layer.kind);
    let layers: Vec<Value> = layers.iter().map(|layer| blob(folder, &kind(layer), &layer.bytes)).collect();
    let config = blob(folder, "application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest =
        json!({"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": layers});
    let manifest = blob(folder, manifest_type, manifest.to_string().as_bytes());
    write_index(folder, &json!({"schemaVersion": 2, "manifests": [manifest]}));
}

/// Writes the index that names what is in a layout.
pub(crate) fn write_index(folder: &Path, index: &Value) {
    write(&folder.join("index.json"), index.to_string().as_bytes());
    write(&folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#);
}

/// Writes a blob, and gives its descriptor.
pub(crate) fn blob(folder: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = sha256(bytes);
    write(&folder.join("blobs/sha256").join(&digest), bytes);
    json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
}

fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

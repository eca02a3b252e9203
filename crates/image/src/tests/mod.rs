//! Segments, layers, images and bases, made here and read back.

mod archive;
mod assemble;
mod base;
mod golden;
mod layer;
mod layout;
mod plan;
mod plan_properties;

use crate::{Base, ImageConfig, Kind, Layout, SegmentRef};
use envwright_store::{Digest, Directory, Entry, EntryKind, Home, SegmentIndex, canonical_json};
use envwright_target::Platform;
use flate2::{Compression, read::GzEncoder};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::{Path, PathBuf},
};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    const ALL: [Self; 3] = [Self::Plain, Self::Gzip, Self::Zstd];

    fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Zstd => zstd::encode_all(bytes, 3).unwrap(),
            Self::Gzip => {
                let mut packed = Vec::new();
                GzEncoder::new(bytes, Compression::new(6)).read_to_end(&mut packed).unwrap();
                packed
            }
        }
    }

    fn media_type(self) -> String {
        let ending = match self {
            Self::Plain => "",
            Self::Gzip => "+gzip",
            Self::Zstd => "+zstd",
        };
        format!("application/vnd.oci.image.layer.v1.tar{ending}")
    }
}

/// A home with its layout, and room for segments.
struct Place {
    folder: TempDir,
    home: Home,
    layout: Layout,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("home"))).unwrap();
        let layout = Layout::create(&home.images()).unwrap();
        Self { folder, home, layout }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names of all blobs.
    fn blobs(&self) -> BTreeSet<String> {
        blobs(&self.layout)
    }

    /// A segment with its bytes written.
    fn segment(&self, kind: Kind, name: &str, files: &[(&str, &str)], packing: Packing) -> SegmentRef {
        let mut segment = planned(kind, name, files);
        let stream = stream(files);
        let packed = packing.pack(&stream);
        segment.file = self.path(&format!("{kind:?}-{name}"));
        fs_err::write(&segment.file, &packed).unwrap();
        segment.index.uncompressed_size = stream.len() as u64;
        segment.index.compressed_size = packed.len() as u64;
        segment.index.compressed_digest = Digest::of(&packed);
        segment
    }
}

fn blobs(layout: &Layout) -> BTreeSet<String> {
    let folder = fs_err::read_dir(layout.path().join("blobs/sha256")).unwrap();
    folder.map(|blob| blob.unwrap().file_name().into_string().unwrap()).collect()
}

/// A segment with these files, for plans: its bytes are nowhere.
fn planned(kind: Kind, name: &str, files: &[(&str, &str)]) -> SegmentRef {
    let entry = |(path, text): &(&str, &str)| Entry {
        path: (*path).to_owned(),
        kind: EntryKind::File { size: text.len() as u64, digest: Digest::of(text.as_bytes()) },
        mode: 0o644,
    };
    let parents: BTreeSet<&str> = files.iter().flat_map(|(path, _)| parents(path)).collect();
    let index = SegmentIndex {
        entries: files.iter().map(entry).collect(),
        directories: parents.into_iter().map(|path| directory(path, 0o755, true)).collect(),
        compressed_size: 1,
        compressed_digest: Digest::of(b""),
        uncompressed_size: 0,
        metadata: BTreeMap::new(),
    };
    let key = Digest::of(format!("{kind:?} {name} {files:?}").as_bytes());
    SegmentRef { kind, name: name.to_owned(), key, file: PathBuf::new(), index }
}

fn directory(path: &str, mode: u32, implied: bool) -> Directory {
    Directory { path: path.to_owned(), mode, uid: 0, gid: 0, mtime: 9, implied }
}

/// The folders above a path.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// A tar stream without its end.
fn stream(files: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = archive(files);
    bytes.truncate(bytes.len() - 1024);
    bytes
}

/// A tar archive; a name that ends in `/` is a folder, a text that begins with `->` a link.
fn archive(members: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, text) in members {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(7);
        header.set_size(0);
        if let Some(target) = text.strip_prefix("->") {
            header.set_entry_type(EntryType::Symlink);
            builder.append_link(&mut header, path, target).unwrap();
        } else if path.ends_with('/') {
            header.set_entry_type(EntryType::Directory);
            header.set_mode(0o750);
            builder.append_data(&mut header, path, std::io::empty()).unwrap();
        } else {
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

/// Writes an OCI layout with one image of these layers, and gives the manifest's digest.
fn oci(folder: &Path, layers: &[(Packing, Vec<u8>)], config: Value) -> (Layout, Digest) {
    let layout = Layout::create(folder).unwrap();
    let (mut descriptors, mut diff_ids) = (Vec::new(), Vec::new());
    for (packing, plain) in layers {
        let packed = packing.pack(plain);
        let digest = layout.put(&packed).unwrap();
        descriptors.push(json!({"mediaType": packing.media_type(), "digest": digest, "size": packed.len()}));
        diff_ids.push(Digest::of(plain));
    }
    let mut config = config;
    config["rootfs"] = json!({"type": "layers", "diff_ids": diff_ids});
    let config = canonical_json(&config);
    let manifest = canonical_json(&json!({
        "schemaVersion": 2,
        "mediaType": crate::layout::MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": layout.put(&config).unwrap(),
            "size": config.len(),
        },
        "layers": descriptors,
    }));
    let digest = layout.put(&manifest).unwrap();
    layout.tag(&"base".parse().unwrap(), &digest).unwrap();
    (layout, digest)
}

fn amd64() -> Value {
    json!({"architecture": "amd64", "os": "linux"})
}

fn config() -> ImageConfig {
    ImageConfig {
        platform: Platform::AMD64,
        env: Vec::new(),
        user: None,
        workdir: None,
        cmd: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        created: "1970-01-01T00:00:00Z".to_owned(),
    }
}

fn scratch() -> Base {
    Base::scratch(Platform::AMD64)
}

/// Paths of a tar archive, in order.
fn listed(archive: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    let paths = archive.entries().unwrap().map(|entry| entry.unwrap().path_bytes().into_owned());
    paths.map(|path| String::from_utf8(path).unwrap()).collect()
}

/// What the system's tar makes of an archive.
fn listed_by_tar(archive: &[u8]) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), archive).unwrap();
    let output = std::process::Command::new("tar").arg("-tf").arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

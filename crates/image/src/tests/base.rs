//! Bases that others made, whole and damaged.

use super::{Packing, Place, amd64, archive, oci};
use crate::{Base, ImageError, LayerIndexes, Layout};
use envwright_diagnosis::Explain as _;
use envwright_store::{Digest, canonical_json};
use envwright_target::{FileEntry, Platform};
use serde_json::{Value, json};
use std::path::Path;

fn layers(packing: Packing) -> Vec<(Packing, Vec<u8>)> {
    let lower = archive(&[
        ("etc/", ""),
        ("etc/os-release", "ID=debian\n"),
        ("etc/gone", "x"),
        ("opt/old/f", "x"),
        ("bin", "->usr/bin"),
    ]);
    let upper = archive(&[("etc/.wh.gone", ""), ("opt/old/.wh..wh..opq", ""), ("opt/old/new", "y")]);
    vec![(packing, lower), (packing, upper)]
}

/// The reason why a base is refused.
fn reason(base: Result<Base, ImageError>) -> String {
    match base {
        Err(error @ ImageError::Base { .. }) => {
            assert_eq!(error.findings()[0].problem.as_str(), "base-invalid");
            let ImageError::Base { reason, .. } = error else { unreachable!() };
            reason
        }
        other => panic!("{other:?}"),
    }
}

fn open(folder: &Path) -> Result<Base, ImageError> {
    Base::oci_layout(folder, Platform::AMD64)
}

#[test]
fn the_layers_of_a_pulled_base_are_read_once() {
    let place = Place::new();
    let (layout, digest) = oci(&place.path("images"), &layers(Packing::ALL[0]), amd64());
    let image = "registry.example/team/base:1".parse().unwrap();
    let indexes = LayerIndexes::new(place.path("indexes"), place.path("spool"));
    let pulled = || Base::pulled(&layout, digest, &image, Platform::AMD64, &indexes);
    let first = pulled().unwrap();
    for layer in first.layers() {
        fs_err::write(layout.blob_path(&layer.digest), "damaged").unwrap();
    }
    let second = pulled().unwrap();
    assert_eq!(second.files().read("etc/os-release").unwrap(), b"ID=debian\n");
    assert_eq!(second.files().list("opt/old"), ["new"]);
    assert_eq!(second.files().entry("etc"), first.files().entry("etc"));
    // An index that was cut short is made again, from layers that are now seen to be damaged.
    for index in fs_err::read_dir(place.path("indexes")).unwrap() {
        fs_err::write(index.unwrap().path(), "{").unwrap();
    }
    assert!(reason(pulled()).starts_with("its layer "));
}

#[test]
fn a_layer_with_other_files_than_its_configuration_says_is_damaged() {
    let place = Place::new();
    let mut config = amd64();
    let (layout, digest) = oci(&place.path("good"), &layers(Packing::Gzip), config.clone());
    let manifest = layout.json(&digest).unwrap();
    let (known, _) = crate::layout::descriptor(&manifest["config"]).unwrap();
    config = layout.json(&known).unwrap();
    config["rootfs"]["diff_ids"].as_array_mut().unwrap().reverse();
    let text = canonical_json(&config);
    let changed = layout.put(&text).unwrap();
    let mut manifest = manifest;
    manifest["config"]["digest"] = json!(changed);
    let digest = layout.put(&canonical_json(&manifest)).unwrap();
    let image = "registry.example/team/base:1".parse().unwrap();
    let indexes = LayerIndexes::new(place.path("indexes"), place.path("spool"));
    let pulled = Base::pulled(&layout, digest, &image, Platform::AMD64, &indexes);
    assert!(reason(pulled).ends_with(" is damaged"));
}

#[test]
fn a_layout_is_read_in_every_compression_with_its_whiteouts() {
    for packing in Packing::ALL {
        let place = Place::new();
        let folder = place.path("base");
        let (_, digest) = oci(&folder, &layers(packing), amd64());
        let base = open(&folder).unwrap();
        assert_eq!(base.digest(), Some(digest));
        let files = base.files();
        assert_eq!(files.read("etc/os-release").unwrap(), b"ID=debian\n");
        assert_eq!(files.list("etc"), ["os-release"]);
        assert_eq!(files.list("opt/old"), ["new"]);
        assert_eq!(files.entry("bin"), Some(FileEntry::Symlink { target: "usr/bin".to_owned() }));
        let folder = FileEntry::Directory { mode: 0o750, uid: 0, gid: 0, mtime: 7 };
        assert_eq!(files.entry("etc"), Some(folder));
        assert_eq!(base.layers()[0].media_type, packing.media_type());
        base.copy_layers(&place.layout).unwrap();
        assert!(base.layers().iter().all(|layer| place.layout.has(&layer.digest)));
    }
}

#[test]
fn of_several_platforms_the_right_one_is_taken() {
    let place = Place::new();
    let folder = place.path("base");
    let (layout, amd64) = oci(&folder, &layers(Packing::Zstd), amd64());
    let (_, arm64) = oci(&folder, &layers(Packing::Zstd), json!({"architecture": "arm64", "os": "linux"}));
    let (_, windows) =
        oci(&folder, &layers(Packing::Zstd), json!({"architecture": "amd64", "os": "windows"}));
    let entry = |digest: &Digest, os: &str, architecture: &str| json!({"digest": digest, "size": 1, "platform": {"os": os, "architecture": architecture}});
    let manifests = [
        entry(&windows, "windows", "amd64"),
        entry(&Digest::of(b"attestation"), "unknown", "unknown"),
        entry(&arm64, "linux", "arm64"),
        entry(&amd64, "linux", "amd64"),
    ];
    let index = canonical_json(&json!({"schemaVersion": 2, "manifests": manifests}));
    layout.tag(&"base".parse().unwrap(), &layout.put(&index).unwrap()).unwrap();
    assert_eq!(open(&folder).unwrap().digest(), Some(amd64));
    assert_eq!(Base::oci_layout(&folder, Platform::ARM64).unwrap().digest(), Some(arm64));
}

#[test]
fn another_platform_is_refused() {
    let place = Place::new();
    let folder = place.path("base");
    oci(&folder, &layers(Packing::Zstd), amd64());
    let found = reason(Base::oci_layout(&folder, Platform::ARM64));
    assert!(found.contains("no image for linux/arm64"), "{found}");
    let windows = place.path("windows");
    oci(&windows, &layers(Packing::Zstd), json!({"architecture": "amd64", "os": "windows"}));
    assert!(reason(open(&windows)).contains("windows"));
}

#[test]
fn what_is_no_layout_is_refused() {
    let place = Place::new();
    assert!(reason(open(&place.path("none"))).contains("no OCI image layout"));
    Layout::create(&place.path("empty")).unwrap();
    assert!(reason(open(&place.path("empty"))).contains("no image for linux/amd64"));
}

/// Each blob in turn is changed in a byte, cut, and gone.
#[test]
fn every_damaged_part_is_refused_with_a_reason() {
    for packing in Packing::ALL {
        let place = Place::new();
        let folder = place.path("base");
        let (layout, _) = oci(&folder, &layers(packing), amd64());
        for hex in super::blobs(&layout) {
            let path = folder.join("blobs/sha256").join(&hex);
            let bytes = fs_err::read(&path).unwrap();
            let mut changed = bytes.clone();
            changed[bytes.len() / 2] ^= 1;
            let damages = [Some(changed), Some(bytes[..bytes.len() - 1].to_vec()), Some(Vec::new()), None];
            for damage in damages {
                match damage {
                    Some(wrong) => fs_err::write(&path, wrong).unwrap(),
                    None => fs_err::remove_file(&path).unwrap(),
                }
                let reason = reason(open(&folder));
                assert!(reason.contains(&hex), "{reason}");
            }
            fs_err::write(&path, bytes).unwrap();
        }
        open(&folder).unwrap();
    }
}

#[test]
fn a_manifest_that_says_too_little_is_refused() {
    type Change = (&'static str, fn(&mut Value));
    let place = Place::new();
    let folder = place.path("base");
    let (layout, digest) = oci(&folder, &layers(Packing::Zstd), amd64());
    let whole = layout.json(&digest).unwrap();
    let changes: [Change; 3] = [
        ("no config", |manifest| manifest["config"] = json!({})),
        ("no digest", |manifest| manifest["layers"][0]["digest"] = json!("md5:1")),
        ("names 2 layers, its manifest 1", |manifest| {
            manifest["layers"].as_array_mut().unwrap().pop();
        }),
    ];
    for (words, change) in changes {
        let mut manifest = whole.clone();
        change(&mut manifest);
        let digest = layout.put(&canonical_json(&manifest)).unwrap();
        layout.tag(&"base".parse().unwrap(), &digest).unwrap();
        let found = reason(open(&folder));
        assert!(found.contains(words), "{words}: {found}");
    }
}

/// An archive as `docker save` writes it.
fn saved(list: &Value, members: &[(&str, &[u8])]) -> Vec<u8> {
    let list = serde_json::to_vec(list).unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in members.iter().chain([&("manifest.json", list.as_slice())]) {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, path, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn config(plain: &[Vec<u8>]) -> Vec<u8> {
    let diff_ids: Vec<_> = plain.iter().map(|plain| Digest::of(plain)).collect();
    let mut config = amd64();
    config["rootfs"] = json!({"diff_ids": diff_ids});
    canonical_json(&config)
}

fn load(place: &Place, bytes: &[u8]) -> Result<Base, ImageError> {
    let file = place.path("base.tar");
    fs_err::write(&file, bytes).unwrap();
    Base::docker_archive(&file, Platform::AMD64)
}

#[test]
fn a_docker_archive_is_read_in_every_compression_with_its_whiteouts() {
    for packing in Packing::ALL {
        let place = Place::new();
        let plain: Vec<_> = layers(packing).into_iter().map(|(_, plain)| plain).collect();
        let packed: Vec<_> = plain.iter().map(|plain| packing.pack(plain)).collect();
        let config = config(&plain);
        let list = json!([{"Config": "c.json", "Layers": ["0/layer.tar", "1/layer.tar"]}]);
        let members: [(&str, &[u8]); 3] =
            [("c.json", &config), ("0/layer.tar", &packed[0]), ("1/layer.tar", &packed[1])];
        let base = load(&place, &saved(&list, &members)).unwrap();
        assert_eq!(base.digest(), Some(Digest::of(&config)));
        assert_eq!(base.files().list("etc"), ["os-release"]);
        assert_eq!(base.files().list("opt/old"), ["new"]);
        assert_eq!(base.layers()[1].media_type, packing.media_type());
        base.copy_layers(&place.layout).unwrap();
        let copied = fs_err::read(place.layout.blob_path(&base.layers()[1].digest)).unwrap();
        assert!(copied == packed[1]);
    }
}

#[test]
fn a_docker_archive_with_a_damaged_part_is_refused() {
    let place = Place::new();
    let plain = archive(&[("etc/a", "x")]);
    let whole = config(std::slice::from_ref(&plain));
    let list = |layers: &[&str]| json!([{"Config": "c.json", "Layers": layers}]);
    let one = list(&["l.tar"]);
    let with = |config: &[u8], layer: &[u8]| saved(&one, &[("c.json", config), ("l.tar", layer)]);
    let mut changed = plain.clone();
    changed[513] ^= 1;
    let arm64 = canonical_json(&json!({"architecture": "arm64", "rootfs": {"diff_ids": []}}));
    let both = json!([one[0], one[0]]);
    let gzip = Packing::Gzip.pack(&plain);
    let cases = [
        ("archive", b"no tar at all, and longer than nothing".to_vec()),
        ("no manifest.json", archive(&[("c.json", "{}")])),
        ("no c.json", saved(&one, &[])),
        ("no l.tar", saved(&one, &[("c.json", &whole)])),
        ("0 images", saved(&json!([]), &[])),
        ("2 images", saved(&both, &[("c.json", &whole), ("l.tar", &plain)])),
        ("0 images", saved(&json!({"Config": "c.json"}), &[])),
        ("expected", with(b"no json", &plain)),
        ("names no layers", with(b"{\"architecture\": \"amd64\"}", &plain)),
        ("arm64", with(&arm64, &plain)),
        ("names 1 layers, its manifest 2", {
            saved(&list(&["l.tar", "l.tar"]), &[("c.json", &whole), ("l.tar", &plain)])
        }),
        ("damaged", with(&whole, &changed)),
        ("cannot be read", with(&whole, &gzip[..gzip.len() - 9])),
    ];
    for (words, bytes) in cases {
        let found = reason(load(&place, &bytes));
        assert!(found.contains(words), "{words}: {found}");
    }
    load(&place, &with(&whole, &plain)).unwrap();
}

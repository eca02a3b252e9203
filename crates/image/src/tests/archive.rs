//! Archives for `docker load`.

use super::{Packing, Place, amd64, archive, listed, listed_by_tar, oci};
use crate::{Base, ImageError, export_docker_archive};
use envwright_store::Digest;
use envwright_target::Platform;
use serde_json::{Value, json};
use std::{collections::HashMap, io::Read as _};

const TREE: [(&str, &str); 2] = [("etc/", ""), ("etc/a", "alpha")];

/// An image whose last layer is its first again.
fn exported(place: &Place, layers: &[(Packing, Vec<u8>)]) -> Vec<u8> {
    let (layout, digest) = oci(&place.path("images"), layers, amd64());
    let mut out = Vec::new();
    export_docker_archive(&layout, &digest, &"team/x:1".parse().unwrap(), &mut out).unwrap();
    out
}

fn layers() -> Vec<(Packing, Vec<u8>)> {
    let zstd = (Packing::Zstd, archive(&TREE));
    let (gzip, plain) = ((Packing::Gzip, archive(&[("b", "beta")])), (Packing::Plain, archive(&[("c", "")])));
    vec![zstd.clone(), gzip, plain, zstd]
}

fn members(bytes: &[u8]) -> HashMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(bytes);
    let member = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (String::from_utf8(entry.path_bytes().into_owned()).unwrap(), bytes)
    };
    archive.entries().unwrap().map(member).collect()
}

#[test]
fn its_list_names_the_config_the_tag_and_the_layers_unpacked() {
    let place = Place::new();
    let layers = layers();
    let members = members(&exported(&place, &layers));
    let list: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    let names: Vec<_> =
        layers.iter().map(|(_, plain)| format!("{}/layer.tar", Digest::of(plain).hex())).collect();
    assert_eq!(list[0]["RepoTags"], json!(["team/x:1"]));
    assert_eq!(list[0]["Layers"], json!(names));
    for (name, (_, plain)) in names.iter().zip(&layers) {
        assert!(members[name] == *plain, "{name}");
    }
    let config = &members[list[0]["Config"].as_str().unwrap()];
    assert_eq!(list[0]["Config"], format!("{}.json", Digest::of(config).hex()));
}

#[test]
fn each_layer_is_there_once_and_every_reader_lists_the_same() {
    let bytes = exported(&Place::new(), &layers());
    let names = listed(&bytes);
    // The config, three different layers, and the list.
    assert_eq!(names.len(), 5);
    assert_eq!(names, listed_by_tar(&bytes));
    assert_eq!(names.last().unwrap(), "manifest.json");
}

#[test]
fn two_exports_are_the_same_bytes() {
    assert!(exported(&Place::new(), &layers()) == exported(&Place::new(), &layers()));
}

#[test]
fn it_is_read_back_as_the_same_base() {
    let place = Place::new();
    let file = place.path("x.tar");
    fs_err::write(&file, exported(&place, &layers())).unwrap();
    let (of_layout, of_archive) = (
        Base::oci_layout(&place.path("images"), Platform::AMD64).unwrap(),
        Base::docker_archive(&file, Platform::AMD64).unwrap(),
    );
    assert_eq!(of_archive.diff_ids(), of_layout.diff_ids());
    assert_eq!(of_archive.config(), of_layout.config());
    for path in ["etc", "etc/a", "b", "c"] {
        assert_eq!(of_archive.files().entry(path), of_layout.files().entry(path), "{path}");
    }
}

#[test]
fn an_image_that_is_not_whole_is_not_written() {
    let place = Place::new();
    let (layout, digest) = oci(&place.path("images"), &layers(), amd64());
    let name = "x".parse().unwrap();
    let absent = Digest::of(b"absent");
    let refused = export_docker_archive(&layout, &absent, &name, &mut Vec::new());
    assert!(matches!(refused, Err(ImageError::Missing(missing)) if missing == absent));
    let layer: Digest =
        layout.json(&digest).unwrap()["layers"][1]["digest"].as_str().unwrap().parse().unwrap();
    fs_err::remove_file(layout.blob_path(&layer)).unwrap();
    let refused = export_docker_archive(&layout, &digest, &name, &mut Vec::new());
    assert!(matches!(refused, Err(ImageError::Missing(missing)) if missing == layer));
}

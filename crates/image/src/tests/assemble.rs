//! Configuration and manifest of an image.

use super::{Packing, Place, amd64, archive, config, oci, scratch};
use crate::{Base, Image, ImageConfig, Kind, Layer, PlannedLayer, assemble, assemble_index, write_layer};
use envwright_store::{Digest, canonical_json};
use envwright_target::Platform;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn layers(place: &Place) -> Vec<Layer> {
    let segment = |name: &str| place.segment(Kind::Pypi, name, &[(name, "")], Packing::Zstd);
    let planned = |name| PlannedLayer { directories: Vec::new(), segments: vec![segment(name)] };
    ["one", "two"].map(|name| write_layer(&planned(name), &place.layout, &place.home).unwrap()).to_vec()
}

/// A base of two layers with a configuration.
fn base(place: &Place, config: Value) -> Base {
    let layers = [(Packing::Gzip, archive(&[("etc/a", "1")])), (Packing::Zstd, archive(&[("etc/b", "2")]))];
    let folder = place.path("base");
    oci(&folder, &layers, config);
    Base::oci_layout(&folder, Platform::AMD64).unwrap()
}

/// The image's configuration and manifest.
fn parts(place: &Place, image: &Image) -> (Value, Value) {
    let manifest = place.layout.json(&image.digest).unwrap();
    let config: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    (place.layout.json(&config).unwrap(), manifest)
}

fn assembled(base_config: Value, config: &ImageConfig) -> Value {
    let place = Place::new();
    let image = assemble(&place.layout, &base(&place, base_config), &layers(&place), config).unwrap();
    parts(&place, &image).0
}

#[test]
fn an_image_is_whole_and_names_its_layers_in_order() {
    let place = Place::new();
    let (base, layers) = (base(&place, amd64()), layers(&place));
    let image = assemble(&place.layout, &base, &layers, &config()).unwrap();
    assert!(place.layout.is_whole(&image.digest));
    let (config, manifest) = parts(&place, &image);
    let own = layers.iter().map(|layer| (layer.digest, layer.size, layer.media_type.clone()));
    let of_base = base.layers().iter().map(|layer| (layer.digest, layer.size, layer.media_type.clone()));
    let expected: Vec<_> = of_base
        .chain(own)
        .map(|(digest, size, kind)| json!({"digest": digest, "size": size, "mediaType": kind}))
        .collect();
    assert_eq!(manifest["layers"], json!(expected));
    let diff_ids: Vec<_> =
        base.diff_ids().into_iter().chain(layers.iter().map(|layer| layer.diff_id)).collect();
    assert_eq!(config["rootfs"], json!({"type": "layers", "diff_ids": diff_ids}));
    let sizes = expected.iter().map(|layer| layer["size"].as_u64().unwrap()).sum::<u64>();
    assert_eq!((image.size, image.layers, image.platform), (sizes, 4, Platform::AMD64));
}

#[test]
fn all_json_with_a_digest_is_canonical() {
    let place = Place::new();
    let image = assemble(&place.layout, &base(&place, amd64()), &layers(&place), &config()).unwrap();
    let index = assemble_index(&place.layout, std::slice::from_ref(&image)).unwrap();
    let (_, manifest) = parts(&place, &image);
    let config: Digest = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
    for digest in [image.digest, config, index] {
        let bytes = fs_err::read(place.layout.blob_path(&digest)).unwrap();
        assert_eq!(bytes, canonical_json(&serde_json::from_slice(&bytes).unwrap()));
    }
    let size = fs_err::metadata(place.layout.blob_path(&image.digest)).unwrap().len();
    assert_eq!(image.manifest_size, size);
}

#[test]
fn what_is_not_known_here_stays_as_the_base_has_it() {
    let mut base = amd64();
    base["variant"] = json!("v2");
    base["author"] = json!("someone");
    base["config"] = json!({
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 30_000_000_000u64},
        "OnBuild": ["RUN true"],
        "Shell": ["/bin/bash", "-c"],
        "Entrypoint": ["/entry"],
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data": {}},
        "StopSignal": "SIGINT",
        "User": "base", "WorkingDir": "/base", "Cmd": ["base"],
    });
    let made = assembled(base.clone(), &config());
    assert_eq!((&made["variant"], &made["author"]), (&base["variant"], &base["author"]));
    for (name, value) in base["config"].as_object().unwrap() {
        assert_eq!(&made["config"][name], value, "{name}");
    }
}

#[test]
fn what_is_given_goes_before_the_base() {
    let mut base = amd64();
    base["created"] = json!("2020-01-01T00:00:00Z");
    base["config"] =
        json!({"User": "base", "WorkingDir": "/base", "Cmd": ["base"], "Labels": {"a": "1", "b": "1"}});
    let labels = BTreeMap::from([("b".to_owned(), "2".to_owned()), ("c".to_owned(), "2".to_owned())]);
    let given = ImageConfig {
        user: Some("1000".to_owned()),
        workdir: Some("/srv".to_owned()),
        cmd: Some(vec!["python".to_owned()]),
        labels,
        ..config()
    };
    let made = assembled(base, &given);
    assert_eq!(made["created"], "1970-01-01T00:00:00Z");
    let expected = json!({
        "User": "1000", "WorkingDir": "/srv", "Cmd": ["python"], "Env": [],
        "Labels": {"a": "1", "b": "2", "c": "2"},
    });
    assert_eq!(made["config"], expected);
}

#[test]
fn a_variable_of_both_keeps_its_place_and_takes_our_value() {
    let mut base = amd64();
    base["config"] = json!({"Env": ["PATH=/bin", "A=1=2", "EMPTY="]});
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let env = vec![set("NEW", "x y"), set("PATH", "/opt/env/bin:/bin"), set("LAST", "")];
    let made = assembled(base, &ImageConfig { env, ..config() });
    assert_eq!(
        made["config"]["Env"],
        json!(["PATH=/opt/env/bin:/bin", "A=1=2", "EMPTY=", "NEW=x y", "LAST="])
    );
}

#[test]
fn the_history_goes_on_from_the_bases() {
    let mut base = amd64();
    base["history"] =
        json!([{"created_by": "ADD"}, {"created_by": "ENV", "empty_layer": true}, {"created_by": "RUN"}]);
    let made = assembled(base.clone(), &config());
    let own = |holds: &str| json!({"created": "1970-01-01T00:00:00Z", "created_by": "envwright build", "comment": holds});
    let mut expected = base["history"].as_array().unwrap().clone();
    expected.extend([own("one"), own("two")]);
    assert_eq!(made["history"], json!(expected));
}

#[test]
fn annotations_stand_in_the_manifest_and_only_where_there_are_some() {
    let place = Place::new();
    let image = assemble(&place.layout, &scratch(), &[], &config()).unwrap();
    assert!(parts(&place, &image).1.get("annotations").is_none());
    let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let image = assemble(&place.layout, &scratch(), &[], &ImageConfig { annotations, ..config() }).unwrap();
    assert_eq!(parts(&place, &image).1["annotations"], json!({"a": "b"}));
}

#[test]
fn an_index_is_sorted_by_platform() {
    let place = Place::new();
    let of = |platform| {
        let base = Base::scratch(platform);
        assemble(&place.layout, &base, &[], &ImageConfig { platform, ..config() }).unwrap()
    };
    let (amd64, arm64) = (of(Platform::AMD64), of(Platform::ARM64));
    assert_ne!(amd64.digest, arm64.digest);
    let digest = assemble_index(&place.layout, &[arm64.clone(), amd64.clone()]).unwrap();
    assert_eq!(digest, assemble_index(&place.layout, &[amd64, arm64]).unwrap());
    let index = place.layout.json(&digest).unwrap();
    let named: Vec<_> =
        index["manifests"].as_array().unwrap().iter().map(|entry| entry["platform"].clone()).collect();
    let platform = |name: &str| json!({"os": "linux", "architecture": name});
    assert_eq!(named, [platform("amd64"), platform("arm64")]);
    assert!(place.layout.is_whole(&digest));
}

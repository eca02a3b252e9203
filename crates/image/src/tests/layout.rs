//! Layouts that several processes write to.

use super::{Packing, Place, amd64, archive, blobs, config, oci, scratch};
use crate::{ImageError, ImageReference, Layout, assemble, export_oci_layout};
use envwright_diagnosis::Explain as _;
use envwright_store::Digest;
use serde_json::{Value, json};

fn name(text: &str) -> ImageReference {
    text.parse().unwrap()
}

fn image(place: &Place) -> Digest {
    assemble(&place.layout, &scratch(), &[], &config()).unwrap().digest
}

fn names(layout: &Layout) -> Vec<String> {
    layout.list().unwrap().into_iter().map(|named| named.name).collect()
}

#[test]
fn what_was_created_is_opened_by_others() {
    let place = Place::new();
    assert_eq!(Layout::open(place.layout.path()).unwrap().list().unwrap(), []);
    let text = fs_err::read(place.layout.path().join("oci-layout")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), json!({"imageLayoutVersion": "1.0.0"}));
    let index: Value =
        serde_json::from_slice(&fs_err::read(place.layout.path().join("index.json")).unwrap()).unwrap();
    assert_eq!((&index["schemaVersion"], &index["manifests"]), (&json!(2), &json!([])));
}

#[test]
fn creating_again_keeps_what_is_there() {
    let place = Place::new();
    place.layout.tag(&name("a"), &image(&place)).unwrap();
    assert_eq!(names(&Layout::create(place.layout.path()).unwrap()), ["a:latest"]);
    // As if the first process had been killed before its last step.
    fs_err::remove_file(place.layout.path().join("oci-layout")).unwrap();
    fs_err::write(place.layout.path().join(".tmp-x1"), "half").unwrap();
    assert_eq!(names(&Layout::create(place.layout.path()).unwrap()), ["a:latest"]);
}

#[test]
fn a_folder_of_other_things_is_refused() {
    let place = Place::new();
    for file in ["photo.jpg", ".hidden"] {
        let folder = place.path(&format!("folder-{file}"));
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(folder.join(file), "").unwrap();
        let error = Layout::create(&folder).unwrap_err();
        assert!(matches!(error, ImageError::Output { .. }), "{error}");
        assert_eq!(error.findings()[0].problem.as_str(), "output-invalid");
        assert_eq!(fs_err::read_dir(&folder).unwrap().count(), 1);
    }
}

#[test]
fn what_is_no_layout_is_not_opened() {
    let place = Place::new();
    for text in ["", "{}", "[]", r#"{"imageLayoutVersion": "2.0.0"}"#, r#"{"imageLayoutVersion": 1}"#] {
        fs_err::write(place.layout.path().join("oci-layout"), text).unwrap();
        assert!(matches!(Layout::open(place.layout.path()), Err(ImageError::Base { .. })), "{text}");
    }
    assert!(matches!(Layout::open(&place.path("none")), Err(ImageError::Io { .. })));
}

#[test]
fn a_name_moves_to_the_image_that_got_it_last() {
    let place = Place::new();
    let (one, other) = (image(&place), place.layout.put(b"{}").unwrap());
    for digest in [&one, &other, &other] {
        place.layout.tag(&name("a:1"), digest).unwrap();
    }
    place.layout.tag(&name("a:2"), &one).unwrap();
    assert_eq!(place.layout.resolve("a:1").unwrap(), Some(other));
    assert_eq!(names(&place.layout), ["a:1", "a:2"]);
    assert_eq!(place.layout.resolve("a:3").unwrap(), None);
}

#[test]
fn an_image_that_is_not_there_gets_no_name() {
    let place = Place::new();
    let absent = Digest::of(b"absent");
    let refused = place.layout.tag(&name("a"), &absent);
    assert!(matches!(refused, Err(ImageError::Missing(digest)) if digest == absent));
    assert!(names(&place.layout).is_empty());
}

#[test]
fn removing_takes_the_name_and_says_whether_it_was_there() {
    let place = Place::new();
    let digest = image(&place);
    place.layout.tag(&name("a"), &digest).unwrap();
    assert!(place.layout.remove("a:latest").unwrap());
    assert!(!place.layout.remove("a:latest").unwrap());
    assert!(place.layout.has(&digest));
}

#[test]
fn what_no_name_needs_is_collected() {
    let place = Place::new();
    let layers = [(Packing::Zstd, archive(&[("a", "1")])), (Packing::Gzip, archive(&[("b", "2")]))];
    let (layout, _) = oci(&place.path("images"), &layers, amd64());
    let kept = blobs(&layout);
    let (garbage, residue) = (layout.put(b"garbage").unwrap(), layout.path().join("blobs/sha256/.tmp-1"));
    fs_err::write(&residue, "four").unwrap();
    assert_eq!(layout.collect().unwrap(), 7 + 4);
    assert!(!layout.has(&garbage));
    assert_eq!(blobs(&layout), kept);
    layout.remove("base:latest").unwrap();
    assert!(layout.collect().unwrap() > 0);
    assert!(blobs(&layout).is_empty());
}

/// It would count every image as unnamed.
#[test]
fn with_an_index_that_cannot_be_read_nothing_is_lost() {
    let place = Place::new();
    let digest = image(&place);
    place.layout.tag(&name("a"), &digest).unwrap();
    let (index, before) = (place.layout.path().join("index.json"), place.blobs());
    fs_err::write(&index, "{ half").unwrap();
    assert!(place.layout.collect().is_err());
    assert!(place.layout.tag(&name("b"), &digest).is_err());
    assert!(place.layout.remove("a:latest").is_err());
    assert_eq!(fs_err::read(&index).unwrap(), b"{ half");
    assert_eq!(place.blobs(), before);
    assert!(place.layout.list().is_err());
}

#[test]
fn an_image_is_whole_with_all_its_blobs_in_their_sizes() {
    let place = Place::new();
    let layers = [(Packing::Zstd, archive(&[("a", "1")]))];
    let (layout, digest) = oci(&place.path("images"), &layers, amd64());
    assert!(layout.is_whole(&digest));
    for hex in blobs(&layout) {
        let path = layout.path().join("blobs/sha256").join(hex);
        let bytes = fs_err::read(&path).unwrap();
        fs_err::write(&path, &bytes[1..]).unwrap();
        assert!(!layout.is_whole(&digest));
        fs_err::remove_file(&path).unwrap();
        assert!(!layout.is_whole(&digest));
        fs_err::write(&path, bytes).unwrap();
    }
    assert!(layout.is_whole(&digest));
    assert!(!layout.is_whole(&layout.put(b"{}").unwrap()));
}

#[test]
fn tagging_at_once_loses_no_name() {
    let place = Place::new();
    let digest = image(&place);
    std::thread::scope(|scope| {
        for index in 0..16 {
            let (layout, digest) = (&place.layout, &digest);
            scope.spawn(move || layout.tag(&name(&format!("a:{index}")), digest).unwrap());
        }
    });
    assert_eq!(place.layout.list().unwrap().len(), 16);
}

#[test]
fn creating_at_once_loses_no_name() {
    for _ in 0..8 {
        let place = Place::new();
        let folder = place.path("new");
        std::thread::scope(|scope| {
            for index in 0..4 {
                let folder = &folder;
                scope.spawn(move || {
                    let layout = Layout::create(folder).unwrap();
                    let digest = layout.put(b"{}").unwrap();
                    layout.tag(&name(&format!("a:{index}")), &digest).unwrap();
                });
            }
        });
        assert_eq!(Layout::open(&folder).unwrap().list().unwrap().len(), 4);
    }
}

#[test]
fn an_exported_image_is_whole_elsewhere_under_its_tag() {
    let place = Place::new();
    let layers = [(Packing::Zstd, archive(&[("a", "1")])), (Packing::Plain, archive(&[("b", "2")]))];
    let (from, digest) = oci(&place.path("images"), &layers, amd64());
    let folder = place.path("exported");
    for _ in 0..2 {
        export_oci_layout(&from, &digest, &name("host.example/x:1"), &folder).unwrap();
    }
    export_oci_layout(&from, &digest, &name("host.example/x:2"), &folder).unwrap();
    let to = Layout::open(&folder).unwrap();
    assert!(to.is_whole(&digest));
    assert_eq!(names(&to), ["1", "2"]);
    assert_eq!(blobs(&to), blobs(&from));
    assert_eq!(to.entries().unwrap()[0]["annotations"]["io.containerd.image.name"], "host.example/x:1");
}

#[test]
fn an_image_with_a_blob_that_is_gone_or_damaged_is_not_exported() {
    let place = Place::new();
    let (from, digest) = oci(&place.path("images"), &[(Packing::Zstd, archive(&[("a", "1")]))], amd64());
    let layer = from.json(&digest).unwrap()["layers"][0]["digest"].as_str().unwrap().parse().unwrap();
    fs_err::write(from.blob_path(&layer), "damaged").unwrap();
    for folder in ["damaged", "gone"] {
        let folder = place.path(folder);
        let refused = export_oci_layout(&from, &digest, &name("x"), &folder);
        assert!(matches!(refused, Err(ImageError::Missing(missing)) if missing == layer));
        assert!(names(&Layout::open(&folder).unwrap()).is_empty());
        let _ = fs_err::remove_file(from.blob_path(&layer));
    }
}

#[test]
fn a_layer_that_is_not_here_is_where_it_was_noted_to_be_as_long_as_its_image_has_a_name() {
    let place = Place::new();
    let layers = [(Packing::Zstd, archive(&[("a", "1")])), (Packing::Zstd, archive(&[("b", "2")]))];
    let (layout, digest) = oci(&place.path("images"), &layers, amd64());
    let origin: ImageReference = "registry.example/team/base:1".parse().unwrap();
    assert!(layout.absent(&digest).unwrap().is_empty());
    let manifest = layout.json(&digest).unwrap();
    let (layer, size) = crate::layout::descriptor(&manifest["layers"][1]).unwrap();
    fs_err::remove_file(layout.blob_path(&layer)).unwrap();
    assert!(matches!(layout.absent(&digest), Err(ImageError::Missing(missing)) if missing == layer));

    layout.note_origin(&digest, &origin).unwrap();
    layout.collect().unwrap();
    assert_eq!(layout.absent(&digest).unwrap(), [(origin, vec![(layer, size)])].into());
    assert!(!layout.is_whole(&digest) && layout.describes(&digest));

    let nothing = r#"{"schemaVersion":2,"manifests":[]}"#;
    fs_err::write(layout.path().join("index.json"), nothing).unwrap();
    layout.collect().unwrap();
    assert_eq!(layout.origin(&layer), None);
}

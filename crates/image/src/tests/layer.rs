//! Layers that are written, and read back.

use super::{Packing, Place, directory, listed, listed_by_tar};
use crate::{ImageError, Kind, Layer, PlannedLayer, SegmentRef, write_layer};
use envwright_store::Digest;
use flate2::read::MultiGzDecoder;
use std::io::Read as _;

const COMPRESSED: [Packing; 2] = [Packing::Gzip, Packing::Zstd];

fn segments(place: &Place, packing: Packing) -> Vec<SegmentRef> {
    vec![
        place.segment(Kind::Pypi, "one", &[("opt/a", "alpha"), ("opt/b", "beta")], packing),
        place.segment(Kind::Pypi, "two", &[("opt/c", "gamma"), ("z", "")], packing),
    ]
}

fn two(place: &Place, packing: Packing) -> PlannedLayer {
    let folders = vec![directory("opt", 0o2755, false), directory("opt/empty", 0o700, false)];
    PlannedLayer { directories: folders, segments: segments(place, packing) }
}

fn blob(place: &Place, layer: &Layer) -> Vec<u8> {
    fs_err::read(place.layout.blob_path(&layer.digest)).unwrap()
}

fn plain(place: &Place, layer: &Layer) -> Vec<u8> {
    let blob = blob(place, layer);
    let mut plain = Vec::new();
    if layer.media_type.ends_with("gzip") {
        MultiGzDecoder::new(blob.as_slice()).read_to_end(&mut plain).unwrap();
    } else {
        plain = zstd::decode_all(blob.as_slice()).unwrap();
    }
    plain
}

fn write(place: &Place, planned: &PlannedLayer) -> Result<Layer, ImageError> {
    write_layer(planned, &place.layout, &place.home)
}

#[test]
fn a_layer_is_one_archive_that_every_reader_lists_the_same() {
    for packing in COMPRESSED {
        let place = Place::new();
        let plain = plain(&place, &write(&place, &two(&place, packing)).unwrap());
        let expected = ["opt/", "opt/empty/", "opt/a", "opt/b", "opt/c", "z"];
        assert_eq!(listed(&plain), expected);
        assert_eq!(listed_by_tar(&plain), expected);
        assert!(plain.ends_with(&[0; 1024]));
        assert_eq!(plain.len() % 512, 0);
    }
}

#[test]
fn digest_diff_id_and_size_are_those_of_the_bytes() {
    for packing in COMPRESSED {
        let place = Place::new();
        let layer = write(&place, &two(&place, packing)).unwrap();
        let blob = blob(&place, &layer);
        assert_eq!((layer.digest, layer.size), (Digest::of(&blob), blob.len() as u64));
        assert_eq!(layer.diff_id, Digest::of(&plain(&place, &layer)));
        assert_eq!(layer.media_type, packing.media_type());
        assert_eq!(layer.holds, "one two");
    }
}

#[test]
fn segments_are_copied_and_not_compressed_again() {
    let place = Place::new();
    let planned = two(&place, Packing::Zstd);
    let blob = blob(&place, &write(&place, &planned).unwrap());
    for segment in &planned.segments {
        let bytes = fs_err::read(&segment.file).unwrap();
        assert!(blob.windows(bytes.len()).any(|window| window == bytes));
    }
}

#[test]
fn folders_have_their_attributes() {
    let place = Place::new();
    let mut folder = directory("d", 0o1777, false);
    (folder.uid, folder.gid, folder.mtime) = (3_000_000, 42, 1_234_567_890);
    let planned = PlannedLayer { directories: vec![folder], segments: segments(&place, Packing::Zstd) };
    let plain = plain(&place, &write(&place, &planned).unwrap());
    let mut archive = tar::Archive::new(plain.as_slice());
    let entry = archive.entries().unwrap().next().unwrap().unwrap();
    let header = entry.header();
    let found = [header.uid(), header.gid(), header.mtime()].map(Result::unwrap);
    assert_eq!(found, [3_000_000, 42, 1_234_567_890]);
    assert_eq!(header.mode().unwrap(), 0o1777);
    assert!(header.entry_type().is_dir());
}

#[test]
fn long_names_of_folders_are_whole() {
    let place = Place::new();
    let name = |character: &str, length| character.repeat(length);
    let paths = [
        name("a", 99),
        name("b", 100),
        format!("{}/{}", name("c", 155), name("d", 99)),
        format!("{}/{}", name("e", 200), name("f", 200)),
        format!("{}{}", name("é", 60), name("g", 90)),
    ];
    let folders = paths.iter().map(|path| directory(path, 0o755, false)).collect();
    let planned = PlannedLayer { directories: folders, segments: Vec::new() };
    let plain = plain(&place, &write(&place, &planned).unwrap());
    let expected = paths.map(|path| format!("{path}/"));
    assert_eq!(listed(&plain), expected);
    assert_eq!(listed_by_tar(&plain).len(), expected.len());
}

#[test]
fn two_homes_write_the_same_bytes() {
    for packing in COMPRESSED {
        let (one, other) = (Place::new(), Place::new());
        let first = write(&one, &two(&one, packing)).unwrap();
        let second = write(&other, &two(&other, packing)).unwrap();
        assert_eq!(first, second);
        assert_eq!(blob(&one, &first), blob(&other, &second));
    }
}

#[test]
fn many_threads_write_one_blob() {
    let place = Place::new();
    let planned = two(&place, Packing::Zstd);
    let layers = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(|| write(&place, &planned).unwrap())).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(layers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(place.blobs().into_iter().collect::<Vec<_>>(), [layers[0].digest.hex()]);
}

#[test]
fn a_known_layer_is_not_written_again_unless_its_blob_is_gone() {
    let place = Place::new();
    let planned = two(&place, Packing::Zstd);
    let layer = write(&place, &planned).unwrap();
    // Would be noticed if it were read.
    let second = &planned.segments[1].file;
    let bytes = fs_err::read(second).unwrap();
    fs_err::write(second, b"other").unwrap();
    assert_eq!(write(&place, &planned).unwrap(), layer);
    fs_err::remove_file(place.layout.blob_path(&layer.digest)).unwrap();
    assert!(matches!(write(&place, &planned), Err(ImageError::Segment { .. })));
    fs_err::write(second, bytes).unwrap();
    assert_eq!(write(&place, &planned).unwrap(), layer);
    assert!(place.layout.has(&layer.digest));
}

/// The same bytes can be known under other names, and the history is part of the image.
#[test]
fn a_known_layer_holds_what_this_image_calls_it() {
    let place = Place::new();
    let mut planned = two(&place, Packing::Zstd);
    write(&place, &planned).unwrap();
    planned.segments[0].name = "other".to_owned();
    assert_eq!(write(&place, &planned).unwrap().holds, "other two");
}

#[test]
fn the_history_names_eight_and_counts_the_rest() {
    let place = Place::new();
    let named = |count: usize| {
        let segment = |index: usize| {
            place.segment(Kind::Pypi, &index.to_string(), &[(&format!("f{index}"), "")], Packing::Zstd)
        };
        let planned = PlannedLayer { directories: Vec::new(), segments: (0..count).map(segment).collect() };
        write(&place, &planned).unwrap().holds
    };
    assert_eq!(named(8), "0 1 2 3 4 5 6 7");
    assert_eq!(named(10), "0 1 2 3 4 5 6 7 and 2 more");
}

#[test]
fn a_damaged_segment_is_refused_and_leaves_nothing() {
    type Damage = (&'static str, fn(&mut SegmentRef, Vec<u8>) -> Vec<u8>);
    let damages: [Damage; 7] = [
        ("empty", |_, _| Vec::new()),
        ("truncated", |_, bytes| bytes[..bytes.len() - 1].to_vec()),
        ("longer", |_, bytes| [bytes, b"x".to_vec()].concat()),
        ("twice", |_, bytes| [bytes.clone(), bytes].concat()),
        ("a bit", |_, mut bytes| {
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            bytes
        }),
        ("another size", |segment, bytes| {
            segment.index.uncompressed_size += 512;
            bytes
        }),
        ("another digest", |segment, bytes| {
            segment.index.compressed_digest = Digest::of(b"other");
            bytes
        }),
    ];
    for packing in COMPRESSED {
        for (name, damage) in damages {
            for position in [0, 1] {
                let place = Place::new();
                let mut planned = two(&place, packing);
                let segment = &mut planned.segments[position];
                let bytes = damage(segment, fs_err::read(&segment.file).unwrap());
                fs_err::write(&segment.file, bytes).unwrap();
                let key = segment.key;
                match write(&place, &planned) {
                    Err(ImageError::Segment { key: told }) => assert_eq!(told, key),
                    other => panic!("{packing:?} {name}: {other:?}"),
                }
                assert!(place.blobs().is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn segments_of_two_compressions_make_no_layer() {
    let place = Place::new();
    let mut planned = two(&place, Packing::Zstd);
    planned.segments[1] = place.segment(Kind::Pypi, "gzip", &[("g", "")], Packing::Gzip);
    assert!(matches!(write(&place, &planned), Err(ImageError::Segment { .. })));
}

#[test]
fn a_segment_that_is_not_there_is_named() {
    let place = Place::new();
    let planned = two(&place, Packing::Zstd);
    fs_err::remove_file(&planned.segments[1].file).unwrap();
    match write(&place, &planned) {
        Err(ImageError::Io { path, .. }) => assert_eq!(path, planned.segments[1].file),
        other => panic!("{other:?}"),
    }
}

/// A folder can be opened, and not be read.
#[test]
fn a_segment_that_the_system_does_not_let_be_read_is_not_called_damaged() {
    for unread in [0, 1] {
        let place = Place::new();
        let planned = two(&place, Packing::Zstd);
        let file = &planned.segments[unread].file;
        fs_err::remove_file(file).unwrap();
        fs_err::create_dir(file).unwrap();
        match write(&place, &planned) {
            Err(ImageError::Io { path, .. }) => assert_eq!(&path, file),
            other => panic!("{other:?}"),
        }
        assert!(place.blobs().is_empty());
    }
}

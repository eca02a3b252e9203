//! A segment's bytes depend on what the package brings, not on how its archive was written.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use envwright_package::{Compression, OwnFile, PREFIX, WheelSegment, files_key, pack_files};
use envwright_store::Digest;
use proptest::{prelude::*, sample::select};
use std::{
    collections::BTreeMap,
    io::{Cursor, Write as _},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

type Files = BTreeMap<String, Vec<u8>>;

fn files() -> impl Strategy<Value = Files> {
    let path = "(pkg/|pkg/sub/|pkg-1\\.0\\.data/scripts/|other/)[a-z]{1,6}(\\.py|\\.so|)";
    prop::collection::btree_map(path, prop::collection::vec(any::<u8>(), 0..300), 0..8)
}

/// The segment of a wheel whose archive has the members in this order, of this year.
fn packed(files: &Files, order: &[usize], year: u16, method: CompressionMethod) -> Vec<u8> {
    let mut all: Vec<(String, Vec<u8>)> = files.clone().into_iter().collect();
    let metadata = |name: &str, text: &str| (format!("pkg-1.0.dist-info/{name}"), text.as_bytes().to_vec());
    all.push(metadata("METADATA", "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"));
    all.push(metadata("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"));
    let row = |(path, body): &(String, Vec<u8>)| {
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Digest::of(body).bytes());
        format!("{path},sha256={digest},{}\n", body.len())
    };
    let record: String = all.iter().map(row).collect();
    all.push(metadata("RECORD", &(record + "pkg-1.0.dist-info/RECORD,,\n")));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let time = DateTime::from_date_and_time(year, 2, 3, 4, 5, 6).unwrap();
    for at in order.iter().filter(|at| **at < all.len()) {
        let options = SimpleFileOptions::default().compression_method(method).last_modified_time(time);
        zip.start_file(&all[*at].0, options).unwrap();
        zip.write_all(&all[*at].1).unwrap();
    }
    let wheel = zip.finish().unwrap().into_inner();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.whl");
    fs_err::write(&path, &wheel).unwrap();
    let segment = WheelSegment {
        wheel: &path,
        filename: "pkg-1.0-py3-none-any.whl",
        sha256: Digest::of(&wheel),
        python: (3, 11),
        prefix: PREFIX,
        compression: Compression::Zstd,
        compile: None,
        compiler: None,
        direct_url: None,
    };
    let mut out = Vec::new();
    segment.pack(&mut out).unwrap();
    out
}

fn own_files() -> impl Strategy<Value = Vec<OwnFile>> {
    let body = prop::collection::vec(any::<u8>(), 0..40);
    prop::collection::btree_map("[a-z]{1,3}(/[a-z]{1,3}){0,2}\\.txt", body, 0..8)
        .prop_map(|files| files.into_iter().map(|(path, body)| OwnFile::file(path, body, 7)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn the_form_of_a_wheels_archive_leaves_no_trace(
        files in files(),
        order in Just((0..11).collect::<Vec<usize>>()).prop_shuffle(),
        year in 1980..2100u16,
        method in select(vec![CompressionMethod::Stored, CompressionMethod::Deflated]),
    ) {
        let straight: Vec<usize> = (0..11).collect();
        let plain = packed(&files, &straight, 1980, CompressionMethod::Stored);
        prop_assert_eq!(packed(&files, &order, year, method), plain);
    }

    #[test]
    fn own_files_are_packed_as_the_same_bytes_in_whatever_order_they_come(
        (files, shuffled) in own_files().prop_flat_map(|files| (Just(files.clone()), Just(files).prop_shuffle())),
        compression in select(vec![Compression::Zstd, Compression::Gzip]),
    ) {
        let packed = |files: &[OwnFile]| {
            let mut out = Vec::new();
            pack_files(files, compression, &mut out).unwrap();
            out
        };
        prop_assert_eq!(packed(&shuffled), packed(&files));
        prop_assert_eq!(files_key(&shuffled, compression), files_key(&files, compression));
    }

    #[test]
    fn every_change_of_own_files_is_another_key(files in own_files(), at in any::<prop::sample::Index>(), what in 0..5) {
        prop_assume!(!files.is_empty());
        let key = |files: &[OwnFile]| files_key(files, Compression::Zstd);
        let before = key(&files);
        let mut changed = files;
        let file = at.get_mut(&mut changed);
        match what {
            0 => file.mode ^= 0o111,
            1 => file.uid += 1,
            2 => file.mtime += 1,
            3 => file.path.push('x'),
            _ => file.content = envwright_package::Content::Directory,
        }
        prop_assert_ne!(key(&changed), before);
    }
}

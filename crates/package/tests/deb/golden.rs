//! Bytes that must not change. Where one of these fails, images made before and after differ: then raise
//! `SEGMENT_VERSION`, so that no old segment is taken for a new one, and only after that write the new digests here.

use super::build::{Tar, control, deb, of, segment};
use envwright_package::{Compression, DebSegment, OwnFile, Rewrites, SEGMENT_VERSION, files_key, pack_files};
use envwright_store::Digest;
use std::path::Path;

fn data() -> Tar {
    let long = format!("./usr/{}/{}", "d".repeat(120), "n".repeat(120));
    Tar::new()
        .directory("./")
        .directory("./bin/")
        .file("./bin/tool", "tool")
        .hardlink("./bin/link", "./bin/tool")
        .symlink("./usr/lib/x", "../y")
        .extended(
            tar::EntryType::GNULongName,
            &[long.as_bytes(), b"\0"].concat(),
            super::build::header("./short", tar::EntryType::Regular, ""),
            "long",
        )
}

#[test]
fn the_version_is_the_one_that_these_digests_belong_to() {
    assert_eq!(SEGMENT_VERSION, 2);
}

#[test]
fn a_debs_segment_is_these_bytes() {
    let digest = |compression| {
        let (index, bytes) = segment(&of(data()), &Rewrites::merged_usr(), compression).unwrap();
        assert_eq!(index.compressed_digest, Digest::of(&bytes));
        assert_eq!(index.compressed_size, bytes.len() as u64);
        index.compressed_digest.hex()
    };
    let expected = [
        "037fad1aa171f51267a1c14a7ea3389dbf73cb9ec173697f67f743ce837d2681",
        "a001a09fd65b09264e31601dbe35ee4dc039bf5ed7ac32000527bb78c53f1206",
    ];
    assert_eq!([Compression::Zstd, Compression::Gzip].map(digest), expected);
}

#[test]
fn a_debs_key_is_this() {
    let sha256 = Digest::of(&deb(&control().bytes(), &Tar::new().bytes()));
    let segment = |compression, rewrites| {
        let deb = Path::new("any");
        DebSegment { deb, sha256, name: "pkg", version: "1.0-1", compression, rewrites }.key().hex()
    };
    let (none, merged) = (Rewrites::none(), Rewrites::merged_usr());
    let keys = [
        segment(Compression::Zstd, &none),
        segment(Compression::Zstd, &merged),
        segment(Compression::Gzip, &merged),
    ];
    assert_eq!(
        keys,
        [
            "78c96e0f016797d7cdac2228288bb33b80b841c16f0608a26d8983b8959731d2",
            "6b4a90af05cca7b67130cde3237332b9e3d12cece7d238ec26c7c38133b2359f",
            "16d6d41743423451d7f4bb61c9456fb7c7f31cea775327ddb006870899c4a69e"
        ]
    );
}

#[test]
fn a_segment_of_own_files_is_these_bytes() {
    let files = [
        OwnFile::file("etc/hosts", "127.0.0.1 localhost\n", 9).mode(0o600),
        OwnFile::symlink("etc/mtab", "../proc/mounts", 7),
        OwnFile::directory("tmp", 5).mode(0o1777),
    ];
    let mut bytes = Vec::new();
    pack_files(&files, Compression::Zstd, &mut bytes).unwrap();
    let digests = [Digest::of(&bytes), files_key(&files, Compression::Zstd)].map(|digest| digest.hex());
    assert_eq!(
        digests,
        [
            "038fbf9cdb9c4b0f2cae6efa126e679b7b671b1d9c617b596307d7fba6963667",
            "648c9d5f95e2da3648ea7666bae211ad7197d01e8f73e7b7eefdf255e6c9c93c"
        ]
    );
}

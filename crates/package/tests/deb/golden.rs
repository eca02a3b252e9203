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
            "a8f3c54c876b9192cf3fe8fe9b84d519480d95a074ad975d592f215b6996a066",
            "bb7a0ead3028930c76a459dc1c3dfa221ecbff0a5307de1335fac6c2244083eb",
            "6cdbe16ed4abd5af070a566e1fe5b4c85b6f82b991976c6082f51c250674d41e"
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
            "f0af737c9ae2437c7a5c07a9375a58629535c368dadcc1a5b4701a4b029569ad"
        ]
    );
}

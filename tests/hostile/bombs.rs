//! Archives that go off: what comes out of a few bytes is bounded, in bytes, in members and in memory.

use super::{
    corpus::zips::entries,
    make::{
        ar,
        tar::{Header, Tar},
        zip::{self, Entry},
    },
    page::Section,
    tried::{self, Case, INVALID, LAYER, UNSAFE, build, case},
};
use crate::support::{
    base::{self, BOOKWORM, Layer},
    debian::Repository,
    index::Index,
    wheel::{sha256, wheel},
};
use std::io::Write;

/// What comes out of one part, and how often it stands in an archive: 10 GB in all.
const PART: usize = 100_000_000;
const PARTS: usize = 100;
const MILLION: u32 = 1_000_000;

/// Compresses what is written.
fn packed(gzip: bool, write: impl FnOnce(&mut dyn Write)) -> Vec<u8> {
    if gzip {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        write(&mut encoder);
        return encoder.finish().unwrap();
    }
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    write(&mut encoder);
    encoder.finish().unwrap()
}

fn zeros(out: &mut dyn Write, size: usize) {
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), size as u64), out).unwrap();
}

/// A file of 10 GB of zeros: members of gzip, and frames of zstd, may stand one after another.
fn ten_gigabytes(gzip: bool) -> Vec<u8> {
    let header = Header::new("./opt/x", b'0').size((PART * PARTS) as u64).sum();
    let first = packed(gzip, |out| out.write_all(&header).unwrap());
    let part = packed(gzip, |out| zeros(out, PART));
    [first, part.repeat(PARTS)].concat()
}

fn million_members() -> Vec<u8> {
    packed(false, |out| {
        for number in 0..MILLION {
            out.write_all(&Header::new(format!("./opt/{number}"), b'0').sum()).unwrap();
        }
    })
}

/// Each member names hundreds of folders of its own.
fn deep_members() -> Vec<u8> {
    packed(false, |out| {
        for number in 0..10_000 {
            let path = format!("./{number}/{}x", "folder-of-it/".repeat(250));
            out.write_all(&Tar::new().pax(&[("path", path.as_bytes())]).file("x", "").open()).unwrap();
        }
    })
}

fn long_name() -> Vec<u8> {
    packed(false, |out| {
        out.write_all(&Header::new("././@LongLink", b'L').size(2 << 30).sum()).unwrap();
        zeros(out, 1 << 30);
    })
}

fn check(
    cases: &[Case],
    title: &str,
    way: &str,
    run: impl Fn(&Case) -> (crate::support::Ran, Option<String>),
) {
    let mut wrong = Vec::new();
    for case in cases {
        let (ran, problem) = run(case);
        wrong.extend(tried::compared(case, case.verdicts[0], problem.as_deref(), &ran));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Section { title, ways: &[way], references: &[] }.check(cases);
}

#[test]
fn layers_that_go_off() {
    let bomb = |name, what, bytes| case(name, what, bytes, LAYER);
    let cases = [
        bomb("bomb-gzip", "10 GB of zeros in 10 MB of gzip", ten_gigabytes(true)),
        bomb("bomb-zstd", "10 GB of zeros in 1 MB of zstd", ten_gigabytes(false)),
        bomb("bomb-members", "a million members", million_members()),
        bomb("bomb-folders", "10,000 members, each in 250 folders of its own", deep_members()),
        bomb("bomb-name", "a GNU long name of 2 GiB", long_name()),
    ];
    check(&cases, "Bombs as layers", "As a layer", |case| {
        let envwright = tried::place("name: app\nimage: oci:base\nenv: {A: b}\n");
        let kind = if case.name == "bomb-gzip" { "tar+gzip" } else { "tar+zstd" };
        // It is never reached.
        let layer = Layer { kind, bytes: case.bytes.clone(), diff_id: sha256(b"") };
        base::write_layers(&envwright.folder().join("base"), &[Layer::of(&BOOKWORM), layer]);
        build(case.name, &envwright, "oci:out")
    });
}

#[test]
fn packages_that_go_off() {
    let data = |name: &'static str, what, part, bytes: Vec<u8>, verdict| {
        case(name, what, ar::deb(name, part, &bytes), verdict)
    };
    let control = packed(true, |out| {
        out.write_all(&ar::control("bomb-control").open()).unwrap();
        out.write_all(&Header::new("./postinst", b'0').size(PART as u64).sum()).unwrap();
        zeros(out, PART.next_multiple_of(512) + 1024);
    });
    let control = ar::archive(&[
        ar::version(),
        ar::member("control.tar.gz", &control),
        ar::member("data.tar", &Tar::new().end()),
    ]);
    let cases = [
        data("bomb-gzip", "10 GB of zeros in 10 MB of gzip", "data.tar.gz", ten_gigabytes(true), UNSAFE),
        data("bomb-zstd", "10 GB of zeros in 1 MB of zstd", "data.tar.zst", ten_gigabytes(false), UNSAFE),
        data("bomb-members", "a million members", "data.tar.zst", million_members(), UNSAFE),
        data(
            "bomb-folders",
            "10,000 members, each in 250 folders of its own",
            "data.tar.zst",
            deep_members(),
            UNSAFE,
        ),
        data("bomb-name", "a GNU long name of 2 GiB", "data.tar.zst", long_name(), UNSAFE),
        case("bomb-control", "a script of 100 MB of zeros", control, UNSAFE),
    ];
    let offered: Vec<(&str, &[u8])> = cases.iter().map(|case| (case.name, &case.bytes[..])).collect();
    let repository = Repository::of_archives("bookworm", &offered);
    let source = repository.source("bookworm");
    check(&cases, "Bombs as packages of Debian", "As a .deb", |case| {
        let definition = format!("name: app\nimage: oci:base\napt: [{}]\n", case.name);
        let files = [super::suites::STATUS, ("etc/apt/sources.list.d/test.sources", source.as_str())];
        build(case.name, &tried::on_debian(&definition, &files), "oci:out")
    });
}

/// A file that is deflated from zeros, with the size that its headers say.
fn deflated(size: usize, said: u32) -> Entry {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    zeros(&mut encoder, size);
    let bytes = encoder.finish().unwrap();
    let packed = u32::try_from(bytes.len()).unwrap();
    let entry =
        Entry::new("x.py", "").both(|fields| (fields.method, fields.packed, fields.size) = (8, packed, said));
    Entry { bytes, ..entry }
}

/// A directory of a million entries, all of which are the same file.
fn million_entries() -> Vec<u8> {
    let mut bytes = Entry::new("x.py", "").local_bytes();
    let start = bytes.len() as u64;
    for number in 0..MILLION {
        bytes.extend(Entry::new(number.to_string(), "").central_bytes(0));
    }
    let end = bytes.len() as u64;
    // Zip64's end of the directory, and where it is.
    bytes.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
    for number in [u64::from(MILLION), u64::from(MILLION), end - start, start] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([&b"PK\x06\x07\0\0\0\0"[..], &end.to_le_bytes(), &[1, 0, 0, 0]].concat());
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &[0xff; 12], &[0, 0]].concat());
    bytes
}

#[test]
fn wheels_that_go_off() {
    const LARGE: usize = 1_200_000_000;
    let with = |name: &str, more: &[Entry]| zip::archive(&[&entries(name)[..], more].concat());
    let said = u32::try_from(LARGE).unwrap();
    let metadata = || {
        let mut entries = entries("bomb-metadata");
        let large = deflated(PART, u32::try_from(PART).unwrap());
        let at = entries.iter().position(|entry| entry.central.name.ends_with(b"METADATA")).unwrap();
        let name = entries[at].central.name.clone();
        entries[at] = large.both(|fields| fields.name.clone_from(&name));
        zip::archive(&entries)
    };
    let bomb = |name, what, bytes, verdict| case(name, what, bytes, verdict);
    let cases = [
        bomb(
            "bomb-deflate",
            "1.2 GB of zeros in 1.2 MB",
            with("bomb-deflate", &[deflated(LARGE, said)]),
            UNSAFE,
        ),
        bomb(
            "bomb-said",
            "1.2 GB of zeros, where 100 bytes are said",
            with("bomb-said", &[deflated(LARGE, 100)]),
            INVALID,
        ),
        bomb("bomb-metadata", "METADATA of 100 MB", metadata(), INVALID),
        bomb("bomb-entries", "a million entries", million_entries(), UNSAFE),
    ];
    let offered: Vec<_> =
        cases.iter().map(|case| wheel(case.name, "1.0").archive(case.bytes.clone())).collect();
    let index = Index::of(&offered);
    check(&cases, "Bombs as wheels", "As a wheel", |case| {
        let definition = format!("name: app\nimage: oci:base\nrequirements: [{}]\n", case.name);
        let envwright = tried::on_debian(&definition, &[]).index(&index.url());
        build(case.name, &envwright, "oci:out")
    });
}

//! Archives, wheels and Debian packages.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use envwright_archive::TarReader;
use envwright_package::{Compression, DebSegment, PREFIX, Rewrites, WheelSegment};
use envwright_store::Digest;
use std::{
    fmt::Write as _,
    io::{self, Cursor, Read as _, Write as _},
};
use tempfile::NamedTempFile;
use zip::{ZipWriter, write::SimpleFileOptions};

/// More members or bytes than an input of this size can hold would be made of nothing.
const MOST_SEEN: u64 = 64 << 20;

/// Read in one pass and by seeking, an archive has the same members, or is wrong.
pub(crate) fn tar(bytes: &[u8]) {
    let once = members(TarReader::new(bytes));
    let sought = members(TarReader::seeking(Cursor::new(bytes)));
    if let (Some(once), Some(sought)) = (&once, &sought) {
        assert_eq!(once, sought, "seeking makes a difference");
    }
}

fn members<R: io::Read>(mut reader: TarReader<R>) -> Option<Vec<String>>
where
    TarReader<R>: io::Read,
{
    let mut all = Vec::new();
    while let Some(member) = reader.next_member().ok()? {
        let mut body = Vec::new();
        (&mut reader).take(MOST_SEEN).read_to_end(&mut body).ok()?;
        all.push(format!("{member:?} {}", Digest::of(&body)));
    }
    Some(all)
}

fn file(body: &[u8], path: &str, archive: &mut tar::Builder<Vec<u8>>) {
    let mut header = tar::Header::new_ustar();
    header.set_size(body.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(1_700_000_000);
    archive.append_data(&mut header, path, body).expect("memory takes all");
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, body) in files {
        file(body.as_bytes(), path, &mut archive);
    }
    archive.into_inner().expect("memory takes all")
}

pub(crate) fn tar_seeds() -> Vec<Vec<u8>> {
    let long = "a/".repeat(90) + "file";
    let mut links = tar::Builder::new(Vec::new());
    for (kind, target) in [(tar::EntryType::Symlink, "../x"), (tar::EntryType::Link, "etc/x")] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        links.append_link(&mut header, "link", target).expect("memory takes all");
    }
    let pax = [("path", b"etc/named".as_slice()), ("mtime", b"1.5"), ("SCHILY.xattr.user.a", b"b")];
    links.append_pax_extensions(pax).expect("memory takes all");
    file(b"x", "short", &mut links);
    vec![
        archive(&[("etc/os-release", "ID=debian\n"), ("etc/x", "")]),
        archive(&[(&long, "body")]),
        links.into_inner().expect("memory takes all"),
    ]
}

fn written(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("there is room for temporary files");
    file.write_all(bytes).expect("there is room for temporary files");
    file
}

/// Packed twice, it is the same segment, or wrong.
pub(crate) fn wheel(bytes: &[u8]) {
    assert_eq!(packed_wheel(bytes), packed_wheel(bytes), "it is packed in two ways");
}

fn packed_wheel(bytes: &[u8]) -> Option<Vec<u8>> {
    let file = written(bytes);
    let segment = WheelSegment {
        wheel: file.path(),
        filename: "pkg-1.0-py3-none-any.whl",
        sha256: Digest::of(bytes),
        python: (3, 11),
        prefix: PREFIX,
        compression: Compression::Zstd,
        compile: None,
        compiler: None,
        direct_url: None,
    };
    let mut out = Vec::new();
    segment.pack(&mut out).ok().map(|_| out)
}

pub(crate) fn wheel_seeds() -> Vec<Vec<u8>> {
    const RECORD: &str = "pkg-1.0.dist-info/RECORD";
    let files = [
        ("pkg/__init__.py", "x = 1\n"),
        ("pkg-1.0.data/scripts/run", "#!python\nprint()\n"),
        ("pkg-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"),
        (
            "pkg-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        ("pkg-1.0.dist-info/entry_points.txt", "[console_scripts]\npkg = pkg:main [extra]\n"),
    ];
    let mut record = format!("{RECORD},,\n");
    for (path, body) in files {
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Digest::of(body.as_bytes()).bytes());
        let _ = writeln!(record, "{path},sha256={digest},{}", body.len());
    }
    let all = files.into_iter().chain([(RECORD, record.as_str())]);
    let zipped = |method| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, body) in all.clone() {
            let options = SimpleFileOptions::default().compression_method(method);
            zip.start_file(path, options).expect("memory takes all");
            zip.write_all(body.as_bytes()).expect("memory takes all");
        }
        zip.finish().expect("memory takes all").into_inner()
    };
    vec![zipped(zip::CompressionMethod::Stored), zipped(zip::CompressionMethod::Deflated)]
}

/// Packed twice, it is the same segment, or wrong.
pub(crate) fn deb(bytes: &[u8]) {
    assert_eq!(packed_deb(bytes), packed_deb(bytes), "it is packed in two ways");
}

fn packed_deb(bytes: &[u8]) -> Option<Vec<u8>> {
    let file = written(bytes);
    let rewrites = Rewrites::merged_usr();
    let segment = DebSegment {
        deb: file.path(),
        sha256: Digest::of(bytes),
        name: "pkg",
        version: "1.0-1",
        compression: Compression::Zstd,
        rewrites: &rewrites,
    };
    let mut out = Vec::new();
    segment.pack(&mut out).ok().map(|_| out)
}

pub(crate) fn deb_seeds() -> Vec<Vec<u8>> {
    let control = archive(&[
        ("control", "Package: pkg\nVersion: 1.0-1\nArchitecture: amd64\nDepends: a (>= 1), b | c\n"),
        ("conffiles", "/etc/x\n"),
        ("md5sums", "d41d8cd98f00b204e9800998ecf8427e  etc/x\n"),
    ]);
    let data = archive(&[("etc/x", ""), ("bin/tool", "body"), ("usr/share/doc/pkg/copyright", "c")]);
    let mut outer = ar::Builder::new(Vec::new());
    for (name, body) in
        [("debian-binary", b"2.0\n".as_slice()), ("control.tar", &control), ("data.tar", &data)]
    {
        let header = ar::Header::new(name.as_bytes().to_vec(), body.len() as u64);
        outer.append(&header, body).expect("memory takes all");
    }
    vec![outer.into_inner().expect("memory takes all")]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the targets would reach no further than the first check.
    #[test]
    fn what_the_targets_begin_with_is_whole() {
        assert!(tar_seeds().iter().all(|seed| members(TarReader::new(seed.as_slice())).is_some()));
        assert!(wheel_seeds().iter().all(|seed| packed_wheel(seed).is_some()));
        assert!(deb_seeds().iter().all(|seed| packed_deb(seed).is_some()));
    }
}

//! Makes .debs, member by member, and reads segments back.

use envwright_package::{Compression, DebSegment, PackageError, Rewrites};
use envwright_store::{Digest, SegmentIndex};
use std::{
    fs,
    io::{self, Read as _},
};
use tar::{EntryType, Header};

/// Time of all members here.
pub(crate) const TIME: u64 = 1_700_000_000;

/// A tar archive that checks nothing.
pub(crate) struct Tar(tar::Builder<Vec<u8>>);

impl Tar {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    pub(crate) fn file(self, path: &str, body: &str) -> Self {
        self.add(header(path, EntryType::Regular, ""), body)
    }

    pub(crate) fn directory(self, path: &str) -> Self {
        let mut header = header(path, EntryType::Directory, "");
        header.set_mode(0o755);
        self.add(header, "")
    }

    pub(crate) fn symlink(self, path: &str, target: &str) -> Self {
        self.add(header(path, EntryType::Symlink, target), "")
    }

    pub(crate) fn hardlink(self, path: &str, target: &str) -> Self {
        self.add(header(path, EntryType::Link, target), "")
    }

    pub(crate) fn kind(self, path: &str, kind: EntryType) -> Self {
        self.add(header(path, kind, ""), "")
    }

    /// A file after an extension header: GNU's long name, or PAX records.
    pub(crate) fn extended(mut self, kind: EntryType, extension: &[u8], member: Header, body: &str) -> Self {
        let mut before = header("././@Extension", kind, "");
        before.set_size(extension.len() as u64);
        before.set_cksum();
        self.0.append(&before, extension).unwrap();
        self.add(member, body)
    }

    pub(crate) fn add(mut self, mut header: Header, body: &str) -> Self {
        header.set_size(body.len() as u64);
        header.set_cksum();
        self.0.append(&header, body.as_bytes()).unwrap();
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// A header of whatever name, mode 0644, of root.
pub(crate) fn header(path: &str, kind: EntryType, target: &str) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(TIME);
    let fields = header.as_old_mut();
    fields.name[..path.len()].copy_from_slice(path.as_bytes());
    fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
    header
}

/// `<length> <keyword>=<value>\n` of PAX, for values whose record is from 10 to 99 bytes long.
pub(crate) fn pax(keyword: &str, value: &str) -> Vec<u8> {
    format!("{} {keyword}={value}\n", keyword.len() + value.len() + 5).into_bytes()
}

/// An `ar` archive.
pub(crate) fn ar(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ar::Builder::new(Vec::new());
    for (name, bytes) in parts {
        let header = ar::Header::new(name.as_bytes().to_vec(), bytes.len() as u64);
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A .deb of two plain tar archives.
pub(crate) fn deb(control: &[u8], data: &[u8]) -> Vec<u8> {
    ar(&[("debian-binary", b"2.0\n"), ("control.tar", control), ("data.tar", data)])
}

/// A .deb of package `pkg` that brings these data.
pub(crate) fn of(data: Tar) -> Vec<u8> {
    deb(&control().bytes(), &data.bytes())
}

/// The control archive of package `pkg`.
pub(crate) fn control() -> Tar {
    Tar::new().directory("./").file("./control", "Package: pkg\nVersion: 1.0-1\nArchitecture: amd64\n")
}

/// A segment, read back.
pub(crate) struct Packed {
    pub(crate) index: SegmentIndex,
    pub(crate) members: Vec<Member>,
}

/// One member of a segment.
#[derive(Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) path: String,
    pub(crate) kind: EntryType,
    pub(crate) mode: u32,
    pub(crate) owner: (u64, u64),
    pub(crate) mtime: u64,
    pub(crate) link: Option<String>,
    pub(crate) body: String,
}

impl Packed {
    pub(crate) fn member(&self, path: &str) -> &Member {
        self.members.iter().find(|member| member.path == path).unwrap_or_else(|| panic!("no {path}"))
    }

    /// Paths, without those of dpkg's own folder.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let paths = self.members.iter().map(|member| member.path.as_str());
        paths.filter(|path| !path.starts_with("var/lib/dpkg/info/")).collect()
    }
}

/// Packs package `pkg`.
pub(crate) fn pack(deb: &[u8]) -> Result<Packed, PackageError> {
    pack_onto(deb, &Rewrites::none())
}

/// Packs package `pkg` for a base with these links.
pub(crate) fn pack_onto(deb: &[u8], rewrites: &Rewrites) -> Result<Packed, PackageError> {
    let (index, segment) = segment(deb, rewrites, Compression::Zstd)?;
    let stream = zstd::Decoder::new(segment.as_slice()).unwrap();
    Ok(Packed { index, members: members(stream) })
}

/// The segment's bytes. Nothing but the .deb is in its folder afterwards.
pub(crate) fn segment(
    deb: &[u8],
    rewrites: &Rewrites,
    compression: Compression,
) -> Result<(SegmentIndex, Vec<u8>), PackageError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pkg.deb");
    fs_err::write(&path, deb).unwrap();
    let sha256 = Digest::of(deb);
    let segment = DebSegment { deb: &path, sha256, name: "pkg", version: "1.0-1", compression, rewrites };
    let mut out = Vec::new();
    let packed = segment.pack(&mut out);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    packed.map(|index| (index, out))
}

fn members(stream: impl io::Read) -> Vec<Member> {
    let mut archive = tar::Archive::new(stream.chain(io::repeat(0).take(1024)));
    let read = |entry: io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut body = String::new();
        entry.read_to_string(&mut body).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let header = entry.header();
        Member {
            path: text(&entry.path_bytes()),
            kind: header.entry_type(),
            mode: header.mode().unwrap(),
            owner: (header.uid().unwrap(), header.gid().unwrap()),
            mtime: header.mtime().unwrap(),
            link: entry.link_name_bytes().map(|link| text(&link)),
            body,
        }
    };
    archive.entries().unwrap().map(read).collect()
}

//! The two forms of conda packages: `.conda` (CEP 20: a zip of compressed tars) and `.tar.bz2`.

use crate::{
    error::Fault,
    path,
    spool::{copy, slice, spool},
    writer::unreadable,
};
use bzip2::read::MultiBzDecoder;
use envwright_archive::{Kind as Raw, TarReader, most_unpacked};
use fs_err as fs;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read, Seek as _, Write as _},
    path::Path,
};
use zip::ZipArchive;

/// Most bytes of one file that describes a package: it is held in memory.
const MAX_INFO: u64 = 64 << 20;
/// Most memory that names and targets may take, in bytes, and what a member takes besides them, about.
const MAX_NAMES: u64 = 256 << 20;
const MEMBER: u64 = 256;
/// The folder of what describes a package, which is not installed.
const INFO: &str = "info/";
/// The files there that installing needs.
const READ: [&str; 4] = ["index.json", "paths.json", "link.json", "has_prefix"];

/// A package, unpacked as far as it is needed.
pub(crate) struct Archive {
    /// What describes it, by name below `info/`.
    pub(crate) info: BTreeMap<&'static str, Vec<u8>>,
    /// All others by path.
    pub(crate) members: BTreeMap<String, Member>,
    /// The decompressed tar that files' places are of.
    data: File,
}

/// A file, link or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Whether it may be executed.
    pub(crate) executable: bool,
    /// Seconds since 1970.
    pub(crate) mtime: u64,
    pub(crate) kind: Kind,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes at a place of the spooled archive.
    File {
        at: u64,
        size: u64,
    },
    Symlink(String),
    Directory,
}

impl Archive {
    /// Opens a package of either form, whatever its name.
    pub(crate) fn open(package: &Path) -> Result<Self, Fault> {
        let mut file = fs::File::open(package).map_err(|error| Fault::Read(error.kind().into()))?;
        let size = file.metadata().map_err(Fault::Read)?.len();
        let mut magic = [0; 3];
        file.read_exact(&mut magic).map_err(|error| unreadable("first bytes", &error))?;
        file.rewind().map_err(Fault::Read)?;
        let mut archive = Self { info: BTreeMap::new(), members: BTreeMap::new(), data: spool(package)? };
        match &magic {
            b"BZh" => {
                let decoder = MultiBzDecoder::new(BufReader::new(file));
                copy("tar.bz2", Box::new(decoder), &mut archive.data, most_unpacked(size))?;
                archive.index(true)?;
            }
            [b'P', b'K', _] => archive.unzip(package, file)?,
            _ => return Err(Fault::invalid("first bytes are neither those of a zip nor of bzip2")),
        }
        Ok(archive)
    }

    /// The bytes of a file of the package.
    pub(crate) fn reader(&self, at: u64, size: u64) -> Result<impl Read + '_, Fault> {
        slice(&self.data, at, size).map_err(Fault::Read)
    }

    /// The bytes of a file of the package at once, where they are no more than `limit`.
    pub(crate) fn bytes(&self, name: &str, at: u64, size: u64, limit: u64) -> Result<Vec<u8>, Fault> {
        if size > limit {
            return Err(Fault::invalid(format!("file `{name}` is larger than such a file may be")));
        }
        let mut bytes = Vec::new();
        self.reader(at, size)?.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
        Ok(bytes)
    }

    fn unzip(&mut self, package: &Path, file: fs::File) -> Result<(), Fault> {
        let broken = |error: &zip::result::ZipError| match error {
            zip::result::ZipError::Io(error) => unreadable("zip", error),
            _ => Fault::invalid(format!("zip structure is broken: {error}")),
        };
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
        let names: Result<Vec<String>, _> = zip.file_names().map(|name| name.map(Into::into)).collect();
        let names = names.map_err(|error| broken(&error))?;
        let part = |kind: &str| {
            let mut found = names.iter().filter(|name| name.starts_with(kind) && name.ends_with(".tar.zst"));
            match (found.next(), found.next()) {
                (Some(name), None) => Ok(name.clone()),
                (None, _) => Err(Fault::invalid(format!("part `{kind}….tar.zst` is missing"))),
                _ => Err(Fault::invalid(format!("part `{kind}….tar.zst` is there twice"))),
            }
        };
        let (info, data) = (part("info-")?, part("pkg-")?);
        let mut spooled = spool(package)?;
        for (name, out) in [(&info, &mut spooled), (&data, &mut self.data)] {
            let entry = zip.by_name(name).map_err(|error| broken(&error))?;
            let limit = most_unpacked(entry.compressed_size());
            let decoder = zstd::Decoder::new(entry).map_err(|error| unreadable(name, &error))?;
            copy(name, Box::new(decoder), out, limit)?;
        }
        std::mem::swap(&mut self.data, &mut spooled);
        self.index(true)?;
        // What stands beside `info/` there is of no package.
        self.members.clear();
        std::mem::swap(&mut self.data, &mut spooled);
        self.index(false)
    }

    /// Notes what the spooled tar holds; `described` where it may hold what describes the package.
    fn index(&mut self, described: bool) -> Result<(), Fault> {
        self.data.flush().and_then(|()| self.data.rewind()).map_err(Fault::Read)?;
        let data = self.data.try_clone().map_err(Fault::Read)?;
        let mut tar = TarReader::seeking(&data);
        let (mut links, mut taken) = (Vec::new(), 0);
        let mut described_at = Vec::new();
        while let Some(member) = tar.next_member().map_err(|error| Fault::archive("tar", error))? {
            let Some(name) = crate::deb::inside(&member.path)? else { continue };
            let name = name.to_owned();
            taken += MEMBER + 3 * name.len() as u64;
            if taken > MAX_NAMES {
                return Err(Fault::refused("*", "it has more members than a package can have"));
            }
            if let Some(file) = name.strip_prefix(INFO) {
                let known = READ.into_iter().find(|known| *known == file);
                if let Some(known) = known.filter(|_| described && member.kind == Raw::File) {
                    described_at.push((known, member.position, member.size));
                }
                continue;
            }
            let kind = match &member.kind {
                Raw::File => Kind::File { at: member.position, size: member.size },
                Raw::Directory => Kind::Directory,
                Raw::Symlink(to) => Kind::Symlink(link(&name, to)?),
                Raw::Hardlink(to) => {
                    let to = crate::deb::inside(to)?.unwrap_or_default().to_owned();
                    links.push((name, to));
                    continue;
                }
                _ => return Err(Fault::refused(&name, "it is no file, link or folder")),
            };
            let mtime = u64::try_from(member.mtime).unwrap_or_default();
            let member = Member { executable: member.mode & 0o111 != 0, mtime, kind };
            if self.members.insert(name.clone(), member).is_some_and(|old| old.kind != Kind::Directory) {
                return Err(Fault::refused(&name, "it is there twice"));
            }
        }
        for (name, to) in links {
            let target = self.members.get(&to).filter(|target| matches!(target.kind, Kind::File { .. }));
            let target = target.ok_or_else(|| Fault::refused(&name, "it is a hard link to no file of it"))?;
            if self.members.insert(name.clone(), target.clone()).is_some() {
                return Err(Fault::refused(&name, "it is there twice"));
            }
        }
        for (name, at, size) in described_at {
            let bytes = self.bytes(name, at, size, MAX_INFO)?;
            self.info.insert(name, bytes);
        }
        Ok(())
    }
}

/// The target of a link: a path that stays in the image.
fn link(name: &str, target: &[u8]) -> Result<String, Fault> {
    let text = std::str::from_utf8(target).ok().filter(|text| !text.is_empty() && text.len() < 4096);
    let text = text.filter(|text| !text.contains(char::is_control));
    let text = text.ok_or_else(|| Fault::refused(name, "its target is no path"))?;
    // Depth below the image's root, as the environment lies in `/opt/env`.
    let mut depth = super::PREFIX.split('/').count() + path::parents(name).count();
    for part in text.split('/').filter(|_| !text.starts_with('/')) {
        match part {
            ".." if depth == 0 => return Err(Fault::refused(name, "its target leaves the image")),
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_in_the_image() {
        for target in ["../lib/x", "../../../etc/x", "/etc/x", "x", "./x/../../../.."] {
            assert_eq!(link("bin/x", target.as_bytes()).unwrap(), target);
        }
        for target in ["../../../../x", "", "a\nb", "../../x/../../../y"] {
            assert!(matches!(link("bin/x", target.as_bytes()), Err(Fault::Unsafe(..))), "{target:?}");
        }
    }
}

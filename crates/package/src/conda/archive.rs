//! The two forms of conda packages: `.conda` (CEP 20: a zip of compressed tars) and `.tar.bz2`.

use crate::{
    error::Fault,
    spool::{copy, slice, spool},
    tree,
    writer::unreadable,
};
use bzip2::read::MultiBzDecoder;
use envwright_archive::{Bounded, Kind as Raw, TarReader, most_unpacked};
use envwright_store::Digest;
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
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

/// What an unpacked package is described by, in its folder.
const INDEX: &str = "index.json";

/// A package, unpacked as far as it is needed.
pub(crate) struct Archive {
    listing: Listing,
    data: Files,
}

/// What a package holds.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Listing {
    /// What describes it, by name below `info/`.
    pub(crate) info: BTreeMap<String, String>,
    /// All others by path.
    pub(crate) members: BTreeMap<String, Member>,
}

/// Where the bytes of files are.
enum Files {
    /// In the decompressed tar.
    Spooled(File),
    /// In files of their own, called by their places in the tar.
    Unpacked(PathBuf),
}

/// A file, link or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Whether it may be executed.
    pub(crate) executable: bool,
    /// Seconds since 1970.
    pub(crate) mtime: u64,
    pub(crate) kind: Kind,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    File(Part),
    /// As the archive has it.
    Symlink(String),
    Directory,
}

/// Bytes at a place of the tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    at: u64,
    pub(crate) size: u64,
    /// Known of what was unpacked.
    pub(crate) sha256: Option<Digest>,
}

impl Archive {
    /// Opens a package of either form, whatever its name.
    pub(crate) fn open(package: &Path) -> Result<Self, Fault> {
        let (mut listing, mut data) = (Listing::default(), spool(package)?);
        each_tar(package, &mut |part, stream| {
            if !part.is_content {
                return listing.add(&mut TarReader::new(stream), part, None);
            }
            copy(part.name, Box::new(stream), &mut data, u64::MAX)?;
            data.flush().and_then(|()| data.rewind()).map_err(Fault::Read)?;
            listing.add(&mut TarReader::seeking(&data), part, None)
        })?;
        Ok(Self { listing, data: Files::Spooled(data) })
    }

    /// Writes each file of a package into an empty folder, and what there is beside them.
    pub(crate) fn unpack(package: &Path, folder: &Path) -> Result<(), Fault> {
        let mut listing = Listing::default();
        each_tar(package, &mut |part, stream| listing.add(&mut TarReader::new(stream), part, Some(folder)))?;
        let text = serde_json::to_vec(&listing).map_err(|error| Fault::Write(error.into()))?;
        fs::write(folder.join(INDEX), text).map_err(Fault::Write)
    }

    /// What was unpacked into a folder; none where it is not as it was left.
    pub(crate) fn unpacked(folder: &Path) -> Option<Self> {
        let text = fs::read(folder.join(INDEX)).ok()?;
        let listing: Listing = serde_json::from_slice(&text).ok()?;
        let archive = Self { listing, data: Files::Unpacked(folder.to_owned()) };
        let is_kept = |member: &Member| match &member.kind {
            Kind::File(part) => {
                archive.file(*part).is_some_and(|file| tree::is_kept(&file, part.size, member.mtime))
            }
            Kind::Symlink(_) | Kind::Directory => true,
        };
        archive.listing.members.values().all(is_kept).then_some(archive)
    }

    /// The file that holds the bytes of one, where it was unpacked.
    pub(crate) fn file(&self, part: Part) -> Option<PathBuf> {
        match &self.data {
            Files::Spooled(_) => None,
            Files::Unpacked(folder) => Some(folder.join(part.at.to_string())),
        }
    }

    /// What describes the package: a file below `info/`.
    pub(crate) fn info(&self, name: &str) -> Option<&str> {
        self.listing.info.get(name).map(String::as_str)
    }

    /// All else by path.
    pub(crate) fn members(&self) -> &BTreeMap<String, Member> {
        &self.listing.members
    }

    /// The bytes of a file of the package.
    pub(crate) fn reader(&self, part: Part) -> Result<Box<dyn Read + '_>, Fault> {
        Ok(match &self.data {
            Files::Spooled(data) => Box::new(slice(data, part.at, part.size).map_err(Fault::Read)?),
            Files::Unpacked(folder) => {
                let file = fs::File::open(folder.join(part.at.to_string())).map_err(Fault::Read)?;
                Box::new(file.take(part.size))
            }
        })
    }

    /// The bytes of a file of the package at once, where they are no more than `limit`.
    pub(crate) fn bytes(&self, name: &str, part: Part, limit: u64) -> Result<Vec<u8>, Fault> {
        if part.size > limit {
            return Err(Fault::invalid(format!("file `{name}` is larger than such a file may be")));
        }
        let mut bytes = Vec::new();
        self.reader(part)?.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
        Ok(bytes)
    }
}

/// A tar in a package.
#[derive(Clone, Copy)]
struct Tar<'n> {
    name: &'n str,
    /// Whether it has what describes the package.
    is_description: bool,
    /// Whether it has what is installed.
    is_content: bool,
}

/// The tars of a package without their compression, one after the other. No more comes out of each than can be meant.
fn each_tar(
    package: &Path,
    see: &mut dyn FnMut(Tar<'_>, &mut dyn Read) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut file = fs::File::open(package).map_err(|error| Fault::Read(error.kind().into()))?;
    let size = file.metadata().map_err(Fault::Read)?.len();
    let mut magic = [0; 3];
    file.read_exact(&mut magic).map_err(|error| unreadable("first bytes", &error))?;
    file.rewind().map_err(Fault::Read)?;
    match &magic {
        b"BZh" => {
            let mut stream = Bounded::new(MultiBzDecoder::new(BufReader::new(file)), most_unpacked(size));
            let tar = Tar { name: "tar.bz2", is_description: true, is_content: true };
            see(tar, &mut stream)?;
            read_out(tar, &mut stream)
        }
        [b'P', b'K', _] => each_of_zip(file, see),
        _ => Err(Fault::invalid("first bytes are neither those of a zip nor of bzip2")),
    }
}

fn each_of_zip(
    file: fs::File,
    see: &mut dyn FnMut(Tar<'_>, &mut dyn Read) -> Result<(), Fault>,
) -> Result<(), Fault> {
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
    for (name, is_description) in [(part("info-")?, true), (part("pkg-")?, false)] {
        let entry = zip.by_name(&name).map_err(|error| broken(&error))?;
        let limit = most_unpacked(entry.compressed_size());
        let decoder = zstd::Decoder::new(entry).map_err(|error| unreadable(&name, &error))?;
        let tar = Tar { name: &name, is_description, is_content: !is_description };
        let mut stream = Bounded::new(decoder, limit);
        see(tar, &mut stream)?;
        read_out(tar, &mut stream)?;
    }
    Ok(())
}

/// What follows the end of a tar must be sound, too.
fn read_out(tar: Tar<'_>, stream: &mut dyn Read) -> Result<(), Fault> {
    io::copy(stream, &mut io::sink()).map(drop).map_err(|error| unreadable(tar.name, &error))
}

impl Listing {
    /// Notes what a tar holds, and keeps its files in a folder where one is given.
    fn add<R: Read>(
        &mut self,
        tar: &mut TarReader<R>,
        part: Tar<'_>,
        folder: Option<&Path>,
    ) -> Result<(), Fault> {
        let (mut links, mut taken) = (Vec::new(), 0);
        while let Some(member) = tar.next_member().map_err(|error| Fault::archive(part.name, error))? {
            let Some(name) = crate::deb::inside(&member.path)? else { continue };
            let name = name.to_owned();
            taken += MEMBER + 3 * name.len() as u64;
            if taken > MAX_NAMES {
                return Err(Fault::refused("*", "it has more members than a package can have"));
            }
            if let Some(file) = name.strip_prefix(INFO) {
                let is_read = READ.contains(&file) && part.is_description && member.kind == Raw::File;
                if is_read {
                    self.info.insert(file.to_owned(), described(&name, member.size, tar)?);
                }
                continue;
            }
            // What stands beside `info/` in a description is of no package.
            if !part.is_content {
                continue;
            }
            let (executable, mtime) =
                (member.mode & 0o111 != 0, u64::try_from(member.mtime).unwrap_or_default());
            let kind = match &member.kind {
                Raw::File => {
                    let (at, size) = (member.position, member.size);
                    let kept = folder.map(|folder| {
                        tree::keep(&folder.join(at.to_string()), &name, tar, executable, mtime)
                    });
                    Kind::File(Part { at, size, sha256: kept.transpose()? })
                }
                Raw::Directory => Kind::Directory,
                Raw::Symlink(to) => Kind::Symlink(link(&name, to)?.to_owned()),
                Raw::Hardlink(to) => {
                    let to = crate::deb::inside(to)?.unwrap_or_default().to_owned();
                    links.push((name, to));
                    continue;
                }
                _ => return Err(Fault::refused(&name, "it is no file, link or folder")),
            };
            let member = Member { executable, mtime, kind };
            if self.members.insert(name.clone(), member).is_some_and(|old| old.kind != Kind::Directory) {
                return Err(Fault::refused(&name, "it is there twice"));
            }
        }
        for (name, to) in links {
            let target = self.members.get(&to).filter(|target| matches!(target.kind, Kind::File(_)));
            let target = target.ok_or_else(|| Fault::refused(&name, "it is a hard link to no file of it"))?;
            if self.members.insert(name.clone(), target.clone()).is_some() {
                return Err(Fault::refused(&name, "it is there twice"));
            }
        }
        Ok(())
    }
}

/// A file that describes the package.
fn described(name: &str, size: u64, content: &mut dyn Read) -> Result<String, Fault> {
    if size > MAX_INFO {
        return Err(Fault::invalid(format!("file `{name}` is larger than such a file may be")));
    }
    let mut text = String::new();
    content.read_to_string(&mut text).map_err(|error| unreadable(name, &error))?;
    Ok(text)
}

/// The target of a link, as a path.
fn link<'t>(name: &str, target: &'t [u8]) -> Result<&'t str, Fault> {
    let text = std::str::from_utf8(target).ok().filter(|text| !text.is_empty() && text.len() < 4096);
    let text = text.filter(|text| !text.contains(char::is_control));
    text.ok_or_else(|| Fault::refused(name, "its target is no path"))
}

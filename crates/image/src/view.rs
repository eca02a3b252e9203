//! Layers applied one over another, without writing a file (OCI image specification, layer.md, "Applying Changesets").

use crate::{path, taken::Taken};
use envwright_archive::{ArchiveError, Kind, TarReader};
use envwright_target::{FileEntry, Files as _, MapFiles, resolve};
use serde::{Deserialize, Serialize};
use std::io::Read;

/// Largest file whose bytes are kept, in bytes.
const KEEP: u64 = 32 << 20;

/// What one layer changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Changes {
    hidden: Vec<Hidden>,
    members: Vec<(String, Member)>,
}

/// What a layer hides of the lower ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Hidden {
    /// A path, and what is below it.
    Path(String),
    /// What is below a folder.
    Below(String),
}

impl Changes {
    /// Reads a layer without its compression.
    pub(crate) fn read(stream: impl Read) -> Result<Self, ArchiveError> {
        let mut archive = TarReader::new(stream);
        let mut changes = Self::default();
        let mut taken = Taken::of_layer();
        while let Some(member) = archive.next_member()? {
            let refused = |reason: &str| ArchiveError::member(&member.path, reason);
            let Some(path) = path::of_layer(&member.path)? else {
                // A layer may name the root.
                if member.kind == Kind::Directory {
                    continue;
                }
                return Err(refused("it has no name"));
            };
            if let Some(hidden) = Hidden::of(&path) {
                taken.add(&path, 0)?;
                changes.hidden.push(hidden?);
            } else {
                let content = Member::read(&path, &member, &mut archive)?;
                taken.add(&path, content.taken())?;
                changes.members.push((path, content));
            }
        }
        Ok(changes)
    }

    /// Lays the layer over others.
    ///
    /// Its whiteouts hide what lower layers have, wherever they stand among its own members.
    pub(crate) fn apply(self, files: &mut MapFiles, taken: &mut Taken) -> Result<(), ArchiveError> {
        for hidden in self.hidden {
            match hidden {
                Hidden::Path(path) => files.remove(&path),
                Hidden::Below(folder) => files.remove_below(&folder),
            }
        }
        let mut folders = Folders::default();
        for (path, member) in self.members {
            let path = folders.place(files, path)?;
            taken.add(&path, member.taken())?;
            folders.is_known &= !member.is_link();
            member.add(files, &path)?;
        }
        Ok(())
    }
}

/// Where the last member's folder leads to: members of one folder stand together.
#[derive(Default)]
struct Folders {
    spelled: String,
    real: String,
    /// Whether no link came since.
    is_known: bool,
}

impl Folders {
    /// The path that is written where an engine unpacks a member: links above it lead on, inside of the root.
    fn place(&mut self, files: &MapFiles, path: String) -> Result<String, ArchiveError> {
        let Some((folder, name)) = path.rsplit_once('/') else { return Ok(path) };
        if !(self.is_known && self.spelled == folder) {
            let real = through_links(files, folder)
                .ok_or_else(|| ArchiveError::member(path.as_bytes(), "it lies below what is no directory"))?;
            *self = Self { spelled: folder.to_owned(), real, is_known: true };
        }
        Ok(if self.real == folder {
            path
        } else {
            format!("{}/{name}", self.real).trim_start_matches('/').to_owned()
        })
    }
}

/// A folder without the links in its path; one that leads nowhere stays as it is spelled. None where a file stands in
/// the way.
fn through_links(files: &MapFiles, folder: &str) -> Option<String> {
    let mut path = folder.to_owned();
    // As many as the kernel follows.
    for _ in 0..40 {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let is_special = |end: &usize| match files.entry(&path[..*end]) {
            Some(FileEntry::Directory { .. }) | None => false,
            Some(FileEntry::File { .. } | FileEntry::Symlink { .. }) => true,
        };
        let Some(end) = ends.into_iter().find(is_special) else { return Some(path) };
        if let Some(FileEntry::File { .. }) = files.entry(&path[..end]) {
            return None;
        }
        let Some(real) = resolve(files, &path[..end]) else { return Some(folder.to_owned()) };
        let rest = &path[end..];
        path =
            if real.is_empty() { rest.trim_start_matches('/').to_owned() } else { format!("{real}{rest}") };
    }
    Some(folder.to_owned())
}

impl Hidden {
    /// What a whiteout hides. Samples: `a/.wh.b`, `a/.wh..wh..opq`.
    fn of(path: &str) -> Option<Result<Self, ArchiveError>> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == ".wh..wh..opq" {
            return Some(Ok(Self::Below(folder.to_owned())));
        }
        let hidden = name.strip_prefix(".wh.")?;
        if matches!(hidden, "" | "." | "..") {
            let reason = "it is a whiteout of no file of its folder";
            return Some(Err(ArchiveError::member(path.as_bytes(), reason)));
        }
        let hidden = if folder.is_empty() { hidden.to_owned() } else { format!("{folder}/{hidden}") };
        Some(Ok(Self::Path(hidden)))
    }
}

/// What a layer brings.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Member {
    Entry(FileEntry, #[serde(with = "base64_text")] Vec<u8>),
    Hardlink(String),
}

/// Bytes as text in JSON.
mod base64_text {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map_err(D::Error::custom)
    }
}

impl Member {
    fn read(
        path: &str,
        member: &envwright_archive::Member,
        bytes: &mut impl Read,
    ) -> Result<Self, ArchiveError> {
        let refused = |reason: &str| Err(ArchiveError::member(&member.path, reason));
        let text = |target: &[u8]| String::from_utf8_lossy(target).into_owned();
        let mode = member.mode;
        Ok(match &member.kind {
            Kind::Directory => {
                // Earlier times than 1970 are not kept.
                let mtime = u64::try_from(member.mtime).unwrap_or_default();
                let entry = FileEntry::Directory { mode, uid: member.uid, gid: member.gid, mtime };
                Self::Entry(entry, Vec::new())
            }
            Kind::Symlink(target) => match target.as_slice() {
                [] => return refused("it is a link to nothing"),
                target => Self::Entry(FileEntry::Symlink { target: text(target) }, Vec::new()),
            },
            Kind::Hardlink(target) => match path::of_layer(target)? {
                Some(target) => Self::Hardlink(target),
                None => return refused("it is a hard link to the root"),
            },
            Kind::Sparse if member.size <= KEEP && tells(path, member.size) => {
                return refused("it tells facts about the base, and is kept as a sparse file");
            }
            Kind::File if member.size <= KEEP && tells(path, member.size) => {
                let mut kept = Vec::new();
                bytes.read_to_end(&mut kept)?;
                Self::Entry(FileEntry::File { mode, size: member.size }, kept)
            }
            Kind::File | Kind::Sparse | Kind::Special => {
                Self::Entry(FileEntry::File { mode, size: member.size }, Vec::new())
            }
            Kind::Other(kind) => {
                return refused(&format!("it is of a kind, {}, that no engine unpacks", kind.escape_ascii()));
            }
        })
    }

    /// Whether paths below it may lead elsewhere.
    fn is_link(&self) -> bool {
        matches!(self, Self::Entry(FileEntry::Symlink { .. }, _) | Self::Hardlink(_))
    }

    /// Bytes of memory that its content takes.
    fn taken(&self) -> u64 {
        match self {
            Self::Entry(FileEntry::Symlink { target }, _) | Self::Hardlink(target) => target.len() as u64,
            Self::Entry(_, bytes) => bytes.len() as u64,
        }
    }

    /// Takes the place of what was there; a directory keeps what is in it.
    fn add(self, files: &mut MapFiles, path: &str) -> Result<(), ArchiveError> {
        let (entry, bytes) = match self {
            Self::Entry(entry, bytes) => (entry, bytes),
            Self::Hardlink(target) => {
                let target = Folders::default().place(files, target)?;
                match files.entry(&target) {
                    Some(entry @ (FileEntry::File { .. } | FileEntry::Symlink { .. })) => {
                        (entry, files.read(&target).unwrap_or_default())
                    }
                    _ => return Err(ArchiveError::member(path.as_bytes(), "it is a hard link to no file")),
                }
            }
        };
        let directory = |entry: &FileEntry| matches!(entry, FileEntry::Directory { .. });
        if !(directory(&entry) && files.entry(path).as_ref().is_some_and(directory)) {
            files.remove(path);
        }
        files.insert(path, entry, bytes);
        Ok(())
    }
}

/// Largest configuration file whose bytes are kept, in bytes.
const SMALL: u64 = 64 << 10;

/// Whether a file tells a fact about the base, or what adding a system package to it must know: its package database,
/// apt's sources and keys, and its configuration; not apt's passwords. Or who installed a Python package.
fn tells(path: &str, size: u64) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let exact = ["usr/lib/os-release", "var/lib/dpkg/status"];
    let folders =
        ["var/lib/dpkg/alternatives/", "var/lib/dpkg/triggers/", "usr/local/share/ca-certificates/"];
    exact.contains(&path)
        || path.starts_with("etc/") && size <= SMALL && !path.starts_with("etc/apt/auth.conf")
        || path.starts_with("etc/apt/trusted.gpg")
        || ["etc/passwd", "etc/group"].contains(&path)
        || folders.iter().any(|folder| path.starts_with(folder))
        || path.starts_with("var/lib/dpkg/info/") && name.rsplit('.').next() == Some("list")
        || path.contains("/keyrings/") && size <= 1 << 20
        || path.starts_with("var/lib/dpkg/status.d/")
        || name == "libc.so.6"
        || name.strip_suffix(".so").is_some_and(|name| name.starts_with("libc-2."))
        || name == "patchlevel.h"
        || name.starts_with("libpython3")
        || (name.starts_with("python3.") && path.contains("bin/"))
        || (name == "INSTALLER" && path.contains(".dist-info/") || name == "pyvenv.cfg") && size <= SMALL
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use tar::{Builder, EntryType, Header};

    /// As a layer is read, kept, and applied.
    fn apply(files: &mut MapFiles, layer: &[u8]) -> io::Result<()> {
        let text = serde_json::to_string(&Changes::read(layer)?)?;
        Ok(serde_json::from_str::<Changes>(&text)?.apply(files, &mut Taken::of_image())?)
    }

    fn layer(members: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, text) in members {
            let mut header = Header::new_ustar();
            header.set_mode(0o644);
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn whiteouts_hide_what_lower_layers_have() {
        let mut files = MapFiles::default();
        apply(&mut files, layer(&[("etc/passwd", "root"), ("a/b", ""), ("a/c", ""), ("d/e", "")]).as_slice())
            .unwrap();
        apply(&mut files, layer(&[("a/.wh.b", ""), ("d/.wh..wh..opq", ""), ("d/f", "")]).as_slice()).unwrap();
        assert_eq!(files.read("etc/passwd").unwrap(), b"root");
        assert_eq!(files.list("a"), ["c"]);
        assert_eq!(files.list("d"), ["f"]);
    }

    #[test]
    fn whiteouts_hide_nothing_of_their_own_layer() {
        let mut files = MapFiles::default();
        apply(&mut files, layer(&[("a/old", ""), ("b", "")]).as_slice()).unwrap();
        let upper = layer(&[("a/new", ""), ("b", ""), ("a/.wh..wh..opq", ""), (".wh.b", "")]);
        apply(&mut files, upper.as_slice()).unwrap();
        assert_eq!(files.list("a"), ["new"]);
        assert_eq!(files.list(""), ["a", "b"]);
    }

    #[test]
    fn a_hard_link_leads_to_a_file_of_this_or_a_lower_layer() {
        let mut files = MapFiles::default();
        apply(&mut files, layer(&[("etc/passwd", "root")]).as_slice()).unwrap();
        let link = |target: &str| {
            let mut builder = Builder::new(Vec::new());
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::Link);
            header.set_mode(0o600);
            header.set_size(0);
            builder.append_link(&mut header, "link", target).unwrap();
            builder.into_inner().unwrap()
        };
        apply(&mut files, &link("./etc/passwd")).unwrap();
        assert_eq!(files.read("link").unwrap(), b"root");
        for target in ["/etc/none", "etc", "link", "../etc/passwd"] {
            files.remove("link");
            assert!(apply(&mut files, &link(target)).is_err(), "{target}");
        }
    }

    #[test]
    fn nothing_lies_below_a_file() {
        let mut files = MapFiles::default();
        apply(&mut files, layer(&[("a", "")]).as_slice()).unwrap();
        for path in ["a/b", "a/b/c"] {
            assert!(apply(&mut files, layer(&[(path, "")]).as_slice()).is_err(), "{path}");
        }
    }

    #[test]
    fn members_behind_a_link_stand_where_it_leads() {
        let mut files = MapFiles::default();
        files
            .symlink("lib", "usr/lib")
            .symlink("up", "../../etc")
            .symlink("gone", "nowhere")
            .symlink("ring", "ring");
        files.file("usr/lib/a", "").file("etc/b", "");
        let members = [("lib/x/y", "1"), ("lib/z", "2"), ("up/c", "3"), ("gone/d", "4"), ("ring/e", "5")];
        apply(&mut files, layer(&members).as_slice()).unwrap();
        for path in ["usr/lib/x/y", "usr/lib/z", "etc/c", "gone/d"] {
            assert!(matches!(files.entry(path), Some(FileEntry::File { size: 1, .. })), "{path}");
        }
        assert!(matches!(files.entry("lib"), Some(FileEntry::Symlink { .. })));
        assert_eq!(files.entry("lib/z"), None);
    }

    #[test]
    fn a_directory_keeps_what_is_in_it_and_anything_else_replaces_it() {
        let mut files = MapFiles::default();
        let directory = |mode: u32| {
            let mut builder = Builder::new(Vec::new());
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::Directory);
            header.set_mode(mode);
            header.set_size(0);
            builder.append_data(&mut header, "d/", io::empty()).unwrap();
            builder.into_inner().unwrap()
        };
        apply(&mut files, layer(&[("d/a", ""), ("e/b", "")]).as_slice()).unwrap();
        apply(&mut files, directory(0o700).as_slice()).unwrap();
        assert_eq!(files.list("d"), ["a"]);
        assert!(matches!(files.entry("d"), Some(FileEntry::Directory { mode: 0o700, .. })));
        apply(&mut files, layer(&[("d", "now a file")]).as_slice()).unwrap();
        assert!(files.list("d").is_empty());
    }
}

//! Layers applied one over another, without writing a file (OCI image specification, layer.md, "Applying Changesets").

use envwright_target::{FileEntry, Files as _, MapFiles};
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use tar::EntryType;

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
    pub(crate) fn read(stream: impl Read) -> io::Result<Self> {
        let mut archive = tar::Archive::new(stream);
        let mut changes = Self::default();
        for entry in archive.entries()? {
            let mut entry = entry?;
            let spelled = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = spelled.trim_start_matches("./").trim_matches('/').to_owned();
            if path.is_empty() || path == "." {
                continue;
            }
            if let Some(hidden) = Hidden::of(&path) {
                changes.hidden.push(hidden);
            } else if let Some(member) = Member::read(&path, &mut entry)? {
                changes.members.push((path, member));
            }
        }
        Ok(changes)
    }

    /// Lays the layer over others.
    ///
    /// Its whiteouts hide what lower layers have, wherever they stand among its own members.
    pub(crate) fn apply(self, files: &mut MapFiles) {
        for hidden in self.hidden {
            match hidden {
                Hidden::Path(path) => files.remove(&path),
                Hidden::Below(folder) => files.remove_below(&folder),
            }
        }
        for (path, member) in self.members {
            member.add(files, &path);
        }
    }
}

impl Hidden {
    /// What a whiteout hides. Samples: `a/.wh.b`, `a/.wh..wh..opq`.
    fn of(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == ".wh..wh..opq" {
            return Some(Self::Below(folder.to_owned()));
        }
        let hidden = name.strip_prefix(".wh.")?;
        Some(Self::Path(if folder.is_empty() { hidden.to_owned() } else { format!("{folder}/{hidden}") }))
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
    fn read(path: &str, entry: &mut tar::Entry<'_, impl Read>) -> io::Result<Option<Self>> {
        let header = entry.header();
        // Engines take a field without digits for zero.
        let mode = header.mode().unwrap_or_default() & 0o7777;
        let number = |value: io::Result<u64>| value.ok().and_then(|value| value.try_into().ok());
        let link = || entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
        Ok(Some(match header.entry_type() {
            EntryType::XGlobalHeader => return Ok(None),
            EntryType::Directory => {
                let owner = [header.uid(), header.gid()].map(|id| number(id).unwrap_or_default());
                let ([uid, gid], mtime) = (owner, header.mtime().unwrap_or_default());
                Self::Entry(FileEntry::Directory { mode, uid, gid, mtime }, Vec::new())
            }
            EntryType::Symlink => {
                Self::Entry(FileEntry::Symlink { target: link().unwrap_or_default() }, Vec::new())
            }
            EntryType::Link => {
                let target = link().unwrap_or_default();
                Self::Hardlink(target.trim_start_matches("./").trim_start_matches('/').to_owned())
            }
            _ => {
                let size = entry.size();
                let mut bytes = Vec::new();
                if size <= KEEP && tells(path, size) {
                    entry.read_to_end(&mut bytes)?;
                }
                Self::Entry(FileEntry::File { mode, size }, bytes)
            }
        }))
    }

    /// Takes the place of what was there; a directory keeps what is in it.
    fn add(self, files: &mut MapFiles, path: &str) {
        let (entry, bytes) = match self {
            Self::Entry(entry, bytes) => (entry, bytes),
            Self::Hardlink(target) => match files.entry(&target) {
                Some(entry) => (entry, files.read(&target).unwrap_or_default()),
                None => return files.remove(path),
            },
        };
        let directory = |entry: &FileEntry| matches!(entry, FileEntry::Directory { .. });
        if !(directory(&entry) && files.entry(path).as_ref().is_some_and(directory)) {
            files.remove(path);
        }
        files.insert(path, entry, bytes);
    }
}

/// Largest configuration file whose bytes are kept, in bytes.
const SMALL: u64 = 64 << 10;

/// Whether a file tells a fact about the base, or what adding a system package to it must know: its package database,
/// apt's sources and keys, and its configuration; not apt's passwords.
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, Header};

    /// As a layer is read, kept, and applied.
    fn apply(files: &mut MapFiles, layer: &[u8]) -> io::Result<()> {
        let text = serde_json::to_string(&Changes::read(layer)?)?;
        serde_json::from_str::<Changes>(&text)?.apply(files);
        Ok(())
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
        let mut builder = Builder::new(Vec::new());
        for target in ["./etc/passwd", "/etc/none"] {
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::Link);
            header.set_mode(0o600);
            header.set_size(0);
            let path = format!("link-{}", target.rsplit('/').next().unwrap());
            builder.append_link(&mut header, path, target).unwrap();
        }
        apply(&mut files, builder.into_inner().unwrap().as_slice()).unwrap();
        assert_eq!(files.read("link-passwd").unwrap(), b"root");
        assert_eq!(files.entry("link-none"), None);
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

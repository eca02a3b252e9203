//! A view of an image's files, however they are kept.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeMap;

/// The files of an image as a program inside would see them: after whiteouts, later layers over earlier ones.
///
/// Paths are relative to the root, `/`-separated, without a leading `/`; the root itself is `""`. Links are not
/// followed: a path is looked up as it is spelled.
pub trait Files {
    /// The bytes of a regular file; `None` when the path names none.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// What the path names.
    fn entry(&self, path: &str) -> Option<FileEntry>;

    /// Names (not paths) in a directory, in byte order; empty when there is no such directory.
    fn list(&self, dir: &str) -> Vec<String>;
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileEntry {
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Size in bytes.
        size: u64,
    },
    /// A symbolic link.
    Symlink {
        /// Its text.
        target: String,
    },
    /// A directory.
    Directory {
        /// Permission bits.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
        /// Seconds since 1970.
        mtime: u64,
    },
}

/// Follows links in every part of `path`, as the kernel does inside the image; `None` when a part is absent or
/// more than 40 links are met. The answer names something that is no link.
pub fn resolve(files: &dyn Files, path: &str) -> Option<String> {
    let mut budget = 40;
    let mut rest: Vec<String> = parts(path);
    let mut done: Vec<String> = Vec::new();
    while let Some(part) = rest.pop() {
        if part == ".." {
            done.pop();
            continue;
        }
        done.push(part);
        if let FileEntry::Symlink { target } = files.entry(&done.join("/"))? {
            budget -= 1;
            if budget == 0 {
                return None;
            }
            done.pop();
            if target.starts_with('/') {
                done.clear();
            }
            rest.extend(parts(&target));
        }
    }
    Some(done.join("/"))
}

/// The parts of a path, last first.
fn parts(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
}

/// Files held in memory. Serialised, they are an index of an image that can be read instead of its layers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MapFiles {
    entries: BTreeMap<String, (FileEntry, Bytes)>,
}

/// Serialised in base64.
#[derive(Debug, Clone, Default)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD.decode(text).map(Self).map_err(D::Error::custom)
    }
}

impl MapFiles {
    /// Adds a regular file (mode 0644) and the directories above it.
    pub fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> &mut Self {
        let bytes = bytes.into();
        self.insert(path, FileEntry::File { mode: 0o644, size: bytes.len() as u64 }, bytes)
    }

    /// Adds a symbolic link and the directories above it.
    pub fn symlink(&mut self, path: &str, target: &str) -> &mut Self {
        self.insert(path, FileEntry::Symlink { target: target.to_owned() }, Vec::new())
    }

    /// Every path, in byte order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Removes what the path names, and what is below it.
    pub fn remove(&mut self, path: &str) {
        self.entries.remove(path);
        self.remove_below(path);
    }

    /// Empties a directory.
    pub fn remove_below(&mut self, dir: &str) {
        let prefix = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        let below = self.entries.range(prefix.clone()..).map(|(path, _)| path);
        let below: Vec<String> = below.take_while(|path| path.starts_with(&prefix)).cloned().collect();
        for path in below {
            self.entries.remove(&path);
        }
    }

    /// Adds anything.
    pub fn insert(&mut self, path: &str, entry: FileEntry, bytes: Vec<u8>) -> &mut Self {
        let mut above = path;
        while let Some((dir, _)) = above.rsplit_once('/') {
            let entry = FileEntry::Directory { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
            self.entries.entry(dir.to_owned()).or_insert((entry, Bytes::default()));
            above = dir;
        }
        self.entries.insert(path.to_owned(), (entry, Bytes(bytes)));
        self
    }
}

impl Files for MapFiles {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        match self.entries.get(path)? {
            (FileEntry::File { .. }, bytes) => Some(bytes.0.clone()),
            _ => None,
        }
    }

    fn entry(&self, path: &str) -> Option<FileEntry> {
        self.entries.get(path).map(|(entry, _)| entry.clone())
    }

    fn list(&self, dir: &str) -> Vec<String> {
        let prefix = if dir.is_empty() { String::new() } else { format!("{dir}/") };
        let below = self.entries.range(prefix.clone()..).map(|(path, _)| path);
        below
            .map_while(|path| path.strip_prefix(&prefix))
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_in_every_part() {
        let mut files = MapFiles::default();
        files.symlink("bin", "usr/bin").symlink("usr/bin/python", "/etc/alt/python");
        files.symlink("etc/alt/python", "../../usr/bin/python3.11").file("usr/bin/python3.11", "x");
        assert_eq!(resolve(&files, "bin/python").as_deref(), Some("usr/bin/python3.11"));
        assert_eq!(resolve(&files, "bin/ruby"), None);
    }

    #[test]
    fn a_ring_of_links_ends() {
        let mut files = MapFiles::default();
        files.symlink("a", "b").symlink("b", "a");
        assert_eq!(resolve(&files, "a"), None);
    }

    #[test]
    fn a_folder_lists_its_own_names_only() {
        let mut files = MapFiles::default();
        files.file("a/b", "").file("a/c/d", "").file("ab", "");
        assert_eq!(files.list("a"), ["b", "c"]);
        assert_eq!(files.list(""), ["a", "ab"]);
    }
}

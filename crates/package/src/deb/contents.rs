//! What a .deb's data.tar holds, with paths as they will be in the image.

use super::Rewrites;
use crate::{error::Fault, header::Attributes, path, writer::unreadable};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry as Slot},
    fs::File,
    io::Read,
};
use tar::EntryType;

/// Most memory that names, targets and attributes may take, in bytes: enough for hundreds of thousands of members.
const MAX_NAMES: u64 = 256 << 20;
/// Bytes that a member takes besides its name and its target, about.
const MEMBER: u64 = 256;

/// The members by final path, and the archive's own spelling of them in its own order.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) directories: BTreeMap<String, Attributes>,
    /// Paths as the archive has them, without `./`.
    pub(crate) listed: Vec<String>,
    /// Spellings of those that are no directories.
    leaves: BTreeSet<String>,
    /// About how many bytes of memory they take.
    taken: u64,
}

/// One file or link.
pub(crate) struct Member {
    pub(crate) attributes: Attributes,
    pub(crate) kind: Kind,
}

/// What a member is.
pub(crate) enum Kind {
    /// Bytes at a place of the spooled archive.
    File {
        at: u64,
        size: u64,
    },
    Bytes(Vec<u8>),
    Symlink(String),
    /// Final path of a file that stands before.
    Hardlink(String),
}

impl Contents {
    /// Reads the headers of a decompressed data.tar.
    pub(crate) fn read(data: &File, rewrites: &Rewrites) -> Result<Self, Fault> {
        let mut contents = Self::default();
        let mut archive = tar::Archive::new(data);
        let entries = archive.entries_with_seek().map_err(|error| unreadable("data.tar", &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable("data.tar", &error))?;
            contents.take(&entry, rewrites)?;
        }
        contents.order_links()?;
        Ok(contents)
    }

    /// Adds a file that dpkg would have written.
    pub(crate) fn write(&mut self, path: &str, mode: u32, mtime: u64, bytes: Vec<u8>) -> Result<(), Fault> {
        let path = path::member(path.as_bytes())?;
        let attributes = Attributes { mode, uid: 0, gid: 0, mtime };
        match self.members.insert(path.to_owned(), Member { attributes, kind: Kind::Bytes(bytes) }) {
            None => Ok(()),
            Some(_) => Err(Fault::refused(path, "only dpkg writes such files")),
        }
    }

    fn take<R: Read>(&mut self, entry: &tar::Entry<'_, R>, rewrites: &Rewrites) -> Result<(), Fault> {
        let raw = entry.path_bytes();
        let kind = entry.header().entry_type();
        let Some(listed) = inside(&raw)? else { return Ok(()) };
        let attributes = attributes(entry.header())?;
        let path = rewrites.apply(listed);
        self.count(listed, entry)?;
        let in_header = entry.header().size().map_err(|error| unreadable("data.tar", &error))?;
        if in_header != 0 && in_header != entry.size() {
            return Err(Fault::refused(listed, "it has two sizes"));
        }
        self.listed.push(listed.to_owned());
        if kind != EntryType::Directory && !self.leaves.insert(listed.to_owned()) {
            return Err(Fault::refused(listed, "it is there twice"));
        }
        let kind = match kind {
            EntryType::Directory => {
                self.directory(listed, path, attributes, rewrites);
                return Ok(());
            }
            EntryType::Regular | EntryType::Continuous => {
                Kind::File { at: entry.raw_file_position(), size: entry.size() }
            }
            EntryType::Symlink => Kind::Symlink(target(listed, entry)?),
            EntryType::Link => {
                let target = target(listed, entry)?;
                let target = inside(target.as_bytes())?.map(|target| rewrites.apply(target));
                Kind::Hardlink(target.ok_or_else(|| Fault::refused(listed, "it links to the root"))?)
            }
            other => return Err(Fault::refused(listed, format!("it is a {other:?}, which is not unpacked"))),
        };
        self.add(path, Member { attributes, kind })
    }

    fn count<R: Read>(&mut self, listed: &str, entry: &tar::Entry<'_, R>) -> Result<(), Fault> {
        let target = entry.link_name_bytes().map_or(0, |target| target.len());
        self.taken += MEMBER + 3 * listed.len() as u64 + target as u64;
        if self.taken > MAX_NAMES {
            return Err(Fault::refused("*", "it has more members than a package can have"));
        }
        Ok(())
    }

    /// A link's folder is not made: the base has the link. One that is spelled as it ends up has precedence.
    fn directory(&mut self, listed: &str, path: String, attributes: Attributes, rewrites: &Rewrites) {
        if rewrites.is_link(listed) {
            return;
        }
        if path == listed {
            self.directories.insert(path, attributes);
        } else {
            self.directories.entry(path).or_insert(attributes);
        }
    }

    /// A link from one side of a merged `/usr` to the other is the file itself.
    fn add(&mut self, path: String, member: Member) -> Result<(), Fault> {
        match self.members.entry(path) {
            Slot::Vacant(slot) => {
                slot.insert(member);
            }
            Slot::Occupied(mut slot) => match (&slot.get().kind, &member.kind) {
                (Kind::Symlink(_), Kind::File { .. }) => {
                    slot.insert(member);
                }
                (Kind::File { .. }, Kind::Symlink(_)) => {}
                _ => return Err(Fault::refused(slot.key(), "it is there twice")),
            },
        }
        Ok(())
    }

    /// Makes the first of a file's names, in byte order, the file, and all others links to it.
    fn order_links(&mut self) -> Result<(), Fault> {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, member) in &self.members {
            if let Kind::Hardlink(_) = member.kind {
                names.entry(self.file_of(path)?).or_default().push(path.clone());
            }
        }
        for (file, mut links) in names {
            links.push(file.clone());
            links.sort();
            let Some(member) = self.members.remove(&file) else { continue };
            let (first, rest) = links.split_first().ok_or_else(|| Fault::invalid("links are broken"))?;
            for link in rest {
                let kind = Kind::Hardlink(first.clone());
                self.members.insert(link.clone(), Member { attributes: member.attributes, kind });
            }
            self.members.insert(first.clone(), member);
        }
        Ok(())
    }

    /// The file that a hard link leads to, through other links.
    fn file_of(&self, path: &str) -> Result<String, Fault> {
        let mut seen = BTreeSet::new();
        let mut at = path;
        loop {
            match self.members.get(at).map(|member| &member.kind) {
                Some(Kind::Hardlink(target)) if seen.insert(at) => at = target,
                Some(Kind::File { .. }) => return Ok(at.to_owned()),
                _ => return Err(Fault::refused(path, "it is a hard link to no file of the package")),
            }
        }
    }

    /// Refuses members that lie behind another that is no directory.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let leaves: BTreeSet<&str> = self.members.keys().map(String::as_str).collect();
        let all = self.members.keys().chain(self.directories.keys()).map(String::as_str);
        path::check_tree(&leaves, all)?;
        match self.directories.keys().find(|path| leaves.contains(path.as_str())) {
            Some(path) => Err(Fault::refused(path, "it is a directory and something else")),
            None => Ok(()),
        }
    }
}

/// A member's path without `./`; nothing for the root itself.
pub(crate) fn inside(raw: &[u8]) -> Result<Option<&str>, Fault> {
    match raw.strip_prefix(b"./").unwrap_or(raw) {
        b"" | b"." => Ok(None),
        rest => path::member(rest).map(Some),
    }
}

fn target<R: Read>(path: &str, entry: &tar::Entry<'_, R>) -> Result<String, Fault> {
    let bytes = entry.link_name_bytes().unwrap_or_default().into_owned();
    let target = String::from_utf8(bytes).ok().filter(|target| !target.is_empty() && target.len() < 4096);
    target
        .filter(|target| !target.contains(char::is_control))
        .ok_or_else(|| Fault::refused(path, "its target is no path"))
}

fn attributes(header: &tar::Header) -> Result<Attributes, Fault> {
    let number = |value: std::io::Result<u64>| {
        let value = value.map_err(|error| unreadable("data.tar", &error))?;
        u32::try_from(value).map_err(|_| Fault::invalid("data.tar names an owner that cannot be"))
    };
    Ok(Attributes {
        mode: header.mode().map_err(|error| unreadable("data.tar", &error))? & 0o7777,
        uid: number(header.uid())?,
        gid: number(header.gid())?,
        mtime: header.mtime().map_err(|error| unreadable("data.tar", &error))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_without_end_are_refused_before_memory_ends() {
        let mut header = tar::Header::new_gnu();
        header.set_path("a").unwrap();
        header.set_size(0);
        header.set_cksum();
        let blocks = header.as_bytes().repeat(2);
        let mut archive = tar::Archive::new(blocks.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        let mut contents = Contents { taken: MAX_NAMES - MEMBER - 3, ..Contents::default() };
        contents.count("a", &entry).unwrap();
        assert!(matches!(contents.count("b", &entry), Err(Fault::Unsafe(..))));
    }
}

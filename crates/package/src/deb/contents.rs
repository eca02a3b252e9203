//! What a .deb's data.tar holds, with paths as they will be in the image.

use super::Rewrites;
use crate::{error::Fault, header::Attributes, path};
use envwright_archive::{Kind as Raw, TarReader};
use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry as Slot},
    fs::File,
};

/// Most memory that names, targets and attributes may take, in bytes: enough for hundreds of thousands of members.
const MAX_NAMES: u64 = 256 << 20;
/// Bytes that a member takes besides its name and its target, about.
const MEMBER: u64 = 256;

/// Why a file without a name is refused.
pub(crate) const NO_NAME: &str = "its name is empty";

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
        let mut archive = TarReader::seeking(data);
        while let Some(member) = archive.next_member().map_err(|error| Fault::archive("data.tar", error))? {
            contents.take(&member, rewrites)?;
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

    fn take(&mut self, member: &envwright_archive::Member, rewrites: &Rewrites) -> Result<(), Fault> {
        let Some(listed) = inside(&member.path)? else {
            return if member.kind == Raw::Directory { Ok(()) } else { Err(Fault::refused("", NO_NAME)) };
        };
        let attributes = attributes(member)?;
        let path = rewrites.apply(listed);
        self.count(listed, member)?;
        self.listed.push(listed.to_owned());
        if member.kind != Raw::Directory && !self.leaves.insert(listed.to_owned()) {
            return Err(Fault::refused(listed, "it is there twice"));
        }
        let unpacked = |kind: &str| Fault::refused(listed, format!("it is {kind}, which is not unpacked"));
        let kind = match &member.kind {
            Raw::Directory => {
                self.directory(listed, path, attributes, rewrites);
                return Ok(());
            }
            Raw::File => Kind::File { at: member.position, size: member.size },
            Raw::Symlink(to) => Kind::Symlink(target(listed, to)?),
            Raw::Hardlink(to) => {
                let target = target(listed, to)?;
                let target = inside(target.as_bytes())?.map(|target| rewrites.apply(target));
                Kind::Hardlink(target.ok_or_else(|| Fault::refused(listed, "it links to the root"))?)
            }
            Raw::Sparse => return Err(unpacked("a sparse file")),
            Raw::Special => return Err(unpacked("a device or a pipe")),
            Raw::Other(kind) => return Err(unpacked(&format!("of the kind `{}`", kind.escape_ascii()))),
        };
        self.add(path, Member { attributes, kind })
    }

    fn count(&mut self, listed: &str, member: &envwright_archive::Member) -> Result<(), Fault> {
        let target = match &member.kind {
            Raw::Symlink(target) | Raw::Hardlink(target) => target.len(),
            _ => 0,
        };
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

fn target(path: &str, bytes: &[u8]) -> Result<String, Fault> {
    let target = std::str::from_utf8(bytes).ok().filter(|target| !target.is_empty() && target.len() < 4096);
    target
        .filter(|target| !target.contains(char::is_control))
        .map(str::to_owned)
        .ok_or_else(|| Fault::refused(path, "its target is no path"))
}

fn attributes(member: &envwright_archive::Member) -> Result<Attributes, Fault> {
    let mtime = u64::try_from(member.mtime);
    Ok(Attributes {
        mode: member.mode,
        uid: member.uid,
        gid: member.gid,
        mtime: mtime.map_err(|_| Fault::invalid("data.tar names a time before 1970"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_without_end_are_refused_before_memory_ends() {
        let entry = envwright_archive::Member {
            path: b"a".to_vec(),
            kind: Raw::File,
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: 0,
            size: 0,
            position: 512,
        };
        let mut contents = Contents { taken: MAX_NAMES - MEMBER - 3, ..Contents::default() };
        contents.count("a", &entry).unwrap();
        assert!(matches!(contents.count("b", &entry), Err(Fault::Unsafe(..))));
    }
}

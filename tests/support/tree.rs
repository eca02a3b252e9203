//! The files of an image or of a root file system, read from an archive.

use envwright_store::Digest;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    io::{Cursor, Read},
    path::Path,
};
use tar::{Archive, Entry, EntryType};

/// What lies at a path. A hard link is the file that it links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) owner: u64,
    pub(crate) group: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    File(Digest),
    Link(String),
    /// A device or pipe.
    Special,
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, mode, owner, group } = self;
        write!(formatter, "{mode:o} {owner}:{group} {kind:?}")
    }
}

/// Every path, without a `/` at either end, in the order of their bytes.
pub(crate) type Tree = BTreeMap<String, Node>;

/// The tree of an archive of files.
pub(crate) fn of_archive(archive: impl Read) -> Tree {
    let mut tree = Tree::new();
    add(&mut tree, archive, &mut |_, _| ());
    tree
}

/// The tree of an image as `docker save` writes it; `see` gets each file.
pub(crate) fn of_docker_archive(path: &Path, mut see: impl FnMut(&str, &[u8])) -> Tree {
    let mut members = members(path);
    let list: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    let mut tree = Tree::new();
    for layer in list[0]["Layers"].as_array().unwrap() {
        add(&mut tree, Cursor::new(members.remove(layer.as_str().unwrap()).unwrap()), &mut see);
    }
    tree
}

/// The configuration of such an image.
pub(crate) fn configuration(path: &Path) -> Value {
    let members = members(path);
    let list: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    serde_json::from_slice(&members[list[0]["Config"].as_str().unwrap()]).unwrap()
}

fn members(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = Archive::new(fs_err::File::open(path).unwrap());
    let member = |entry: std::io::Result<Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let name = path_of(&entry);
        (name, content(&mut entry))
    };
    archive.entries().unwrap().map(member).collect()
}

fn add(tree: &mut Tree, archive: impl Read, see: &mut dyn FnMut(&str, &[u8])) {
    let mut archive = Archive::new(archive);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = path_of(&entry);
        // Each engine makes the root itself.
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if let Some(hidden) = name.strip_prefix(".wh.") {
            let hidden = if folder.is_empty() { hidden.to_owned() } else { format!("{folder}/{hidden}") };
            let inside = format!("{hidden}/");
            tree.retain(|path, _| *path != hidden && !path.starts_with(&inside));
        } else if !path.is_empty() {
            let node = node(tree, &mut entry, &path, see);
            tree.insert(path, node);
        }
    }
}

fn node(tree: &Tree, entry: &mut Entry<'_, impl Read>, path: &str, see: &mut dyn FnMut(&str, &[u8])) -> Node {
    let target = |entry: &Entry<'_, _>| {
        let target = entry.link_name_bytes().unwrap();
        String::from_utf8(target.into_owned()).unwrap()
    };
    let kind = match entry.header().entry_type() {
        EntryType::Directory => Kind::Folder,
        EntryType::Symlink => Kind::Link(target(entry)),
        EntryType::Link => return tree[trimmed(&target(entry))].clone(),
        EntryType::Regular => {
            let bytes = content(entry);
            see(path, &bytes);
            Kind::File(Digest::of(&bytes))
        }
        _ => Kind::Special,
    };
    let header = entry.header();
    let (owner, group) = (header.uid().unwrap(), header.gid().unwrap());
    Node { kind, mode: header.mode().unwrap() & 0o7777, owner, group }
}

fn content(entry: &mut Entry<'_, impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).unwrap();
    bytes
}

fn path_of(entry: &Entry<'_, impl Read>) -> String {
    trimmed(std::str::from_utf8(&entry.path_bytes()).unwrap()).to_owned()
}

fn trimmed(path: &str) -> &str {
    path.trim_start_matches("./").trim_matches('/')
}

//! The index that stands beside a segment's compressed bytes.

use crate::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a segment holds. A segment is one package's members of a tar stream (no directories, no end
/// marker), compressed on its own, with the paths listed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentIndex {
    /// Members in the order in which they stand in the stream: byte order of their paths.
    pub entries: Vec<Entry>,
    /// Every directory that the members need, and those that the package brings empty; no root. Byte order.
    pub directories: Vec<Directory>,
    /// Size in bytes of the compressed stream.
    pub compressed_size: u64,
    /// Digest of the compressed stream, checked when the segment is read.
    pub compressed_digest: Digest,
    /// Size in bytes of the tar stream.
    pub uncompressed_size: u64,
    /// Facts about the package that the environment layer needs, such as a .deb's `control` text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// One member. Paths are relative to the image's root, `/`-separated, without `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Path such as `opt/env/bin/pip`.
    pub path: String,
    /// File or link.
    #[serde(flatten)]
    pub kind: EntryKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum EntryKind {
    /// A regular file.
    File {
        /// Size in bytes.
        size: u64,
        /// Digest of its bytes.
        digest: Digest,
    },
    /// A symbolic link.
    Symlink {
        /// Its text.
        target: String,
    },
    /// A second name of a file of the same segment.
    Hardlink {
        /// Path of that file, relative to the root.
        target: String,
    },
}

/// A directory with its attributes; owner and group are root unless said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// Path such as `opt/env/bin`.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    #[serde(default)]
    pub uid: u32,
    /// Group.
    #[serde(default)]
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u64,
    /// Whether no archive named it: it only has to be there for what is in it.
    #[serde(default)]
    pub implied: bool,
}

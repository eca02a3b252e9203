//! Files that envwright writes itself, or that the user brings.

use envwright_store::{Digest, DigestWriter};
use std::{
    io,
    path::{Path, PathBuf},
};

/// A file, link or directory that belongs to no package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFile {
    /// Path relative to the image's root, such as `etc/passwd`.
    pub path: String,
    /// Permission bits (a link's are ignored).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u64,
    /// What is there.
    pub content: Content,
}

/// What an [`OwnFile`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A regular file with these bytes.
    Bytes(Vec<u8>),
    /// A regular file with the bytes of a file of this machine, which are not kept in memory.
    Copied {
        /// That file.
        from: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// Digest of its bytes.
        digest: Digest,
    },
    /// A symbolic link with this text.
    Symlink(String),
    /// A directory.
    Directory,
    /// Nothing: what lower layers have under this path is hidden (OCI image specification, layer.md, "Whiteouts").
    Whiteout,
}

impl OwnFile {
    /// A regular file of root, mode 0644, of the given time.
    pub fn file(path: impl Into<String>, bytes: impl Into<Vec<u8>>, mtime: u64) -> Self {
        Self { path: path.into(), mode: 0o644, uid: 0, gid: 0, mtime, content: Content::Bytes(bytes.into()) }
    }

    /// A regular file of root, mode 0644, with the bytes of a file of this machine. Reads it once, for its digest.
    pub fn copied(path: impl Into<String>, from: &Path, mtime: u64) -> io::Result<Self> {
        let mut hashed = DigestWriter::new(io::sink());
        io::copy(&mut fs_err::File::open(from)?, &mut hashed)?;
        let (_, digest, size) = hashed.finish();
        let content = Content::Copied { from: from.to_owned(), size, digest };
        Ok(Self { content, ..Self::file(path, Vec::new(), mtime) })
    }

    /// A symbolic link of root.
    pub fn symlink(path: impl Into<String>, target: impl Into<String>, mtime: u64) -> Self {
        Self {
            path: path.into(),
            mode: 0o777,
            uid: 0,
            gid: 0,
            mtime,
            content: Content::Symlink(target.into()),
        }
    }

    /// A directory of root, mode 0755.
    pub fn directory(path: impl Into<String>, mtime: u64) -> Self {
        Self { path: path.into(), mode: 0o755, uid: 0, gid: 0, mtime, content: Content::Directory }
    }

    /// Hides what lower layers have under a path.
    pub fn whiteout(path: impl Into<String>, mtime: u64) -> Self {
        Self { content: Content::Whiteout, ..Self::file(path, Vec::new(), mtime) }
    }

    /// Its path in a layer.
    pub(crate) fn member(&self) -> String {
        match self.content {
            Content::Whiteout => {
                let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
                format!("{folder}{}.wh.{name}", if folder.is_empty() { "" } else { "/" })
            }
            _ => self.path.clone(),
        }
    }

    /// The same with another mode.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }
}

//! A .deb, unpacked as dpkg would (deb(5), dpkg(1)), its maintainer scripts not run.

mod container;
mod contents;
mod info;
mod rewrites;

use crate::{Compression, PackageError, SEGMENT_VERSION, error::Fault, spool::slice, writer::SegmentWriter};
pub(crate) use contents::inside;
use contents::{Contents, Kind};
use envwright_store::{Digest, SegmentIndex, canonical_json};
use info::Info;
pub use rewrites::Rewrites;
use serde_json::json;
use std::{io::Write, path::Path};

/// A .deb that becomes a segment.
#[derive(Debug, Clone)]
pub struct DebSegment<'a> {
    /// The .deb's file, under whatever name.
    pub deb: &'a Path,
    /// Digest of the file; checked while it is read.
    pub sha256: Digest,
    /// Name of the package, as its control file must say.
    pub name: &'a str,
    /// Version of the package, as its control file must say.
    pub version: &'a str,
    /// How the segment is compressed.
    pub compression: Compression,
    /// Links of the base that paths go through.
    pub rewrites: &'a Rewrites,
}

impl DebSegment<'_> {
    /// Digest of all that the segment's bytes depend on.
    pub fn key(&self) -> Digest {
        let rewrites: Vec<_> = self.rewrites.iter().collect();
        Digest::of(&canonical_json(&json!({
            "version": SEGMENT_VERSION,
            "kind": "deb",
            "package": self.sha256,
            "prefix": "",
            "rewrites": rewrites,
            "compression": self.compression.name(),
        })))
    }

    /// Writes the compressed segment and gives its index, whose metadata are control.tar's texts.
    /// The data are spooled, decompressed, to an unlinked file beside the .deb.
    pub fn pack(&self, out: &mut dyn Write) -> Result<SegmentIndex, PackageError> {
        let file = format!("{}_{}.deb", self.name, self.version);
        self.packed(out).map_err(|fault| fault.of(self.deb.to_owned(), &file, self.name))
    }

    fn packed(&self, out: &mut dyn Write) -> Result<SegmentIndex, Fault> {
        let container = container::open(self.deb, &self.sha256)?;
        let info = Info::read(&container.control)?;
        info.check(self.name, self.version)?;
        let mut contents = Contents::read(&container.data, self.rewrites)?;
        info.install(self.name, &mut contents)?;
        contents.check()?;
        let mut writer = SegmentWriter::new(self.compression, out)?;
        for (path, attributes) in &contents.directories {
            writer.directory(path, *attributes)?;
        }
        for (path, member) in &contents.members {
            match &member.kind {
                Kind::File { at, size } => {
                    let mut bytes = slice(&container.data, *at, *size).map_err(Fault::Read)?;
                    writer.file(path, member.attributes, *size, &mut bytes)?;
                }
                Kind::Bytes(bytes) => {
                    let size = bytes.len() as u64;
                    writer.file(path, member.attributes, size, &mut bytes.as_slice())?;
                }
                Kind::Symlink(target) => writer.symlink(path, member.attributes, target)?,
                Kind::Hardlink(target) => writer.hardlink(path, member.attributes, target)?,
            }
        }
        writer.finish(info.texts())
    }
}

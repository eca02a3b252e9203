//! A wheel, installed into `/opt/env` (PyPA, "Binary distribution format", section "Installing a wheel").

mod archive;
mod compiler;
mod entry_points;
mod layout;
mod metadata;
mod plan;
mod record;

use crate::{
    Compression, PackageError, SEGMENT_VERSION, Tree, error::Fault, header::Attributes, tree,
    writer::SegmentWriter,
};
pub use compiler::Compiler;
pub(crate) use entry_points::{check_name as check_script_name, dotted};
pub(crate) use plan::{LARGEST_MODULE, byte_code_path};

use archive::Archive;
use envwright_store::{Digest, SegmentIndex, canonical_json};
use plan::{Plan, Source};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{Read as _, Write},
    path::Path,
};

/// What stands in `INSTALLER`.
const INSTALLER: &str = "envwright";
/// 1980-01-01, the earliest time that a zip archive knows.
const MTIME: u64 = 315_532_800;

/// A wheel that becomes a segment.
#[derive(Debug, Clone)]
pub struct WheelSegment<'a> {
    /// The wheel's file, under whatever name.
    pub wheel: &'a Path,
    /// Its file name as the index has it: `<name>-<version>-….whl`.
    pub filename: &'a str,
    /// Digest of the file. Not checked here: each member is, by its checksum and by the wheel's RECORD.
    pub sha256: Digest,
    /// Major and minor version of the Python that it is installed for.
    pub python: (u8, u8),
    /// Where the environment lives, below the root: [`PREFIX`](crate::PREFIX) in images.
    pub prefix: &'a str,
    /// How the segment is compressed.
    pub compression: Compression,
    /// Version of the Python whose byte code the package's modules are to have, if any.
    pub compile: Option<(u8, u8, u8)>,
    /// What makes byte code; of that version.
    pub compiler: Option<&'a Compiler>,
    /// Content of `direct_url.json` for what was not found in an index.
    pub direct_url: Option<serde_json::Value>,
}

impl WheelSegment<'_> {
    /// Digest of all that the segment's bytes depend on.
    pub fn key(&self) -> Digest {
        let mut parts = json!({
            "version": SEGMENT_VERSION,
            "kind": "wheel",
            "package": self.sha256,
            "prefix": self.prefix,
            "python": [self.python.0, self.python.1],
            "compression": self.compression.name(),
            "direct_url": self.direct_url,
        });
        if let Some((major, minor, micro)) = self.compile {
            parts["compile"] = json!([major, minor, micro]);
        }
        Digest::of(&canonical_json(&parts))
    }

    /// Writes the compressed segment and gives its index. Members are streamed: memory does not grow with
    /// their sizes.
    pub fn pack(&self, out: &mut dyn Write) -> Result<SegmentIndex, PackageError> {
        self.packed(out).map_err(|fault| self.explained(fault))
    }

    /// Unpacks the wheel into an empty folder, from which [`WheelSegment::tree`] takes files.
    pub fn unpack(&self, folder: &Path) -> Result<(), PackageError> {
        self.unpacked(folder).map_err(|fault| self.explained(fault))
    }

    fn unpacked(&self, folder: &Path) -> Result<(), Fault> {
        let mut archive = Archive::open(self.wheel)?;
        for file in Plan::new(self, &mut archive)?.files.into_values() {
            let Source::Member { name, member, digest } = file.source else { continue };
            let mut content = archive.reader(member)?.take(member.size + 1);
            if tree::keep(&member.file(folder), &name, &mut content, file.executable, MTIME)? != digest {
                return Err(Fault::invalid(format!("member `{name}` is not what RECORD says")));
            }
        }
        Ok(())
    }

    /// The wheel's files, from the folder that it was unpacked to; none where that is not as it was left.
    pub fn tree(&self, folder: &Path) -> Result<Option<Tree>, PackageError> {
        let outcome = Archive::open(self.wheel).and_then(|mut archive| Plan::new(self, &mut archive));
        Ok(outcome.map_err(|fault| self.explained(fault))?.tree(folder))
    }

    fn explained(&self, fault: Fault) -> PackageError {
        fault.of(self.wheel.to_owned(), self.filename, &metadata::filename_name(self.filename))
    }

    fn packed(&self, out: &mut dyn Write) -> Result<SegmentIndex, Fault> {
        let mut archive = Archive::open(self.wheel)?;
        let plan = Plan::new(self, &mut archive)?;
        let mut writer = SegmentWriter::new(self.compression, out)?;
        let directory = Attributes { mode: 0o755, uid: 0, gid: 0, mtime: MTIME };
        for path in &plan.directories {
            writer.directory(path, directory)?;
        }
        for (path, file) in &plan.files {
            let mode = if file.executable { 0o755 } else { 0o644 };
            let attributes = Attributes { mode, ..directory };
            match &file.source {
                Source::Bytes(bytes) => {
                    writer.file(path, attributes, bytes.len() as u64, &mut bytes.as_slice())?;
                }
                Source::Member { name, member, digest } => {
                    let mut reader = archive.reader(*member)?;
                    if writer.file(path, attributes, member.size, &mut reader)? != *digest {
                        return Err(Fault::invalid(format!("member `{name}` is not what RECORD says")));
                    }
                }
            }
        }
        writer.finish(BTreeMap::new())
    }
}

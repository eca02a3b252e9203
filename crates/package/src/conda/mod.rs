//! A conda package, installed into `/opt/env` (CEP 34, "Contents of conda packages"; conda, `core/path_actions.py`).

mod archive;
mod plan;
mod prefix;
mod record;

use crate::{
    Compiler, Compression, PackageError, SEGMENT_VERSION, Tree, error::Fault, header::Attributes,
    writer::SegmentWriter,
};
use archive::Archive;
use envwright_store::{Digest, SegmentIndex, canonical_json};
use plan::{Plan, Source};
use serde_json::{Value, json};
use std::{collections::BTreeMap, io::Write, path::Path};

/// A conda package that becomes a segment.
#[derive(Debug, Clone)]
pub struct CondaSegment<'a> {
    /// The package's file, under whatever name.
    pub archive: &'a Path,
    /// Digest of the file. Not checked here: its parts are, by the checksums of its compression.
    pub sha256: Digest,
    /// Its record as channels have it, with `name`, `version`, `build`, `fn`, `url` and `channel`; without credentials.
    pub record: &'a Value,
    /// The Python of the environment, where the package's modules depend on it (`noarch: python`).
    pub python: Option<&'a CondaPython>,
    /// Where the environment lives, below the root: [`PREFIX`](crate::PREFIX) in images.
    pub prefix: &'a str,
    /// How the segment is compressed.
    pub compression: Compression,
    /// What makes byte code of modules that come without, of the version of [`CondaPython::version`].
    pub compiler: Option<&'a Compiler>,
}

/// The Python that packages are installed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CondaPython {
    /// Major, minor and micro version.
    pub version: (u8, u8, u8),
    /// Its folder of packages below the prefix, such as `lib/python3.11/site-packages`.
    pub site_packages: String,
    /// Whether byte code is wanted.
    pub compile: bool,
}

impl CondaSegment<'_> {
    /// Digest of all that the segment's bytes depend on.
    pub fn key(&self) -> Digest {
        let python = self.python.map(|python| {
            let (major, minor, micro) = python.version;
            let compile = python.compile.then_some([major, minor, micro]);
            json!({ "version": [major, minor], "site_packages": python.site_packages, "compile": compile })
        });
        Digest::of(&canonical_json(&json!({
            "version": SEGMENT_VERSION,
            "kind": "conda",
            "package": self.sha256,
            "record": self.record,
            "prefix": self.prefix,
            "python": python,
            "compression": self.compression.name(),
        })))
    }

    /// Writes the compressed segment and gives its index, whose metadata are the scripts that conda would run and what
    /// describes distributions of Python (`METADATA`, `PKG-INFO`), by their paths below the prefix. The files are spooled, decompressed, to an unlinked file beside the package.
    pub fn pack(&self, out: &mut dyn Write) -> Result<SegmentIndex, PackageError> {
        self.packed(out).map_err(|fault| self.explained(fault))
    }

    /// Unpacks the archive into an empty folder, from which [`CondaSegment::tree`] takes files.
    pub fn unpack(&self, folder: &Path) -> Result<(), PackageError> {
        Archive::unpack(self.archive, folder).map_err(|fault| self.explained(fault))
    }

    /// The package's files, from the folder that it was unpacked to; none where that is not as it was left. The archive
    /// itself is not read.
    pub fn tree(&self, folder: &Path) -> Result<Option<Tree>, PackageError> {
        let Some(archive) = Archive::unpacked(folder) else { return Ok(None) };
        let outcome = Plan::new(self, &archive).and_then(|plan| plan.tree(&archive));
        outcome.map(Some).map_err(|fault| self.explained(fault))
    }

    /// What describes it, as the metadata of its segment. The files are spooled as for [`CondaSegment::pack`].
    pub fn metadata(&self) -> Result<BTreeMap<String, String>, PackageError> {
        let outcome = Archive::open(self.archive).and_then(|archive| Plan::new(self, &archive));
        outcome.map(|plan| plan.texts).map_err(|fault| self.explained(fault))
    }

    fn explained(&self, fault: Fault) -> PackageError {
        let text = |key: &str| self.record.get(key).and_then(Value::as_str).unwrap_or_default();
        fault.of(self.archive.to_owned(), text("fn"), text("name"))
    }

    fn packed(&self, out: &mut dyn Write) -> Result<SegmentIndex, Fault> {
        let archive = Archive::open(self.archive)?;
        let plan = Plan::new(self, &archive)?;
        let mut writer = SegmentWriter::new(self.compression, out)?;
        let attributes = |executable: bool, mtime: u64| Attributes {
            mode: if executable { 0o755 } else { 0o644 },
            uid: 0,
            gid: 0,
            mtime,
        };
        for (path, mtime) in &plan.directories {
            writer.directory(path, attributes(true, *mtime))?;
        }
        for (path, file) in &plan.files {
            let attributes = attributes(file.executable, file.mtime);
            match &file.source {
                Source::Bytes(bytes) => {
                    writer.file(path, attributes, bytes.len() as u64, &mut bytes.as_slice())?;
                }
                Source::Member(part) => {
                    writer.file(path, attributes, part.size, &mut archive.reader(*part)?)?;
                }
                Source::Replaced(part, placeholder) => {
                    let bytes = placeholder.replaced(self.prefix, path, &archive, *part)?;
                    writer.file(path, attributes, bytes.len() as u64, &mut bytes.as_slice())?;
                }
                Source::Symlink(target) => {
                    writer.symlink(path, Attributes { mode: 0o777, ..attributes }, target)?;
                }
            }
        }
        writer.finish(plan.texts)
    }
}

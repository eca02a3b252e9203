//! What layers change, read from them once and kept by their digests.

use crate::{ImageError, view::Changes};
use envwright_archive::{Bounded, most_unpacked};
use envwright_store::{Digest, DigestWriter, write_atomic};
use flate2::read::MultiGzDecoder;
use fs_err::File;
use serde::{Deserialize, Serialize};
use std::{
    io::{self, BufReader, Read, Write as _},
    path::PathBuf,
};

/// Version of the index of a layer's files; part of their names.
const INDEX_VERSION: u32 = 4;

/// Indexes of the layers of registries, in a folder: layers of several images are read once.
#[derive(Debug, Clone)]
pub struct LayerIndexes {
    folder: PathBuf,
    spool: PathBuf,
}

/// The index of one layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LayerIndex {
    /// Digest of the layer without its compression (OCI image specification, config.md).
    pub(crate) diff_id: Digest,
    pub(crate) changes: Changes,
}

impl LayerIndexes {
    /// Those in `folder`. A layer that is fetched only to be read lies in `spool` until it was read.
    pub fn new(folder: PathBuf, spool: PathBuf) -> Self {
        Self { folder, spool }
    }

    /// Whether a layer was read, and its index can be. Costs reading the index.
    pub fn has(&self, layer: &Digest) -> bool {
        self.get(layer).is_some()
    }

    /// The index of a layer; none where it was not read, or cannot be.
    pub(crate) fn get(&self, layer: &Digest) -> Option<LayerIndex> {
        serde_json::from_reader(BufReader::new(File::open(self.path(layer)).ok()?)).ok()
    }

    pub(crate) fn keep(&self, layer: &Digest, index: &LayerIndex) -> Result<(), ImageError> {
        let path = self.path(layer);
        let text = serde_json::to_vec(index).map_err(|error| ImageError::io(&path)(error.into()))?;
        Ok(write_atomic(&path, &text)?)
    }

    /// Where a layer lies until it was read.
    pub(crate) fn spooled(&self, layer: &Digest) -> PathBuf {
        self.spool.join(format!("layer-{}", layer.hex()))
    }

    fn path(&self, layer: &Digest) -> PathBuf {
        self.folder.join(format!("{}-{INDEX_VERSION}.json", layer.hex()))
    }
}

impl LayerIndex {
    /// Reads a layer of so many bytes to its end; gives the digest of its bytes as they are, and its index.
    pub(crate) fn read(bytes: impl Read, size: u64, media_type: &str) -> io::Result<(Digest, Self)> {
        let mut packed = Hashed::new(bytes);
        let unpacked = unpacked(&mut packed, media_type)?;
        let mut plain = Hashed::new(Bounded::new(unpacked, most_unpacked(size)));
        let changes = Changes::read(&mut plain)?;
        // A tar archive ends before its stream, and the stream may end before the file.
        let diff_id = plain.end()?;
        Ok((packed.end()?, Self { diff_id, changes }))
    }
}

/// Hashes what is read through it.
struct Hashed<R> {
    inner: R,
    hasher: DigestWriter<io::Sink>,
}

impl<R: Read> Hashed<R> {
    fn new(inner: R) -> Self {
        Self { inner, hasher: DigestWriter::new(io::sink()) }
    }

    /// Reads the rest, and gives the digest of all.
    fn end(mut self) -> io::Result<Digest> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hasher.digest())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.write_all(&buffer[..read])?;
        Ok(read)
    }
}

fn unpacked<'r>(bytes: impl Read + 'r, media_type: &str) -> io::Result<Box<dyn Read + 'r>> {
    let bytes = BufReader::with_capacity(1 << 16, bytes);
    Ok(if media_type.ends_with("gzip") {
        Box::new(MultiGzDecoder::new(bytes))
    } else if media_type.ends_with("zstd") {
        Box::new(zstd::Decoder::with_buffer(bytes)?)
    } else {
        Box::new(bytes)
    })
}

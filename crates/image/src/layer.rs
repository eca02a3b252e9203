//! One layer: its directories, its segments' compressed bytes one after another, the end of a tar archive.

use crate::{
    ImageError, Layout,
    noted::Noted,
    plan::{PlannedLayer, SegmentRef},
};
use envwright_store::{
    AtomicFile, Digest, DigestWriter, Directory, Home, canonical_json, is_of_system, write_atomic,
};
use flate2::{
    Compression as Level,
    write::{GzDecoder, GzEncoder},
};
use fs_err::File;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::{self, BufWriter, Read, Write};
use tar::{EntryType, Header};

/// Version of the way in which segments become layers.
pub const LAYOUT_VERSION: u32 = 1;

/// A written layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of the compressed bytes.
    pub digest: Digest,
    /// Digest of the uncompressed tar archive.
    pub diff_id: Digest,
    /// Compressed size in bytes.
    pub size: u64,
    /// Media type (OCI image specification, layer.md).
    pub media_type: String,
    /// Names of what it holds, for the image's history.
    pub holds: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Zstd,
    Gzip,
}

impl Format {
    fn of(planned: &PlannedLayer) -> Result<Self, ImageError> {
        let Some(segment) = planned.segments.first() else { return Ok(Self::Zstd) };
        let mut magic = [0; 2];
        let mut file = File::open(&segment.file).map_err(ImageError::io(&segment.file))?;
        let read = file.read_exact(&mut magic);
        read.map_err(|error| unreadable(segment, error))?;
        Ok(if magic == [0x1f, 0x8b] { Self::Gzip } else { Self::Zstd })
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
        }
    }

    fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd => zstd::encode_all(bytes, 3),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Level::new(6));
                encoder.write_all(bytes)?;
                encoder.finish()
            }
        }
    }
}

/// Writes a layer into a layout, or finds it there. May be called from many threads.
pub fn write_layer(planned: &PlannedLayer, layout: &Layout, home: &Home) -> Result<Layer, ImageError> {
    let format = Format::of(planned)?;
    let directories = directories(&planned.directories).map_err(ImageError::io(layout.path()))?;
    let known = home.layers().join(format!("{}.json", key(planned, format, &directories).hex()));
    let layer: Option<Layer> = fs_err::read(&known).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if let Some(layer) = layer.filter(|layer| layout.has(&layer.digest)) {
        // The key knows the bytes, which another image may have under other names.
        return Ok(Layer { holds: holds(planned), ..layer });
    }
    let layer = write(planned, layout, format, &directories)?;
    let text = serde_json::to_vec(&layer).map_err(|error| ImageError::io(&known)(error.into()))?;
    write_atomic(&known, &text)?;
    Ok(layer)
}

fn key(planned: &PlannedLayer, format: Format, directories: &[u8]) -> Digest {
    let segments: Vec<_> = planned.segments.iter().map(|segment| segment.key).collect();
    let value = json!({
        "version": LAYOUT_VERSION,
        "format": format.media_type(),
        "directories": Digest::of(directories),
        "segments": segments,
    });
    Digest::of(&canonical_json(&value))
}

fn write(
    planned: &PlannedLayer,
    layout: &Layout,
    format: Format,
    directories: &[u8],
) -> Result<Layer, ImageError> {
    let failed = |error| ImageError::io(layout.path())(error);
    let file = AtomicFile::create(&layout.blob_path(&Digest::of(directories)))?;
    let mut out = DigestWriter::new(BufWriter::new(file));
    let mut plain = DigestWriter::new(io::sink());
    let add = |out: &mut dyn Write, plain: &mut dyn Write, bytes: &[u8]| {
        plain.write_all(bytes)?;
        out.write_all(&format.compress(bytes)?)
    };
    add(&mut out, &mut plain, directories).map_err(failed)?;
    segments(planned, format, layout, &mut out, &mut plain)?;
    add(&mut out, &mut plain, &[0; 1024]).map_err(failed)?;
    let (out, digest, size) = out.finish();
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.commit_to(&layout.blob_path(&digest))?;
    let diff_id = plain.digest();
    Ok(Layer { digest, diff_id, size, media_type: format.media_type().to_owned(), holds: holds(planned) })
}

/// Copies the segments, checks each against its index, and hashes what they unpack to.
fn segments(
    planned: &PlannedLayer,
    format: Format,
    layout: &Layout,
    out: &mut dyn Write,
    plain: &mut DigestWriter<io::Sink>,
) -> Result<(), ImageError> {
    for segment in &planned.segments {
        let damaged = || ImageError::Segment { key: segment.key };
        let mut file = File::open(&segment.file).map_err(ImageError::io(&segment.file))?;
        let mut out = Noted::new(&mut *out);
        let mut checked = DigestWriter::new(&mut out);
        let before = plain.size();
        let copied = match format {
            Format::Zstd => {
                let mut decoder = zstd::stream::write::Decoder::new(plain.by_ref()).map_err(|_| damaged())?;
                copy(&mut file, &mut checked, &mut decoder).and_then(|()| decoder.flush())
            }
            Format::Gzip => {
                let mut decoder = GzDecoder::new(plain.by_ref());
                copy(&mut file, &mut checked, &mut decoder).and_then(|()| decoder.try_finish())
            }
        };
        let copied = copied.map(|()| checked.digest());
        let digest = copied.map_err(|error| {
            if out.refused { ImageError::io(layout.path())(error) } else { unreadable(segment, error) }
        })?;
        let whole = plain.size() - before == segment.index.uncompressed_size;
        if !whole || digest != segment.index.compressed_digest {
            return Err(damaged());
        }
    }
    Ok(())
}

/// A segment that the system does not let be read, or whose bytes are no segment.
fn unreadable(segment: &SegmentRef, error: io::Error) -> ImageError {
    if is_of_system(&error) {
        ImageError::io(&segment.file)(error)
    } else {
        ImageError::Segment { key: segment.key }
    }
}

/// Gives every byte to both.
fn copy(file: &mut File, first: &mut dyn Write, second: &mut dyn Write) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 17];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        first.write_all(&buffer[..read])?;
        second.write_all(&buffer[..read])?;
    }
}

/// The tar headers of the directories.
fn directories(directories: &[Directory]) -> io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.mode(tar::HeaderMode::Deterministic);
    for directory in directories {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Directory);
        header.set_mode(directory.mode);
        header.set_uid(directory.uid.into());
        header.set_gid(directory.gid.into());
        header.set_mtime(directory.mtime);
        header.set_size(0);
        let path = format!("{}/", directory.path);
        if header.set_path(&path).is_err() {
            builder.append_pax_extensions([("path", path.as_bytes())])?;
            header.set_path(directory.path.get(..90).unwrap_or("long"))?;
        }
        header.set_cksum();
        builder.append(&header, io::empty())?;
    }
    let mut bytes = builder.into_inner()?;
    // The end marker comes after the segments.
    bytes.truncate(bytes.len().saturating_sub(1024));
    Ok(bytes)
}

fn holds(planned: &PlannedLayer) -> String {
    const MOST: usize = 8;
    let names = planned.segments.iter().take(MOST).map(|segment| segment.name.as_str());
    let text = names.collect::<Vec<_>>().join(" ");
    match planned.segments.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{text} and {more} more"),
        _ => text,
    }
}

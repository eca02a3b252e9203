//! How segments are compressed: one frame or member each, so that they can stand one after another.

use envwright_store::{Digest, DigestWriter};
use std::{
    fmt,
    io::{self, Write},
    str::FromStr,
};

/// Level of zstd frames.
const ZSTD_LEVEL: i32 = 3;
/// Level of gzip members.
const GZIP_LEVEL: u32 = 6;

/// How segments are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// One zstd frame (RFC 8878), level 3.
    #[default]
    Zstd,
    /// One gzip member (RFC 1952), level 6, without name or time.
    Gzip,
}

/// A word that names no compression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no compression is called `{0}`: zstd or gzip")]
pub struct CompressionError(String);

impl Compression {
    /// The name as used in keys, options and media types.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(name: &str) -> Result<Self, CompressionError> {
        match name {
            "zstd" => Ok(Self::Zstd),
            "gzip" => Ok(Self::Gzip),
            _ => Err(CompressionError(name.to_owned())),
        }
    }
}

type Sink<'a> = DigestWriter<&'a mut dyn Write>;

/// Compresses what is written to it.
pub(crate) enum Encoder<'a> {
    Zstd(Box<zstd::Encoder<'static, Sink<'a>>>),
    Gzip(Box<flate2::write::GzEncoder<Sink<'a>>>),
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(compression: Compression, out: &'a mut dyn Write) -> io::Result<Self> {
        let sink = DigestWriter::new(out);
        Ok(match compression {
            Compression::Zstd => Self::Zstd(Box::new(zstd::Encoder::new(sink, ZSTD_LEVEL)?)),
            Compression::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                // 255: an unknown operating system, so that all write the same byte.
                let gzip = flate2::GzBuilder::new().mtime(0).operating_system(255);
                Self::Gzip(Box::new(gzip.write(sink, level)))
            }
        })
    }

    /// Ends the frame; gives digest and size in bytes of the compressed stream.
    pub(crate) fn finish(self) -> io::Result<(Digest, u64)> {
        let mut sink = match self {
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Gzip(encoder) => encoder.finish()?,
        };
        sink.flush()?;
        let (_, digest, size) = sink.finish();
        Ok((digest, size))
    }
}

impl Write for Encoder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Zstd(encoder) => encoder.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }
}

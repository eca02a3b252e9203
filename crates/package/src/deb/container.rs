//! The `ar` archive that a .deb is (deb(5)): `debian-binary`, `control.tar.*`, `data.tar.*`.

use crate::{
    error::Fault,
    spool::{copy, spool},
    writer::unreadable,
};
use envwright_archive::{ArReader, most_unpacked};
use envwright_store::{Digest, DigestWriter};
use fs_err as fs;
use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, Write as _},
    path::Path,
};

/// Most bytes that a package's scripts and lists may have together: they are held in memory. Those of Debian's largest
/// packages have a few MiB.
const MAX_CONTROL: u64 = 32 << 20;
/// Most memory that the decompression of xz may take, in bytes; level 9 takes 65 MiB.
const MAX_XZ_MEMORY: u64 = 256 << 20;
/// Name of the first part, and most of its bytes that are read.
const FIRST: &str = "debian-binary";
const MAX_FIRST: u64 = 64;

/// The two tar streams, decompressed.
pub(crate) struct Container {
    pub(crate) control: Vec<u8>,
    /// An unlinked file, at its start.
    pub(crate) data: File,
}

/// Reads a .deb once, and checks that it is the file with this digest.
pub(crate) fn open(deb: &Path, sha256: &Digest) -> Result<Container, Fault> {
    let file = fs::File::open(deb).map_err(|error| Fault::Read(error.kind().into()))?;
    let mut hashed = Hashed { inner: BufReader::new(file), hasher: DigestWriter::new(io::sink()) };
    let parts = parts(deb, &mut hashed);
    io::copy(&mut hashed, &mut io::sink()).map_err(Fault::Read)?;
    if hashed.hasher.digest() != *sha256 {
        return Err(Fault::invalid("bytes are not those that were locked"));
    }
    parts
}

/// The parts, in the order in which dpkg takes them: parts whose names start with `_` are passed over, and so is what
/// follows the data.
fn parts(deb: &Path, reader: &mut dyn Read) -> Result<Container, Fault> {
    let of_ar = |error| Fault::archive("ar", error);
    let mut archive = ArReader::new(reader).map_err(of_ar)?;
    let mut is_first = true;
    let (mut control, mut data) = (None, None);
    while let Some((name, size)) = archive.next_member().map_err(of_ar)? {
        if std::mem::take(&mut is_first) {
            check_version(&name, &mut archive)?;
        } else if let Some(format) = name.strip_prefix("control.tar") {
            let mut bytes = Vec::new();
            copy(&name, decoder(format, &mut archive)?, &mut bytes, MAX_CONTROL)?;
            once(&mut control, bytes)?;
        } else if let Some(format) = name.strip_prefix("data.tar") {
            if control.is_none() {
                return Err(Fault::invalid("data.tar comes before control.tar"));
            }
            let mut file = spool(deb)?;
            copy(&name, decoder(format, &mut archive)?, &mut file, most_unpacked(size))?;
            file.rewind().map_err(Fault::Read)?;
            once(&mut data, file)?;
        } else if data.is_none() && !name.starts_with('_') {
            return Err(Fault::invalid(format!("part `{}` is not one of a .deb", name.escape_debug())));
        }
    }
    match (control, data) {
        (Some(control), Some(data)) => Ok(Container { control, data }),
        _ => Err(Fault::invalid("control.tar or data.tar is missing")),
    }
}

fn check_version(name: &str, part: &mut dyn Read) -> Result<(), Fault> {
    let mut text = String::new();
    if name == FIRST {
        part.take(MAX_FIRST).read_to_string(&mut text).map_err(|error| unreadable(name, &error))?;
    }
    if text.starts_with("2.") { Ok(()) } else { Err(Fault::invalid("format is not version 2 of .deb")) }
}

fn once<T>(slot: &mut Option<T>, part: T) -> Result<(), Fault> {
    match slot.replace(part) {
        None => Ok(()),
        Some(_) => Err(Fault::invalid("control.tar or data.tar is there twice")),
    }
}

/// `format` is what follows `.tar`.
fn decoder<'r>(format: &str, reader: &'r mut dyn Read) -> Result<Box<dyn Read + 'r>, Fault> {
    match format {
        "" => Ok(Box::new(reader)),
        ".gz" => Ok(Box::new(flate2::read::MultiGzDecoder::new(reader))),
        ".xz" => liblzma::stream::Stream::new_stream_decoder(MAX_XZ_MEMORY, liblzma::stream::CONCATENATED)
            .map(|stream| Box::new(liblzma::read::XzDecoder::new_stream(reader, stream)) as Box<dyn Read>)
            .map_err(|error| unreadable("xz", &error.into())),
        ".zst" => zstd::Decoder::new(reader)
            .map(|decoder| Box::new(decoder) as Box<dyn Read>)
            .map_err(|error| unreadable("zstd", &error)),
        _ => Err(Fault::invalid(format!("part `.tar{format}` is compressed in an unknown way"))),
    }
}

struct Hashed<R> {
    inner: R,
    hasher: DigestWriter<io::Sink>,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.write_all(&buffer[..read])?;
        Ok(read)
    }
}

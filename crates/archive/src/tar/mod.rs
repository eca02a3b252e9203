//! A tar archive (POSIX.1-2017, pax; GNU tar manual, "Basic Tar Format"), as every reader reads it.
//!
//! Taken are the old format, ustar, GNU's long names and sparse files, and PAX headers. Refused is what readers take
//! differently: two sizes, a name given twice, bytes that belong to a link, global headers that name members.

mod header;
mod pax;

use crate::ArchiveError;
use header::{BLOCK, Header};
use pax::Records;
use std::io::{self, Read, Seek, SeekFrom};

/// Most bytes of a header that describes a member: a long name, PAX records, or the map of a sparse file.
const MAX_EXTENSION: u64 = 1 << 20;
/// What an octal size field holds at most; some writers put it where PAX has the true size.
const LARGEST_OCTAL: u64 = 0o77_777_777_777;

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path, as it is spelled.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Size of a file in bytes, that of a sparse one with its holes.
    pub size: u64,
    /// Where its bytes stand in the archive.
    pub position: u64,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file, whose bytes are read from the reader.
    File,
    /// A regular file that is kept without its holes. Its bytes are not read here.
    Sparse,
    /// A directory.
    Directory,
    /// A symbolic link, and its target.
    Symlink(Vec<u8>),
    /// Another name of an earlier member.
    Hardlink(Vec<u8>),
    /// A device or a pipe.
    Special,
    /// Something that this byte stands for.
    Other(u8),
}

/// Reads the members of a tar archive one after another. Memory does not grow with the archive.
#[derive(Debug)]
pub struct TarReader<R> {
    reader: R,
    skip: fn(&mut R, u64) -> io::Result<()>,
    /// Bytes of the archive before the place that is read next.
    at: u64,
    /// Bytes of the current member that were not read.
    left: u64,
    /// Bytes between them and the next header.
    padding: u64,
    has_ended: bool,
}

/// What headers before a member say of it.
#[derive(Debug, Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    records: Option<Records>,
}

impl<R: Read> TarReader<R> {
    /// Reads in one pass.
    pub fn new(reader: R) -> Self {
        Self { reader, skip: read_over, at: 0, left: 0, padding: 0, has_ended: false }
    }

    /// The next member; nothing at the end. What stands after the end is not read.
    pub fn next_member(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut extensions = Extensions::default();
        while let Some(header) = self.header()? {
            match header.kind {
                b'L' => once(&mut extensions.name, || self.long_name(&header))?,
                b'K' => once(&mut extensions.link, || self.long_name(&header))?,
                b'x' => once(&mut extensions.records, || pax::parse(&self.extension(&header)?))?,
                b'g' => pax::parse(&self.extension(&header)?)?.check_global()?,
                _ => return self.member(header, extensions).map(Some),
            }
        }
        if extensions.name.is_some() || extensions.link.is_some() || extensions.records.is_some() {
            return Err(ArchiveError::broken("end comes where a member was announced"));
        }
        Ok(None)
    }

    /// The next header of any kind.
    fn header(&mut self) -> Result<Option<Header>, ArchiveError> {
        if self.has_ended {
            return Ok(None);
        }
        let over = self.left.checked_add(self.padding).ok_or_else(too_large)?;
        if over > 0 {
            (self.skip)(&mut self.reader, over).map_err(truncated)?;
            self.advance(over)?;
            (self.left, self.padding) = (0, 0);
        }
        let block = self.block()?;
        let Some(block) = block.filter(|block| block.iter().any(|byte| *byte != 0)) else {
            self.has_ended = true;
            return Ok(None);
        };
        let header = Header::parse(&block, self.at - BLOCK as u64)?;
        self.expect(header.size)?;
        Ok(Some(header))
    }

    /// A block; nothing at the end of the bytes.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ArchiveError> {
        let mut block = Vec::with_capacity(BLOCK);
        self.reader.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        self.advance(block.len() as u64)?;
        match <[u8; BLOCK]>::try_from(block.as_slice()) {
            Ok(block) => Ok(Some(block)),
            Err(_) if block.is_empty() => Ok(None),
            Err(_) => Err(ArchiveError::broken("end is in the middle of a header")),
        }
    }

    fn advance(&mut self, by: u64) -> Result<(), ArchiveError> {
        self.at = self.at.checked_add(by).ok_or_else(too_large)?;
        Ok(())
    }

    /// So many bytes stand here, up to a whole block.
    fn expect(&mut self, size: u64) -> Result<(), ArchiveError> {
        let whole = size.checked_next_multiple_of(BLOCK as u64).ok_or_else(too_large)?;
        (self.left, self.padding) = (size, whole - size);
        Ok(())
    }

    /// The bytes of a header that describes a member.
    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        if header.size > MAX_EXTENSION {
            return Err(ArchiveError::broken(format!(
                "header at byte {} is {} bytes long, where {MAX_EXTENSION} are possible",
                header.position, header.size
            )));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// GNU's long name or target: it ends with a NUL.
    fn long_name(&mut self, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let mut name = self.extension(header)?;
        while name.last() == Some(&0) {
            name.pop();
        }
        if name.is_empty() || name.contains(&0) {
            return Err(ArchiveError::member(&name, "its long name is empty or holds a NUL"));
        }
        Ok(name)
    }

    fn member(&mut self, header: Header, extensions: Extensions) -> Result<Member, ArchiveError> {
        let records = extensions.records.unwrap_or_default();
        let path = given(extensions.name, records.path, header.path)?;
        let path = records.sparse_name.unwrap_or(path);
        let link = given(extensions.link, records.link, header.link)?;
        let refused = |reason: &str| Err(ArchiveError::member(&path, reason));
        let mut size = header.size;
        if let Some(of_records) = records.size {
            if ![0, LARGEST_OCTAL, of_records].contains(&size) {
                return refused("it has two sizes");
            }
            size = of_records;
            self.expect(size)?;
        }
        let kind = match header.kind {
            b'0' | b'7' if records.sparse_size.is_some() => Kind::Sparse,
            // The old format has no other sign of a directory.
            b'\0' if path.ends_with(b"/") => Kind::Directory,
            b'0' | b'\0' | b'7' => Kind::File,
            b'1' => Kind::Hardlink(link),
            b'2' => Kind::Symlink(link),
            b'3' | b'4' | b'6' => Kind::Special,
            b'5' => Kind::Directory,
            b'S' => Kind::Sparse,
            other => Kind::Other(other),
        };
        let has_bytes = matches!(kind, Kind::File | Kind::Sparse | Kind::Other(_));
        if size > 0 && !has_bytes {
            return refused("it is no file, and has bytes");
        }
        if header.kind == b'S' {
            self.sparse_map(header.has_more_map)?;
        }
        let [uid, gid] = [(records.uid, header.uid), (records.gid, header.gid)]
            .map(|(of_records, of_header)| u32::try_from(of_records.unwrap_or(of_header)));
        let (Ok(uid), Ok(gid)) = (uid, gid) else { return refused("it names an owner that cannot be") };
        let real_size = records.sparse_size.or(header.real_size.filter(|_| kind == Kind::Sparse));
        Ok(Member {
            kind,
            mode: header.mode,
            uid,
            gid,
            mtime: records.mtime.unwrap_or(header.mtime),
            size: real_size.unwrap_or(size),
            position: self.at,
            path,
        })
    }

    /// Reads over the blocks of a sparse file's map that do not fit into its header.
    fn sparse_map(&mut self, mut has_more: bool) -> Result<(), ArchiveError> {
        let start = self.at;
        while has_more {
            let block = self.block()?.ok_or_else(|| truncated(io::ErrorKind::UnexpectedEof.into()))?;
            has_more = block[504] != 0;
            if self.at - start > MAX_EXTENSION {
                return Err(ArchiveError::broken("map of a sparse file is too long"));
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek> TarReader<R> {
    /// Reads over members by seeking.
    pub fn seeking(reader: R) -> Self {
        Self { skip: seek_over, ..Self::new(reader) }
    }
}

/// The bytes of the current member.
impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.by_ref().take(self.left).read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(truncated(io::ErrorKind::UnexpectedEof.into()).into());
        }
        self.left -= read as u64;
        self.at += read as u64;
        Ok(read)
    }
}

fn read_over<R: Read>(reader: &mut R, bytes: u64) -> io::Result<()> {
    match io::copy(&mut reader.take(bytes), &mut io::sink())? {
        read if read == bytes => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Seeking goes past the end without a word; reading the last byte does not.
fn seek_over<R: Read + Seek>(reader: &mut R, bytes: u64) -> io::Result<()> {
    let over = i64::try_from(bytes - 1).map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    reader.seek(SeekFrom::Current(over)).map_err(|error| match error.kind() {
        // No file has such a place.
        io::ErrorKind::InvalidInput => io::ErrorKind::UnexpectedEof.into(),
        _ => error,
    })?;
    reader.read_exact(&mut [0])
}

fn truncated(error: io::Error) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ArchiveError::broken("end is in the middle of a member"),
        _ => ArchiveError::Read(error),
    }
}

fn too_large() -> ArchiveError {
    ArchiveError::broken("members are larger than can be")
}

fn once<T>(slot: &mut Option<T>, read: impl FnOnce() -> Result<T, ArchiveError>) -> Result<(), ArchiveError> {
    match slot.replace(read()?) {
        None => Ok(()),
        Some(_) => Err(ArchiveError::broken("headers describe a member twice")),
    }
}

/// A name that was given in up to three ways: a header before the member has precedence, and two must agree.
fn given(long: Option<Vec<u8>>, pax: Option<Vec<u8>>, own: Vec<u8>) -> Result<Vec<u8>, ArchiveError> {
    match (long, pax) {
        (Some(long), Some(pax)) if long != pax => Err(ArchiveError::member(&long, "it has two names")),
        (long, pax) => Ok(long.or(pax).unwrap_or(own)),
    }
}

//! The `ar` archive that a .deb is (deb(5)): short names, decimal sizes, members on even places.

use crate::ArchiveError;
use std::io::{self, Read};

const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of a member's header, and what they end with.
const HEADER: usize = 60;
const HEADER_END: &[u8] = b"`\n";

/// Reads the members of an `ar` archive one after another. Names of GNU's and BSD's kinds, which stand outside of the
/// header, are not followed: no .deb has them.
#[derive(Debug)]
pub struct ArReader<R> {
    reader: R,
    /// Bytes of the current member that were not read.
    left: u64,
    /// Whether a byte stands between it and the next one.
    is_padded: bool,
}

impl<R: Read> ArReader<R> {
    /// Reads the archive's first bytes, which say that it is one.
    pub fn new(mut reader: R) -> Result<Self, ArchiveError> {
        let mut magic = Vec::new();
        reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
        if magic != MAGIC {
            return Err(ArchiveError::broken("start is not that of an ar archive"));
        }
        Ok(Self { reader, left: 0, is_padded: false })
    }

    /// Name and size in bytes of the next member, whose bytes are then read from this; nothing at the end.
    pub fn next_member(&mut self) -> Result<Option<(String, u64)>, ArchiveError> {
        let left = self.left;
        if io::copy(&mut self.by_ref().take(left), &mut io::sink())? < left {
            return Err(ArchiveError::broken("last member is shorter than its size says"));
        }
        if self.is_padded {
            // The last one may lack it.
            self.reader.read_exact(&mut [0]).or_else(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => Ok(()),
                _ => Err(error),
            })?;
            self.is_padded = false;
        }
        let mut header = Vec::new();
        self.reader.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(None);
        }
        if header.len() < HEADER || !header.ends_with(HEADER_END) {
            return Err(ArchiveError::broken("ar header is broken"));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches(' ').to_owned();
        let name = text(&header[..16]);
        let size = text(&header[48..58]);
        let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
        let size: u64 = size
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or_else(|| ArchiveError::broken("ar header has no size"))?;
        (self.left, self.is_padded) = (size, size % 2 == 1);
        Ok(Some((name.strip_suffix('/').unwrap_or(&name).to_owned(), size)))
    }
}

impl<R: Read> Read for ArReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.by_ref().take(self.left).read(buffer)?;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(size: &str, body: &str) -> Vec<u8> {
        format!("!<arch>\n{:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n{body}", "a.txt/", 0, 0, 0, 0).into_bytes()
    }

    fn names(bytes: &[u8]) -> Result<Vec<(String, u64)>, ArchiveError> {
        let mut archive = ArReader::new(bytes)?;
        let mut names = Vec::new();
        while let Some(member) = archive.next_member()? {
            names.push(member);
        }
        Ok(names)
    }

    #[test]
    fn members_are_read_with_and_without_the_last_byte() {
        for body in ["odd", "odd\n"] {
            assert_eq!(names(&archive("3", body)).unwrap(), [("a.txt".to_owned(), 3)]);
        }
    }

    #[test]
    fn sizes_that_lie_are_found() {
        for (size, body) in
            [("9", "odd"), ("-3", "odd"), ("+3", "odd"), ("", ""), ("2", "odd"), ("0x3", "odd")]
        {
            assert!(names(&archive(size, body)).is_err(), "{size}");
        }
        assert!(names(b"!<arch>").is_err());
        assert!(names(&archive("3", "odd\n/9999 ")).is_err());
    }
}

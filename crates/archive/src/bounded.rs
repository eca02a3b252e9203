//! How much may come out of compressed bytes.

use std::io::{self, Read};

/// Most bytes that one archive may unpack to.
const MOST: u64 = 64 << 30;
/// What any archive may unpack to, in bytes, however small it is.
const FREE: u64 = 1 << 30;
/// How many bytes may come out of one where it is more than that. Deflate can make 1032 of one, zstd and xz far more;
/// packages and layers stay below 50 but for files of nothing but zeros.
const RATIO: u64 = 200;

/// Most bytes that may come out of so many compressed ones.
pub fn most_unpacked(packed: u64) -> u64 {
    packed.saturating_mul(RATIO).clamp(FREE, MOST)
}

/// The error of a bound that was reached.
#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes come out of it")]
struct Exceeded(u64);

/// Fails where more than so many bytes are read through it.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    most: u64,
    read: u64,
}

impl<R> Bounded<R> {
    /// Lets `most` bytes through.
    pub fn new(inner: R, most: u64) -> Self {
        Self { inner, most, read: 0 }
    }
}

/// Whether it is the bound that ended a reading.
pub fn is_exceeded(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Exceeded>)
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read = self.read.saturating_add(read as u64);
        if self.read > self.most {
            return Err(io::Error::other(Exceeded(self.most)));
        }
        Ok(read)
    }
}

impl<R: io::Seek> io::Seek for Bounded<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_archives_may_grow_by_much_and_large_ones_by_their_ratio() {
        assert_eq!(most_unpacked(0), FREE);
        assert_eq!(most_unpacked(10 << 20), 2000 << 20);
        assert_eq!(most_unpacked(u64::MAX), MOST);
    }

    #[test]
    fn the_bound_itself_may_be_read_and_no_byte_more() {
        let read = |most| io::copy(&mut Bounded::new([0; 9].as_slice(), most), &mut io::sink());
        assert_eq!(read(9).ok(), Some(9));
        assert!(is_exceeded(&read(8).unwrap_err()));
    }
}

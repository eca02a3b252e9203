//! What comes out of compressed parts of a package, kept in a file until it is read again in another order.

use crate::{error::Fault, writer::unreadable};
use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom},
    path::Path,
};

/// On the disk that holds the packages, since the system's temporary folder is often in memory.
pub(crate) fn spool(archive: &Path) -> Result<File, Fault> {
    let beside = archive.parent().map(tempfile::tempfile_in);
    match beside {
        Some(Ok(file)) => Ok(file),
        _ => tempfile::tempfile().map_err(Fault::Read),
    }
}

/// Tells what cannot be read from what cannot be written.
pub(crate) fn copy(
    name: &str,
    mut from: Box<dyn Read + '_>,
    to: &mut dyn io::Write,
    limit: u64,
) -> Result<(), Fault> {
    let mut buffer = vec![0; 128 * 1024];
    let mut size: u64 = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                size += read as u64;
                if size > limit {
                    return Err(Fault::refused(name, format!("more than {limit} bytes come out of it")));
                }
                to.write_all(&buffer[..read]).map_err(Fault::Read)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(name, &error)),
        }
    }
}

/// Some bytes of a spooled file.
pub(crate) fn slice(mut file: &File, at: u64, size: u64) -> io::Result<impl Read> {
    file.seek(SeekFrom::Start(at))?;
    Ok(file.take(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out is bounded, not what goes in.
    #[test]
    fn a_bomb_is_refused_before_it_has_gone_off() {
        let (mut out, limit) = (Vec::new(), 1 << 20);
        let refused = copy("data.tar.zst", Box::new(io::repeat(0)), &mut out, limit);
        assert!(matches!(refused, Err(Fault::Unsafe(..))));
        assert!(out.len() as u64 <= limit);
    }

    #[test]
    fn the_limit_itself_is_allowed() {
        let mut out = Vec::new();
        copy("data.tar.zst", Box::new(io::repeat(0).take(9)), &mut out, 9).unwrap();
        assert_eq!(out.len(), 9);
        assert!(copy("data.tar.zst", Box::new(io::repeat(0).take(10)), &mut out, 9).is_err());
    }
}

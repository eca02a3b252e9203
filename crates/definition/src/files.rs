//! The user's own files.

use crate::FileCopy;
use std::{io, path::Path, path::PathBuf};

impl FileCopy {
    /// Everything that is copied: path on this machine and absolute path in the image, sorted by the latter.
    /// A folder is copied with all below it, itself included; links are kept as links.
    pub fn entries(&self) -> io::Result<Vec<(PathBuf, String)>> {
        let mut found = Vec::new();
        collect(&self.from, self.to.trim_end_matches('/'), &mut found)?;
        found.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(found)
    }
}

fn collect(from: &Path, to: &str, found: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    found.push((from.to_owned(), to.to_owned()));
    if !fs_err::symlink_metadata(from)?.is_dir() {
        return Ok(());
    }
    for child in fs_err::read_dir(from)? {
        let child = child?;
        let name = child.file_name().into_string().map_err(|name| {
            let name = Path::new(&name).display().to_string();
            io::Error::new(io::ErrorKind::InvalidData, format!("file name is not UTF-8: {name}"))
        })?;
        collect(&child.path(), &format!("{to}/{name}"), found)?;
    }
    Ok(())
}

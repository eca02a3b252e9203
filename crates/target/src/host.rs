//! This machine's own files.

use crate::{FileEntry, Files};
use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The files of this machine, as far as this user may see them.
#[derive(Debug, Clone, Copy)]
pub struct HostFiles;

fn place(path: &str) -> PathBuf {
    Path::new("/").join(path)
}

impl Files for HostFiles {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let is_file = matches!(self.entry(path), Some(FileEntry::File { .. }));
        is_file.then(|| fs_err::read(place(path)).ok()).flatten()
    }

    fn entry(&self, path: &str) -> Option<FileEntry> {
        let place = place(path);
        let metadata = fs_err::symlink_metadata(&place).ok()?;
        let mode = metadata.mode() & 0o7777;
        if metadata.is_symlink() {
            let target = fs_err::read_link(&place).ok()?.to_str()?.to_owned();
            return Some(FileEntry::Symlink { target });
        }
        if metadata.is_dir() {
            let mtime = u64::try_from(metadata.mtime()).unwrap_or_default();
            return Some(FileEntry::Directory { mode, uid: metadata.uid(), gid: metadata.gid(), mtime });
        }
        metadata.is_file().then_some(FileEntry::File { mode, size: metadata.len() })
    }

    fn list(&self, dir: &str) -> Vec<String> {
        let Ok(entries) = fs_err::read_dir(place(dir)) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Platform, TargetFacts};

    #[test]
    fn this_machine_has_what_its_tests_run_on() {
        let entries = HostFiles.list("");
        assert!(entries.iter().any(|name| name == "etc"));
        assert!(matches!(HostFiles.entry("etc"), Some(FileEntry::Directory { .. })));
        assert!(HostFiles.read("etc/passwd").is_some() && HostFiles.read("etc").is_none());
        let glibc = Platform::host().and_then(|host| TargetFacts::glibc(host, &HostFiles));
        assert!(glibc.is_some_and(|glibc| glibc.major == 2));
    }
}

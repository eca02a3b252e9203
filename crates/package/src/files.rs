//! Segments of files that belong to no package.

use crate::{
    Compression, Content, OwnFile, PackageError, SEGMENT_VERSION, error::Fault, header::Attributes, path,
    writer::SegmentWriter,
};
use envwright_store::{Digest, SegmentIndex, canonical_json};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::PathBuf,
};

/// Packs files as they are given, in byte order of their paths. Directories stand in the index only.
pub fn pack_files(
    entries: &[OwnFile],
    compression: Compression,
    out: &mut dyn Write,
) -> Result<SegmentIndex, PackageError> {
    let mut reading = PathBuf::from("files");
    let packed = pack(entries, compression, out, &mut reading);
    packed.map_err(|fault| fault.of(reading, "files", "files"))
}

/// Key of the segment that [`pack_files`] makes of the same files, in whatever order they are given.
pub fn files_key(entries: &[OwnFile], compression: Compression) -> Digest {
    let files: BTreeMap<&str, Value> =
        entries.iter().map(|entry| (entry.path.as_str(), description(entry))).collect();
    Digest::of(&canonical_json(&json!({
        "version": SEGMENT_VERSION,
        "kind": "files",
        "compression": compression.name(),
        "files": files,
    })))
}

fn description(entry: &OwnFile) -> Value {
    let content = match &entry.content {
        Content::Bytes(bytes) => json!({ "file": Digest::of(bytes) }),
        Content::Copied { digest, .. } => json!({ "file": digest }),
        Content::Symlink(target) => json!({ "symlink": target }),
        Content::Directory => json!("directory"),
        Content::Whiteout => json!("whiteout"),
    };
    json!([entry.mode, entry.uid, entry.gid, entry.mtime, content])
}

/// `reading` is the file of this machine that is being read.
fn pack(
    entries: &[OwnFile],
    compression: Compression,
    out: &mut dyn Write,
    reading: &mut PathBuf,
) -> Result<SegmentIndex, Fault> {
    let mut paths = BTreeSet::new();
    for entry in entries {
        path::member(entry.path.as_bytes())?;
        if !paths.insert(entry.path.as_str()) {
            return Err(Fault::refused(&entry.path, "it is there twice"));
        }
    }
    let leaves: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| entry.content != Content::Directory)
        .map(|entry| entry.path.as_str())
        .collect();
    path::check_tree(&leaves, paths)?;

    let sorted: BTreeMap<String, &OwnFile> = entries.iter().map(|entry| (entry.member(), entry)).collect();
    let mut writer = SegmentWriter::new(compression, out)?;
    for (path, entry) in &sorted {
        let OwnFile { mode, uid, gid, mtime, content, .. } = entry;
        let attributes = Attributes { mode: *mode, uid: *uid, gid: *gid, mtime: *mtime };
        match content {
            Content::Bytes(bytes) => {
                writer.file(path, attributes, bytes.len() as u64, &mut bytes.as_slice())?;
            }
            Content::Copied { from, size, digest } => {
                reading.clone_from(from);
                let mut file = fs_err::File::open(from).map_err(Fault::Read)?;
                if writer.file(path, attributes, *size, &mut file)? != *digest {
                    return Err(Fault::Read(io::Error::other("it changed while it was packed")));
                }
            }
            Content::Symlink(target) => {
                writer.symlink(path, Attributes { mode: 0o777, ..attributes }, target)?;
            }
            Content::Directory => writer.directory(path, attributes)?,
            Content::Whiteout => drop(writer.file(path, attributes, 0, &mut io::empty())?),
        }
    }
    writer.finish(BTreeMap::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_store::EntryKind;

    fn files() -> Vec<OwnFile> {
        vec![
            OwnFile::symlink("etc/mtab", "../proc/mounts", 7),
            OwnFile::file("etc/hosts", "127.0.0.1 localhost\n", 9).mode(0o600),
            OwnFile::directory("tmp", 5).mode(0o1777),
        ]
    }

    #[test]
    fn files_keep_their_attributes_and_stand_in_order() {
        let mut bytes = Vec::new();
        let index = pack_files(&files(), Compression::Gzip, &mut bytes).unwrap();
        let paths: Vec<_> = index.entries.iter().map(|entry| (entry.path.as_str(), entry.mode)).collect();
        assert_eq!(paths, [("etc/hosts", 0o600), ("etc/mtab", 0o777)]);
        assert_eq!(index.entries[1].kind, EntryKind::Symlink { target: "../proc/mounts".to_owned() });
        let directories: Vec<_> =
            index.directories.iter().map(|dir| (dir.path.as_str(), dir.mode, dir.mtime)).collect();
        assert_eq!(directories, [("etc", 0o755, 9), ("tmp", 0o1777, 5)]);
        assert_eq!(index.compressed_size, bytes.len() as u64);
        assert_eq!(index.compressed_digest, Digest::of(&bytes));
    }

    #[test]
    fn the_key_knows_content_and_not_order() {
        let key = files_key(&files(), Compression::Zstd);
        let mut turned = files();
        turned.reverse();
        assert_eq!(files_key(&turned, Compression::Zstd), key);
        assert_ne!(files_key(&files(), Compression::Gzip), key);
        turned[1].content = Content::Bytes(b"other".to_vec());
        assert_ne!(files_key(&turned, Compression::Zstd), key);
    }

    #[test]
    fn a_whiteout_stands_where_its_own_name_does() {
        let mut files = files();
        files.push(OwnFile::whiteout("etc/motd", 0));
        files.push(OwnFile::whiteout("x", 0));
        let index = pack_files(&files, Compression::Zstd, &mut Vec::new()).unwrap();
        let paths: Vec<_> = index.entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, [".wh.x", "etc/.wh.motd", "etc/hosts", "etc/mtab"]);
        files.push(OwnFile::file("etc/motd", "", 0));
        assert!(pack_files(&files, Compression::Zstd, &mut Vec::new()).is_err());
    }

    #[test]
    fn a_file_of_this_machine_is_packed_as_its_bytes_would_be() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("model");
        fs_err::write(&from, "weights").unwrap();
        let copied = [OwnFile::copied("opt/model", &from, 7).unwrap()];
        let bytes = [OwnFile::file("opt/model", "weights", 7)];
        assert_eq!(files_key(&copied, Compression::Zstd), files_key(&bytes, Compression::Zstd));
        let packed = |files: &[OwnFile]| {
            let mut out = Vec::new();
            pack_files(files, Compression::Zstd, &mut out).map(|_| out)
        };
        assert_eq!(packed(&copied).unwrap(), packed(&bytes).unwrap());
        for changed in ["Weights", "more weights", "w"] {
            fs_err::write(&from, changed).unwrap();
            assert!(packed(&copied).is_err(), "{changed}");
        }
        fs_err::remove_file(&from).unwrap();
        assert!(matches!(packed(&copied), Err(PackageError::Read { path, .. }) if path == from));
    }

    #[test]
    fn unsafe_and_doubled_paths_are_refused() {
        for path in ["../x", "etc/hosts", "etc/hosts/x"] {
            let mut files = files();
            files.push(OwnFile::file(path, "", 0));
            let error = pack_files(&files, Compression::Zstd, &mut Vec::new()).unwrap_err();
            assert!(matches!(error, PackageError::Unsafe { .. }), "{path}");
        }
    }
}

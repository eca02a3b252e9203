//! Layers applied one over another, without writing a file (OCI image specification, layer.md, "Applying Changesets").

use envwright_target::{FileEntry, Files as _, MapFiles};
use std::io::{self, Read};
use tar::EntryType;

/// Largest file whose bytes are kept, in bytes.
const KEEP: u64 = 32 << 20;

/// Applies one layer.
pub(crate) fn apply(files: &mut MapFiles, stream: impl Read) -> io::Result<()> {
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let spelled = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = spelled.trim_start_matches("./").trim_matches('/').to_owned();
        if path.is_empty() || path == "." {
            continue;
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name == ".wh..wh..opq" {
            files.remove_below(folder);
        } else if let Some(hidden) = name.strip_prefix(".wh.") {
            files.remove(&if folder.is_empty() { hidden.to_owned() } else { format!("{folder}/{hidden}") });
        } else {
            add(files, &path, &mut entry)?;
        }
    }
    Ok(())
}

fn add(files: &mut MapFiles, path: &str, entry: &mut tar::Entry<'_, impl Read>) -> io::Result<()> {
    let header = entry.header();
    let mode = header.mode()? & 0o7777;
    let number = |value: u64| u32::try_from(value).unwrap_or_default();
    let link = || {
        entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned()).unwrap_or_default()
    };
    match header.entry_type() {
        EntryType::Directory => {
            let (uid, gid, mtime) = (number(header.uid()?), number(header.gid()?), header.mtime()?);
            if !matches!(files.entry(path), Some(FileEntry::Directory { .. })) {
                files.remove(path);
            }
            files.insert(path, FileEntry::Directory { mode, uid, gid, mtime }, Vec::new());
        }
        EntryType::Symlink => {
            let target = link();
            files.remove(path);
            files.insert(path, FileEntry::Symlink { target }, Vec::new());
        }
        EntryType::Link => {
            let target = link();
            let target = target.trim_start_matches("./").trim_start_matches('/').to_owned();
            let found = files.entry(&target).zip(Some(files.read(&target).unwrap_or_default()));
            files.remove(path);
            if let Some((found, bytes)) = found {
                files.insert(path, found, bytes);
            }
        }
        _ => {
            let size = entry.size();
            let mut bytes = Vec::new();
            if size <= KEEP && tells(path) {
                entry.read_to_end(&mut bytes)?;
            }
            files.remove(path);
            files.insert(path, FileEntry::File { mode, size }, bytes);
        }
    }
    Ok(())
}

/// Whether a file tells a fact about the base.
fn tells(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let exact = ["etc/os-release", "usr/lib/os-release", "etc/passwd", "etc/group", "var/lib/dpkg/status"];
    exact.contains(&path)
        || path.starts_with("var/lib/dpkg/status.d/")
        || name == "libc.so.6"
        || name.strip_suffix(".so").is_some_and(|name| name.starts_with("libc-2."))
        || name == "patchlevel.h"
        || name.starts_with("libpython3")
        || (name.starts_with("python3.") && path.contains("bin/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tar::{Builder, Header};

    fn layer(members: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, text) in members {
            let mut header = Header::new_ustar();
            header.set_mode(0o644);
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn whiteouts_hide_what_lower_layers_have() {
        let mut files = MapFiles::default();
        apply(&mut files, layer(&[("etc/passwd", "root"), ("a/b", ""), ("a/c", ""), ("d/e", "")]).as_slice())
            .unwrap();
        apply(&mut files, layer(&[("a/.wh.b", ""), ("d/.wh..wh..opq", ""), ("d/f", "")]).as_slice()).unwrap();
        assert_eq!(files.read("etc/passwd").unwrap(), b"root");
        assert_eq!(files.list("a"), ["c"]);
        assert_eq!(files.list("d"), ["f"]);
    }
}

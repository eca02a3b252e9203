//! The size of the build context, all of which is sent before a build.

use super::{File, ignored::Ignored};
use envwright_diagnosis::{Finding, Severity};
use std::path::{Path, PathBuf};

/// Bytes from which on it is told.
const LARGE: u64 = 500 * 1000 * 1000;
/// Entries that are looked at; a folder with more is large in any case.
const MOST_ENTRIES: usize = 200_000;

pub(super) fn findings(file: &File<'_, '_>, folder: &Path) -> Option<Finding> {
    let ignored = Ignored::read(folder, &file.source.name);
    let mut open = vec![PathBuf::new()];
    let (mut bytes, mut entries) = (0_u64, 0_usize);
    let mut largest = (0_u64, PathBuf::new());
    while let Some(at) = open.pop() {
        for entry in fs_err::read_dir(folder.join(&at)).into_iter().flatten().flatten() {
            let path = at.join(entry.file_name());
            let Ok(metadata) = entry.metadata() else { continue };
            entries += 1;
            let is_out = !ignored.is_empty() && ignored.leaves_out(&path);
            if metadata.is_dir() {
                if !is_out || ignored.has_exceptions() {
                    open.push(path);
                }
            } else if metadata.is_file() && !is_out {
                bytes += metadata.len();
                if metadata.len() > largest.0 {
                    largest = (metadata.len(), path);
                }
            }
        }
        if entries > MOST_ENTRIES {
            break;
        }
    }
    if bytes < LARGE && entries <= MOST_ENTRIES {
        return None;
    }
    let size = format!("{} MB", bytes / 1_000_000);
    let finding = Finding::new("dockerfile-context-too-large").severity(Severity::Warning).fact("got", &size);
    let finding = finding.at(&file.span(file.keyword(0)), format!("{size} are sent before the build"));
    Some(match largest.1.to_str() {
        Some(path) if !path.is_empty() => finding.detail(format!("The largest file is {path}.")),
        _ => finding,
    })
}

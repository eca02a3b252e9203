//! What dpkg does besides unpacking where a file or another version of a package was there before (dpkg(1), deb-conffiles(5)).

use super::{
    Package,
    installed::{Installed, Paragraph},
    view::View,
};
use envwright_package::OwnFile;
use envwright_target::{FileEntry, resolve};
use md5::{Digest as _, Md5};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn files(view: &View<'_>) -> Vec<OwnFile> {
    let Some(base) = &view.base else { return Vec::new() };
    let replaced = |package: &Package<'_>| base.replaced(package.name, package.architecture);
    let kept = view.packages.iter().flat_map(|package| kept(view, base, package, replaced(package)));
    let mut files: Vec<OwnFile> = kept.collect();
    let gone: Vec<&Paragraph> = view.packages.iter().filter_map(replaced).collect();
    if !gone.is_empty() {
        files
            .extend(leftovers(view, base, &gone).into_iter().map(|path| OwnFile::whiteout(path, view.epoch)));
    }
    files
}

/// Configuration files that stay as they are in the base: changed ones, and those that were taken away.
fn kept(
    view: &View<'_>,
    base: &Installed<'_>,
    package: &Package<'_>,
    before: Option<&Paragraph>,
) -> Vec<OwnFile> {
    let known = before.map(Paragraph::conffiles).unwrap_or_default();
    let mut files = Vec::new();
    for path in package.control("conffiles").lines().map(str::trim).filter_map(|line| line.strip_prefix('/'))
    {
        let place = view.place(path);
        let there = resolve(base.files, &place).and_then(|end| Some((base.files.entry(&end)?, end)));
        match (known.get(path), there) {
            (Some(_), None) => files.push(OwnFile::whiteout(place, view.epoch)),
            (before, Some((FileEntry::File { mode, size }, end))) => {
                let bytes = base.files.read(&end).unwrap_or_default();
                let is_known = bytes.len() as u64 == size;
                if is_known && before.is_none_or(|sum| hex::encode(Md5::digest(&bytes)) != **sum) {
                    files.push(view.file(place, bytes).mode(mode));
                }
            }
            _ => {}
        }
    }
    files
}

/// Files of versions that are replaced which nothing has any more. Configuration files stay.
fn leftovers(view: &View<'_>, base: &Installed<'_>, gone: &[&Paragraph]) -> Vec<String> {
    let stems: BTreeSet<String> = gone.iter().flat_map(|paragraph| paragraph.stems()).collect();
    let conffiles: BTreeMap<&str, &str> = gone.iter().flat_map(|paragraph| paragraph.conffiles()).collect();
    let lists = base.lists();
    let (old, others): (Vec<_>, Vec<_>) = lists.iter().partition(|(stem, _)| stems.contains(*stem));
    let places = |lists: &[(&String, &BTreeSet<String>)]| -> BTreeSet<String> {
        lists.iter().flat_map(|(_, paths)| paths.iter()).map(|path| view.place(path)).collect()
    };
    let mut left = places(&old);
    left.extend(stems.iter().flat_map(|stem| base.info(stem)));
    let owned = places(&others);
    let is_folder = |path: &str| matches!(base.files.entry(path), Some(FileEntry::Directory { .. }));
    left.retain(|path| {
        let stays = view.brings(path) || owned.contains(path) || conffiles.contains_key(path.as_str());
        !stays && base.files.entry(path).is_some() && !(is_folder(path) && view.has_folder(path))
    });
    let (folders, mut hidden): (BTreeSet<_>, BTreeSet<_>) =
        left.into_iter().partition(|path| is_folder(path));
    // A folder goes when all that is in it does; the innermost first.
    for folder in folders.into_iter().rev() {
        let inside: Vec<String> =
            base.files.list(&folder).into_iter().map(|name| format!("{folder}/{name}")).collect();
        if inside.iter().all(|path| hidden.contains(path)) {
            hidden.retain(|path| !inside.contains(path));
            hidden.insert(folder);
        }
    }
    hidden.into_iter().collect()
}

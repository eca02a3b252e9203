//! Whether the disks have room for what a build brings, found out before it begins.

use crate::{BuildError, context::Context, prepare::Package, request::Output};
use envwright_store::Home;
use rustix::fs::statvfs;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What becomes of a package's file is hardly ever smaller than this part of it: it was compressed, and is compressed
/// again.
const PART: u64 = 4;

/// A file system, and whether what a build brings has room there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// What is to be written there, or the first of it.
    pub path: PathBuf,
    /// Bytes that are needed at least.
    pub needed: u64,
    /// Bytes that are free.
    pub available: u64,
}

/// Fails where the packages that are to be fetched cannot fit.
pub(crate) fn check(context: &Context<'_>, packages: &[Package]) -> Result<(), BuildError> {
    let missing = missing(context, packages);
    match shortage(context.home, &context.request.outputs, missing) {
        Some(shortage) => Err(BuildError::Space(shortage)),
        None => Ok(()),
    }
}

/// Bytes of the packages' files that are still to be fetched.
pub(crate) fn missing(context: &Context<'_>, packages: &[Package]) -> u64 {
    let folder = context.home.packages();
    let missing = packages.iter().filter(|package| {
        !context.segments.has(&package.key(context.request.compression)) && !package.file(&folder).exists()
    });
    let rest = |package: &Package| {
        let begun = package.file(&folder).with_added_extension("partial");
        let begun = fs_err::metadata(begun).map_or(0, |file| file.len());
        package.size().unwrap_or_default().saturating_sub(begun)
    };
    missing.map(rest).sum()
}

/// The first file system that cannot hold its share of a build that fetches so many bytes: their files, what they are
/// packed to, the layers, and what is written elsewhere. Less is counted than they will need, so that a build which
/// would fit is not refused; where it cannot be found out what is free, there is room.
pub(crate) fn shortage(home: &Home, outputs: &[Output], fetched: u64) -> Option<Shortage> {
    shares(home, outputs, fetched).into_iter().find(|share| share.needed > share.available)
}

/// What each file system is to take of such a build; nothing where none is fetched.
pub(crate) fn shares(home: &Home, outputs: &[Output], fetched: u64) -> Vec<Shortage> {
    if fetched == 0 {
        return Vec::new();
    }
    let part = fetched / PART;
    let mut shares = vec![(home.packages(), fetched), (home.segments(), part), (home.images(), part)];
    shares.extend(outputs.iter().filter_map(|output| match output {
        Output::OciLayout(place) | Output::DockerArchive(place) => Some((place.clone(), part)),
        Output::Docker | Output::Podman => None,
    }));
    let mut needed: BTreeMap<u64, Shortage> = BTreeMap::new();
    for (path, bytes) in shares {
        let Some((device, available)) = room(&path) else { continue };
        needed.entry(device).or_insert(Shortage { path, needed: 0, available }).needed += bytes;
    }
    needed.into_values().collect()
}

/// The file system that a path is on, or would be, with its bytes that are free for this user.
fn room(path: &Path) -> Option<(u64, u64)> {
    let path = std::path::absolute(path).ok()?;
    let there = path.ancestors().find(|path| path.exists())?;
    let device = fs_err::metadata(there).ok()?.dev();
    let free = statvfs(there).ok()?;
    Some((device, free.f_bavail.saturating_mul(free.f_frsize)))
}

/// Sample: `1.5 GiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} bytes");
    }
    let mut tenths = count.saturating_mul(10) / 1024;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while tenths >= 10_240
        && let Some(larger) = units.next()
    {
        tenths /= 1024;
        unit = Some(larger);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, unit.unwrap_or(&"KiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_on_any_disk_is_refused_and_what_is_there_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        assert_eq!(shortage(&home, &[], 0), None);
        assert_eq!(shortage(&home, &[], 4096), None);
        let short = shortage(&home, &[], u64::MAX / 8).unwrap();
        assert_eq!(short.path, home.packages());
        assert!(short.needed > u64::MAX / 8 && short.available < short.needed);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let (there, to_be) = (room(dir.path()).unwrap(), room(&dir.path().join("a/b")).unwrap());
        assert_eq!(there.0, to_be.0);
    }

    #[test]
    fn sizes_are_said_in_units_for_people() {
        let said = [12, 2048, 1_572_864, 5 << 30, 3 << 50].map(bytes);
        assert_eq!(said, ["12 bytes", "2.0 KiB", "1.5 MiB", "5.0 GiB", "3072.0 TiB"]);
    }
}

//! What a home holds, and how to have less of it. Nothing is taken from under a build: these wait until none runs.

use crate::{BuildError, pipeline::IN_USE};
use envwright_image::{Layout, Named};
use envwright_store::{Home, StoreError};
use serde::Serialize;
use std::{
    io,
    path::{Path, PathBuf},
};

/// What was freed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// Files removed.
    pub files: u64,
    /// Their sizes in bytes.
    pub bytes: u64,
}

/// One folder of a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// What it is for.
    pub name: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of all files in it.
    pub bytes: u64,
    /// How many files these are.
    pub files: u64,
    /// Whether it can be deleted at any time, at no other cost than time.
    pub disposable: bool,
}

/// The images of envwright's store, by name.
pub fn images(home: &Home) -> Result<Vec<Named>, BuildError> {
    let folder = home.images();
    if !folder.join("oci-layout").exists() {
        return Ok(Vec::new());
    }
    Ok(Layout::open(&folder)?.list()?)
}

/// Takes the name from an image; `prune` then frees what only it needed. Says whether there was one.
pub fn remove_image(home: &Home, name: &str) -> Result<bool, BuildError> {
    let folder = home.images();
    if !folder.join("oci-layout").exists() {
        return Ok(false);
    }
    Ok(Layout::open(&folder)?.remove(name)?)
}

/// Frees what nothing needs: blobs of images that lost their names, downloads (each was packed as it came), and what
/// killed builds left behind.
pub fn prune(home: &Home) -> Result<Freed, BuildError> {
    let _alone = home.lock(IN_USE)?;
    let mut freed = Freed::default();
    let images = home.images();
    if images.join("oci-layout").exists() {
        remove(&images, &is_temporary, &mut freed)?;
        let before = usage("", &images, false)?;
        freed.bytes += Layout::open(&images)?.collect()?;
        freed.files += before.files.saturating_sub(usage("", &images, false)?.files);
    }
    remove(&home.packages(), &|_| true, &mut freed)?;
    for folder in home.disposable().iter().chain([&home.builds()]) {
        remove(folder, &is_temporary, &mut freed)?;
    }
    Ok(freed)
}

/// Frees the whole cache: the next build of anything starts anew. Images and the records of builds stay.
pub fn clean(home: &Home) -> Result<Freed, BuildError> {
    let mut freed = prune(home)?;
    let _alone = home.lock(IN_USE)?;
    for folder in home.disposable() {
        let held = usage("", &folder, true)?;
        match fs_err::remove_dir_all(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("remove", &folder)(error).into()),
        }
        freed.files += held.files;
        freed.bytes += held.bytes;
    }
    Ok(freed)
}

/// How much each folder of a home holds.
pub fn cache(home: &Home) -> Result<Vec<Usage>, BuildError> {
    [
        ("images", home.images(), false),
        ("builds", home.builds(), false),
        ("segments", home.segments(), true),
        ("unpacked", home.unpacked(), true),
        ("packages", home.packages(), true),
        ("indexes", home.indexes(), true),
        ("solves", home.solves(), true),
        ("layers", home.layers(), true),
    ]
    .into_iter()
    .map(|(name, path, disposable)| usage(name, &path, disposable))
    .collect()
}

fn usage(name: &'static str, path: &Path, disposable: bool) -> Result<Usage, BuildError> {
    let mut usage = Usage { name, path: path.to_owned(), bytes: 0, files: 0, disposable };
    each(path, &mut |_, kind| {
        if let Kind::File(bytes) = kind {
            usage.bytes += bytes;
            usage.files += 1;
        }
        Ok(())
    })?;
    Ok(usage)
}

/// What an interrupted write leaves, ours (`.tmp-`) and the solver's (`.tmp`), and segments that were set aside.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ended = |end| path.extension().is_some_and(|extension| extension == end);
    name.starts_with(".tmp") || ended("broken") || ended("partial")
}

/// Removes the unneeded files below a folder, and unneeded folders with all that is in them.
fn remove(folder: &Path, unneeded: &dyn Fn(&Path) -> bool, freed: &mut Freed) -> Result<(), BuildError> {
    let mut folders = Vec::new();
    each(folder, &mut |path, kind| {
        let within = folders.last().is_some_and(|folder| path.starts_with(folder));
        match kind {
            Kind::Folder if unneeded(path) => folders.push(path.to_owned()),
            Kind::File(bytes) if within || unneeded(path) => {
                fs_err::remove_file(path).map_err(StoreError::io("remove", path))?;
                freed.files += 1;
                freed.bytes += bytes;
            }
            _ => {}
        }
        Ok(())
    })?;
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        fs_err::remove_dir_all(folder).map_err(StoreError::io("remove", folder))?;
    }
    Ok(())
}

/// What lies below a folder.
enum Kind {
    Folder,
    /// A file of so many bytes.
    File(u64),
}

/// Every folder and file below a folder, a folder before what is in it. A folder that is not there holds nothing, and a
/// file that goes meanwhile is passed over.
fn each(
    folder: &Path,
    seen: &mut dyn FnMut(&Path, Kind) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let entries = match fs_err::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io("read", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", folder))?;
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            seen(&entry.path(), Kind::Folder)?;
            each(&entry.path(), seen)?;
        } else {
            seen(&entry.path(), Kind::File(metadata.len()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_image::ImageReference;
    use envwright_store::{Digest, Segments};

    fn home() -> (tempfile::TempDir, Home) {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        (dir, home)
    }

    #[test]
    fn pruning_frees_what_no_name_needs_and_keeps_the_rest() {
        let (_dir, home) = home();
        let layout = Layout::create(&home.images()).unwrap();
        let kept = layout.put(br#"{"layers":[]}"#).unwrap();
        let unnamed = layout.put(b"unnamed").unwrap();
        let name: ImageReference = "a:1".parse().unwrap();
        layout.tag(&name, &kept).unwrap();
        fs_err::create_dir_all(home.packages()).unwrap();
        fs_err::write(home.packages().join("x.partial"), "half").unwrap();
        fs_err::create_dir_all(home.segments()).unwrap();
        fs_err::write(home.segments().join("a.seg"), "segment").unwrap();
        fs_err::write(home.segments().join(".tmp-1"), "t").unwrap();
        let python = home.segments().join(".tmp-python-1/usr/bin");
        fs_err::create_dir_all(&python).unwrap();
        fs_err::write(python.join("python3"), "p").unwrap();
        let solvers = home.indexes().join("pypi/simple");
        fs_err::create_dir_all(&solvers).unwrap();
        fs_err::write(solvers.join(".tmpAbC123"), "s").unwrap();
        assert_eq!(prune(&home).unwrap(), Freed { files: 5, bytes: 14 });
        assert!(!home.segments().join(".tmp-python-1").exists());
        assert!(layout.has(&kept) && !layout.has(&unnamed));
        assert!(home.segments().join("a.seg").exists());
        assert_eq!(prune(&home).unwrap(), Freed::default());
    }

    #[test]
    fn an_image_without_its_name_is_freed() {
        let (_dir, home) = home();
        assert!(!remove_image(&home, "a:1").unwrap());
        let layout = Layout::create(&home.images()).unwrap();
        let digest = layout.put(b"{}").unwrap();
        layout.tag(&"a:1".parse().unwrap(), &digest).unwrap();
        assert_eq!(images(&home).unwrap()[0].name, "a:1");
        assert!(remove_image(&home, "a:1").unwrap());
        prune(&home).unwrap();
        assert!(!layout.has(&digest) && images(&home).unwrap().is_empty());
    }

    #[test]
    fn cleaning_leaves_images_and_no_cache() {
        let (_dir, home) = home();
        let layout = Layout::create(&home.images()).unwrap();
        let digest = layout.put(b"{}").unwrap();
        layout.tag(&"a:1".parse().unwrap(), &digest).unwrap();
        fs_err::create_dir_all(home.segments()).unwrap();
        fs_err::write(home.segments().join("a.seg"), "segment").unwrap();
        assert_eq!(clean(&home).unwrap().bytes, 7);
        assert!(layout.has(&digest));
        assert!(!Segments::new(&home).has(&Digest::of(b"a")));
        let used = cache(&home).unwrap();
        assert!(used.iter().all(|folder| folder.bytes == 0 || !folder.disposable));
    }
}

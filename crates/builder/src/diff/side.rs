//! What the text that names a side means: a path that is there before a name, a name of the store before a registry's.

use crate::{BuildError, record};
use envwright_image::{ImageError, ImageReference, Layout, RegistryError, RemoteImage};
use envwright_lock::{Lock, LockFiles};
use envwright_store::{Digest, Home};
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Endings of files that a definition or a lock may have: a name that has one is a path.
const FILES: [&str; 6] = ["json", "lock", "toml", "txt", "yaml", "yml"];

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Side {
    /// A lock of envwright's own: the two files of a folder.
    Lock(LockFiles),
    /// The lock of a build whose image is not there any more.
    Recorded(Box<Lock>),
    /// A definition, or a lock file of another tool.
    Definition(PathBuf),
    /// An image.
    Image(Place),
}

/// Where an image is.
#[derive(Debug)]
pub(super) enum Place {
    /// In an OCI layout, under a tag where there is one.
    Layout { folder: PathBuf, tag: Option<String> },
    /// In an archive as `docker save` writes it.
    Archive(PathBuf),
    /// In the store.
    Store(Digest),
    /// In a registry.
    Registry(RemoteImage),
}

impl Side {
    /// Finds out which is meant.
    pub(super) fn find(text: &str, home: &Home) -> Result<Self, BuildError> {
        if let Some(rest) = text.strip_prefix("oci:").filter(|rest| !rest.is_empty()) {
            return Ok(Self::Image(layout(rest)));
        }
        if let Some(file) = text.strip_prefix("docker-archive:").filter(|file| !file.is_empty()) {
            return Ok(Self::Image(Place::Archive(file.into())));
        }
        let path = Path::new(text);
        if path.exists() {
            return Ok(lock(path).map_or_else(|| Self::Definition(path.to_owned()), Self::Lock));
        }
        if text.is_empty() || text.starts_with(['.', '/', '~']) || has_ending(path) {
            return Ok(Self::Definition(path.to_owned()));
        }
        match of_store(text, home)? {
            Some(side) => Ok(side),
            None if is_remote(text) => Ok(Self::Image(Place::Registry(text.parse()?))),
            None => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> BuildError {
    RegistryError::UnknownImage(text.to_owned()).into()
}

/// Samples: `out`, `out:1`. A folder may have a colon in its name, too.
fn layout(text: &str) -> Place {
    match text.rsplit_once(':').filter(|_| !Path::new(text).exists()) {
        Some((folder, tag)) => Place::Layout { folder: folder.into(), tag: Some(tag.to_owned()) },
        None => Place::Layout { folder: text.into(), tag: None },
    }
}

/// The lock that one of its two files stands for. A `pixi.lock` alone is pixi's.
fn lock(path: &Path) -> Option<LockFiles> {
    let folder = path.parent()?;
    let files = LockFiles::of(folder);
    let is_one = ["envwright.lock", "pixi.lock"].iter().any(|name| path.ends_with(name)) && path.is_file();
    (is_one && files.path().exists()).then_some(files)
}

fn has_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| FILES.iter().any(|known| ending == *known))
}

/// An image by its name or digest, or by the build that made it.
fn of_store(text: &str, home: &Home) -> Result<Option<Side>, BuildError> {
    let layout = match Layout::open(&home.images()) {
        Err(ImageError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => None,
        opened => Some(opened?),
    };
    let has = |digest: &Digest| layout.as_ref().is_some_and(|layout| layout.absent(digest).is_ok());
    if let Ok(digest) = text.parse() {
        return if has(&digest) { Ok(Some(Side::Image(Place::Store(digest)))) } else { Err(unknown(text)) };
    }
    if let (Ok(name), Some(layout)) = (text.parse::<ImageReference>(), &layout)
        && let Some(digest) = layout.resolve(&name.to_string())?
    {
        return Ok(Some(Side::Image(Place::Store(digest))));
    }
    let Ok(build) = record::find_build(home, text) else { return Ok(None) };
    let digest = build.digest.and_then(|digest| digest.parse().ok());
    if let Some(digest) = digest.filter(has) {
        return Ok(Some(Side::Image(Place::Store(digest))));
    }
    let kept = LockFiles::of(&home.builds().join(&build.build)).read()?;
    kept.map(|lock| Some(Side::Recorded(Box::new(lock)))).ok_or_else(|| unknown(text))
}

/// Whether a name has a registry, a tag or a digest: any other word is more likely a slip than an image of a registry.
fn is_remote(text: &str) -> bool {
    let host = text.split_once('/').is_some_and(|(host, _)| host.contains('.') || host == "localhost");
    host || text.contains([':', '@'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(text: &str, home: &Home) -> String {
        match Side::find(text, home) {
            Ok(Side::Image(Place::Layout { folder, tag })) => format!("{} {tag:?}", folder.display()),
            Ok(Side::Image(Place::Registry(image))) => format!("at a registry: {}", image.name()),
            Ok(Side::Definition(path)) => format!("a path: {}", path.display()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_name_that_is_nowhere_is_a_registrys_only_where_it_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        assert_eq!(side("python:3.11", &home), "at a registry: python:3.11");
        assert_eq!(side("registry.example/app", &home), "at a registry: registry.example/app:latest");
        for path in ["conf/environment.yml", "./app:1", "gone.lock"] {
            assert_eq!(side(path, &home), format!("a path: {path}"));
        }
        for name in ["app", "team/app", &format!("sha256:{}", "0".repeat(64))] {
            assert!(side(name, &home).contains("UnknownImage"), "{name}");
        }
    }

    #[test]
    fn a_folder_with_a_colon_is_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(Some(dir.path())).unwrap();
        let place = dir.path().join("a:b").display().to_string();
        assert_eq!(side(&format!("oci:{place}:1"), &home), format!("{place} Some(\"1\")"));
        fs_err::create_dir(&place).unwrap();
        assert_eq!(side(&format!("oci:{place}"), &home), format!("{place} None"));
    }
}

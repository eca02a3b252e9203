//! The Python that makes byte code: the image's own, taken out of its packages, where this machine can run it, else one of exactly its version that is installed here: what it compiles to is decided by the version.

use crate::{BuildError, view};
use envwright_image::SegmentRef;
use envwright_package::{Compiler, PREFIX};
use envwright_store::{EntryKind, Home, StoreError};
use envwright_target::Platform;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;

/// Major, minor and micro.
type Version = (u8, u8, u8);

/// The Pythons of one build.
#[derive(Default)]
pub(crate) struct Interpreters {
    offers: Mutex<Vec<Offer>>,
    ready: Mutex<Vec<Arc<Interpreter>>>,
}

/// A Python in packages.
struct Offer {
    version: Version,
    segments: Vec<SegmentRef>,
    /// Where it is in them.
    place: Place,
}

/// Where a Python lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Below `usr`, with the loader of the same packages.
    System,
    /// In the environment, where conda puts it; this machine's loader finds its libraries beside it.
    Environment,
}

/// One that can be run; its files go with it.
pub(crate) struct Interpreter {
    pub(crate) compiler: Compiler,
    _files: Option<TempDir>,
}

impl Interpreters {
    /// Tells of the Python that an image's packages hold.
    pub(crate) fn offer(&self, platform: Platform, version: Version, segments: &[SegmentRef], place: Place) {
        if Platform::host() != Some(platform) || segments.is_empty() {
            return;
        }
        let is_needed = |segment: &&SegmentRef| place == Place::Environment || is_needed(segment);
        let segments = segments.iter().filter(is_needed).cloned().collect();
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.push(Offer { version, segments, place });
    }

    /// Whether one of a version was told of.
    pub(crate) fn has(&self, version: Version) -> bool {
        let offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.iter().any(|offer| offer.version == version)
    }

    /// The Python of a version. The first that asks makes it ready; the others wait.
    pub(crate) fn get(&self, home: &Home, version: Version) -> Result<Arc<Interpreter>, BuildError> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ready.iter().find(|known| known.compiler.version == version) {
            return Ok(Arc::clone(known));
        }
        let offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        let offered = offers.iter().find(|offer| offer.version == version);
        let unpacked = offered.map(|offer| unpack(home, offer)).transpose()?.flatten();
        let found = unpacked.or_else(|| installed(version)).ok_or(BuildError::NoCompiler { version })?;
        let found = Arc::new(found);
        ready.push(Arc::clone(&found));
        Ok(found)
    }
}

/// Whether there will be a Python of a version that can be run here: out of packages for a platform, where some bring it,
/// or one that is installed.
pub(crate) fn possible(platform: Platform, version: Version, is_brought: bool) -> Result<(), BuildError> {
    let offered = is_brought && Platform::host() == Some(platform);
    if offered || installed(version).is_some() { Ok(()) } else { Err(BuildError::NoCompiler { version }) }
}

/// Whether a package has a part of Python, or a library that it may be linked to.
fn is_needed(segment: &SegmentRef) -> bool {
    segment.index.entries.iter().any(|entry| {
        let path = entry.path.as_str();
        is_python(path) || path.starts_with("usr/lib/python3") || is_library(path)
    })
}

/// Samples: `usr/bin/python3.11`, not `usr/bin/python3.11-config`.
fn is_python(path: &str) -> bool {
    let version = path.strip_prefix("usr/bin/python3.");
    version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_library(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.contains(".so")
}

/// Samples: `usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2`, `usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1`.
fn is_loader(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with("ld-linux") && path.split('/').count() > 3
}

/// Takes a Python out of its packages. None where they hold no such Python.
fn unpack(home: &Home, offer: &Offer) -> Result<Option<Interpreter>, BuildError> {
    let unwritable = |error| StoreError::io("write in", &home.segments())(error);
    let files =
        tempfile::Builder::new().prefix(".tmp-python-").tempdir_in(home.segments()).map_err(unwritable)?;
    for segment in &offer.segments {
        let unreadable = |error| StoreError::io("read", &segment.file)(error);
        let mut archive = tar::Archive::new(view::open(segment).map_err(unreadable)?);
        archive.set_preserve_permissions(false);
        archive.set_preserve_mtime(false);
        for entry in archive.entries().map_err(unreadable)? {
            entry.map_err(unreadable)?.unpack_in(files.path()).map_err(unwritable)?;
        }
    }
    let (command, python_home) = match offer.place {
        Place::System => match of_system(offer, files.path()) {
            Some(command) => (command, files.path().join("usr")),
            None => return Ok(None),
        },
        Place::Environment => {
            let (major, minor, _) = offer.version;
            let home = files.path().join(PREFIX);
            (vec![home.join(format!("bin/python{major}.{minor}")).into_os_string()], home)
        }
    };
    let compiler = Compiler { command, home: Some(python_home), version: offer.version };
    let asked = ask(&compiler.command, compiler.home.as_deref());
    let fits = asked.is_some_and(|(version, _)| version == offer.version);
    Ok(fits.then_some(Interpreter { compiler, _files: Some(files) }))
}

/// How a Python of Debian packages is started from where they were unpacked. None where they hold no such Python.
fn of_system(offer: &Offer, files: &Path) -> Option<Vec<OsString>> {
    let (major, minor, _) = offer.version;
    let program = format!("usr/bin/python{major}.{minor}");
    let entries = || offer.segments.iter().flat_map(|segment| &segment.index.entries);
    // What a link leads to may be an absolute path of the image.
    let is_file = |kind: &EntryKind| matches!(kind, EntryKind::File { .. });
    let loader = entries().find(|entry| is_loader(&entry.path) && is_file(&entry.kind))?;
    entries().find(|entry| entry.path == program && is_file(&entry.kind))?;
    let loader = files.join(&loader.path);
    let libraries = loader.parent().unwrap_or(files).to_owned();
    Some(vec![
        loader.into_os_string(),
        OsString::from("--library-path"),
        libraries.into_os_string(),
        files.join(&program).into_os_string(),
    ])
}

/// A Python of exactly this version among those that are found on `PATH`.
fn installed(version: Version) -> Option<Interpreter> {
    let (program, _) = found(version, |found| found == version)?;
    let command = vec![program.into_os_string()];
    Some(Interpreter { compiler: Compiler { command, home: None, version }, _files: None })
}

/// The first CPython on `PATH` that fits, where one of a version is looked for: the program itself, whatever starts it,
/// and its version.
pub(crate) fn found(
    (major, minor, _): Version,
    fits: impl Fn(Version) -> bool,
) -> Option<(PathBuf, Version)> {
    let names = [format!("python{major}.{minor}"), format!("python{major}"), "python".to_owned()];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let programs = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let mut asked = programs
        .filter(|program| program.is_file())
        .filter_map(|program| ask(&[program.into_os_string()], None));
    asked.find(|(version, _)| fits(*version)).map(|(version, program)| (program, version))
}

/// The version of a CPython and where its program is; none for anything else.
fn ask(command: &[OsString], home: Option<&Path>) -> Option<(Version, PathBuf)> {
    const ASK: &str = "import sys; print(sys.implementation.name, *sys.version_info[:3])
print(getattr(sys, '_base_executable', None) or sys.executable)";
    let (program, arguments) = command.split_first()?;
    let mut asked = Command::new(program);
    asked.args(arguments).args(["-s", "-S", "-B", "-c", ASK]).env_clear().current_dir("/");
    asked.envs(home.map(|home| ("PYTHONHOME", home)));
    let text = String::from_utf8(asked.output().ok()?.stdout).ok()?;
    let (version, program) = text.split_once('\n')?;
    let mut numbers = version.strip_prefix("cpython ")?.split_whitespace().map(str::parse::<u8>);
    let mut number = || numbers.next()?.ok();
    Some(((number()?, number()?, number()?), PathBuf::from(program.trim_end())))
}

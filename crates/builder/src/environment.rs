//! The files that belong to no package: the base's own state, the virtual environment, the user's files.

use crate::{
    BuildError, distributions, rootfs,
    view::{Over, SegmentFiles},
};
use envwright_definition::{Base as BaseName, Environment};
use envwright_image::{Base, Kind, SegmentRef};
use envwright_lock::{PlatformLock, conda::LockedConda};
use envwright_package::{OwnFile, PREFIX, Rewrites};
use envwright_target::{FileEntry, Files, Platform, TargetFacts, resolve};
use std::{collections::BTreeSet, fmt::Write as _, os::unix::fs::PermissionsExt as _};

/// What the environment layer is made from.
pub(crate) struct Ground<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) platform: Platform,
    pub(crate) lock: &'a PlatformLock,
    pub(crate) base: &'a Base,
    pub(crate) segments: &'a [SegmentRef],
    pub(crate) epoch: u64,
}

impl Ground<'_> {
    /// The environment layer's files, and the wheels that take the place of what a conda package brings.
    pub(crate) fn own_files(&self) -> Result<(Vec<OwnFile>, Vec<String>), BuildError> {
        let debian: Vec<SegmentRef> =
            self.segments.iter().filter(|segment| segment.kind == Kind::Debian).cloned().collect();
        let view = SegmentFiles::new(&debian);
        let files = self.made_from(&debian, &view);
        // Before what came of it: a file that could not be read looks like one that is not there.
        view.check()?;
        let mut files = files?;
        let (hidden, covered) = self.replaced()?;
        files.extend(hidden);
        Ok((files, covered))
    }

    /// Hides what pip would remove of conda's packages before it installs others in their place. Names the wheels.
    fn replaced(&self) -> Result<(Vec<OwnFile>, Vec<String>), BuildError> {
        let (mut hidden, mut covered) = (Vec::new(), Vec::new());
        let there = distributions::all(&distributions::described(self.segments));
        for (there, wheel) in distributions::covered(&there, self.lock) {
            let of = |kind: Kind, name: &str| {
                self.segments.iter().find(|segment| segment.kind == kind && segment.name == name)
            };
            let (Some(package), Some(wheel)) = (of(Kind::Conda, &there.package), of(Kind::Pypi, wheel))
            else {
                continue;
            };
            let one = std::slice::from_ref(package);
            let view = SegmentFiles::new(one);
            let record = view.read(&format!("{PREFIX}/{}/RECORD", there.place)).unwrap_or_default();
            view.check()?;
            let paths = |segment: &'_ SegmentRef| -> BTreeSet<String> {
                segment.index.entries.iter().map(|entry| entry.path.clone()).collect()
            };
            let gone = there.uninstalled(PREFIX, &record, &paths(package), &paths(wheel));
            hidden.extend(gone.into_iter().map(|path| OwnFile::whiteout(path, self.epoch)));
            covered.push(there.name.clone());
        }
        Ok((hidden, covered))
    }

    fn made_from(&self, debian: &[SegmentRef], view: &SegmentFiles<'_>) -> Result<Vec<OwnFile>, BuildError> {
        let packages = rootfs_packages(debian, self.lock);
        let contents = |path: &str| view.read(path);
        let ground = Over { upper: view, lower: self.base.files() };
        let mut files = match &self.environment.base {
            BaseName::Bootstrap { suite } => {
                self.check(view)?;
                rootfs::environment_files(&packages, self.platform, &contents, suite, self.epoch)?
            }
            _ if packages.is_empty() => Vec::new(),
            _ => {
                let links = rewrites(self.environment, self.base);
                rootfs::added_files(&packages, &contents, self.base.files(), &links, self.epoch)?
            }
        };
        let own = match self.lock.python {
            _ if !self.lock.conda.is_empty() => {
                conda_history(self.environment, self.lock, PREFIX, "build", self.epoch)
            }
            Some(python) => virtual_environment(PREFIX, python, &interpreter(&ground, python), self.epoch),
            None => Vec::new(),
        };
        let known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
        files.extend(own.into_iter().filter(|file| !known.contains(&file.path)));
        if let Some(user) = &self.environment.user {
            add_user(user, &mut files, &ground, self.epoch)?;
        }
        Ok(files)
    }

    /// Debian packages whose scripts would have done what no rule does, with what the image lacks.
    pub(crate) fn unknown_effects(&self) -> Vec<(String, String)> {
        rootfs::unknown_effects(&rootfs_packages(self.segments, self.lock))
    }

    /// What the lock promised about Python and glibc must be what the files are.
    fn check(&self, view: &SegmentFiles<'_>) -> Result<(), BuildError> {
        let facts = TargetFacts::read(self.platform, view);
        let glibc = facts.glibc.map(|glibc| (glibc.major, glibc.minor));
        if glibc != self.lock.glibc {
            return Err(BuildError::Internal(format!(
                "glibc is {glibc:?}, and the lock says {:?}",
                self.lock.glibc
            )));
        }
        let minor = |version: (u8, u8, u8)| (version.0, version.1);
        let has =
            |python: (u8, u8, u8)| facts.pythons.iter().any(|found| minor(found.version) == minor(python));
        match self.lock.python.filter(|_| self.lock.conda_python().is_none()) {
            Some(python) if !has(python) => Err(BuildError::Internal(format!(
                "Python {}.{} is locked and not in the packages",
                python.0, python.1
            ))),
            _ => Ok(()),
        }
    }
}

/// The links of a base that paths of packages go through.
pub(crate) fn rewrites(environment: &Environment, base: &Base) -> Rewrites {
    let bootstrapped = matches!(environment.base, BaseName::Bootstrap { .. });
    let is_merged = matches!(base.files().entry("bin"), Some(FileEntry::Symlink { target })
        if target.trim_start_matches('/') == "usr/bin");
    if bootstrapped || is_merged { Rewrites::merged_usr() } else { Rewrites::none() }
}

fn rootfs_packages<'a>(segments: &'a [SegmentRef], lock: &'a PlatformLock) -> Vec<rootfs::Package<'a>> {
    let deb = |segment: &'a SegmentRef| {
        let deb = lock.debs.iter().find(|deb| deb.name == segment.name)?;
        Some(rootfs::Package {
            name: &deb.name,
            version: &deb.version,
            architecture: &deb.architecture,
            index: &segment.index,
        })
    };
    segments.iter().filter_map(deb).collect()
}

/// What conda notes of its transactions, so that its tools know what was asked for (conda, `history.py`). The time is
/// that of all own files.
pub(crate) fn conda_history(
    environment: &Environment,
    lock: &PlatformLock,
    prefix: &str,
    command: &str,
    epoch: u64,
) -> Vec<OwnFile> {
    let time = crate::assemble::rfc3339(epoch).replace('T', " ").replace('Z', "");
    let mut text = format!("==> {time} <==\n# cmd: envwright {command}\n");
    for package in &lock.conda {
        let field =
            |name: &str| package.record.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let channel = field("channel").trim_end_matches('/');
        let LockedConda { name, version, build, .. } = package;
        let _ = writeln!(text, "+{channel}/{}::{name}-{version}-{build}", field("subdir"));
    }
    let specs = environment.conda.iter().flat_map(|conda| &conda.specs);
    let specs: Vec<String> = specs.map(|spec| format!("'{}'", spec.canonical())).collect();
    let _ = writeln!(text, "# update specs: [{}]", specs.join(", "));
    let folders = above(prefix).into_iter().chain([prefix.to_owned(), format!("{prefix}/conda-meta")]);
    let mut files: Vec<OwnFile> = folders.map(|folder| OwnFile::directory(folder, epoch)).collect();
    files.push(OwnFile::file(format!("{prefix}/conda-meta/history"), text, epoch));
    files
}

/// The folders above a path, the highest first.
fn above(path: &str) -> Vec<String> {
    path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect()
}

/// Where the base keeps the interpreter, with a leading `/`.
fn interpreter(files: &dyn Files, (major, minor, _): (u8, u8, u8)) -> String {
    let name = format!("python{major}.{minor}");
    let folders = TargetFacts::program_folders(files);
    let places = folders.iter().map(|folder| format!("{folder}/{name}"));
    let found = places.into_iter().find(|place| resolve(files, place).is_some());
    format!("/{}", found.unwrap_or_else(|| format!("usr/bin/{name}")))
}

/// A virtual environment as `venv` lays it out (Python documentation, library/venv, and PEP 405).
pub(crate) fn virtual_environment(
    prefix: &str,
    (major, minor, micro): (u8, u8, u8),
    interpreter: &str,
    epoch: u64,
) -> Vec<OwnFile> {
    let home = interpreter.rsplit_once('/').map_or("/usr/bin", |(home, _)| home);
    let configuration = format!(
        "home = {home}\nimplementation = CPython\nversion_info = {major}.{minor}.{micro}\n\
         include-system-site-packages = false\n"
    );
    let python = format!("python{major}.{minor}");
    let own =
        ["bin".to_owned(), "lib".to_owned(), format!("lib/{python}"), format!("lib/{python}/site-packages")];
    let own = own.into_iter().map(|folder| format!("{prefix}/{folder}"));
    let folders = above(prefix).into_iter().chain([prefix.to_owned()]).chain(own);
    let mut files: Vec<OwnFile> = folders.map(|folder| OwnFile::directory(folder, epoch)).collect();
    files.extend([
        OwnFile::file(format!("{prefix}/pyvenv.cfg"), configuration, epoch),
        OwnFile::symlink(format!("{prefix}/bin/python"), interpreter, epoch),
        OwnFile::symlink(format!("{prefix}/bin/python3"), "python", epoch),
        OwnFile::symlink(format!("{prefix}/bin/{python}"), "python", epoch),
        OwnFile::symlink(format!("{prefix}/lib64"), "lib", epoch),
    ]);
    files
}

/// Gives a numeric user its entries in `passwd` and `group`; a named one must have them.
fn add_user(user: &str, files: &mut Vec<OwnFile>, ground: &dyn Files, epoch: u64) -> Result<(), BuildError> {
    let text = |path: &str| {
        let own = files.iter().find(|file| file.path == path);
        let bytes = match own.map(|file| &file.content) {
            Some(envwright_package::Content::Bytes(bytes)) => Some(bytes.clone()),
            _ => ground.read(path),
        };
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    };
    let (passwd, group) = (text("etc/passwd"), text("etc/group"));
    let (passwd, group) = rootfs::with_user(user, &passwd, &group)?;
    for (path, text) in [("etc/passwd", passwd), ("etc/group", group)] {
        let Some(text) = text else { continue };
        files.retain(|file| file.path != path);
        files.push(OwnFile::file(path, text, epoch));
    }
    Ok(())
}

/// The user's own files; their paths go through the base's links.
pub(crate) fn users_files(
    environment: &Environment,
    base: &Base,
    epoch: u64,
) -> Result<Vec<OwnFile>, BuildError> {
    let rewrites = rewrites(environment, base);
    let mut files = Vec::new();
    for copy in &environment.files {
        for (from, to) in copy.entries()? {
            let path = rewrites.apply(to.trim_start_matches('/'));
            let metadata = fs_err::symlink_metadata(&from)?;
            let executable = metadata.permissions().mode() & 0o111 != 0;
            files.push(if metadata.is_symlink() {
                let target = fs_err::read_link(&from)?;
                OwnFile::symlink(path, target.to_string_lossy(), epoch)
            } else if metadata.is_dir() {
                OwnFile::directory(path, epoch)
            } else {
                OwnFile::copied(path, &from, epoch)?.mode(if executable { 0o755 } else { 0o644 })
            });
        }
    }
    Ok(files)
}

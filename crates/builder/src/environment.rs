//! The files that belong to no package: the base's own state, the virtual environment, the user's files.

use crate::{
    BuildError,
    conda::{self, Distribution},
    rootfs,
    view::{Over, SegmentFiles},
};
use envwright_definition::{Base as BaseName, Environment};
use envwright_image::{Base, Kind, SegmentRef};
use envwright_lock::PlatformLock;
use envwright_package::{OwnFile, Rewrites};
use envwright_target::{FileEntry, Files, Platform, TargetFacts, resolve};
use std::{collections::BTreeSet, fmt::Write as _, os::unix::fs::PermissionsExt as _};

/// Where wheels live in every image.
pub(crate) const PREFIX: &str = "opt/env";

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

    /// Hides what pip would remove of conda's packages before it installs others in their place: all that the
    /// distribution's own list names and the wheel does not bring. Names the wheels.
    fn replaced(&self) -> Result<(Vec<OwnFile>, Vec<String>), BuildError> {
        let there = conda::distributions(self.segments);
        let replaced = |there: &&Distribution| self.lock.wheels.iter().any(|wheel| wheel.name == there.name);
        let (mut hidden, mut covered) = (Vec::new(), Vec::new());
        for there in there.iter().filter(replaced) {
            let of = |kind: Kind, name: &str| {
                self.segments.iter().find(|segment| segment.kind == kind && segment.name == name)
            };
            let (Some(package), Some(wheel)) = (of(Kind::Conda, &there.package), of(Kind::Pypi, &there.name))
            else {
                continue;
            };
            let one = std::slice::from_ref(package);
            let view = SegmentFiles::new(one);
            let record = view.read(&format!("{}/RECORD", there.place)).unwrap_or_default();
            view.check()?;
            let site = there.place.rsplit_once('/').map_or("", |(site, _)| site);
            let listed = recorded(site, &String::from_utf8_lossy(&record));
            let own: BTreeSet<&str> = wheel.index.entries.iter().map(|entry| entry.path.as_str()).collect();
            let gone = package.index.entries.iter().map(|entry| entry.path.as_str());
            let below = format!("{}/", there.place);
            let gone = gone
                .filter(|path| (listed.contains(*path) || path.starts_with(&below)) && !own.contains(path));
            hidden.extend(gone.map(|path| OwnFile::whiteout(path, self.epoch)));
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
            _ if !self.lock.conda.is_empty() => self.conda_history(),
            Some(python) => virtual_environment(python, &interpreter(&ground, python), self.epoch),
            None => Vec::new(),
        };
        let known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
        files.extend(own.into_iter().filter(|file| !known.contains(&file.path)));
        if let Some(user) = &self.environment.user {
            add_user(user, &mut files, &ground, self.epoch)?;
        }
        Ok(files)
    }

    /// What conda notes of its transactions, so that its tools know what was asked for (conda, `history.py`). The time is
    /// that of all own files.
    fn conda_history(&self) -> Vec<OwnFile> {
        let time = crate::assemble::rfc3339(self.epoch).replace('T', " ").replace('Z', "");
        let mut text = format!("==> {time} <==\n# cmd: envwright build\n");
        for package in &self.lock.conda {
            let subdir = package.record.get("subdir").and_then(serde_json::Value::as_str).unwrap_or_default();
            let channel =
                package.record.get("channel").and_then(serde_json::Value::as_str).unwrap_or_default();
            let channel = channel.trim_end_matches('/');
            let _ =
                writeln!(text, "+{channel}/{subdir}::{}-{}-{}", package.name, package.version, package.build);
        }
        let specs = self.environment.conda.iter().flat_map(|conda| &conda.specs);
        let specs: Vec<String> = specs.map(|spec| format!("'{}'", spec.canonical())).collect();
        let _ = writeln!(text, "# update specs: [{}]", specs.join(", "));
        vec![
            OwnFile::directory("opt", self.epoch),
            OwnFile::directory(PREFIX, self.epoch),
            OwnFile::directory(format!("{PREFIX}/conda-meta"), self.epoch),
            OwnFile::file(format!("{PREFIX}/conda-meta/history"), text, self.epoch),
        ]
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

/// The paths in the image that a `RECORD` names (PyPA, "Recording installed projects").
fn recorded(site: &str, record: &str) -> BTreeSet<String> {
    let names = record.lines().filter_map(|line| {
        let name = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?.0,
            None => line.split(',').next()?,
        };
        let mut path: Vec<&str> = site.split('/').collect();
        for part in name.split('/') {
            match part {
                ".." => drop(path.pop()),
                "." | "" => {}
                part => path.push(part),
            }
        }
        Some(path.join("/"))
    });
    names.collect()
}

/// Where the base keeps the interpreter, with a leading `/`.
fn interpreter(files: &dyn Files, (major, minor, _): (u8, u8, u8)) -> String {
    let name = format!("python{major}.{minor}");
    let folders = ["usr/local/bin", "usr/bin", "opt/conda/bin"];
    let places = folders.iter().map(|folder| format!("{folder}/{name}"));
    let found = places.into_iter().find(|place| resolve(files, place).is_some());
    format!("/{}", found.unwrap_or_else(|| format!("usr/bin/{name}")))
}

/// A virtual environment as `venv` lays it out (Python documentation, library/venv, and PEP 405).
fn virtual_environment((major, minor, micro): (u8, u8, u8), interpreter: &str, epoch: u64) -> Vec<OwnFile> {
    let home = interpreter.rsplit_once('/').map_or("/usr/bin", |(home, _)| home);
    let configuration = format!(
        "home = {home}\nimplementation = CPython\nversion_info = {major}.{minor}.{micro}\n\
         include-system-site-packages = false\n"
    );
    vec![
        OwnFile::directory("opt", epoch),
        OwnFile::directory(PREFIX, epoch),
        OwnFile::directory(format!("{PREFIX}/bin"), epoch),
        OwnFile::directory(format!("{PREFIX}/lib"), epoch),
        OwnFile::directory(format!("{PREFIX}/lib/python{major}.{minor}"), epoch),
        OwnFile::directory(format!("{PREFIX}/lib/python{major}.{minor}/site-packages"), epoch),
        OwnFile::file(format!("{PREFIX}/pyvenv.cfg"), configuration, epoch),
        OwnFile::symlink(format!("{PREFIX}/bin/python"), interpreter, epoch),
        OwnFile::symlink(format!("{PREFIX}/bin/python3"), "python", epoch),
        OwnFile::symlink(format!("{PREFIX}/bin/python{major}.{minor}"), "python", epoch),
        OwnFile::symlink(format!("{PREFIX}/lib64"), "lib", epoch),
    ]
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

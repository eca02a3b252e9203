//! What a base's files say about it; nothing of it is run.

use crate::{FileEntry, Files, Platform, resolve};
use std::fmt;

/// Facts that decide what fits on a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// The platform.
    pub platform: Platform,
    /// Version of the GNU C library; none where there is none.
    pub glibc: Option<GlibcVersion>,
    /// Python interpreters; the one that `python3` means first, then by version, newest first.
    pub pythons: Vec<PythonInstall>,
    /// conda's environments, the one that holds conda itself first of each: paths such as `opt/miniconda`.
    pub condas: Vec<String>,
    /// The distribution.
    pub distribution: Option<Distribution>,
    /// Installed Debian packages, by name.
    pub dpkg: Vec<DpkgPackage>,
}

/// Version of the GNU C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion {
    /// 2.
    pub major: u32,
    /// Such as 36.
    pub minor: u32,
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A Python interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonInstall {
    /// Major, minor and micro version; micro is 0 where the files do not tell it.
    pub version: (u8, u8, u8),
    /// Path such as `usr/bin/python3.11`.
    pub path: String,
}

/// A distribution as its `os-release` names it (freedesktop.org, os-release).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// `ID`, such as `debian`.
    pub id: String,
    /// `VERSION_ID`, such as `12`.
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`, such as `bookworm`.
    pub codename: Option<String>,
    /// `PRETTY_NAME`.
    pub pretty: Option<String>,
}

/// An installed Debian package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpkgPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
}

impl TargetFacts {
    /// Reads the facts.
    pub fn read(platform: Platform, files: &dyn Files) -> Self {
        let dpkg = Self::dpkg(files);
        Self {
            platform,
            glibc: Self::glibc(platform, files),
            pythons: pythons(files, &dpkg),
            condas: Self::condas(files),
            distribution: distribution(files),
            dpkg,
        }
    }

    /// The version that the C library itself says, in its banner.
    pub fn glibc(platform: Platform, files: &dyn Files) -> Option<GlibcVersion> {
        let triplet = platform.arch.triplet();
        let folders = [
            format!("lib/{triplet}"),
            format!("usr/lib/{triplet}"),
            "lib64".to_owned(),
            "usr/lib64".to_owned(),
        ];
        let found = folders.iter().find_map(|folder| resolve(files, &format!("{folder}/libc.so.6")))?;
        let from_name = || version(found.strip_suffix(".so")?.rsplit_once("libc-")?.1);
        files.read(&found).and_then(|bytes| banner(&bytes)).or_else(from_name)
    }

    /// conda's environments, where images and people put them: each has a `conda-meta`.
    pub fn condas(files: &dyn Files) -> Vec<String> {
        let below = |folder: &str| -> Vec<String> {
            let path = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
            files.list(folder).into_iter().map(path).collect()
        };
        let homes = below("home").into_iter().chain(["root".to_owned(), "opt".to_owned(), String::new()]);
        let places = homes.flat_map(|home| below(&home)).chain(["usr/local".to_owned()]);
        let is_one = |path: &String| {
            let records = resolve(files, &format!("{path}/conda-meta"));
            records.is_some_and(|records| matches!(files.entry(&records), Some(FileEntry::Directory { .. })))
        };
        let mut condas: Vec<String> = places.filter(is_one).collect();
        condas.sort();
        let others = |conda: &String| {
            let envs: Vec<String> = below(&format!("{conda}/envs")).into_iter().filter(is_one).collect();
            [vec![conda.clone()], envs].concat()
        };
        condas.iter().flat_map(others).collect()
    }

    /// Folders in which programs are looked for: those of the system, then those of its condas.
    pub fn program_folders(files: &dyn Files) -> Vec<String> {
        let condas = Self::condas(files).into_iter().filter(|path| !path.contains("/envs/"));
        let mut folders = vec!["usr/local/bin".to_owned(), "usr/bin".to_owned(), "opt/conda/bin".to_owned()];
        for folder in condas.map(|path| format!("{path}/bin")) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// Packages whose state is "installed", from `status` and, in images without dpkg, `status.d`.
    pub fn dpkg(files: &dyn Files) -> Vec<DpkgPackage> {
        const FOLDER: &str = "var/lib/dpkg/status.d";
        let singles = files.list(FOLDER).into_iter().filter(|name| !name.ends_with(".md5sums"));
        let single_paths = singles.map(|name| format!("{FOLDER}/{name}"));
        let paths = std::iter::once("var/lib/dpkg/status".to_owned()).chain(single_paths);
        let mut packages: Vec<DpkgPackage> = paths
            .filter_map(|path| files.read(&path))
            .flat_map(|bytes| {
                String::from_utf8_lossy(&bytes).split("\n\n").filter_map(paragraph).collect::<Vec<_>>()
            })
            .collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        packages
    }
}

fn banner(bytes: &[u8]) -> Option<GlibcVersion> {
    const WORDS: &[u8] = b"GNU C Library";
    let start = bytes.windows(WORDS.len()).position(|window| window == WORDS)?;
    let line = bytes[start..].split(|byte| *byte == b'\n' || *byte == 0).next()?;
    let line = String::from_utf8_lossy(line);
    version(line.rsplit_once("version ")?.1.trim_end_matches('.'))
}

fn version(text: &str) -> Option<GlibcVersion> {
    let mut numbers = text.split('.').map_while(|part| part.parse().ok());
    Some(GlibcVersion { major: numbers.next()?, minor: numbers.next()? })
}

fn pythons(files: &dyn Files, dpkg: &[DpkgPackage]) -> Vec<PythonInstall> {
    let mut found: Vec<PythonInstall> = Vec::new();
    let mut default = None;
    for folder in TargetFacts::program_folders(files) {
        let real = resolve(files, &folder).unwrap_or_else(|| folder.clone());
        default = default.or_else(|| resolve(files, &format!("{folder}/python3")));
        for name in files.list(&real) {
            let Some((major, minor)) = interpreter(&name) else { continue };
            let path = format!("{folder}/{name}");
            let Some(file) = resolve(files, &path).filter(|file| is_file(files, file)) else { continue };
            let micro = micro(files, &file, (major, minor), dpkg).unwrap_or(0);
            found.push(PythonInstall { version: (major, minor, micro), path });
        }
    }
    found.sort_by_key(|python| std::cmp::Reverse(python.version));
    found.sort_by_key(|python| resolve(files, &python.path) != default);
    found
}

/// `python3.11` and nothing longer.
fn interpreter(name: &str) -> Option<(u8, u8)> {
    let (major, minor) = name.strip_prefix("python")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn is_file(files: &dyn Files, path: &str) -> bool {
    matches!(files.entry(path), Some(FileEntry::File { .. }))
}

/// The micro version, from the package that owns the interpreter, else from a header or the binary itself.
fn micro(files: &dyn Files, file: &str, (major, minor): (u8, u8), dpkg: &[DpkgPackage]) -> Option<u8> {
    let prefix = format!("{major}.{minor}.");
    let after = |text: &str| {
        let digits: String = text.strip_prefix(&prefix)?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    if file.starts_with("usr/bin/") {
        let name = format!("python{major}.{minor}-minimal");
        let package = dpkg.iter().find(|package| package.name == name);
        if let Some(micro) = package.and_then(|package| after(&package.version)) {
            return Some(micro);
        }
    }
    let folder = file
        .rsplit_once('/')
        .and_then(|(folder, _)| folder.rsplit_once('/'))
        .map_or("usr", |(prefix, _)| prefix);
    let header = files.read(&format!("{folder}/include/python{major}.{minor}/patchlevel.h"));
    let header = header.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let line = header.lines().find_map(|line| line.trim().strip_prefix("#define PY_VERSION"));
    if let Some(micro) = line.and_then(|line| after(line.trim().trim_matches('"'))) {
        return Some(micro);
    }
    let library = format!("{folder}/lib/libpython{major}.{minor}.so.1.0");
    [library.as_str(), file].into_iter().find_map(|path| {
        let bytes = files.read(path)?;
        binary_version(&bytes, prefix.as_bytes()).and_then(|text| after(&text))
    })
}

/// The text `3.11.2` that stands alone between NULs: `PY_VERSION` as the compiler laid it down.
fn binary_version(bytes: &[u8], prefix: &[u8]) -> Option<String> {
    bytes.split(|byte| *byte == 0).find_map(|text| {
        let rest = text.strip_prefix(prefix)?;
        let digits = !rest.is_empty() && rest.len() <= 3 && rest.iter().all(u8::is_ascii_digit);
        digits.then(|| String::from_utf8_lossy(text).into_owned())
    })
}

fn distribution(files: &dyn Files) -> Option<Distribution> {
    let path = ["etc/os-release", "usr/lib/os-release"].iter().find_map(|path| resolve(files, path))?;
    let text = String::from_utf8_lossy(&files.read(&path)?).into_owned();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned())
    };
    Some(Distribution {
        id: value("ID")?,
        version_id: value("VERSION_ID"),
        codename: value("VERSION_CODENAME"),
        pretty: value("PRETTY_NAME"),
    })
}

fn paragraph(text: &str) -> Option<DpkgPackage> {
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    if value("Status").is_some_and(|status| !status.ends_with(" installed")) {
        return None;
    }
    Some(DpkgPackage {
        name: value("Package")?.to_owned(),
        version: value("Version")?.to_owned(),
        architecture: value("Architecture").unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapFiles;

    fn base() -> MapFiles {
        let mut files = MapFiles::default();
        files.symlink("lib", "usr/lib").file(
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            "\0\0GNU C Library (Debian GLIBC 2.36-9+deb12u9) stable release version 2.36.\nCopyright\0",
        );
        files.file("usr/bin/python3.9", "\0").file("usr/bin/python3.11", "\0x\x003.11.2\0");
        files.symlink("usr/bin/python3", "python3.9").symlink("usr/bin/python3-config", "python3.11");
        files.file(
            "etc/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
        );
        files.file(
            "var/lib/dpkg/status",
            "Package: python3.9-minimal\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.9.18-1\n\n\
             Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
        );
        files
    }

    #[test]
    fn facts_are_read_from_files_alone() {
        let facts = TargetFacts::read(Platform::AMD64, &base());
        assert_eq!(facts.glibc.unwrap().to_string(), "2.36");
        let pythons: Vec<_> =
            facts.pythons.iter().map(|python| (python.version, python.path.as_str())).collect();
        assert_eq!(pythons, [((3, 9, 18), "usr/bin/python3.9"), ((3, 11, 2), "usr/bin/python3.11")]);
        let distribution = facts.distribution.unwrap();
        assert_eq!((distribution.id.as_str(), distribution.version_id.as_deref()), ("debian", Some("12")));
        assert_eq!(facts.dpkg.len(), 1);
    }

    #[test]
    fn a_conda_is_known_by_its_records_wherever_it_lies() {
        let mut files = MapFiles::default();
        files
            .file("opt/miniconda/conda-meta/history", "")
            .file("opt/miniconda/bin/python3.10", "\0x\x003.10.14\0");
        files.file("opt/miniconda/envs/train/conda-meta/history", "").file("opt/other/bin/x", "");
        files
            .file("root/micromamba/conda-meta/history", "")
            .file("home/me/mambaforge/conda-meta/history", "");
        let facts = TargetFacts::read(Platform::AMD64, &files);
        let condas = ["home/me/mambaforge", "opt/miniconda", "opt/miniconda/envs/train", "root/micromamba"];
        assert_eq!(facts.condas, condas);
        assert_eq!(
            facts.pythons[0],
            PythonInstall { version: (3, 10, 14), path: "opt/miniconda/bin/python3.10".to_owned() }
        );
    }

    #[test]
    fn an_empty_base_has_no_facts() {
        let facts = TargetFacts::read(Platform::ARM64, &MapFiles::default());
        assert!(facts.glibc.is_none() && facts.pythons.is_empty() && facts.distribution.is_none());
    }

    #[test]
    fn an_old_library_is_known_by_its_name() {
        let mut files = MapFiles::default();
        files.symlink("lib64/libc.so.6", "libc-2.17.so").file("lib64/libc-2.17.so", "stripped");
        let glibc = TargetFacts::read(Platform::AMD64, &files).glibc;
        assert_eq!(glibc, Some(GlibcVersion { major: 2, minor: 17 }));
    }
}

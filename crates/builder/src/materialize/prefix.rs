//! The folder of an environment.

use crate::BuildError;
use envwright_diagnosis::Finding;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Longest first line of a script that every kernel reads whole, in bytes (Linux, `BINPRM_BUF_SIZE` before 5.1).
const LONGEST_LINE: usize = 127;

/// What becomes the environment, and what was there before, in the folder of the work.
const NEW: &str = "new";
const OLD: &str = "old";

/// A folder that can become an environment.
pub(crate) struct Prefix {
    /// Absolute.
    path: PathBuf,
    /// The same below the root.
    pub(crate) below_root: String,
    /// A folder beside it, that goes with this.
    work: tempfile::TempDir,
}

impl Prefix {
    /// Whether a folder can be one. Those above it are made.
    pub(crate) fn checked(path: &Path, replace: bool) -> Result<Self, BuildError> {
        let invalid = |reason: &str| {
            let finding = Finding::new("prefix-invalid").fact("path", path.display()).fact("reason", reason);
            BuildError::Refused { findings: vec![finding] }
        };
        let absolute = std::path::absolute(path)?;
        let (Some(above), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return Err(invalid("it is the root of this machine's files"));
        };
        match fs_err::read_dir(&absolute) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(invalid("a file is there"));
            }
            Err(error) => return Err(error.into()),
            Ok(mut entries) => {
                let is_environment =
                    ["conda-meta", "pyvenv.cfg"].iter().any(|mark| absolute.join(mark).exists());
                match entries.next() {
                    None => {}
                    Some(_) if is_environment && replace => {}
                    Some(_) if is_environment => {
                        return Err(invalid(
                            "an environment is there: `--replace` makes this one in its place",
                        ));
                    }
                    Some(_) => return Err(invalid("it holds other things than an environment")),
                }
            }
        }
        fs_err::create_dir_all(above)?;
        // A path with `..` has as many spellings as there are ways.
        let path = above.canonicalize()?.join(name);
        let text = path.to_str().filter(|text| !text.contains(|c: char| c.is_control() || c.is_whitespace()));
        let text = text.ok_or_else(|| invalid("first lines of scripts cannot hold a space in it"))?;
        if format!("#!{text}/bin/python").len() > LONGEST_LINE {
            return Err(invalid("it is too long for the first lines of scripts"));
        }
        let below_root = text.trim_start_matches('/').to_owned();
        let work = tempfile::Builder::new().prefix(".tmp-env-").tempdir_in(above)?;
        // The folder of the work is for nobody else; what becomes the environment is as others are.
        fs_err::create_dir(work.path().join(NEW))?;
        Ok(Self { path, below_root, work })
    }

    /// Where a path below the root is for now; none where it is not in the environment.
    pub(crate) fn staged(&self, path: &str) -> Option<PathBuf> {
        let inside = path.strip_prefix(&self.below_root)?;
        let new = self.work.path().join(NEW);
        if inside.is_empty() { Some(new) } else { Some(new.join(inside.strip_prefix('/')?)) }
    }

    /// Puts the environment where it is to be, in the place of what is there.
    pub(crate) fn publish(self) -> Result<PathBuf, BuildError> {
        let (new, old) = (self.work.path().join(NEW), self.work.path().join(OLD));
        let has_old = self.path.exists();
        if has_old {
            fs_err::rename(&self.path, &old)?;
        }
        if let Err(error) = fs_err::rename(&new, &self.path) {
            if has_old {
                fs_err::rename(&old, &self.path)?;
            }
            return Err(error.into());
        }
        Ok(self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Explain as _;

    fn reason(path: &Path, replace: bool) -> String {
        let error = Prefix::checked(path, replace).err().unwrap();
        error.findings()[0].facts.get("reason").unwrap().to_owned()
    }

    #[test]
    fn what_is_no_place_for_an_environment_is_refused_and_left() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs_err::write(at("file"), "").unwrap();
        fs_err::create_dir_all(at("full/x")).unwrap();
        fs_err::create_dir_all(at("env/conda-meta")).unwrap();
        assert_eq!(reason(&at("file"), true), "a file is there");
        assert_eq!(reason(&at("full"), true), "it holds other things than an environment");
        assert!(reason(&at("env"), false).contains("--replace"));
        assert!(reason(&at("a b"), false).contains("space"));
        assert!(reason(&at(&"n".repeat(120)), false).contains("long"));
        assert!(at("env/conda-meta").exists() && at("full/x").exists());
    }

    #[test]
    fn an_environment_takes_the_place_of_another_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let env = dir.path().join("x/../env");
        fs_err::create_dir_all(dir.path().join("x")).unwrap();
        for name in ["one", "other"] {
            let prefix = Prefix::checked(&env, true).unwrap();
            let staged = prefix.staged(&format!("{}/conda-meta", prefix.below_root)).unwrap();
            fs_err::create_dir(&staged).unwrap();
            fs_err::write(staged.join(name), "").unwrap();
            assert_eq!(prefix.staged("etc/passwd"), None);
            prefix.publish().unwrap();
        }
        let meta = fs_err::read_dir(dir.path().join("env/conda-meta")).unwrap();
        assert_eq!(meta.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(), ["other"]);
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 2);
    }
}

//! Which keys may sign package lists.

use super::DebianError;
use envwright_target::{Files, resolve};
use pgp::{
    composed::{Deserializable, SignedPublicKey},
    types::KeyDetails,
};
use std::path::PathBuf;

/// Keys of the Debian archive, from its package `debian-archive-keyring` 2023.3+deb12u2.
const ARCHIVE: &[u8] = include_bytes!("../../keyrings/debian-archive-keyring.gpg");

/// Keys that may sign package lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keyring {
    /// Those of the Debian archive, which envwright brings.
    Archive,
    /// Those of a file, binary or armored.
    File(PathBuf),
    /// Armored text.
    Text(String),
    /// Those of files of a base.
    Base {
        /// The files.
        files: Vec<KeyFile>,
        /// Fingerprints of those among them that may sign; none for all.
        only: Vec<String>,
    },
    /// The base's sources say that lists need no signature (sources.list(5), `trusted`).
    Unsigned,
}

/// A file of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Where it is, such as `/usr/share/keyrings/debian-archive-keyring.gpg`.
    pub path: String,
    /// Its bytes, binary or armored.
    pub bytes: Vec<u8>,
}

/// The keys that a source names: files, or fingerprints among the trusted (sources.list(5), `signed-by`).
pub(super) fn named(files: &dyn Files, names: &str) -> Keyring {
    let names = || names.split(|letter: char| letter == ',' || letter.is_whitespace());
    let paths = names().filter(|name| name.starts_with('/'));
    let only: Vec<String> = names()
        .filter(|name| !name.is_empty() && !name.starts_with('/'))
        .map(|name| name.trim_end_matches('!').to_uppercase())
        .collect();
    if !only.is_empty() {
        return Keyring::Base { files: trusted_files(files), only };
    }
    let file = |path: &str| {
        let bytes = resolve(files, path).and_then(|place| files.read(&place)).unwrap_or_default();
        KeyFile { path: path.to_owned(), bytes }
    };
    Keyring::Base { files: paths.map(file).collect(), only: Vec::new() }
}

/// The keys that a base's apt trusts for sources that name none (apt-secure(8)).
pub(super) fn trusted(files: &dyn Files) -> Keyring {
    Keyring::Base { files: trusted_files(files), only: Vec::new() }
}

fn trusted_files(files: &dyn Files) -> Vec<KeyFile> {
    const FOLDER: &str = "etc/apt/trusted.gpg.d";
    let more = files.list(FOLDER).into_iter().map(|name| format!("{FOLDER}/{name}"));
    let paths = std::iter::once("etc/apt/trusted.gpg".to_owned()).chain(more);
    let file = |path: String| {
        let bytes = files.read(&resolve(files, &path)?).filter(|bytes| !bytes.is_empty())?;
        Some(KeyFile { path: format!("/{path}"), bytes })
    };
    paths.filter_map(file).collect()
}

impl Keyring {
    /// The keys.
    pub(super) fn keys(&self) -> Result<Vec<SignedPublicKey>, DebianError> {
        match self {
            Self::Archive => read("of the Debian archive".into(), ARCHIVE),
            Self::Text(text) => read("of apt's sources".into(), text.as_bytes()),
            Self::File(path) => {
                let failed = |error: std::io::Error| DebianError::Keyring {
                    path: path.clone(),
                    reason: error.to_string(),
                };
                read(path.clone(), &fs_err::read(path).map_err(failed)?)
            }
            Self::Base { files, only } => {
                let mut keys = Vec::new();
                // One that is not there has no keys, as for apt.
                for file in files.iter().filter(|file| !file.bytes.is_empty()) {
                    keys.extend(read(file.path.clone().into(), &file.bytes)?);
                }
                let is_named = |key: &SignedPublicKey| {
                    let print = format!("{:X}", key.primary_key.fingerprint());
                    only.iter().any(|named| print.ends_with(named.as_str()))
                };
                keys.retain(|key| only.is_empty() || is_named(key));
                Ok(keys)
            }
            Self::Unsigned => Ok(Vec::new()),
        }
    }
}

fn read(path: PathBuf, bytes: &[u8]) -> Result<Vec<SignedPublicKey>, DebianError> {
    let read = SignedPublicKey::from_reader_many(bytes);
    let keys = read.map(|(keys, _)| keys.filter_map(Result::ok).collect::<Vec<_>>());
    match keys {
        Ok(keys) if !keys.is_empty() => Ok(keys),
        Ok(_) => Err(DebianError::Keyring { path, reason: "it has no key".to_owned() }),
        Err(error) => Err(DebianError::Keyring { path, reason: error.to_string() }),
    }
}

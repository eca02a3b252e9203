//! What is made once for all tests of a binary, each of which is a process of its own.

use envwright_store::Digest;
use fs_err::File;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");

/// The folder of this name, which `make` fills unless a test of this binary has.
#[track_caller]
pub(crate) fn shared(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(FOLDER).join(name);
    fs_err::create_dir_all(&folder).unwrap();
    let guard = File::create(folder.join("guard")).unwrap();
    guard.file().lock().unwrap();
    let binary = Digest::of(&fs_err::read(env!("CARGO_BIN_EXE_envwright")).unwrap()).to_string();
    let mark = folder.join("made-by");
    if fs_err::read_to_string(&mark).ok().as_ref() != Some(&binary) {
        make(&folder);
        fs_err::write(&mark, binary).unwrap();
    }
    folder
}

/// Takes from a home all but the packages that were fetched.
#[track_caller]
pub(crate) fn forget(home: &Path) {
    for each in ["builds", "images", "segments", "solves"] {
        remove(&home.join(each));
    }
}

/// Removes a folder that need not be there.
#[track_caller]
pub(crate) fn remove(folder: &Path) {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => panic!("{error}"),
        _ => {}
    }
}

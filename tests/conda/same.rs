//! The environment of an image is the one that rattler installs, but for what is named here.

use super::{build, environment};
use crate::support::{
    channel::{self, Channel},
    machine::output,
    tree::Kind,
};
use envwright_store::Digest;
use std::{collections::BTreeMap, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

const SPECS: [&str; 7] =
    ["python=3.11", "numpy=1.26", "tabulate", "six", "greeter", "pip", "python-dateutil"];

/// Files below a folder: where each link leads, or digest and whether it may be executed.
fn files(folder: &Path, below: &str, found: &mut BTreeMap<String, (Result<Digest, String>, bool)>) {
    for entry in fs_err::read_dir(folder.join(below)).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        let metadata = fs_err::symlink_metadata(entry.path()).unwrap();
        if metadata.is_dir() {
            files(folder, &path, found);
        } else if metadata.is_symlink() {
            let target = fs_err::read_link(entry.path()).unwrap().display().to_string();
            found.insert(path, (Err(target), false));
        } else {
            let bytes = fs_err::read(entry.path()).unwrap();
            let executable = metadata.permissions().mode() & 0o100 != 0;
            found.insert(path.clone(), (Ok(Digest::of(&without_python(&path, &bytes))), executable));
        }
    }
}

/// Commands of packages of pure Python name the interpreter without its minor version here.
fn without_python(path: &str, bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) if path.starts_with("bin/") => {
            text.replacen("/bin/python3.11\n", "/bin/python\n", 1).into_bytes()
        }
        _ => bytes.to_vec(),
    }
}

#[test]
fn rattler_installs_the_same_files() {
    let channel = Channel::start();
    let specs = format!("- {}\n", SPECS.join("\n- "));
    let built = build(
        &environment(&channel, &specs),
        &["bin/tabulate", "bin/pip", "bin/pip3", "bin/wheel", "bin/f2py", "bin/greeter-script"],
    );
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("prefix");
    let script = folder.path().join("with_rattler.py");
    fs_err::write(&script, include_str!("../support/with_rattler.py")).unwrap();
    let python = channel::folder().parent().unwrap().join("channel-tools/bin/python");
    output(Command::new(python).arg(&script).arg(channel.url()).arg(&prefix).arg("/opt/env").args(SPECS));
    let mut theirs = BTreeMap::new();
    files(&prefix, "", &mut theirs);
    // Records name places of the machine, and rattler makes byte code and a mark for backups.
    let counts =
        |path: &str| !path.starts_with("conda-meta/") && !path.ends_with(".pyc") && path != "CACHEDIR.TAG";
    theirs.retain(|path, _| counts(path));
    assert!(theirs.len() > 2000, "{}", theirs.len());
    let below = built.tree.iter().filter_map(|(path, node)| Some((path.strip_prefix("opt/env/")?, node)));
    let mut ours = BTreeMap::new();
    for (path, node) in below.filter(|(path, _)| counts(path)) {
        match &node.kind {
            Kind::File(digest) => drop(ours.insert(path.to_owned(), (Ok(*digest), node.mode & 0o100 != 0))),
            Kind::Link(target) => drop(ours.insert(path.to_owned(), (Err(target.clone()), false))),
            _ => {}
        }
    }
    let commands: Vec<&String> = theirs.keys().filter(|path| path.starts_with("bin/")).collect();
    for path in commands {
        // Compared by what they say but for that line.
        let bytes = built.texts.get(&format!("opt/env/{path}"));
        if let (Some(text), Some(own)) = (bytes, ours.get_mut(path)) {
            own.0 = Ok(Digest::of(&without_python(path, text.as_bytes())));
        }
    }
    let differ: Vec<&String> =
        theirs.iter().filter(|(path, one)| ours.get(*path) != Some(one)).map(|(path, _)| path).collect();
    let more: Vec<&String> = ours.keys().filter(|path| !theirs.contains_key(*path)).collect();
    assert!(differ.is_empty() && more.is_empty(), "{differ:?} {more:?}");
}

//! A check fills caches, and nothing else.

use super::buildable;
use crate::support::{Envwright, index::Index, wheel::wheel};
use std::{collections::BTreeMap, path::Path, time::SystemTime};

type Tree = BTreeMap<String, (SystemTime, Vec<u8>)>;

/// Every file and folder below `root`, with its time and what it holds.
fn tree(root: &Path) -> Tree {
    let mut all = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs_err::metadata(&path).unwrap();
            let bytes = if metadata.is_dir() { Vec::new() } else { fs_err::read(&path).unwrap() };
            all.insert(path.display().to_string(), (metadata.modified().unwrap(), bytes));
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    all
}

/// What a build keeps of images and of itself.
fn kept(envwright: &Envwright) -> Vec<&'static str> {
    let folders = ["segments", "packages", "layers", "images", "builds"];
    folders.into_iter().filter(|folder| envwright.home().join(folder).exists()).collect()
}

#[test]
fn a_check_leaves_no_image_no_record_and_no_lock() {
    let (envwright, index) = buildable();
    let before = tree(&envwright.folder());
    envwright.run(&["check", "-o", "oci:out", "-o", "docker-archive:app.tar"]).succeeded();
    assert_eq!(tree(&envwright.folder()), before);
    assert_eq!(kept(&envwright), Vec::<&str>::new());
    assert_eq!(envwright.run(&["history", "--json"]).succeeded().json(), serde_json::json!([]));
    assert_eq!(envwright.run(&["images", "--json"]).succeeded().json(), serde_json::json!([]));
    let files = index.requests().iter().filter(|request| request.ends_with(".whl")).count();
    assert_eq!(files, 1, "one file is asked for: {:?}", index.requests());
}

#[test]
fn a_check_that_fails_leaves_no_more() {
    let (envwright, _index) = buildable();
    let envwright = envwright.file("requirements.txt", "reqeusts\n");
    let before = tree(&envwright.folder());
    assert_eq!(envwright.run(&["check", "-o", "oci:out"]).code, Some(1));
    assert_eq!(tree(&envwright.folder()), before);
    assert_eq!(kept(&envwright), Vec::<&str>::new());
}

#[test]
fn a_lock_that_is_stale_stays_as_it_is() {
    let index = Index::of(&[wheel("requests", "2.31.0"), wheel("requests", "2.32.0")]);
    let (envwright, _) = buildable();
    let envwright = envwright.index(&index.url()).file("requirements.txt", "requests==2.31.0\n");
    envwright.run(&["lock"]).succeeded();
    envwright.run(&["check", "--locked"]).succeeded();
    let envwright = envwright.file("requirements.txt", "requests==2.32.0\n");
    let before = tree(&envwright.folder());
    envwright.run(&["check"]).succeeded();
    let stale = envwright.run(&["check", "--locked", "--json"]);
    assert_eq!(stale.json()["root"]["problem"], "lock-stale", "{stale}");
    assert_eq!(tree(&envwright.folder()), before);
}

//! Environments in folders of this machine.

use super::{build, environment};
use crate::support::{
    Envwright, base::write_base, channel::Channel, index::Index, machine::output, server::Answer, tree::Kind,
    wheel::wheel,
};
use envwright_store::Digest;
use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Each file below a folder with what is in it; each link with where it leads.
fn files(folder: &Path) -> BTreeMap<String, Result<Vec<u8>, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for entry in fs_err::read_dir(below).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                found.insert(name, Err(fs_err::read_link(path).unwrap()));
            } else {
                found.insert(name, Ok(fs_err::read(path).unwrap()));
            }
        }
    }
    found
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace(from, to).into_bytes()
}

/// Python in the environment runs, and all files are those of the image but for the place that is in them.
#[test]
fn the_environment_is_the_one_of_the_image_and_runs() {
    let (channel, index) = (Channel::start(), Index::of(&[wheel("app", "1.0").requires("tabulate>=0.8")]));
    let list = "- python=3.11\n- numpy=1.26\n- tabulate\n- six\n- greeter\n- pip\n- pip:\n  - app\n";
    let envwright = environment(&channel, list).index(&index.url());
    let made = envwright.run(&["materialize", "--prefix", "env", "--json"]).succeeded().json();
    let prefix = envwright.folder().canonicalize().unwrap().join("env");
    assert_eq!((&made["prefix"], &made["is_conda"]), (&prefix.to_str().unwrap().into(), &true.into()));
    let placed = files(&prefix);
    assert_eq!(made["files"], placed.len());
    let built = build(&envwright, &[]);
    let of_image =
        built.tree.iter().filter_map(|(path, node)| Some((path.strip_prefix("opt/env/")?, &node.kind)));
    let of_image: BTreeMap<&str, &Kind> =
        of_image.filter(|(_, kind)| matches!(kind, Kind::File(_) | Kind::Link(_))).collect();
    assert!(of_image.len() > 1000);
    assert_eq!(placed.keys().collect::<Vec<_>>(), of_image.keys().collect::<Vec<_>>());
    let here = prefix.to_str().unwrap();
    for (path, content) in &placed {
        match (content, of_image[path.as_str()]) {
            (Err(target), Kind::Link(other)) => assert_eq!(target.to_str(), Some(other.as_str())),
            // Those hold digests and the name of the command.
            (Ok(_), Kind::File(_)) if path.starts_with("conda-meta/") || path.ends_with("/RECORD") => {}
            (Ok(bytes), Kind::File(digest)) if Digest::of(bytes) != *digest => {
                assert!(replaced(bytes, here, "/opt/env") != *bytes, "{path} differs");
            }
            (Ok(_), Kind::File(_)) => {}
            other => panic!("{path}: {other:?}"),
        }
    }
    let script = "import app, numpy, six, sys, tabulate, importlib.metadata as m; print(sys.prefix, numpy.arange(3).sum(), m.version('app'))";
    let python = output(Command::new(prefix.join("bin/python")).args(["-B", "-c", script]));
    assert_eq!(python.trim(), format!("{here} 3 1.0"));
    let table = output(Command::new(prefix.join("bin/tabulate")).arg("--help"));
    assert!(table.contains("tabulate"), "{table}");
    let checked = output(Command::new(prefix.join("bin/pip")).arg("check"));
    assert!(checked.contains("No broken requirements"), "{checked}");
}

#[test]
fn files_come_out_of_the_cache_and_a_changed_one_does_not() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- six\n- python=3.11\n");
    envwright.run(&["materialize", "--prefix", "one"]).succeeded();
    let asked = channel.requests().len();
    let made =
        envwright.run(&["materialize", "--prefix", "two/deep", "--json", "--offline"]).succeeded().json();
    assert_eq!(channel.requests().len(), asked);
    let six = |name: &str| envwright.folder().join(name).join("lib/python3.11/site-packages/six.py");
    let inode = |name: &str| fs_err::metadata(six(name)).unwrap().ino();
    assert_eq!(inode("one") == inode("two/deep"), made["by"] == "hard link", "{made}");
    let whole = fs_err::read(six("one")).unwrap();
    // As an editor that writes into the file.
    fs_err::write(six("one"), "changed").unwrap();
    envwright.run(&["materialize", "--prefix", "three"]).succeeded();
    assert_eq!(fs_err::read(six("three")).unwrap(), whole);
}

#[test]
fn what_is_there_is_replaced_whole_or_left() {
    let channel =
        Channel::with_faults(|path| path.contains("/greeter-").then(|| Answer::status("403 Forbidden", "")));
    let envwright = environment(&channel, "- six\n- python=3.11\n");
    fs_err::create_dir_all(envwright.folder().join("mine")).unwrap();
    fs_err::write(envwright.folder().join("mine/thesis.txt"), "years").unwrap();
    let refused = envwright.run(&["materialize", "--prefix", "mine", "--replace", "--json"]);
    assert_eq!((refused.code, &refused.json()["root"]["problem"]), (Some(1), &"prefix-invalid".into()));
    envwright.run(&["materialize", "--prefix", "env"]).succeeded();
    assert_eq!(envwright.run(&["materialize", "--prefix", "env"]).code, Some(1));
    let before = files(&envwright.folder().join("env"));
    let envwright =
        envwright.file("conda.yml", "channels: [conda-forge]\ndependencies:\n- greeter\n- tabulate\n");
    let failed = envwright.run(&["materialize", "--prefix", "env", "--replace"]);
    assert_ne!(failed.code, Some(0));
    assert!(files(&envwright.folder().join("env")) == before, "{}", failed.stderr);
    let envwright =
        envwright.file("conda.yml", "channels: [conda-forge]\ndependencies:\n- tabulate\n- python=3.11\n");
    envwright.run(&["materialize", "--prefix", "env", "--replace"]).succeeded();
    let env = envwright.folder().join("env/lib/python3.11/site-packages");
    assert!(env.join("tabulate").exists() && !env.join("six.py").exists());
    let left = fs_err::read_dir(envwright.folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.into_iter().any(|name| name.to_string_lossy().starts_with(".tmp")));
}

#[test]
fn one_suspect_comes_alone_with_what_it_needs() {
    let (channel, index) = (Channel::start(), Index::of(&[wheel("app", "1.0"), wheel("app", "2.0")]));
    let list = "- python=3.11\n- tabulate\n- pandas\n- pip\n- pip:\n  - app\n";
    let envwright = environment(&channel, list).index(&index.url());
    let names = |only: &str, prefix: &str| -> Vec<String> {
        let made =
            envwright.run(&["materialize", "--prefix", prefix, "--only", only, "--json"]).succeeded().json();
        let all = made["packages"].as_array().unwrap().clone();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        all.iter().map(|one| format!("{} {}", text(&one["name"]), text(&one["version"]))).collect()
    };
    let conda = names("tabulate==0.8.10", "one");
    assert!(conda.contains(&"tabulate 0.8.10".to_owned()), "{conda:?}");
    assert!(!conda.iter().any(|name| name.starts_with("pandas") || name.starts_with("app")), "{conda:?}");
    let pypi = names("app==1.0", "two");
    assert!(
        pypi.contains(&"app 1.0".to_owned()) && !pypi.iter().any(|name| name.starts_with("tabulate")),
        "{pypi:?}"
    );
    let wrong = envwright.run(&["materialize", "--prefix", "three", "--only", "app==9", "--json"]);
    assert_eq!((wrong.code, envwright.folder().join("three").exists()), (Some(1), false));
}

/// Without conda, Python is this machine's.
#[test]
fn wheels_alone_are_a_virtual_environment_of_this_machines_python() {
    let version =
        output(Command::new("python3").args(["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]));
    let (version, minor) = (version.trim(), version.trim().rsplit_once('.').unwrap().0);
    let index = Index::of(&[wheel("app", "1.0")]);
    let base = |python: &str, text: &str| {
        let envwright = Envwright::new()
            .index(&index.url())
            .file("environment.yaml", "image: oci:base\nrequirements: [app]\n");
        let libc = "\0GNU C Library (Debian GLIBC 2.31-13) stable release version 2.31.\n\0";
        write_base(
            &envwright.folder().join("base"),
            &[(&format!("usr/bin/python{python}"), text), ("usr/lib/x86_64-linux-gnu/libc.so.6", libc)],
        );
        envwright
    };
    let envwright = base(minor, &format!("\0x\0{version}\0"));
    envwright.run(&["materialize", "--prefix", "env"]).succeeded();
    let script = "import app, sys; print(sys.prefix != sys.base_prefix)";
    let python = envwright.folder().join("env/bin/python");
    assert_eq!(output(Command::new(python).args(["-c", script])).trim(), "True");
    let other = base("3.5", "\0x\x003.5.9\0");
    let refused = other.run(&["materialize", "--prefix", "env", "--json"]);
    let root = refused.json()["root"].take();
    assert_eq!((refused.code, &root["problem"]), (Some(1), &"host-does-not-fit".into()), "{root}");
    assert!(!other.folder().join("env").exists());
}

/// Of a bootstrapped base its C library alone counts, and that is known of a release of Debian.
#[test]
fn no_debian_package_is_looked_at_for_a_folder() {
    let channel = Channel::start();
    let config = channel.config() + "[debian]\nmirror = \"http://127.0.0.1:9/debian\"\n";
    let envwright = Envwright::new().config(&config).file(
        "environment.yml",
        "name: app\nchannels: [conda-forge]\ndependencies:\n- tabulate\n- python=3.11\n",
    );
    let made = envwright.run(&["materialize", "--prefix", "env", "--json"]).succeeded().json();
    assert_eq!(made["python"], "3.11.2");
    envwright.run(&["materialize", "--prefix", "again", "--offline"]).succeeded();
    // An image needs them.
    assert_eq!(envwright.run(&["build", "--json"]).code, Some(3));
}

//! Locks of environments with conda packages.

use super::environment;
use crate::support::{
    channel::{self, Channel},
    index::Index,
    wheel::{sha256, wheel},
    whole,
};

#[test]
fn a_lock_is_pixis_file_and_builds_the_same_image() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- python=3.11\n- tabulate\n");
    envwright.run(&["lock"]).succeeded();
    let pixi = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    assert!(pixi.contains("tabulate-0.9.0-pyhd8ed1ab_0.conda") && pixi.contains(&channel.url()), "{pixi}");
    envwright.run(&["lock", "--check"]).succeeded();
    let digest = envwright.run(&["build", "--json"]).succeeded().json()["digest"].take();
    let other = environment(&channel, "- python=3.11\n- tabulate\n")
        .file("pixi.lock", &pixi)
        .file("envwright.lock", fs_err::read(envwright.folder().join("envwright.lock")).unwrap());
    let locked = other.run(&["build", "--locked", "--json"]).succeeded().json();
    assert_eq!(locked["digest"], digest);
}

#[test]
fn a_locked_version_stays_until_it_is_upgraded() {
    let channel = Channel::start();
    let envwright = environment(&channel, "- python=3.11\n- tabulate=0.8\n");
    envwright.run(&["lock"]).succeeded();
    let envwright =
        envwright.file("conda.yml", "channels: [conda-forge]\ndependencies:\n- python=3.11\n- tabulate\n");
    let version = |arguments: &[&str]| {
        let lock = envwright.run(&[arguments, &["--json"]].concat()).succeeded().json();
        let packages = lock["lock"]["platforms"]["linux/amd64"]["conda"].as_array().unwrap().clone();
        let found = packages.into_iter().find(|package| package["name"] == "tabulate").unwrap();
        found["version"].as_str().unwrap().to_owned()
    };
    assert_eq!(version(&["lock"]), "0.8.10");
    assert_eq!(version(&["lock", "--upgrade-package", "tabulate"]), "0.9.0");
}

/// As pixi and rattler keep it, `pixi auth login` for one.
#[test]
fn a_channel_is_opened_by_what_rattler_keeps() {
    let channel = Channel::with_token("tk-s3cret");
    let logins = "{\"127.0.0.1\": {\"CondaToken\": \"tk-s3cret\"}}";
    let envwright = environment(&channel, "- tabulate\n").file("credentials.json", logins);
    let closed = envwright.run(&["build", "--json"]);
    assert_eq!((closed.code, &closed.json()["root"]["problem"]), (Some(3), &"conda-http-403".into()));
    let file = envwright.folder().join("credentials.json");
    let envwright = envwright.variable("RATTLER_AUTH_FILE", file);
    envwright.run(&["build"]).succeeded();
    for file in whole::files(&envwright.home()) {
        let bytes = fs_err::read(&file).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"tk-s3cret"), "{}", file.display());
    }
}

/// One host may serve all, as company proxies of packages do.
#[test]
fn what_rattler_keeps_opens_no_index_of_the_same_host() {
    let (channel, index) = (Channel::with_token("tk-s3cret"), Index::of(&[wheel("demo", "1.0")]));
    let list = format!("- python=3.11\n- pip\n- pip:\n  - --index-url {}\n  - demo\n", index.url());
    let envwright = environment(&channel, &list)
        .file("credentials.json", "{\"127.0.0.1\": {\"CondaToken\": \"tk-s3cret\"}}");
    let file = envwright.folder().join("credentials.json");
    envwright.variable("RATTLER_AUTH_FILE", file).run(&["build"]).succeeded();
    let asked = index.requests();
    assert!(!asked.is_empty() && asked.iter().all(|request| !request.contains("/t/")), "{asked:?}");
}

#[test]
fn what_opens_a_channel_is_in_no_lock_and_in_no_word() {
    let channel = Channel::with_token("tk-s3cret");
    let url = channel.at("/t/tk-s3cret/channel");
    let envwright = environment(&channel, "- tabulate\n")
        .file("conda.yml", format!("channels: [\"{url}\"]\ndependencies: [tabulate]\n"));
    let built = envwright.run(&["build", "-v"]).succeeded();
    envwright.run(&["lock"]).succeeded();
    let pixi = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    assert!(pixi.contains(&channel.url()), "{pixi}");
    for file in whole::files(&envwright.home()) {
        let bytes = fs_err::read(&file).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"tk-s3cret"), "{}", file.display());
    }
    for text in [pixi, built.stderr] {
        assert!(!text.contains("tk-s3cret"), "{text}");
    }
}

/// Old channels tell MD5 alone. The file is read for its digest, once.
#[test]
fn a_package_of_which_md5_alone_is_known_is_locked_by_the_digest_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    for subdir in ["linux-64", "noarch"] {
        let (from, to) = (channel::folder().join(subdir), folder.path().join(subdir));
        fs_err::create_dir(&to).unwrap();
        for file in
            fs_err::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).filter(|file| file.is_file())
        {
            fs_err::os::unix::fs::symlink(&file, to.join(file.file_name().unwrap())).unwrap();
        }
        let text = fs_err::read_to_string(from.join("repodata.json")).unwrap();
        let mut repodata: serde_json::Value = serde_json::from_str(&text).unwrap();
        for packages in ["packages", "packages.conda"] {
            for (file, record) in repodata[packages].as_object_mut().unwrap() {
                record.as_object_mut().unwrap().remove("sha256");
                if file.starts_with("six-") {
                    record["md5"] = "0".repeat(32).into();
                }
            }
        }
        for name in ["repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"] {
            fs_err::remove_file(to.join(name)).unwrap();
        }
        fs_err::write(to.join("repodata.json"), repodata.to_string()).unwrap();
    }
    let channel = Channel::of(folder.path());
    let envwright = environment(&channel, "- python=3.11\n- tabulate\n");
    envwright.run(&["lock"]).succeeded();
    let pixi = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    let file = fs_err::read(channel::folder().join("noarch/tabulate-0.9.0-pyhd8ed1ab_0.conda")).unwrap();
    assert!(pixi.contains(&sha256(&file)), "{pixi}");
    let asked = channel.requests().len();
    envwright.run(&["build"]).succeeded();
    let fetched = channel.requests()[asked..].iter().filter(|request| request.contains(".conda")).count();
    assert_eq!(fetched, 0, "what was read for its digest is kept");
    let other = environment(&channel, "- python=3.11\n- six\n").run(&["lock", "--json"]);
    assert_eq!((other.code, &other.json()["root"]["problem"]), (Some(3), &"conda-checksum-mismatch".into()));
}

/// One file for all platforms; another platform changes nothing of those that are there.
#[test]
fn one_lock_has_every_platform() {
    let channel = Channel::start();
    let definition =
        |platforms: &str| format!("image: scratch\nconda_file: conda.yml\nplatforms: [{platforms}]\n");
    let envwright =
        environment(&channel, "- gamma\n- dictionary\n").file("environment.yaml", definition("linux/amd64"));
    envwright.run(&["lock"]).succeeded();
    let lock = || fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    let first = lock();
    assert!(first.contains("linux-64/gamma-2.0-") && !first.contains("linux-aarch64"), "{first}");
    envwright.run(&["lock", "--platform", "linux/amd64,linux/arm64"]).succeeded();
    let both = lock();
    for package in ["linux-64/gamma-2.0-", "linux-aarch64/gamma-1.0-", "noarch/dictionary-1.0-"] {
        assert!(both.contains(package), "{package}: {both}");
    }
    let built = envwright
        .run(&["build", "--locked", "--platform", "linux/amd64,linux/arm64", "--json", "-o", "oci:out"])
        .succeeded()
        .json();
    let platforms: Vec<&str> =
        built["platforms"].as_array().unwrap().iter().map(|one| one["platform"].as_str().unwrap()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_ne!(built["platforms"][0]["digest"], built["platforms"][1]["digest"]);
}

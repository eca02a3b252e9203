//! Channels, and mirrors of them, in a registry.

use super::{build, environment};
use crate::support::{
    Envwright,
    channel::{self, Channel},
    registry::{Access, Registry},
    tokens::Tokens,
    tree::Kind,
    wheel::sha256,
    whole,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{net::TcpListener, path::Path};
use tempfile::TempDir;

/// Packages of more bytes are left out; no test here needs one.
const LARGEST: u64 = 8 << 20;

/// A mirror of the channel, below `mirror/conda-forge`.
struct Mirror {
    storage: TempDir,
    registry: Registry,
}

impl Mirror {
    /// With the packages of these files.
    fn of(has: impl Fn(&str) -> bool) -> Self {
        let storage = tempfile::tempdir().unwrap();
        let registry = Registry::start(storage.path());
        for subdir in ["linux-64", "noarch"] {
            let folder = channel::folder().join(subdir);
            let read = |name: &str| fs_err::read(folder.join(name)).unwrap();
            let repository = format!("mirror/conda-forge/{subdir}");
            let pages = [
                ("application/vnd.conda.repodata.v1+json", read("repodata.json")),
                ("application/vnd.conda.repodata.v1+json+zst", read("repodata.json.zst")),
            ];
            registry.push(&format!("{repository}/repodata.json"), "latest", &pages);
            for file in fs_err::read_dir(&folder).unwrap().map(|file| file.unwrap()) {
                let name = file.file_name().into_string().unwrap();
                if has(&name)
                    && file.metadata().unwrap().len() < LARGEST
                    && let Some((package, tag, kind)) = artifact(&name)
                {
                    registry.push(&format!("{repository}/{package}"), &tag, &[(kind, read(&name))]);
                }
            }
        }
        Self { storage, registry }
    }

    /// The same, let in as `access` says.
    fn with_access(self, access: &Access) -> Self {
        Self { registry: Registry::with_access(self.storage.path(), access), ..self }
    }

    fn url(&self) -> String {
        format!("oci://{}/mirror/conda-forge", self.registry.address)
    }

    /// Gives for a file of the channel the bytes of another one.
    fn confuse(&self, file: &str, other: &str) {
        let digest = sha256(&fs_err::read(channel::folder().join(file)).unwrap());
        let blob = format!("docker/registry/v2/blobs/sha256/{}/{digest}/data", &digest[..2]);
        fs_err::copy(channel::folder().join(other), self.storage.path().join(blob)).unwrap();
    }

    /// A definition whose channel it is.
    fn channel(&self, dependencies: &str) -> Envwright {
        let channels = format!("channels: [\"{}\"]\ndependencies:\n{dependencies}", self.url());
        environment(&Channel::start(), "").config("[network]\nretries = 1\n").file("conda.yml", channels)
    }

    /// A definition whose channel it is a mirror of.
    fn mirror_of(&self, channel: &str, dependencies: &str) -> Envwright {
        environment(&Channel::start(), dependencies).config(&format!(
            "[network]\nretries = 0\n[mirrors]\n\"{channel}\" = [\"{}\"]\n\
             [conda.custom-channels]\nconda-forge = \"{channel}\"\n",
            self.url()
        ))
    }
}

/// Sample: `six-1.16.0-pyh6c4a22f_0.tar.bz2`.
fn artifact(file: &str) -> Option<(&str, String, &'static str)> {
    let (stem, kind) = match file.strip_suffix(".tar.bz2") {
        Some(stem) => (stem, "application/vnd.conda.package.v1"),
        None => (file.strip_suffix(".conda")?, "application/vnd.conda.package.v2"),
    };
    let [build, version, name] = stem.rsplitn(3, '-').collect::<Vec<_>>()[..] else { return None };
    Some((name, format!("{version}-{build}"), kind))
}

fn lock(envwright: &Envwright) -> String {
    envwright.run(&["lock"]).succeeded();
    fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap()
}

fn nowhere() -> String {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{closed}/conda-forge")
}

#[test]
fn a_channel_in_a_registry_is_built_from_and_named_by_the_lock() {
    let mirror = Mirror::of(|_| true);
    let envwright = mirror.channel("- tabulate\n- six\n");
    let place = format!("{}/noarch/six-1.16.0-pyh6c4a22f_0.tar.bz2", mirror.url());
    let lock = lock(&envwright);
    assert!(lock.contains(&place), "{lock}");
    let built = build(&envwright, &[]);
    for module in ["tabulate/__init__.py", "six.py"] {
        let path = format!("opt/env/lib/python3.11/site-packages/{module}");
        assert!(built.tree.contains_key(&path), "{path}");
    }
}

#[test]
fn a_mirror_that_gives_tokens_is_enough_where_the_channel_is_out_of_reach() {
    let tokens = Tokens::start(format!("Basic {}", BASE64_STANDARD.encode("me:s3cret-s3cret")), |_| 600);
    let mirror = Mirror::of(|name| name.starts_with("busybox")).with_access(&tokens.access());
    let channel = nowhere();
    let envwright = mirror.mirror_of(&channel, "- busybox\n");
    let closed = envwright.run(&["build", "--json"]);
    assert_eq!((closed.code, &closed.json()["root"]["problem"]), (Some(3), &"conda-http-403".into()));
    let logins = "{\"127.0.0.1\": {\"BasicHTTP\": {\"username\": \"me\", \"password\": \"s3cret-s3cret\"}}}";
    let file = envwright.folder().join("credentials.json");
    let envwright = envwright.file("credentials.json", logins).variable("RATTLER_AUTH_FILE", file);
    let built = build(&envwright, &[]);
    assert_eq!(built.tree["opt/env/bin/sh"].kind, Kind::Link("busybox".to_owned()));
    assert!(
        tokens
            .issued()
            .iter()
            .any(|token| { token.scopes == ["repository:mirror/conda-forge/linux-64/busybox:pull"] })
    );
    let lock = lock(&envwright);
    assert!(lock.contains(&channel) && !lock.contains("oci:"), "{lock}");
    for file in whole::files(&envwright.home()) {
        assert!(!has_secret(&file), "{}", file.display());
    }
}

/// A token begins as the JSON of every JSON web token does.
fn has_secret(file: &Path) -> bool {
    let bytes = fs_err::read(file).unwrap();
    bytes.windows(6).any(|part| part == b"s3cret") || bytes.windows(8).any(|part| part == b"eyJhbGci")
}

#[test]
fn what_a_mirror_lacks_comes_from_the_channel() {
    let (mirror, channel) = (Mirror::of(|name| name.starts_with("alpha-")), Channel::start());
    mirror.mirror_of(&channel.url(), "- alpha\n").run(&["build"]).succeeded();
    let asked = channel.requests();
    assert!(asked.iter().any(|request| request.contains("gamma-2.0")), "{asked:?}");
    assert!(asked.iter().all(|request| !request.contains("alpha")), "{asked:?}");
}

#[test]
fn bytes_that_a_registry_promised_otherwise_are_told() {
    let packages = ["linux-64/gamma-2.0-h0000000_0.conda", "linux-64/gamma-1.0-h0000000_0.conda"];
    for (problem, [file, other]) in [
        ("net-truncated-download", ["noarch/repodata.json.zst", "linux-64/repodata.json.zst"]),
        ("conda-checksum-mismatch", packages),
    ] {
        let mirror = Mirror::of(|name| name.starts_with("gamma"));
        mirror.confuse(file, other);
        let failed = mirror.channel("- gamma\n").run(&["build", "--json"]);
        let root = failed.json()["root"].take();
        assert_eq!((failed.code, &root["problem"]), (Some(3), &problem.into()), "{failed}");
        let expected = sha256(&fs_err::read(channel::folder().join(file)).unwrap());
        assert_eq!(root["facts"]["expected"], format!("sha256:{expected}"), "{root:#}");
    }
}

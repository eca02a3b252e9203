//! A lock that was written is read as the same lock, and written again as the same bytes.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_lock::{
    BaseLock, Lock, LockFiles, PlatformLock,
    conda::LockedConda,
    debian::LockedDeb,
    pypi::{LockedWheel, WheelLocation},
};
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use envwright_target::Platform;
use proptest::{collection::btree_map, option, prelude::*, sample::select};
use std::collections::BTreeMap;

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn url(text: &str) -> SafeUrl {
    SafeUrl::parse(text).unwrap()
}

/// Names and versions as indexes write them.
fn names() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5}){0,2}"
}

fn version() -> impl Strategy<Value = String> {
    "(0|[1-9][0-9]?)(\\.(0|[1-9][0-9]{0,2})){0,2}(\\.post[0-9]|rc[0-9])?"
}

fn wheel(name: String) -> impl Strategy<Value = LockedWheel> {
    let requirements = select(vec![
        vec![],
        vec!["six>=1.16"],
        vec!["attrs[dev]==23.1 ; python_full_version < '3.12'", "numpy"],
    ]);
    let python = select(vec![None, Some(">=3.8"), Some(">=3.9, <4")]);
    let address = (any::<bool>(), option::of(digest()));
    let direct = option::of(select(vec![r#"{"url":"https://mirror.example/x","archive_info":{}}"#]));
    (version(), requirements, python, address, option::of(1..1u64 << 40), any::<bool>(), direct).prop_map(
        move |(version, requires_dist, python, (local, sha256), size, requested, direct)| {
            let filename = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
            LockedWheel {
                location: if local {
                    WheelLocation::Path(format!("/srv/wheels/{filename}").into())
                } else {
                    WheelLocation::Url(url(&format!("https://files.example/a/{filename}")))
                },
                filename,
                // The format gives every address an index: the environment's first where it has none of its own.
                index: (!local).then(|| url("https://index.example/simple")),
                hashes: sha256.iter().map(ToString::to_string).collect(),
                size,
                requires_dist: requires_dist.into_iter().map(str::to_owned).collect(),
                requires_python: python.map(str::to_owned),
                requested,
                direct_url: direct.map(|text| serde_json::from_str(text).unwrap()),
                version,
                name: name.clone(),
            }
        },
    )
}

fn deb(name: String) -> impl Strategy<Value = LockedDeb> {
    (version(), digest(), 0..1u64 << 40, any::<bool>(), any::<bool>()).prop_map(
        move |(version, sha256, size, requested, any)| LockedDeb {
            url: url(&format!("https://mirror.example/debian/pool/{name}_{version}.deb")),
            name: name.clone(),
            version: format!("1:{version}-1+b1"),
            architecture: if any { "all" } else { "amd64" }.to_owned(),
            sha256,
            size,
            requested,
        },
    )
}

/// One of each name, by name.
fn each<T: std::fmt::Debug + Clone + 'static, S: Strategy<Value = T> + 'static>(
    of: fn(String) -> S,
) -> impl Strategy<Value = Vec<T>> {
    prop::collection::btree_set(names(), 0..6)
        .prop_flat_map(move |names| names.into_iter().map(of).collect::<Vec<_>>())
}

fn platform() -> impl Strategy<Value = PlatformLock> {
    let texts = btree_map(names(), "[A-Z][a-z]{2}, [0-9]{2} \"é#=\\\\\n", 0..3);
    let base =
        (select(vec!["bootstrap:debian/bookworm", "base.example/team/app:1"]), option::of(digest()), texts)
            .prop_map(|(name, digest, releases)| BaseLock {
                name: name.to_owned(),
                digest,
                releases,
                apt: Vec::new(),
            });
    let versions = (option::of((3..4u8, 8..14u8, 0..20u8)), option::of((2..3u32, 17..42u32)));
    (base, versions, each(deb), each(wheel)).prop_map(|(base, (python, glibc), debs, wheels)| PlatformLock {
        python,
        glibc,
        debs,
        wheels,
        ..PlatformLock::of_base(base)
    })
}

/// A package with the record that a channel has of it, which says more than the format keeps.
fn conda(name: String) -> impl Strategy<Value = LockedConda> {
    let version = "(0|[1-9][0-9]?)(\\.(0|[1-9][0-9]{0,2})){0,2}";
    (version, digest(), 0..1u64 << 40, any::<bool>(), any::<bool>()).prop_map(
        move |(version, sha256, size, requested, python)| {
            let file = format!("{name}-{version}-h0_0.conda");
            let url = url(&format!("https://channel.example/team/noarch/{file}"));
            let record = serde_json::json!({
                "name": name, "version": version, "build": "h0_0", "build_number": 0, "subdir": "noarch",
                "depends": ["python >=3.8", "six"], "constrains": ["numpy <2"], "license": "MIT",
                "noarch": if python { "python" } else { "generic" }, "timestamp": 1_700_000_000_123_u64,
                "sha256": sha256.hex(), "size": size, "fn": file, "url": url.expose().as_str(),
                "channel": "https://channel.example/team/",
            });
            LockedConda {
                name: name.clone(),
                version,
                build: "h0_0".to_owned(),
                url,
                sha256,
                size: Some(size),
                requested,
                record,
            }
        },
    )
}

fn with_conda() -> impl Strategy<Value = Lock> {
    let packages = each(conda).prop_filter("channels are of packages", |packages| !packages.is_empty());
    (lock(), packages).prop_map(|(mut lock, packages)| {
        for platform in lock.platforms.values_mut() {
            platform.channels = vec!["https://channel.example/team/".to_owned()];
            platform.conda.clone_from(&packages);
        }
        lock
    })
}

fn lock() -> impl Strategy<Value = Lock> {
    let platforms = prop::collection::vec(platform(), 1..3);
    (digest(), platforms).prop_map(|(definition, platforms)| {
        let platforms: BTreeMap<Platform, PlatformLock> =
            [Platform::AMD64, Platform::ARM64].into_iter().zip(platforms).collect();
        Lock { definition, platforms }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// What the format keeps of a record is kept for good.
    #[test]
    fn conda_packages_are_read_as_they_were_written(lock in with_conda()) {
        let folder = tempfile::tempdir().unwrap();
        let files = LockFiles::of(folder.path());
        files.write(&lock, &[]).unwrap();
        let once = files.read().unwrap().unwrap();
        for (one, other) in once.platforms.values().zip(lock.platforms.values()) {
            let names = |lock: &PlatformLock| {
                let all = lock.conda.iter();
                all.map(|one| (one.name.clone(), one.version.clone(), one.build.clone(), one.url.clone(), one.sha256, one.size, one.requested))
                    .collect::<Vec<_>>()
            };
            prop_assert_eq!(names(one), names(other));
            prop_assert_eq!(&one.channels, &other.channels);
            prop_assert!(one.conda.iter().all(|one| one.record["depends"].as_array().unwrap().len() == 2));
        }
        prop_assert!(files.are(&once, &[]).unwrap());
        files.write(&once, &[]).unwrap();
        prop_assert_eq!(files.read().unwrap().unwrap(), once);
    }

    #[test]
    fn what_was_written_is_read(lock in lock()) {
        let folder = tempfile::tempdir().unwrap();
        let files = LockFiles::of(folder.path());
        let indexes = [url("https://index.example/simple")];
        files.write(&lock, &indexes).unwrap();
        let read = files.read().unwrap().unwrap();
        prop_assert_eq!(&read, &lock);
        prop_assert!(files.are(&read, &indexes).unwrap());
        prop_assert_eq!(read.digest(), lock.digest());
    }
}

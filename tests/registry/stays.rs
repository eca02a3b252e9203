//! Layers of bases that stay in their registry until an output needs them.

use super::{
    bases::{layers, on, push_base},
    image::{Empty, complete},
    proxy::{Fate, Proxy},
};
use crate::support::{Envwright, registry::Registry};
use serde_json::Value;
use std::{
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A registry with `team/base:1`, and a proxy before it.
fn with_base() -> (Empty, Proxy) {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    let proxy = Proxy::start(&empty.registry, |_| Fate::Passed);
    (empty, proxy)
}

/// The layers of an image on [`with_base`]'s that no image made here has: all but that of the environment, which is
/// the same in each.
fn foreign(registry: &Registry, repository: &str) -> Vec<Value> {
    let environment = layers(registry, "team/base").pop().unwrap();
    layers(registry, repository).into_iter().filter(|layer| *layer != environment).collect()
}

/// How often the layers were asked for.
fn fetched(proxy: &Proxy, layers: &[Value]) -> Vec<usize> {
    let seen = proxy.seen();
    let gets = |layer: &Value| {
        let end = format!("/blobs/{}", layer.as_str().unwrap());
        seen.iter().filter(|one| one.method == "GET" && one.target.ends_with(&end)).count()
    };
    layers.iter().map(gets).collect()
}

/// How many of the layers a home has.
fn kept(envwright: &Envwright, layers: &[Value]) -> usize {
    let blobs = envwright.home().join("images/blobs/sha256");
    let names = layers.iter().map(|layer| layer.as_str().unwrap().trim_start_matches("sha256:"));
    names.filter(|name| blobs.join(name).exists()).count()
}

/// A home in which `app:1` was built on the base behind a proxy.
#[track_caller]
fn built_on_base(proxy: &Proxy) -> (Envwright, Value) {
    let envwright = on(&proxy.reference("team/base:1"), "");
    let built = envwright.run(&["build", "-t", "app:1", "--json"]).succeeded().json();
    (envwright, built["digest"].clone())
}

/// Every blob of a layout has its digest, and other tools read its image.
#[track_caller]
fn whole(layout: &Path, tag: &str, layers: &[Value]) {
    let blobs = layout.join("blobs/sha256");
    for blob in blobs.read_dir().unwrap().map(Result::unwrap) {
        let bytes = fs_err::read(blob.path()).unwrap();
        let name = blob.file_name().into_string().unwrap();
        assert!(name.starts_with('.') || envwright_store::Digest::of(&bytes).hex() == name, "{name}");
    }
    let name = format!("oci:{}:{tag}", layout.display());
    let shown = Command::new("skopeo").args(["inspect", &name]).output().unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let named = shown["Layers"].as_array().unwrap();
    assert_eq!(named[..layers.len()], *layers);
    for layer in named {
        assert!(blobs.join(layer.as_str().unwrap().trim_start_matches("sha256:")).exists(), "{layer}");
    }
}

#[track_caller]
fn pushes(envwright: &Envwright, name: &str, registry: &Registry, digest: &Value) -> Value {
    let pushed = envwright.run(&["push", "app:1", name, "--json"]).succeeded().json();
    let (_, path) = name.split_once('/').unwrap();
    let (repository, tag) = path.split_once(':').unwrap();
    complete(registry, repository, tag, digest.as_str().unwrap());
    pushed
}

#[test]
fn a_base_that_stays_in_its_registry_is_read_once_mounted_and_not_kept() {
    let (empty, proxy) = with_base();
    let base = foreign(&empty.registry, "team/base");
    let envwright = on(&proxy.reference("team/base:1"), "");
    let name = proxy.reference("team/app:1");
    let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
    complete(&empty.registry, "team/app", "1", built["digest"].as_str().unwrap());
    assert_eq!(built["pushed"][0]["mounted"], base.len() + 1, "{built:#}");
    assert_eq!(fetched(&proxy, &base), vec![1; base.len()], "{:#?}", proxy.seen());
    assert_eq!(kept(&envwright, &base), 0);
    let spool = envwright.home().join("packages");
    assert_eq!(spool.read_dir().map_or(0, Iterator::count), 0);

    // Another image on it asks for nothing at all.
    proxy.forget();
    let envwright = envwright.file("own", "other");
    let again = envwright.run(&["build", "-t", "app:2", "--json"]).succeeded().json();
    assert_ne!(again["digest"], built["digest"]);
    assert!(proxy.seen().is_empty(), "{:#?}", proxy.seen());
}

#[test]
fn a_layer_that_two_bases_share_is_read_once() {
    let (empty, proxy) = with_base();
    let name = empty.registry.reference("team/second:1");
    let on_base = on(&empty.registry.reference("team/base:1"), "").file("own", "second");
    on_base.run(&["build", "-t", &name, "--push"]).succeeded();
    let shared = foreign(&empty.registry, "team/base");
    let second = foreign(&empty.registry, "team/second");
    let (envwright, _) = built_on_base(&proxy);
    let text = format!(
        "name: other\nimage: {}\nplatforms: [linux/amd64]\nfiles: [{{from: own, to: /more}}]\n",
        proxy.reference("team/second:1")
    );
    proxy.forget();
    let envwright = envwright.file("environment.yml", text);
    envwright.run(&["build"]).succeeded();
    let own = second.len() - shared.len();
    assert!(own > 0);
    let expected = [vec![0; shared.len()], vec![1; own]].concat();
    assert_eq!(fetched(&proxy, &second), expected, "{:#?}", proxy.seen());
    assert_eq!(kept(&envwright, &second), 0);
}

#[test]
fn an_output_fetches_the_layers_that_it_needs() {
    let (empty, proxy) = with_base();
    let base = foreign(&empty.registry, "team/base");
    let (envwright, digest) = built_on_base(&proxy);
    envwright.run(&["prune"]).succeeded();
    let out = envwright.folder().join("out");
    let output = format!("oci:{}", out.display());
    let build = ["build", "-t", "app:1", "-o", &output, "--json"];
    let offline = envwright.run(&[&build[..], &["--offline"]].concat());
    assert_eq!(offline.json()["root"]["problem"], "offline-miss", "{offline}");

    proxy.forget();
    let written = envwright.run(&build).succeeded().json();
    assert_eq!((&written["digest"], &written["reused"]), (&digest, &true.into()));
    assert_eq!(fetched(&proxy, &base), vec![1; base.len()], "{:#?}", proxy.seen());
    assert_eq!(kept(&envwright, &base), base.len());
    whole(&out, "1", &base);

    // From now on they are here.
    let archive = format!("docker-archive:{}", envwright.folder().join("image.tar").display());
    envwright.run(&["build", "-t", "app:1", "-o", &archive, "--offline"]).succeeded();
}

#[test]
fn a_first_build_with_an_output_is_whole() {
    let (empty, proxy) = with_base();
    let base = foreign(&empty.registry, "team/base");
    let envwright = on(&proxy.reference("team/base:1"), "");
    let out = envwright.folder().join("out");
    envwright.run(&["build", "-t", "app:1", "-o", &format!("oci:{}", out.display())]).succeeded();
    whole(&out, "1", &base);
}

#[test]
fn a_layer_whose_mount_is_refused_is_fetched_and_sent() {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    let base = foreign(&empty.registry, "team/base");
    let proxy = Proxy::start(&empty.registry, |request| {
        let without = request.target.split('?').next().unwrap();
        if request.method == "POST" { Fate::PassedAs(without.to_owned()) } else { Fate::Passed }
    });
    let (envwright, digest) = built_on_base(&proxy);
    proxy.forget();
    let pushed = pushes(&envwright, &proxy.reference("team/app:1"), &empty.registry, &digest);
    assert_eq!(pushed["mounted"], 0, "{pushed:#}");
    assert_eq!(fetched(&proxy, &base), vec![1; base.len()], "{:#?}", proxy.seen());
}

#[test]
fn another_registry_gets_the_layers_from_the_first() {
    let (first, second) = (Empty::registry(), Empty::registry());
    push_base(&first.registry, "first");
    let base = foreign(&first.registry, "team/base");
    let proxy = Proxy::start(&first.registry, |_| Fate::Passed);
    let (envwright, digest) = built_on_base(&proxy);
    // Where layers are is no part of the cache.
    envwright.run(&["cache", "clean"]).succeeded();
    proxy.forget();
    let name = second.registry.reference("team/app:1");
    pushes(&envwright, &name, &second.registry, &digest);
    assert_eq!(fetched(&proxy, &base), vec![1; base.len()], "{:#?}", proxy.seen());
    // What a registry has is not fetched to be sent again.
    envwright.run(&["build", "-t", "app:1"]).succeeded();
    let other = on(&proxy.reference("team/base:1"), "");
    other.run(&["build", "-t", "app:1"]).succeeded();
    proxy.forget();
    pushes(&other, &second.registry.reference("team/app:2"), &second.registry, &digest);
    assert_eq!(fetched(&proxy, &base), vec![0; base.len()], "{:#?}", proxy.seen());
}

#[test]
fn a_registry_that_lost_a_layer_is_told_where_an_output_needs_it() {
    let empty = Empty::registry();
    push_base(&empty.registry, "first");
    let (layer, lost) = (layers(&empty.registry, "team/base")[0].clone(), Arc::<AtomicBool>::default());
    let is_lost = Arc::clone(&lost);
    let proxy = Proxy::start(&empty.registry, move |request| {
        let wanted = request.target.ends_with(layer.as_str().unwrap());
        if wanted && is_lost.load(Ordering::SeqCst) {
            return Fate::answered("404 Not Found", "", "{}");
        }
        Fate::Passed
    });
    let (envwright, _) = built_on_base(&proxy);
    lost.store(true, Ordering::SeqCst);
    let output = format!("oci:{}", envwright.folder().join("out").display());
    let ran = envwright.run(&["build", "-o", &output, "--json"]);
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(ran.json()["root"]["problem"].is_string(), "{ran}");
}

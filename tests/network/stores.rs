//! Stores of blobs as mirrors of an index, signed as their real protocols want it.

use super::mirrors::{mirrored, nowhere, requests};
use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    machine::{command, output},
    stores::Store,
    wheel::sha256,
};
use serde_json::Value;
use tempfile::TempDir;

/// What an index has, put into a store.
fn filled(store: Store) -> Store {
    let (wheel, bytes) = (requests(), requests().bytes());
    let name = wheel.filename();
    let page = format!("<!DOCTYPE html><a href=\"../../files/{name}#sha256={}\">{name}</a>", sha256(&bytes));
    store.put("simple/requests/index.html", page.as_bytes());
    store.put(&format!("files/{name}"), &bytes);
    store
}

/// A home whose index, which is nowhere, has the store as its mirror; `more` is appended to the mirror's address.
fn on(store: &Store, more: &str) -> Envwright {
    let index = nowhere();
    let mirror = format!("{}{more}", store.url);
    let text = format!("[network]\nretries = 0\n[mirrors]\n{index:?} = [{mirror:?}]\n{}", store.table());
    mirrored(&index, &[]).config(&text)
}

fn opened(store: &Store) -> Envwright {
    store
        .variables()
        .into_iter()
        .fold(on(store, ""), |envwright, (name, value)| envwright.variable(name, value))
}

#[track_caller]
fn fails(envwright: &Envwright, problem: &str) {
    let failed = envwright.run(&["build", "--json"]);
    assert!(matches!(failed.code, Some(1 | 3)), "{failed}");
    assert_eq!(failed.json()["root"]["problem"], problem, "{failed}");
}

#[test]
fn a_container_of_azure_is_a_mirror() {
    opened(&filled(Store::azure())).run(&["build"]).succeeded();
}

#[test]
fn a_container_is_opened_by_a_signature_in_its_address_and_the_signature_goes_no_further() {
    let store = filled(Store::azure());
    let signature = Store::signature("2099-01-01T00:00:00Z");
    let envwright = on(&store, &format!("?{signature}"));
    envwright.run(&["lock"]).succeeded();
    let lock = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    assert!(lock.contains("requests-2.31.0") && !lock.contains("sig="), "{lock}");
    envwright.run(&["build"]).succeeded();
}

#[test]
fn a_signature_that_has_expired_is_told_as_such() {
    let store = filled(Store::azure());
    let signature = Store::signature("2020-01-01T00:00:00Z");
    fails(&on(&store, &format!("?{signature}")), "storage-sas-expired");
}

#[test]
fn a_link_whose_signature_has_expired_needs_no_configuration_to_be_told() {
    let store = filled(Store::azure());
    let signature = Store::signature("2020-01-01T00:00:00Z");
    let link = format!("{}files/{}?{signature}", store.url, requests().filename());
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, &format!("requests @ {link}\n"))
        .config("[network]\nretries = 0\n")
        .index(&nowhere());
    fails(&envwright, "storage-sas-expired");
}

/// Azurite says so of whatever it does not let in; the service itself says it of its firewall.
#[test]
fn a_container_that_nothing_opens_refuses() {
    fails(&on(&filled(Store::azure()), ""), "storage-private-network");
}

#[test]
fn a_bucket_of_s3_is_a_mirror() {
    opened(&filled(Store::s3())).run(&["build"]).succeeded();
}

#[test]
fn a_bucket_that_a_stranger_signs_for_refuses() {
    let store = filled(Store::s3());
    let envwright = opened(&store).variable("AWS_ACCESS_KEY_ID", "STRANGER");
    fails(&envwright, "storage-403");
}

/// A folder in which a repository of some registry has an image as an OCI layout, as skopeo writes it.
fn layouts() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    write_base(&base, &BOOKWORM);
    fs_err::create_dir(folder.path().join("team")).unwrap();
    let to = format!("oci:{}:1", folder.path().join("team/base").display());
    output(
        command("skopeo").args(["copy", "--insecure-policy"]).arg(format!("oci:{}", base.display())).arg(to),
    );
    folder
}

/// A home whose definition is on an image of a registry that is not there, and has this mirror.
fn on_registry(mirror: &str, more: &str) -> Envwright {
    let registry = nowhere().split('/').nth(2).unwrap().to_owned();
    Envwright::new()
        .file("environment.yml", format!("name: app\nimage: {registry}/team/base:1\n"))
        .config(&format!("[registries.{registry:?}]\nmirrors = [{mirror:?}]\n[network]\nretries = 0\n{more}"))
}

#[test]
fn a_folder_of_layouts_is_a_mirror_of_a_registry() {
    let layouts = layouts();
    let mirror = format!("file://{}", layouts.path().display());
    let envwright = on_registry(&mirror, "");
    let built = envwright.run(&["build", "--json"]).succeeded().json();
    let index = fs_err::read_to_string(layouts.path().join("team/base/index.json")).unwrap();
    let index: Value = serde_json::from_str(&index).unwrap();
    assert_eq!(
        built["digest"], index["manifests"][0]["digest"],
        "an image that nothing is put on stays as it is"
    );
    let lacking =
        on_registry(&mirror, "").file("environment.yml", "name: app\nimage: 127.0.0.1:1/team/base:2\n");
    assert_ne!(lacking.run(&["build"]).code, Some(0));
}

#[test]
fn a_container_of_layouts_is_a_mirror_of_a_registry() {
    let (store, layouts) = (Store::azure(), layouts());
    let root = layouts.path().join("team/base");
    let mut files = vec!["index.json".to_owned()];
    for blob in fs_err::read_dir(root.join("blobs/sha256")).unwrap() {
        files.push(format!("blobs/sha256/{}", blob.unwrap().file_name().to_str().unwrap()));
    }
    for file in files {
        store.put(&format!("team/base/{file}"), &fs_err::read(root.join(&file)).unwrap());
    }
    let envwright = on_registry(&store.url, &store.table());
    let opened =
        store.variables().into_iter().fold(envwright, |home, (name, value)| home.variable(name, value));
    opened.run(&["build"]).succeeded();
}

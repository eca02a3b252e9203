//! Images pulled from a registry into the store, and images that are used as they are.

use super::{
    image::{Empty, Image, complete, definition},
    proxy::{Fate, Proxy},
};
use crate::support::{Envwright, registry::Registry};
use std::process::Command;

/// A home that knows nothing.
fn newcomer() -> Envwright {
    let envwright = Envwright::new();
    let docker = envwright.folder().join("docker");
    envwright.variable("DOCKER_CONFIG", docker)
}

/// A definition that names an image and puts nothing on it.
fn alone(image: &str) -> Envwright {
    let text = format!("name: alone\nimage: {image}\nplatforms: [linux/amd64]\n");
    newcomer().file("environment.yml", &text)
}

/// Pushes the image of one platform as `team/app:1`, and gives its digest.
#[track_caller]
fn push_app(registry: &Registry) -> String {
    let name = registry.reference("team/app:1");
    let platform = ["--platform", "linux/amd64"];
    let built = definition()
        .run(&[&["build", "-t", &name, "--push", "--json"][..], &platform].concat())
        .succeeded()
        .json();
    built["digest"].as_str().unwrap().to_owned()
}

#[test]
fn an_image_of_two_platforms_moves_on_to_another_registry_as_it_is() {
    let (first, second) = (Empty::registry(), Empty::registry());
    let image = Image::for_two_platforms();
    let name = first.registry.reference("team/app:1");
    image.push(&name).succeeded();
    let newcomer = newcomer();
    let pulled = newcomer.run(&["pull", "--all-platforms", &name, "app:2", "--json"]).succeeded().json();
    assert_eq!((&pulled["name"], &pulled["digest"]), (&"app:2".into(), &image.digest.as_str().into()));
    newcomer.run(&["push", "app:2", &second.registry.reference("other:1")]).succeeded();
    complete(&second.registry, "other", "1", &image.digest);
}

#[test]
fn of_several_platforms_one_is_pulled_where_one_is_named() {
    let empty = Empty::registry();
    let image = Image::for_two_platforms();
    let name = empty.registry.reference("team/app:1");
    image.push(&name).succeeded();
    let newcomer = newcomer();
    let pulled = newcomer.run(&["pull", "--platform", "linux/arm64", &name, "--json"]).succeeded().json();
    assert_ne!(pulled["digest"], *image.digest);
    let images = newcomer.run(&["images", "--json"]).succeeded().json();
    assert_eq!((&images[0]["name"], &images[0]["digest"]), (&name.as_str().into(), &pulled["digest"]));
}

#[test]
fn what_is_pulled_by_its_digest_is_not_called_the_latest() {
    let empty = Empty::registry();
    let digest = push_app(&empty.registry);
    let name = format!("{}@{digest}", empty.registry.reference("team/app"));
    let pulled = newcomer().run(&["pull", "--platform", "linux/amd64", &name, "--json"]).succeeded().json();
    let tag = format!("team/app:sha256-{}", &digest["sha256:".len()..][..12]);
    assert_eq!(pulled["name"], empty.registry.reference(&tag));
}

#[test]
fn an_image_of_dockers_media_types_keeps_its_digest() {
    let (first, second) = (Empty::registry(), Empty::registry());
    let name = first.registry.reference("team/app:1");
    // Docker's types know no zstd.
    definition()
        .run(&["build", "-t", &name, "--push", "--platform", "linux/amd64", "--compression", "gzip"])
        .succeeded();
    let copy = Command::new("skopeo")
        .args(["copy", "--format", "v2s2", "--src-tls-verify=false", "--dest-tls-verify=false"])
        .args(
            ["team/app:1", "team/docker:1"]
                .map(|name| format!("docker://{}", first.registry.reference(name))),
        )
        .output()
        .unwrap();
    assert!(copy.status.success(), "{}", String::from_utf8_lossy(&copy.stderr));
    let newcomer = newcomer();
    let name = first.registry.reference("team/docker:1");
    let pulled =
        newcomer.run(&["pull", "--platform", "linux/amd64", &name, "app:3", "--json"]).succeeded().json();
    newcomer.run(&["push", "app:3", &second.registry.reference("docker:1")]).succeeded();
    complete(&second.registry, "docker", "1", pulled["digest"].as_str().unwrap());
}

#[test]
fn an_image_that_nothing_is_put_on_is_found_and_no_layer_moves() {
    let empty = Empty::registry();
    let digest = push_app(&empty.registry);
    let name = empty.registry.reference("team/app:1");
    let alone = alone(&name);
    let built = alone.run(&["build", "--json"]).succeeded().json();
    assert_eq!((&built["digest"], &built["as_it_is"]), (&digest.as_str().into(), &true.into()));
    assert_eq!(built["names"][0], *name);
    // The manifest and the configuration, and nothing of 40 MB.
    let blobs = alone.home().join("images/blobs/sha256");
    let kept: u64 = blobs.read_dir().unwrap().map(|blob| blob.unwrap().metadata().unwrap().len()).sum();
    assert!(kept < 100_000, "{kept} bytes");
    // It is looked for each time.
    drop(empty);
    assert_eq!(alone.run(&["build", "--json"]).code, Some(3));
}

#[test]
fn an_image_that_nothing_is_put_on_is_written_where_it_is_wanted() {
    let (first, second) = (Empty::registry(), Empty::registry());
    let digest = push_app(&first.registry);
    let alone = alone(&first.registry.reference("team/app:1"));
    let name = second.registry.reference("copy:1");
    alone.run(&["build", "-t", &name, "--push"]).succeeded();
    complete(&second.registry, "copy", "1", &digest);
}

#[test]
fn the_lock_of_an_image_that_nothing_is_put_on_holds_it() {
    let empty = Empty::registry();
    let first = push_app(&empty.registry);
    let name = empty.registry.reference("team/app:1");
    let alone = alone(&name);
    alone.run(&["lock"]).succeeded();
    definition()
        .file("small.txt", "other\n")
        .run(&["build", "-t", &name, "--push", "--platform", "linux/amd64"])
        .succeeded();
    let locked = alone.run(&["build", "--locked", "--json"]).succeeded().json();
    assert_eq!(locked["digest"], *first);
    let upgraded = alone.run(&["build", "--upgrade", "--json"]).succeeded().json();
    assert_ne!(upgraded["digest"], *first);
}

#[test]
fn an_image_that_nothing_is_put_on_must_be_there_and_fit() {
    let empty = Empty::registry();
    push_app(&empty.registry);
    let root = |image: &str, platform: &str| {
        let ran = alone(&empty.registry.reference(image)).run(&["build", "--platform", platform, "--json"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        ran.json()["root"]["problem"].clone()
    };
    assert_eq!(root("team/app:2", "linux/amd64"), "registry-not-found");
    assert_eq!(root("team/app:1", "linux/arm64"), "registry-platform-mismatch");
}

/// A registry that nobody answers for.
const NOBODY: &str = "127.0.0.1:1";

fn with_mirrors(envwright: Envwright, mirrors: &[&str]) -> Envwright {
    envwright.config(&format!("[registries.\"{NOBODY}\"]\nmirrors = {mirrors:?}\n[network]\nretries = 0\n"))
}

#[test]
fn a_mirror_has_the_image_where_its_registry_is_not_reached() {
    let (without, with) = (Empty::registry(), Empty::registry());
    let digest = push_app(&with.registry);
    let mirrors = [without.registry.address.as_str(), NOBODY, &with.registry.address];
    let newcomer = with_mirrors(newcomer(), &mirrors);
    let name = format!("{NOBODY}/team/app:1");
    let pulled = newcomer.run(&["pull", "--platform", "linux/amd64", &name, "--json"]).succeeded().json();
    assert_eq!((&pulled["name"], &pulled["digest"]), (&name.as_str().into(), &digest.as_str().into()));
    let built = with_mirrors(alone(&name), &mirrors).run(&["build", "--json"]).succeeded().json();
    assert_eq!(built["digest"], *digest);
}

#[test]
fn what_no_mirror_has_is_told_of_the_registry() {
    let without = Empty::registry();
    let newcomer = with_mirrors(newcomer(), &[&without.registry.address]);
    let ran = newcomer.run(&["pull", "--platform", "linux/amd64", &format!("{NOBODY}/team/app:1"), "--json"]);
    let root = ran.json()["root"].clone();
    assert_eq!(
        (&root["problem"], &root["facts"]["host"]),
        (&"net-unreachable".into(), &"127.0.0.1".into()),
        "{ran}"
    );
}

#[test]
fn a_mirror_that_is_no_host_is_told() {
    let newcomer = with_mirrors(newcomer(), &["team/mirror"]);
    let ran = newcomer.run(&["pull", "team/app:1", "--json"]);
    assert_eq!(ran.json()["root"]["problem"], "image-name-invalid", "{ran}");
}

#[test]
fn a_manifest_of_dockers_first_schema_is_told() {
    let empty = Empty::registry();
    let manifest = r#"{"schemaVersion":1,"name":"team/old","tag":"1","architecture":"amd64","fsLayers":[]}"#;
    let proxy = Proxy::start(&empty.registry, move |request| {
        if request.target.contains("/manifests/") {
            let kind = "Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws\r\n";
            return Fate::answered("200 OK", kind, manifest);
        }
        Fate::Passed
    });
    let ran = newcomer().run(&["pull", &proxy.reference("team/old:1"), "--json"]);
    assert_eq!(ran.json()["root"]["problem"], "image-schema1-unsupported", "{ran}");
    assert_eq!(ran.code, Some(1), "{ran}");
}

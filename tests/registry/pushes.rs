//! Pushes that nothing disturbs, and what they send.

use super::{
    image::{Empty, Image, complete, definition, manifest, on},
    proxy::{Fate, Gate, Proxy},
};
use std::sync::Arc;

#[test]
fn a_build_with_push_sends_each_byte_once_and_the_tag_last() {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, |_| Fate::Passed);
    let (envwright, name) = (definition(), proxy.reference("team/app:1"));
    let built = envwright.run(&["build", "-t", &name, "--push", "--json"]).succeeded().json();
    let blobs = complete(&empty.registry, "team/app", "1", built["digest"].as_str().unwrap());
    proxy.tagged_last("team/app", "1");
    assert_eq!(proxy.uploaded(), blobs);
}

#[test]
fn an_image_goes_where_its_name_says() {
    let empty = Empty::registry();
    let (envwright, name) = (definition(), empty.registry.reference("team/deep/app:1"));
    let built = envwright.run(&["build", "-t", &name, "--json"]).succeeded().json();
    let pushed = envwright.run(&["push", &name, "--json"]).succeeded().json();
    assert_eq!(built["digest"], pushed["digest"]);
    complete(&empty.registry, "team/deep/app", "1", pushed["digest"].as_str().unwrap());
}

#[test]
fn a_destination_without_a_tag_is_the_latest() {
    let empty = Empty::registry();
    let image = Image::build();
    image.push(&empty.registry.reference("team/app")).succeeded();
    complete(&empty.registry, "team/app", "latest", &image.digest);
}

#[test]
fn a_second_push_sends_no_blob() {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, |_| Fate::Passed);
    let image = Image::build();
    image.pushed(&proxy, &empty.registry);

    proxy.forget();
    image.push(&proxy.reference("team/app:1")).succeeded();
    assert_eq!(proxy.uploaded(), 0);
    complete(&empty.registry, "team/app", "1", &image.digest);

    // Under another tag, only the manifest is sent.
    proxy.forget();
    image.push(&proxy.reference("team/app:2")).succeeded();
    assert_eq!(proxy.uploaded(), 0);
    proxy.tagged_last("team/app", "2");
    complete(&empty.registry, "team/app", "2", &image.digest);
}

#[test]
fn each_platforms_manifest_is_there_before_the_index() {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, |_| Fate::Passed);
    Image::for_two_platforms().pushed(&proxy, &empty.registry);
}

#[test]
fn addresses_of_uploads_may_be_paths() {
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, |_| Fate::Relative);
    Image::build().pushed(&proxy, &empty.registry);
}

#[test]
fn several_blobs_go_at_once() {
    let (empty, gate) = (Empty::registry(), Gate::of(2));
    let shared = Arc::clone(&gate);
    let proxy = Proxy::start(&empty.registry, move |request| {
        let sends = request.target.contains("/blobs/uploads/") && request.length > 0;
        if sends { Fate::Gathered(Arc::clone(&shared)) } else { Fate::Passed }
    });
    Image::build().pushed(&proxy, &empty.registry);
    assert!(gate.opened(), "{:#?}", proxy.seen());
}

#[test]
fn several_blobs_come_at_once() {
    let (empty, gate) = (Empty::registry(), Gate::of(2));
    let mut image = "scratch".to_owned();
    for repository in ["one", "two"] {
        let name = empty.registry.reference(&format!("team/{repository}:1"));
        on(&image, "").run(&["build", "-t", &name, "--push"]).succeeded();
        image = name;
    }
    let layers: Vec<_> =
        manifest(&empty.registry, "team/two", "1").value["layers"].as_array().unwrap().clone();
    let layers: Vec<_> = layers.iter().map(|layer| layer["digest"].as_str().unwrap().to_owned()).collect();
    let shared = Arc::clone(&gate);
    let proxy = Proxy::start(&empty.registry, move |request| {
        let comes = request.method == "GET" && layers.iter().any(|layer| request.target.ends_with(layer));
        if comes { Fate::Gathered(Arc::clone(&shared)) } else { Fate::Passed }
    });
    on(&proxy.reference("team/two:1"), "").run(&["build"]).succeeded();
    assert!(gate.opened(), "{:#?}", proxy.seen());
}

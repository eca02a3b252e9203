//! Pushes that cannot succeed.

use super::{
    image::{Empty, Image, on},
    proxy::{Fate, Proxy},
};
use crate::support::Ran;

/// A push ends with this exit code and root problem.
#[track_caller]
pub(crate) fn refused(image: &Image, destination: &str, code: i32, problem: &str) -> Ran {
    let failed = image.push(destination);
    assert_eq!(failed.code, Some(code), "{failed}");
    assert_eq!(failed.json()["root"]["problem"], problem, "{failed}");
    failed
}

#[test]
fn a_host_without_an_address_is_dns() {
    let image = Image::build();
    refused(&image, "registry.invalid/team/app:1", 3, "registry-dns");
}

#[test]
fn an_image_that_the_store_does_not_have_is_not_found() {
    let image = Image::build();
    let failed = image.envwright.run(&["push", "other:1", "127.0.0.1:1/team/app:1", "--json"]);
    assert_eq!(failed.code, Some(1), "{failed}");
    assert_eq!(failed.json()["root"]["problem"], "image-not-found", "{failed}");
}

#[test]
fn every_refusal_has_its_own_name_and_no_tag_is_set() {
    let image = Image::build();
    let denied = r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
    for (method, status, body, code, problem) in [
        ("POST", "403 Forbidden", denied, 3, "registry-push-denied"),
        ("PUT", "403 Forbidden", denied, 3, "registry-push-denied"),
        ("PUT", "507 Insufficient Storage", "", 3, "registry-quota"),
    ] {
        let empty = Empty::registry();
        let proxy = Proxy::start(&empty.registry, move |request| {
            if request.method == method { Fate::answered(status, "", body) } else { Fate::Passed }
        });
        refused(&image, &proxy.reference("team/app:1"), code, problem);
        let (head, _) = empty.registry.ask("GET", "/v2/team/app/manifests/1", "", "*/*");
        assert!(head.contains(" 404 "), "{method} {status}: {head}");
    }
}

/// Each session gets one chunk, and is cut in the next: what is only sent again must not count as a way forward.
#[test]
fn a_connection_that_is_always_cut_at_the_same_place_ends_the_push() {
    let image = Image::build();
    let empty = Empty::registry();
    let mut chunks = 0;
    let proxy = Proxy::start(&empty.registry, move |request| {
        if request.method != "PATCH" {
            return Fate::Passed;
        }
        chunks += 1;
        if chunks % 2 == 1 { Fate::Passed } else { Fate::Reset { after: 1000, forwarded: true } }
    });
    refused(&image, &proxy.reference("team/app:1"), 3, "net-connection-reset");
}

#[test]
fn a_registry_that_forgets_every_upload_ends_the_push() {
    let image = Image::build();
    let empty = Empty::registry();
    let proxy = Proxy::start(&empty.registry, |request| match request.method.as_str() {
        "PATCH" => Fate::answered("416 Requested Range Not Satisfiable", "", ""),
        "GET" if request.target.contains("/uploads/") => Fate::answered("404 Not Found", "", ""),
        _ => Fate::Passed,
    });
    refused(&image, &proxy.reference("team/app:1"), 3, "net-io");
}

#[test]
fn a_limit_that_lasts_ends_with_how_long_to_wait() {
    let empty = Empty::registry();
    on("scratch", "").run(&["build", "-t", &empty.registry.reference("team/base:1"), "--push"]).succeeded();
    // What asks which protocol is spoken is let through.
    for limited in ["/manifests/", "/blobs/"] {
        let proxy = Proxy::start(&empty.registry, move |request| {
            if request.target.contains(limited) {
                Fate::answered("429 Too Many Requests", "Retry-After: 3600\r\n", "")
            } else {
                Fate::Passed
            }
        });
        let (push, pull) = (proxy.reference("team/app:1"), proxy.reference("team/base:1"));
        let once = "[network]\nretries = 0\n";
        let pushed = on("scratch", "").config(once).run(&["build", "-t", &push, "--push", "--json"]);
        let pulled = on(&pull, "").config(once).run(&["build", "--json"]);
        for ran in [pushed, pulled] {
            assert_eq!(ran.code, Some(3), "{ran}");
            let root = &ran.json()["root"];
            assert_eq!(root["problem"], "registry-rate-limited", "{ran}");
            assert_eq!(
                (&root["facts"]["host"], &root["facts"]["wait"]),
                (&(*proxy.address).into(), &"3600 s".into())
            );
            assert!(root["facts"]["image"].as_str().unwrap().starts_with(&proxy.address), "{ran}");
            assert!(ran.stdout.contains("docker login"), "its remedy is told: {ran}");
        }
    }
}

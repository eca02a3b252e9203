//! Other places of what an index or a Debian mirror has: asked in order, a folder among them.

use crate::support::{
    Envwright,
    base::{BOOKWORM, write_base},
    debian::{Package, Repository},
    index::Index,
    server::{Answer, Server},
    wheel::{Wheel, is_wheel, sha256, wheel},
    write,
};

pub(super) fn requests() -> Wheel {
    wheel("requests", "2.31.0").file("requests/data.txt", "text")
}

/// A home whose index has these mirrors.
pub(super) fn mirrored(index: &str, mirrors: &[String]) -> Envwright {
    let list: Vec<String> = mirrors.iter().map(|mirror| format!("{mirror:?}")).collect();
    Envwright::new()
        .on_base(&BOOKWORM, "requests\n")
        .index(&format!("{index}simple/"))
        .config(&format!("[network]\nretries = 1\n[mirrors]\n{index:?} = [{}]\n", list.join(", ")))
}

fn root(url: &str) -> String {
    url.trim_end_matches("simple/").to_owned()
}

pub(super) fn nowhere() -> String {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{closed}/")
}

#[test]
fn mirrors_are_asked_in_order_and_the_lock_names_the_index_itself() {
    let mirror = Index::of(&[requests()]);
    let empty = Server::start(|_| Answer::status("404 Not Found", ""));
    let index = nowhere();
    let envwright = mirrored(&index, &[nowhere(), empty.url("/"), root(&mirror.url())]);
    envwright.run(&["lock"]).succeeded();
    let lock = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    assert!(lock.contains(&format!("{index}files/requests-2.31.0-py3-none-any.whl")), "{lock}");
    envwright.run(&["build"]).succeeded();
    assert!(mirror.requests().iter().any(|request| is_wheel(request)), "{:?}", mirror.requests());
    assert!(empty.requests().iter().any(|request| request.contains("/simple/requests/")));
}

#[test]
fn the_index_itself_is_asked_where_its_mirrors_have_nothing() {
    let index = Index::of(&[requests()]);
    let empty = Server::start(|_| Answer::status("404 Not Found", ""));
    mirrored(&root(&index.url()), &[empty.url("/")]).run(&["build"]).succeeded();
    assert!(empty.requests().iter().any(|request| is_wheel(request)), "{:?}", empty.requests());
    assert!(index.requests().iter().any(|request| is_wheel(request)), "{:?}", index.requests());
}

#[test]
fn a_file_that_is_wrong_at_a_mirror_comes_from_the_next_place() {
    let index = Index::of(&[requests()]);
    let wrong = Index::with_faults(&[requests()], |path| {
        is_wheel(path).then(|| Answer::file("application/octet-stream", b"other bytes"))
    });
    mirrored(&root(&index.url()), &[root(&wrong.url())]).run(&["build"]).succeeded();
    assert!(index.requests().iter().any(|request| is_wheel(request)), "{:?}", index.requests());
}

#[test]
fn a_folder_is_a_mirror_and_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = requests().bytes();
    let link =
        format!("<a href=\"../../files/{0}#sha256={1}\">{0}</a>", requests().filename(), sha256(&bytes));
    write(&folder.path().join("simple/requests/index.html"), format!("<!DOCTYPE html>{link}").as_bytes());
    write(&folder.path().join("files").join(requests().filename()), &bytes);
    let index = nowhere();
    let envwright = mirrored(&index, &[format!("file://{}/", folder.path().display())]);
    envwright.run(&["build"]).succeeded();
    envwright.run(&["lock"]).succeeded();
    let lock = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    assert!(lock.contains(&index) && !lock.contains("file:"), "{lock}");
}

#[test]
fn what_each_place_said_is_told() {
    let empty = Server::start(|_| Answer::status("403 Forbidden", ""));
    let failed = mirrored(&nowhere(), &[empty.url("/")]).run(&["build"]);
    assert_eq!(failed.code, Some(3), "{failed}");
    assert!(failed.stderr.contains("net-forbidden"), "{failed}");
    assert!(
        failed.stderr.contains("Asked as well") && failed.stderr.contains("cannot be reached"),
        "{failed}"
    );
}

#[test]
fn a_mirror_that_is_no_address_is_shown_in_the_configuration() {
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "requests\n")
        .config("[mirrors]\n\"https://index.example\" = [\"mirror.example\"]\n");
    let failed = envwright.run(&["build", "--json"]);
    assert_eq!(failed.code, Some(1), "{failed}");
    assert_eq!(failed.json()["root"]["problem"], "configuration-invalid", "{failed}");
}

#[test]
fn a_mirror_of_debian_has_other_places_too() {
    let hello = Package::new("hello", "1.0").file("usr/share/hello/text", "text");
    let repository = Repository::with("bookworm", &[hello]);
    let (origin, empty) = (nowhere(), Server::start(|_| Answer::status("404 Not Found", "")));
    let source = repository.source("bookworm").replace(&repository.url(), &origin);
    let status = "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
    let files = [("var/lib/dpkg/status", status), ("etc/apt/sources.list.d/test.sources", &*source)];
    let mirrors = [empty.url("/"), repository.url()];
    let envwright = Envwright::new()
        .file("environment.yml", "name: app\nimage: oci:base\napt: [hello]\n")
        .config(&format!("[network]\nretries = 0\n[mirrors]\n{origin:?} = {mirrors:?}\n"));
    write_base(&envwright.folder().join("base"), &[&BOOKWORM[..], &files].concat());
    envwright.run(&["lock"]).succeeded();
    envwright.run(&["build"]).succeeded();
    let lock = fs_err::read_to_string(envwright.folder().join("envwright.lock")).unwrap();
    assert!(lock.contains(&origin) && !lock.contains(&repository.url()), "{lock}");
    assert!(empty.requests().iter().any(|request| request.ends_with(".deb")), "{:?}", empty.requests());
}

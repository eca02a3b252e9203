//! Locks that are not of the definition, and work without a network.

use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    server::Server,
    wheel::{sha256, wheel},
};

fn index() -> Index {
    Index::of(&[wheel("requests", "2.31.0"), wheel("requests", "2.32.0"), wheel("idna", "3.7")])
}

#[test]
fn with_locked_there_must_be_a_lock() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index().url());
    assert_failure!(envwright, ["build", "--locked"], 1, "lock-stale", {});
}

#[test]
fn with_locked_a_changed_definition_makes_the_lock_stale() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests==2.31.0\n").index(&index().url());
    envwright.run(&["lock"]).succeeded();
    envwright.run(&["build", "--locked"]).succeeded();
    let envwright = envwright.file("requirements.txt", "requests==2.32.0\n");
    assert_failure!(envwright, ["build", "--locked"], 1, "lock-stale", {});
    assert_eq!(envwright.run(&["lock", "--check"]).code, Some(1));
}

/// As a process leaves them that is killed between its two files.
/// As a process leaves them that is killed between the two.
#[test]
fn lock_files_of_which_one_was_written_are_no_lock() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests==2.31.0\n").index(&index().url());
    envwright.run(&["lock"]).succeeded();
    let before = fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap();
    let envwright = envwright.file("requirements.txt", "requests==2.32.0\n");
    envwright.run(&["lock"]).succeeded();
    let whole = envwright.run(&["build", "--json"]).succeeded().json();
    let own = fs_err::read_to_string(envwright.folder().join("envwright.lock")).unwrap();
    let begun =
        own.replacen("pixi = ", &format!("replaced = \"sha256:{}\"\npixi = ", sha256(before.as_bytes())), 1);
    let envwright = envwright.file("pixi.lock", before).file("envwright.lock", begun);
    assert_failure!(envwright, ["build", "--locked"], 1, "lock-stale", {});
    assert_eq!(envwright.run(&["build", "--json"]).succeeded().json()["digest"], whole["digest"]);
    envwright.run(&["lock"]).succeeded();
    assert_eq!(fs_err::read_to_string(envwright.folder().join("envwright.lock")).unwrap(), own);
}

#[test]
fn the_lock_of_another_tool_is_not_written_over() {
    let envwright = Envwright::new()
        .on_base(&BOOKWORM, "requests\n")
        .index(&index().url())
        .file("pixi.lock", "version: 6\n");
    assert_failure!(envwright, ["lock"], 1, "lock-foreign", {});
    assert_eq!(fs_err::read_to_string(envwright.folder().join("pixi.lock")).unwrap(), "version: 6\n");
}

#[test]
fn a_lock_that_another_tool_has_changed_is_not_written_over() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index().url());
    envwright.run(&["lock"]).succeeded();
    let path = envwright.folder().join("pixi.lock");
    let changed = format!("{}# changed\n", fs_err::read_to_string(&path).unwrap());
    fs_err::write(&path, &changed).unwrap();
    let envwright = envwright.file("requirements.txt", "requests\nidna\n");
    assert_failure!(envwright, ["build"], 1, "lock-foreign", {});
    assert_eq!(envwright.run(&["lock", "--upgrade"]).code, Some(1));
    assert_eq!(fs_err::read_to_string(&path).unwrap(), changed);
}

#[test]
fn a_lock_that_was_cut_short_is_invalid() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index().url());
    envwright.run(&["lock"]).succeeded();
    let envwright = envwright.file("envwright.lock", "version = 1\ndefini");
    assert_failure!(envwright, ["build"], 1, "lock-invalid", {});
}

#[test]
fn offline_names_the_index_page_that_was_never_read() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index().url());
    assert_failure!(envwright, ["build", "--offline"], 1, "offline-miss", { "package": "requests" });
}

#[test]
fn offline_names_the_file_that_was_never_fetched() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests==2.31.0\n").index(&index().url());
    envwright.run(&["lock"]).succeeded();
    assert_failure!(envwright, ["build", "--offline"], 1, "offline-miss", {});
}

#[test]
fn offline_names_the_package_lists_that_were_never_read() {
    let server = Server::start(|_| panic!("nothing may be asked"));
    let envwright = Envwright::new()
        .file("requirements.txt", "requests\n")
        .config(&format!("[debian]\nmirror = \"{}\"\n", server.url("/debian")));
    assert_failure!(envwright, ["build", "--offline"], 1, "offline-miss", {});
    assert!(server.requests().is_empty());
}

#[test]
fn offline_the_second_build_needs_nothing() {
    let envwright = Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index().url());
    let first = envwright.run(&["build"]).succeeded();
    assert_eq!(envwright.run(&["build", "--offline"]).succeeded().stdout, first.stdout);
}

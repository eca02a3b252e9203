//! Disks that are too small are told so before anything is fetched.

use crate::support::{
    Envwright,
    base::BOOKWORM,
    index::Index,
    machine::command,
    wheel::{is_wheel, wheel},
};

/// An index whose page says how large its file is: a lock knows it, and a build asks nothing more.
#[test]
fn what_cannot_fit_is_refused_before_it_is_fetched() {
    let large = wheel("large", "1.0").file("large/data.bin", &"0123456789abcdef".repeat(200_000));
    let index = Index::of(&[large]);
    let envwright = Envwright::new().on_base(&BOOKWORM, "large\n").index(&index.url());
    envwright.run(&["lock"]).succeeded();
    let lock = fs_err::read_to_string(envwright.folder().join("envwright.lock")).unwrap();
    // The simple API's pages say no sizes; other indexes do.
    let known = "requested = true\nsize = 3200000\n";
    let lock = lock.replace("requested = true\n", known);
    assert!(lock.contains(known), "{lock}");
    crate::support::write(&envwright.folder().join("envwright.lock"), lock.as_bytes());

    let home = envwright.home();
    let mounted =
        command("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&home).output().unwrap();
    assert!(mounted.status.success(), "this test mounts a file system, which needs root");
    let given = envwright.run(&["build", "--json"]);
    let shown = envwright.run(&["build"]);
    command("umount").arg(&home).output().unwrap();

    assert_eq!(given.code, Some(1), "{given}");
    let root = &given.json()["root"];
    assert_eq!(root["problem"], "disk-full");
    assert_eq!(root["facts"]["needed"], "4.5 MiB");
    assert!(root["facts"]["path"].as_str().unwrap().ends_with("home/packages"), "{root:#}");
    let fetched = index.requests().into_iter().filter(|request| is_wheel(request)).count();
    assert_eq!(fetched, 0, "it was fetched all the same");
    let available = root["facts"]["available"].as_str().unwrap();
    assert!(available.ends_with("MiB"), "{available}");
    let mut settings = shown.settings();
    settings.add_filter("[0-9.]+ MiB are free", "[SIZE] are free");
    settings.bind(|| insta::assert_snapshot!(shown.to_string()));

    // With room there is a build.
    for lock in ["envwright.lock", "pixi.lock"] {
        fs_err::remove_file(envwright.folder().join(lock)).unwrap();
    }
    envwright.run(&["build"]).succeeded();
}

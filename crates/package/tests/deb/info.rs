//! What dpkg would have written of a package in its own folder.

use super::build::{Packed, TIME, Tar, control, deb, header, pack};
use tar::EntryType;

const SUMS: &str = "9dd4e461268c8034f5c8564e155c67a6  usr/share/x\n";

fn scripted(about: &str) -> Vec<u8> {
    let control = Tar::new()
        .directory("./")
        .file("./control", about)
        .file("./conffiles", "/etc/x\n")
        .file("./md5sums", SUMS)
        .file("./postinst", "#!/bin/sh\n")
        .file("./triggers", "activate-noawait ldconfig\n");
    let data = Tar::new()
        .directory("./")
        .directory("./etc/")
        .file("./etc/x", "1")
        .directory("./usr/")
        .symlink("./usr/l", "x");
    deb(&control.bytes(), &data.bytes())
}

fn info(packed: &Packed) -> Vec<(&str, u32)> {
    let members = packed
        .members
        .iter()
        .filter_map(|member| Some((member.path.strip_prefix("var/lib/dpkg/info/")?, member.mode)));
    members.collect()
}

#[test]
fn the_index_has_the_texts_of_the_control_archive() {
    let about = "Package: pkg\nVersion: 1.0-1\n";
    let texts = pack(&scripted(about)).unwrap().index.metadata;
    let names: Vec<_> = texts.keys().map(String::as_str).collect();
    assert_eq!(names, ["conffiles", "control", "md5sums", "postinst", "triggers"]);
    assert_eq!(texts["control"], about);
    assert_eq!(texts["conffiles"], "/etc/x\n");
    assert_eq!(texts["md5sums"], SUMS);
}

#[test]
fn all_but_the_control_file_lie_in_the_info_folder_and_scripts_can_be_run() {
    let packed = pack(&scripted("Package: pkg\nVersion: 1.0-1\n")).unwrap();
    let expected = [
        ("pkg.conffiles", 0o644),
        ("pkg.list", 0o644),
        ("pkg.md5sums", 0o644),
        ("pkg.postinst", 0o755),
        ("pkg.triggers", 0o644),
    ];
    assert_eq!(info(&packed), expected);
    let sums = packed.member("var/lib/dpkg/info/pkg.md5sums");
    assert_eq!((sums.body.as_str(), sums.mtime, sums.owner), (SUMS, TIME, (0, 0)));
}

#[test]
fn the_list_names_all_in_the_archives_order_and_spelling() {
    let packed = pack(&scripted("Package: pkg\nVersion: 1.0-1\n")).unwrap();
    let list = &packed.member("var/lib/dpkg/info/pkg.list").body;
    assert_eq!(list, "/.\n/etc\n/etc/x\n/usr\n/usr/l\n");
}

#[test]
fn packages_that_may_stand_side_by_side_carry_their_architecture() {
    let about = "Package: pkg\nVersion: 1.0-1\nArchitecture: amd64\nMulti-Arch: same\n";
    assert_eq!(info(&pack(&scripted(about)).unwrap())[1].0, "pkg:amd64.list");
    let about = about.replace("same", "foreign");
    assert_eq!(info(&pack(&scripted(&about)).unwrap())[1].0, "pkg.list");
}

#[test]
fn times_are_those_of_the_control_archive() {
    let mut about = header("./control", EntryType::Regular, "");
    about.set_mtime(5);
    let control = Tar::new().add(about, "Package: pkg\nVersion: 1.0-1\n").file("./shlibs", "");
    let packed = pack(&deb(&control.bytes(), &Tar::new().bytes())).unwrap();
    assert_eq!(packed.member("var/lib/dpkg/info/pkg.list").mtime, 5);
    assert_eq!(packed.member("var/lib/dpkg/info/pkg.shlibs").mtime, TIME);
}

#[test]
fn a_package_without_files_has_its_list() {
    let packed = pack(&deb(&control().bytes(), &Tar::new().directory("./").bytes())).unwrap();
    assert_eq!(packed.member("var/lib/dpkg/info/pkg.list").body, "/.\n");
    assert!(packed.paths().is_empty());
}

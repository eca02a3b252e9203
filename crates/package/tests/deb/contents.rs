//! What a .deb's data become.

use super::build::{TIME, Tar, ar, control, deb, header, of, pack, pack_onto, pax};
use envwright_package::Rewrites;
use envwright_store::EntryKind;
use std::{io::Read as _, process::Command};
use tar::EntryType;

fn usual() -> Tar {
    Tar::new()
        .directory("./")
        .directory("./usr/")
        .directory("./usr/share/")
        .file("./usr/share/b", "beta")
        .file("./usr/share/a", "alpha")
        .symlink("./usr/share/l", "a")
}

#[test]
fn members_stand_in_byte_order_without_their_dot() {
    let packed = pack(&of(usual())).unwrap();
    assert_eq!(packed.paths(), ["usr/share/a", "usr/share/b", "usr/share/l"]);
    assert_eq!(packed.member("usr/share/b").body, "beta");
    assert_eq!(packed.member("usr/share/l").link.as_deref(), Some("a"));
    let listed: Vec<_> = packed.index.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(listed, packed.members.iter().map(|member| member.path.as_str()).collect::<Vec<_>>());
}

#[test]
fn names_without_a_dot_are_the_same() {
    let plain = Tar::new().directory("usr/").directory("usr/share/").file("usr/share/b", "beta");
    let plain = plain.file("usr/share/a", "alpha").symlink("usr/share/l", "a");
    assert_eq!(pack(&of(plain)).unwrap().members, pack(&of(usual())).unwrap().members);
}

#[test]
fn every_compression_gives_the_same_segment() {
    let (control, data) = (control().bytes(), usual().bytes());
    let gzip = |bytes: &[u8]| {
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(bytes, flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
        packed
    };
    let xz = |bytes: &[u8]| {
        let mut packed = Vec::new();
        liblzma::read::XzEncoder::new(bytes, 1).read_to_end(&mut packed).unwrap();
        packed
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let plain = pack(&deb(&control, &data)).unwrap();
    let packed = [
        ("gz", gzip(&control), gzip(&data)),
        ("xz", xz(&control), xz(&data)),
        ("zst", zstd(&control), zstd(&data)),
    ];
    for (ending, control, data) in packed {
        let (control_name, data_name) = (format!("control.tar.{ending}"), format!("data.tar.{ending}"));
        let version: (&str, &[u8]) = ("debian-binary", b"2.0\n");
        let deb = ar(&[version, (&control_name, &control), (&data_name, &data)]);
        let same = pack(&deb).unwrap();
        assert_eq!(same.index, plain.index, "{ending}");
    }
}

#[test]
fn modes_owners_and_times_are_kept() {
    let mut file = header("./f", EntryType::Regular, "");
    file.set_mode(0o4755);
    file.set_uid(7);
    file.set_gid(42);
    file.set_mtime(1_234_567_890);
    let mut folder = header("./d/", EntryType::Directory, "");
    folder.set_mode(0o2775);
    folder.set_gid(50);
    let packed = pack(&of(Tar::new().add(file, "x").add(folder, ""))).unwrap();
    let member = packed.member("f");
    assert_eq!((member.mode, member.owner, member.mtime), (0o4755, (7, 42), 1_234_567_890));
    let folder = packed.index.directories.iter().find(|folder| folder.path == "d").unwrap();
    let attributes = (folder.mode, folder.uid, folder.gid, folder.mtime, folder.implied);
    assert_eq!(attributes, (0o2775, 0, 50, TIME, false));
}

#[test]
fn folders_that_no_member_names_are_implied() {
    let packed = pack(&of(Tar::new().file("./a/b/c", ""))).unwrap();
    let implied: Vec<_> = packed.index.directories.iter().filter(|folder| folder.implied).collect();
    let paths: Vec<_> = implied.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(paths, ["a", "a/b", "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/info"]);
    assert!(implied.iter().all(|folder| folder.mode == 0o755 && folder.mtime == TIME));
}

#[test]
fn long_names_are_read_in_both_ways() {
    let long = format!("./usr/{}/{}", "d".repeat(120), "n".repeat(120));
    let gnu = [long.as_bytes(), b"\0"].concat();
    let member = || header("./short", EntryType::Regular, "");
    let record = format!("{} path={long}\n", long.len() + 10);
    let forms = [(EntryType::GNULongName, gnu), (EntryType::XHeader, record.into_bytes())];
    for (kind, extension) in forms {
        let packed = pack(&of(Tar::new().extended(kind, &extension, member(), "body"))).unwrap();
        assert_eq!(packed.member(&long[2..]).body, "body", "{kind:?}");
    }
}

#[test]
fn sizes_and_owners_that_pax_gives_go_before_the_headers() {
    let records = [pax("uid", "3000000"), pax("gid", "3000001")].concat();
    let member = header("./f", EntryType::Regular, "");
    let packed = pack(&of(Tar::new().extended(EntryType::XHeader, &records, member, "x"))).unwrap();
    assert_eq!(packed.member("f").owner, (3_000_000, 3_000_001));
}

#[test]
fn paths_go_through_the_links_of_a_merged_usr() {
    let data = Tar::new()
        .directory("./bin/")
        .directory("./lib/")
        .directory("./lib/systemd/")
        .file("./bin/tool", "tool")
        .hardlink("./bin/link", "./bin/tool")
        .file("./lib/systemd/unit", "unit")
        .symlink("./usr/bin/away", "/bin/tool");
    let packed = pack_onto(&of(data), &Rewrites::merged_usr()).unwrap();
    assert_eq!(packed.paths(), ["usr/bin/away", "usr/bin/link", "usr/bin/tool", "usr/lib/systemd/unit"]);
    // The text of a symbolic link is the package's own.
    assert_eq!(packed.member("usr/bin/away").link.as_deref(), Some("/bin/tool"));
    assert_eq!(packed.member("usr/bin/tool").link.as_deref(), Some("usr/bin/link"));
    let folders: Vec<_> = packed.index.directories.iter().map(|folder| folder.path.as_str()).collect();
    let usr = ["usr", "usr/bin", "usr/lib", "usr/lib/systemd", "var", "var/lib", "var/lib/dpkg"];
    assert_eq!(folders, [&usr[..], &["var/lib/dpkg/info"]].concat());
}

#[test]
fn a_link_from_one_side_of_a_merged_usr_to_the_other_is_the_file() {
    let forwards = Tar::new().file("./bin/sh", "shell").symlink("./usr/bin/sh", "/bin/sh");
    let backwards = Tar::new().symlink("./bin/sh", "/usr/bin/sh").file("./usr/bin/sh", "shell");
    for data in [forwards, backwards] {
        let packed = pack_onto(&of(data), &Rewrites::merged_usr()).unwrap();
        let sh = packed.member("usr/bin/sh");
        assert_eq!((sh.kind, sh.body.as_str()), (EntryType::Regular, "shell"));
    }
}

#[test]
fn the_first_of_a_files_names_is_the_file_whatever_the_order() {
    let data = Tar::new().file("./z", "body").hardlink("./m", "./z").hardlink("./a", "./m");
    let packed = pack(&of(data)).unwrap();
    assert_eq!(packed.member("a").body, "body");
    for link in ["m", "z"] {
        assert_eq!(packed.member(link).link.as_deref(), Some("a"));
        let entry = packed.index.entries.iter().find(|entry| entry.path == link).unwrap();
        assert_eq!(entry.kind, EntryKind::Hardlink { target: "a".to_owned() });
    }
}

#[test]
fn the_segment_is_a_function_of_the_package_not_of_its_order() {
    let one = Tar::new().file("./a", "1").file("./b", "2").directory("./c/");
    let other = Tar::new().directory("./c/").file("./b", "2").file("./a", "1");
    let (one, other) = (pack(&of(one)).unwrap(), pack(&of(other)).unwrap());
    let list = |member: &super::build::Member| member.path == "var/lib/dpkg/info/pkg.list";
    let without_list = |packed: super::build::Packed| {
        packed.members.into_iter().filter(|member| !list(member)).collect::<Vec<_>>()
    };
    assert_eq!(without_list(one), without_list(other));
}

/// Only where Debian's own tool is installed; the rest of this file needs nothing.
#[test]
fn what_dpkg_deb_builds_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    for path in ["DEBIAN", "usr/bin", "etc"] {
        fs_err::create_dir_all(tree.join(path)).unwrap();
    }
    let about =
        "Package: pkg\nVersion: 1.0-1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: b\n";
    fs_err::write(tree.join("DEBIAN/control"), about).unwrap();
    fs_err::write(tree.join("DEBIAN/conffiles"), "/etc/pkg.conf\n").unwrap();
    fs_err::write(tree.join("etc/pkg.conf"), "x = 1\n").unwrap();
    fs_err::write(tree.join("usr/bin/tool"), "#!/bin/sh\n").unwrap();
    fs_err::hard_link(tree.join("usr/bin/tool"), tree.join("usr/bin/again")).unwrap();
    let file = folder.path().join("pkg.deb");
    let mut command = Command::new("dpkg-deb");
    let built = command.args(["--root-owner-group", "-Zxz", "--build"]).args([&tree, &file]).output();
    let Ok(built) = built else { return };
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let packed = pack(&fs_err::read(&file).unwrap()).unwrap();
    assert_eq!(packed.paths(), ["etc/pkg.conf", "usr/bin/again", "usr/bin/tool"]);
    assert_eq!(packed.member("usr/bin/again").body, "#!/bin/sh\n");
    assert_eq!(packed.index.metadata["conffiles"], "/etc/pkg.conf\n");
}

//! .debs that want out, or that are not what they say.

use super::build::{Tar, ar, control, deb, header, of, pack, pack_onto, pax};
use envwright_diagnosis::Explain as _;
use envwright_package::{PackageError, Rewrites};
use tar::EntryType;

/// Asserts that each is refused as unsafe, for a reason with these words.
fn refused(cases: Vec<(&str, Vec<u8>)>) {
    for (words, deb) in cases {
        match pack(&deb).map(|packed| packed.members) {
            Err(error @ PackageError::Unsafe { .. }) => {
                assert!(error.to_string().contains(words), "{words}: {error}");
                assert_eq!(error.findings()[0].problem.as_str(), "archive-unsafe");
            }
            other => panic!("{words}: {other:?}"),
        }
    }
}

/// Asserts that each is refused as damaged, for a reason with these words.
fn invalid(cases: Vec<(&str, Vec<u8>)>) {
    for (words, deb) in cases {
        match pack(&deb).map(|packed| packed.members) {
            Err(error @ PackageError::Invalid { .. }) => {
                assert!(error.to_string().contains(words), "{words}: {error}");
                assert_eq!(error.findings()[0].problem.as_str(), "archive-invalid");
            }
            other => panic!("{words}: {other:?}"),
        }
    }
}

fn pax_path(path: &str) -> Vec<u8> {
    let member = header("./short", EntryType::Regular, "");
    of(Tar::new().extended(EntryType::XHeader, &pax("path", path), member, ""))
}

fn gnu_path(path: &str) -> Vec<u8> {
    let member = header("./short", EntryType::Regular, "");
    of(Tar::new().extended(EntryType::GNULongName, path.as_bytes(), member, ""))
}

fn raw_name(bytes: &[u8]) -> Vec<u8> {
    let mut header = header("", EntryType::Regular, "");
    header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
    of(Tar::new().add(header, ""))
}

#[test]
fn paths_that_lead_out_or_mean_two_things() {
    let file = |path: &str| of(Tar::new().file(path, "x"));
    refused(vec![
        ("goes up", file("../x")),
        ("goes up", file("./../x")),
        ("goes up", file("./a/../../x")),
        ("goes up", file("./a/..")),
        ("goes up", of(Tar::new().directory("./../d/"))),
        ("absolute", file("/etc/passwd")),
        ("absolute", file(".//etc/passwd")),
        ("empty component", file("./a//b")),
        ("empty component", file("./a/./b")),
        ("empty component", file("././a")),
        ("control character", file("./a\nb")),
        ("holds a NUL", pax_path("./a\0b")),
        ("not UTF-8", raw_name(b"./\xff\xfe")),
        ("too long", gnu_path(&format!("./{}", "n".repeat(256)))),
        ("too long", gnu_path(&format!("./{}", "d/".repeat(300)))),
        ("goes up", pax_path("./../pax")),
        ("goes up", gnu_path("./a/../../gnu")),
    ]);
}

#[test]
fn names_that_delete_in_a_layer() {
    refused(vec![
        ("whiteout", of(Tar::new().file("./etc/.wh.passwd", ""))),
        ("whiteout", of(Tar::new().file("./.wh..wh..opq", ""))),
        ("whiteout", of(Tar::new().directory("./.wh.d/"))),
    ]);
}

#[test]
fn members_behind_a_link_or_file() {
    refused(vec![
        ("passes through `out`", of(Tar::new().symlink("./out", "/etc").file("./out/passwd", "x"))),
        ("passes through `out`", of(Tar::new().file("./out/passwd", "x").symlink("./out", "/etc"))),
        ("passes through `f`", of(Tar::new().file("./f", "").file("./f/g/h", ""))),
        ("passes through `out`", of(Tar::new().symlink("./out", "..").directory("./out/d/"))),
        ("something else", of(Tar::new().directory("./d/").symlink("./d", "/etc"))),
        ("something else", of(Tar::new().directory("./d/").file("./d", ""))),
    ]);
}

#[test]
fn hard_links_to_what_is_not_the_packages() {
    let link = |target: &str| of(Tar::new().file("./f", "").hardlink("./l", target));
    let ring = of(Tar::new().hardlink("./a", "./b").hardlink("./b", "./a"));
    refused(vec![
        ("goes up", link("../../etc/shadow")),
        ("absolute", link("/etc/shadow")),
        ("no file of the package", link("./etc/shadow")),
        ("no file of the package", ring),
        ("no file of the package", of(Tar::new().hardlink("./a", "./a"))),
        ("no file of the package", of(Tar::new().symlink("./s", "/etc").hardlink("./l", "./s"))),
        ("no file of the package", of(Tar::new().directory("./d/").hardlink("./l", "./d"))),
        ("links to the root", link("./")),
        ("no path", link("")),
    ]);
}

#[test]
fn symbolic_links_without_a_target() {
    refused(vec![
        ("no path", of(Tar::new().symlink("./l", ""))),
        ("no path", of(Tar::new().symlink("./l", "a\nb"))),
    ]);
}

#[test]
fn what_is_neither_file_nor_link_nor_folder() {
    let kind = |kind| of(Tar::new().kind("./x", kind));
    refused(vec![
        ("not unpacked", kind(EntryType::Char)),
        ("not unpacked", kind(EntryType::Block)),
        ("not unpacked", kind(EntryType::Fifo)),
        ("not unpacked", kind(EntryType::new(b'Z'))),
    ]);
}

#[test]
fn members_that_are_there_twice() {
    refused(vec![
        ("twice", of(Tar::new().file("./a", "1").file("./a", "2"))),
        ("twice", of(Tar::new().file("./a", "1").file("a", "1"))),
        ("twice", of(Tar::new().symlink("./a", "/etc").file("./a", "2"))),
        ("twice", of(Tar::new().file("./a", "2").symlink("./a", "/etc"))),
        ("twice", of(Tar::new().file("./a", "").file("./b", "").hardlink("./b", "./a"))),
    ]);
    let both_sides = of(Tar::new().file("./bin/x", "1").file("./usr/bin/x", "2"));
    assert!(pack(&both_sides).is_ok());
    let merged = pack_onto(&both_sides, &Rewrites::merged_usr()).map(|packed| packed.members);
    assert!(matches!(merged, Err(PackageError::Unsafe { .. })), "{merged:?}");
}

/// The package's data, and its control file's words, end up in the names of files there.
#[test]
fn ways_into_dpkgs_own_folder() {
    let about = |architecture: &str| {
        let text = format!("Package: pkg\nVersion: 1.0-1\nMulti-Arch: same\nArchitecture: {architecture}\n");
        deb(&Tar::new().file("./control", &text).bytes(), &Tar::new().bytes())
    };
    refused(vec![
        ("goes up", about("../../../../etc/x")),
        ("empty component", about("a//b")),
        ("only dpkg writes", of(Tar::new().file("./var/lib/dpkg/info/pkg.list", ""))),
        ("passes through", of(Tar::new().symlink("./var/lib/dpkg/info", "/etc"))),
        ("passes through", of(Tar::new().symlink("./var", "/etc"))),
        ("something else", of(Tar::new().directory("./var/lib/dpkg/info/pkg.list/"))),
    ]);
}

#[test]
fn control_archives_that_hold_more_than_files() {
    let with = |control: Tar| deb(&control.bytes(), &Tar::new().bytes());
    refused(vec![
        ("goes up", with(control().file("../x", ""))),
        ("plain files only", with(control().symlink("./postinst", "/bin/sh"))),
        ("plain files only", with(control().hardlink("./postinst", "./control"))),
        ("plain files only", with(control().directory("./d/"))),
        ("plain files only", with(control().file("./d/e", ""))),
        ("plain files only", with(control().kind("./x", EntryType::Char))),
        ("twice", with(control().file("./control", "Package: other\n"))),
        ("only dpkg writes", with(control().file("./list", "/etc/passwd\n"))),
    ]);
}

#[test]
fn what_is_not_the_package_that_was_locked() {
    let about = |text: &str| deb(&Tar::new().file("./control", text).bytes(), &Tar::new().bytes());
    invalid(vec![
        ("Package `other`", about("Package: other\nVersion: 1.0-1\n")),
        ("Version `2`", about("Package: pkg\nVersion: 2\n")),
        ("Package ``", about("")),
        ("control file is missing", deb(&Tar::new().file("./md5sums", "").bytes(), &Tar::new().bytes())),
    ]);
}

#[test]
fn containers_that_are_broken() {
    let (control, data) = (control().bytes(), Tar::new().file("./a", "body").bytes());
    let version: (&str, &[u8]) = ("debian-binary", b"2.0\n");
    let whole = deb(&control, &data);
    invalid(vec![
        ("", Vec::new()),
        ("", b"PK\x03\x04 not an ar".to_vec()),
        ("before control.tar", ar(&[version, ("data.tar", &data)])),
        ("missing", ar(&[version, ("control.tar", &control)])),
        ("version 2", ar(&[("control.tar", &control), ("data.tar", &data)])),
        ("version 2", ar(&[("debian-binary", b"3.0\n"), ("control.tar", &control), ("data.tar", &data)])),
        ("version 2", ar(&[("debian-binary", b""), ("control.tar", &control), ("data.tar", &data)])),
        ("twice", ar(&[version, ("control.tar", &control), ("data.tar", &data), ("data.tar", &data)])),
        ("twice", ar(&[version, ("control.tar", &control), ("control.tar", &control), ("data.tar", &data)])),
        ("unknown way", ar(&[version, ("control.tar", &control), ("data.tar.lzma", &data)])),
        ("", whole[..whole.len() - 700].to_vec()),
        ("", [&whole[..], b"garbage"].concat()),
        ("", [&whole[..], &[b'x'; 100]].concat()),
    ]);
}

#[test]
fn streams_that_end_early_or_go_on() {
    let control = control().bytes();
    let data = Tar::new().file("./a", &"body ".repeat(1000)).bytes();
    let zstd = zstd::encode_all(data.as_slice(), 1).unwrap();
    let mut gzip = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(data.as_slice(), flate2::Compression::fast());
    std::io::copy(&mut encoder, &mut gzip).unwrap();
    let of =
        |name: &str, data: &[u8]| ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), (name, data)]);
    invalid(vec![
        ("data.tar.zst", of("data.tar.zst", &zstd[..zstd.len() - 9])),
        ("data.tar.zst", of("data.tar.zst", &[&zstd[..], b"garbage"].concat())),
        ("data.tar.gz", of("data.tar.gz", &gzip[..gzip.len() - 9])),
        ("data.tar.gz", of("data.tar.gz", &[&gzip[..], b"garbage"].concat())),
        ("data.tar.gz", of("data.tar.gz", &zstd)),
        ("data.tar.xz", of("data.tar.xz", b"\xfd7zXZ\0")),
        ("middle of a member", of("data.tar", &data[..1024])),
        ("", of("data.tar", &[b'x'; 512])),
    ]);
}

#[test]
fn headers_that_cannot_be() {
    let with = |change: &dyn Fn(&mut tar::Header)| {
        let mut header = header("./a", EntryType::Regular, "");
        change(&mut header);
        of(Tar::new().add(header, "body"))
    };
    let mut broken = Tar::new().file("./a", "body").bytes();
    broken[148] ^= 1;
    invalid(vec![
        ("", with(&|header| header.as_old_mut().mtime.copy_from_slice(b"not a time!!"))),
        ("before 1970", with(&|header| header.as_old_mut().mtime.fill(0xff))),
        ("", deb(&control().bytes(), &broken)),
    ]);
    refused(vec![("an owner", with(&|header| header.set_uid(1 << 40)))]);
}

/// One reader would see a file, another what stands in it.
#[test]
fn a_size_that_is_given_twice() {
    let inner = Tar::new().file("./inner", "x").bytes();
    let body = String::from_utf8(inner[..1024].to_vec()).unwrap();
    let sized = |size| {
        let member = header("./a", EntryType::Regular, "");
        of(Tar::new().extended(EntryType::XHeader, &pax("size", size), member, &body))
    };
    refused(vec![("two sizes", sized("0000")), ("two sizes", sized("0512")), ("two sizes", sized("2048"))]);
    assert!(pack(&sized("1024")).is_ok());
}

#[test]
fn bytes_other_than_those_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pkg.deb");
    fs_err::write(&path, of(Tar::new())).unwrap();
    let segment = envwright_package::DebSegment {
        deb: &path,
        sha256: envwright_store::Digest::of(b"other"),
        name: "pkg",
        version: "1.0-1",
        compression: envwright_package::Compression::Zstd,
        rewrites: &Rewrites::none(),
    };
    let error = segment.pack(&mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("not those that were locked"), "{error}");
    fs_err::remove_file(&path).unwrap();
    assert!(matches!(segment.pack(&mut Vec::new()), Err(PackageError::Read { .. })));
}

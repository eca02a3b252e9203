//! Golden snippets from small made packages.

use super::*;
use envwright_diagnosis::Explain as _;
use envwright_package::Content;
use envwright_store::{Digest, Entry, EntryKind};
use std::collections::BTreeMap;

const EPOCH: u64 = 1_700_000_000;

/// A package with its control texts and files.
struct Made {
    name: &'static str,
    index: SegmentIndex,
    files: BTreeMap<String, Vec<u8>>,
}

fn made(name: &'static str, control: &[(&str, &str)], files: &[(&str, &str)]) -> Made {
    let paragraph =
        format!("Package: {name}\nArchitecture: amd64\nVersion: 1\nDepends: a (>=1)\nDescription: x\n");
    let mut metadata = BTreeMap::from([("control".to_owned(), paragraph)]);
    metadata.extend(control.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    let entry = |(path, text): &(&str, &str)| Entry {
        path: (*path).to_owned(),
        kind: EntryKind::File { size: text.len() as u64, digest: Digest::of(text.as_bytes()) },
        mode: 0o644,
    };
    let index = SegmentIndex {
        entries: files.iter().map(entry).collect(),
        directories: Vec::new(),
        compressed_size: 0,
        compressed_digest: Digest::of(b""),
        uncompressed_size: 0,
        metadata,
    };
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    Made { name, index, files }
}

fn package(made: &Made) -> Package<'_> {
    Package { name: made.name, version: "1", architecture: "amd64", index: &made.index }
}

fn environment(all: &[Made]) -> Result<Vec<OwnFile>, RootfsError> {
    let packages: Vec<_> = all.iter().map(package).collect();
    let contents = |path: &str| all.iter().find_map(|made| made.files.get(path).cloned());
    environment_files(&packages, Platform::AMD64, &contents, "bookworm", EPOCH)
}

fn content<'f>(files: &'f [OwnFile], path: &str) -> Option<&'f Content> {
    files.iter().find(|file| file.path == path).map(|file| &file.content)
}

fn text(files: &[OwnFile], path: &str) -> String {
    match content(files, path) {
        Some(Content::Bytes(bytes)) => String::from_utf8(bytes.clone()).unwrap(),
        other => panic!("{path} is {other:?}"),
    }
}

#[test]
fn status_is_as_dpkg_writes_it() {
    let control = [("conffiles", "/etc/x.conf\n")];
    let files = environment(&[made("x", &control, &[("etc/x.conf", "x\n")])]).unwrap();
    assert_eq!(
        text(&files, "var/lib/dpkg/status"),
        "Package: x\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nDepends: a (>= 1)\n\
         Conffiles:\n /etc/x.conf 401b30e3b8b5d629635a5c613cdb7919\nDescription: x\n\n"
    );
}

#[test]
fn the_best_alternative_is_linked_and_only_where_its_files_are() {
    let low = [(
        "postinst",
        "update-alternatives --install /usr/bin/pager pager /bin/more 50 \\\n --slave /usr/share/man/pager.1 pager.1 /usr/share/man/more.1\n",
    )];
    let high = [("postinst", "update-alternatives --install /usr/bin/pager pager /usr/bin/less 77\n")];
    let less = made("less", &high, &[("usr/bin/less", "")]);
    let more = made("more", &low, &[("usr/bin/more", "")]);
    let files = environment(&[less, more]).unwrap();
    assert_eq!(
        content(&files, "etc/alternatives/pager"),
        Some(&Content::Symlink("/usr/bin/less".to_owned()))
    );
    assert_eq!(
        content(&files, "usr/bin/pager"),
        Some(&Content::Symlink("/etc/alternatives/pager".to_owned()))
    );
    assert_eq!(content(&files, "usr/share/man/pager.1"), None);
    assert_eq!(
        text(&files, "var/lib/dpkg/alternatives/pager"),
        "auto\n/usr/bin/pager\npager.1\n/usr/share/man/pager.1\n\n/bin/more\n50\n/usr/share/man/more.1\n\
         /usr/bin/less\n77\n\n\n"
    );
}

#[test]
fn system_users_are_added_and_passwords_moved_where_passwd_is() {
    let masters = [
        ("usr/share/base-passwd/passwd.master", "root:*:0:0:root:/root:/bin/bash\n"),
        ("usr/share/base-passwd/group.master", "root:*:0:\n"),
    ];
    let script = [(
        "postinst",
        "adduser --quiet --system --group --no-create-home --gecos 'A b' --home /run/x _x || true\n",
    )];
    let all = [made("base-passwd", &[], &masters), made("passwd", &[], &[]), made("x", &script, &[])];
    let files = environment(&all).unwrap();
    assert_eq!(
        text(&files, "etc/passwd"),
        "root:x:0:0:root:/root:/bin/bash\n_x:x:100:100:A b:/run/x:/usr/sbin/nologin\n"
    );
    assert_eq!(text(&files, "etc/group"), "root:x:0:\n_x:x:100:\n");
    assert_eq!(text(&files, "etc/shadow"), "root:*:19675:0:99999:7:::\n_x:!:19675::::::\n");
    assert_eq!(text(&files, "etc/gshadow"), "root:*::\n_x:!::\n");
    let shadow = files.iter().find(|file| file.path == "etc/shadow").unwrap();
    assert_eq!((shadow.mode, shadow.gid), (0o640, 42));
}

#[test]
fn a_missing_master_is_a_finding() {
    let error = environment(&[made("base-passwd", &[], &[])]).unwrap_err();
    assert_eq!(error.to_string(), "base-passwd of bookworm has no usr/share/base-passwd/passwd.master");
    assert_eq!(error.findings().len(), 1);
}

#[test]
fn effects_without_a_rule_are_named() {
    let all = [
        made("a", &[("postinst", "setcap cap_net_raw+ep /bin/ping\n")], &[]),
        made("b", &[("postinst", "adduser --system \"$USER\"\nupdate-alternatives --remove x /y\n")], &[]),
        made("c", &[("postinst", "update-alternatives --install /a a /b 1\nldconfig\n")], &[]),
    ];
    let packages: Vec<_> = all.iter().map(package).collect();
    let expected = [("a", "a file's capabilities (setcap)"), ("b", "a user (adduser)")];
    assert_eq!(unknown_effects(&packages), expected.map(|(name, what)| (name.to_owned(), what.to_owned())));
}

#[test]
fn the_order_of_packages_does_not_matter() {
    let pair = || {
        [
            made(
                "base-files",
                &[],
                &[
                    ("usr/lib64/ld.so", ""),
                    ("usr/share/base-files/dot.profile", "p"),
                    ("usr/share/base-files/dot.bashrc", "b"),
                    ("usr/share/base-files/profile", ""),
                    ("usr/share/base-files/motd", ""),
                    ("usr/share/base-files/info.dir", ""),
                ],
            ),
            made("x", &[], &[]),
        ]
    };
    let [first, second] = pair();
    let files = environment(&[first, second]).unwrap();
    let [first, second] = pair();
    assert_eq!(files, environment(&[second, first]).unwrap());
    assert!(files.iter().all(|file| file.mtime == EPOCH));
    assert!(files.is_sorted_by(|a, b| a.path < b.path));
    assert_eq!(content(&files, "lib64"), Some(&Content::Symlink("usr/lib64".to_owned())));
    assert_eq!(content(&files, "lib32"), None);
}

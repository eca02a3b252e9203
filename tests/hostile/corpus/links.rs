//! Links, what lies behind them, members of one name, and what is no file.

use crate::hostile::{
    make::tar::{Header, Tar},
    tried::{Case, LAYER, TAKEN, UNSAFE, tar},
};

const BEHIND: &str = "a layer's files may lie behind links, and stay inside of the image; a package's do not";

pub(crate) fn cases() -> Vec<Case> {
    [behind(), symbolic(), hard(), twice(), kinds()].concat()
}

fn both(name: &'static str, what: &'static str, tar_: Tar) -> Case {
    tar(name, what, tar_.end(), LAYER, UNSAFE)
}

fn layer(name: &'static str, what: &'static str, tar_: Tar) -> Case {
    tar(name, what, tar_.end(), TAKEN, UNSAFE)
}

fn python(version: &str) -> String {
    format!("\0x\0{version}\0")
}

fn behind() -> Vec<Case> {
    let under = |target: &str| Tar::new().symlink("./out", target).file("./out/canary", "x");
    let two = Tar::new().symlink("./a", "b").symlink("./b", "..").file("./a/canary", "x");
    let of_link = Tar::new().symlink("./xbin", "usr/bin").file("./xbin/python3.11", python("3.11.7"));
    vec![
        layer("behind-absolute", "`./out` links to `/tmp`, then `./out/canary`", under("/tmp")).why(BEHIND),
        layer("behind-up", "`./out` links to `../..`, then `./out/canary`", under("../..")).why(BEHIND),
        layer("behind-inside", "`./out` links to `usr`, then `./out/canary`", under("usr")).why(BEHIND),
        layer("behind-two", "`./a` links to `b`, `./b` to `..`, then `./a/canary`", two).why(BEHIND),
        layer("behind-bin", "`./xbin` links to `usr/bin`, then another Python there", of_link)
            .why(BEHIND)
            .python("3.11.7"),
        layer(
            "before-its-link",
            "`./out/canary`, then `./out` links to `/tmp`",
            Tar::new().file("./out/canary", "x").symlink("./out", "/tmp"),
        )
        .why("in a layer the later one takes the place, with all below"),
        both("behind-file", "a file `./f`, then `./f/g`", Tar::new().file("./f", "x").file("./f/g", "x")),
    ]
}

fn symbolic() -> Vec<Case> {
    let text = "a link is text until a container follows it, inside of its image";
    let link = |target: &str| Tar::new().symlink("./opt/l", target);
    let taken = |name, what, target: &str| {
        tar(name, what, link(target).end(), TAKEN, TAKEN).brings(&[&format!("opt/l->{target}")])
    };
    let nul = Tar::new().pax(&[("linkpath", b"a\0b")]).symlink("./opt/l", "x");
    vec![
        taken("link-absolute", "a symbolic link to `/etc/passwd`", "/etc/passwd").why(text),
        taken("link-up", "a symbolic link to `../../../etc/passwd`", "../../../etc/passwd").why(text),
        taken("link-to-itself", "a symbolic link to itself", "l"),
        both("link-to-nothing", "a symbolic link without a target", link(""))
            .why("there can be no such link"),
        both("link-nul", "a PAX link target with a NUL", nul).why("some readers end the target there"),
    ]
}

fn hard() -> Vec<Case> {
    let link = |target: &str| Tar::new().file("./opt/f", "x").hardlink("./opt/l", target);
    let bytes = "readers differ on whether a header or bytes follow it";
    let with_bytes = Header::new("./opt/l", b'1').link("./opt/f");
    vec![
        both("hard-up", "a hard link to `../../canary`", link("../../canary")),
        both("hard-absolute", "a hard link to `/tmp/canary`, which is not there", link("/tmp/canary")),
        both("hard-nowhere", "a hard link to what is not there", link("./opt/none")),
        both("hard-root", "a hard link to the root", link("./")).why("`tarfile` makes something else of it"),
        both("hard-itself", "a hard link to itself", Tar::new().hardlink("./opt/l", "./opt/l")),
        both(
            "hard-ring",
            "two hard links to each other",
            Tar::new().hardlink("./opt/a", "./opt/b").hardlink("./opt/b", "./opt/a"),
        ),
        both(
            "hard-folder",
            "a hard link to a directory",
            Tar::new().directory("./opt/d/").hardlink("./opt/l", "./opt/d"),
        )
        .why("`tarfile` makes something else of it"),
        layer("hard-lower", "a hard link to a file of a lower layer", link("etc/os-release"))
            .why("a package links to its own files only"),
        layer(
            "hard-to-link",
            "a hard link to a symbolic link to `/etc/passwd`",
            Tar::new().symlink("./opt/s", "/etc/passwd").hardlink("./opt/l", "./opt/s"),
        )
        .why("in a layer it is another name of that link"),
        both(
            "hard-with-bytes",
            "a hard link that has bytes",
            Tar::new().file("./opt/f", "x").add(with_bytes, [b'x'; 512]),
        )
        .why(bytes),
        both(
            "folder-with-bytes",
            "a directory that has bytes",
            Tar::new().add(Header::new("./opt/d/", b'5'), [b'x'; 512]),
        )
        .why(bytes),
    ]
}

fn twice() -> Vec<Case> {
    let later = |name, what, tar_: Tar| {
        layer(name, what, tar_).why("in a layer the later one takes the place; no package has a path twice")
    };
    let pythons = Tar::new().file("./usr/bin/python3.11", python("3.11.6"));
    vec![
        later(
            "twice",
            "a file twice with other bytes",
            pythons.file("./usr/bin/python3.11", python("3.11.7")),
        )
        .python("3.11.7"),
        later("twice-spelled", "`./opt/x`, then `opt/x`", Tar::new().file("./opt/x", "1").file("opt/x", "2")),
        later(
            "file-then-folder",
            "a file `./opt/x`, then a directory of that name",
            Tar::new().file("./opt/x", "1").directory("./opt/x/"),
        ),
        later(
            "folder-then-file",
            "a directory `./opt/x`, then a file of that name",
            Tar::new().directory("./opt/x/").file("./opt/x", "1"),
        ),
        later(
            "link-then-file",
            "a symbolic link `./opt/x` to `/tmp/envwright-canary`, then a file of that name",
            Tar::new().symlink("./opt/x", "/tmp/envwright-canary").file("./opt/x", "1"),
        ),
    ]
}

fn kinds() -> Vec<Case> {
    let kind = |kind: u8| Tar::new().add(Header::new("./opt/x", kind), "");
    let made = "a layer may hold one: nothing is made of it on this machine";
    let unknown = "readers differ on what it is";
    vec![
        layer("device", "a character device", kind(b'3')).why(made),
        layer("block-device", "a block device", kind(b'4')).why(made),
        layer("pipe", "a pipe", kind(b'6')).why(made),
        both("unknown-kind", "a member of the kind `Z`", kind(b'Z')).why(unknown),
        both("volume", "a volume label of GNU tar", kind(b'V')).why(unknown),
        both("continued", "the rest of a file of another volume", kind(b'M')),
    ]
}

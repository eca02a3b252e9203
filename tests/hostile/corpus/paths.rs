//! Names and paths of members.

use crate::hostile::{
    make::tar::{Header, Tar},
    tried::{Case, LAYER, TAKEN, UNSAFE, tar},
};

/// Why a package may not hold what a layer may.
const PLAIN_PATHS: &str = "paths of packages are spelled in one way only";
const NOT_OF_PACKAGES: &str = "no package has such a name";

pub(crate) fn cases() -> Vec<Case> {
    [up(), absolute(), spelled(), names(), lengths(), whiteouts()].concat()
}

fn both(name: &'static str, what: &'static str, bytes: Vec<u8>) -> Case {
    tar(name, what, bytes, LAYER, UNSAFE)
}

fn file(path: impl AsRef<[u8]>) -> Vec<u8> {
    Tar::new().file(path, "x").end()
}

fn pax_path(path: impl AsRef<[u8]>) -> Vec<u8> {
    Tar::new().pax(&[("path", path.as_ref())]).file("short", "x").end()
}

fn gnu_path(path: &str) -> Vec<u8> {
    Tar::new().long_name(path).file("./opt/x", "x").end()
}

fn up() -> Vec<Case> {
    let prefix = Header::new("canary", b'0').ustar().raw(345, b"..");
    vec![
        both("up", "a file `../canary`", file("../canary")),
        both("up-far", "a file `./a/b/../../../../canary`", file("./a/b/../../../../canary")),
        both("up-inside", "a file `./usr/../inside`", file("./usr/../inside")),
        both("up-pax", "`../canary` by a PAX header", pax_path("../canary")),
        both("up-gnu", "`../canary` by a GNU long name", gnu_path("../canary")),
        both("up-prefix", "`../canary` by ustar's prefix", Tar::new().add(prefix, "x").end()),
        both("up-folder", "a directory `./../canary/`", Tar::new().directory("./../canary/").end()),
    ]
}

fn absolute() -> Vec<Case> {
    let why = "in a layer it is below the image's root, as for engines; packages have no such paths";
    let case = |name, what, bytes| tar(name, what, bytes, TAKEN, UNSAFE).why(why);
    vec![
        case("absolute", "a file `/tmp/envwright-canary`", file("/tmp/envwright-canary")),
        case("absolute-twice", "a file `//tmp/envwright-canary`", file("//tmp/envwright-canary")),
        case("absolute-pax", "the same by a PAX header", pax_path("/tmp/envwright-canary")),
    ]
}

fn spelled() -> Vec<Case> {
    let pair = |one: &str, two: &str| Tar::new().file(one, "1").file(two, "2").end();
    vec![
        tar("dot-inside", "a file `./opt/./x`", file("./opt/./x"), TAKEN, UNSAFE).why(PLAIN_PATHS),
        tar("two-slashes", "a file `./opt//x`", file("./opt//x"), TAKEN, UNSAFE).why(PLAIN_PATHS),
        tar("backslash", "a file `./opt/a\\b`", file("./opt/a\\b"), TAKEN, TAKEN).brings(&["opt/a\\b=x"]),
        tar("cases", "files `./opt/Read` and `./opt/read`", pair("./opt/Read", "./opt/read"), TAKEN, TAKEN)
            .brings(&["opt/Read=1", "opt/read=2"]),
        tar(
            "unicode-forms",
            "`é` composed and decomposed",
            pair("./opt/\u{e9}", "./opt/e\u{301}"),
            TAKEN,
            TAKEN,
        )
        .brings(&["opt/e\u{301}=2", "opt/\u{e9}=1"]),
    ]
}

fn names() -> Vec<Case> {
    let odd = |name, what, bytes| tar(name, what, bytes, TAKEN, UNSAFE).why(NOT_OF_PACKAGES);
    vec![
        both("no-name", "a file without a name", file("")),
        both("root-as-file", "a file `./`", file("./")),
        odd("not-utf8", "a name that is not UTF-8", file(b"./opt/\xff\xfe")),
        odd("control-character", "a name with a line end", file("./opt/a\nb")),
        odd("pax-line-end", "the same by a PAX header", pax_path("./opt/a\nb")),
        both("pax-nul", "a PAX path with a NUL", pax_path("./opt/a\0b"))
            .why("some readers end the name there"),
        both("gnu-nul", "a GNU long name with a NUL", gnu_path("./opt/a\0b"))
            .why("some readers end the name there"),
        both("pax-empty", "an empty PAX path", pax_path("")),
        both("gnu-empty", "an empty GNU long name", gnu_path("")),
    ]
}

fn lengths() -> Vec<Case> {
    let deep = |count| pax_path(format!("./{}x", "d/".repeat(count)));
    vec![
        both("long-name", "a name of 256 bytes", pax_path(format!("./{}", "n".repeat(256)))),
        both("long-path", "a path of 4203 bytes", pax_path(format!("./{}x", "folder/".repeat(600)))),
        both("deep", "a file in 300 folders", deep(300)).why("256 are the most: each folder takes memory"),
        both("deepest", "a file in 10,000 folders", deep(10_000)),
    ]
}

fn whiteouts() -> Vec<Case> {
    let hides = |name, what, bytes| {
        let why = "in a layer it hides a file, which is what it is for; a package must not";
        tar(name, what, bytes, TAKEN, UNSAFE).why(why)
    };
    let nothing = |name, what, path: &str| {
        both(name, what, file(path)).why("engines could take it for the folder or the one above")
    };
    vec![
        hides("whiteout", "a file `./etc/.wh.passwd`", file("./etc/.wh.passwd")),
        hides("opaque", "a file `./opt/.wh..wh..opq`", file("./opt/.wh..wh..opq")),
        hides("whiteout-folder", "a directory `./.wh.opt/`", Tar::new().directory("./.wh.opt/").end()),
        nothing("whiteout-of-nothing", "a file `./opt/.wh.`", "./opt/.wh."),
        nothing("whiteout-of-itself", "a file `./opt/.wh..`", "./opt/.wh.."),
        nothing("whiteout-up", "a file `./opt/.wh...`", "./opt/.wh..."),
    ]
}

//! Sizes, numbers, headers before a member, and the ends of archives.

use crate::hostile::{
    make::tar::{Header, Tar, record},
    tried::{Case, INVALID, LAYER, TAKEN, UNSAFE, tar},
};

const TWO_SIZES: &str = "some readers would see other members: those that stand in its bytes";
const NO_NUMBER: &str = "the value has no place in what is made of it";
const BEYOND: [u8; 12] = [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];

pub(crate) fn cases() -> Vec<Case> {
    [sizes(), fields(), extensions(), ends()].concat()
}

fn invalid(name: &'static str, what: &'static str, bytes: Vec<u8>) -> Case {
    tar(name, what, bytes, LAYER, INVALID)
}

fn refused(name: &'static str, what: &'static str, bytes: Vec<u8>) -> Case {
    tar(name, what, bytes, LAYER, UNSAFE)
}

/// A file whose bytes look like another member.
fn pax_size(records: &[(&str, &[u8])], in_header: u64) -> Vec<u8> {
    let inner = Tar::new().file("./opt/inner", "x").open();
    Tar::new().pax(records).member(plain().size(in_header), inner).end()
}

fn file(header: Header) -> Vec<u8> {
    Tar::new().member(header, "").end()
}

fn plain() -> Header {
    Header::new("./opt/x", b'0')
}

fn sizes() -> Vec<Case> {
    vec![
        refused(
            "pax-smaller",
            "a PAX size of 0, where the header has 1024",
            pax_size(&[("size", b"0")], 1024),
        )
        .why(TWO_SIZES),
        refused(
            "pax-larger",
            "a PAX size of 1024, where the header has 512",
            pax_size(&[("size", b"1024")], 512),
        )
        .why(TWO_SIZES),
        invalid("pax-size-twice", "two PAX sizes", pax_size(&[("size", b"0"), ("size", b"1024")], 1024))
            .why(TWO_SIZES),
        invalid("pax-size-negative", "a PAX size of -1", pax_size(&[("size", b"-1")], 1024)),
        invalid("size-negative", "a size of -1 in base 256", file(plain().binary(124, 12, -1))),
        invalid("size-huge", "a size of 2^62 in base 256", file(plain().binary(124, 12, 1 << 62))),
        invalid("size-beyond", "a size of 2^64 in base 256", file(plain().raw(124, &BEYOND))),
        invalid("size-text", "a size of `twelve`", file(plain().raw(124, b"twelve\0\0\0\0\0\0"))),
        invalid("size-signed", "a size of `-0000000001`", file(plain().raw(124, b"-0000000001\0"))),
    ]
}

fn fields() -> Vec<Case> {
    let mut wrong = Tar::new().file("./opt/x", "x").end();
    wrong[148..154].copy_from_slice(b"000000");
    let set = plain().mode(0o4755);
    vec![
        invalid("checksum", "a wrong checksum", wrong),
        refused("owner-huge", "an owner of 2^40", file(plain().binary(108, 8, 1 << 40))).why(NO_NUMBER),
        refused("owner-negative", "an owner of -2", file(plain().binary(108, 8, -2))).why(NO_NUMBER),
        invalid("mode-text", "a mode of `rwxr-xr-`", file(plain().raw(100, b"rwxr-xr-"))),
        tar("time-negative", "a time before 1970", file(plain().binary(136, 12, -1)), TAKEN, INVALID)
            .why("times of packages count from 1970"),
        tar("time-huge", "a time in the year 36812", file(plain().binary(136, 12, 1 << 40)), TAKEN, TAKEN)
            .brings(&["opt/x="]),
        invalid("time-beyond", "a time of 2^64", file(plain().raw(136, &BEYOND))),
        tar("setuid", "a file with the setuid bit", file(set), TAKEN, TAKEN).brings(&["opt/x= 4755"]),
    ]
}

fn extensions() -> Vec<Case> {
    let before = |kind: u8, bytes: &[u8]| Tar::new().extension(kind, bytes).file("./opt/x", "x").end();
    let two = |one: Tar| one.file("./opt/x", "x").end();
    let pax = || Tar::new().pax(&[("path", b"./opt/y")]);
    let twice = "readers differ on which of them counts";
    let memory = "headers are held in memory: 1 MiB is the most";
    let paths = [record("path", b"./opt/y"), record("path", b"./opt/z")].concat();
    let sparse = Header::new("./opt/x", b'S').raw(483, b"77777777777\0");
    let endless = Tar::new().member(sparse.clone().raw(482, b"\x01"), [1; 512]).open();
    let map = Tar::new().member(sparse.clone().raw(482, b"\x01"), vec![1; 2 << 20]).end();
    vec![
        invalid("pax-length", "a PAX record whose length lies", before(b'x', b"99 path=./opt/y\n")),
        invalid("pax-no-end", "a PAX record without its line end", before(b'x', b"15 path=./opt/yz"))
            .why(twice),
        invalid("pax-no-length", "a PAX record without its length", before(b'x', b"path=./opt/y\n"))
            .why(twice),
        invalid("pax-path-twice", "two PAX paths", before(b'x', &paths)).why(twice),
        invalid("pax-twice", "two PAX headers before a member", two(pax().pax(&[("path", b"./opt/z")])))
            .why(twice),
        invalid("gnu-twice", "two GNU long names", two(Tar::new().long_name("./opt/y").long_name("./opt/z")))
            .why(twice),
        refused("pax-and-gnu", "a PAX path and another GNU long name", two(pax().long_name("./opt/z")))
            .why(twice),
        invalid("global-path", "a global PAX header with a path", before(b'g', &record("path", b"./opt/y")))
            .why("engines pass over it, others do not"),
        invalid("long-name-large", "a GNU long name of 2 MiB", before(b'L', &vec![b'a'; 2 << 20])),
        invalid("pax-large", "a PAX header of 2 MiB", before(b'x', &record("comment", &vec![b'a'; 2 << 20])))
            .why(memory),
        invalid("announced", "a PAX header without a member", pax().end()).why("something was cut off"),
        invalid("sparse-cut", "a sparse file whose map is cut off", endless),
        invalid("sparse-endless", "a sparse file whose map is 2 MiB long", map),
        invalid(
            "sparse-negative",
            "a sparse file of -1 bytes",
            Tar::new().member(sparse.binary(483, 12, -1), "").end(),
        ),
    ]
}

fn ends() -> Vec<Case> {
    let whole = Tar::new().file("./opt/x", [b'x'; 700]).file("./opt/y", "y").end();
    let cut = |at: usize| whole[..at].to_vec();
    let hidden = "members may be hidden behind it";
    vec![
        invalid("cut-in-header", "an end in the middle of a header", cut(300)),
        invalid("cut-in-later-header", "the same in a later header", cut(1536 + 300)).why(hidden),
        invalid("cut-in-bytes", "an end in the middle of a file", cut(800)),
        invalid("cut-in-padding", "an end in the padding behind a file", cut(1300)),
        invalid("wrong-later", "a later header that is none", [&whole[..1536], &[b'x'; 1024]].concat())
            .why(hidden),
        invalid("text", "text", b"this is no archive\n".repeat(100)),
        tar("no-bytes", "no bytes at all", Vec::new(), TAKEN, TAKEN).why("there is nothing in it"),
    ]
}

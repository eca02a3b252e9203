//! Zip archives: names, kinds, and headers that do not agree. Each is a whole wheel with one entry more.

use crate::{
    hostile::{
        make::zip::{Entry, archive, archive_with},
        tried::{Case, INVALID, TAKEN, UNSAFE, Verdict, case},
    },
    support::wheel::wheel,
};

const SITE: &str = "opt/env/lib/python3.11/site-packages";
const RENAMED: &str = "`zipfile` makes another name of it";
const MEANINGS: &str = "installers differ in what they make of it";
const LOCAL: &str = "readers that go by the local headers see another archive";

pub(crate) fn cases() -> Vec<Case> {
    [names(), kinds(), sizes(), containers(), honest()].concat()
}

/// The entries of a whole wheel.
pub(crate) fn entries(name: &str) -> Vec<Entry> {
    wheel(name, "1.0").files().into_iter().map(|(path, bytes)| Entry::new(path, bytes)).collect()
}

fn with(name: &str, more: &[Entry]) -> Vec<u8> {
    archive(&[&entries(name)[..], more].concat())
}

fn one(name: &'static str, what: &'static str, more: Entry, verdict: Verdict) -> Case {
    case(name, what, with(name, &[more]), verdict)
}

fn module() -> Entry {
    Entry::new("x.py", "x = 1\n")
}

fn taken(case: Case) -> Case {
    case.brings(&[&format!("{SITE}/x.py=x = 1\n")])
}

fn names() -> Vec<Case> {
    let named = |name, what, path: &str| one(name, what, Entry::new(path, "x"), UNSAFE);
    vec![
        named("up", "a file `../canary`", "../canary").why(RENAMED),
        named("up-inside", "a file `a/../x.py`", "a/../x.py").why(RENAMED),
        named("absolute", "a file `/tmp/envwright-canary`", "/tmp/envwright-canary").why(RENAMED),
        named("backslash", "a file `a\\..\\canary`", "a\\..\\canary").why(MEANINGS),
        named("no-name", "a file without a name", ""),
        named("nul", "a name with a NUL", "x.py\0.txt").why(RENAMED),
        named("control-character", "a name with a line end", "a\nb").why("no wheel has such a name"),
        named("dot-inside", "a file `a/./x.py`", "a/./x.py").why(RENAMED),
        named("two-slashes", "a file `a//x.py`", "a//x.py").why(RENAMED),
        named("whiteout", "a file `.wh.x`", ".wh.x").why("in a layer it would hide a file"),
        named("long-name", "a name of 256 bytes", &"n".repeat(256)),
        named("deep", "a file in 300 folders", &format!("{}x", "d/".repeat(300)))
            .why("256 are the most: each folder takes memory"),
        one("not-utf8", "a name that is not UTF-8", Entry::new(b"a\xff", "x"), UNSAFE).why(MEANINGS),
        one("drive", "a file `C:/x.py`", Entry::new("C:/x.py", "x"), TAKEN)
            .brings(&[&format!("{SITE}/C:/x.py=x")]),
        case(
            "cases",
            "files `Read` and `read`",
            with("cases", &[Entry::new("Read", "1"), Entry::new("read", "2")]),
            TAKEN,
        )
        .brings(&[&format!("{SITE}/Read=1"), &format!("{SITE}/read=2")]),
    ]
}

fn kinds() -> Vec<Case> {
    let kind = |name, what, mode| one(name, what, Entry::new("x", "/etc/passwd").mode(mode), UNSAFE);
    let text = "`zipfile` writes a file with its target or nothing in it";
    let pair = |name, what, one: Entry, two: Entry| case(name, what, with(name, &[one, two]), UNSAFE);
    vec![
        kind("link", "a symbolic link by its attributes", 0o120_777).why(text),
        kind("pipe", "a pipe by its attributes", 0o010_644).why(text),
        kind("device", "a device by its attributes", 0o020_644).why(text),
        one("setuid", "a file with the setuid bit", module().mode(0o104_644), TAKEN)
            .brings(&[&format!("{SITE}/x.py=x = 1\n")]),
        Case {
            verdicts: vec![INVALID],
            ..pair("twice", "a file twice with other bytes", module(), Entry::new("x.py", "x = 2\n"))
        }
        .why("readers differ on which of them counts"),
        pair("behind-file", "a file `f`, then `f/g`", Entry::new("f", "x"), Entry::new("f/g", "x")),
        pair(
            "file-and-folder",
            "a file `f`, then a directory `f/`",
            Entry::new("f", "x"),
            Entry::new("f/", ""),
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let invalid = |name, what, entry| one(name, what, entry, INVALID);
    let method = |method| module().both(move |fields| fields.method = method);
    let descriptor = |size: u32| {
        let entry = module();
        let (sum, length) = (entry.central.sum, entry.central.size);
        let mut entry = entry.both(|fields| fields.flags = 8);
        entry.local.sum = 0;
        (entry.local.packed, entry.local.size) = (0, 0);
        for number in [u32::from_le_bytes(*b"PK\x07\x08"), sum, length, size] {
            entry.bytes.extend(number.to_le_bytes());
        }
        entry
    };
    vec![
        invalid("sum", "a wrong CRC-32 in both headers", module().both(|fields| fields.sum ^= 1)),
        invalid("sum-local", "a wrong CRC-32 in the local header", module().local(|fields| fields.sum ^= 1))
            .why(LOCAL),
        invalid("size-local", "another size in the local header", module().local(|fields| fields.size = 3))
            .why(LOCAL),
        invalid(
            "packed-local",
            "another packed size in the local header",
            module().local(|fields| fields.packed = 3),
        )
        .why(LOCAL),
        invalid(
            "method-local",
            "another method in the local header",
            module().local(|fields| fields.method = 8),
        )
        .why(LOCAL),
        invalid(
            "name-local",
            "another name in the local header",
            module().local(|fields| fields.name = b"y.py".to_vec()),
        ),
        invalid(
            "flag-local",
            "the flag of encryption in the local header",
            module().local(|fields| fields.flags = 1),
        )
        .why(LOCAL),
        invalid(
            "size-smaller",
            "a smaller size than comes out",
            Entry::new("x.py", "x = 1\n").deflated().both(|fields| fields.size = 3),
        ),
        invalid(
            "size-larger",
            "a larger size than comes out",
            Entry::new("x.py", "x = 1\n").deflated().both(|fields| fields.size = 30),
        )
        .why("the headers lie: what comes out is not what they say"),
        invalid(
            "packed-larger",
            "a packed size beyond the archive",
            module().both(|fields| fields.packed = 1 << 30),
        )
        .why("the headers lie: there are not so many bytes"),
        invalid("encrypted", "the flag of encryption", module().both(|fields| fields.flags = 1)),
        invalid("method-unknown", "the method 77", method(77)),
        invalid("bzip2", "the method bzip2, with other bytes", method(12)),
        invalid("deflate-broken", "deflated bytes that are none", method(8)),
        one(
            "zip64-lacking",
            "a size that zip64 has, without zip64",
            module().both(|fields| (fields.size, fields.packed) = (u32::MAX, u32::MAX)),
            UNSAFE,
        ),
        taken(one(
            "descriptor-lies",
            "a data descriptor with another size than the directory",
            descriptor(3),
            TAKEN,
        )),
        taken(one("honest-descriptor", "an honest data descriptor", descriptor(6), TAKEN)),
    ]
}

fn containers() -> Vec<Case> {
    let whole = |name: &str| with(name, &[module()]);
    let end = |name, what, bytes: Vec<u8>| case(name, what, bytes, INVALID);
    let cut = whole("cut");
    let mut overlapping = entries("overlapping");
    overlapping
        .push(Entry { at: Some(0), ..overlapping[0].clone() }.both(|fields| fields.name = b"x.py".to_vec()));
    let mut shared = entries("shared");
    let outer = Entry::new("x.py", Entry::new("y.py", "y = 1\n").local_bytes());
    shared.push(outer.clone());
    let inside =
        u32::try_from(archive(&shared).windows(4).rposition(|window| window == b"PK\x03\x04").unwrap())
            .unwrap();
    shared.push(Entry { at: Some(inside), ..Entry::new("y.py", "y = 1\n") });
    let mut hidden = entries("hidden");
    let last = hidden.len() - 1;
    hidden[last].bytes.extend(Entry::new("y.py", "y = 1\n").local_bytes());
    vec![
        end("no-bytes", "no bytes at all", Vec::new()),
        end("text", "text", b"this is no archive\n".repeat(100)),
        end("cut", "an archive without its last half", cut[..cut.len() / 2].to_vec()),
        end(
            "cut-end",
            "an archive without its last 10 bytes",
            whole("cut-end")[..whole("cut-end").len() - 10].to_vec(),
        ),
        end(
            "count-larger",
            "an end that counts more entries",
            archive_with(&entries("count-larger"), |end| end.entries += 1),
        )
        .why("an entry was cut out"),
        end(
            "count-smaller",
            "an end that counts fewer entries",
            archive_with(&[&entries("count-smaller")[..], &[module()]].concat(), |end| end.entries -= 1),
        )
        .why("readers that go by its size see one more"),
        end(
            "start-beyond",
            "a directory that starts beyond the archive",
            archive_with(&entries("start-beyond"), |end| end.start = 1 << 30),
        ),
        end(
            "several-disks",
            "the last of several disks",
            archive_with(&entries("several-disks"), |end| end.disk = 3),
        )
        .why("the other disks are not there"),
        end("shared", "a file whose bytes are another entry", archive(&shared)).why("no writer makes such"),
        end("overlapping", "two entries with the same bytes", archive(&overlapping)),
        end("hidden", "an entry that the directory does not name", archive(&hidden)).why(LOCAL),
    ]
}

fn honest() -> Vec<Case> {
    let honest = |name, what, bytes| taken(case(name, what, bytes, TAKEN));
    let whole = |name: &str| with(name, &[module()]);
    let extra = [&[1, 0, 16, 0][..], &6_u64.to_le_bytes(), &6_u64.to_le_bytes()].concat();
    let zip64 = module().both(|fields| {
        (fields.size, fields.packed) = (u32::MAX, u32::MAX);
        fields.extra.clone_from(&extra);
    });
    let comment = |name: &str| {
        archive_with(&[&entries(name)[..], &[module()]].concat(), |end| end.comment = b"a comment".to_vec())
    };
    vec![
        honest("honest-deflate", "a deflated file", with("honest-deflate", &[module().deflated()])),
        honest("honest-zip64", "sizes in zip64", with("honest-zip64", &[zip64])),
        honest("honest-comment", "a comment at the end", comment("honest-comment")),
        honest(
            "honest-prefix",
            "bytes before the archive",
            [b"#!/bin/sh\n", &whole("honest-prefix")[..]].concat(),
        ),
        honest(
            "honest-trailing",
            "bytes behind the archive",
            [&whole("honest-trailing")[..], b"more"].concat(),
        ),
        honest(
            "honest-folder",
            "a directory of its own",
            with("honest-folder", &[Entry::new("d/", ""), module()]),
        ),
    ]
}

//! Holds segments of wheels to the trees that `uv pip install` makes of the same wheels.
//!
//! The wheels are in `wheels.txt`. They are downloaded once, into Cargo's folder for tests, by the machine's pip;
//! each is installed by uv into an environment of its own. What may differ is in [`EXCEPTIONS`], and each of these
//! is explained in `docs/src/wheels.md`.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use support::{Compared, Concern, Difference, all};

/// First line of our scripts.
const SHEBANG: &[u8] = b"#!/opt/env/bin/python\n";

/// A way in which our tree differs from uv's on purpose.
struct Exception {
    /// Its name in the first column of the page's table.
    name: &'static str,
    covers: fn(&Difference) -> bool,
}

const EXCEPTIONS: [Exception; 10] = [
    Exception { name: "`INSTALLER`", covers: is_installer },
    Exception { name: "first line of scripts", covers: is_first_line },
    Exception { name: "`REQUESTED`", covers: is_request },
    Exception { name: "`uv_cache.json`", covers: is_cache_note },
    Exception { name: "`.lock` of the environment", covers: is_lock },
    Exception { name: "`RECORD.jws`, `RECORD.p7s`", covers: is_signature },
    Exception { name: "row of a script that an entry point replaces", covers: is_row_of_replaced_script },
    Exception { name: "row without a hash", covers: is_row_without_hash },
    Exception { name: "row with the hash in hexadecimal", covers: is_row_in_hexadecimal },
    Exception { name: "row of another size than the file's", covers: is_row_of_other_size },
];

fn is_installer(difference: &Difference) -> bool {
    difference.concern == Concern::Bytes
        && difference.path.ends_with(".dist-info/INSTALLER")
        && difference.uv.as_deref() == Some(b"uv")
        && difference.ours.as_deref() == Some(b"envwright")
}

fn is_first_line(difference: &Difference) -> bool {
    let (Some(uv), Some(ours)) = (&difference.uv, &difference.ours) else { return false };
    let Some(rest) = ours.strip_prefix(SHEBANG) else { return false };
    // Where the interpreter's path is too long for the kernel, uv's line is three: a script of sh that is a string
    // in Python.
    let first = uv.strip_suffix(rest).unwrap_or_default();
    let lines = first.split_inclusive(|byte| *byte == b'\n').count();
    difference.concern == Concern::Bytes
        && difference.path.starts_with("bin/")
        && first.ends_with(b"\n")
        && ((lines == 1 && first.starts_with(b"#!/")) || (lines == 3 && first.starts_with(b"#!/bin/sh\n")))
}

fn is_request(difference: &Difference) -> bool {
    is_uvs_only(difference) && difference.path.ends_with(".dist-info/REQUESTED")
}

fn is_cache_note(difference: &Difference) -> bool {
    is_uvs_only(difference) && difference.path.ends_with(".dist-info/uv_cache.json")
}

fn is_lock(difference: &Difference) -> bool {
    is_uvs_only(difference) && difference.path == ".lock"
}

fn is_signature(difference: &Difference) -> bool {
    let path = &difference.path;
    is_uvs_only(difference)
        && (path.ends_with(".dist-info/RECORD.jws") || path.ends_with(".dist-info/RECORD.p7s"))
}

fn is_row_of_replaced_script(difference: &Difference) -> bool {
    difference.concern == Concern::Row
        && is_uvs_only(difference)
        && difference.path.contains(".data/scripts/")
}

fn is_row_without_hash(difference: &Difference) -> bool {
    rows(difference).is_some_and(|[(uv, _), _]| uv.is_empty())
}

fn is_row_in_hexadecimal(difference: &Difference) -> bool {
    let hexadecimal = |hash: &str| hash.len() == "sha256=".len() + 64;
    rows(difference).is_some_and(|[(uv, size), (_, our_size)]| hexadecimal(uv) && size == our_size)
}

fn is_row_of_other_size(difference: &Difference) -> bool {
    rows(difference).is_some_and(|[(uv, size), (_, our_size)]| !uv.is_empty() && size != our_size)
}

fn is_uvs_only(difference: &Difference) -> bool {
    difference.uv.is_some() && difference.ours.is_none()
}

/// Hash and size in uv's row and in ours, where both have one.
fn rows(difference: &Difference) -> Option<[(&str, &str); 2]> {
    if difference.concern != Concern::Row {
        return None;
    }
    Some([row(difference.uv.as_deref()?)?, row(difference.ours.as_deref()?)?])
}

/// `sha256=…,12`
fn row(rest: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(rest).ok()?.split_once(',')
}

/// One test, as each would run in a process of its own and install everything again.
#[test]
fn wheels_are_installed_as_uv_installs_them() {
    let all = all();
    assert_every_kind_is_there(&all);
    let mut faults = Vec::new();
    for compared in &all {
        let differences =
            compared.differences.iter().filter(|one| !is_explained(one)).map(ToString::to_string);
        let rows = compared.misrecorded.iter().map(|path| format!("our RECORD is wrong about `{path}`"));
        faults.extend(differences.chain(rows).map(|fault| format!("{}: {fault}", compared.wheel)));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    for exception in &EXCEPTIONS {
        let mut differences = all.iter().flat_map(|compared| &compared.differences);
        assert!(differences.any(exception.covers), "no wheel meets the exception `{}`", exception.name);
    }
}

fn is_explained(difference: &Difference) -> bool {
    EXCEPTIONS.iter().any(|exception| (exception.covers)(difference))
}

#[test]
fn every_exception_is_on_the_page() {
    let page = include_str!("../../../docs/src/wheels.md");
    for exception in &EXCEPTIONS {
        assert!(page.contains(&format!("\n| {} |", exception.name)), "the page lacks `{}`", exception.name);
    }
}

/// Whether a member of an archive makes the wheel one of a kind.
type IsOf = fn(&str) -> bool;

fn assert_every_kind_is_there(all: &[Compared]) {
    assert!(all.len() >= 60, "{} wheels", all.len());
    let tags = ["-py3-none-any.", "-py2.py3-none-any.", "-abi3-manylinux", "-py3-none-manylinux", "-cp3"];
    for tag in tags {
        assert!(all.iter().any(|compared| compared.wheel.contains(tag)), "no wheel has the tag `{tag}`");
    }
    let kinds: [(&str, IsOf); 10] = [
        ("scripts", |name| name.contains(".data/scripts/")),
        ("data", |name| name.contains(".data/data/")),
        ("headers", |name| name.contains(".data/headers/")),
        ("purelib", |name| name.contains(".data/purelib/")),
        ("platlib", |name| name.contains(".data/platlib/")),
        ("directory entry", |name| name.ends_with('/')),
        ("folder in dist-info", |name| name.contains(".dist-info/licenses/")),
        ("namespace package", |name| name.ends_with("-nspkg.pth")),
        ("name with a space", |name| name.contains(' ')),
        ("name outside of ASCII", |name| !name.is_ascii()),
    ];
    for (kind, is_of) in kinds {
        let mut members = all.iter().flat_map(|compared| &compared.members);
        assert!(members.any(|name| is_of(name)), "no wheel has a {kind}");
    }
}

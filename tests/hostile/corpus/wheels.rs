//! Wheels whose own files are wrong, in archives that are whole.

use super::zips::entries;
use crate::hostile::{
    make::zip::{Entry, archive},
    tried::{Case, INVALID, TAKEN, UNSAFE, Verdict, case},
};

/// `zipfile` knows nothing of wheels.
const OF_WHEELS: &str = "the archive is whole, the wheel is not";

pub(crate) fn cases() -> Vec<Case> {
    [descriptions(), schemes(), scripts()].concat()
}

/// A wheel whose entries were changed; `{0}` in a name stands for `<name>-1.0`.
fn changed(
    name: &'static str,
    what: &'static str,
    verdict: Verdict,
    change: impl Fn(&mut Vec<Entry>, &str),
) -> Case {
    let mut entries = entries(name);
    change(&mut entries, &format!("{}-1.0", name.replace('-', "_")));
    case(name, what, archive(&entries), verdict).why(OF_WHEELS)
}

fn replaced(
    name: &'static str,
    what: &'static str,
    verdict: Verdict,
    file: &'static str,
    text: impl Fn(&str) -> String,
) -> Case {
    changed(name, what, verdict, |entries, stem| {
        let path = format!("{stem}.dist-info/{file}").into_bytes();
        let entry = entries.iter_mut().find(|entry| entry.central.name == path).unwrap();
        *entry = Entry::new(&path, text(&String::from_utf8(entry.bytes.clone()).unwrap()));
    })
}

fn lacking(name: &'static str, what: &'static str, file: &'static str) -> Case {
    changed(name, what, INVALID, |entries, stem| {
        entries.retain(|entry| entry.central.name != format!("{stem}.dist-info/{file}").into_bytes());
    })
}

fn adding(
    name: &'static str,
    what: &'static str,
    verdict: Verdict,
    path: &'static str,
    text: &'static str,
) -> Case {
    changed(name, what, verdict, |entries, stem| {
        entries.push(Entry::new(path.replace("{0}", stem), text));
    })
}

fn descriptions() -> Vec<Case> {
    let mut not_text = lacking("record-not-text", "a RECORD that is not UTF-8", "RECORD");
    let mut files = entries("record-not-text");
    files.pop();
    files.push(Entry::new("record_not_text-1.0.dist-info/RECORD", b"\xff\xfe"));
    not_text.bytes = archive(&files);
    vec![
        replaced("record-lies", "a RECORD with another digest of a file", INVALID, "RECORD", |text| {
            text.replacen("sha256=47DEQ", "sha256=48DEQ", 1)
        }),
        replaced("record-broken", "a RECORD with lines of two fields", INVALID, "RECORD", |_| {
            "a,b\n".to_owned()
        }),
        Case {
            why: "",
            ..replaced("record-up", "a RECORD that also names `../../canary`", TAKEN, "RECORD", |text| {
                format!("../../canary,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n{text}")
            })
        },
        not_text,
        lacking("record-lacking", "no RECORD", "RECORD"),
        lacking("metadata-lacking", "no METADATA", "METADATA"),
        lacking("wheel-lacking", "no WHEEL", "WHEEL"),
        replaced("metadata-other", "METADATA of another name", INVALID, "METADATA", |_| {
            "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n".to_owned()
        }),
        replaced("wheel-version", "a WHEEL of version 2", INVALID, "WHEEL", |text| {
            text.replace("1.0", "2.0")
        }),
        adding("two-infos", "two `.dist-info` folders", INVALID, "other-1.0.dist-info/METADATA", "x"),
    ]
}

fn schemes() -> Vec<Case> {
    vec![
        adding(
            "data-up",
            "a file `.data/data/../../../canary`",
            UNSAFE,
            "{0}.data/data/../../../canary",
            "x",
        ),
        adding("data-scheme", "a file in `.data` of an unknown scheme", INVALID, "{0}.data/system/x", "x"),
        adding("data-bare", "a file in `.data` without a scheme", INVALID, "{0}.data/x", "x"),
        adding("data-python", "a script `python3`", UNSAFE, "{0}.data/scripts/python3", "x"),
        adding(
            "data-python-file",
            "a data file `bin/python3.11`",
            UNSAFE,
            "{0}.data/data/bin/python3.11",
            "x",
        ),
        adding("data-script-folder", "a script in a folder", INVALID, "{0}.data/scripts/d/x", "x"),
        adding(
            "data-twice",
            "a file that two schemes put in one place",
            UNSAFE,
            "{0}.data/purelib/data_twice/__init__.py",
            "x",
        ),
    ]
}

fn scripts() -> Vec<Case> {
    let points =
        |name, what, verdict, text| adding(name, what, verdict, "{0}.dist-info/entry_points.txt", text);
    vec![
        points("script-up", "an entry point `../canary`", UNSAFE, "[console_scripts]\n../canary = m:f\n"),
        points(
            "script-absolute",
            "an entry point `/tmp/envwright-canary`",
            UNSAFE,
            "[console_scripts]\n/tmp/envwright-canary = m:f\n",
        ),
        points("script-dots", "an entry point `..`", UNSAFE, "[console_scripts]\n.. = m:f\n"),
        points("script-folder", "an entry point `a/b`", UNSAFE, "[console_scripts]\na/b = m:f\n"),
        points("script-python", "an entry point `python3`", UNSAFE, "[console_scripts]\npython3 = m:f\n"),
        points(
            "script-code",
            "an entry point whose function is code",
            INVALID,
            "[console_scripts]\nx = os;import sys:exit()\n",
        ),
        points("script-no-value", "an entry point without a function", INVALID, "[console_scripts]\nx\n"),
    ]
}

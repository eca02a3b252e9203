//! Every fault on every way: the page that shows what a user then sees is made here.

use super::{faults, ways::Way};
use crate::support::write;
use serde_json::Value;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// What every page says.
const MADE: &str = "\
What happens on this way out of envwright, fault by fault. The table is made and compared by `tests/network/matrix.rs`:\n\
the real program, real servers and sockets, and settings of one retry, one second to connect and one without a byte.\n\
`HOST` stands for a server on loopback. \u{201c}Asked again\u{201d} tells whether what failed was sent a second time.\n";

/// What a user sees of one fault on one way, as a row of the table.
fn row(way: Way, name: &str, made: &faults::Made) -> String {
    let came = way.gone(made);
    let ran = &came.ran;
    let again = came.again.map_or("", |again| if again { "yes" } else { "no" });
    if ran.code == Some(0) {
        return format!("| {name} | done | | | {again} |\n");
    }
    assert!(matches!(ran.code, Some(1 | 3)), "{name}: {ran}");
    let root = &ran.json()["root"];
    let text = |value: &Value| without_ports(value.as_str().unwrap_or_default()).replace('|', "\\|");
    let (problem, title) = (&root["problem"], text(&root["title"]));
    let cause = without_sizes(&text(&root["cause"]));
    assert_ne!(problem, "internal-error", "{name}: {ran}");
    assert!(!cause.is_empty(), "{name}: {ran}");
    let fix = text(&root["remedies"][0]["title"]);
    format!("| {name} | `{}` | {title}. {cause} | {fix} | {again} |\n", problem.as_str().unwrap())
}

/// Numbers of ports and digests, which differ between runs, as one word.
fn without_ports(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("127.0.0.1:").or_else(|| rest.split_once("localhost:"))
    {
        shown.push_str(before);
        shown.push_str("HOST");
        rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
    }
    shown.push_str(rest);
    let words = shown.split(' ').map(|word| {
        let digest = word.len() > 60 && word.contains("sha256");
        if digest { "DIGEST" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").replace("127.0.0.1", "HOST").replace("localhost", "HOST")
}

/// Sizes of packages differ with the tools that pack them.
fn without_sizes(text: &str) -> String {
    let Some((before, rest)) = text.split_once(" bytes were announced and ") else { return text.to_owned() };
    let digit = |letter: char| letter.is_ascii_digit();
    let after = rest.trim_start_matches(digit);
    format!("{}N bytes were announced and M{after}", before.trim_end_matches(digit))
}

fn page(way: Way) -> PathBuf {
    let name = way.title().to_lowercase().replace(' ', "-");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/src/network/{name}.md"))
}

/// Compares the page of a way with what happens, or writes it where `ENVWRIGHT_WRITE_DOCS` is set.
fn shown(way: Way) {
    let mut text = format!(
        "# {}\n\n{MADE}\n| fault | problem | what the user sees | first remedy | asked again |\n|---|---|---|---|---|\n",
        way.title()
    );
    for (name, made) in faults::all() {
        write!(text, "{}", row(way, name, &made)).unwrap();
    }
    let path = page(way);
    if std::env::var_os("ENVWRIGHT_WRITE_DOCS").is_some() {
        write(&path, text.as_bytes());
        return;
    }
    let written = fs_err::read_to_string(&path).unwrap_or_default();
    for (written, seen) in written.lines().zip(text.lines()) {
        assert_eq!(written, seen, "{}", path.display());
    }
    assert_eq!(written.lines().count(), text.lines().count(), "{}", path.display());
}

#[test]
fn a_page_of_an_index() {
    shown(Way::Page);
}

#[test]
fn a_wheel() {
    shown(Way::Wheel);
}

#[test]
fn the_lists_of_a_mirror() {
    shown(Way::Lists);
}

#[test]
fn a_debian_package() {
    shown(Way::Deb);
}

#[test]
fn a_base() {
    shown(Way::Base);
}

#[test]
fn a_push() {
    shown(Way::Push);
}

#[test]
fn every_way_has_a_page_of_its_own() {
    let pages: std::collections::BTreeSet<PathBuf> = Way::ALL.into_iter().map(page).collect();
    assert_eq!(pages.len(), Way::ALL.len());
    let summary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/SUMMARY.md");
    let summary = fs_err::read_to_string(summary).unwrap();
    for page in pages {
        let name = page.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(summary.contains(&format!("network/{name}")), "{name}");
    }
}

/// The page on reliability has a row for each fault, with the problems of all ways.
#[test]
fn the_overview_is_that_of_the_pages() {
    let overview = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reliability.md");
    let overview = fs_err::read_to_string(overview).unwrap();
    let pages = Way::ALL.map(|way| fs_err::read_to_string(page(way)).unwrap());
    for (name, _) in faults::all() {
        let start = format!("| {name} | ");
        let problems = pages.each_ref().map(|page| {
            let row = page.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
            row.split(" | ").next().unwrap()
        });
        let row = format!("{start}{} |", problems.join(" | "));
        assert!(overview.lines().any(|line| line == row), "{row}");
    }
}

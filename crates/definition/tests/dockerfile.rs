//! What is said of Dockerfiles, check by check: each has a file that triggers it and one that does not.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_definition::{Options, read};
use envwright_diagnosis::{Explain as _, Finding, edit};
use tempfile::TempDir;

fn folder(dockerfile: &str, files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files.iter().chain([&("Dockerfile", dockerfile)]) {
        let path = dir.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    dir
}

fn findings(dockerfile: &str, files: &[(&str, &str)]) -> Vec<Finding> {
    let dir = folder(dockerfile, files);
    match read(&dir.path().join("Dockerfile"), &Options::default()) {
        Ok(environment) => environment.findings,
        Err(error) => error.findings(),
    }
}

fn problems(dockerfile: &str) -> Vec<String> {
    findings(dockerfile, &[("a.txt", "")]).iter().map(|finding| finding.problem.to_string()).collect()
}

/// The problem, a file that has it, and one that looks alike and has not.
const CASES: [(&str, &str, &str); 24] = [
    ("dockerfile-stage-name-casing", "FROM debian:12 AS Build\n", "FROM debian:12 AS build\n"),
    ("dockerfile-from-as-casing", "FROM debian:12 as build\n", "from debian:12 as build\n"),
    (
        "dockerfile-empty-continuation",
        "FROM debian:12\nRUN a \\\n\n  && b\n",
        "FROM debian:12\nRUN a \\\n# c\n  && b\n\n",
    ),
    ("dockerfile-instruction-casing", "FROM debian:12\nRUN a\nrun b\n", "from debian:12\nrun a\nrun b\n"),
    (
        "dockerfile-duplicate-stage-name",
        "FROM debian:12 AS a\nFROM debian:12 AS a\n",
        "FROM debian:12 AS a\nFROM debian:12 AS b\n",
    ),
    ("dockerfile-reserved-stage-name", "FROM debian:12 AS scratch\n", "FROM scratch AS base\n"),
    (
        "dockerfile-json-args",
        "FROM debian:12\nCMD python app.py\n",
        "FROM debian:12\nCMD [\"python\", \"app.py\"]\n",
    ),
    (
        "dockerfile-json-args",
        "FROM debian:12\nENTRYPOINT exec a $B\n",
        "FROM debian:12\nSHELL [\"bash\", \"-c\"]\nCMD a\n",
    ),
    (
        "dockerfile-maintainer-deprecated",
        "FROM debian:12\nMAINTAINER me\n",
        "FROM debian:12\nLABEL maintainer=me\n",
    ),
    (
        "dockerfile-undefined-arg-in-from",
        "ARG VERSION=12\nFROM debian:$VERSON\n",
        "ARG VERSION=12\nFROM debian:$VERSION\n",
    ),
    (
        "dockerfile-workdir-relative",
        "FROM debian:12\nWORKDIR app\n",
        "FROM debian:12\nWORKDIR /srv\nWORKDIR app\n",
    ),
    (
        "dockerfile-undefined-var",
        "FROM debian:12\nARG APP_HOME=/a\nWORKDIR ${APP_HME}\n",
        "FROM debian:12\nARG APP_HOME=/a\nWORKDIR ${APP_HOME}\nENV PATH=/b:$PATH\n",
    ),
    (
        "dockerfile-multiple-instructions",
        "FROM debian:12\nCMD [\"a\"]\nCMD [\"b\"]\n",
        "FROM debian:12 AS a\nCMD [\"a\"]\nFROM a\nCMD [\"b\"]\n",
    ),
    ("dockerfile-legacy-key-value", "FROM debian:12\nENV A b\n", "FROM debian:12\nENV A=b C=\"d e\"\n"),
    (
        "dockerfile-redundant-target-platform",
        "FROM --platform=$TARGETPLATFORM debian:12\n",
        "FROM --platform=$BUILDPLATFORM debian:12\n",
    ),
    (
        "dockerfile-secret-in-env",
        "FROM debian:12\nARG API_TOKEN\n",
        "FROM debian:12\nENV KEYBOARD=de PUBLIC_KEY=a\n",
    ),
    (
        "dockerfile-invalid-default-arg-in-from",
        "ARG TAG\nFROM debian:$TAG\n",
        "ARG TAG\nFROM debian:${TAG:-12}\n",
    ),
    (
        "dockerfile-from-platform-const",
        "FROM --platform=linux/amd64 debian:12\n",
        "FROM --platform=linux/amd64 debian:12 AS build-amd64\n",
    ),
    (
        "dockerfile-expose-casing",
        "FROM debian:12\nEXPOSE 80/TCP\n",
        "FROM debian:12\nEXPOSE 80/tcp 8000-8010\n",
    ),
    ("dockerfile-expose-invalid", "FROM debian:12\nEXPOSE 80:8080\n", "FROM debian:12\nEXPOSE $PORT\n"),
    ("dockerfile-copy-not-found", "FROM debian:12\nCOPY b.txt /\n", "FROM debian:12\nCOPY a.txt *.t?t /x/\n"),
    (
        "dockerfile-stage-not-found",
        "FROM debian:12 AS build\nFROM debian:12\nCOPY --from=biuld /a /b\n",
        "FROM debian:12 AS build\nFROM debian:12\nCOPY --from=build /a /b\nCOPY --from=nginx /a /b\n",
    ),
    (
        "pip-command-not-found",
        "FROM debian:12\nRUN pip install six\n",
        "FROM debian:12\nRUN apt-get install -y python3-pip && pip install six\n",
    ),
    ("conda-too-old", "FROM continuumio/miniconda3:4.3.27\n", "FROM continuumio/miniconda3:23.1.0-1\n"),
];

#[test]
fn each_check_has_a_file_that_triggers_it_and_one_that_does_not() {
    for (problem, wrong, right) in CASES {
        assert!(
            problems(wrong).iter().any(|found| found == problem),
            "{problem} in {:?} of {wrong}",
            problems(wrong)
        );
        assert_eq!(problems(right), [""; 0], "{problem}: {right}");
    }
}

#[test]
fn a_file_that_is_fixed_has_the_finding_no_more() {
    for (problem, wrong, _) in CASES {
        let found = findings(wrong, &[("a.txt", "")]);
        let fixes = found.iter().filter(|finding| finding.problem.as_str() == problem);
        let (texts, made) = edit::edited(fixes.filter_map(|finding| finding.fix.as_ref()));
        if made > 0 {
            assert!(!problems(&texts[0].1).iter().any(|found| found == problem), "{problem}: {}", texts[0].1);
        }
    }
}

#[test]
fn what_cannot_be_read_has_its_place() {
    for (text, problem, line) in [
        ("FROM debian:12\nRNU true\n", "dockerfile-unknown-instruction", 2),
        ("FROM debian:12\nCOPY a\n", "dockerfile-parse", 2),
        ("FROM debian:12\nRUN <<EOF\ntrue\n", "dockerfile-parse", 3),
        ("ARG A\n", "dockerfile-parse", 1),
    ] {
        let found = findings(text, &[]);
        let error = found.iter().find(|finding| finding.problem.as_str() == problem);
        let error = error.unwrap_or_else(|| panic!("{text}: {found:?}"));
        assert_eq!(error.evidence[0].span.line(), line, "{text}");
    }
}

#[test]
fn what_dockerignore_leaves_out_cannot_be_copied() {
    let dockerfile = "FROM debian:12\nCOPY data/a.bin src/ notes.md ./\n";
    let files = [
        ("data/a.bin", ""),
        ("src/a.py", ""),
        ("notes.md", ""),
        (".dockerignore", "data\n*.md\n!notes.md\n"),
    ];
    let found = findings(dockerfile, &files);
    let told: Vec<(&str, &str)> =
        found.iter().map(|finding| (finding.problem.as_str(), finding.evidence[0].span.text())).collect();
    assert_eq!(told, [("dockerfile-copy-ignored", "data/a.bin")]);
}

#[test]
fn instructions_have_their_places() {
    let dir = folder(
        "# syntax=docker/dockerfile:1\nFROM debian:12\n# why\nRUN a \\\n  && b\n\n# end\nCMD [\"a\"]\n",
        &[],
    );
    let environment = read(&dir.path().join("Dockerfile"), &Options::default()).unwrap();
    let instructions = environment.build.unwrap().instructions;
    let told: Vec<(&str, &str, usize)> =
        instructions.iter().map(|one| (one.name.as_str(), one.arguments.as_str(), one.span.line())).collect();
    assert_eq!(told, [("FROM", "debian:12", 2), ("RUN", "a \\\n  && b", 4), ("CMD", "[\"a\"]", 8)]);
}

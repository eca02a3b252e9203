//! What a platform does to a log changes no root: each example of the catalog, and each log that was made with a real
//! tool, told in other forms.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use envwright_diagnosis::{
    Catalog, Evidence,
    log::{Matcher, diagnose},
};
use std::{fmt::Write as _, sync::LazyLock};

fn lines(log: &str, with: impl Fn(usize, &str) -> String) -> String {
    let text: Vec<String> =
        log.trim_matches('\n').lines().enumerate().map(|(at, line)| with(at, line)).collect();
    text.join("\n") + "\n"
}

/// Logs by name: the catalog's examples, and those of `tests/made`.
fn samples(catalog: &Catalog) -> Vec<(String, String)> {
    let examples =
        catalog.problems().flat_map(|problem| problem.example.iter().map(|log| (&problem.id, log)));
    let mut samples: Vec<_> = examples.map(|(id, example)| (id.clone(), example.log.clone())).collect();
    let made = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/made/logs");
    for entry in fs_err::read_dir(made).unwrap() {
        let path = entry.unwrap().path();
        samples.push((path.display().to_string(), fs_err::read_to_string(&path).unwrap()));
    }
    samples
}

/// Asserts that every log, told in this form, has the same first root.
#[track_caller]
fn unchanged(form: impl Fn(&str) -> Option<String>) {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    let root = |log: &str| {
        let diagnosis = diagnose(log.as_bytes(), &matcher, &catalog, "log");
        diagnosis.root().map(|root| root.finding.problem.as_str().to_owned())
    };
    let mut wrong = String::new();
    let mut count = 0;
    for (name, log) in samples(&catalog) {
        let Some(told) = form(&log) else { continue };
        count += 1;
        let (expected, got) = (root(&log), root(&told));
        if expected != got {
            let _ = writeln!(wrong, "{name}: {got:?} instead of {expected:?}\n{told}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 0, "no log was told");
}

#[test]
fn colours() {
    unchanged(|log| Some(lines(log, |_, line| format!("\u{1b}[0m\u{1b}[91m{line}\u{1b}[0m\u{1b}[K"))));
}

#[test]
fn line_ends_of_windows() {
    unchanged(|log| Some(log.replace('\n', "\r\n")));
}

#[test]
fn timestamps() {
    unchanged(|log| Some(lines(log, |at, line| format!("2024-05-06T07:08:{:02}.1234567Z {line}", at % 60))));
}

#[test]
fn lines_of_kubernetes() {
    unchanged(|log| Some(lines(log, |_, line| format!("2024-05-06T07:08:09.123456789Z stderr F {line}"))));
}

#[test]
fn lines_of_compose() {
    unchanged(|log| Some(lines(log, |_, line| format!("trainer-1  | {line}"))));
}

#[test]
fn lines_of_actions() {
    unchanged(|log| {
        Some(lines(log, |_, line| format!("build\tBuild image\t2024-05-06T07:08:09.1234567Z {line}")))
    });
}

#[test]
fn lines_as_json() {
    unchanged(|log| {
        Some(lines(log, |_, line| {
            serde_json::json!({ "log": format!("{line}\n"), "stream": "stderr", "time": "2024-05-06T07:08:09Z" })
                .to_string()
        }))
    });
}

/// BuildKit numbers the output of a step; a log that it numbered already stays as it is.
#[test]
fn steps_of_buildkit() {
    unchanged(|log| {
        let own = ["#", "Step ", "STEP "];
        let numbered = log.lines().any(|line| own.iter().any(|own| line.trim_start().starts_with(own)));
        (!numbered).then(|| {
            let text = lines(log, |at, line| format!("#7 {}.{:03} {line}", 1 + at, at % 1000));
            format!("#7 [2/4] RUN ./build\n{text}")
        })
    });
}

#[test]
fn progress_that_was_written_over() {
    unchanged(|log| {
        Some(lines(log, |_, line| format!(" 10% [##    ] 1.0 MB/s\r 90% [##### ] 1.0 MB/s\r{line}")))
    });
}

#[test]
fn twice_in_a_row() {
    unchanged(|log| Some(format!("{log}\n{log}")));
}

/// The first and the last line of the root's evidence.
fn evidence(log: &str) -> Option<(usize, usize)> {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::builtin);
    static MATCHER: LazyLock<Matcher> = LazyLock::new(|| Matcher::new(&CATALOG));
    let diagnosis = diagnose(log.as_bytes(), &MATCHER, &CATALOG, "log");
    let lines = |evidence: &Evidence| {
        let first = evidence.span.line();
        (first, first + evidence.span.text().matches('\n').count())
    };
    let all: Vec<(usize, usize)> = diagnosis.root()?.finding.evidence.iter().map(lines).collect();
    Some((all.iter().map(|(first, _)| *first).min()?, all.iter().map(|(_, last)| *last).max()?))
}

/// What comes after the evidence may be missing.
#[test]
fn cut_at_the_end() {
    unchanged(|log| {
        let (_, last) = evidence(log)?;
        Some(log.split_inclusive('\n').take(last).collect())
    });
}

/// So may what comes before it, but for the lines that a signature looks back at.
#[test]
fn cut_at_the_beginning() {
    unchanged(|log| {
        let (first, _) = evidence(log)?;
        (first > 41).then(|| log.split_inclusive('\n').skip(first - 41).collect())
    });
}

#[test]
fn among_other_lines() {
    unchanged(|log| {
        let mut before = String::new();
        for at in 0..200 {
            writeln!(before, "Preparing to unpack .../{at}-libfoo{at}_1.2.deb ...").unwrap();
        }
        Some(format!("{before}{log}"))
    });
}

#[test]
fn in_sixteen_bits() {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    for problem in catalog.problems() {
        for example in &problem.example {
            let mut bytes = vec![0xff, 0xfe];
            bytes.extend(example.log.encode_utf16().flat_map(u16::to_le_bytes));
            let diagnosis = diagnose(&bytes, &matcher, &catalog, "log");
            let expected = diagnose(example.log.as_bytes(), &matcher, &catalog, "log");
            let id = |diagnosis: &envwright_diagnosis::Diagnosis| {
                diagnosis.root().map(|root| root.finding.problem.clone())
            };
            assert_eq!(id(&diagnosis), id(&expected), "{}", problem.id);
        }
    }
}

/// Whatever pieces a pipe brings.
#[test]
fn in_pieces() {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    for problem in catalog.problems() {
        for example in &problem.example {
            let whole = diagnose(example.log.as_bytes(), &matcher, &catalog, "log");
            for size in [1, 7, 64] {
                let mut reader = envwright_diagnosis::log::LogReader::new(&matcher);
                for piece in example.log.as_bytes().chunks(size) {
                    reader.push(piece);
                    let _ = reader.fresh();
                }
                let diagnosis = reader.finish().diagnose(
                    &matcher,
                    &catalog,
                    "log",
                    &envwright_redact::Redactor::default(),
                );
                let shown = |diagnosis| envwright_diagnosis::report::json(diagnosis).to_string();
                assert_eq!(shown(&diagnosis), shown(&whole), "{} in pieces of {size}", problem.id);
            }
        }
    }
}

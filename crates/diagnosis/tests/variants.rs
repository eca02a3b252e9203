//! What a platform does to a log changes no root: each example of the catalog, told in other forms.

use envwright_diagnosis::{
    Catalog, Problem,
    log::{Matcher, diagnose},
};
use std::fmt::Write as _;

fn lines(log: &str, with: impl Fn(usize, &str) -> String) -> String {
    let text: Vec<String> =
        log.trim_matches('\n').lines().enumerate().map(|(at, line)| with(at, line)).collect();
    text.join("\n") + "\n"
}

/// Asserts that every example, told in this form, has the same first root.
#[track_caller]
fn unchanged(form: impl Fn(&Problem, &str) -> Option<String>) {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    let root = |log: &str| {
        let diagnosis = diagnose(log.as_bytes(), &matcher, &catalog, "log");
        let first = diagnosis.root().map(|root| root.finding.clone());
        first.map(|finding| (finding.problem.as_str().to_owned(), finding.facts))
    };
    let mut wrong = String::new();
    let mut count = 0;
    for problem in catalog.problems() {
        for example in &problem.example {
            let Some(told) = form(problem, &example.log) else { continue };
            count += 1;
            let (expected, got) = (root(&example.log), root(&told));
            let id = |root: &Option<(String, _)>| root.as_ref().map(|(id, _)| id.clone());
            if id(&expected) != id(&got) {
                let _ =
                    writeln!(wrong, "{}: {:?} instead of {:?}\n{told}", problem.id, id(&got), id(&expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 0, "no example was told");
}

#[test]
fn colours() {
    unchanged(|_, log| Some(lines(log, |_, line| format!("\u{1b}[0m\u{1b}[91m{line}\u{1b}[0m\u{1b}[K"))));
}

#[test]
fn line_ends_of_windows() {
    unchanged(|_, log| Some(log.replace('\n', "\r\n")));
}

#[test]
fn timestamps() {
    unchanged(|_, log| {
        Some(lines(log, |at, line| format!("2024-05-06T07:08:{:02}.1234567Z {line}", at % 60)))
    });
}

#[test]
fn lines_of_kubernetes() {
    unchanged(|_, log| Some(lines(log, |_, line| format!("2024-05-06T07:08:09.123456789Z stderr F {line}"))));
}

#[test]
fn lines_of_compose() {
    unchanged(|_, log| Some(lines(log, |_, line| format!("trainer-1  | {line}"))));
}

#[test]
fn lines_of_actions() {
    unchanged(|_, log| {
        Some(lines(log, |_, line| format!("build\tBuild image\t2024-05-06T07:08:09.1234567Z {line}")))
    });
}

#[test]
fn lines_as_json() {
    unchanged(|_, log| {
        Some(lines(log, |_, line| {
            serde_json::json!({ "log": format!("{line}\n"), "stream": "stderr", "time": "2024-05-06T07:08:09Z" })
                .to_string()
        }))
    });
}

/// BuildKit numbers the output of a step; a log that it numbered already stays as it is.
#[test]
fn steps_of_buildkit() {
    unchanged(|_, log| {
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
    unchanged(|_, log| {
        Some(lines(log, |_, line| format!(" 10% [##    ] 1.0 MB/s\r 90% [##### ] 1.0 MB/s\r{line}")))
    });
}

#[test]
fn twice_in_a_row() {
    unchanged(|_, log| Some(format!("{log}\n{log}")));
}

#[test]
fn among_other_lines() {
    unchanged(|_, log| {
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

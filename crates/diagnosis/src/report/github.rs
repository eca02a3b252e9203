//! A diagnosis as annotations of a GitHub Actions run.

use crate::{Diagnosed, Diagnosis, Severity};
use std::fmt::Write as _;

/// A workflow command a line for each root cause and each warning ("Workflow commands for GitHub Actions", "Setting an
/// error message"): title, cause and first fix. They are tied to no file: what they are about is a log.
pub fn github(diagnosis: &Diagnosis) -> String {
    annotations(diagnosis, |_| String::new())
}

/// The same, each at its place in a file of the repository.
pub fn github_files(diagnosis: &Diagnosis) -> String {
    annotations(diagnosis, |diagnosed| {
        let Some(evidence) = diagnosed.finding.evidence.first() else { return String::new() };
        let (span, file) = (&evidence.span, property(&evidence.span.source().name));
        format!("file={file},line={},col={},", span.line(), span.column())
    })
}

fn annotations(diagnosis: &Diagnosis, place: impl Fn(&Diagnosed) -> String) -> String {
    let mut out = String::new();
    let warnings = diagnosis.notes().iter().filter(|note| note.finding.severity == Severity::Warning);
    for diagnosed in diagnosis.roots().iter().chain(warnings) {
        let command = match diagnosed.finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let title = format!("{}: {}", diagnosed.finding.problem, diagnosed.title);
        let _ = writeln!(
            out,
            "::{command} {}title={}::{}",
            place(diagnosed),
            property(&title),
            data(&message(diagnosed))
        );
    }
    out
}

fn message(diagnosed: &Diagnosed) -> String {
    let mut lines: Vec<String> = Vec::new();
    if let Some(place) = diagnosed.finding.evidence.first() {
        let name = &place.span.source().name;
        lines.push(format!("{name}:{}: {}", place.span.line(), place.span.line_text().trim()));
    }
    lines.extend(diagnosed.causes.iter().cloned());
    for remedy in &diagnosed.remedies {
        lines.push(format!("Fix: {}", remedy.title));
        lines.extend(remedy.command.iter().map(|command| format!("  $ {command}")));
    }
    lines.join("\n")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Finding, Source, Span};

    #[test]
    fn findings_of_files_stand_at_their_places() {
        let source = Source::new("a,b.yml", "x: 1\n  y\n");
        let finding = Finding::new("definition-empty").at(&Span::new(&source, 7..8), "here");
        let text = github_files(&Diagnosis::new(vec![finding], &Catalog::builtin()));
        assert!(text.starts_with("::error file=a%2Cb.yml,line=2,col=3,title=definition-empty%3A "), "{text}");
    }

    #[test]
    fn each_root_is_one_line_that_cannot_be_broken_out_of() {
        let finding = Finding::new("net-timeout").fact("host", "a\n::error::b,c").detail("100% sure.\nTwo.");
        let text = github(&Diagnosis::new(vec![finding], &Catalog::builtin()));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("::error title=net-timeout%3A a %3A%3Aerror%3A%3Ab%2Cc did not"), "{text}");
        assert!(text.contains("::100%25 sure.%0ATwo.%0AFix: "), "{text}");
    }
}

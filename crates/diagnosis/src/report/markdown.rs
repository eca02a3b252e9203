//! A diagnosis for comments, summaries and chats.

use crate::{Diagnosed, Diagnosis, Outcome, template::one_line};
use std::fmt::Write as _;

/// Roots, lines, notes that are spelled out; further ones are counted.
const MOST_ROOTS: usize = 10;
const MOST_LINES: usize = 8;
const MOST_NOTES: usize = 10;

/// The diagnosis as Markdown (`CommonMark`): a heading for each root cause, the lines that prove it, cause, fixes and
/// consequences, then the notes.
pub fn markdown(diagnosis: &Diagnosis) -> String {
    let mut out = String::new();
    if diagnosis.roots().is_empty() {
        let sentence = match diagnosis.outcome() {
            Outcome::Unknown => "No failure was found, and nothing says that all went well.",
            _ => "No failure was found.",
        };
        let _ = writeln!(out, "### {sentence}");
    }
    for root in diagnosis.roots().iter().take(MOST_ROOTS) {
        out += &section(root, diagnosis);
    }
    if let Some(more) = diagnosis.roots().len().checked_sub(MOST_ROOTS).filter(|more| *more > 0) {
        let _ = writeln!(out, "…and {more} more.\n");
    }
    let notes = diagnosis.notes();
    if !notes.is_empty() {
        let _ = writeln!(out, "<details><summary>Did no harm ({})</summary>\n", notes.len());
        for note in notes.iter().take(MOST_NOTES) {
            let _ = writeln!(out, "- {}{}", escaped(&note.title), line(note));
        }
        out += "\n</details>\n";
    }
    out
}

fn section(root: &Diagnosed, diagnosis: &Diagnosis) -> String {
    let mut out = format!("### ❌ {} (`{}`)\n\n", escaped(&root.title), root.finding.problem);
    let evidence = &root.finding.evidence;
    if let Some(first) = evidence.first() {
        let _ = writeln!(out, "{}:{}\n", code(&first.span.source().name), first.span.line());
        let shown = evidence.iter().take(MOST_LINES);
        let lines: Vec<String> = shown
            .map(|place| format!("{:>6} | {}", place.span.line(), shorten(place.span.line_text())))
            .collect();
        let text = lines.join("\n");
        let fence = fence(&text);
        let _ = writeln!(out, "{fence}text\n{text}\n{fence}\n");
    }
    for cause in &root.causes {
        let _ = writeln!(out, "**Cause:** {}\n", escaped(cause));
    }
    for remedy in &root.remedies {
        let _ = writeln!(out, "- **Fix:** {}", escaped(&remedy.title));
        for command in &remedy.command {
            let _ = writeln!(out, "  {}", code(command));
        }
    }
    if root.transient {
        out += "\nThe same build can succeed if tried again.\n";
    }
    let effects: Vec<String> = (root.explains.iter())
        .filter_map(|index| diagnosis.findings().get(*index))
        .map(|effect| format!("{}{}", escaped(&effect.title), line(effect)))
        .collect();
    if !effects.is_empty() {
        let _ = writeln!(out, "\nLed to: {}", effects.join(" → "));
    }
    out + "\n"
}

fn line(diagnosed: &Diagnosed) -> String {
    diagnosed
        .finding
        .evidence
        .first()
        .map(|place| format!(" (line {})", place.span.line()))
        .unwrap_or_default()
}

/// Characters that mean something in Markdown stand for themselves.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for c in one_line(text).chars() {
        if c == '`' {
            in_code = !in_code;
        } else if !in_code && matches!(c, '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' | '\\' | '~' | '@') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A text between as many marks as it needs (`CommonMark`, "Code spans").
fn code(text: &str) -> String {
    let text = one_line(text);
    let marks = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{marks}{pad}{text}{pad}{marks}")
}

fn fence(text: &str) -> String {
    "`".repeat((longest_run(text) + 1).max(3))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

fn shorten(text: &str) -> String {
    let text = one_line(text);
    if text.chars().count() <= 300 {
        return text;
    }
    text.chars().take(299).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Finding, Severity, Source, Span};

    #[test]
    fn a_report_has_heading_lines_cause_fixes_and_notes() {
        let source = Source::excerpt("build.log", "  ```boom``` requests==2.31.0", 7);
        let finding = Finding::new("pip-hash-mismatch")
            .fact("package", "a_b*")
            .at(&Span::new(&source, 2..5), "")
            .detail("It is <b>bold</b>.");
        let note = Finding::new("net-timeout").severity(Severity::Note);
        let text = markdown(&Diagnosis::new(vec![finding, note], &Catalog::builtin()));
        assert!(text.starts_with("### ❌ the hash of a\\_b\\* is not"), "{text}");
        assert!(
            text.contains("`build.log`:7\n\n````text\n     7 | ```boom``` requests==2.31.0\n````\n"),
            "{text}"
        );
        assert!(text.contains("**Cause:** It is \\<b\\>bold\\</b\\>."), "{text}");
        assert!(text.contains("- **Fix:** ") && text.contains("Did no harm (1)"), "{text}");
        assert_eq!(markdown(&Diagnosis::default()), "### No failure was found.\n");
    }
}

//! A diagnosis for people.

use super::frame::frame;
use crate::{Diagnosed, Diagnosis, Remedy, template::one_line, wrap::beside};
use anstyle::{AnsiColor, Style};

/// Columns of the margin in which `cause`, `fix` and `help` stand.
const MARGIN: usize = 8;
/// What does not fit on a screen: more causes, remedies of one, or warnings than these are only counted.
const MOST_ROOTS: usize = 12;
const MOST_REMEDIES: usize = 4;
const MOST_NOTES: usize = 12;

/// The diagnosis as text of at most `width` columns where words and file names allow it: for each root cause
/// its title, the lines that prove it, cause, fixes and where to read more; then the warnings. Empty when
/// there is nothing to say. With `color`, has terminal escapes.
pub fn text(diagnosis: &Diagnosis, color: bool, width: usize) -> String {
    let width = width.max(40);
    let roots = diagnosis.roots();
    let notes = diagnosis.notes();
    let mut parts: Vec<String> = Vec::new();
    for root in roots.iter().take(MOST_ROOTS) {
        parts.push(frame(root, diagnosis, color, width) + &advice(root, color, width, MOST_REMEDIES));
    }
    parts.extend(more(roots.len(), MOST_ROOTS, "problem"));
    for note in notes.iter().take(MOST_NOTES) {
        parts.push(frame(note, diagnosis, color, width) + &advice(note, color, width, 1));
    }
    parts.extend(more(notes.len(), MOST_NOTES, "warning"));
    parts.join("\n")
}

fn more(count: usize, shown: usize, noun: &str) -> Option<String> {
    let hidden = count.checked_sub(shown).filter(|hidden| *hidden > 0)?;
    Some(format!("and {hidden} more {noun}{}\n", if hidden == 1 { "" } else { "s" }))
}

/// The lines under the frame.
fn advice(diagnosed: &Diagnosed, color: bool, width: usize, most_remedies: usize) -> String {
    let label = |text: &str| label(text, color);
    let mut out = String::new();
    for (index, cause) in diagnosed.causes.iter().enumerate() {
        let name = if index == 0 { "cause" } else { "" };
        out += &beside(&label(name), name.len(), MARGIN, &one_line(cause), width);
    }
    for remedy in diagnosed.remedies.iter().take(most_remedies) {
        out += &beside(&label("fix"), "fix".len(), MARGIN, &one_line(&remedy.title), width);
        out += &commands(remedy);
    }
    if diagnosed.transient {
        out +=
            &beside(&label("note"), "note".len(), MARGIN, "the same build can succeed if tried again", width);
    }
    let explain = format!("envwright explain {}", diagnosed.finding.problem);
    out + &beside(&label("help"), "help".len(), MARGIN, &explain, width)
}

/// Commands, one a line and never broken, so that they can be copied.
fn commands(remedy: &Remedy) -> String {
    let line = |command: &String| format!("{}$ {}\n", " ".repeat(MARGIN + 2), one_line(command));
    remedy.command.iter().map(line).collect()
}

fn label(text: &str, color: bool) -> String {
    if !color || text.is_empty() {
        return text.to_owned();
    }
    let style = match text {
        "fix" => Style::new().bold().fg_color(Some(AnsiColor::Green.into())),
        "cause" => Style::new().bold(),
        _ => Style::new().bold().fg_color(Some(AnsiColor::Cyan.into())),
    };
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Finding, Severity, Source, Span};

    /// A catalog of its own, so that better words in the real one do not change these reports.
    fn catalog() -> Catalog {
        let dir = tempfile::tempdir().unwrap();
        let tool = dir.path().join("pip");
        fs_err::create_dir(&tool).unwrap();
        let write = |id: &str, text: &str| fs_err::write(tool.join(format!("{id}.toml")), text).unwrap();
        write(
            "wrong-hash",
            "id = 'wrong-hash'\ntitle = 'the hash of {package}[ {version}] is not the one that was pinned'\n\
             stage = 'fetch'\nfault = 'definition'\ntransient = false\nexplains = ['no-install']\n\
             cause = [{ text = 'The mirror serves another build of this file than the one that was pinned, or the \
             file was changed on the way.' }]\n\
             remedy = [{ title = 'pin the new hash', command = ['pip hash {file}'] }]\n",
        );
        write(
            "no-install",
            "id = 'no-install'\ntitle = 'the packages were not installed'\nstage = 'install'\nfault = 'network'\n\
             transient = true\n",
        );
        Catalog::default().with_folder(dir.path()).unwrap()
    }

    fn report(findings: Vec<Finding>, width: usize) -> String {
        text(&Diagnosis::new(findings, &catalog()), false, width)
    }

    #[test]
    fn a_finding_with_places_shows_the_lines() {
        let lines = "# ours\r\n--index-url https://u:hunter2@index.example/\r\nsix\r\nrequests==2.31.0 \\\r\n    --hash=sha256:58cd\r\n";
        let source = Source::new("requirements.txt", lines);
        let place = |text: &str| {
            let at = lines.find(text).unwrap();
            Span::new(&source, at..at + text.len())
        };
        let finding = Finding::new("wrong-hash")
            .fact("package", "requests")
            .fact("version", "2.31.0")
            .at(&place("--hash=sha256:58cd"), "got 942c")
            .at(&place("https://u:hunter2@index.example/"), "from here");
        insta::assert_snapshot!(report(vec![finding, Finding::new("no-install")], 80));
    }

    #[test]
    fn a_finding_without_places_has_title_cause_and_fix() {
        insta::assert_snapshot!(report(vec![Finding::new("wrong-hash").fact("file", "a.whl")], 60));
    }

    #[test]
    fn several_causes_and_warnings_stand_apart() {
        let package = |name: &str| Finding::new("wrong-hash").fact("package", name);
        let warning = Finding::new("no-install").severity(Severity::Warning).detail("Only a test.");
        insta::assert_snapshot!(report(vec![package("six"), package("attrs"), warning], 80));
    }

    #[test]
    fn odd_places_do_not_break_the_report() {
        let texts = ["", "\n", "\t\u{1b}[31mred\u{7}", "größe😀=1", "a\0b", "no end", &"x".repeat(5000)];
        for text in texts {
            let source = Source::new("a", text);
            for span in [0..0, 0..text.len(), text.len()..text.len(), 0..usize::MAX] {
                let shown = report(
                    vec![Finding::new("wrong-hash").at(&Span::new(&source, span), "here\n\u{1b}")],
                    80,
                );
                assert!(!shown.contains(['\u{1b}', '\u{7}', '\0']), "{shown:?}");
                assert!(shown.starts_with("error[wrong-hash]: the hash of the package is"), "{shown}");
            }
        }
    }

    #[test]
    fn a_very_long_line_is_cut_to_the_width() {
        let source = Source::new("a", format!("{}six{}", "x".repeat(3000), "y".repeat(3000)));
        let shown = report(vec![Finding::new("wrong-hash").at(&Span::new(&source, 3000..3003), "")], 80);
        assert!(shown.contains("six") && shown.lines().all(|line| line.chars().count() <= 90), "{shown}");
    }

    #[test]
    fn color_only_adds_escapes() {
        let diagnosis = Diagnosis::new(vec![Finding::new("wrong-hash")], &catalog());
        let colored = text(&diagnosis, true, 80);
        assert!(colored.contains("\u{1b}["));
        let mut plain = String::new();
        for (index, piece) in colored.split('\u{1b}').enumerate() {
            plain += if index == 0 { piece } else { piece.split_once('m').unwrap().1 };
        }
        assert_eq!(plain, text(&diagnosis, false, 80));
    }

    #[test]
    fn no_more_than_a_screen_is_shown() {
        let findings: Vec<Finding> = (0..30).map(|n| Finding::new("wrong-hash").fact("package", n)).collect();
        let shown = report(findings, 80);
        assert!(shown.ends_with("and 18 more problems\n"), "{shown}");
    }

    #[test]
    fn nothing_to_say_is_nothing() {
        assert_eq!(report(Vec::new(), 80), "");
    }
}

//! A diagnosis beside its whole log, as one file.

use crate::{Diagnosed, Diagnosis, Severity};
use envwright_redact::Redactor;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, BufRead, Write},
};

/// Lines that a browser lays out at once; those out of sight cost nothing.
const BLOCK: usize = 500;
/// Bytes of a line that are shown.
const LONGEST: usize = 4000;

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--error:#c22;--warning:#b70;--note:#888;--mark:#f552;--shade:#8881}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;display:grid;grid-template-columns:minmax(20rem,34rem) 1fr;height:100vh}
aside,main{overflow:auto;height:100vh}aside{padding:1rem 1.25rem;border-right:1px solid var(--line)}
h1{font-size:1.1rem;margin:.2rem 0 1rem}h2{font-size:1rem;margin:0 0 .3rem}section{border-left:4px solid var(--error);padding:.2rem 0 .2rem .8rem;margin:0 0 1.4rem}
section.warning{border-color:var(--warning)}section.note{border-color:var(--note)}p{margin:.3rem 0}
code,pre{font:12.5px/1.5 ui-monospace,monospace}pre{margin:0}aside pre{background:var(--shade);padding:.4rem .6rem;overflow:auto;white-space:pre-wrap}
ul{padding-left:1.2rem;margin:.3rem 0}a{color:inherit}.id{color:var(--note)}
main div{content-visibility:auto;contain-intrinsic-size:auto 9000px}main b{display:block;font-weight:inherit;background:var(--mark)}
main b:target{outline:2px solid var(--error)}main i{color:var(--note);font-style:normal;user-select:none;display:inline-block;min-width:5.5em;text-align:right;padding-right:1em}
main pre{padding:.2rem .5rem}mark{background:#f808;color:inherit}
@media(max-width:60rem){body{display:block;height:auto}aside,main{height:auto}}";

/// Writes a page that needs nothing else and no script: the causes with links into the log, and the log with the lines
/// that prove them marked. The log is read once more, and each secret in it is masked.
///
/// # Errors
/// Those of reading the log and of writing.
pub fn html(
    diagnosis: &Diagnosis,
    log: &mut dyn BufRead,
    redactor: &Redactor,
    out: &mut dyn Write,
) -> io::Result<()> {
    let name = escaped(diagnosis.log().unwrap_or_default());
    let title =
        diagnosis.root().map_or_else(|| "no failure was found".to_owned(), |root| escaped(&root.title));
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n<body><aside><h1>{name}</h1>\n"
    )?;
    if diagnosis.roots().is_empty() {
        writeln!(out, "<p>No failure was found.</p>")?;
    }
    for diagnosed in diagnosis.findings().iter().chain(diagnosis.notes()) {
        out.write_all(section(diagnosed, diagnosis).as_bytes())?;
    }
    writeln!(out, "</aside><main>")?;
    lines(diagnosis, log, redactor, out)?;
    writeln!(out, "</main></body></html>")
}

fn section(diagnosed: &Diagnosed, diagnosis: &Diagnosis) -> String {
    let finding = &diagnosed.finding;
    let class = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut out = format!(
        "<section class=\"{class}\"><h2>{}</h2><p class=\"id\">{}[{}]</p>\n",
        escaped(&diagnosed.title),
        class,
        finding.problem
    );
    for place in &finding.evidence {
        let line = place.span.line();
        let _ = write!(out, "<p><a href=\"#L{line}\">line {line}</a></p>");
    }
    for cause in &diagnosed.causes {
        let _ = write!(out, "<p>{}</p>", escaped(cause));
    }
    if !diagnosed.remedies.is_empty() && finding.severity == Severity::Error {
        out += "<ul>";
        for remedy in &diagnosed.remedies {
            let _ = write!(out, "<li>{}", escaped(&remedy.title));
            if !remedy.command.is_empty() {
                let _ = write!(out, "<pre>{}</pre>", escaped(&remedy.command.join("\n")));
            }
            out += "</li>";
        }
        out += "</ul>";
    }
    let effects = diagnosed.explains.iter().filter_map(|index| diagnosis.findings().get(*index));
    let effects: Vec<String> = effects.map(|effect| escaped(&effect.title)).collect();
    if !effects.is_empty() {
        let _ = write!(out, "<p>Led to: {}</p>", effects.join(" → "));
    }
    out + "</section>\n"
}

/// The log in blocks, with the lines of evidence marked.
fn lines(
    diagnosis: &Diagnosis,
    log: &mut dyn BufRead,
    redactor: &Redactor,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = diagnosis.findings().iter().chain(diagnosis.notes());
    let places = all.flat_map(|diagnosed| &diagnosed.finding.evidence);
    let marked: BTreeMap<usize, String> =
        places.rev().map(|place| (place.span.line(), place.span.text().to_owned())).collect();
    let mut clean = redactor.stream();
    let mut number = 0;
    let mut raw = Vec::new();
    let mut goes_on = true;
    while goes_on {
        raw.clear();
        goes_on = log.read_until(b'\n', &mut raw)? > 0;
        let lines = if goes_on {
            clean.push(&format!("{}\n", crate::log::shown(&raw, LONGEST)))
        } else {
            std::mem::replace(&mut clean, redactor.stream()).finish()
        };
        for line in lines.lines() {
            if number % BLOCK == 0 {
                write!(out, "{}<div><pre>", if number > 0 { "</pre></div>" } else { "" })?;
            }
            number += 1;
            numbered(number, line, marked.get(&number).map(String::as_str), out)?;
        }
    }
    if number > 0 {
        writeln!(out, "</pre></div>")?;
    }
    Ok(())
}

/// One line of the log, with the part of it marked that is evidence.
fn numbered(number: usize, line: &str, place: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let text = escaped(line);
    let Some(place) = place.map(escaped) else { return writeln!(out, "<i>{number}</i>{text}") };
    let text = match place.as_str() {
        "" => text,
        place => text.replacen(place, &format!("<mark>{place}</mark>"), 1),
    };
    writeln!(out, "<b id=\"L{number}\"><i>{number}</i>{text}</b>")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push('\t'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Finding, Source, Span};

    fn page(log: &str, findings: Vec<Finding>) -> String {
        let diagnosis = Diagnosis::new(findings, &Catalog::builtin());
        let mut out = Vec::new();
        html(&diagnosis, &mut log.as_bytes(), &Redactor::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_lines_of_evidence_are_marked_and_linked() {
        let log = "one\n<script>alert(1)</script>\nthree timed out\n";
        let source = Source::excerpt("x", "three timed out", 3);
        let page = page(log, vec![Finding::new("net-timeout").at(&Span::new(&source, 6..15), "")]);
        assert!(page.contains("<a href=\"#L3\">"), "{page}");
        assert!(page.contains("<b id=\"L3\"><i>3</i>three <mark>timed out</mark></b>"), "{page}");
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
    }

    #[test]
    fn secrets_of_the_log_are_masked_wherever_they_stand() {
        let log = "x\nhttps://me:hunter2@index.example/\n".repeat(700);
        let page = page(&log, Vec::new());
        assert!(!page.contains("hunter2") && page.contains("****"));
        assert_eq!(page.matches("<i>1400</i>").count(), 1);
    }

    #[test]
    fn a_key_of_several_lines_is_masked_and_the_numbers_stay() {
        let log = format!(
            "x\n-----BEGIN PRIVATE KEY-----\n{}-----END PRIVATE KEY-----\ny\n",
            "MIIE\n".repeat(1000)
        );
        let page = page(&log, Vec::new());
        assert!(!page.contains("MIIE"), "{page}");
        assert!(page.contains("<i>1004</i>y\n"), "{page}");
    }
}

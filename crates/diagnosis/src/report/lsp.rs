//! A diagnosis for editors.

use crate::{Catalog, Diagnosed, Diagnosis, Evidence, Severity, Span};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The diagnosis as parameters of `textDocument/publishDiagnostics` (Language Server Protocol 3.17), one for each file:
/// positions count from 0, in UTF-16 code units. What has no place stands at the start of `fallback`. The patch of a
/// fix is in `data`.
pub fn lsp(diagnosis: &Diagnosis, catalog: &Catalog, fallback: &str) -> Value {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for diagnosed in diagnosis.findings().iter().chain(diagnosis.notes()) {
        let span = diagnosed.finding.evidence.first().map(|evidence| &evidence.span);
        let file = span.map_or(fallback, |span| &span.source().name);
        files.entry(file.to_owned()).or_default().push(diagnostic(diagnosed, catalog));
    }
    files.entry(fallback.to_owned()).or_default();
    files.into_iter().map(|(uri, diagnostics)| json!({ "uri": uri, "diagnostics": diagnostics })).collect()
}

fn diagnostic(diagnosed: &Diagnosed, catalog: &Catalog) -> Value {
    let finding = &diagnosed.finding;
    let id = finding.problem.as_str();
    let evidence = finding.evidence.first();
    let nowhere = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
    let mut message = vec![diagnosed.title.clone()];
    message.extend(diagnosed.causes.iter().cloned());
    message.extend(diagnosed.remedies.iter().take(2).map(|remedy| format!("Fix: {}", remedy.title)));
    let mut diagnostic = json!({
        "range": evidence.map_or(nowhere, |evidence| range(&evidence.span)),
        "severity": match finding.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Note => 3,
        },
        "code": id,
        "source": "envwright",
        "message": message.join("\n"),
        "relatedInformation": finding.evidence.iter().skip(1).map(related).collect::<Vec<_>>(),
    });
    if let Some(reference) = catalog.get(id).and_then(|problem| problem.reference.first()) {
        diagnostic["codeDescription"] = json!({ "href": reference.url });
    }
    let fix = diagnosed.remedies.iter().find(|remedy| remedy.patch.is_some());
    if let Some(fix) = fix {
        diagnostic["data"] = json!({ "title": fix.title, "patch": fix.patch });
    }
    diagnostic
}

fn related(evidence: &Evidence) -> Value {
    let location = json!({ "uri": evidence.span.source().name, "range": range(&evidence.span) });
    json!({ "location": location, "message": evidence.label })
}

fn range(span: &Span) -> Value {
    let range = span.range();
    let position = |at: usize| {
        let before = &span.source().text[..at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + span.source().first_line - 1;
        json!({ "line": line, "character": before[start..].encode_utf16().count() })
    };
    json!({ "start": position(range.start), "end": position(range.end) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, Fix, Source};

    #[test]
    fn positions_count_from_0_in_utf_16() {
        let source = Source::new("environment.yml", "a: 1\n😀: x # y\n");
        let at = source.text.find('x').unwrap();
        let span = Span::new(&source, at..at + 1);
        let finding = Finding::new("definition-unpinned").severity(Severity::Note).at(&span, "here");
        let finding = finding.fix(Fix::new("Write `z`", span, "z"));
        let catalog = Catalog::builtin();
        let report = lsp(&Diagnosis::new(vec![finding], &catalog), &catalog, "environment.yml");
        let diagnostic = &report[0]["diagnostics"][0];
        assert_eq!(diagnostic["range"]["start"], json!({ "line": 1, "character": 4 }));
        assert_eq!(diagnostic["range"]["end"], json!({ "line": 1, "character": 5 }));
        assert_eq!(
            (&diagnostic["severity"], &diagnostic["code"]),
            (&json!(3), &json!("definition-unpinned"))
        );
        assert!(diagnostic["codeDescription"]["href"].as_str().unwrap().starts_with("https://"));
        assert!(diagnostic["data"]["patch"].as_str().unwrap().contains("+😀: z # y"));
    }

    #[test]
    fn a_file_without_findings_is_told_to_have_none() {
        let report = lsp(&Diagnosis::new(Vec::new(), &Catalog::builtin()), &Catalog::builtin(), "a.yml");
        assert_eq!(report, json!([{ "uri": "a.yml", "diagnostics": [] }]));
    }
}

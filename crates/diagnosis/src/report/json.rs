//! A diagnosis for programs.

use crate::{Diagnosed, Diagnosis, Evidence, Remedy};
use serde_json::{Value, json};

/// The diagnosis as a JSON value. Lines and columns count from 1, columns in characters; `end` is the column
/// after the last one marked on that line; `explains` holds indices into `findings`.
pub fn json(diagnosis: &Diagnosis) -> Value {
    let all = |diagnosed: &[Diagnosed]| diagnosed.iter().map(finding).collect::<Vec<_>>();
    json!({
        "log": diagnosis.log(),
        "outcome": diagnosis.outcome(),
        "root": diagnosis.root().map(finding),
        "roots": all(diagnosis.roots()),
        "findings": all(diagnosis.findings()),
        "notes": all(diagnosis.notes()),
    })
}

fn finding(diagnosed: &Diagnosed) -> Value {
    let finding = &diagnosed.finding;
    json!({
        "problem": finding.problem,
        "parent": diagnosed.parent,
        "title": diagnosed.title,
        "cause": diagnosed.causes.join(" "),
        "file": finding.evidence.first().map(|evidence| &evidence.span.source().name),
        "stage": diagnosed.stage,
        "fault": diagnosed.fault,
        "transient": diagnosed.transient,
        "severity": finding.severity,
        "confidence": f64::from(finding.confidence) / 100.0,
        "facts": finding.facts,
        "evidence": finding.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "remedies": diagnosed.remedies.iter().map(remedy).collect::<Vec<_>>(),
        "explains": diagnosed.explains,
    })
}

fn remedy(remedy: &Remedy) -> Value {
    json!({
        "title": remedy.title,
        "command": remedy.command,
        "fix": remedy.fix,
        "checked": false,
        "patch": remedy.patch,
    })
}

fn evidence(evidence: &Evidence) -> Value {
    let span = &evidence.span;
    let text = &span.source().text;
    let start = text[..span.range().start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.range().start..].find('\n').map_or(text.len(), |at| span.range().start + at);
    let marked_end = span.range().end.min(end);
    json!({
        "line": span.line(),
        "column": span.column(),
        "end": text[start..marked_end].chars().count() + 1,
        "text": text[start..end].trim_end_matches('\r'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, Finding, Severity, Source, Span};

    #[test]
    fn the_form_is_fixed() {
        let source = Source::new("requirements.txt", "six\r\n  requests==2.31.0 --hash=…\n");
        let at = source.text.find("requests").unwrap();
        let span = Span::new(&source, at..at + 16);
        let findings = vec![
            Finding::new("pip-hash-mismatch").fact("package", "requests").at(&span, "pinned here"),
            Finding::new("definition-duplicate-package").severity(Severity::Warning),
        ];
        let report = json(&Diagnosis::new(findings, &Catalog::builtin()));
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let mut expected = ["log", "outcome", "root", "roots", "findings", "notes"];
        expected.sort_unstable();
        let mut found = keys(&report);
        found.sort_unstable();
        assert_eq!(found, expected);
        let mut expected = [
            "problem",
            "parent",
            "title",
            "cause",
            "file",
            "stage",
            "fault",
            "transient",
            "severity",
            "confidence",
            "facts",
            "evidence",
            "remedies",
            "explains",
        ];
        expected.sort_unstable();
        let mut found = keys(&report["root"]);
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(report["outcome"], "failed");
        assert_eq!(report["root"], report["roots"][0]);
        assert_eq!(report["root"]["file"], "requirements.txt");
        let text = "  requests==2.31.0 --hash=…";
        assert_eq!(report["root"]["evidence"], json!([{ "line": 2, "column": 3, "end": 19, "text": text }]));
        assert_eq!(report["root"]["facts"], json!({ "package": "requests" }));
        assert_eq!(report["notes"][0]["severity"], "warning");
    }

    #[test]
    fn a_success_has_no_root() {
        let report = json(&Diagnosis::new(Vec::new(), &Catalog::builtin()));
        assert_eq!(report["root"], Value::Null);
        assert_eq!(report["outcome"], "succeeded");
    }
}

//! A diagnosis for code hosts and editors.

use crate::{Catalog, Diagnosed, Diagnosis, Evidence, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Where the form is specified.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The diagnosis as one run of SARIF 2.1.0 (OASIS): a rule for each problem, a result for each root cause, consequence
/// and note. `version` is that of the program that made it.
pub fn sarif(diagnosis: &Diagnosis, catalog: &Catalog, version: &str) -> Value {
    let all: Vec<&Diagnosed> = diagnosis.findings().iter().chain(diagnosis.notes()).collect();
    let ids: BTreeSet<&str> = all.iter().map(|diagnosed| diagnosed.finding.problem.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let roots = diagnosis.roots().len();
    let results: Vec<Value> =
        all.iter().enumerate().map(|(at, diagnosed)| result(diagnosed, &ids, at < roots)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "envwright",
                "version": version,
                "rules": ids.iter().map(|id| rule(id, catalog)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(id: &str, catalog: &Catalog) -> Value {
    let Some(page) = catalog.page(id) else { return json!({ "id": id }) };
    let reference = catalog.get(id).and_then(|problem| problem.reference.first()).map(|page| &page.url);
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": page.title() },
        "help": { "text": format!("envwright explain {id}"), "markdown": page.markdown() },
    });
    if let Some(url) = reference {
        rule["helpUri"] = json!(url);
    }
    rule
}

fn result(diagnosed: &Diagnosed, ids: &[&str], root: bool) -> Value {
    let finding = &diagnosed.finding;
    let level = match finding.severity {
        Severity::Error if root => "error",
        // Consequences go away with their cause.
        Severity::Error | Severity::Note => "note",
        Severity::Warning => "warning",
    };
    let mut text = vec![diagnosed.title.clone()];
    text.extend(diagnosed.causes.iter().cloned());
    text.extend(diagnosed.remedies.iter().map(|remedy| format!("Fix: {}", remedy.title)));
    let mut locations = finding.evidence.iter().map(location);
    let first: Vec<Value> = locations.next().into_iter().collect();
    json!({
        "ruleId": finding.problem,
        "ruleIndex": ids.iter().position(|id| *id == finding.problem.as_str()),
        "level": level,
        "message": { "text": text.join("\n") },
        "locations": first,
        "relatedLocations": locations.collect::<Vec<_>>(),
        "properties": { "facts": finding.facts, "fault": diagnosed.fault, "stage": diagnosed.stage, "transient": diagnosed.transient },
    })
}

fn location(evidence: &Evidence) -> Value {
    let span = &evidence.span;
    let column = span.column();
    let marked = span.text().lines().next().unwrap_or_default().chars().count();
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&span.source().name) },
        "region": {
            "startLine": span.line(),
            "startColumn": column,
            "endColumn": column + marked,
            "snippet": { "text": span.line_text() },
        },
    }})
}

/// A path as a relative or absolute URI reference (RFC 3986, section 4.1).
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Finding, Source, Span};

    #[test]
    fn roots_are_errors_with_their_place_and_consequences_are_notes() {
        let source = Source::excerpt("my build.log", "größe: E", 41);
        let findings = vec![
            Finding::new("pip-requires-python").at(&Span::new(&source, 9..10), ""),
            Finding::new("pip-resolution-impossible"),
        ];
        let catalog = Catalog::builtin();
        let report = sarif(&Diagnosis::new(findings, &catalog), &catalog, "1.0.0");
        let results = &report["runs"][0]["results"];
        assert_eq!((&results[0]["level"], &results[1]["level"]), (&json!("error"), &json!("note")));
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20build.log");
        assert_eq!(place["region"]["startLine"], 41);
        assert_eq!((&place["region"]["startColumn"], &place["region"]["endColumn"]), (&json!(8), &json!(9)));
        let index = results[0]["ruleIndex"].as_u64().unwrap().to_string();
        let rule = report.pointer(&format!("/runs/0/tool/driver/rules/{index}/id")).unwrap();
        assert_eq!(rule, "pip-requires-python");
    }
}

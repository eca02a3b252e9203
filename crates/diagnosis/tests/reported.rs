//! A log that holds one of envwright's own reports shows what was reported.

use envwright_diagnosis::{
    Catalog, Diagnosis, Finding,
    log::{Matcher, diagnose},
    report,
};
use std::{collections::BTreeMap, fmt::Write as _};

/// A step that failed is never all that a log shows: with nothing else the reason is not known.
const NO_REASONS: [&str; 2] = ["unrecognised", "dockerfile-step-failed"];

/// Every problem with the facts of its examples.
fn findings(catalog: &Catalog) -> Vec<Finding> {
    let mut findings = Vec::new();
    for problem in catalog.problems().filter(|problem| !NO_REASONS.contains(&problem.id.as_str())) {
        let facts: BTreeMap<_, _> = problem.example.iter().flat_map(|example| &example.facts).collect();
        let mut finding = Finding::new(problem.id.clone());
        for (name, value) in facts {
            finding = finding.fact(name, value);
        }
        findings.push(finding);
    }
    findings
}

#[test]
fn every_report_is_read_again_by_the_same_problem() {
    let catalog = Catalog::builtin();
    let matcher = Matcher::new(&catalog);
    let findings = findings(&catalog);
    assert!(findings.len() > 150);
    for finding in findings {
        let id = finding.problem.clone();
        let reported = Diagnosis::new(vec![finding], &catalog);
        let mut log = "2026-01-02T03:04:05.678Z build  queued\n".to_owned();
        for line in report::text(&reported, false, 100).lines() {
            let _ = writeln!(log, "2026-01-02T03:04:05.678Z {line}");
        }
        let again = diagnose(log.as_bytes(), &matcher, &catalog, "build.log");
        let roots: Vec<&str> = again.roots().iter().map(|root| root.finding.problem.as_str()).collect();
        assert_eq!(roots, [id.as_str()], "{log}");
        let title = |diagnosis: &Diagnosis| diagnosis.root().map(|root| root.title.clone());
        assert_eq!(title(&again), title(&reported));
    }
}

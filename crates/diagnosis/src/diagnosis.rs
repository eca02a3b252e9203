//! The findings of one failure in the catalog's words, ordered from root cause to consequence.

use crate::{
    Catalog, Facts, Fault, Finding, Problem, ProblemId, Remedy, Severity, Stage, mask::Masker, order,
    template,
};
use envwright_redact::Redactor;
use serde::Serialize;

/// What went wrong, in which order.
#[derive(Debug, Clone, Default)]
pub struct Diagnosis {
    /// Roots first, then what they led to.
    findings: Vec<Diagnosed>,
    root_count: usize,
    notes: Vec<Diagnosed>,
    log: Option<String>,
    outcome: Option<Outcome>,
}

/// How what was looked at ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Something failed.
    Failed,
    /// All went well.
    Succeeded,
    /// A log that does not tell.
    Unknown,
}

/// A finding with the catalog's words. Holds no secrets: they are masked in every text and source.
#[derive(Debug, Clone)]
pub struct Diagnosed {
    /// What was seen.
    pub finding: Finding,
    /// One line.
    pub title: String,
    /// What is behind it, as sentences: the finding's own, else the catalog's most likely cause.
    pub causes: Vec<String>,
    /// What to do, the best first: the finding's own, then the catalog's.
    pub remedies: Vec<Remedy>,
    /// When it happened.
    pub stage: Stage,
    /// Who can change it.
    pub fault: Fault,
    /// Whether the same build can succeed if tried again.
    pub transient: bool,
    /// The general problem that this is a variant of.
    pub parent: Option<ProblemId>,
    /// What it led to: places in [`Diagnosis::findings`].
    pub explains: Vec<usize>,
}

/// Findings without secrets that are known, in what they say and in the texts that they show.
pub fn masked(findings: Vec<Finding>, redactor: &Redactor) -> Vec<Finding> {
    let mut masker = Masker::new(redactor);
    findings.into_iter().map(|finding| masker.finding(finding)).collect()
}

impl Diagnosis {
    /// Orders findings and puts the catalog's words to them. What looks like a secret is masked.
    pub fn new(findings: Vec<Finding>, catalog: &Catalog) -> Self {
        Self::redacted(findings, catalog, &Redactor::default())
    }

    /// As [`Diagnosis::new`], with secrets that are known.
    pub fn redacted(findings: Vec<Finding>, catalog: &Catalog, redactor: &Redactor) -> Self {
        let mut masker = Masker::new(redactor);
        let mut unique: Vec<Finding> = Vec::new();
        for finding in findings.into_iter().map(|finding| masker.finding(finding)) {
            if !unique.contains(&finding) {
                unique.push(finding);
            }
        }
        order::sort(&mut unique, catalog);
        let (mut errors, notes): (Vec<_>, Vec<_>) =
            unique.into_iter().partition(|finding| finding.severity == Severity::Error);
        let root_count = roots_first(&mut errors, catalog);
        let edges = order::edges(&errors, catalog);
        let mut findings: Vec<Diagnosed> =
            errors.into_iter().map(|finding| Diagnosed::new(finding, catalog)).collect();
        for (diagnosed, explains) in findings.iter_mut().zip(edges) {
            diagnosed.explains = explains;
        }
        let notes = notes.into_iter().map(|finding| Diagnosed::new(finding, catalog)).collect();
        Self { findings, root_count, notes, log: None, outcome: None }
    }

    /// As what a log of this name shows.
    #[must_use]
    pub(crate) fn of_log(mut self, name: &str, outcome: Outcome) -> Self {
        self.log = Some(name.to_owned());
        self.outcome = Some(outcome);
        self
    }

    /// The log that was read; none for what envwright itself met.
    pub fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        match self.outcome {
            Some(outcome) => outcome,
            None if self.root_count == 0 => Outcome::Succeeded,
            None => Outcome::Failed,
        }
    }

    /// The first cause; none when nothing failed.
    pub fn root(&self) -> Option<&Diagnosed> {
        self.roots().first()
    }

    /// Independent causes, the most telling first.
    pub fn roots(&self) -> &[Diagnosed] {
        &self.findings[..self.root_count]
    }

    pub(crate) fn roots_mut(&mut self) -> &mut [Diagnosed] {
        &mut self.findings[..self.root_count]
    }

    /// Causes, then what they led to.
    pub fn findings(&self) -> &[Diagnosed] {
        &self.findings
    }

    /// Warnings and notes, which stopped nothing.
    pub fn notes(&self) -> &[Diagnosed] {
        &self.notes
    }

    /// Exit code that the first root's fault asks for; 0 when nothing failed.
    pub fn exit_code(&self) -> u8 {
        self.root().map_or(0, |root| root.fault.exit_code())
    }
}

/// Moves the roots to the front, keeping the order otherwise; returns how many there are.
fn roots_first(findings: &mut Vec<Finding>, catalog: &Catalog) -> usize {
    let roots = order::roots(&order::edges(findings, catalog));
    let indexed = std::mem::take(findings).into_iter().enumerate();
    let (first, rest): (Vec<_>, Vec<_>) = indexed.partition(|(index, _)| roots.contains(index));
    findings.extend(first.into_iter().chain(rest).map(|(_, finding)| finding));
    roots.len()
}

impl Diagnosed {
    fn new(finding: Finding, catalog: &Catalog) -> Self {
        let problem = catalog.get(finding.problem.as_str());
        Self {
            title: title(&finding, problem),
            causes: causes(&finding, problem),
            remedies: remedies(&finding, problem),
            stage: problem.map_or(Stage::Define, |problem| problem.stage),
            fault: problem.map_or(Fault::Envwright, |problem| problem.fault),
            transient: problem.is_some_and(|problem| problem.transient),
            parent: problem.and_then(|problem| problem.parent.clone()).map(ProblemId::from),
            explains: Vec::new(),
            finding,
        }
    }
}

/// The catalog's title; the id as words where the catalog has none.
fn title(finding: &Finding, problem: Option<&Problem>) -> String {
    match problem {
        Some(problem) => template::text(&problem.title, &finding.facts),
        None => finding.problem.as_str().replace('-', " "),
    }
}

/// The finding's own sentences; else what the catalog says of these facts, and its most likely cause.
fn causes(finding: &Finding, problem: Option<&Problem>) -> Vec<String> {
    if !finding.details.is_empty() {
        return finding.details.clone();
    }
    let mut causes = Vec::new();
    for cause in problem.iter().flat_map(|problem| &problem.cause) {
        if template::holds(&cause.when, &finding.facts, finding.tool.as_deref()) {
            causes.push(template::text(&cause.text, &finding.facts));
            if cause.when.is_empty() {
                break;
            }
        }
    }
    causes
}

fn remedies(finding: &Finding, problem: Option<&Problem>) -> Vec<Remedy> {
    let facts: &Facts = &finding.facts;
    let mut remedies: Vec<Remedy> = finding.all_remedies().collect();
    let known = problem.iter().flat_map(|problem| &problem.remedy);
    let tool = finding.tool.as_deref();
    for guidance in known.filter(|guidance| template::holds(&guidance.when, facts, tool)) {
        let title = template::text(&guidance.title, facts);
        let command = guidance.command.iter().map(|command| template::command(command, facts)).collect();
        if remedies.iter().all(|remedy| remedy.title != title) {
            remedies.push(Remedy { title, command, ..Remedy::default() });
        }
    }
    remedies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, Span};

    fn diagnose(findings: Vec<Finding>) -> Diagnosis {
        Diagnosis::new(findings, &Catalog::builtin())
    }

    fn ids(diagnosed: &[Diagnosed]) -> Vec<&str> {
        diagnosed.iter().map(|diagnosed| diagnosed.finding.problem.as_str()).collect()
    }

    #[test]
    fn what_is_explained_by_another_is_no_root() {
        let diagnosis =
            diagnose(vec![Finding::new("pip-resolution-impossible"), Finding::new("pip-requires-python")]);
        assert_eq!(ids(diagnosis.roots()), ["pip-requires-python"]);
        assert_eq!(ids(diagnosis.findings()), ["pip-requires-python", "pip-resolution-impossible"]);
        assert_eq!(diagnosis.findings()[0].explains, [1]);
    }

    #[test]
    fn a_finding_about_another_package_is_not_explained() {
        let diagnosis = diagnose(vec![
            Finding::new("pip-no-matching-distribution").fact("package", "six"),
            Finding::new("pip-yanked-only").fact("package", "attrs"),
        ]);
        assert_eq!(diagnosis.roots().len(), 2);
    }

    #[test]
    fn a_variant_is_the_cause_of_its_parent() {
        let diagnosis = diagnose(vec![Finding::new("store-io"), Finding::new("disk-full")]);
        assert_eq!(ids(diagnosis.roots()), ["disk-full"]);
    }

    #[test]
    fn roots_are_ordered_by_fault_then_by_line() {
        let source = Source::new("requirements.txt", "a\nb\n");
        let at = |start: usize| {
            Finding::new("pip-invalid-requirement").at(&Span::new(&source, start..start + 1), "")
        };
        let diagnosis = diagnose(vec![Finding::new("net-timeout"), Finding::new("store-io"), at(2), at(0)]);
        let expected = ["pip-invalid-requirement", "pip-invalid-requirement", "store-io", "net-timeout"];
        assert_eq!(ids(diagnosis.roots()), expected);
        assert_eq!(diagnosis.roots()[0].finding.evidence[0].span.text(), "a");
        assert_eq!(diagnosis.exit_code(), 1);
    }

    #[test]
    fn the_exit_code_follows_the_first_root() {
        for (problem, code) in [("net-dns", 3), ("internal-error", 4), ("disk-full", 1), ("unheard-of", 4)] {
            assert_eq!(diagnose(vec![Finding::new(problem)]).exit_code(), code, "{problem}");
        }
        assert_eq!(diagnose(Vec::new()).exit_code(), 0);
    }

    #[test]
    fn warnings_are_notes_and_fail_nothing() {
        let warning = Finding::new("definition-duplicate-package").severity(Severity::Warning);
        let diagnosis = diagnose(vec![warning]);
        assert!(diagnosis.roots().is_empty());
        assert_eq!((diagnosis.notes().len(), diagnosis.exit_code()), (1, 0));
    }

    #[test]
    fn the_same_finding_twice_is_one() {
        assert_eq!(diagnose(vec![Finding::new("net-dns"), Finding::new("net-dns")]).findings().len(), 1);
    }

    #[test]
    fn the_findings_own_words_come_before_the_catalogs() {
        let finding = Finding::new("pip-hash-mismatch").detail("The mirror is old.").remedy("ask its keeper");
        let diagnosis = diagnose(vec![finding]);
        let root = diagnosis.root().unwrap();
        assert_eq!(root.causes, ["The mirror is old."]);
        assert_eq!(root.remedies[0].title, "ask its keeper");
        assert!(root.remedies.len() > 1);
    }

    #[test]
    fn problems_that_explain_each_other_still_have_a_root() {
        assert_eq!(order::roots(&[vec![1], vec![0], vec![]]), [0, 2]);
    }
}

//! What one of both worlds answers, and what of it decides how the search ends.

use envwright_diagnosis::{Catalog, Diagnosis, Explain, Finding};
use envwright_lock::{Answer, Release};
use envwright_redact::Redactor;
use serde::Serialize;

/// What one of both has.
#[derive(Debug, Clone, Default, Serialize)]
pub struct World {
    /// Who was asked: channels by name, indexes by their addresses without credentials.
    pub places: Vec<String>,
    /// The versions that are meant, the highest first.
    pub versions: Vec<Release>,
    /// Why there are none, as a sentence: the text is none of this world's, or the name or the version is not there.
    pub note: Option<String>,
    /// The name that was probably meant.
    pub nearest: Option<String>,
    /// Channels that were not asked for and are configured, and have it.
    pub elsewhere: Vec<String>,
    #[serde(skip)]
    pub(super) outcome: Outcome,
}

/// What of a world counts for the outcome of the search.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Whether a version can be had.
    pub(super) has_any: bool,
    /// Why none can.
    pub(super) missing: Option<Finding>,
    /// It cannot be asked for such a text.
    pub(super) unread: Vec<Finding>,
    /// Who could not be asked.
    pub(super) failures: Vec<Finding>,
}

impl World {
    /// Takes over what was answered.
    pub(super) fn take(&mut self, answer: Answer) {
        let has_any = answer.has_any();
        self.nearest =
            answer.missing.as_ref().and_then(|finding| finding.facts.get("nearest")).map(str::to_owned);
        if answer.releases.is_empty() {
            let told: Vec<String> = answer.missing.iter().chain(&answer.failures).map(told).collect();
            self.note = Some(told.join(" "));
        }
        self.versions = answer.releases;
        self.outcome =
            Outcome { has_any, missing: answer.missing, unread: Vec::new(), failures: answer.failures };
    }

    /// What was asked for cannot be said in this world.
    pub(super) fn unread(&mut self, error: &(impl Explain + ToString)) {
        self.note = Some(Redactor::default().redact(&error.to_string()).into_owned());
        self.outcome.unread = error.findings();
    }
}

/// What a finding says, in sentences: the package is not there, or its place was not reached.
fn told(finding: &Finding) -> String {
    let diagnosis = Diagnosis::new(vec![finding.clone()], &Catalog::builtin());
    let Some(root) = diagnosis.root() else { return String::new() };
    let package = finding.facts.get("package").unwrap_or_default();
    match finding.problem.as_str() {
        "conda-package-not-found" if finding.facts.get("available").is_none() => {
            let nobody = format!("No channel has {package}.");
            [nobody].into_iter().chain(finding.details.iter().cloned()).collect::<Vec<_>>().join(" ")
        }
        "conda-package-not-found" | "pip-no-matching-distribution" => root.causes.join(" "),
        _ => format!("Not asked: {}.", root.title),
    }
}

//! `envwright check`: it tells what a build would fail with, all of it, and changes nothing.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the servers here know only lower case")]

mod support;

mod check {
    mod good;
    mod independent;
    mod same;
    mod unchanged;

    use crate::support::{Envwright, base::BOOKWORM, index::Index, wheel::wheel};
    use serde_json::Value;

    /// A definition that builds, and its index.
    pub(crate) fn buildable() -> (Envwright, Index) {
        let index = Index::of(&[wheel("requests", "2.31.0").requires("idna"), wheel("idna", "3.7")]);
        (Envwright::new().on_base(&BOOKWORM, "requests\n").index(&index.url()), index)
    }

    /// The problems of the roots of a report.
    pub(crate) fn roots(report: &Value) -> Vec<&str> {
        report["roots"].as_array().unwrap().iter().map(|root| root["problem"].as_str().unwrap()).collect()
    }
}

//! `envwright diagnose` as its users call it: files, pipes that still grow, builds, every form of report.

#![allow(clippy::unwrap_used, reason = "what a test rests on fails it where it is not so")]
#![allow(clippy::case_sensitive_file_extension_comparisons, reason = "the servers here know only lower case")]

mod support;

mod diagnose {
    mod calls;
    mod indexes;
    mod own;
    mod pipes;

    use crate::support::Envwright;

    /// What pip says of a package that is nowhere.
    pub(crate) const MISSING: &str = "\
Collecting sickit-learn
ERROR: Could not find a version that satisfies the requirement sickit-learn (from versions: none)
ERROR: No matching distribution found for sickit-learn
";

    /// A log of this text beside nothing else.
    pub(crate) fn with_log(text: &str) -> Envwright {
        Envwright::new().file("build.log", text)
    }
}

//! Findings, the problem catalog and reports: what went wrong, the lines that prove it, what to do.
//!
//! - [`Finding`]: one problem that was seen, with its [`Facts`], [`Evidence`] and [`Remedy`]s;
//! - [`Source`] and [`Span`]: a text and a place in it;
//! - [`Explain`]: what every room's error type implements to name its problem;
//! - [`Catalog`]: what can go wrong, in words: [`Problem`] with [`Stage`] and [`Fault`], and its [`Page`];
//! - [`Diagnosis`]: the findings of one failure in the catalog's words, root causes first;
//! - [`log`]: reads what any tool printed: [`log::LogReader`], with the signatures of a catalog, [`log::Matcher`];
//! - [`LookUp`]: who can be asked for real names in the place of those that a log says do not exist;
//! - [`Fix`] and [`edit`]: changes of texts that take a finding away;
//! - [`report`]: a diagnosis as text and as JSON;
//! - [`nearest`]: the name that was probably meant.
//!
//! ```
//! use envwright_diagnosis::{Catalog, Diagnosis, Finding, report};
//!
//! let finding = Finding::new("net-timeout").fact("host", "mirror.example");
//! let diagnosis = Diagnosis::new(vec![finding], &Catalog::builtin());
//! assert_eq!(diagnosis.exit_code(), 3);
//! assert!(report::text(&diagnosis, false, 100).starts_with("error[net-timeout]: "));
//! ```

mod catalog;
mod diagnosis;
pub mod edit;
mod explain;
mod finding;
pub mod log;
mod look_up;
mod mask;
mod nearest;
mod order;
mod page;
mod problem;
pub mod report;
mod source;
mod template;
mod words;
mod wrap;

pub use catalog::{Catalog, CatalogError};
pub use diagnosis::{Diagnosed, Diagnosis, Outcome, masked};
pub use edit::{Edit, Fix};
pub use explain::Explain;
pub use finding::{Evidence, Facts, Finding, ProblemId, Remedy, Severity};
pub use look_up::{Asked, Had, LookUp};
pub use nearest::nearest;
pub use page::Page;
pub use problem::{Cause, Counterexample, Example, Fault, Guidance, Problem, Reference, Signature, Stage};
pub use source::{Source, Span};

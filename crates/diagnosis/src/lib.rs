//! Findings, the problem catalog and reports: what went wrong, the lines that prove it, what to do.
//!
//! - [`Finding`]: one problem that was seen, with its [`Facts`], [`Evidence`] and [`Remedy`]s;
//! - [`Source`] and [`Span`]: a text and a place in it;
//! - [`Explain`]: what every room's error type implements to name its problem.

mod explain;
mod finding;
mod source;

pub use explain::Explain;
pub use finding::{Evidence, Facts, Finding, ProblemId, Remedy, Severity};
pub use source::{Source, Span};

//! What can be said of a definition that was read: the rules of Azure ML's own analysis of definitions
//! (<https://learn.microsoft.com/azure/machine-learning/how-to-troubleshoot-environments>), and ours.

mod conda;
mod date;
mod image;
mod name;
mod pip;
mod python;

pub(crate) use date::Date;

use crate::{Environment, Format};
use envwright_diagnosis::{Finding, Span};

/// Findings on a whole environment, in the order of the rules. `place` stands for the definition as a whole.
pub(crate) fn findings(environment: &Environment, place: &Span, today: Date) -> Vec<Finding> {
    let subject = Subject { environment, place, today };
    let rules = [name::findings, image::findings, python::findings, pip::findings, conda::findings];
    rules.iter().flat_map(|rule| rule(&subject)).collect()
}

/// What the rules look at.
struct Subject<'a> {
    environment: &'a Environment,
    place: &'a Span,
    today: Date,
}

impl Subject<'_> {
    fn is_azure(&self) -> bool {
        matches!(self.environment.format, Format::Azure | Format::AzureV1)
    }
}

//! The bridge from a room's typed error to the catalog.

use crate::Finding;

/// An error that knows which catalog problem it is. Each room's error enum implements it.
pub trait Explain: std::error::Error {
    /// What this failure is, root causes first. Never empty.
    fn findings(&self) -> Vec<Finding>;
}

//! One locked package to one deterministic segment.
//!
//! - [`OwnFile`]: a file that belongs to no package.

mod own;

pub use own::{Content, OwnFile};

//! Environment and target to lock.
//!
//! - [`pypi`]: wheels, solved for the target by uv's resolver.

pub mod pypi;

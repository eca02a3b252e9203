//! A platform, and the facts read from a base's files.
//!
//! - [`Platform`]: `linux/amd64` or `linux/arm64`.

mod platform;

pub use platform::{Arch, Platform, PlatformError};

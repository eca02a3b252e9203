//! Secrets that cannot be printed by accident.
//!
//! - [`Secret`]: a string that prints as `****`;
//! - [`SafeUrl`]: a URL whose credentials and signed query values print as `****`.

mod secret;
mod url;

pub use secret::Secret;
pub use url::{SafeUrl, UrlError};

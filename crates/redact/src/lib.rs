//! Secrets that cannot be printed by accident.
//!
//! - [`Secret`]: a string that prints as `****`;
//! - [`SafeUrl`]: a URL whose credentials and signed query values print as `****`;
//! - [`Redactor`]: takes secrets out of text that others wrote, such as a log line or a definition;
//! - [`Stream`]: the same of a text that comes in chunks, of any length.
//!
//! ```
//! use envwright_redact::{Redactor, Secret};
//!
//! let redactor = Redactor::new([Secret::new("hunter2")]);
//! assert_eq!(redactor.redact("login with hunter2 failed"), "login with **** failed");
//! assert_eq!(redactor.redact("GET https://me:pw@mirror.example/"), "GET https://****@mirror.example/");
//! ```

mod names;
mod patterns;
mod redactor;
mod secret;
mod stream;
mod url;
mod view;

pub use redactor::Redactor;
pub use secret::Secret;
pub use stream::Stream;
pub use url::{SafeUrl, UrlError};

//! The one HTTP client: certificates, proxies, credentials, mirrors, retry, resume.
//!
//! - [`Settings`]: time limits, retries, offline;
//! - [`Client::bytes`]: a small body; [`Client::download`]: a file, resumed and verified;
//! - [`FetchError`]: what went wrong, told apart.

mod client;
mod download;
mod error;
mod netrc;
mod partial;
mod settings;

pub use client::Client;
pub use download::{Download, Downloaded};
pub use error::{FetchError, Transport, status_problem};
pub use settings::Settings;

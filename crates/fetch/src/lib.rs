//! The one HTTP client: certificates, proxies, credentials, mirrors, retry, resume.
//!
//! - [`Settings`]: time limits, retries, offline;
//! - [`Client::bytes`]: a small body; [`Client::download`]: a file, resumed and verified; [`Client::reach`]: whether
//!   it can be had;
//! - [`Client::ask`]: one [`Request`] of a protocol that reads its [`Answer`] itself, with [`Attempts`] to try again;
//! - [`FetchError`]: what went wrong, told apart.

mod client;
mod download;
mod error;
mod exchange;
mod netrc;
mod partial;
mod reach;
mod resolver;
mod settings;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use download::{Download, Downloaded};
pub use error::{FetchError, Transport, status_problem};
pub use exchange::{Answer, Attempts, Body, Request};
pub use reqwest::{Method, header};
pub use settings::Settings;

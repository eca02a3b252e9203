//! The one HTTP client: certificates, proxies, credentials, mirrors, retry, resume.
//!
//! - [`Settings`]: time limits, retries, offline, [`Mirrors`], and [`Store`]s of blobs;
//! - [`Client::bytes`]: a small body; [`Client::download`]: a file, resumed and verified; [`Client::reach`]: whether
//!   it can be had;
//! - [`Client::for_conda`]: the same for channels, with the logins of conda's tools;
//!   [`Client::asks_registry`]: whether a channel is in a registry, at `oci://HOST/PATH`;
//! - [`Client::ask`]: one [`Request`] of a protocol that reads its [`Answer`] itself, with [`Attempts`] to try again;
//! - [`Client::respond`]: an answer for a library that reads it itself, and follows these settings thereby;
//! - [`Client::registry`]: how a registry is reached, and [`Challenge`]: what it asks for first;
//! - [`FetchError`]: what went wrong, told apart.

mod artifact;
mod client;
mod download;
mod error;
mod exchange;
mod logins;
mod netrc;
mod oci;
mod partial;
mod places;
mod reach;
mod registry;
mod resolver;
mod respond;
mod settings;
mod speed;
mod stores;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use download::{Download, Downloaded};
pub use error::{FetchError, Transport, Way, status_problem};
pub use exchange::{Answer, Attempts, Body, Request};
pub use places::Mirrors;
pub use registry::{Challenge, may_see_password};
pub use reqwest::{Method, Response, header};
pub use settings::{Limits, Settings};
pub use stores::{Refusal, Store, StoreKind};

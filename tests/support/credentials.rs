//! The name and the password that registries of these tests ask for.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;

pub(crate) const USER: &str = "team";
pub(crate) const PASSWORD: &str = "correct horse";

/// A `config.json` of Docker.
pub(crate) fn credentials(host: &str, password: &str) -> String {
    json!({ "auths": { host: { "auth": BASE64_STANDARD.encode(format!("{USER}:{password}")) } } }).to_string()
}

/// What [`USER`] and [`PASSWORD`] are in a request.
pub(crate) fn basic() -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}")))
}

//! Lock files in YAML.

use schemars::JsonSchema;
use serde_json::Value;
use std::collections::BTreeMap;

/// conda-lock's `conda-lock.yml`, version 1.
#[derive(JsonSchema)]
#[schemars(title = "conda-lock lock file")]
#[expect(dead_code, reason = "describes the YAML")]
pub(super) struct CondaLock {
    /// Version of the format.
    version: Option<Version>,
    /// What the lock was made of.
    metadata: BTreeMap<String, Value>,
    /// The packages of every platform.
    package: Vec<CondaLockPackage>,
}

/// The one version that is read; it may be left out.
#[derive(JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "describes the YAML")]
struct Version(#[schemars(range(min = 1, max = 1))] u8);

/// A package on one platform.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the YAML")]
struct CondaLockPackage {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// Whose package it is.
    manager: Manager,
    /// conda's name of the platform, such as `linux-64`.
    platform: String,
    /// Where its file is.
    url: String,
    /// Digests of the file: `md5`, `sha256`.
    hash: Option<BTreeMap<String, Option<String>>>,
    /// What it needs: names with versions.
    dependencies: Option<BTreeMap<String, String>>,
    /// Which part of the environment it belongs to, such as `main` or `dev`.
    category: Option<String>,
    /// Whether it is of another part than `main`.
    optional: Option<bool>,
}

/// Whose package it is.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the YAML")]
enum Manager {
    Conda,
    Pip,
}

/// pixi's `pixi.lock`.
#[derive(JsonSchema)]
#[schemars(title = "pixi lock file")]
#[expect(dead_code, reason = "describes the YAML")]
pub(super) struct PixiLock {
    /// Version of the format.
    version: u8,
    /// Environments by name, each with its channels and the packages of its platforms.
    environments: BTreeMap<String, PixiEnvironment>,
    /// The packages of all environments, by URL.
    packages: Vec<BTreeMap<String, Value>>,
}

/// An environment of a lock file.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes the YAML")]
struct PixiEnvironment {
    /// Its channels, the first one preferred.
    channels: Vec<BTreeMap<String, Value>>,
    /// URLs of its packages by platform, each as `conda: URL` or `pypi: URL`.
    packages: BTreeMap<String, Vec<BTreeMap<String, Value>>>,
}

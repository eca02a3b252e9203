//! Azure ML's environment YAML (v2) with envwright's own keys.

use super::{OneOrMany, Text, conda::Conda};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// An environment: Azure ML's v2 YAML with envwright's own keys, all optional.
#[derive(JsonSchema)]
#[schemars(title = "envwright environment", deny_unknown_fields)]
#[expect(dead_code, reason = "describes the YAML; the reader in `yaml` keeps places, which serde does not")]
pub(super) struct Definition {
    /// Address of a schema.
    #[schemars(rename = "$schema")]
    schema: Option<String>,
    /// Name of the environment.
    name: Option<String>,
    /// Version of the environment.
    version: Option<Text>,
    /// What it is for.
    description: Option<String>,
    /// Labels of your own.
    tags: Option<BTreeMap<String, Text>>,
    /// Azure ML's properties of the asset; not used.
    properties: Option<BTreeMap<String, Text>>,
    /// The base: `bootstrap:debian/<suite>` (default `bookworm`), `oci:<folder>`, `docker-archive:<file>`, `scratch`.
    image: Option<String>,
    /// A conda environment, or the path of one; not built yet.
    conda_file: Option<CondaFile>,
    /// The folder of a Dockerfile; not built yet.
    build: Option<Build>,
    /// The operating system: `linux`.
    os_type: Option<System>,
    /// How Azure ML serves a model; no file of the image depends on it.
    inference_config: Option<InferenceConfig>,
    /// Azure ML's datastore that a build context is uploaded to; not used.
    datastore: Option<String>,
    /// Who made the asset and when, as Azure ML writes it; not used.
    creation_context: Option<serde_json::Value>,
    /// Path of a requirements file, or a list of requirements with pip's options.
    requirements: Option<OneOrMany>,
    /// Debian packages to add to the base.
    apt: Option<OneOrMany>,
    /// Python version, such as "3.11", or a specifier, such as ">=3.10".
    python: Option<Text>,
    /// Environment variables of the image.
    env: Option<BTreeMap<String, Text>>,
    /// Files and folders to copy into the image.
    files: Option<Files>,
    /// User that the image runs as: `name`, `uid` or `uid:gid`.
    user: Option<Text>,
    /// Folder that the image starts in.
    workdir: Option<String>,
    /// Command that the image starts: a list of words, or a line for the shell.
    cmd: Option<OneOrMany>,
    /// Whether the image has the byte code of its Python packages, so that their first import is fast.
    compile: Option<bool>,
    /// Platforms to build for: `linux/amd64`, `linux/arm64`.
    platforms: Option<OneOrMany>,
    /// CUDA version; not built yet.
    cuda: Option<Text>,
    /// Pool of workers that builds it; not known yet.
    build_compute: Option<String>,
}

/// A conda environment in the definition, or the path of one.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
enum CondaFile {
    Path(String),
    Environment(Conda),
}

/// The folder of a Dockerfile.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the YAML")]
struct Build {
    /// The folder, or a URL of a Git repository.
    path: Option<String>,
    /// The Dockerfile in it.
    dockerfile_path: Option<String>,
}

/// The operating system of the image.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the YAML")]
enum System {
    Linux,
    Windows,
}

/// Where a server of a model answers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the YAML")]
#[expect(clippy::struct_field_names, reason = "the names are those of the format")]
struct InferenceConfig {
    /// Where it says that it runs.
    liveness_route: Route,
    /// Where it says that it can be asked.
    readiness_route: Route,
    /// Where it is asked.
    scoring_route: Route,
}

/// A port and a path.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the YAML")]
struct Route {
    /// The port.
    port: u16,
    /// The path.
    path: String,
}

/// Files to copy: a list of `{from, to}` or `from:to`, or `from: to` pairs.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
enum Files {
    List(Vec<FileCopy>),
    Pairs(BTreeMap<String, String>),
    One(String),
}

/// One file or folder to copy.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
enum FileCopy {
    /// `from:to`.
    Short(String),
    /// Path beside the definition, and absolute path in the image.
    Long { from: String, to: String },
}

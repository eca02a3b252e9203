//! JSON Schema of the YAML, for editors.

use schemars::JsonSchema;
use std::collections::BTreeMap;

/// JSON Schema (draft 2020-12) of the YAML that [`crate::read`] takes.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Definition).to_value()
}

/// An environment: Azure ML's v2 YAML with envwright's own keys, all optional.
#[derive(JsonSchema)]
#[schemars(title = "envwright environment", deny_unknown_fields)]
#[expect(dead_code, reason = "describes the YAML; the reader in `yaml` keeps places, which serde does not")]
struct Definition {
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

/// conda's `environment.yml`.
#[derive(JsonSchema)]
#[schemars(title = "conda environment")]
#[expect(dead_code, reason = "describes the YAML")]
struct Conda {
    /// Name of the environment.
    name: Option<String>,
    /// Channels, the first one preferred.
    channels: Option<OneOrMany>,
    /// Packages of conda's, and a list of pip's below `pip`.
    dependencies: Vec<Dependency>,
    /// Environment variables that are set when the environment is activated.
    variables: Option<BTreeMap<String, Text>>,
    /// The folder that it was exported from; not used.
    prefix: Option<String>,
    /// conda-lock's platforms, such as `linux-64`.
    platforms: Option<OneOrMany>,
    /// conda-lock's category of the packages; not used.
    category: Option<String>,
}

/// A package of conda's, or a list of pip's.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
enum Dependency {
    /// A match specification, such as `numpy=1.26` or `conda-forge::numpy >=1.26`.
    Conda(String),
    /// Lines of a requirements file.
    Pip {
        /// Lines of a requirements file.
        pip: Option<Vec<String>>,
    },
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

/// A string; a number or truth value is taken as written.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
enum Text {
    String(String),
    Number(f64),
    Bool(bool),
}

/// A string or a list of strings.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes the YAML")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
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

#[cfg(test)]
mod tests {
    use crate::yaml::Key;
    use std::collections::BTreeSet;

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        let schema = super::schema();
        let properties = schema["properties"].as_object().unwrap();
        let described: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(described, Key::names().collect());
        assert!(properties.values().all(|property| property["description"].is_string()));
    }
}

//! conda's `environment.yml`, and `MLflow`'s `python_env.yaml`.

use super::{OneOrMany, Text};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// conda's `environment.yml`.
#[derive(JsonSchema)]
#[schemars(title = "conda environment")]
#[expect(dead_code, reason = "describes the YAML")]
pub(super) struct Conda {
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

/// `MLflow`'s `python_env.yaml`.
#[derive(JsonSchema)]
#[schemars(title = "MLflow environment")]
#[expect(dead_code, reason = "describes the YAML")]
pub(super) struct Mlflow {
    /// Version of Python.
    python: Option<Text>,
    /// Lines of a requirements file, for what builds the others.
    build_dependencies: Vec<String>,
    /// Lines of a requirements file.
    dependencies: Option<Vec<String>>,
}

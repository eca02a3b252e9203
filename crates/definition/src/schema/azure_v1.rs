//! Azure ML's `azureml_environment.json` (v1).

use super::{Text, conda::Conda};
use schemars::JsonSchema;
use serde_json::Value;
use std::collections::BTreeMap;

/// Azure ML's environment of the first version.
#[derive(JsonSchema)]
#[schemars(title = "Azure ML environment (v1)", rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the JSON")]
#[expect(clippy::struct_field_names, reason = "the names are those of the format")]
pub(super) struct Environment {
    /// Name of the environment.
    name: Option<String>,
    /// Version of the environment.
    version: Option<Text>,
    /// The image.
    docker: Option<Docker>,
    /// What is installed.
    python: Option<Python>,
    /// Variables of a run; Azure ML does not take them from an environment any more.
    environment_variables: Option<BTreeMap<String, Text>>,
    /// Settings of Spark; not used.
    spark: Option<Value>,
    /// Settings of Databricks; not used.
    databricks: Option<Value>,
    /// R is not supported any more.
    r: Option<Value>,
    /// The serving stack; not used.
    inferencing_stack_version: Option<String>,
}

/// The image: one of `baseImage`, `baseDockerfile` and `buildContext`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the JSON")]
struct Docker {
    /// An image of a registry.
    base_image: Option<String>,
    /// The text of a Dockerfile.
    base_dockerfile: Option<String>,
    /// The registry that the image is in.
    base_image_registry: Option<Registry>,
    /// A folder with a Dockerfile.
    build_context: Option<BuildContext>,
    /// The platform of the image.
    platform: Option<Platform>,
    /// Has no effect any more.
    enabled: Option<bool>,
    /// Has no effect any more.
    arguments: Option<Vec<String>>,
    /// Has no effect any more.
    shared_volumes: Option<bool>,
    /// Has no effect any more.
    shm_size: Option<String>,
}

/// A registry and how to log in there.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the JSON")]
#[expect(clippy::struct_field_names, reason = "the names are those of the format")]
struct Registry {
    /// Its host.
    address: Option<String>,
    /// User name, beside `password`.
    username: Option<String>,
    /// Password; it stands in every version of the environment.
    password: Option<String>,
    /// A managed identity.
    registry_identity: Option<Value>,
}

/// A folder with a Dockerfile.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the JSON")]
struct BuildContext {
    /// `git` or `storageaccount`.
    location_type: String,
    /// A URL of that type.
    location: String,
    /// The Dockerfile below it.
    dockerfile_path: String,
}

/// A platform.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the JSON")]
struct Platform {
    /// The operating system: `Linux`.
    os: Option<String>,
    /// The architecture: `amd64`.
    architecture: Option<String>,
}

/// What is installed.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the JSON")]
struct Python {
    /// Whether the image has all that is needed, so that nothing is installed.
    user_managed_dependencies: Option<bool>,
    /// The interpreter in the image.
    interpreter_path: Option<String>,
    /// conda's packages.
    conda_dependencies: Option<Conda>,
    /// A file beside this one with conda's packages.
    conda_dependencies_file: Option<String>,
    /// An environment of the image that is added to; nothing then says what is installed.
    base_conda_environment: Option<String>,
}

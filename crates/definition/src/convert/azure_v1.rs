//! Azure ML's environment of the first version.

use super::{Lost, conda};
use crate::{Base, Environment, hash};
use serde_json::{Value, json};

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    let azure = &environment.azure;
    lost.of_image(environment);
    lost.when(!environment.tags.is_empty(), "tags");
    lost.when(!azure.properties.is_empty(), "properties");
    lost.when(azure.inference_config.is_some(), "how a model is served (`inference_config`)");
    lost.when(environment.description.is_some(), "the description");
    lost.when(!environment.platforms.is_empty(), "platforms");
    let selectors =
        environment.conda.iter().flat_map(|conda| &conda.specs).any(|spec| spec.selector.is_some());
    lost.when(selectors, "selectors in comments, which JSON has none of");
    let mut plain = environment.clone();
    // They have a place of their own here.
    plain.env.clear();
    plain.platforms.clear();
    let has_packages = environment.conda.is_some()
        || !environment.requirements.is_empty()
        || !environment.unbuilt.is_empty();
    // A Dockerfile in the definition, with nothing beside it, has all that is needed.
    let is_whole = environment.build.as_ref().is_some_and(|build| build.inline.is_some()) && !has_packages;
    let mut python = json!({ "userManagedDependencies": azure.user_managed || is_whole });
    if let Some(interpreter) = &azure.interpreter {
        python["interpreterPath"] = json!(interpreter);
    }
    if !azure.user_managed && (has_packages || environment.build.is_none()) {
        let body = conda::body(&plain, lost);
        python["condaDependencies"] = serde_json::to_value(body).unwrap_or_default();
    }
    let mut file = json!({
        "name": environment.name.as_deref().unwrap_or("environment"),
        "docker": docker(environment, lost),
        "python": python,
    });
    if let Some(version) = &environment.version {
        file["version"] = json!(version);
    }
    if !environment.env.is_empty() {
        file["environmentVariables"] = json!(environment.env);
    }
    format!("{file:#}\n")
}

fn docker(environment: &Environment, lost: &mut Lost) -> Value {
    let mut docker = json!({});
    match (&environment.build, &environment.base) {
        (Some(build), _) => match (&build.inline, &build.path) {
            (Some(text), _) => docker["baseDockerfile"] = json!(text.expose()),
            (None, Some(path)) if path.expose().contains("://") => {
                docker["buildContext"] = json!({
                    "locationType": "git",
                    "location": hash::without_login(path.expose()),
                    "dockerfilePath": build.dockerfile.as_deref().unwrap_or("Dockerfile"),
                });
            }
            _ => lost.say("the folder that is built"),
        },
        (None, Base::Registry(image)) => docker["baseImage"] = json!(image),
        (None, _) => lost.say("the base, which is no image of a registry"),
    }
    if let Some(system) = environment.azure.os_type.as_deref() {
        docker["platform"] = json!({ "os": system, "architecture": "amd64" });
    }
    docker
}

//! Azure ML's environment YAML (v2), with envwright's own keys where Azure ML's cannot say it.

use super::{Lost, conda, pip_lines};
use crate::{Environment, hash};
use serde_yaml::{Mapping, Value};
use std::collections::BTreeMap;

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    let azure = &environment.azure;
    lost.when(azure.user_managed && environment.conda.is_some(), "that packages are the image's own");
    lost.when(azure.interpreter.is_some(), "the interpreter in the image");
    let mut file = Mapping::new();
    // Azure ML refuses a file without a name.
    put(&mut file, "name", Some(environment.name.as_deref().unwrap_or("environment")));
    put(&mut file, "version", environment.version.as_deref());
    put(&mut file, "description", environment.description.as_deref());
    table(&mut file, "tags", &environment.tags);
    table(&mut file, "properties", &azure.properties);
    match &environment.build {
        Some(build) => {
            lost.when(build.inline.is_some(), "the Dockerfile's text, which stands in a file of its own");
            let mut value = Mapping::new();
            let path = build.path.as_ref().map(|path| hash::without_login(path.expose()));
            put(&mut value, "path", path.as_deref());
            put(&mut value, "dockerfile_path", build.dockerfile.as_deref());
            file.insert("build".into(), value.into());
        }
        None => put(&mut file, "image", Some(&environment.base.to_string())),
    }
    put(&mut file, "os_type", azure.os_type.as_deref());
    if let Some(config) = azure.inference_config.as_ref().and_then(|config| serde_yaml::to_value(config).ok())
    {
        file.insert("inference_config".into(), config);
    }
    packages(environment, &mut file, lost);
    own(environment, &mut file);
    let text = serde_yaml::to_string(&file).unwrap_or_default();
    conda::with_selectors(&text, environment)
}

/// conda's packages with pip's list, or pip's requirements alone.
fn packages(environment: &Environment, file: &mut Mapping, lost: &mut Lost) {
    if environment.conda.is_some() {
        let mut body = conda::body(environment, lost);
        if environment.conda.as_ref().is_some_and(|conda| conda.platforms.is_empty()) {
            body.remove("platforms");
        }
        file.insert("conda_file".into(), body.into());
        return;
    }
    lost.when(!environment.constraints.is_empty(), "constraints, which stand in a file of their own");
    let lines = pip_lines(environment);
    if !lines.is_empty() {
        file.insert("requirements".into(), lines.into_iter().map(Value::from).collect::<Vec<_>>().into());
    }
    let requires = environment.requires_python.as_ref().map(|python| python.value.as_str());
    let python = environment.python.as_ref().map(|python| python.text.as_str()).or(requires);
    put(file, "python", python);
    table(file, "env", &environment.env);
}

/// envwright's own keys.
fn own(environment: &Environment, file: &mut Mapping) {
    let list = |items: Vec<String>| Value::from(items.into_iter().map(Value::from).collect::<Vec<_>>());
    let apt: Vec<String> = environment.apt.iter().map(|package| package.value.clone()).collect();
    if !apt.is_empty() {
        file.insert("apt".into(), list(apt));
    }
    let copies = environment.files.iter().map(|copy| {
        let mut value = Mapping::new();
        put(&mut value, "from", Some(&copy.from.display().to_string()));
        put(&mut value, "to", Some(&copy.to));
        Value::from(value)
    });
    let copies: Vec<Value> = copies.collect();
    if !copies.is_empty() {
        file.insert("files".into(), copies.into());
    }
    put(file, "user", environment.user.as_deref());
    put(file, "workdir", environment.workdir.as_deref());
    if let Some(cmd) = &environment.cmd {
        file.insert("cmd".into(), list(cmd.clone()));
    }
    if environment.compile {
        file.insert("compile".into(), true.into());
    }
    if !environment.platforms.is_empty() {
        file.insert(
            "platforms".into(),
            list(environment.platforms.iter().map(ToString::to_string).collect()),
        );
    }
    put(file, "cuda", environment.azure.cuda.as_deref());
    put(file, "build_compute", environment.azure.build_compute.as_deref());
}

fn put(mapping: &mut Mapping, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        mapping.insert(key.into(), value.into());
    }
}

fn table(mapping: &mut Mapping, key: &str, values: &BTreeMap<String, String>) {
    if !values.is_empty() {
        let values: Mapping = values
            .iter()
            .map(|(name, value)| (Value::from(name.as_str()), Value::from(value.as_str())))
            .collect();
        mapping.insert(key.into(), values.into());
    }
}

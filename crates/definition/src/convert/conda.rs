//! conda's `environment.yml`.

use super::{Lost, pip_lines};
use crate::{Environment, hash};
use envwright_target::{Arch, Platform};
use serde_yaml::{Mapping, Value};

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    lost.of_azure(environment);
    lost.of_image(environment);
    lost.when(environment.version.is_some(), "the version");
    lost.when(environment.description.is_some(), "the description");
    let mut file = Mapping::new();
    if let Some(name) = &environment.name {
        file.insert("name".into(), name.as_str().into());
    }
    file.extend(body(environment, lost));
    let text = serde_yaml::to_string(&file).unwrap_or_default();
    with_selectors(&text, environment)
}

/// All but the name.
pub(super) fn body(environment: &Environment, lost: &mut Lost) -> Mapping {
    lost.when(!environment.constraints.is_empty(), "constraints, which stand in a file of their own");
    let conda = environment.conda.clone().unwrap_or_default();
    let mut body = Mapping::new();
    let channels: Vec<Value> =
        conda.channels.iter().map(|channel| hash::without_login(channel.value.expose()).into()).collect();
    if !channels.is_empty() {
        body.insert("channels".into(), channels.into());
    }
    let mut dependencies: Vec<Value> = Vec::new();
    if let Some(python) = python(environment, lost) {
        dependencies.push(python.into());
    }
    dependencies.extend(conda.specs.iter().map(|spec| Value::from(hash::without_login(&spec.text))));
    let lines = pip_lines(environment);
    if !lines.is_empty() || conda.pip_list.is_some() {
        // A conda environment that has the list without pip is left as it is: conda adds pip.
        if conda.spec("pip").is_none() && conda.pip_list.is_none() {
            dependencies.push("pip".into());
        }
        let mut pip = Mapping::new();
        pip.insert("pip".into(), lines.into_iter().map(Value::from).collect::<Vec<_>>().into());
        dependencies.push(pip.into());
    }
    body.insert("dependencies".into(), dependencies.into());
    if !environment.env.is_empty() {
        let variables: Mapping = environment
            .env
            .iter()
            .map(|(name, value)| (Value::from(name.as_str()), Value::from(value.as_str())))
            .collect();
        body.insert("variables".into(), variables.into());
    }
    let platforms = platforms(environment);
    if !platforms.is_empty() {
        body.insert("platforms".into(), platforms.into_iter().map(Value::from).collect::<Vec<_>>().into());
    }
    body
}

/// What the `python` key asks for, as a spec.
fn python(environment: &Environment, lost: &mut Lost) -> Option<String> {
    if environment.conda.as_ref().is_some_and(|conda| conda.spec("python").is_some()) {
        lost.when(environment.python.is_some(), "the second version of Python");
        return None;
    }
    let requires = environment.requires_python.as_ref().map(|python| python.value.as_str());
    let text = environment.python.as_ref().map(|python| python.text.as_str()).or(requires)?;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_version = text.starts_with(|c: char| c.is_ascii_digit());
    Some(if is_version {
        format!("python={}", text.trim_end_matches(".*"))
    } else {
        format!("python {text}")
    })
}

/// conda's names of the platforms (subdirs).
pub(super) fn platforms(environment: &Environment) -> Vec<String> {
    let of_conda =
        environment.conda.iter().flat_map(|conda| &conda.platforms).map(|platform| platform.value.clone());
    let mut platforms: Vec<String> = of_conda.collect();
    for platform in &environment.platforms {
        let name = subdir(*platform).to_owned();
        if !platforms.contains(&name) {
            platforms.push(name);
        }
    }
    platforms
}

fn subdir(platform: Platform) -> &'static str {
    match platform.arch {
        Arch::Amd64 => "linux-64",
        Arch::Arm64 => "linux-aarch64",
    }
}

/// Puts selectors behind their packages, where no emitter of YAML puts comments.
pub(super) fn with_selectors(text: &str, environment: &Environment) -> String {
    let specs = environment.conda.iter().flat_map(|conda| &conda.specs);
    let selected: Vec<(String, &str)> = specs
        .filter_map(|spec| {
            let item = serde_yaml::to_string(&hash::without_login(&spec.text)).ok()?;
            Some((format!("- {}", item.trim_end()), spec.selector?))
        })
        .collect();
    let mut open: Vec<(String, &str)> = selected;
    let mut out = String::new();
    for line in text.lines() {
        out += line;
        if let Some(at) = open.iter().position(|(item, _)| line.trim_start() == item) {
            let (_, selector) = open.remove(at);
            out.extend(["  # [", selector, "]"]);
        }
        out.push('\n');
    }
    out
}

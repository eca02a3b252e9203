//! One suspect package in the place of all that a definition asks for.

use crate::BuildError;
use envwright_definition::{Environment, Options, PackageName, read_text};
use std::path::Path;

/// The environment with this package alone and what it needs, on the same Python, from the same channels and indexes
/// within the same limits. A package that the definition asks of conda comes from there, and so does one that it does
/// not name where it asks nothing of PyPI.
pub(crate) fn narrowed(mut environment: Environment, only: &str) -> Result<Environment, BuildError> {
    let end = only.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(only.len());
    let name = &only[..end];
    let is_listed = PackageName::parse(name)
        .is_some_and(|name| environment.requirements.iter().any(|asked| asked.name == name));
    let of_conda = match &environment.conda {
        Some(conda) => conda.spec(name).is_some() || !is_listed && environment.requirements.is_empty(),
        None => false,
    };
    let text = if of_conda {
        format!("dependencies:\n- {}\n", serde_json::Value::from(only))
    } else {
        format!("{only}\n")
    };
    let asked = read_text("--only", &text, Path::new("."), &Options::default())?.buildable()?;
    environment.locked = None;
    environment.apt.clear();
    environment.requirements = asked.requirements;
    if let Some(conda) = &mut environment.conda {
        conda.specs.retain(|spec| spec.name == "python" && !(of_conda && name == "python"));
        conda.specs.extend(asked.conda.into_iter().flat_map(|conda| conda.specs));
    }
    Ok(environment)
}

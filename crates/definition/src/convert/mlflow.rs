//! `MLflow`'s `python_env.yaml`.

use super::{Lost, pip_lines};
use crate::Environment;
use serde_yaml::{Mapping, Value};

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    lost.of_azure(environment);
    lost.of_image(environment);
    lost.when(environment.conda.is_some(), "conda's channels and packages");
    lost.when(!environment.env.is_empty(), "environment variables");
    lost.when(!environment.constraints.is_empty(), "constraints, which stand in a file of their own");
    lost.when(!environment.platforms.is_empty(), "platforms");
    let mut file = Mapping::new();
    if let Some(python) = &environment.python {
        file.insert("python".into(), python.text.as_str().into());
    }
    file.insert("build_dependencies".into(), Vec::<Value>::new().into());
    let lines = pip_lines(environment).into_iter().map(Value::from).collect::<Vec<_>>();
    file.insert("dependencies".into(), lines.into());
    serde_yaml::to_string(&file).unwrap_or_default()
}

//! pip's requirements file.

use super::{Lost, pip_lines};
use crate::Environment;

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    lost.of_azure(environment);
    lost.of_image(environment);
    lost.when(environment.conda.is_some(), "conda's channels and packages");
    lost.when(environment.python.is_some() || environment.requires_python.is_some(), "the version of Python");
    lost.when(!environment.env.is_empty(), "environment variables");
    lost.when(!environment.constraints.is_empty(), "constraints, which stand in a file of their own");
    lost.when(!environment.platforms.is_empty(), "platforms");
    let mut text = pip_lines(environment).join("\n");
    text.push('\n');
    text
}

//! A Dockerfile, from the instructions of one.

use super::Lost;
use crate::{BuildContext, Environment};
use std::fmt::Write as _;

/// Writes the instructions, one after another; comments between them are lost, those within them stay.
pub(super) fn write(environment: &Environment, build: &BuildContext, lost: &mut Lost) -> String {
    lost.of_image(environment);
    lost.when(environment.conda.is_some(), "conda's channels and packages");
    lost.when(!environment.requirements.is_empty() || !environment.unbuilt.is_empty(), "requirements");
    lost.when(!environment.env.is_empty(), "environment variables");
    lost.when(!environment.tags.is_empty(), "tags");
    lost.when(environment.azure.inference_config.is_some(), "how a model is served (`inference_config`)");
    let mut text = String::new();
    for line in &build.directives {
        let _ = writeln!(text, "{line}");
    }
    for instruction in &build.instructions {
        let _ = writeln!(text, "{} {}", instruction.name, instruction.arguments);
    }
    text
}

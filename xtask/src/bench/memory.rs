//! `cargo xtask bench memory`: what envwright holds while it builds and pushes an image of 5 GB.

use super::{
    inputs::{Inputs, copy, remove, write},
    measure::{self, Spread},
    registry::Registry,
    table::{MEGABYTE, number},
    targets::{self, Target},
};
use crate::shell;
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

const WHEELS: usize = 10;
/// Of the files of each wheel.
const MEGABYTES: usize = 500;

/// Everything large is removed again.
pub(super) fn measure(inputs: &Inputs, rounds: usize) -> Result<String, String> {
    let folder = inputs.folder.join("memory");
    let outcome = runs(inputs, &folder, rounds);
    remove(&folder)?;
    remove(&inputs.folder.join("registry-memory"))?;
    outcome
}

fn runs(inputs: &Inputs, folder: &Path, rounds: usize) -> Result<String, String> {
    let definition = make(folder)?;
    let registry = Registry::start(inputs, "memory")?;
    registry.push_base(inputs, "zstd")?;
    let mut samples = Vec::new();
    for _ in 0..rounds {
        registry.reset()?;
        copy(&inputs.base_home(), &folder.join("home"))?;
        let arguments = ["build", "--quiet", "--push", "--tag", &registry.reference("large")];
        let mut command = inputs.envwright(&folder.join("home"), &arguments);
        samples.push(measure::measure(command.arg(&definition), &inputs.folder.join("time"))?);
    }
    let of = |field: fn(&measure::Sample) -> f64| Spread::of(&samples, field).ok_or("nothing was measured");
    let (wall, cpu, peak) = (of(|run| run.wall)?, of(|run| run.cpu)?, of(|run| run.peak / MEGABYTE)?);
    let [wall, cpu] = [wall, cpu].map(|spread| number(spread.median));
    let target = Target::most("peak memory, 5 GB in 10 wheels, pushed", peak.most, 400.0, "MB");
    Ok(format!("Wall {wall} s, CPU {cpu} s.\n\n{}", targets::table(&[target])))
}

/// Makes the wheels, and a definition that names them.
fn make(folder: &Path) -> Result<PathBuf, String> {
    shell::say("making large wheels");
    let definition = folder.join("definition");
    let (count, megabytes) = (WHEELS.to_string(), MEGABYTES.to_string());
    let mut command = Command::new("python3");
    command.args(["-c", include_str!("wheels.py")]).arg(definition.join("wheels")).args([count, megabytes]);
    shell::output(&mut command)?;
    let mut requirements = String::new();
    for wheel in 0..WHEELS {
        let _ = writeln!(requirements, "./wheels/large{wheel}-1.0-py3-none-any.whl");
    }
    write(&definition.join("requirements.txt"), &requirements)?;
    Ok(definition)
}

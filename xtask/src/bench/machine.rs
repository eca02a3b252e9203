//! Where the numbers come from: the machine and the versions of what ran.

use super::inputs::Inputs;
use crate::{shell, tools};
use std::{fmt::Write as _, process::Command, thread};

/// Programs that every bench runs.
const NEEDED: [&str; 3] = ["buildah", "pip3", "time"];

/// Those, and `more`. Fails with what to install; installs nothing.
pub(super) fn check_programs(more: &[&'static str]) -> Result<(), String> {
    let wanted = NEEDED.iter().chain(more);
    let missing = tools::named_and_missing(wanted.copied());
    if missing.is_empty() {
        return Ok(());
    }
    let commands: Vec<String> = tools::commands(&missing).iter().map(tools::shown).collect();
    Err(format!("this bench needs programs that are not here:\n{}", commands.join("\n")))
}

/// Work that was waiting for a processor before the bench began, on average of the last minute.
pub(super) fn load() -> String {
    let text = fs_err::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The facts as a list.
pub(super) fn facts(inputs: &Inputs, name: &str, rounds: usize, load: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(text, "- {name}: {value}");
    };
    fact("Command", &format!("`cargo xtask bench {name} --write --rounds {rounds}`"));
    fact("Machine", &machine());
    fact("Load of other programs when it began", load);
    fact("Kernel", &kernel());
    fact("envwright", &version(Command::new(&inputs.envwright).arg("version"))?);
    fact("buildah", &version(Command::new("buildah").arg("--version"))?);
    if name == "push" {
        fact("docker's daemon", &version(Command::new("dockerd").arg("--version"))?);
        fact("docker-registry", &version(Command::new("docker-registry").arg("--version"))?);
    }
    fact("uv", &version(Command::new(inputs.tools().join("bin/uv")).arg("--version"))?);
    fact("pip", inputs.pip()?.trim_start_matches("pip=="));
    fact("Packages", &format!("{} wheels", inputs.pins.lines().count()));
    Ok(text)
}

/// Cores, processor and memory.
pub(super) fn machine() -> String {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".into());
    // `MemTotal:       24684084 kB`
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kibibytes: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{cores} cores of {processor}, {} GiB of memory", kibibytes >> 20)
}

fn kernel() -> String {
    let text = fs_err::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", text.trim())
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs_err::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim_start().trim_start_matches(':').trim().to_owned())
}

/// `uv 0.13.9 (x86_64-unknown-linux-gnu)`, `buildah version 1.28.2 (image-spec …)`: the first word with a digit.
fn version(command: &mut Command) -> Result<String, String> {
    let text = shell::output(command)?;
    let number = text.split_whitespace().find(|word| word.starts_with(|start: char| start.is_ascii_digit()));
    number.map(ToOwned::to_owned).ok_or_else(|| format!("{command:?} names no version: {text}"))
}

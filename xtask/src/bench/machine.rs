//! Where the numbers come from: the machine and the versions of what ran.

use super::inputs::Inputs;
use crate::shell;
use std::{fmt::Write as _, process::Command, thread};

/// A program that must be there, and the Debian package that brings it.
const NEEDED: [(&str, &str); 3] = [("buildah", "buildah"), ("pip", "python3-pip"), ("time", "time")];

/// Fails with what to install; installs nothing.
pub(super) fn check_programs() -> Result<(), String> {
    let runs =
        |name: &str| Command::new(name).arg("--version").output().is_ok_and(|run| run.status.success());
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(name, _)| !runs(name)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("this bench needs programs that are not here: apt install {}", missing.join(" ")))
}

/// Work that was waiting for a processor before the bench began, on average of the last minute.
pub(super) fn load() -> String {
    let text = fs_err::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The facts as a list.
pub(super) fn facts(inputs: &Inputs, rounds: usize, load: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(text, "- {name}: {value}");
    };
    fact("Command", &format!("`cargo xtask bench build --write --rounds {rounds}`"));
    fact("Machine", &machine());
    fact("Load of other programs when it began", load);
    fact("Kernel", &kernel());
    fact("envwright", &version(Command::new(&inputs.envwright).arg("version"))?);
    fact("buildah", &version(Command::new("buildah").arg("--version"))?);
    fact("uv", &version(Command::new(inputs.tools().join("bin/uv")).arg("--version"))?);
    fact("pip", inputs.pip()?.trim_start_matches("pip=="));
    fact("Packages", &format!("{} wheels", inputs.pins.lines().count()));
    Ok(text)
}

fn machine() -> String {
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

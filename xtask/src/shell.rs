//! Running other programs.

use std::process::{Command, Stdio};

/// Writes a line for the person at the terminal.
#[expect(clippy::print_stderr, reason = "xtask is a program for a terminal")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// `cargo` with arguments, at the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// The workspace's root.
pub(crate) fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| std::path::Path::new("."))
}

/// Runs to the end with the terminal attached; a failure names the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

/// Runs to the end and gives standard output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!("{command:?} ended with {}", output.status))
    }
}

/// Whether a program is on the `PATH` (or where Debian puts daemons).
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let daemons = std::path::PathBuf::from("/usr/sbin");
    std::env::split_paths(&path).chain([daemons]).any(|folder| folder.join(program).is_file())
}

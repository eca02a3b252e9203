//! Running other programs.

use std::process::{Command, ExitStatus};

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

/// Runs to the end with the terminal attached.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, String> {
    command.status().map_err(|error| format!("cannot start {command:?}: {error}"))
}

/// The same; a failure names the command.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = status(command)?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

//! Running other programs.

use std::process::{Command, ExitStatus, Output};

/// Writes a line for the person at the terminal.
#[expect(clippy::print_stderr, reason = "xtask is a program for a terminal")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// Writes a result, which may be piped into a file.
#[expect(clippy::print_stdout, reason = "xtask is a program for a terminal")]
pub(crate) fn print(text: &str) {
    println!("{text}");
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

/// Runs to the end and gives what it printed; a failure shows the end of what it complained of.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?} ended with {}:\n{}", output.status, last_lines(&output)))
}

/// One command that runs two, the second where the first succeeds.
pub(crate) fn both(first: &Command, second: &Command) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{} && {}", quoted(first), quoted(second)));
    for (name, value) in first.get_envs().chain(second.get_envs()) {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

/// A command as a shell reads it.
fn quoted(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let quoted = words.map(|word| format!("'{}'", word.to_string_lossy().replace('\'', r"'\''")));
    quoted.collect::<Vec<_>>().join(" ")
}

fn last_lines(output: &Output) -> String {
    const MOST: usize = 15;
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(MOST)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_commands_become_one_of_a_shell() {
        let mut first = Command::new("printf");
        first.args(["%s", "it's $A "]).env("A", "1");
        let mut second = Command::new("printenv");
        second.arg("A");
        assert_eq!(output(&mut both(&first, &second)).unwrap(), "it's $A 1\n");
        let failing = Command::new("false");
        assert!(output(&mut both(&failing, &second)).is_err());
    }
}

//! Where text goes: results to standard output, everything else to standard error.

use crate::arguments::{Format, GlobalArguments};
use anstyle::{AnsiColor, Style};
use envwright_diagnosis::{Diagnosis, report};
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};

/// Columns where the terminal does not tell.
const WIDTH: usize = 100;
/// Columns beyond which lines are hard to read.
const WIDEST: usize = 140;

/// How this process speaks.
#[expect(clippy::struct_excessive_bools, reason = "each is asked for on its own")]
pub(crate) struct Terminal {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// Whether standard error is a terminal that lines can be rewritten on.
    pub(crate) live: bool,
    color_out: bool,
    color_err: bool,
    width: usize,
}

#[expect(clippy::unused_self, reason = "whoever prints holds a terminal")]
impl Terminal {
    pub(crate) fn new(arguments: &GlobalArguments) -> Self {
        let colored = !arguments.no_color
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
        let live = io::stderr().is_terminal();
        Self {
            json: arguments.json || arguments.format == Format::Json,
            quiet: arguments.quiet,
            verbose: arguments.verbose,
            live,
            color_out: colored && io::stdout().is_terminal(),
            color_err: colored && live,
            width: width.min(WIDEST),
        }
    }

    /// A result for programs.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> io::Result<()> {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, value)?;
        writeln!(out)
    }

    /// One of several results for programs, in a line of its own.
    pub(crate) fn print_json_line(&self, value: &impl Serialize) -> io::Result<()> {
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, value)?;
        writeln!(out)
    }

    /// A result for people.
    pub(crate) fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A diagnosis as a result.
    pub(crate) fn print_report(&self, diagnosis: &Diagnosis) -> io::Result<()> {
        self.print(&report::text(diagnosis, self.color_out, self.width))
    }

    /// A diagnosis as text for standard output.
    pub(crate) fn report_out(&self, diagnosis: &Diagnosis) -> String {
        report::text(diagnosis, self.color_out, self.width)
    }

    /// A diagnosis as text for standard error.
    pub(crate) fn report(&self, diagnosis: &Diagnosis) -> String {
        report::text(diagnosis, self.color_err, self.width)
    }

    /// Pages are as wide as the terminal.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Something to know while or after a command works.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.error_text(text);
        }
    }

    /// A line that is shown however quiet the command is.
    pub(crate) fn error(&self, line: &str) {
        self.error_text(&format!("{}: {line}\n", self.paint("error", AnsiColor::Red)));
    }

    /// Text that is shown however quiet the command is. Nobody can be told where standard error is closed.
    pub(crate) fn error_text(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A word of standard error that stands out.
    pub(crate) fn paint(&self, word: &str, color: AnsiColor) -> String {
        painted(word, color, self.color_err)
    }

    /// A word of a result that stands out.
    pub(crate) fn paint_out(&self, word: &str, color: AnsiColor) -> String {
        painted(word, color, self.color_out)
    }
}

fn painted(word: &str, color: AnsiColor, colored: bool) -> String {
    if !colored {
        return word.to_owned();
    }
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}

//! How a command fails: with a diagnosis, or because its reader went away.

use crate::terminal::Terminal;
use envwright_builder::{BuildError, Failed};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, report};
use envwright_store::StoreError;
use serde_json::{Value, json};
use std::{fmt::Write as _, io, path::PathBuf};

/// Why a command ends early.
pub(crate) enum Failure {
    /// Something is wrong, and this is what.
    Diagnosed {
        /// What is wrong.
        diagnosis: Box<Diagnosis>,
        /// The log that says more.
        log: Option<PathBuf>,
    },
    /// The user asked to stop.
    Interrupted,
    /// Something was shown already; this is only the exit code.
    Shown(u8),
    /// The result could not be printed.
    Output(io::Error),
}

impl Failure {
    /// A build that failed, with the log of its record.
    pub(crate) fn build(failed: Failed, log: impl FnOnce(&str) -> PathBuf) -> Self {
        if failed.interrupted {
            return Self::Interrupted;
        }
        Self::Diagnosed { log: failed.build.as_deref().map(log), diagnosis: Box::new(failed.diagnosis) }
    }

    /// Tells the user, and gives the exit code.
    pub(crate) fn show(self, terminal: &Terminal) -> u8 {
        match self {
            Self::Diagnosed { diagnosis, log } => {
                let code = diagnosis.exit_code();
                let shown = show(terminal, &diagnosis, log.as_ref());
                shown.map_or_else(|error| Self::Output(error).show(terminal), |()| code)
            }
            Self::Interrupted => {
                terminal.error("interrupted; the same command goes on from what is done");
                130
            }
            Self::Shown(code) => code,
            // A reader that has seen enough, such as `head`, is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(error) => {
                terminal.error(&format!("the result cannot be printed: {error}"));
                1
            }
        }
    }
}

fn show(terminal: &Terminal, diagnosis: &Diagnosis, log: Option<&PathBuf>) -> io::Result<()> {
    if terminal.json {
        let mut value = report::json(diagnosis);
        value["log"] = log.map_or(Value::Null, |log| json!(log));
        return terminal.print_json(&value);
    }
    let mut text = terminal.report(diagnosis);
    if let Some(log) = log {
        let _ = writeln!(text, "\nlog     {}", log.display());
    }
    terminal.error_text(&text);
    Ok(())
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        if matches!(error, BuildError::Interrupted) {
            return Self::Interrupted;
        }
        let diagnosis = Diagnosis::redacted(error.findings(), &Catalog::builtin(), &error.redactor());
        Self::Diagnosed { diagnosis: Box::new(diagnosis), log: None }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        BuildError::from(error).into()
    }
}

impl From<io::Error> for Failure {
    /// Only printing fails this way; everything else has an error of its own.
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

//! `envwright diagnose`.

use crate::{
    arguments::{Format, GlobalArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{BuildError, OwnIndexes, Settings};
use envwright_diagnosis::{
    Catalog, Diagnosis, Finding, Outcome,
    log::{LogReader, Matcher},
    report,
};
use envwright_redact::Redactor;
use envwright_store::{Home, StoreError};
use std::{
    io::{self, BufReader, IsTerminal as _, Read, Seek as _, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

const AFTER_HELP: &str = "\
Examples:
  envwright diagnose build.log
  docker build . 2>&1 | envwright diagnose -
  envwright diagnose latest                  the last build of this machine
  envwright diagnose build.log --format html > report.html
  envwright diagnose build.log --format sarif > report.sarif

With `-`, the text is passed through as it comes: to standard output, or to standard error where the report has
another format than text.

Where a package or a version of one does not exist, the indexes of your configuration are asked for the nearest that
does; with `--offline` nothing is asked.";

/// Bytes that are read at once.
const BLOCK: usize = 256 * 1024;
/// What came is told of so long after it, unless the pipe ended: then the report follows.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiagnoseArguments {
    /// A log, `-` for standard input, or a build as `envwright history` names it
    #[arg(value_name = "FILE|-|BUILD")]
    log: Option<String>,
    /// Exit code where the log shows a failure; `fault` for 1 or 3 by whose it is
    #[arg(long, value_name = "CODE", default_value = "0", value_parser = exit_code)]
    exit_code: ExitCode,
    /// Pass no text through
    #[arg(long)]
    no_passthrough: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExitCode {
    Code(u8),
    Fault,
}

fn exit_code(text: &str) -> Result<ExitCode, String> {
    match text {
        "fault" => Ok(ExitCode::Fault),
        code => code.parse().map(ExitCode::Code).map_err(|_| "a number from 0 to 255, or `fault`".to_owned()),
    }
}

/// Where the text comes from.
enum Input {
    File(PathBuf),
    Stdin,
}

pub(crate) fn run(
    arguments: &DiagnoseArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let home = super::home(global)?;
    let catalog = super::catalog(global, &home)?;
    let input = input(arguments.log.as_deref(), &home)?;
    let matcher = Matcher::new(&catalog);
    let redactor = Redactor::default();
    let name = match &input {
        Input::File(path) => path.display().to_string(),
        Input::Stdin => "<stdin>".to_owned(),
    };
    let format = if global.json { Format::Json } else { global.format };
    let mut reader = LogReader::new(&matcher);
    let mut kept = None;
    match &input {
        Input::File(path) => read_file(path, &mut reader)?,
        Input::Stdin => {
            kept = (format == Format::Html).then(tempfile::tempfile).transpose().map_err(kept_nowhere)?;
            let through = Through {
                stdout: format == Format::Text,
                silent: arguments.no_passthrough || io::stdin().is_terminal(),
                announce: !terminal.quiet && !arguments.no_passthrough,
            };
            read_stdin(&mut reader, &through, kept.as_mut(), terminal)?;
        }
    }
    let mut diagnosis = reader.finish().diagnose(&matcher, &catalog, &name, &redactor);
    // Without its configuration a report still says what the log shows.
    if !global.offline
        && let Ok(settings) = Settings::load(&home)
    {
        diagnosis.look_up(&OwnIndexes::new(&home, &settings));
    }
    match format {
        Format::Text => terminal.print(&text(&diagnosis, &name, terminal))?,
        Format::Json => terminal.print_json(&report::json(&diagnosis))?,
        Format::Sarif => {
            terminal.print_json(&report::sarif(&diagnosis, &catalog, env!("CARGO_PKG_VERSION")))?;
        }
        Format::Markdown => terminal.print(&report::markdown(&diagnosis))?,
        // `lsp` was refused with the arguments.
        Format::Github | Format::Lsp => terminal.print(&report::github(&diagnosis))?,
        Format::Html => html(&diagnosis, &input, kept, &redactor)?,
    }
    let code = match (diagnosis.root(), arguments.exit_code) {
        (None, _) | (_, ExitCode::Code(0)) => return Ok(()),
        (Some(_), ExitCode::Code(code)) => code,
        (Some(_), ExitCode::Fault) => diagnosis.exit_code(),
    };
    Err(Failure::Shown(code))
}

/// An existing path wins over the name of a build.
fn input(log: Option<&str>, home: &Home) -> Result<Input, Failure> {
    match log {
        Some("-") => Ok(Input::Stdin),
        None if !io::stdin().is_terminal() => Ok(Input::Stdin),
        Some(path) if Path::new(path).exists() => Ok(Input::File(PathBuf::from(path))),
        build => {
            let build = build.unwrap_or("latest");
            match envwright_builder::find_build(home, build) {
                Ok(found) => Ok(Input::File(envwright_builder::log_path(home, &found.build))),
                Err(_) if build != "latest" => Err(missing(build)),
                Err(error) => Err(error.into()),
            }
        }
    }
}

fn missing(log: &str) -> Failure {
    let finding = Finding::new("log-unavailable")
        .fact("path", log)
        .detail(format!("There is no file `{log}`, and no build of this name."));
    Failure::Diagnosed { diagnosis: Box::new(Diagnosis::new(vec![finding], &Catalog::builtin())), log: None }
}

fn read_file(path: &Path, reader: &mut LogReader<'_>) -> Result<(), Failure> {
    let unreadable = |error: io::Error| -> Failure {
        let finding = Finding::new("log-unavailable")
            .fact("path", path.display())
            .detail(format!("Reading the log failed: {error}."));
        Failure::Diagnosed {
            diagnosis: Box::new(Diagnosis::new(vec![finding], &Catalog::builtin())),
            log: None,
        }
    };
    let mut file = fs_err::File::open(path).map_err(unreadable)?;
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => reader.push(&block[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

fn kept_nowhere(error: io::Error) -> Failure {
    let path = std::env::temp_dir();
    BuildError::from(StoreError::io("write", &path)(error)).into()
}

/// What becomes of the text of a pipe.
struct Through {
    stdout: bool,
    silent: bool,
    announce: bool,
}

impl Through {
    /// A reader of it that has seen enough ends the report, not the reading.
    fn pass(&self, text: &[u8]) {
        if self.silent {
            return;
        }
        let _ = if self.stdout {
            let mut out = io::stdout().lock();
            out.write_all(text).and_then(|()| out.flush())
        } else {
            io::stderr().lock().write_all(text)
        };
    }
}

/// Reads a pipe that may still grow, and tells of errors as they come.
fn read_stdin(
    reader: &mut LogReader<'_>,
    through: &Through,
    mut kept: Option<&mut std::fs::File>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let (sender, blocks) = mpsc::sync_channel::<io::Result<Vec<u8>>>(4);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            let mut block = vec![0; BLOCK];
            let read = match input.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            let ended = !matches!(read, Ok(1..));
            let sent = sender.send(read.map(|length| {
                block.truncate(length);
                block
            }));
            if ended || sent.is_err() {
                return;
            }
        }
    });
    // What came at this time has not been told of.
    let mut untold: Option<Instant> = None;
    loop {
        let patience = untold.map_or(PATIENCE, |since| PATIENCE.saturating_sub(since.elapsed()));
        if untold.is_some() && patience.is_zero() {
            if through.announce {
                tell(reader, terminal);
            }
            untold = None;
            continue;
        }
        match blocks.recv_timeout(patience) {
            Ok(Ok(block)) if block.is_empty() => return Ok(()),
            Ok(Ok(block)) => {
                through.pass(&block);
                if let Some(kept) = &mut kept {
                    kept.write_all(&block).map_err(kept_nowhere)?;
                }
                reader.push(&block);
                untold.get_or_insert_with(Instant::now);
            }
            Ok(Err(error)) => {
                terminal.error(&format!("standard input cannot be read: {error}"));
                return Err(Failure::Shown(1));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// Tells of errors that came since the last time.
fn tell(reader: &mut LogReader<'_>, terminal: &Terminal) {
    for fresh in reader.fresh() {
        terminal.say(&format!("envwright: line {}: {}: {}\n", fresh.line, fresh.problem, fresh.title));
    }
}

/// The report, or a sentence where there is nothing to report.
fn text(diagnosis: &Diagnosis, name: &str, terminal: &Terminal) -> String {
    let report = terminal.report_out(diagnosis);
    if diagnosis.root().is_some() {
        return report;
    }
    let sentence = match diagnosis.outcome() {
        Outcome::Unknown => format!("{name} shows no failure, and does not say that all went well\n"),
        _ => format!("{name} shows no failure\n"),
    };
    if report.is_empty() { sentence } else { format!("{report}\n{sentence}") }
}

fn html(
    diagnosis: &Diagnosis,
    input: &Input,
    kept: Option<std::fs::File>,
    redactor: &Redactor,
) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match (input, kept) {
        (Input::File(path), _) => {
            let file = fs_err::File::open(path).map_err(StoreError::io("read", path))?;
            report::html(diagnosis, &mut BufReader::new(file), redactor, &mut out)?;
        }
        (Input::Stdin, Some(mut kept)) => {
            kept.rewind().map_err(kept_nowhere)?;
            report::html(diagnosis, &mut BufReader::new(kept), redactor, &mut out)?;
        }
        (Input::Stdin, None) => report::html(diagnosis, &mut io::empty(), redactor, &mut out)?,
    }
    Ok(out.flush()?)
}

//! `envwright convert`.

use crate::{
    arguments::GlobalArguments, definition::DefinitionArguments, failure::Failure, terminal::Terminal,
};
use clap::{Args, builder::PossibleValuesParser};
use envwright_builder::Settings;
use envwright_definition::{ConversionError, Format};
use envwright_diagnosis::{Catalog, Diagnosis, Finding, Severity};
use envwright_redact::Redactor;
use envwright_store::write_atomic;
use serde_json::json;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  envwright convert environment.yml --to azureml
  envwright convert --to requirements -o requirements.txt
  envwright convert conda-lock.yml --to pixi-lock > pixi.lock

What the format has no place for is told on standard error, and with `--json` as `lost`. Comments are not kept, and
neither are the logins in URLs.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ConvertArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    /// Format to write
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(written()))]
    to: String,
    /// File to write, in the place of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Fail where the format cannot say all of it
    #[arg(long)]
    lossless: bool,
}

/// Names of the formats that can be written.
fn written() -> impl Iterator<Item = &'static str> {
    let formats = Format::ALL.into_iter();
    formats.filter(|(format, _)| *format != Format::UvLock).map(|(_, name)| name)
}

pub(crate) fn run(
    arguments: &ConvertArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let home = super::home(global)?;
    let settings = Settings::load(&home)?;
    let environment = envwright_builder::read(
        &arguments.definition.input()?,
        &arguments.definition.extra,
        &arguments.definition.group,
        &settings,
    )?;
    // The value was checked with the arguments.
    let format: Format = arguments.to.parse().unwrap_or(Format::Azure);
    let converted = environment.convert(format).map_err(|error| impossible(error, format))?;
    let severity = if arguments.lossless { Severity::Error } else { Severity::Warning };
    let lost = converted.lost.iter().map(|lost| {
        Finding::new("conversion-loss").severity(severity).fact("format", format).fact("feature", lost)
    });
    let diagnosis = Diagnosis::redacted(lost.collect(), &Catalog::builtin(), &Redactor::default());
    if diagnosis.root().is_some() {
        return Err(Failure::Diagnosed { diagnosis: Box::new(diagnosis), log: None });
    }
    if let Some(path) = &arguments.output {
        write_atomic(path, converted.text.as_bytes())?;
    }
    if terminal.json {
        let text = arguments.output.is_none().then_some(&converted.text);
        terminal.print_json(&json!({ "format": format.name(), "text": text, "lost": converted.lost }))?;
        return Ok(());
    }
    if arguments.output.is_none() {
        terminal.print(&converted.text)?;
    }
    if !diagnosis.notes().is_empty() {
        terminal.say(&terminal.report(&diagnosis));
    }
    Ok(())
}

fn impossible(error: ConversionError, format: Format) -> Failure {
    let finding = Finding::new("conversion-impossible").fact("format", format).fact("reason", error);
    let finding = match error {
        ConversionError::NotLocked(_) => {
            finding.remedy("Solve it first: `envwright lock` writes `pixi.lock` beside it")
        }
        ConversionError::Locked(_) => finding.remedy("Convert it to another format of lock files"),
        ConversionError::NotWritten(_) => finding,
        ConversionError::Several(_) => {
            finding.remedy("Convert it to `conda-lock` or `pixi-lock`, which hold several")
        }
    };
    let diagnosis = Diagnosis::new(vec![finding], &Catalog::builtin());
    Failure::Diagnosed { diagnosis: Box::new(diagnosis), log: None }
}

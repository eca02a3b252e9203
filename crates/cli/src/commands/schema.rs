//! `envwright schema`.

use crate::{failure::Failure, terminal::Terminal};
use clap::{Args, builder::PossibleValuesParser};
use envwright_definition::Format;

const AFTER_HELP: &str = "\
Examples:
  envwright schema > envwright.schema.json
  envwright schema conda > conda.schema.json";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SchemaArguments {
    /// A format that is YAML or JSON; `azureml` has the keys of envwright too
    #[arg(value_name = "FORMAT", default_value = "azureml", value_parser = PossibleValuesParser::new(described()))]
    of: String,
}

/// Names of the formats that have a schema.
fn described() -> impl Iterator<Item = &'static str> {
    let formats = Format::ALL.into_iter();
    formats.filter(|(format, _)| envwright_definition::schema(*format).is_some()).map(|(_, name)| name)
}

pub(crate) fn run(arguments: &SchemaArguments, terminal: &Terminal) -> Result<(), Failure> {
    let format: Format = arguments.of.parse().unwrap_or(Format::Azure);
    Ok(terminal.print_json(&envwright_definition::schema(format))?)
}

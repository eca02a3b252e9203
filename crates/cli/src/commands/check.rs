//! `envwright check`.

use super::home;
use crate::{
    arguments::GlobalArguments, definition::DefinitionArguments, failure::Failure, terminal::Terminal,
};
use clap::Args;
use envwright_builder::{Input, Settings};
use envwright_definition::Options;
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, report};

const AFTER_HELP: &str = "\
Examples:
  envwright check requirements.txt
  envwright check --json .";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
}

pub(crate) fn run(
    arguments: &CheckArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let settings = Settings::load(&home(global)?)?;
    let options = Options {
        extras: arguments.definition.extra.clone(),
        groups: arguments.definition.group.clone(),
        index_defaults: settings.indexes,
    };
    let read = match arguments.definition.input()? {
        Input::Path(path) => envwright_definition::read(&path, &options),
        Input::Text { text, folder } => envwright_definition::read_text("<stdin>", &text, &folder, &options),
    };
    let findings = match read {
        Ok(environment) => environment.findings,
        Err(error) => error.findings(),
    };
    let diagnosis = Diagnosis::new(findings, &Catalog::builtin());
    if terminal.json {
        terminal.print_json(&report::json(&diagnosis))?;
    } else {
        terminal.print_report(&diagnosis)?;
        if diagnosis.root().is_none() {
            terminal.say("nothing in the definition stops a build\n");
        }
    }
    match diagnosis.exit_code() {
        0 => Ok(()),
        code => Err(Failure::Shown(code)),
    }
}

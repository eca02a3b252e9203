//! `envwright catalog`.

use super::table;
use crate::{arguments::GlobalArguments, failure::Failure, terminal::Terminal};
use clap::{Args, Subcommand};
use envwright_diagnosis::{
    Catalog, Problem,
    log::{Matcher, prove},
};
use envwright_store::Home;
use serde_json::{Value, json};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  envwright catalog list
  envwright catalog check team-catalog       every entry of a folder, with its examples
  envwright catalog new --from build.log     begin an entry from a log that nothing recognised

A team's own entries lie in `catalog/<tool>/<id>.toml` of the home, or in the folder that `--catalog` names.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CatalogArguments {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// List the problems known here
    #[command(after_help = "Examples:\n  envwright catalog list\n  envwright catalog list --json")]
    List,
    /// Check entries: their form, texts, patterns and examples
    #[command(after_help = "Examples:\n  envwright catalog check\n  envwright catalog check team-catalog")]
    Check {
        /// Folder of entries [default: those known here]
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Print the beginning of an entry
    #[command(
        after_help = "Examples:\n  envwright catalog new --from build.log > team-catalog/team/team-proxy.toml"
    )]
    New {
        /// The log to begin from
        #[arg(long, value_name = "LOG")]
        from: PathBuf,
        /// Name of the problem
        #[arg(long, default_value = "team-problem")]
        id: String,
    },
}

pub(crate) fn run(
    arguments: &CatalogArguments,
    global: &GlobalArguments,
    home: &Home,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let known = super::catalog(global, home)?;
    match &arguments.command {
        CatalogCommand::List => list(&known, terminal),
        CatalogCommand::Check { folder } => check(known, folder.as_ref(), terminal),
        CatalogCommand::New { from, id } => {
            let log = fs_err::read(from).map_err(envwright_store::StoreError::io("read", from))?;
            Ok(terminal.print(&envwright_diagnosis::log::entry(id, &log, &known))?)
        }
    }
}

fn list(catalog: &Catalog, terminal: &Terminal) -> Result<(), Failure> {
    if terminal.json {
        let value = |problem: &Problem| {
            json!({
                "problem": problem.id,
                "title": catalog.page(&problem.id).map(|page| page.title()),
                "tool": problem.tool,
                "stage": problem.stage,
                "fault": problem.fault,
                "signatures": problem.signature.len(),
                "examples": problem.example.len(),
            })
        };
        return Ok(terminal.print_json(&catalog.problems().map(value).collect::<Vec<_>>())?);
    }
    let row = |problem: &Problem| {
        let title = catalog.page(&problem.id).map(|page| page.title()).unwrap_or_default();
        vec![problem.id.clone(), problem.stage.to_string(), problem.fault.to_string(), title]
    };
    Ok(terminal.print(&table(&catalog.problems().map(row).collect::<Vec<_>>()))?)
}

fn check(known: Catalog, folder: Option<&PathBuf>, terminal: &Terminal) -> Result<(), Failure> {
    let own: Option<Vec<String>> = match folder {
        None => None,
        Some(folder) => {
            let alone = Catalog::builtin().with_folder(folder).map_err(|error| super::invalid(&error))?;
            let builtin = Catalog::builtin();
            let changed = alone.problems().filter(|problem| builtin.get(&problem.id) != Some(problem));
            Some(changed.map(|problem| problem.id.clone()).collect())
        }
    };
    let catalog = match folder {
        Some(folder) => known.with_folder(folder).map_err(|error| super::invalid(&error))?,
        None => known,
    };
    let matcher = Matcher::new(&catalog);
    let mut results = Vec::new();
    let asked = |problem: &&Problem| own.as_ref().is_none_or(|own| own.contains(&problem.id));
    for problem in catalog.problems().filter(asked) {
        let mut wrong = prove(problem, &matcher, &catalog);
        wrong.extend(catalog.words(problem));
        results.push((problem.id.clone(), wrong));
    }
    let bad = results.iter().filter(|(_, wrong)| !wrong.is_empty()).count();
    if terminal.json {
        let entry = |(id, wrong): &(String, Vec<String>)| json!({ "problem": id, "wrong": wrong });
        terminal.print_json(&json!({
            "entries": results.len(),
            "wrong": results.iter().filter(|(_, wrong)| !wrong.is_empty()).map(entry).collect::<Vec<Value>>(),
        }))?;
    } else {
        for (id, wrong) in &results {
            for sentence in wrong {
                terminal.print(&format!("{id}: {sentence}\n"))?;
            }
        }
        terminal.print(&format!("{} entries, {bad} with something wrong\n", results.len()))?;
    }
    if bad == 0 { Ok(()) } else { Err(Failure::Shown(1)) }
}

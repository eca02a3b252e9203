//! `envwright explain`.

use super::table;
use crate::{arguments::GlobalArguments, failure::Failure, terminal::Terminal};
use clap::Args;
use envwright_diagnosis::{Catalog, Problem, nearest};
use serde_json::{Value, json};

const AFTER_HELP: &str = "\
Examples:
  envwright explain pip-hash-mismatch
  envwright explain --list";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ExplainArguments {
    /// Name of the problem
    #[arg(required_unless_present = "list")]
    problem: Option<String>,
    /// List all problems
    #[arg(long, conflicts_with = "problem")]
    list: bool,
}

pub(crate) fn run(
    arguments: &ExplainArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let catalog = super::catalog(global, &super::home(global)?)?;
    match &arguments.problem {
        Some(problem) => explain(problem, &catalog, terminal),
        None => list(&catalog, terminal),
    }
}

fn list(catalog: &Catalog, terminal: &Terminal) -> Result<(), Failure> {
    if terminal.json {
        let all: Vec<Value> = catalog.problems().map(|problem| value(problem, catalog)).collect();
        return Ok(terminal.print_json(&all)?);
    }
    let row = |problem: &Problem| vec![problem.id.clone(), title(problem, catalog)];
    Ok(terminal.print(&table(&catalog.problems().map(row).collect::<Vec<_>>()))?)
}

fn explain(id: &str, catalog: &Catalog, terminal: &Terminal) -> Result<(), Failure> {
    let (Some(page), Some(problem)) = (catalog.page(id), catalog.get(id)) else {
        return Err(unknown(id, catalog, terminal));
    };
    if terminal.json {
        return Ok(terminal.print_json(&value(problem, catalog))?);
    }
    Ok(terminal.print(&page.text(terminal.width()))?)
}

fn unknown(id: &str, catalog: &Catalog, terminal: &Terminal) -> Failure {
    let near = nearest(id, catalog.problems().map(|problem| problem.id.as_str()));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    terminal.error(&format!("no problem is called `{id}`{hint}"));
    Failure::Shown(super::USAGE)
}

fn title(problem: &Problem, catalog: &Catalog) -> String {
    catalog.page(&problem.id).map(|page| page.title()).unwrap_or_default()
}

fn value(problem: &Problem, catalog: &Catalog) -> Value {
    json!({
        "problem": problem.id,
        "title": title(problem, catalog),
        "stage": problem.stage,
        "fault": problem.fault,
        "transient": problem.transient,
        "parent": problem.parent,
        "explains": problem.explains,
        "causes": problem.cause.iter().map(|cause| &cause.text).collect::<Vec<_>>(),
        "remedies": problem.remedy.iter().map(|remedy| &remedy.title).collect::<Vec<_>>(),
        "references": problem.reference.iter().map(|page| &page.url).collect::<Vec<_>>(),
    })
}

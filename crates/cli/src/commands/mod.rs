//! The commands, a file each.

mod build;
mod cache;
mod catalog;
mod check;
mod completions;
mod convert;
mod diagnose;
mod diff;
mod explain;
mod fix;
mod history;
mod images;
mod lock;
mod logs;
mod materialize;
mod plan;
mod pull;
mod push;
mod schema;
mod search;

pub(crate) use build::BuildArguments;
pub(crate) use cache::CacheArguments;
pub(crate) use catalog::CatalogArguments;
pub(crate) use check::CheckArguments;
pub(crate) use completions::CompletionsArguments;
pub(crate) use convert::ConvertArguments;
pub(crate) use diagnose::DiagnoseArguments;
pub(crate) use diff::DiffArguments;
pub(crate) use explain::ExplainArguments;
pub(crate) use fix::FixArguments;
pub(crate) use images::ImagesArguments;
pub(crate) use lock::LockArguments;
pub(crate) use logs::LogsArguments;
pub(crate) use materialize::MaterializeArguments;
pub(crate) use plan::PlanArguments;
pub(crate) use pull::PullArguments;
pub(crate) use push::PushArguments;
pub(crate) use schema::SchemaArguments;
pub(crate) use search::SearchArguments;

use crate::{
    arguments::{Arguments, Command, Format, GlobalArguments},
    failure::Failure,
    interrupt,
    progress::Progress,
    terminal::Terminal,
};
use envwright_builder::{Settings, Stop};
use envwright_diagnosis::{Catalog, CatalogError, Diagnosis, Explain as _};
use envwright_store::Home;
use serde_json::json;

/// Exit code of wrong usage.
const USAGE: u8 = 2;

/// Runs one command.
pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<(), Failure> {
    let global = arguments.global;
    let has_format = match (&arguments.command, global.format) {
        (_, Format::Text | Format::Json) => true,
        (Command::Diagnose(_), format) => format != Format::Lsp,
        (Command::Check(_), format) => format != Format::Html,
        _ => false,
    };
    if !has_format {
        terminal.error(
            "this command has no report in this format: `diagnose` has sarif, markdown, github and html, `check` has \
             sarif, lsp, markdown and github, others print text or json",
        );
        return Err(Failure::Shown(USAGE));
    }
    match arguments.command {
        Command::Build(arguments) => build::run(&arguments, &global, terminal),
        Command::Check(arguments) => check::run(&arguments, &global, terminal),
        Command::Fix(arguments) => fix::run(&arguments, &global, terminal),
        Command::Convert(arguments) => convert::run(&arguments, &global, terminal),
        Command::Lock(arguments) => lock::run(&arguments, &global, terminal),
        Command::Materialize(arguments) => materialize::run(&arguments, &global, terminal),
        Command::Plan(arguments) => plan::run(&arguments, &global, terminal),
        Command::Diff(arguments) => diff::run(&arguments, &global, terminal),
        Command::Pull(arguments) => pull::run(&arguments, &global, terminal),
        Command::Push(arguments) => push::run(&arguments, &global, terminal),
        Command::Images(arguments) => images::run(&arguments, &home(&global)?, terminal),
        Command::History => history::run(&home(&global)?, terminal),
        Command::Logs(arguments) => logs::run(&arguments, &home(&global)?, terminal),
        Command::Prune => cache::prune(&home(&global)?, terminal),
        Command::Cache(arguments) => cache::run(&arguments, &home(&global)?, terminal),
        Command::Diagnose(arguments) => diagnose::run(&arguments, &global, terminal),
        Command::Catalog(arguments) => catalog::run(&arguments, &global, &home(&global)?, terminal),
        Command::Explain(arguments) => explain::run(&arguments, &global, terminal),
        Command::Search(arguments) => search::run(&arguments, &global, terminal),
        Command::Schema(arguments) => schema::run(&arguments, terminal),
        Command::Completions(arguments) => completions::run(&arguments, terminal),
        Command::Version => version(terminal),
    }
}

fn home(global: &GlobalArguments) -> Result<Home, Failure> {
    Ok(Home::open(global.home.as_deref())?)
}

/// The problems known here: the program's, those of the home's `catalog`, and those of the folder that was named.
fn catalog(global: &GlobalArguments, home: &Home) -> Result<Catalog, Failure> {
    let mut catalog = Catalog::builtin();
    let own = home.catalog();
    for folder in [own.is_dir().then_some(&own), global.catalog.as_ref()].into_iter().flatten() {
        catalog = catalog.with_folder(folder).map_err(|error| invalid(&error))?;
    }
    Ok(catalog)
}

fn invalid(error: &CatalogError) -> Failure {
    Failure::Diagnosed {
        diagnosis: Box::new(Diagnosis::new(error.findings(), &Catalog::builtin())),
        log: None,
    }
}

fn version(terminal: &Terminal) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if terminal.json {
        return Ok(terminal.print_json(&json!({ "version": version }))?);
    }
    Ok(terminal.print(&format!("envwright {version}\n"))?)
}

/// What the commands that solve or build have in common.
struct Work<'a> {
    home: Home,
    settings: Settings,
    progress: Progress<'a>,
    stop: Stop,
}

impl<'a> Work<'a> {
    /// Reads the settings, and listens to Ctrl-C from now on.
    fn start(global: &GlobalArguments, terminal: &'a Terminal) -> Result<Self, Failure> {
        let home = home(global)?;
        let settings = Settings::load(&home)?;
        let stop = Stop::default();
        interrupt::listen(&stop);
        Ok(Self { home, settings, progress: Progress::new(terminal), stop })
    }

    /// A failure, with the log of its build; the changing line is taken away first.
    fn failure(&self, failed: envwright_builder::Failed) -> Failure {
        self.progress.end();
        Failure::build(failed, |build| envwright_builder::log_path(&self.home, build))
    }
}

/// Warnings, shown as findings are.
fn warnings(findings: &[envwright_diagnosis::Finding]) -> envwright_diagnosis::Diagnosis {
    envwright_diagnosis::Diagnosis::new(findings.to_vec(), &envwright_diagnosis::Catalog::builtin())
}

/// A table with columns as wide as their widest cell, the last one open.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let rows = [vec!["a".to_owned(), "größe".to_owned()], vec!["long".to_owned(), String::new()]];
        assert_eq!(super::table(&rows), "a     größe\nlong\n");
        assert_eq!(super::table(&[]), "");
    }
}

//! The `envwright` command.

use clap::{Parser, Subcommand};
use envwright_definition::Options;
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, Finding, report};
use envwright_redact::Redactor;
use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

/// Width of reports in columns.
const WIDTH: usize = 100;

/// Builds container images of machine-learning environments, and explains why a build failed.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read a definition and show what is wrong with it
    #[command(after_help = "Examples:\n  envwright check requirements.txt\n  envwright check --json .")]
    Check {
        /// The definition, or a folder that holds one
        #[arg(default_value = ".")]
        definition: PathBuf,
        /// Extra of a pyproject.toml
        #[arg(long)]
        extra: Vec<String>,
        /// Dependency group of a pyproject.toml
        #[arg(long)]
        group: Vec<String>,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what a problem is and how to fix it
    #[command(after_help = "Examples:\n  envwright explain pip-hash-mismatch\n  envwright explain --list")]
    Explain {
        /// Name of the problem
        #[arg(required_unless_present = "list")]
        problem: Option<String>,
        /// List all problems
        #[arg(long)]
        list: bool,
    },
    /// Print the JSON Schema of the YAML definition
    Schema,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => ExitCode::from(code),
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(4),
    }
}

fn run(command: Command) -> io::Result<u8> {
    let catalog = Catalog::builtin();
    match command {
        Command::Check { definition, extra, group, json } => {
            let options = Options { extras: extra, groups: group, ..Options::default() };
            let read = envwright_definition::read(&definition, &options);
            let findings = match read {
                Ok(environment) => environment.findings,
                Err(error) => error.findings(),
            };
            check(findings, &catalog, json)
        }
        Command::Explain { list: true, .. } => list(&catalog),
        Command::Explain { problem, .. } => explain(&catalog, &problem.unwrap_or_default()),
        Command::Schema => {
            let schema = serde_json::to_string_pretty(&envwright_definition::schema())?;
            writeln!(io::stdout(), "{schema}")?;
            Ok(0)
        }
    }
}

fn check(findings: Vec<Finding>, catalog: &Catalog, json: bool) -> io::Result<u8> {
    let diagnosis = Diagnosis::redacted(findings, catalog, &Redactor::default());
    let mut out = io::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report::json(&diagnosis))?)?;
    } else if diagnosis.findings().is_empty() && diagnosis.notes().is_empty() {
        writeln!(out, "nothing is wrong with the definition")?;
    } else {
        let color = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        write!(out, "{}", report::text(&diagnosis, color, WIDTH))?;
    }
    Ok(if diagnosis.root().is_some() { diagnosis.exit_code() } else { 0 })
}

fn list(catalog: &Catalog) -> io::Result<u8> {
    let mut out = io::stdout().lock();
    for problem in catalog.problems() {
        let title = catalog.page(&problem.id).map(|page| page.title()).unwrap_or_default();
        writeln!(out, "{:<34} {title}", problem.id)?;
    }
    Ok(0)
}

fn explain(catalog: &Catalog, problem: &str) -> io::Result<u8> {
    if let Some(page) = catalog.page(problem) {
        write!(io::stdout(), "{}", page.text(WIDTH))?;
        return Ok(0);
    }
    let names: Vec<String> = catalog.problems().map(|problem| problem.id.to_string()).collect();
    let near = envwright_diagnosis::nearest(problem, names.iter().map(String::as_str));
    writeln!(io::stderr(), "no problem is called `{problem}`{}", hint(near))?;
    Ok(2)
}

fn hint(near: Option<impl std::fmt::Display>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

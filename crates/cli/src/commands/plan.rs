//! `envwright plan`.

use super::{Work, table, warnings};
use crate::{
    arguments::GlobalArguments,
    definition::{DefinitionArguments, TargetArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{PackageState, Plan, PlatformPlan, Request};
use envwright_package::Compression;
use indicatif::HumanBytes;

const AFTER_HELP: &str = "\
Examples:
  envwright plan                  what a build of this folder's definition would fetch and pack
  envwright plan -v               every package
  envwright plan --json | jq '.platforms[].fetch_bytes'";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    #[command(flatten)]
    target: TargetArguments,
    /// Compression of layers: `zstd` or `gzip`
    #[arg(long, value_name = "NAME", default_value = "zstd")]
    compression: Compression,
}

pub(crate) fn run(
    arguments: &PlanArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let request = Request {
        compression: arguments.compression,
        ..arguments.definition.request(&arguments.target, global.offline)?
    };
    let work = Work::start(global, terminal)?;
    let plan = envwright_builder::plan(&work.home, &work.settings, &request, &work.progress, &work.stop);
    let plan = plan.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    if terminal.json {
        return Ok(terminal.print_json(&plan)?);
    }
    let warnings = warnings(&plan.warnings);
    if !warnings.notes().is_empty() {
        terminal.say(&format!("{}\n", terminal.report(&warnings)));
    }
    Ok(terminal.print(&text(&plan, terminal.verbose))?)
}

fn text(plan: &Plan, all: bool) -> String {
    let mut text = String::new();
    for platform in &plan.platforms {
        text.push_str(&heading(platform));
        let shown = platform.packages.iter().filter(|package| all || package.state != PackageState::Packed);
        let rows = shown.map(|package| {
            let size = package.bytes.map(|bytes| HumanBytes(bytes).to_string()).unwrap_or_default();
            vec![
                format!("  {}", word(package.state)),
                package.kind.to_owned(),
                package.name.clone(),
                package.version.clone(),
                size,
            ]
        });
        text.push_str(&table(&rows.collect::<Vec<_>>()));
    }
    if plan.nothing_to_do {
        text.push_str("nothing to do: the image is there\n");
    }
    text
}

fn heading(platform: &PlatformPlan) -> String {
    let python = platform.python.as_ref().map(|python| format!(", Python {python}")).unwrap_or_default();
    let totals = &platform.totals;
    format!(
        "{} on {}{python}: {} to fetch ({}), {} to pack, {} cached\n",
        platform.platform,
        platform.base,
        totals.fetch,
        HumanBytes(totals.fetch_bytes),
        totals.pack,
        totals.cached,
    )
}

fn word(state: PackageState) -> &'static str {
    match state {
        PackageState::Packed => "cached",
        PackageState::Fetched => "pack",
        PackageState::Missing => "fetch",
    }
}

//! `envwright search`.

mod text;

use super::Work;
use crate::{
    arguments::GlobalArguments,
    definition::{DefinitionArguments, TargetArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::Search;
use envwright_diagnosis::report;
use envwright_lock::{CPython, Fitting};
use envwright_target::Platform;
use serde_json::json;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  envwright search numpy
  envwright search 'numpy>=1.26' --python 3.12 --platform linux/arm64
  envwright search pytorch -c conda-forge -c nvidia --all
  envwright search pandas --definition environment.yml    what its channels and indexes have
  envwright search numpy --json | jq -r '.pypi.versions[0].files[].url'

A bound is read as conda reads it for channels (`numpy=1.26`, `numpy=1.26.*=py312*`, `conda-forge::numpy`), and as pip
does for indexes (`numpy==1.26.*`, `requests[socks]`); where only one of both can read it, only that one is asked.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SearchArguments {
    /// Name of a package, or a name with a bound of versions
    #[arg(value_name = "PACKAGE")]
    package: String,
    /// Channel of conda's, a name or URL; may be repeated [default: the definition's, else the configured ones]
    #[arg(long, short, value_name = "CHANNEL")]
    channel: Vec<String>,
    /// The definition whose channels and indexes are asked, a folder that holds one, or `-` for standard input
    #[arg(long, value_name = "DEF")]
    definition: Option<PathBuf>,
    /// Only what is for this platform, such as `linux/arm64`; repeated or with commas
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    platform: Vec<Platform>,
    /// Only what is for this Python, such as `3.12` or `3.12.4`
    #[arg(long, value_name = "VERSION")]
    python: Option<CPython>,
    /// Show all versions, pre-releases too, and not the newest ten
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(
    arguments: &SearchArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let search = Search {
        package: arguments.package.trim().to_owned(),
        channels: arguments.channel.clone(),
        definition: arguments.definition.clone().map(|path| definition(path, global)).transpose()?,
        fitting: Fitting { platforms: arguments.platform.clone(), python: arguments.python },
        offline: global.offline,
    };
    let work = Work::start(global, terminal)?;
    let searched = envwright_builder::search(&work.home, &work.settings, &search, &work.progress, &work.stop);
    let searched = searched.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    let code = searched.diagnosis.exit_code();
    if terminal.json {
        let mut value = report::json(&searched.diagnosis);
        value["package"] = json!(searched.package);
        value["conda"] = json!(searched.conda);
        value["pypi"] = json!(searched.pypi);
        terminal.print_json(&value)?;
    } else {
        let show = text::Show { all: arguments.all, files: terminal.verbose };
        terminal.print(&text::both(&searched, &show))?;
        if code != 0 {
            terminal.error_text(&format!("\n{}", terminal.report(&searched.diagnosis)));
        }
    }
    if code == 0 { Ok(()) } else { Err(Failure::Shown(code)) }
}

fn definition(path: PathBuf, global: &GlobalArguments) -> Result<envwright_builder::Request, Failure> {
    let whole = DefinitionArguments { definition: path, extra: Vec::new(), group: Vec::new() };
    whole.request(&TargetArguments { platform: Vec::new(), solve_limit: None }, global.offline)
}

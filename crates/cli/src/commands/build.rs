//! `envwright build`.

use super::{Work, warnings};
use crate::{
    arguments::GlobalArguments,
    definition::{DefinitionArguments, TargetArguments, UpgradeArguments},
    failure::Failure,
    summary,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{BuildError, Output, Report, Request};
use envwright_diagnosis::report;
use envwright_image::ImageReference;
use envwright_package::Compression;
use std::num::NonZero;

const AFTER_HELP: &str = "\
Examples:
  envwright build                                  the definition in this folder
  envwright build requirements.txt -t team/app:1   with a name for the image
  envwright build -o docker:                       and load it into Docker
  envwright build -t registry.example/team/app:1 --push
  envwright build -o oci:out --platform linux/amd64,linux/arm64
  echo pandas | envwright build -                  a definition from standard input";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BuildArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    /// Name of the image, such as `team/app:1`; may be repeated [default: the definition's or its folder's name]
    #[arg(long, short, value_name = "REF")]
    tag: Vec<String>,
    /// Where else to write the image: `oci:DIR`, `docker-archive:FILE`, `docker:` or `podman:`; may be repeated
    #[arg(long, short, value_name = "OUTPUT")]
    output: Vec<String>,
    /// Push the image to the registries that its names lead to
    #[arg(long, requires = "tag")]
    push: bool,
    #[command(flatten)]
    target: TargetArguments,
    /// Compression of layers: `zstd`, or `gzip` for old engines
    #[arg(long, value_name = "NAME", default_value = "zstd")]
    compression: Compression,
    /// Use the lock beside the definition, and fail where there is none of this definition
    #[arg(long, conflicts_with_all = ["upgrade", "upgrade_package"])]
    locked: bool,
    #[command(flatten)]
    upgrade: UpgradeArguments,
    /// Threads that pack packages and write layers [default: all cores]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

pub(crate) fn run(
    arguments: &BuildArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let request = request(arguments, global)?;
    let work = Work::start(global, terminal)?;
    let built = envwright_builder::build(&work.home, &work.settings, &request, &work.progress, &work.stop);
    let report = built.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    show(&report, &request, arguments, terminal)
}

fn request(arguments: &BuildArguments, global: &GlobalArguments) -> Result<Request, Failure> {
    let tags = arguments.tag.iter().map(|tag| tag.parse::<ImageReference>().map_err(BuildError::from));
    let outputs = arguments.output.iter().map(|output| output.parse::<Output>());
    Ok(Request {
        tags: tags.collect::<Result<_, _>>()?,
        outputs: outputs.collect::<Result<_, _>>()?,
        push: arguments.push,
        compression: arguments.compression,
        locked: arguments.locked,
        upgrade: arguments.upgrade.upgrade(),
        threads: arguments.jobs.map(NonZero::get),
        ..arguments.definition.request(&arguments.target, global.offline)?
    })
}

fn show(
    built: &Report,
    request: &Request,
    arguments: &BuildArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let warnings = warnings(&built.warnings);
    if terminal.json {
        let mut value = serde_json::to_value(built).map_err(std::io::Error::from)?;
        value["warnings"] = report::json(&warnings)["notes"].take();
        return Ok(terminal.print_json(&value)?);
    }
    if !warnings.notes().is_empty() {
        terminal.say(&format!("{}\n", terminal.report(&warnings)));
    }
    terminal.say(&summary::text(terminal, built, &request.outputs, &arguments.definition.definition));
    let name = built.names.first().map_or("", String::as_str);
    Ok(terminal.print(&format!("{name}@{}\n", built.digest))?)
}

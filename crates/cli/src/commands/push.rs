//! `envwright push`.

use super::Work;
use crate::{arguments::GlobalArguments, failure::Failure, summary, terminal::Terminal};
use clap::Args;
use envwright_builder::BuildError;
use envwright_image::ImageReference;

const AFTER_HELP: &str = "\
Examples:
  envwright push registry.example/team/app:1
  envwright push quickstart:latest registry.example/team/app:1

Credentials are those of `docker login` or `podman login` (`REGISTRY_AUTH_FILE` too).";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PushArguments {
    /// The image, as `envwright images` names it
    #[arg(value_name = "NAME")]
    image: String,
    /// Where it goes, with registry and tag [default: where its own name leads]
    #[arg(value_name = "REF")]
    destination: Option<String>,
}

pub(crate) fn run(
    arguments: &PushArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let read = |text: &String| text.parse::<ImageReference>().map_err(BuildError::from);
    let image = read(&arguments.image)?;
    let destination = arguments.destination.as_ref().map(read).transpose()?;
    let mut work = Work::start(global, terminal)?;
    work.settings.network.offline |= global.offline;
    let pushed = envwright_builder::push(
        &work.home,
        &work.settings,
        &image,
        destination.as_ref(),
        &work.progress,
        &work.stop,
    );
    let pushed = pushed.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    if terminal.json {
        return Ok(terminal.print_json(&serde_json::to_value(&pushed).map_err(std::io::Error::from)?)?);
    }
    terminal.say(&format!("{:>10} {}\n", "Pushed", summary::pushed(&pushed)));
    Ok(terminal.print(&format!("{}@{}\n", pushed.name, pushed.digest))?)
}

//! `envwright pull`.

use super::Work;
use crate::{arguments::GlobalArguments, failure::Failure, terminal::Terminal};
use clap::Args;
use envwright_builder::BuildError;
use envwright_image::{ImageReference, RemoteImage};
use envwright_target::Platform;
use indicatif::HumanBytes;

const AFTER_HELP: &str = "\
Examples:
  envwright pull registry.example/team/app:1
  envwright pull --all-platforms registry.example/team/app:1 app:1
  envwright push registry.example/team/app:1 other.example/team/app:1    then, to move it on

Credentials are those of `docker login` or `podman login` (`REGISTRY_AUTH_FILE` too).";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PullArguments {
    /// The image, with registry and tag or digest
    #[arg(value_name = "REF")]
    image: String,
    /// Its name in envwright's store [default: REF; a digest becomes a tag]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Platform, such as `linux/arm64` [default: this machine's]
    #[arg(long, value_name = "PLATFORM", conflicts_with = "all_platforms")]
    platform: Option<Platform>,
    /// Pull the image for every platform, its index included
    #[arg(long)]
    all_platforms: bool,
}

pub(crate) fn run(
    arguments: &PullArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let image: RemoteImage = arguments.image.parse().map_err(BuildError::from)?;
    let name = match &arguments.name {
        Some(name) => name.parse::<ImageReference>().map_err(BuildError::from)?,
        None => image.local_name(),
    };
    let platform = match (arguments.all_platforms, arguments.platform.or_else(Platform::host)) {
        (true, _) => None,
        (false, Some(platform)) => Some(platform),
        (false, None) => {
            return Err(BuildError::Unsupported {
                what: "images for this machine's architecture".to_owned(),
                instead: "name a platform: --platform linux/amd64".to_owned(),
            }
            .into());
        }
    };
    let mut work = Work::start(global, terminal)?;
    work.settings.network.offline |= global.offline;
    let pulled = envwright_builder::pull(
        &work.home,
        &work.settings,
        &image,
        platform,
        &name,
        &work.progress,
        &work.stop,
    );
    let pulled = pulled.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    if terminal.json {
        return Ok(terminal.print_json(&serde_json::to_value(&pulled).map_err(std::io::Error::from)?)?);
    }
    terminal.say(&format!("{:>10} {}, {}\n", "Pulled", pulled.name, HumanBytes(pulled.size)));
    Ok(terminal.print(&format!("{}@{}\n", pulled.name, pulled.digest))?)
}

//! `envwright images`.

use super::table;
use crate::{failure::Failure, terminal::Terminal};
use clap::{Args, Subcommand};
use envwright_store::Home;
use indicatif::HumanBytes;
use serde_json::{Value, json};

const AFTER_HELP: &str = "\
Examples:
  envwright images
  envwright images rm quickstart:latest   then `envwright prune` frees its layers";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImagesArguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Take names away from images
    Rm {
        /// Names, such as `quickstart:latest`
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

pub(crate) fn run(arguments: &ImagesArguments, home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    match &arguments.action {
        None => list(home, terminal),
        Some(Action::Rm { names }) => remove(names, home, terminal),
    }
}

fn list(home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    let images = envwright_builder::images(home)?;
    if terminal.json {
        let value = |image: &envwright_image::Named| json!({ "name": image.name, "digest": image.digest, "size": image.size });
        return Ok(terminal.print_json(&images.iter().map(value).collect::<Vec<Value>>())?);
    }
    if images.is_empty() {
        terminal.say("no images yet; `envwright build` makes one\n");
        return Ok(());
    }
    let mut rows = vec![["NAME", "SIZE", "DIGEST"].map(str::to_owned).to_vec()];
    rows.extend(
        images.iter().map(|image| {
            vec![image.name.clone(), HumanBytes(image.size).to_string(), image.digest.to_string()]
        }),
    );
    Ok(terminal.print(&table(&rows))?)
}

fn remove(names: &[String], home: &Home, terminal: &Terminal) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for name in names {
        let tagged = if name.rsplit('/').next().is_some_and(|last| last.contains(':')) {
            name.clone()
        } else {
            format!("{name}:latest")
        };
        if !envwright_builder::remove_image(home, &tagged)? {
            missing.push(tagged);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    terminal.error(&format!("no image is called {}; see them all: envwright images", missing.join(", ")));
    Err(Failure::Shown(1))
}

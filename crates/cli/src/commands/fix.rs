//! `envwright fix`.

use super::Work;
use crate::{
    arguments::GlobalArguments,
    definition::{DefinitionArguments, TargetArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{Mended, Proposal};
use envwright_diagnosis::report;
use serde_json::json;

const AFTER_HELP: &str = "\
Examples:
  envwright fix                                    what would mend the definition in this folder
  envwright fix environment.yml --apply conda-package-not-found
  envwright fix --json | jq -r '.proposals[].patch' | git apply -p0

Each change is tried: `[checked]` stands before it only where all packages could be chosen with it. Comments and layout
stay. What needs no packages to be chosen, such as an unquoted version, is mended by `envwright check --fix`.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct FixArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    /// Write the first checked change for each finding of this problem
    #[arg(long, value_name = "PROBLEM")]
    apply: Option<String>,
    #[command(flatten)]
    target: TargetArguments,
}

pub(crate) fn run(
    arguments: &FixArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let request = arguments.definition.request(&arguments.target, global.offline)?;
    let work = Work::start(global, terminal)?;
    let apply = arguments.apply.as_deref();
    let mended =
        envwright_builder::mend(&work.home, &work.settings, &request, apply, &work.progress, &work.stop);
    work.progress.end();
    let mended = mended?;
    if terminal.json {
        let mut value = report::json(&mended.diagnosis);
        value["proposals"] = json!(mended.proposals);
        value["applied"] = json!(mended.applied);
        value["text"] = json!(mended.text);
        terminal.print_json(&value)?;
    } else {
        show(&mended, terminal)?;
    }
    match mended.diagnosis.exit_code() {
        0 => Ok(()),
        _ if mended.applied.is_some() => Ok(()),
        _ if apply.is_none() && !mended.proposals.is_empty() => Ok(()),
        code => Err(Failure::Shown(code)),
    }
}

fn show(mended: &Mended, terminal: &Terminal) -> Result<(), Failure> {
    if let Some(text) = &mended.text {
        return Ok(terminal.print(text)?);
    }
    if let Some(patch) = &mended.applied {
        terminal.say("changed, and all packages can be chosen now:\n");
        return Ok(terminal.print(patch)?);
    }
    if mended.diagnosis.root().is_none() && mended.proposals.is_empty() {
        terminal.say("nothing to fix: all packages can be chosen\n");
        return Ok(());
    }
    terminal.print_report(&mended.diagnosis)?;
    for proposal in &mended.proposals {
        terminal.print(&told(proposal))?;
    }
    if mended.proposals.is_empty() {
        terminal.say("nothing that was tried mends it\n");
    }
    Ok(())
}

fn told(proposal: &Proposal) -> String {
    let Proposal { problem, title, patch, checked, .. } = proposal;
    if *checked {
        format!("\n[checked] {title}\n{patch}  envwright fix --apply {problem}\n")
    } else {
        format!(
            "\nnot checked: {title}\n{patch}  packages cannot be chosen with it yet; it may be a part of what is needed\n"
        )
    }
}

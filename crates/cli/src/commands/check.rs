//! `envwright check`.

mod watch;

use super::Work;
use crate::{
    arguments::{Format, GlobalArguments},
    definition::{DefinitionArguments, TargetArguments},
    failure::Failure,
    terminal::Terminal,
};
use clap::Args;
use envwright_builder::{
    BuildError, Checked, Fixed, Input, PackageState, Plan, PlatformPlan, Request, State,
};
use envwright_diagnosis::{Catalog, Diagnosis, report};
use indicatif::HumanBytes;
use serde_json::{Value, json};
use std::{fmt::Write as _, io};

const AFTER_HELP: &str = "\
Examples:
  envwright check                              the definition in this folder
  envwright check requirements.txt --platform linux/amd64,linux/arm64
  envwright check -t registry.example/team/app:1 --push    and whether that may be pushed
  envwright check --locked                     in CI: and whether the lock is of the definition
  envwright check --json | jq '.roots[].problem'
  envwright check --fix                        pin pip, drop duplicates, quote versions, ...
  envwright check --static --format sarif > check.sarif
  envwright check --watch --format lsp         for an editor: diagnostics after each change

Findings of definitions that are no errors can be raised, lowered and silenced by their id, in `config.toml`:
  [check]
  definition-unpinned = \"error\"              or \"warning\", \"note\", \"off\"
and in the definition itself, behind a line, above it, or at the head of the file for all of it:
  # envwright: allow definition-unpinned";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that users type")]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    definition: DefinitionArguments,
    /// Name that the image is to have; may be repeated
    #[arg(long, short, value_name = "REF")]
    tag: Vec<String>,
    /// Where else the image is to be written, as for `build`; may be repeated
    #[arg(long, short, value_name = "OUTPUT")]
    output: Vec<String>,
    /// Ask the registries that the names lead to whether they take an image
    #[arg(long, requires = "tag")]
    push: bool,
    #[command(flatten)]
    target: TargetArguments,
    /// The lock beside the definition must be there and be of it
    #[arg(long)]
    locked: bool,
    /// Look at the definition alone: ask no base, index or registry
    #[arg(long = "static")]
    alone: bool,
    /// Make the mechanical fixes of the definition's text, then look again
    #[arg(long)]
    fix: bool,
    /// Show what `--fix` would change, and change nothing
    #[arg(long, conflicts_with_all = ["fix", "watch"])]
    diff: bool,
    /// Look again after each change of the definition, as `--static` does, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub(crate) fn run(
    arguments: &CheckArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let mut request = Request {
        tags: read(&arguments.tag, &mut wrong),
        outputs: read(&arguments.output, &mut wrong),
        push: arguments.push,
        locked: arguments.locked,
        ..arguments.definition.request(&arguments.target, global.offline)?
    };
    let work = match Work::start(global, terminal) {
        Ok(work) => work,
        // Without its settings nothing else can be looked at.
        Err(Failure::Diagnosed { diagnosis, .. }) => {
            let diagnosis = *diagnosis;
            let (looked, plan, disk, interrupted) = (Vec::new(), Plan::default(), Vec::new(), false);
            return show(&Checked { looked, plan, disk, diagnosis, interrupted }, None, terminal);
        }
        Err(other) => return Err(other),
    };
    if arguments.diff {
        let fixed = envwright_builder::fix(&request, &work.settings, false)?;
        let diagnosis = Examined::of(&request, &work).diagnosis;
        if fixed.fixes == 0 && diagnosis.root().is_some() {
            return Err(Failure::Diagnosed { diagnosis: Box::new(diagnosis), log: None });
        }
        if terminal.json {
            return Ok(terminal.print_json(&json!({ "fixes": fixed.fixes, "patch": fixed.patch }))?);
        }
        return Ok(terminal.print(&fixed.patch)?);
    }
    let mut fixed = None;
    if arguments.fix {
        let done = envwright_builder::fix(&request, &work.settings, true)?;
        if let (Some(text), Input::Text { text: whole, .. }) = (&done.text, &mut request.input) {
            whole.clone_from(text);
        }
        if !terminal.json {
            say(&done, terminal);
        }
        fixed = Some(done);
    }
    if arguments.watch {
        return watch::run(&request, &work, global, terminal);
    }
    if arguments.alone || !matches!(global.format, Format::Text | Format::Json) {
        let examined = Examined::of(&request, &work);
        return shown(&examined, fixed.as_ref(), global, |value| terminal.print_json(value), terminal);
    }
    let checked =
        envwright_builder::check(&work.home, &work.settings, &request, &wrong, &work.progress, &work.stop);
    work.progress.end();
    if checked.interrupted {
        return Err(Failure::Interrupted);
    }
    show(&checked, fixed.as_ref(), terminal)
}

fn say(fixed: &Fixed, terminal: &Terminal) {
    if fixed.fixes > 0 {
        let many = if fixed.fixes == 1 { "" } else { "s" };
        terminal.say(&format!("fixed {} finding{many}\n{}\n", fixed.fixes, fixed.patch));
    }
}

/// What the definition alone says.
struct Examined {
    diagnosis: Diagnosis,
    /// The files that were read, the definition itself first.
    files: Vec<String>,
    /// What the definition is called.
    name: String,
}

impl Examined {
    fn of(request: &Request, work: &Work<'_>) -> Self {
        let (diagnosis, files) = envwright_builder::examine(&work.settings, request);
        let name = match (&request.input, files.first()) {
            (_, Some(definition)) => definition.clone(),
            (Input::Path(path), None) => path.display().to_string(),
            (Input::Text { .. }, None) => "<stdin>".to_owned(),
        };
        Self { diagnosis, files, name }
    }
}

/// Shows it in any form; `print` is for those of programs.
fn shown(
    examined: &Examined,
    fixed: Option<&Fixed>,
    global: &GlobalArguments,
    print: impl Fn(&Value) -> io::Result<()>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let Examined { diagnosis, name, .. } = examined;
    let catalog = Catalog::builtin();
    match if global.json { Format::Json } else { global.format } {
        Format::Text => {
            if let Some(text) = fixed.and_then(|fixed| fixed.text.as_ref()) {
                terminal.print(text)?;
            }
            terminal.print_report(diagnosis)?;
            if diagnosis.findings().is_empty() && diagnosis.notes().is_empty() {
                terminal.say(&format!("nothing to say of {name}\n"));
            }
        }
        Format::Json => {
            let mut value = report::json(diagnosis);
            if let Some(fixed) = fixed {
                value["fixed"] = fixed_json(fixed);
            }
            print(&value)?;
        }
        Format::Lsp => print(&report::lsp(diagnosis, &catalog, name))?,
        Format::Sarif => print(&report::sarif(diagnosis, &catalog, env!("CARGO_PKG_VERSION")))?,
        Format::Markdown => terminal.print(&report::markdown(diagnosis))?,
        // `html` was refused with the arguments.
        Format::Github | Format::Html => terminal.print(&report::github_files(diagnosis))?,
    }
    match diagnosis.exit_code() {
        0 => Ok(()),
        code => Err(Failure::Shown(code)),
    }
}

fn fixed_json(fixed: &Fixed) -> Value {
    json!({ "fixes": fixed.fixes, "patch": fixed.patch, "text": fixed.text })
}

/// Reads what it can, and keeps what is wrong with the rest.
fn read<T: std::str::FromStr>(texts: &[String], wrong: &mut Vec<BuildError>) -> Vec<T>
where
    BuildError: From<T::Err>,
{
    let mut all = Vec::new();
    for text in texts {
        match text.parse::<T>() {
            Ok(one) => all.push(one),
            Err(error) => wrong.push(error.into()),
        }
    }
    all
}

fn show(checked: &Checked, fixed: Option<&Fixed>, terminal: &Terminal) -> Result<(), Failure> {
    let diagnosis = &checked.diagnosis;
    let failed = diagnosis.root().is_some();
    if terminal.json {
        let mut value = report::json(diagnosis);
        value["checks"] = json!(checked.looked);
        value["disk"] = json!(checked.disk);
        if let Some(fixed) = fixed {
            value["fixed"] = fixed_json(fixed);
        }
        value["plan"] = if failed { Value::Null } else { json!(checked.plan) };
        terminal.print_json(&value)?;
    } else {
        if let Some(text) = fixed.and_then(|fixed| fixed.text.as_ref()) {
            terminal.print(text)?;
        }
        if !terminal.quiet {
            terminal.print(&lines(checked))?;
        }
        if failed || !diagnosis.notes().is_empty() {
            terminal.print("\n")?;
        }
        terminal.print_report(diagnosis)?;
    }
    match diagnosis.exit_code() {
        0 => Ok(()),
        code => Err(Failure::Shown(code)),
    }
}

/// A line for each thing that was looked at, then what a build would do.
fn lines(checked: &Checked) -> String {
    let mut text = String::new();
    for looked in &checked.looked {
        let _ = writeln!(text, "{:>7} {:<10} {}", looked.state, looked.what, looked.about);
    }
    let is_planned =
        checked.looked.iter().all(|looked| looked.what != "build" || looked.state != State::Skipped);
    if checked.diagnosis.root().is_none() && is_planned {
        text.push_str(&plan(&checked.plan));
    }
    text
}

fn plan(plan: &Plan) -> String {
    if plan.nothing_to_do {
        return "nothing to do: the image is there\n".to_owned();
    }
    plan.platforms.iter().map(work).collect()
}

/// Sample: `a build for linux/amd64 would fetch 3 packages (1.2 MiB), pack 4 and find 98 packed`.
fn work(platform: &PlatformPlan) -> String {
    let totals = &platform.totals;
    format!(
        "a build for {} would fetch {} package{}{}, pack {} and find {} packed\n",
        platform.platform,
        totals.fetch,
        if totals.fetch == 1 { "" } else { "s" },
        size(platform),
        totals.pack,
        totals.cached,
    )
}

/// Bytes to fetch; not every index tells the size of a file.
fn size(platform: &PlatformPlan) -> String {
    let mut missing = platform.packages.iter().filter(|package| package.state == PackageState::Missing);
    let bytes = HumanBytes(platform.totals.fetch_bytes);
    match (platform.totals.fetch_bytes, missing.any(|package| package.bytes.is_none())) {
        (0, false) => String::new(),
        (0, true) => " of unknown size".to_owned(),
        (_, true) => format!(" (at least {bytes})"),
        (_, false) => format!(" ({bytes})"),
    }
}

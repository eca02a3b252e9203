//! `envwright diff`.

use super::{Work, table};
use crate::{arguments::GlobalArguments, failure::Failure, terminal::Terminal};
use anstyle::AnsiColor;
use clap::Args;
use envwright_builder::{
    BaseImage, Change, Changed, ConfigDifference, Difference, LayersDifference, PackageDifference,
    PackageKind, PlatformDifference, Sides,
};
use envwright_store::Digest;
use envwright_target::Platform;
use indicatif::HumanBytes;
use serde_json::Value;
use std::{fmt::Write as _, time::Duration};

const AFTER_HELP: &str = "\
Examples:
  envwright diff app:1 app:2                         two images of the store
  envwright diff registry.example/team/app:1 .       what a build of this folder would change
  envwright diff pixi.lock environment.yml           what locking anew would change
  envwright diff oci:out docker-archive:app.tar --json
  envwright diff --exit-code . app:1                 in CI: fail if the image is not of the lock

Each side is a lock (of envwright, pixi, conda-lock, conda or PEP 751), a definition, or an image: a name, digest or
build of the store, oci:DIR[:TAG], docker-archive:FILE, or an image of a registry. A path that exists is taken before a
name.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DiffArguments {
    /// A lock, a definition, or an image
    #[arg(value_name = "A")]
    a: String,
    /// What it is compared with
    #[arg(value_name = "B")]
    b: String,
    /// Platform, such as `linux/arm64`; repeated or with commas [default: all that both have]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    platform: Vec<Platform>,
    /// End with exit code 1 if they differ
    #[arg(long)]
    exit_code: bool,
    /// Seconds that choosing packages of a definition may take [default: 600]
    #[arg(long, value_name = "SECONDS")]
    solve_limit: Option<u64>,
}

pub(crate) fn run(
    arguments: &DiffArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let sides = Sides {
        a: arguments.a.clone(),
        b: arguments.b.clone(),
        platforms: arguments.platform.clone(),
        offline: global.offline,
        solve_limit: arguments.solve_limit.map(Duration::from_secs),
    };
    let work = Work::start(global, terminal)?;
    let compared = envwright_builder::diff(&work.home, &work.settings, &sides, &work.progress, &work.stop);
    let difference = compared.map_err(|failed| work.failure(failed))?;
    work.progress.end();
    if terminal.json {
        terminal.print_json(&difference)?;
    } else {
        terminal.print(&text(&difference, terminal))?;
    }
    if arguments.exit_code && difference.differ { Err(Failure::Shown(1)) } else { Ok(()) }
}

fn text(difference: &Difference, terminal: &Terminal) -> String {
    let mut text: String =
        difference.platforms.iter().map(|platform| of_platform(platform, terminal)).collect();
    for (name, only) in [(&difference.a, &difference.only_a), (&difference.b, &difference.only_b)] {
        for platform in only {
            let _ = writeln!(text, "{platform}: only in {name}");
        }
    }
    text
}

fn of_platform(difference: &PlatformDifference, terminal: &Terminal) -> String {
    let mut text = format!("{}\n", difference.platform);
    text.push_str(&table(&facts(difference)));
    let kinds = [(PackageKind::Debian, "Debian"), (PackageKind::Conda, "conda"), (PackageKind::Pypi, "PyPI")];
    for (kind, name) in kinds {
        let of_kind = difference.packages.iter().filter(|package| package.kind == kind);
        let rows: Vec<Vec<String>> = of_kind.map(|package| package_row(package, terminal)).collect();
        section(&mut text, name, &rows);
    }
    let rows: Vec<Vec<String>> =
        difference.config.iter().map(|setting| setting_row(setting, terminal)).collect();
    section(&mut text, "configuration", &rows);
    if let Some(layers) = difference.layers.filter(|layers| layers.only_a.count + layers.only_b.count > 0) {
        let _ = writeln!(text, "  {}", layers_line(&layers));
    }
    let _ = writeln!(text, "  {}", totals(difference));
    text
}

fn section(text: &mut String, name: &str, rows: &[Vec<String>]) {
    if !rows.is_empty() {
        let _ = write!(text, "  {name}\n{}", table(rows));
    }
}

/// What differs besides packages.
fn facts(difference: &PlatformDifference) -> Vec<Vec<String>> {
    let row = |name: &str, from: &str, to: &str| vec![format!("  {name}"), plain(&format!("{from} -> {to}"))];
    let base = difference.base.as_ref().map(|Changed { from, to }| row("base", &base(from), &base(to)));
    let python = difference.python.as_ref().map(|Changed { from, to }| row("Python", from, to));
    let definition = difference.definition.as_ref();
    let definition = definition.map(|Changed { from, to }| row("definition", &short(from), &short(to)));
    definition.into_iter().chain(base).chain(python).collect()
}

/// Sample: `python:3.11 (sha256:0123456789ab)`.
fn base(base: &BaseImage) -> String {
    match &base.digest {
        Some(digest) => format!("{} ({})", base.name, short(digest)),
        None => base.name.clone(),
    }
}

fn short(digest: &Digest) -> String {
    format!("sha256:{}", &digest.hex()[..12])
}

fn package_row(package: &PackageDifference, terminal: &Terminal) -> Vec<String> {
    let version = |side: &Option<envwright_builder::Package>| {
        side.as_ref().map(|package| package.version.clone()).unwrap_or_default()
    };
    let (from, to) = (version(&package.from), version(&package.to));
    let (mark, versions) = match package.change {
        Change::Added => (added(terminal), to),
        Change::Removed => (removed(terminal), from),
        Change::Rebuilt => (differs(terminal), format!("{to} ({})", files(package))),
        Change::Downgraded => (differs(terminal), format!("{from} -> {to} (older)")),
        Change::Upgraded | Change::Changed => (differs(terminal), format!("{from} -> {to}")),
    };
    vec![format!("    {mark} {}", plain(&package.name)), plain(&versions)]
}

fn added(terminal: &Terminal) -> String {
    terminal.paint_out("+", AnsiColor::Green)
}

fn removed(terminal: &Terminal) -> String {
    terminal.paint_out("-", AnsiColor::Red)
}

fn differs(terminal: &Terminal) -> String {
    terminal.paint_out("~", AnsiColor::Yellow)
}

/// An image may say anything, and what a terminal would take for a command is none.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// In what two files of one version differ. Samples: `build h1_0 -> h2_0`, `another file`.
fn files(package: &PackageDifference) -> String {
    let build = |side: &Option<envwright_builder::Package>| side.as_ref().and_then(|one| one.build.clone());
    match (build(&package.from), build(&package.to)) {
        (Some(from), Some(to)) if from != to => format!("build {from} -> {to}"),
        _ => "another file".to_owned(),
    }
}

fn setting_row(setting: &ConfigDifference, terminal: &Terminal) -> Vec<String> {
    let ConfigDifference { key, from, to } = setting;
    let (mark, values) = match (from, to) {
        (Some(from), Some(to)) => (differs(terminal), format!("{} -> {}", value(from), value(to))),
        (Some(from), None) => (removed(terminal), value(from)),
        (None, to) => (added(terminal), to.as_ref().map(value).unwrap_or_default()),
    };
    vec![format!("    {mark} {}", plain(key)), plain(&values)]
}

fn value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Sample: `layers: 9 in both (120 MiB), 1 only in A (2 MiB), 2 only in B (34 MiB, the cost of pulling B onto A)`.
fn layers_line(LayersDifference { both, only_a, only_b, .. }: &LayersDifference) -> String {
    format!(
        "layers: {} in both ({}), {} only in A ({}), {} only in B ({}, the cost of pulling B onto A)",
        both.count,
        HumanBytes(both.bytes),
        only_a.count,
        HumanBytes(only_a.bytes),
        only_b.count,
        HumanBytes(only_b.bytes),
    )
}

/// Sample: `2 added, 1 removed, 3 changed, 210 the same`.
fn totals(difference: &PlatformDifference) -> String {
    let count = |wanted: &[Change]| {
        difference.packages.iter().filter(|package| wanted.contains(&package.change)).count()
    };
    let changed = [Change::Upgraded, Change::Downgraded, Change::Changed, Change::Rebuilt];
    let mut text = if difference.differs() { String::new() } else { "no difference: ".to_owned() };
    let counts = [
        (count(&[Change::Added]), "added"),
        (count(&[Change::Removed]), "removed"),
        (count(&changed), "changed"),
    ];
    for (count, word) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = write!(text, "{count} {word}, ");
    }
    let _ =
        write!(text, "{} package{} the same", difference.same, if difference.same == 1 { "" } else { "s" });
    if difference.not_compared > 0 {
        let _ = write!(text, ", {} not compared: one side alone could know them", difference.not_compared);
    }
    text
}

//! What is said at the end of a build.

use crate::terminal::Terminal;
use anstyle::AnsiColor;
use envwright_builder::{Output, PlatformReport, Report};
use envwright_image::Pushed;
use indicatif::HumanBytes;
use std::{fmt::Write as _, path::Path};

/// Layers that are named, the largest first.
const MOST_LAYERS: usize = 4;

/// The summary, and the next command to type. `definition` is what the user typed.
pub(crate) fn text(terminal: &Terminal, report: &Report, outputs: &[Output], definition: &Path) -> String {
    let name = report.names.first().map_or("the image", String::as_str);
    let verb = match report {
        Report { as_it_is: true, .. } => "Found",
        Report { reused: true, .. } => "Up to date",
        _ => "Built",
    };
    let verb = terminal.paint(&format!("{verb:>10}"), AnsiColor::Green);
    let mut text = format!("{verb} {name} in {:.2} s\n", report.seconds.total);
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:>10} {value}");
    };
    for platform in &report.platforms {
        row(if report.platforms.len() > 1 { "image" } else { "" }, &image(platform));
        if report.as_it_is {
            row("", "used as it is: the definition puts nothing on it");
            continue;
        }
        row("packages", &packages(platform));
        if !report.reused {
            row("layers", &layers(platform));
        }
    }
    if !report.reused && !report.as_it_is {
        row("of these", &reuse(report));
        row("time", &time(report));
    }
    for name in report.names.iter().skip(1) {
        row("also", name);
    }
    for image in &report.pushed {
        row("pushed", &pushed(image));
    }
    row("digest", &report.digest.to_string());
    row("next", &next(report, name, outputs, definition));
    text
}

fn image(platform: &PlatformReport) -> String {
    let layers = counted(platform.layers, "layer");
    format!("{}, {} in {layers}", platform.platform, HumanBytes(platform.size))
}

/// Samples: `1 layer`, `58 layers`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn packages(platform: &PlatformReport) -> String {
    let python = platform.python.as_ref().map(|python| format!(", Python {python}")).unwrap_or_default();
    let conda = if platform.conda > 0 { format!("{} conda, ", platform.conda) } else { String::new() };
    format!("{} Debian, {conda}{} PyPI{python}", platform.debian, platform.pypi)
}

/// Sample: `registry.example/team/app:1, 3 sent (12.00 MiB), 2 mounted, 49 there`.
pub(crate) fn pushed(image: &Pushed) -> String {
    let Pushed { name, sent, bytes, mounted, there, .. } = image;
    let sent = match sent {
        0 => "nothing to send".to_owned(),
        sent => format!("{sent} sent ({})", HumanBytes(*bytes)),
    };
    let mounted = if *mounted > 0 { format!(", {mounted} mounted") } else { String::new() };
    format!("{name}, {sent}{mounted}, {there} there")
}

fn layers(platform: &PlatformReport) -> String {
    let mut largest: Vec<_> = platform.added.iter().collect();
    largest.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.digest.cmp(&b.digest)));
    let named = largest.iter().take(MOST_LAYERS);
    let mut named: Vec<String> =
        named.map(|layer| format!("{} {}", layer.holds, HumanBytes(layer.size))).collect();
    if let Some(more) = largest.len().checked_sub(MOST_LAYERS).filter(|more| *more > 0) {
        named.push(format!("{more} smaller"));
    }
    named.join(", ")
}

fn reuse(report: &Report) -> String {
    let packages = report.packages;
    format!("{} fetched, {} packed, {} reused", packages.fetch, packages.pack, packages.cached)
}

fn time(report: &Report) -> String {
    let seconds = &report.seconds;
    format!(
        "choose {:.1} s, fetch and pack {:.1} s, layers {:.1} s",
        seconds.solve, seconds.prepare, seconds.layer
    )
}

/// The command that a person most likely wants next.
fn next(report: &Report, name: &str, outputs: &[Output], definition: &Path) -> String {
    match outputs.first() {
        Some(Output::Docker) => format!("docker run --rm -it {name}"),
        Some(Output::Podman) => format!("podman run --rm -it {name}"),
        Some(Output::DockerArchive(file)) => format!("docker load -i {}", file.display()),
        Some(Output::OciLayout(folder)) => {
            let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
            format!("skopeo copy oci:{}:{tag} docker://REGISTRY/{name}", folder.display())
        }
        None if !report.pushed.is_empty() || report.as_it_is => format!("docker run --rm -it {name}"),
        None => format!(
            "envwright build {} -o docker:   (or podman:, oci:DIR, docker-archive:FILE)",
            definition.display()
        ),
    }
}

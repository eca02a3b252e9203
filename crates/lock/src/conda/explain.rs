//! Why there is no solution, from what the channels have and what packages need.

use super::{
    Asked, CondaError, Request, conflict,
    error::at,
    gateway::{Channels, subdir, versions},
    solve::Universe,
};
use envwright_diagnosis::Finding;
use envwright_target::Platform;
use rattler_conda_types::{MatchSpec, Matches as _, RepoDataRecord, Subdir};
use rattler_repodata_gateway::RepoData;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Most lines of one explanation.
const LINES: usize = 40;
/// Where a package may be that is not there for the target.
const ELSEWHERE: [Subdir; 5] =
    [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::Osx64, Subdir::OsxArm64, Subdir::Win64];

/// Whether each of the user's own specifications fits something that the channels have. Each that fits nothing is a
/// finding of its own: it says what there is.
pub(super) async fn check_names(
    request: &Request,
    channels: &Channels<'_>,
    specs: &[MatchSpec],
    repodata: &[RepoData],
    deadline: Instant,
) -> Result<(), CondaError> {
    let mut findings = Vec::new();
    for (asked, spec) in request.specs.iter().zip(specs) {
        let Some(name) = spec.name.as_exact() else { continue };
        let of_name = || {
            let all = repodata.iter().flat_map(RepoData::iter);
            all.filter(|record| record.package_record.name == *name)
        };
        if name.as_normalized().starts_with("__") || of_name().any(|record| spec.matches(record)) {
            continue;
        }
        // The records are of what fits; all others are asked for now.
        let subdirs = [subdir(request.platform), Subdir::NoArch];
        let found = channels.of_names(&[name.as_normalized()], &subdirs, deadline).await?;
        let finding = if found.is_empty() {
            missing(request, channels, name.as_normalized(), deadline).await
        } else {
            version_missing(spec, &found)
        };
        let finding = finding.fact("requirement", &asked.text);
        findings.push(at(finding, asked.span.as_ref(), "asked for here"));
    }
    if findings.is_empty() { Ok(()) } else { Err(CondaError::Unsolvable { findings }) }
}

/// No channel has the package for the target.
pub(super) async fn missing(
    request: &Request,
    channels: &Channels<'_>,
    name: &str,
    deadline: Instant,
) -> Finding {
    let finding = Finding::new("conda-package-not-found").fact("package", name);
    let named: Vec<&str> = request.channels.iter().map(|channel| channel.name.as_str()).collect();
    let finding = finding.fact("channel", named.join(", "));
    let own = subdir(request.platform);
    let others: Vec<Subdir> = ELSEWHERE.into_iter().filter(|other| *other != own).collect();
    let elsewhere = channels.of_names(&[name], &others, deadline).await.unwrap_or_default();
    let platforms: BTreeSet<&str> =
        elsewhere.iter().map(|record| record.package_record.subdir.as_str()).collect();
    if !platforms.is_empty() {
        let list: Vec<&str> = platforms.into_iter().collect();
        return finding
            .fact("platform", own)
            .detail(format!("The channels have {name} for {}, and not for {own}.", list.join(", ")));
    }
    match channels.nearest(name, deadline).await {
        Some(nearest) => {
            let finding = finding.detail(format!("The nearest name that the channels have is `{nearest}`."));
            finding.fact("nearest", nearest)
        }
        None => finding,
    }
}

/// The channels have the package, and none of its builds is the one that is asked for.
pub(super) fn version_missing(spec: &MatchSpec, found: &[RepoDataRecord]) -> Finding {
    let name = spec.name.as_exact().map_or("", |name| name.as_normalized());
    let mut finding = Finding::new("conda-package-not-found").fact("package", name);
    if let Some(version) = &spec.version {
        finding = finding.fact("version", version);
    } else if let Some(build) = &spec.build {
        finding = finding.fact("version", build);
    }
    let of_version = |record: &&RepoDataRecord| {
        spec.version.as_ref().is_none_or(|version| version.matches(&record.package_record.version))
    };
    let same: Vec<&str> =
        found.iter().filter(of_version).map(|record| record.package_record.build.as_str()).collect();
    let available = versions(found);
    finding = finding.fact("available", &available);
    if let Some(channel) = spec.channel.as_ref().filter(|_| !same.is_empty()) {
        return finding.detail(format!("{name} is there, and not in the channel {}.", channel.name()));
    }
    if same.is_empty() {
        return finding.detail(format!("The channels have {name} in the versions {available}."));
    }
    let builds: Vec<&str> = same.iter().copied().collect::<BTreeSet<_>>().into_iter().take(8).collect();
    finding.detail(format!("That version is there in the builds {}.", builds.join(", ")))
}

/// The specifications exclude each other.
pub(super) fn conflict(universe: &Universe, asked: &[Asked], platform: Platform) -> CondaError {
    let (positions, told) = conflict::minimal(universe);
    if let Some(finding) = virtual_package(universe, &told, platform) {
        return CondaError::Unsolvable { findings: vec![prove(finding, asked, &positions)] };
    }
    let mut finding = Finding::new("conda-unsatisfiable");
    if let [position] = positions.as_slice()
        && let Some(asked) = asked.get(*position)
    {
        finding = finding.fact("requirement", &asked.text);
    }
    for line in told.lines().filter(|line| !line.trim().is_empty()).take(LINES) {
        finding = finding.detail(line.trim_end());
    }
    if told.lines().count() > LINES {
        finding = finding.detail("More of the same is left out.");
    }
    if conflict::is_of_priority(universe, &positions) {
        finding = finding
            .detail("There is a solution where any channel may give any package, whatever its place in the list.")
            .remedy("Put the channel that has the package that is missing before the others, or set `channel-priority = \"flexible\"` below `[conda]` in the configuration");
    }
    CondaError::Unsolvable { findings: vec![prove(finding, asked, &positions)] }
}

fn prove(finding: Finding, asked: &[Asked], positions: &[usize]) -> Finding {
    let of = positions.iter().filter_map(|position| asked.get(*position));
    of.fold(finding, |finding, asked| at(finding, asked.span.as_ref(), "asked for here"))
}

/// Something of the target's own is missing, such as a driver.
fn virtual_package(universe: &Universe, told: &str, platform: Platform) -> Option<Finding> {
    let words = told.split(|c: char| c.is_whitespace() || matches!(c, '`' | ',' | '\'' | '"'));
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("__") && word.len() > 2).collect();
    let name = named
        .into_iter()
        .find(|name| ["__cuda", "__glibc", "__archspec", "__osx", "__win"].contains(name))?;
    let has = universe.virtual_packages.iter().find(|one| one.name.as_normalized() == name);
    let asks = told.split(name).nth(1)?.split([',', '\n', '`']).next()?.trim();
    let finding =
        Finding::new("conda-virtual-package-missing").fact("package", name).fact("platform", platform);
    let finding = if asks.starts_with(['<', '>', '=', '*']) || asks.starts_with(|c: char| c.is_ascii_digit())
    {
        finding.fact("needed", format!("{name} {asks}"))
    } else {
        finding
    };
    Some(match has {
        Some(has) => finding.detail(format!("The image has {name} {}.", has.version)),
        None if name == "__cuda" => finding
            .detail("The definition does not say which CUDA the image is for, and its base does not either.")
            .remedy("Say which CUDA the machines have that run it, such as `cuda: \"12.4\"`"),
        None => finding.detail(format!("The image has no {name}.")),
    })
}

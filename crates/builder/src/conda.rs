//! conda packages of an environment.

use crate::{
    BuildError,
    context::Context,
    event::Step,
    exact::{self, About},
    prepare::Package,
    request::Upgrade,
    settings::CondaSettings,
    solve::Known,
};
use envwright_definition::{Conda, CondaSpec, Environment, LockedKind};
use envwright_diagnosis::Span;
use envwright_lock::{
    PlatformLock,
    conda::{self, Asked, Channel, LockedConda, Undigested},
};
use envwright_package::CondaPython;
use envwright_target::{Arch, Platform};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

/// What conda installs from where a definition names no channel.
const DEFAULT_CHANNEL: &str = "defaults";

/// Whether the environment has packages of conda's.
pub(crate) fn is_asked(environment: &Environment) -> bool {
    environment.conda.as_ref().is_some_and(|conda| !conda.specs.is_empty())
        || exact::has(environment, LockedKind::Conda)
}

/// The channels of an environment.
pub(crate) fn channels(context: &Context<'_>, environment: &Environment) -> Result<Vec<Channel>, BuildError> {
    let Some(conda) = &environment.conda else { return Ok(Vec::new()) };
    let folder = folder(&context.request.input);
    let settings = &context.settings.conda;
    let mut channels: Vec<Channel> = Vec::new();
    for (text, span) in channel_names(settings, Some(conda)) {
        if let Some(channel) = settings.channels.resolve(text, &folder, span)?
            && !channels.iter().any(|known| known.name == channel.name)
        {
            channels.push(channel);
        }
    }
    Ok(channels)
}

/// What channels are called, and where: those of a definition, else the configured ones, else conda's own; then those
/// that only a specification names.
pub(crate) fn channel_names<'n>(
    settings: &'n CondaSettings,
    conda: Option<&'n Conda>,
) -> Vec<(&'n str, Option<&'n Span>)> {
    let own = conda.iter().flat_map(|conda| &conda.channels);
    let mut names: Vec<_> = own.map(|channel| (channel.value.expose(), channel.span.as_ref())).collect();
    if names.is_empty() {
        names.extend(settings.default.iter().map(|text| (text.as_str(), None)));
    }
    if names.is_empty() {
        names.push((DEFAULT_CHANNEL, None));
    }
    let specs = conda.iter().flat_map(|conda| &conda.specs);
    names.extend(specs.filter_map(|spec| Some((spec.channel.as_deref()?, Some(&spec.span)))));
    names
}

/// The folder that paths of channels are relative to.
pub(crate) fn folder(input: &crate::Input) -> PathBuf {
    let folder = match input {
        crate::Input::Path(path) if path.is_dir() => path.clone(),
        crate::Input::Path(path) => path.parent().map(Path::to_owned).unwrap_or_default(),
        crate::Input::Text { folder, .. } => folder.clone(),
    };
    std::path::absolute(&folder).unwrap_or(folder)
}

/// What is asked of conda on a platform: the definition's specifications, its Python, and pip where it has a list for it.
fn asked(environment: &Environment, platform: Platform) -> Vec<Asked> {
    let Some(conda) = &environment.conda else { return Vec::new() };
    let fits = |spec: &&CondaSpec| spec.selector.is_none_or(|selector| selects(selector, platform));
    let specs: Vec<&CondaSpec> = conda.specs.iter().filter(fits).collect();
    let mut asked: Vec<Asked> =
        specs.iter().map(|spec| Asked { text: spec.text.clone(), span: Some(spec.span.clone()) }).collect();
    let has = |name: &str| specs.iter().any(|spec| spec.name == name);
    if let Some(python) = &environment.python {
        asked.push(Asked { text: python_spec(&python.text), span: python.span.clone() });
    }
    if let Some(required) = &environment.requires_python {
        asked.push(Asked { text: python_spec(&required.value), span: required.span.clone() });
    }
    if !environment.requirements.is_empty() && !has("pip") {
        asked.push(Asked { text: "pip".to_owned(), span: conda.pip_list.clone() });
    }
    asked
}

/// Sample: `python 3.11.*` for `3.11`.
fn python_spec(text: &str) -> String {
    let text = text.trim();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain {
        format!("python {}.*", text.trim_end_matches('.'))
    } else {
        format!("python {}", text.replace(' ', ""))
    }
}

/// Whether one of conda-lock's selectors means a platform.
fn selects(selector: &str, platform: Platform) -> bool {
    let own: &[&str] = match platform.arch {
        Arch::Amd64 => &["linux", "unix", "linux64", "linux-64", "x86_64"],
        Arch::Arm64 => &["linux", "unix", "aarch64", "linux-aarch64", "arm64"],
    };
    own.contains(&selector)
}

/// Chooses conda packages on top of what the base gives.
pub(crate) async fn solve(
    context: &Context<'_>,
    environment: &Environment,
    platform: Platform,
    mut lock: PlatformLock,
    cuda: Option<String>,
    known: &Known,
) -> Result<PlatformLock, BuildError> {
    context.record.event(
        Step::Solve,
        "solving",
        &[("what", "conda".into()), ("platform", platform.to_string().into())],
    );
    let channels = channels(context, environment)?;
    let near = known.near(platform).map(|lock| lock.conda.as_slice()).unwrap_or_default();
    let stays = |package: &&LockedConda| match &context.request.upgrade {
        Upgrade::None => true,
        Upgrade::Packages(names) => !names.contains(&package.name),
        Upgrade::All => false,
    };
    let request = conda::Request {
        specs: asked(environment, platform),
        priority: context.settings.conda.priority,
        platform,
        glibc: lock.glibc,
        cuda: environment.azure.cuda.clone().or(cuda),
        preferences: near.iter().filter(stays).cloned().collect(),
        time_limit: time_limit(context),
        cache_dir: context.home.indexes().join("conda"),
        client: context.client.clone(),
        channels,
    };
    let solution = conda::solve(&request).await?;
    lock.conda = solution.packages;
    for package in solution.undigested {
        lock.conda.push(digested(context, package, near, &request.channels).await?);
    }
    lock.conda.sort_by(|one, other| one.name.cmp(&other.name));
    lock.channels = request.channels.iter().flat_map(Channel::plain).map(|url| url.to_string()).collect();
    lock.python = lock.conda.iter().find_map(LockedConda::python);
    Ok(lock)
}

/// A package of which its channel tells no SHA-256, with the one that its file has: as it was locked before, else it is
/// fetched.
async fn digested(
    context: &Context<'_>,
    package: Undigested,
    near: &[LockedConda],
    channels: &[Channel],
) -> Result<LockedConda, BuildError> {
    let url = package.url();
    let md5 = package.md5();
    let is_same =
        |locked: &&LockedConda| locked.url == url && locked.md5() == md5.as_deref() && md5.is_some();
    let sha256 = if let Some(locked) = near.iter().find(is_same) {
        locked.sha256
    } else {
        let about = About { name: package.name(), version: &package.version(), size: package.size() };
        exact::read(context, &about, &Channel::opened(channels, &url), md5.as_deref()).await?
    };
    Ok(package.digested(sha256)?)
}

fn time_limit(context: &Context<'_>) -> Duration {
    context.request.solve_limit.unwrap_or(context.settings.solve_limit).max(Duration::from_millis(1))
}

/// Names of a package and of all that it needs, as their records say.
pub(crate) fn closure<'l>(packages: &'l [LockedConda], name: &'l str) -> BTreeSet<&'l str> {
    let (mut found, mut left) = (BTreeSet::new(), vec![name]);
    while let Some(name) = left.pop() {
        let package = packages.iter().find(|package| package.name == name);
        if let Some(package) = package.filter(|package| found.insert(package.name.as_str())) {
            let depends = package.record.get("depends").and_then(serde_json::Value::as_array);
            let needs = depends.into_iter().flatten().filter_map(serde_json::Value::as_str);
            left.extend(
                needs.filter_map(|need| need.split(|c: char| c.is_whitespace() || "=<>!".contains(c)).next()),
            );
        }
    }
    found
}

/// conda packages with what packing them needs.
pub(crate) fn packages(channels: &[Channel], lock: &PlatformLock, compile: bool) -> Vec<Package> {
    let python = lock.conda_python().and_then(|python| {
        let (version, site_packages) = (python.python()?, python.site_packages()?);
        Some(CondaPython { version, site_packages, compile })
    });
    let package = |package: &LockedConda| Package::Conda {
        python: python.clone().filter(|_| package.is_pure_python()),
        url: Channel::opened(channels, &package.url),
        package: Box::new(package.clone()),
    };
    lock.conda.iter().map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_asked_for_as_conda_reads_it() {
        for (text, spec) in [
            ("3.11", "python 3.11.*"),
            (">= 3.10, <3.12", "python >=3.10,<3.12"),
            ("~=3.10", "python ~=3.10"),
        ] {
            assert_eq!(python_spec(text), spec);
        }
    }

    #[test]
    fn a_selector_means_its_platforms() {
        assert!(selects("linux64", Platform::AMD64) && selects("unix", Platform::ARM64));
        assert!(!selects("osx", Platform::AMD64) && !selects("linux64", Platform::ARM64));
    }
}

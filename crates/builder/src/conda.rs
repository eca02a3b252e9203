//! conda packages of an environment, and what of Python they bring for the choice of wheels.

use crate::{
    BuildError, assemble, context::Context, event::Step, exact, prepare::Package, request::Upgrade,
    solve::Known,
};
use envwright_definition::{CondaSpec, Environment, LockedKind, PackageName};
use envwright_diagnosis::Finding;
use envwright_image::{Kind, SegmentRef};
use envwright_lock::{
    PlatformLock,
    conda::{self, Asked, Channel, LockedConda},
    pypi::Installed,
};
use envwright_package::CondaPython;
use envwright_target::{Arch, Platform};
use std::{
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

/// The channels of an environment: those of the definition, else the configured ones, else conda's own; then those that
/// only a specification names.
pub(crate) fn channels(context: &Context<'_>, environment: &Environment) -> Result<Vec<Channel>, BuildError> {
    let Some(conda) = &environment.conda else { return Ok(Vec::new()) };
    let folder = folder(context);
    let settings = &context.settings.conda;
    let mut channels: Vec<Channel> = Vec::new();
    let mut add = |text: &str, span| -> Result<(), BuildError> {
        if let Some(channel) = settings.channels.resolve(text, &folder, span)?
            && !channels.iter().any(|known| known.name == channel.name)
        {
            channels.push(channel);
        }
        Ok(())
    };
    for channel in &conda.channels {
        add(channel.value.expose(), channel.span.as_ref())?;
    }
    if conda.channels.is_empty() {
        for text in &settings.default {
            add(text, None)?;
        }
        if settings.default.is_empty() {
            add(DEFAULT_CHANNEL, None)?;
        }
    }
    for spec in &conda.specs {
        if let Some(channel) = &spec.channel {
            add(channel, Some(&spec.span))?;
        }
    }
    Ok(channels)
}

/// The folder that paths of channels are relative to.
fn folder(context: &Context<'_>) -> PathBuf {
    let folder = match &context.request.input {
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
    lock.conda = conda::solve(&request).await?;
    lock.channels = request.channels.iter().flat_map(Channel::plain).map(|url| url.to_string()).collect();
    lock.python = lock.conda.iter().find_map(LockedConda::python);
    Ok(lock)
}

fn time_limit(context: &Context<'_>) -> Duration {
    context.request.solve_limit.unwrap_or(context.settings.solve_limit).max(Duration::from_millis(1))
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

/// A distribution of Python in a conda package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// Normalised name.
    pub(crate) name: String,
    pub(crate) version: String,
    /// The folder or file that describes it, in the image.
    pub(crate) place: String,
    /// Whether distutils installed it: no list of its files says what belongs to it.
    pub(crate) is_of_distutils: bool,
    /// Name of the conda package.
    pub(crate) package: String,
    metadata: String,
}

/// What of Python the segments of conda packages hold, by name.
pub(crate) fn distributions(segments: &[SegmentRef]) -> Vec<Distribution> {
    let of_conda = segments.iter().filter(|segment| segment.kind == Kind::Conda);
    let mut found: Vec<Distribution> = of_conda
        .flat_map(|segment| {
            segment.index.metadata.iter().filter_map(|(path, text)| distribution(segment, path, text))
        })
        .collect();
    found.sort_by(|one, other| (&one.name, &one.place).cmp(&(&other.name, &other.place)));
    found.dedup_by(|one, other| one.name == other.name);
    found
}

/// Samples: `…/numpy-1.26.4.dist-info/METADATA`, `…/PyYAML-5.3-py3.11.egg-info`.
fn distribution(segment: &SegmentRef, path: &str, text: &str) -> Option<Distribution> {
    let folder = ["/METADATA", "/PKG-INFO"].iter().find_map(|end| path.strip_suffix(end));
    let place = folder.unwrap_or(path);
    let (parent, name) = place.rsplit_once('/')?;
    if !parent.ends_with("/site-packages") || !(name.ends_with(".dist-info") || name.ends_with(".egg-info")) {
        return None;
    }
    let field = |key: &str| {
        let lines = text.lines().take_while(|line| !line.is_empty());
        lines.filter_map(|line| line.split_once(':')).find(|(found, _)| found.eq_ignore_ascii_case(key))
    };
    Some(Distribution {
        name: PackageName::parse(field("Name")?.1.trim())?.to_string(),
        version: field("Version")?.1.trim().to_owned(),
        place: format!("{}/{place}", crate::environment::PREFIX),
        is_of_distutils: folder.is_none(),
        package: segment.name.clone(),
        metadata: text.to_owned(),
    })
}

/// The same as the solver of wheels takes it.
pub(crate) fn installed(distributions: &[Distribution]) -> Vec<Installed> {
    let one = |distribution: &Distribution| Installed {
        name: distribution.name.clone(),
        version: distribution.version.clone(),
        metadata: distribution.metadata.clone(),
    };
    distributions.iter().map(one).collect()
}

/// The packages that may hold modules of Python, fetched and packed: what they bring is known by their files alone.
pub(crate) async fn look_into(
    context: &Context<'_>,
    packages: &[Package],
) -> Result<Vec<Distribution>, BuildError> {
    let holds =
        |package: &&Package| matches!(package, Package::Conda { package, .. } if package.may_hold_modules());
    let holding: Vec<Package> = packages.iter().filter(holds).cloned().collect();
    Ok(distributions(&assemble::segments(context, &holding).await?))
}

/// What pip would do to conda's packages: those that it replaces, and those that it cannot.
pub(crate) fn replaced(
    environment: &Environment,
    lock: &PlatformLock,
    distributions: &[Distribution],
) -> Result<Vec<Finding>, BuildError> {
    let (mut warnings, mut errors) = (Vec::new(), Vec::new());
    for wheel in &lock.wheels {
        let Some(there) = distributions.iter().find(|there| there.name == wheel.name) else { continue };
        let asked = environment.requirements.iter().find(|asked| asked.name.as_str() == wheel.name);
        let problem =
            if there.is_of_distutils { "pip-cannot-uninstall-distutils" } else { "conda-pip-replaces" };
        let mut finding = Finding::new(problem)
            .fact("package", &wheel.name)
            .fact("version", &there.version)
            .fact("other", &wheel.version);
        if let Some(span) = asked.and_then(|asked| asked.span.as_ref()) {
            finding = finding.at(span, format!("takes the place of {} {}", there.package, there.version));
        }
        if let Some(spec) = environment.conda.as_ref().and_then(|conda| conda.spec(&there.package)) {
            finding = finding.at(&spec.span, "asked for here, too");
        }
        if there.is_of_distutils {
            errors.push(finding.detail(format!(
                "{} {} of conda has no list of its files, so that {} of PyPI cannot take its place.",
                there.package, there.version, wheel.version
            )));
        } else {
            warnings.push(finding.severity(envwright_diagnosis::Severity::Warning));
        }
    }
    if errors.is_empty() { Ok(warnings) } else { Err(BuildError::Refused { findings: errors }) }
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

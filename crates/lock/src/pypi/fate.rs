//! Why no version of one package can be used: missing, withdrawn, for another Python, without a wheel.

use super::{
    PypiError,
    known::{Known, KnownFile, of_index},
    markers::{architecture, tags},
    meant::meant,
    session::Session,
};
use envwright_diagnosis::{Finding, nearest};
use uv_distribution_filename::WheelFilename;
use uv_normalize::PackageName;
use uv_pep440::{Operator, Version, VersionSpecifier, VersionSpecifiers};
use uv_platform_tags::{IncompatibleTag, PlatformTag, TagCompatibility};
use uv_types::BuildContext;

/// At most so many versions or wheels are named.
const NAMED: usize = 10;

/// Why no version of `name` within `wanted` can be used; nothing when one can.
pub(super) async fn fate(
    session: &Session<'_>,
    name: &PackageName,
    wanted: &VersionSpecifiers,
    known: &Known,
) -> Option<Finding> {
    let newest_first = known.versions.iter().rev();
    let matching: Vec<(&Version, &Vec<KnownFile>)> =
        newest_first.filter(|(version, _)| wanted.contains(version)).collect();
    let Some((newest, files)) = matching.first() else {
        return Some(missing(session, name, known).await);
    };
    let pinned = wanted.iter().any(|one| matches!(one.operator(), Operator::Equal | Operator::ExactEqual));
    let offered = |files: &[KnownFile]| pinned || files.iter().any(|file| file.yanked.is_none());
    let offered: Vec<_> = matching.iter().filter(|(_, files)| offered(files)).collect();
    if offered.is_empty() {
        let finding = Finding::new("pip-yanked-only").fact("package", name).fact("version", newest);
        let reason = files.iter().find_map(|file| file.yanked.as_deref()).filter(|reason| !reason.is_empty());
        return Some(match reason {
            Some(reason) => finding.fact("reason", reason),
            None => finding,
        });
    }
    let runs = |files: &[KnownFile]| files.iter().any(|file| file.runs_on(&session.python));
    let running: Vec<_> = offered.iter().filter(|(_, files)| runs(files)).collect();
    let Some((version, files)) = running.first() else {
        return offered.first().map(|(version, files)| needs_python(session, name, version, files));
    };
    let fits = |files: &[KnownFile]| files.iter().any(|file| fits(session, file));
    if running.iter().any(|(_, files)| fits(files)) {
        return None;
    }
    Some(no_wheel(session, name, version, files))
}

fn fits(session: &Session<'_>, file: &KnownFile) -> bool {
    file.runs_on(&session.python)
        && file.wheel.as_ref().is_some_and(|wheel| wheel.is_compatible(&session.tags))
}

/// The version that is nearest to the ones wanted and can be used here.
pub(super) fn usable<'a>(
    session: &Session<'_>,
    wanted: &VersionSpecifiers,
    known: &'a Known,
) -> Option<&'a Version> {
    let fitting = known
        .versions
        .iter()
        .filter(|(_, files)| files.iter().any(|file| file.yanked.is_none() && fits(session, file)));
    near(fitting.map(|(version, _)| version).collect(), wanted)
}

/// The version of these, oldest first, that is nearest to the ones wanted: below the one that is pinned, else above it,
/// else the newest. Pre-releases only where there is nothing else.
pub(super) fn near<'a>(versions: Vec<&'a Version>, wanted: &VersionSpecifiers) -> Option<&'a Version> {
    let released: Vec<&Version> =
        versions.iter().copied().filter(|version| !version.any_prerelease()).collect();
    let all = if released.is_empty() { versions } else { released };
    let pinned = wanted.iter().find(|one| matches!(one.operator(), Operator::Equal | Operator::ExactEqual));
    let Some(pinned) = pinned.map(VersionSpecifier::version) else { return all.last().copied() };
    let below = all.iter().rev().find(|version| **version <= pinned);
    below.or_else(|| all.first()).copied()
}

fn needs_python(
    session: &Session<'_>,
    name: &PackageName,
    version: &Version,
    files: &[KnownFile],
) -> Finding {
    let finding = Finding::new("pip-requires-python")
        .fact("package", name)
        .fact("version", version)
        .fact("python", &session.python);
    match files.iter().find_map(|file| file.requires_python.as_ref()) {
        Some(needed) => finding.fact("needed", needed),
        None => finding,
    }
}

/// The package or the version does not exist, or an index did not let us look.
async fn missing(session: &Session<'_>, name: &PackageName, known: &Known) -> Finding {
    if !known.versions.is_empty() {
        return version_missing(name, known.versions.keys().rev());
    }
    match refused(session, name).await {
        Some(refused) => refused.fact("package", name),
        None => unknown(session, name).await,
    }
}

/// None of the versions that there are, newest first, is a wanted one.
pub(super) fn version_missing<'v>(
    name: &PackageName,
    versions: impl Iterator<Item = &'v Version>,
) -> Finding {
    let versions: Vec<String> = versions.take(NAMED).map(ToString::to_string).collect();
    let finding = Finding::new("pip-no-matching-distribution").fact("package", name);
    finding.fact("available", versions.join(", "))
}

/// No index has the package.
pub(super) async fn unknown(session: &Session<'_>, name: &PackageName) -> Finding {
    let finding = Finding::new("pip-no-matching-distribution").fact("package", name);
    let finding = finding.detail(format!("No index that was asked has a package called {name}."));
    let others = session.items.iter().map(|item| item.parsed.name.as_ref());
    if let Some(near) = nearest(name.as_ref(), others.filter(|other| *other != name.as_ref())) {
        let remedy = format!("Remove it when `{near}` is meant, which is asked for already");
        return finding.fact("nearest", near).remedy(remedy);
    }
    match meant(session, name).await {
        Some(near) => {
            finding.fact("nearest", &near).detail(format!("There is one called {near}, which may be meant."))
        }
        None => finding,
    }
}

/// uv takes a refusal (401, 403, 407, 511) of one of several indexes for "not here", as pip does. When the package is
/// nowhere, the refusal is the likelier reason: each index is asked again by a client that tells.
async fn refused(session: &Session<'_>, name: &PackageName) -> Option<Finding> {
    if session.request.client.offline() || session.request.indexes.no_index {
        return None;
    }
    for index in session.context.locations().simple_indexes() {
        if let Err(PypiError::Transport { finding }) = of_index(session, index, name).await {
            return Some(*finding);
        }
    }
    None
}

/// Wheels exist, but none for the target.
fn no_wheel(session: &Session<'_>, name: &PackageName, version: &Version, files: &[KnownFile]) -> Finding {
    let mut wheels: Vec<&WheelFilename> = files.iter().filter_map(|file| file.wheel.as_ref()).collect();
    if let Some(needed) = needed_glibc(session, &wheels) {
        let (major, minor) = session.request.glibc.unwrap_or_default();
        return Finding::new("glibc-too-old")
            .fact("package", name)
            .fact("version", version)
            .fact("library", "glibc")
            .fact("needed", format!("{}.{}", needed.0, needed.1))
            .fact("available", format!("{major}.{minor}"));
    }
    let mut finding = Finding::new("pip-no-wheel-for-platform")
        .fact("package", name)
        .fact("version", version)
        .fact("python", &session.python)
        .fact("platform", session.request.platform);
    if wheels.is_empty() {
        return finding.detail("Only a source archive exists.");
    }
    wheels.sort_by_cached_key(|wheel| (!own_platform(session, wheel), wheel.to_string()));
    let tags: Vec<String> = wheels.iter().take(NAMED).map(|wheel| tag(wheel)).collect();
    finding = finding.fact("available", tags.join(", "));
    for wheel in wheels.iter().take(NAMED) {
        finding = finding.detail(format!("{wheel} {}.", mismatch(session, wheel)));
    }
    finding
}

/// The tags of a wheel, such as `cp311-cp311-manylinux_2_17_x86_64`.
pub(super) fn tag(wheel: &WheelFilename) -> String {
    let stem = wheel.stem();
    stem.rsplitn(4, '-').take(3).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("-")
}

fn mismatch(session: &Session<'_>, wheel: &WheelFilename) -> &'static str {
    match wheel.compatibility(&session.tags) {
        TagCompatibility::Compatible(_) => "is for another Python version, as it declares",
        TagCompatibility::Incompatible(tag) => match tag {
            IncompatibleTag::Invalid => "has tags that are not known",
            IncompatibleTag::Python | IncompatibleTag::AbiPythonVersion => "is for another Python version",
            IncompatibleTag::Abi if !own_python(session, wheel) => "is for another Python version",
            IncompatibleTag::Abi | IncompatibleTag::FreethreadedAbi => {
                "is for another binary interface of Python"
            }
            IncompatibleTag::Platform => "is for another platform",
        },
    }
}

fn own_python(session: &Session<'_>, wheel: &WheelFilename) -> bool {
    session.tags.python_tag().is_some_and(|own| wheel.python_tags().contains(&own))
}

/// Whether a wheel is for the target's system and processor, whatever it asks of them.
fn own_platform(session: &Session<'_>, wheel: &WheelFilename) -> bool {
    let suffix = format!("_{}", session.request.platform.arch.machine());
    wheel.platform_tags().iter().any(|tag| tag.is_linux() && tag.to_string().ends_with(&suffix))
}

/// The least glibc with which one of the wheels would fit, when glibc is all that is in the way.
fn needed_glibc(session: &Session<'_>, wheels: &[&WheelFilename]) -> Option<(u16, u16)> {
    session.request.glibc?;
    let newer = tags(session.request.platform, session.request.python, Some((2, 200))).ok()?;
    let fitting = wheels.iter().filter(|wheel| wheel.is_compatible(&newer));
    let own = architecture(session.request.platform);
    let needs = fitting.filter_map(|wheel| {
        let of_tag = |tag: &PlatformTag| match tag {
            PlatformTag::Manylinux { major, minor, arch } if *arch == own => Some((*major, *minor)),
            PlatformTag::Manylinux2014 { arch } if *arch == own => Some((2, 17)),
            PlatformTag::Manylinux2010 { arch } if *arch == own => Some((2, 12)),
            PlatformTag::Manylinux1 { arch } if *arch == own => Some((2, 5)),
            _ => None,
        };
        wheel.platform_tags().iter().filter_map(of_tag).min()
    });
    needs.min()
}

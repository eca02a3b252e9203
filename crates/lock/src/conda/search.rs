//! What channels have of one package.

use super::{
    Asked, Channel, CondaError, Request,
    channels::plain_url,
    explain,
    gateway::{self, Channels, subdir},
};
use crate::search::{Answer, CPython, FileKind, Fitting, PackageFile, Release};
use envwright_diagnosis::{Explain as _, Finding};
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use futures::future::join_all;
use rattler_conda_types::{
    MatchSpec, Matches as _, PackageRecord, ParseStrictness, RepoDataRecord, Subdir, Version,
    VersionWithSource,
};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};
use tokio::time::Instant;

/// Where images get packages from.
const SUBDIRS: [Subdir; 3] = [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::NoArch];
/// Minor versions of Python 3 that a build may be for.
const MINORS: std::ops::RangeInclusive<u8> = 5..=20;

/// What the channels of a request have of its first specification, for the platforms of images. Each channel is asked
/// alone, so that one which does not answer hides no other; a package costs one request for each platform of a channel
/// with shards, and else the channel's whole list.
///
/// # Errors
/// [`CondaError::Spec`] where there is no specification, or none that can be read.
pub async fn search(request: &Request, fitting: &Fitting) -> Result<Answer, CondaError> {
    let deadline = Instant::now() + request.time_limit;
    let none = Asked { text: String::new(), span: None };
    let asked = request.specs.first().unwrap_or(&none);
    let spec = gateway::parse(asked, &request.channels)?;
    let name = spec.name.as_exact().map(|name| name.as_normalized().to_owned()).unwrap_or_default();
    let alone = |channel: &Channel| Request { channels: vec![channel.clone()], ..request.clone() };
    let requests: Vec<Request> = request.channels.iter().map(alone).collect();
    let answers = join_all(requests.iter().map(|one| records(one, &name, deadline))).await;
    let (mut answer, mut all, mut releases) = (Answer::default(), Vec::new(), Vec::new());
    for (channel, found) in request.channels.iter().zip(answers) {
        match found {
            Ok(records) => {
                releases.extend(of_channel(channel, &spec, &records, fitting));
                all.extend(records);
            }
            Err(error) => answer.failures.extend(error.findings()),
        }
    }
    // Stable: of one version, the preferred channel first.
    releases.sort_by(|(one, _), (other, _)| other.cmp(one));
    answer.releases = releases.into_iter().map(|(_, release)| release).collect();
    if answer.failures.is_empty() && !answer.has_any() {
        let missing = if !answer.releases.is_empty() {
            answer.nothing_fits(Finding::new("conda-package-not-found").fact("package", &name))
        } else if all.is_empty() {
            explain::missing(request, &Channels::open(request)?, &name, deadline).await
        } else {
            explain::version_missing(&spec, &all)
        };
        answer.missing = Some(missing.fact("requirement", &asked.text));
    }
    Ok(answer)
}

/// All records of a name in the one channel of a request.
async fn records(
    request: &Request,
    name: &str,
    deadline: Instant,
) -> Result<Vec<RepoDataRecord>, CondaError> {
    let channels = Channels::open(request)?;
    let (names, subdirs) = ([name], SUBDIRS.map(|subdir| [subdir]));
    let answers = join_all(subdirs.iter().map(|subdir| channels.of_names(&names, subdir, deadline))).await;
    // What a channel lacks is not kept: offline, what is kept is all there is.
    if request.client.offline() && answers.iter().any(Result::is_ok) {
        return Ok(answers.into_iter().flatten().flatten().collect());
    }
    Ok(answers.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}

/// The versions of a channel that a specification means.
fn of_channel(
    channel: &Channel,
    spec: &MatchSpec,
    records: &[RepoDataRecord],
    fitting: &Fitting,
) -> Vec<(VersionWithSource, Release)> {
    let mut versions: BTreeMap<&VersionWithSource, Vec<&RepoDataRecord>> = BTreeMap::new();
    for record in records.iter().filter(|record| spec.matches(*record)) {
        versions.entry(&record.package_record.version).or_default().push(record);
    }
    let release = |(version, mut records): (&VersionWithSource, Vec<&RepoDataRecord>)| {
        records.sort_by_key(|record| {
            let package = &record.package_record;
            let newest = (Reverse(package.build_number), Reverse(package.timestamp));
            (newest, &package.subdir, package.build.to_string())
        });
        let files: Vec<PackageFile> = records.iter().map(|record| file(record, fitting)).collect();
        let unfit = (!files.iter().any(|file| file.fits)).then(|| unfit(&files, fitting));
        let release = Release {
            version: version.to_string(),
            place: channel.name.clone(),
            prerelease: false,
            unfit,
            files,
        };
        (version.clone(), release)
    };
    versions.into_iter().map(release).collect()
}

fn file(record: &RepoDataRecord, fitting: &Fitting) -> PackageFile {
    let package = &record.package_record;
    let runs = |python: CPython| runs_on(package, python);
    let fits = is_for(&package.subdir, fitting) && fitting.python.is_none_or(runs);
    PackageFile {
        filename: record.identifier.to_string(),
        kind: FileKind::Conda,
        url: plain_url(&SafeUrl::from(record.url.clone())),
        sha256: package.sha256.map(|digest| Digest::from_bytes(digest.into()).hex()),
        size: package.size,
        build: Some(package.build.to_string()),
        python: python(package),
        platform: Some(package.subdir.clone()),
        requires_python: None,
        yanked: None,
        fits,
    }
}

/// Why no build of a version fits.
fn unfit(files: &[PackageFile], fitting: &Fitting) -> String {
    let of_platform =
        |file: &&PackageFile| file.platform.as_deref().is_some_and(|subdir| is_for(subdir, fitting));
    let pythons: BTreeSet<&str> =
        files.iter().filter(of_platform).filter_map(|file| file.python.as_deref()).collect();
    let list = |texts: BTreeSet<&str>| texts.into_iter().collect::<Vec<_>>().join(", ");
    match fitting.python {
        Some(python) if !pythons.is_empty() => {
            format!("no build for Python {python}, only for {}", list(pythons))
        }
        _ => {
            let platforms = files.iter().filter_map(|file| file.platform.as_deref()).collect();
            format!("no build for {}, only for {}", fitting.platform_names(), list(platforms))
        }
    }
}

fn is_for(name: &str, fitting: &Fitting) -> bool {
    name == Subdir::NoArch.as_str()
        || fitting.platforms().into_iter().any(|platform| subdir(platform).as_str() == name)
}

/// What a package asks of Python: the versions of its dependencies on it and on its binary interface. Python's own
/// package is for itself.
fn of_python(package: &PackageRecord) -> Vec<MatchSpec> {
    if package.name.as_normalized() == "python" {
        let (major, minor) = package.version.as_major_minor().unwrap_or_default();
        let own = format!("python {major}.{minor}.*");
        return MatchSpec::from_str(&own, ParseStrictness::Lenient).into_iter().collect();
    }
    let is_python =
        |text: &&String| matches!(text.split_whitespace().next(), Some("python" | "python_abi" | "cpython"));
    let parse = |text: &String| MatchSpec::from_str(text, ParseStrictness::Lenient).ok();
    package.depends.iter().filter(is_python).filter_map(parse).collect()
}

/// Whether a package can be installed with a Python.
fn runs_on(package: &PackageRecord, python: CPython) -> bool {
    let specs = of_python(package);
    python.releases().any(|release| is_allowed(&specs, release))
}

/// `python_abi` has two numbers alone.
fn is_allowed(specs: &[MatchSpec], (major, minor, micro): (u8, u8, u8)) -> bool {
    specs.iter().all(|spec| {
        let is_abi = spec.name.as_exact().is_some_and(|name| name.as_normalized() == "python_abi");
        let text = if is_abi { format!("{major}.{minor}") } else { format!("{major}.{minor}.{micro}") };
        let Ok(version) = Version::from_str(&text) else { return false };
        spec.version.as_ref().is_none_or(|bound| bound.matches(&version))
    })
}

/// The one minor version of Python that a package is for, or its bound.
fn python(package: &PackageRecord) -> Option<String> {
    let specs = of_python(package);
    let bound = specs.iter().find_map(|spec| spec.version.as_ref())?;
    // The last release of each.
    let minors = MINORS.map(|minor| (3, minor, 99)).chain([(2, 7, 99)]);
    let allowed: Vec<(u8, u8, u8)> = minors.filter(|release| is_allowed(&specs, *release)).collect();
    Some(match allowed.as_slice() {
        [(major, minor, _)] => format!("{major}.{minor}"),
        _ => bound.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rattler_conda_types::PackageName;

    fn package(depends: &[&str]) -> PackageRecord {
        let name: PackageName = "numpy".parse().unwrap();
        let version: VersionWithSource = "1.0".parse().unwrap();
        let mut package = PackageRecord::new(name, version, "0".parse().unwrap());
        package.depends = depends.iter().map(ToString::to_string).collect();
        package
    }

    #[test]
    fn the_python_of_a_build_is_read_from_what_it_depends_on() {
        for (depends, told) in [
            (&["python >=3.11,<3.12.0a0"][..], Some("3.11")),
            (&["libzlib", "python >=3.11,<3.12.0a0", "python_abi 3.11.* *_cp311"], Some("3.11")),
            (&["python >=2.7,<2.8.0a0"], Some("2.7")),
            (&["python >=3.8"], Some(">=3.8")),
            (&["python"], None),
            (&["libpython-static"], None),
        ] {
            assert_eq!(python(&package(depends)).as_deref(), told, "{depends:?}");
        }
    }

    #[test]
    fn a_build_runs_on_the_pythons_that_its_bounds_allow() {
        let runs = |depends: &[&str], python: &str| runs_on(&package(depends), python.parse().unwrap());
        let compiled = ["python >=3.11,<3.12.0a0", "python_abi 3.11.* *_cp311"];
        assert!(runs(&compiled, "3.11") && runs(&compiled, "3.11.4") && !runs(&compiled, "3.12"));
        assert!(runs(&["python >=3.11.4"], "3.11") && !runs(&["python >=3.11.4"], "3.11.2"));
        assert!(runs(&["zlib"], "3.9") && runs(&["python"], "3.9"));
    }
}

//! What of Python conda packages bring, and what pip would do to it.

use crate::{
    BuildError, assemble,
    context::{Context, Purpose},
    prepare::{self, Package},
};
use envwright_definition::{Environment, PackageName};
use envwright_diagnosis::Finding;
use envwright_image::{Kind, SegmentRef};
use envwright_lock::{PlatformLock, pypi::Installed};
use std::collections::{BTreeMap, BTreeSet};

/// A distribution of Python in a conda package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// Normalised name.
    pub(crate) name: String,
    pub(crate) version: String,
    /// The folder or file that describes it, below the prefix.
    pub(crate) place: String,
    /// Whether distutils installed it: no list of its files says what belongs to it.
    pub(crate) is_of_distutils: bool,
    /// Name of the conda package.
    pub(crate) package: String,
    metadata: String,
}

/// What is kept of a conda package's files for who looks at it: scripts, and what describes distributions of Python.
pub(crate) struct Described<'a> {
    pub(crate) package: &'a str,
    /// Texts by paths below the prefix.
    pub(crate) metadata: &'a BTreeMap<String, String>,
}

/// Those of segments.
pub(crate) fn described(segments: &[SegmentRef]) -> Vec<Described<'_>> {
    let of_conda = segments.iter().filter(|segment| segment.kind == Kind::Conda);
    of_conda.map(|segment| Described { package: &segment.name, metadata: &segment.index.metadata }).collect()
}

/// What of Python conda packages hold, by name.
pub(crate) fn all(packages: &[Described<'_>]) -> Vec<Distribution> {
    let of = |described: &Described<'_>| {
        let package = described.package.to_owned();
        let texts = described.metadata.iter();
        texts.filter_map(|(path, text)| distribution(&package, path, text)).collect::<Vec<_>>()
    };
    let mut found: Vec<Distribution> = packages.iter().flat_map(of).collect();
    found.sort_by(|one, other| (&one.name, &one.place).cmp(&(&other.name, &other.place)));
    found.dedup_by(|one, other| one.name == other.name);
    found
}

/// The distributions of conda that wheels of a lock take the place of, with the names of these.
pub(crate) fn covered<'d>(
    distributions: &'d [Distribution],
    lock: &'d PlatformLock,
) -> impl Iterator<Item = (&'d Distribution, &'d str)> {
    distributions.iter().filter_map(|there| {
        let wheel = lock.wheels.iter().find(|wheel| wheel.name == there.name)?;
        Some((there, wheel.name.as_str()))
    })
}

impl Distribution {
    /// The files of its package that pip would remove before it installs another version: all that its own list
    /// (`RECORD`) names, and what the other one does not bring.
    pub(crate) fn uninstalled(
        &self,
        prefix: &str,
        record: &[u8],
        package: &BTreeSet<String>,
        other: &BTreeSet<String>,
    ) -> Vec<String> {
        let place = format!("{prefix}/{}", self.place);
        let site = place.rsplit_once('/').map_or("", |(site, _)| site);
        let (listed, below) = (recorded(site, &String::from_utf8_lossy(record)), format!("{place}/"));
        let is_gone =
            |path: &&String| (listed.contains(*path) || path.starts_with(&below)) && !other.contains(*path);
        package.iter().filter(is_gone).cloned().collect()
    }
}

/// The paths that a `RECORD` names (PyPA, "Recording installed projects").
fn recorded(site: &str, record: &str) -> BTreeSet<String> {
    let names = record.lines().filter_map(|line| {
        let name = match line.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?.0,
            None => line.split(',').next()?,
        };
        let mut path: Vec<&str> = site.split('/').collect();
        for part in name.split('/') {
            match part {
                ".." => drop(path.pop()),
                "." | "" => {}
                part => path.push(part),
            }
        }
        Some(path.join("/"))
    });
    names.collect()
}

/// Samples: `…/numpy-1.26.4.dist-info/METADATA`, `…/PyYAML-5.3-py3.11.egg-info`.
fn distribution(package: &str, path: &str, text: &str) -> Option<Distribution> {
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
        place: place.to_owned(),
        is_of_distutils: folder.is_none(),
        package: package.to_owned(),
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

/// What of Python the packages bring: it is known by their files alone. Those that may hold some are fetched, and made of
/// what is wanted of them.
pub(crate) async fn look_into(
    context: &Context<'_>,
    packages: &[Package],
) -> Result<Vec<Distribution>, BuildError> {
    let holds =
        |package: &&Package| matches!(package, Package::Conda { package, .. } if package.may_hold_modules());
    let holding: Vec<Package> = packages.iter().filter(holds).cloned().collect();
    if context.purpose == Purpose::Build {
        return Ok(all(&described(&assemble::segments(context, &holding).await?)));
    }
    let metadata = |package| prepare::metadata(context, package);
    let texts = futures::future::try_join_all(holding.iter().map(metadata)).await?;
    let described = holding.iter().zip(&texts);
    let described = described.map(|(package, metadata)| Described { package: package.name(), metadata });
    Ok(all(&described.collect::<Vec<_>>()))
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

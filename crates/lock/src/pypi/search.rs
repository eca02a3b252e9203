//! All that the indexes have of one package.

use super::{
    PypiError, Request,
    fate::{tag, unknown, version_missing},
    known::{each_file, of_index, yanked},
    markers::{python_version, tags},
    requirement::Item,
    session::Session,
    transport,
};
use crate::search::{Answer, FileKind, Fitting, PackageFile, Release};
use envwright_diagnosis::{Explain as _, Finding};
use envwright_redact::SafeUrl;
use envwright_target::Platform;
use futures::future::join_all;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};
use tokio::time::{Instant, timeout_at};
use uv_distribution_filename::{DistFilename, WheelFilename};
use uv_distribution_types::{File, Index};
use uv_normalize::PackageName;
use uv_pep440::{Version, VersionSpecifiers};
use uv_platform_tags::{PlatformTag, Tags};
use uv_pypi_types::HashAlgorithm;
use uv_types::BuildContext;

/// The C library of the target is not known: one that every wheel runs on.
const ANY_GLIBC: (u32, u32) = (2, 200);
/// [`Release::place`] of the files that `--find-links` names.
pub const LINKS: &str = "--find-links";

/// What one index has, by version.
type Versions = BTreeMap<Version, Vec<PackageFile>>;

pub(super) async fn run(request: &Request, fitting: &Fitting) -> Result<Answer, PypiError> {
    let deadline = Instant::now() + request.time_limit;
    let timeout = |_| PypiError::Timeout { limit: request.time_limit };
    let session = timeout_at(deadline, Session::open(request)).await.map_err(timeout)??;
    let (item, wanted) = asked(&session)?;
    let name = &item.parsed.name;
    let filter = Filter::new(fitting)?;
    let indexes: Vec<&Index> = session.context.locations().simple_indexes().collect();
    let answers = indexes.iter().map(|index| timeout_at(deadline, filter.index(&session, index, name)));
    let (mut answer, mut places) = (Answer::default(), Vec::new());
    for (index, answered) in indexes.iter().zip(join_all(answers).await) {
        match answered.map_err(timeout).and_then(|versions| versions) {
            Ok(versions) => places.push((transport::safe(Index::url(index).url()).to_string(), versions)),
            Err(error) => answer.failures.extend(error.findings()),
        }
    }
    places.push((LINKS.to_owned(), filter.links(&session, name)));
    let known: BTreeSet<Version> = places.iter().flat_map(|(_, versions)| versions.keys().cloned()).collect();
    answer.releases = releases(places, wanted, &filter);
    if answer.failures.is_empty() && !answer.has_any() {
        let missing = if !answer.releases.is_empty() {
            answer.nothing_fits(Finding::new("pip-no-matching-distribution").fact("package", name))
        } else if known.is_empty() {
            unknown(&session, name).await
        } else {
            version_missing(name, known.iter().rev())
        };
        answer.missing = Some(missing.fact("requirement", &item.text));
    }
    Ok(answer)
}

/// What is looked for, and the versions of it that are meant.
fn asked<'s>(session: &'s Session<'_>) -> Result<(&'s Item, &'s VersionSpecifiers), PypiError> {
    let named = session.items.first().and_then(|item| Some((item, item.specifiers()?)));
    named.ok_or_else(|| PypiError::Requirement {
        text: session.request.requirements.first().map(|asked| asked.text.clone()).unwrap_or_default(),
        reason: "it names no package of an index".to_owned(),
        span: None,
    })
}

/// The wanted versions of all places, the highest first; of one version, the index that is asked first.
fn releases(
    places: Vec<(String, Versions)>,
    wanted: &VersionSpecifiers,
    filter: &Filter<'_>,
) -> Vec<Release> {
    let of_place = |(place, versions): (String, Versions)| {
        let wanted = versions.into_iter().filter(|(version, _)| wanted.contains(version));
        wanted.map(move |(version, files)| (version, place.clone(), files)).collect::<Vec<_>>()
    };
    let mut all: Vec<(Version, String, Vec<PackageFile>)> = places.into_iter().flat_map(of_place).collect();
    all.sort_by(|(one, ..), (other, ..)| other.cmp(one));
    let release = |(version, place, mut files): (Version, String, Vec<PackageFile>)| {
        files.sort_by_key(|file| Reverse(file.kind == FileKind::Wheel));
        let unfit = (!files.iter().any(|file| file.fits)).then(|| filter.unfit(&files));
        Release { version: version.to_string(), place, prerelease: version.any_prerelease(), unfit, files }
    };
    all.into_iter().map(release).collect()
}

/// What files have to be for.
struct Filter<'f> {
    fitting: &'f Fitting,
    platforms: Vec<Platform>,
    /// What each platform takes with the Python that is meant.
    tags: Vec<Tags>,
}

impl<'f> Filter<'f> {
    fn new(fitting: &'f Fitting) -> Result<Self, PypiError> {
        let platforms = fitting.platforms();
        let python = fitting.python.and_then(|python| python.releases().next());
        let of = |platform: &Platform| python.map(|python| tags(*platform, python, Some(ANY_GLIBC)));
        let tags = platforms.iter().filter_map(of).collect::<Result<_, _>>().map_err(PypiError::internal)?;
        Ok(Self { fitting, platforms, tags })
    }

    /// What one index has.
    async fn index(
        &self,
        session: &Session<'_>,
        index: &Index,
        name: &PackageName,
    ) -> Result<Versions, PypiError> {
        let pages = of_index(session, index, name).await?;
        // uv takes what is not kept for what is not there.
        if pages.is_empty() && session.request.client.offline() {
            let finding = transport::at("offline-miss", &transport::safe(Index::url(index).url()));
            return Err(PypiError::Transport { finding: Box::new(finding) });
        }
        let mut versions = Versions::new();
        each_file(name, pages, &mut |filename, file| self.add(session, &mut versions, filename, file));
        Ok(versions)
    }

    /// What `--find-links` names.
    fn links(&self, session: &Session<'_>, name: &PackageName) -> Versions {
        let mut versions = Versions::new();
        for (filename, file) in session.links.iter().filter(|(filename, _)| filename.name() == name) {
            self.add(session, &mut versions, filename, file);
        }
        versions
    }

    /// Notes a file at its version.
    fn add(&self, session: &Session<'_>, versions: &mut Versions, filename: &DistFilename, file: &File) {
        let Ok(url) = file.url.to_url() else { return };
        let url = session.request.client.settings().mirrors.origin(&transport::safe(&url));
        let mut plain = url.expose().clone();
        plain.set_fragment(None);
        let wheel = match filename {
            DistFilename::WheelFilename(wheel) => Some(wheel),
            DistFilename::SourceDistFilename(_) => None,
        };
        let digest = file.hashes.iter().find(|digest| digest.algorithm() == HashAlgorithm::Sha256);
        versions.entry(filename.version().clone()).or_default().push(PackageFile {
            filename: file.filename.to_string(),
            kind: if wheel.is_some() { FileKind::Wheel } else { FileKind::Source },
            url: SafeUrl::from(plain).without_credentials(),
            sha256: digest.map(|digest| digest.digest.to_string()),
            size: file.size,
            build: wheel.map(tag),
            python: wheel.map(python),
            platform: wheel.map(|wheel| system(wheel).to_owned()),
            requires_python: file.requires_python.as_ref().map(ToString::to_string),
            yanked: yanked(file),
            fits: self.fits(wheel, file.requires_python.as_deref()),
        });
    }

    fn fits(&self, wheel: Option<&WheelFilename>, requires: Option<&VersionSpecifiers>) -> bool {
        if !self.fitting.is_limited() {
            return true;
        }
        let Some(wheel) = wheel else { return false };
        self.runs_on(requires)
            && if self.tags.is_empty() {
                self.is_for(system(wheel))
            } else {
                self.tags.iter().any(|tags| wheel.is_compatible(tags))
            }
    }

    /// Whether the Python that is meant may use a file, as far as the index tells.
    fn runs_on(&self, requires: Option<&VersionSpecifiers>) -> bool {
        let Some((python, requires)) = self.fitting.python.zip(requires) else { return true };
        python.releases().any(|release| requires.contains(&python_version(release)))
    }

    fn is_for(&self, system: &str) -> bool {
        system == ANY || self.platforms.iter().any(|platform| platform.arch.machine() == system)
    }

    /// Why none of the files of a version fits.
    fn unfit(&self, files: &[PackageFile]) -> String {
        let requires =
            |file: &PackageFile| VersionSpecifiers::from_str(file.requires_python.as_deref()?).ok();
        if let Some(needed) = files.first().and_then(|file| file.requires_python.as_ref())
            && !files.iter().any(|file| self.runs_on(requires(file).as_ref()))
        {
            return format!("Python {needed} is needed");
        }
        let wheels: Vec<&PackageFile> = files.iter().filter(|file| file.kind == FileKind::Wheel).collect();
        if wheels.is_empty() {
            return "a source archive alone".to_owned();
        }
        let list = |texts: BTreeSet<&str>| texts.into_iter().collect::<Vec<_>>().join(", ");
        let of_platform =
            wheels.iter().filter(|file| file.platform.as_deref().is_some_and(|name| self.is_for(name)));
        let pythons: BTreeSet<&str> = of_platform.filter_map(|file| file.python.as_deref()).collect();
        match self.fitting.python {
            Some(python) if !pythons.is_empty() => {
                format!("no wheel for Python {python}, only for {}", list(pythons))
            }
            _ => {
                let systems = wheels.iter().filter_map(|file| file.platform.as_deref()).collect();
                format!("no wheel for {}, only for {}", self.fitting.platform_names(), list(systems))
            }
        }
    }
}

/// For every system.
const ANY: &str = "any";

/// The system that a wheel is for, told as coarsely as images need it.
fn system(wheel: &WheelFilename) -> &'static str {
    let is_glibc = |tag: &&PlatformTag| tag.is_linux() && !matches!(tag, PlatformTag::Musllinux { .. });
    let tags = wheel.platform_tags();
    if tags.iter().any(PlatformTag::is_any) {
        return ANY;
    }
    let of_linux: Vec<String> = tags.iter().filter(is_glibc).map(ToString::to_string).collect();
    let machines = [Platform::AMD64, Platform::ARM64].map(|platform| platform.arch.machine());
    let own = machines.into_iter().find(|machine| of_linux.iter().any(|tag| tag.ends_with(machine)));
    own.unwrap_or("other")
}

/// The Pythons that a wheel is for: `cp311`, `cp313t` without the lock, `cp38-abi3` for that and later ones.
fn python(wheel: &WheelFilename) -> String {
    let tags: Vec<String> = wheel.python_tags().iter().map(ToString::to_string).collect();
    let tags = tags.join(".");
    let abi = wheel.abi_tags().first().map(ToString::to_string).unwrap_or_default();
    match abi.as_str() {
        "abi3" => format!("{tags}-abi3"),
        free if free.strip_suffix('t') == Some(tags.as_str()) => abi,
        _ => tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_told_by_system_and_python() {
        for (tags, told) in [
            ("py3-none-any", ("any", "py3")),
            ("py2.py3-none-any", ("any", "py2.py3")),
            ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", ("x86_64", "cp311")),
            ("cp311-cp311-linux_x86_64", ("x86_64", "cp311")),
            ("cp38-abi3-manylinux_2_28_aarch64", ("aarch64", "cp38-abi3")),
            ("cp313-cp313t-manylinux_2_28_aarch64", ("aarch64", "cp313t")),
            ("cp311-cp311-musllinux_1_2_x86_64", ("other", "cp311")),
            ("cp311-cp311-macosx_11_0_arm64", ("other", "cp311")),
        ] {
            let wheel = WheelFilename::from_str(&format!("a-1-{tags}.whl")).unwrap();
            assert_eq!((system(&wheel), python(&wheel).as_str()), told, "{tags}");
            assert_eq!(tag(&wheel), tags);
        }
    }
}

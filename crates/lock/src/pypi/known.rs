//! What the indexes have of a package, read again from the cache when a solve has to be explained.

use super::{
    PypiError,
    session::{Session, client},
    transport,
};
use envwright_fetch::status_problem;
use std::{collections::BTreeMap, str::FromStr};
use tokio::sync::Semaphore;
use uv_client::{ErrorKind, MetadataFormat, OwnedArchive};
use uv_configuration::IndexStrategy;
use uv_distribution_filename::{DistFilename, WheelFilename};
use uv_distribution_types::{File, Index, IndexCapabilities, IndexLocations, IndexMetadataRef, IndexUrl};
use uv_normalize::PackageName;
use uv_pep440::{Version, VersionSpecifiers};
use uv_pypi_types::Yanked;
use uv_types::BuildContext;

/// All versions of a package, oldest first.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The files of each version.
    pub(super) versions: BTreeMap<Version, Vec<KnownFile>>,
}

/// A file of a version.
#[derive(Debug)]
pub(super) struct KnownFile {
    /// The parsed name, for a wheel; none for a source archive.
    pub(super) wheel: Option<WheelFilename>,
    /// `data-requires-python` of the index.
    pub(super) requires_python: Option<VersionSpecifiers>,
    /// Withdrawn, with the reason where one is given (else empty).
    pub(super) yanked: Option<String>,
}

impl KnownFile {
    fn new(filename: &DistFilename, file: &File) -> Self {
        let wheel = match filename {
            DistFilename::WheelFilename(_) => WheelFilename::from_str(&file.filename).ok(),
            DistFilename::SourceDistFilename(_) => None,
        };
        Self { wheel, requires_python: file.requires_python.as_deref().cloned(), yanked: yanked(file) }
    }

    /// Whether the target's Python may use it, as far as the index tells.
    pub(super) fn runs_on(&self, python: &Version) -> bool {
        self.requires_python.as_ref().is_none_or(|specifiers| specifiers.contains(python))
    }
}

/// Why a file was withdrawn, if it was.
pub(super) fn yanked(file: &File) -> Option<String> {
    match file.yanked.as_deref() {
        None | Some(Yanked::Bool(false)) => None,
        Some(Yanked::Bool(true)) => Some(String::new()),
        Some(Yanked::Reason(reason)) => Some(reason.to_string()),
    }
}

/// Everything that the indexes and `--find-links` have of `name`; empty when they have nothing.
pub(super) async fn known(session: &Session<'_>, name: &PackageName) -> Known {
    let page = ask(session, name).await;
    read(session, name, page.unwrap_or_default())
}

/// The same where it can be found out: not when an index does not answer, or offline.
pub(super) async fn certain(session: &Session<'_>, name: &PackageName) -> Option<Known> {
    match ask(session, name).await {
        Ok(pages) => Some(read(session, name, pages)),
        Err(error) if matches!(error.kind(), ErrorKind::RemotePackageNotFound(_) | ErrorKind::NoIndex(_)) => {
            Some(read(session, name, Vec::new()))
        }
        Err(_) => None,
    }
}

type Pages<'a> = Vec<(&'a IndexUrl, MetadataFormat)>;

async fn ask<'a>(session: &'a Session<'_>, name: &PackageName) -> Result<Pages<'a>, uv_client::Error> {
    session.client.simple_detail(name, None, session.context.capabilities(), &Semaphore::new(4)).await
}

/// The pages of one index, asked by a client that tells a refusal; none where it does not know the name.
pub(super) async fn of_index(
    session: &Session<'_>,
    index: &Index,
    name: &PackageName,
) -> Result<Vec<MetadataFormat>, PypiError> {
    let locations = IndexLocations::new(vec![index.clone()], Vec::new(), false);
    let cache = session.context.cache().clone();
    let client = client(session.request, cache, locations, IndexStrategy::FirstIndex)?;
    let asked = IndexCapabilities::default();
    let permits = Semaphore::new(1);
    let answer = client.simple_detail(name, Some(IndexMetadataRef::from(index)), &asked, &permits).await;
    let refused = |status| {
        let finding = transport::at(status_problem(status), &transport::safe(Index::url(index).url()));
        PypiError::Transport { finding: Box::new(finding) }
    };
    if asked.unauthorized(index.url()) {
        return Err(refused(401));
    }
    if asked.forbidden(index.url()) {
        return Err(refused(403));
    }
    match answer {
        Ok(pages) => Ok(pages.into_iter().map(|(_, page)| page).collect()),
        Err(error) if matches!(error.kind(), ErrorKind::RemotePackageNotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(transport::client(&error)),
    }
}

fn read(session: &Session<'_>, name: &PackageName, pages: Pages<'_>) -> Known {
    let mut known = Known::default();
    let mut add = |filename: &DistFilename, file: &File| {
        let files = known.versions.entry(filename.version().clone()).or_default();
        files.push(KnownFile::new(filename, file));
    };
    each_file(name, pages.into_iter().map(|(_, page)| page), &mut add);
    for (filename, file) in session.links.iter().filter(|(filename, _)| filename.name() == name) {
        add(filename, file);
    }
    known
}

/// Calls `add` with every file that pages have of `name`.
pub(super) fn each_file(
    name: &PackageName,
    pages: impl IntoIterator<Item = MetadataFormat>,
    add: &mut impl FnMut(&DistFilename, &File),
) {
    for page in pages {
        match page {
            MetadataFormat::Simple(archive) => {
                for version in OwnedArchive::deserialize(&archive) {
                    version.files.all(name).for_each(|(filename, file)| add(&filename, &file));
                }
            }
            MetadataFormat::Flat(entries) => {
                for entry in entries {
                    let (filename, file, _) = entry.into_parts();
                    add(&filename, &file);
                }
            }
        }
    }
}

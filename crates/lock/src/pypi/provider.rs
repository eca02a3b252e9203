//! A provider that remembers what the resolver asked for and what it was told.

use super::context::WheelsOnly;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};
use uv_distribution::Reporter;
use uv_distribution_types::{Dist, IndexMetadata, InstalledDist, Requirement};
use uv_normalize::PackageName;
use uv_pep440::Version;
use uv_resolver::{
    DefaultResolverProvider, MetadataResponse, PackageVersionsResult, ResolverProvider, VersionsResponse,
    WheelMetadataResult,
};

/// What was asked and answered so far, over all attempts of one solve.
#[derive(Debug, Default)]
pub(super) struct Record {
    offline: Mutex<BTreeSet<PackageName>>,
    dependencies: Mutex<BTreeMap<(PackageName, Version), Vec<Requirement>>>,
}

impl Record {
    /// The package's page was not in the cache, and the network is off.
    pub(super) fn offline(&self) -> Option<PackageName> {
        self.offline.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// What the versions of `name` that were looked at depend on, newest first.
    pub(super) fn dependencies(&self, name: &PackageName) -> Vec<(Version, Vec<Requirement>)> {
        let all = self.dependencies.lock().unwrap_or_else(PoisonError::into_inner);
        let of_name = all.iter().filter(|((package, _), _)| package == name);
        of_name.rev().map(|((_, version), requires)| (version.clone(), requires.clone())).collect()
    }

    /// A package that was looked at and depends on `name`, the last by name and version.
    pub(super) fn needing(&self, name: &PackageName) -> Option<(PackageName, Version)> {
        let all = self.dependencies.lock().unwrap_or_else(PoisonError::into_inner);
        let needs = |requires: &Vec<Requirement>| requires.iter().any(|required| required.name == *name);
        all.iter().rev().find(|(_, requires)| needs(requires)).map(|(key, _)| key.clone())
    }

    fn note_metadata(&self, answer: &WheelMetadataResult) {
        match answer {
            Ok(MetadataResponse::Found(archive)) => {
                let key = (archive.metadata.name.clone(), archive.metadata.version.clone());
                let mut all = self.dependencies.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert(key, archive.metadata.requires_dist.to_vec());
            }
            Ok(MetadataResponse::Unavailable(_) | MetadataResponse::Error(..)) | Err(_) => {}
        }
    }
}

/// uv's own provider, with a [`Record`].
pub(super) struct Recording<'a> {
    /// Does the work.
    pub(super) inner: DefaultResolverProvider<'a, WheelsOnly>,
    /// What it was told.
    pub(super) record: Arc<Record>,
}

impl ResolverProvider for Recording<'_> {
    async fn get_package_versions<'io>(
        &'io self,
        name: &'io PackageName,
        index: Option<&'io IndexMetadata>,
    ) -> PackageVersionsResult {
        let answer = self.inner.get_package_versions(name, index).await;
        if matches!(answer, Ok(VersionsResponse::Offline)) {
            let mut offline = self.record.offline.lock().unwrap_or_else(PoisonError::into_inner);
            offline.insert(name.clone());
        }
        answer
    }

    async fn get_or_build_wheel_metadata<'io>(&'io self, dist: &'io Dist) -> WheelMetadataResult {
        let answer = self.inner.get_or_build_wheel_metadata(dist).await;
        self.record.note_metadata(&answer);
        answer
    }

    async fn get_installed_metadata<'io>(&'io self, dist: &'io InstalledDist) -> WheelMetadataResult {
        self.inner.get_installed_metadata(dist).await
    }

    fn with_reporter(self, reporter: Arc<dyn Reporter>) -> Self {
        Self { inner: self.inner.with_reporter(reporter), record: self.record }
    }
}

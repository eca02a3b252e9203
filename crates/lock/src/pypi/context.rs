//! What the resolver asks of its surroundings: everything a wheel needs, and a refusal for every build.

use std::{future::Future, path::Path};
use uv_cache::Cache;
use uv_configuration::{BuildKind, BuildOptions, BuildOutput, NoBinary, NoBuild, NoSources};
use uv_distribution_filename::DistFilename;
use uv_distribution_types::{
    CachedDist, ConfigSettings, DependencyMetadata, ExtraBuildRequires, ExtraBuildVariables,
    IndexCapabilities, IndexLocations, IsBuildBackendError, PackageConfigSettings, Requirement, SourceDist,
};
use uv_git::GitResolver;
use uv_python::{Interpreter, PythonEnvironment};
use uv_types::{
    AnyErrorBuild, BuildArena, BuildContext, BuildIsolation, BuildStack, ResolvedRequirements,
    SourceBuildTrait,
};
use uv_workspace::WorkspaceCache;

/// Something would have had to be built.
#[derive(Debug, thiserror::Error)]
#[error("building packages is not supported")]
pub(super) struct Refused;

impl uv_errors::Hint for Refused {}

impl IsBuildBackendError for Refused {
    fn is_build_backend_error(&self) -> bool {
        false
    }
}

/// The builder that is never made.
pub(super) struct Builder;

impl SourceBuildTrait for Builder {
    async fn metadata(&mut self) -> Result<Option<std::path::PathBuf>, AnyErrorBuild> {
        Err(Refused.into())
    }

    async fn wheel<'a>(&'a self, _: &'a Path) -> Result<String, AnyErrorBuild> {
        Err(Refused.into())
    }
}

/// A [`BuildContext`] that has wheels only.
pub(super) struct WheelsOnly {
    cache: Cache,
    locations: IndexLocations,
    git: GitResolver,
    arena: BuildArena<Builder>,
    capabilities: IndexCapabilities,
    metadata: DependencyMetadata,
    options: BuildOptions,
    settings: ConfigSettings,
    package_settings: PackageConfigSettings,
    sources: NoSources,
    workspaces: WorkspaceCache,
    requires: ExtraBuildRequires,
    variables: ExtraBuildVariables,
}

impl WheelsOnly {
    /// A context over `cache` that looks at `locations`.
    pub(super) fn new(cache: Cache, locations: IndexLocations) -> Self {
        Self {
            cache,
            locations,
            git: GitResolver::default(),
            arena: BuildArena::default(),
            capabilities: IndexCapabilities::default(),
            metadata: DependencyMetadata::default(),
            options: BuildOptions::new(NoBinary::None, NoBuild::All),
            settings: ConfigSettings::default(),
            package_settings: PackageConfigSettings::default(),
            sources: NoSources::All,
            workspaces: WorkspaceCache::default(),
            requires: ExtraBuildRequires::default(),
            variables: ExtraBuildVariables::default(),
        }
    }
}

impl BuildContext for WheelsOnly {
    type SourceDistBuilder = Builder;

    /// Asked for only while building; there is none, and the solve's time limit ends the wait.
    fn interpreter(&self) -> impl Future<Output = &Interpreter> + '_ {
        std::future::pending()
    }

    fn cache(&self) -> &Cache {
        &self.cache
    }

    fn git(&self) -> &GitResolver {
        &self.git
    }

    fn build_arena(&self) -> &BuildArena<Builder> {
        &self.arena
    }

    fn capabilities(&self) -> &IndexCapabilities {
        &self.capabilities
    }

    fn dependency_metadata(&self) -> &DependencyMetadata {
        &self.metadata
    }

    fn build_options(&self) -> &BuildOptions {
        &self.options
    }

    fn build_isolation(&self) -> BuildIsolation<'_> {
        BuildIsolation::Isolated
    }

    fn config_settings(&self) -> &ConfigSettings {
        &self.settings
    }

    fn config_settings_package(&self) -> &PackageConfigSettings {
        &self.package_settings
    }

    fn sources(&self) -> &NoSources {
        &self.sources
    }

    fn locations(&self) -> &IndexLocations {
        &self.locations
    }

    fn workspace_cache(&self) -> &WorkspaceCache {
        &self.workspaces
    }

    fn extra_build_requires(&self) -> &ExtraBuildRequires {
        &self.requires
    }

    fn extra_build_variables(&self) -> &ExtraBuildVariables {
        &self.variables
    }

    async fn resolve<'a>(
        &'a self,
        _: &'a [Requirement],
        _: &'a BuildStack,
    ) -> Result<ResolvedRequirements, impl IsBuildBackendError> {
        Err(Refused)
    }

    async fn install<'a>(
        &'a self,
        _: &'a ResolvedRequirements,
        _: &'a PythonEnvironment,
        _: &'a BuildStack,
    ) -> Result<Vec<CachedDist>, impl IsBuildBackendError> {
        Err(Refused)
    }

    async fn setup_build<'a>(
        &'a self,
        _: &'a Path,
        _: Option<&'a Path>,
        _: &'a Path,
        _: Option<&'a Path>,
        _: Option<&'a str>,
        _: Option<&'a SourceDist>,
        _: &'a NoSources,
        _: BuildKind,
        _: BuildOutput,
        _: BuildStack,
    ) -> Result<Builder, impl IsBuildBackendError> {
        Err(Refused)
    }

    async fn direct_build<'a>(
        &'a self,
        _: &'a Path,
        _: Option<&'a Path>,
        _: &'a Path,
        _: NoSources,
        _: BuildKind,
        _: Option<&'a str>,
    ) -> Result<Option<DistFilename>, impl IsBuildBackendError> {
        Err(Refused)
    }
}

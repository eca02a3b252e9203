//! Everything that the attempts of one solve share.

use super::{
    FindLinks, PypiError, Request,
    context::WheelsOnly,
    installed::Present,
    markers::{markers, python_version, tags},
    provider::{Record, Recording},
    requirement::{Item, hash_strategy, items},
    transport,
};
use crate::through::Through;
use serde_json::json;
use std::{str::FromStr, sync::Arc};
use tokio::sync::Semaphore;
use uv_cache::{Cache, Refresh};
use uv_client::{
    AuthIntegration, BaseClientBuilder, Connectivity, ExtraMiddleware, FlatIndexClient, RegistryClient,
    RegistryClientBuilder,
};
use uv_configuration::{Constraints, Excludes, IndexStrategy, Overrides};
use uv_distribution::DistributionDatabase;
use uv_distribution_filename::DistFilename;
use uv_distribution_types::{File, Index, IndexLocations, IndexUrl, Requirement, RequiresPython};
use uv_pep440::{Version, VersionSpecifier, VersionSpecifiers};
use uv_pep508::VersionOrUrl;
use uv_platform_tags::Tags;
use uv_pypi_types::{Conflicts, ResolverMarkerEnvironment, VerbatimParsedUrl};
use uv_requirements_txt::{RequirementEntry, RequirementsTxtRequirement};
use uv_resolver::{
    AllowedYanks, DefaultResolverProvider, ExcludeNewer, Exclusions, FlatIndex, InMemoryIndex, Manifest,
    Options, OptionsBuilder, Preference, Preferences, Prerelease, PrereleaseMode, PythonRequirement,
    ResolveError, Resolver, ResolverEnvironment, ResolverOutput,
};
use uv_types::{BuildContext, HashStrategy};

/// How long the default index says that its pages may be kept, and its files: it speaks for the mirrors that answer in
/// its place and leave that out.
const PAGES: &str = "max-age=600";
const FILES: &str = "max-age=365000000, immutable";

/// At most so many requests run at once.
const CONCURRENT_REQUESTS: usize = 32;

/// What the attempts of one solve share: the target, the client, and all that was read so far.
pub(super) struct Session<'a> {
    pub(super) request: &'a Request,
    pub(super) items: Vec<Item>,
    pub(super) markers: ResolverMarkerEnvironment,
    pub(super) tags: Tags,
    pub(super) python: Version,
    pub(super) client: RegistryClient,
    pub(super) context: WheelsOnly,
    pub(super) links: Vec<(DistFilename, File)>,
    pub(super) index: InMemoryIndex,
    pub(super) hashes: HashStrategy,
    pub(super) record: Arc<Record>,
    installed: Present,
    flat: FlatIndex,
    requests: Arc<Semaphore>,
}

impl<'a> Session<'a> {
    /// Reads the requirements, opens the cache and fetches what `--find-links` names.
    pub(super) async fn open(request: &'a Request) -> Result<Self, PypiError> {
        let environment = markers(request.platform, request.python).map_err(PypiError::internal)?;
        let markers = ResolverMarkerEnvironment::from(environment);
        let tags = tags(request.platform, request.python, request.glibc).map_err(PypiError::internal)?;
        let items = items(request, &markers)?;
        let hashes = hash_strategy(request, &items, &markers)?;
        let cache = Cache::from_path(&request.cache_dir)
            .with_refresh(Refresh::from_args(Some(request.refresh), Vec::new()))
            .init()
            .await
            .map_err(|source| PypiError::Cache { path: request.cache_dir.display().to_string(), source })?;
        let locations = locations(request)?;
        let client = client(request, cache.clone(), locations.clone(), IndexStrategy::UnsafeBestMatch)?;
        let context = WheelsOnly::new(cache.clone(), locations.clone());
        let entries = FlatIndexClient::new(client.cached_client(), client.connectivity(), &cache)
            .fetch_all(locations.flat_indexes().map(Index::url))
            .await
            .map_err(|error| transport::flat(&error))?;
        let links = entries.clone().into_parts().0.into_iter().map(|entry| {
            let (filename, file, _) = entry.into_parts();
            (filename, file)
        });
        Ok(Self {
            installed: Present::new(&request.installed)?,
            links: links.collect(),
            flat: FlatIndex::from_entries(entries, Some(&tags), &hashes, context.build_options()),
            python: python_version(request.python),
            requests: Arc::new(Semaphore::new(CONCURRENT_REQUESTS)),
            index: InMemoryIndex::default(),
            record: Arc::default(),
            request,
            items,
            markers,
            tags,
            client,
            context,
            hashes,
        })
    }

    /// One attempt with some of the items and further constraints. What was read is kept for the next one.
    pub(super) async fn attempt(
        &self,
        items: &[&Item],
        further: &[Requirement],
    ) -> Result<ResolverOutput, ResolveError> {
        let environment = ResolverEnvironment::specific(self.markers.clone());
        let options = self.options();
        let manifest = self.manifest(items, further, &environment);
        let target = RequiresPython::greater_than_equal_version(&self.python);
        let python = PythonRequirement::from_marker_environment(self.markers.markers(), target.clone());
        let provider = DefaultResolverProvider::new(
            DistributionDatabase::new(&self.client, &self.context, self.requests.clone()),
            &self.flat,
            Some(&self.tags),
            &target,
            AllowedYanks::from_manifest(&manifest, &environment, options.dependency_mode),
            &self.hashes,
            options.exclude_newer.clone(),
            self.context.locations(),
            self.context.build_options(),
            self.context.capabilities(),
        );
        Resolver::new_custom_io(
            manifest,
            options,
            &self.hashes,
            environment,
            self.markers.markers(),
            Some(self.tags.clone()),
            &python,
            Conflicts::empty(),
            &self.index,
            self.context.git(),
            self.context.capabilities(),
            self.context.locations(),
            Recording {
                inner: provider,
                record: self.record.clone(),
                offline: self.request.client.offline(),
            },
            self.installed.clone(),
        )
        .resolve()
        .await
    }

    fn options(&self) -> Options {
        let global =
            if self.request.indexes.prerelease { PrereleaseMode::Allow } else { PrereleaseMode::IfNecessary };
        OptionsBuilder::new()
            .prerelease(Prerelease { global, ..Prerelease::default() })
            .index_strategy(IndexStrategy::UnsafeBestMatch)
            .exclude_newer(ExcludeNewer::default())
            .build_options(self.context.build_options().clone())
            .build()
    }

    fn manifest(
        &self,
        items: &[&Item],
        further: &[Requirement],
        environment: &ResolverEnvironment,
    ) -> Manifest {
        let (constraints, requirements): (Vec<&&Item>, Vec<&&Item>) =
            items.iter().partition(|item| item.constraint);
        let constraints =
            constraints.into_iter().map(|item| item.parsed.clone()).chain(further.iter().cloned());
        let preferences =
            self.request.preferences.iter().filter_map(|(name, version)| preference(name, version));
        Manifest::new(
            requirements.into_iter().map(|item| item.parsed.clone()).collect(),
            Constraints::from_requirements(constraints),
            Overrides::default(),
            Excludes::default(),
            Preferences::from_iter(preferences, environment),
            None,
            std::collections::BTreeSet::new(),
            Exclusions::default(),
            Vec::new(),
        )
    }
}

/// A preference for `name==version`; text that is neither is no preference.
fn preference(name: &str, version: &str) -> Option<Preference> {
    let requirement = uv_pep508::Requirement::<VerbatimParsedUrl> {
        name: name.parse().ok()?,
        extras: Box::default(),
        version_or_url: Some(VersionOrUrl::VersionSpecifier(VersionSpecifiers::from(
            VersionSpecifier::equals_version(Version::from_str(version).ok()?),
        ))),
        marker: uv_pep508::MarkerTree::TRUE,
        origin: None,
    };
    let requirement = RequirementsTxtRequirement::Named(requirement);
    Preference::from_entry(RequirementEntry { requirement, hashes: Vec::new() }).ok()?
}

fn locations(request: &Request) -> Result<IndexLocations, PypiError> {
    let url = |address: &envwright_redact::SafeUrl| {
        IndexUrl::parse(address.expose().as_str(), None)
            .map_err(|_| PypiError::Index { text: address.without_credentials().to_string() })
    };
    let urls = &request.indexes;
    let mut indexes = Vec::new();
    for extra in &urls.extra {
        indexes.push(Index::from_extra_index_url(url(extra)?));
    }
    let default = (!urls.no_index).then(super::default_index);
    if let Some(main) = urls.index.clone().or(default) {
        let mut index = Index::from_index_url(url(&main)?);
        if matches!(index.url(), IndexUrl::Pypi(_)) && !request.refresh {
            index.cache_control = serde_json::from_value(json!({"api": PAGES, "files": FILES})).ok();
        }
        indexes.push(index);
    }
    let mut flat = Vec::new();
    for links in &urls.find_links {
        let location = match links {
            FindLinks::Url(address) => url(address)?,
            FindLinks::Path(path) => {
                let text = path.display().to_string();
                IndexUrl::parse(&text, None).map_err(|_| PypiError::Index { text })?
            }
        };
        flat.push(Index::from_find_links(location));
    }
    Ok(IndexLocations::new(indexes, flat, urls.no_index))
}

/// uv's client on top of the one HTTP client, which has the credentials of the index URLs.
pub(super) fn client(
    request: &Request,
    cache: Cache,
    locations: IndexLocations,
    strategy: IndexStrategy,
) -> Result<RegistryClient, PypiError> {
    let connectivity = if request.client.offline() { Connectivity::Offline } else { Connectivity::Online };
    let indexes = request.indexes.index.iter().chain(&request.indexes.extra);
    let links = request.indexes.find_links.iter().filter_map(|links| match links {
        FindLinks::Url(url) => Some(url),
        FindLinks::Path(_) => None,
    });
    let through = Through::new(request.client.knowing(indexes.chain(links).cloned().collect()));
    let base = BaseClientBuilder::default()
        .connectivity(connectivity)
        .auth_integration(AuthIntegration::NoAuthMiddleware)
        .custom_client(request.client.plain())
        .extra_middleware(ExtraMiddleware(vec![Arc::new(through)]))
        // What ends in the middle is asked for again by uv itself.
        .retries(request.client.settings().limits.retries);
    RegistryClientBuilder::new(base, cache)
        .index_locations(locations)
        .index_strategy(strategy)
        .build()
        .map_err(|error| transport::setup(&error))
}

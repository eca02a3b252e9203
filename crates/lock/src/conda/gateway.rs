//! What channels have, read by rattler's gateway through the one HTTP client.

use super::{Asked, Channel, CondaError, Request, channels::plain_url, error::at};
use crate::through::{Through, innermost};
use envwright_diagnosis::{Explain as _, Finding, nearest};
use envwright_fetch::{FetchError, Transport, status_problem};
use envwright_redact::SafeUrl;
use envwright_store::refused;
use envwright_target::{Arch, Platform};
use rattler_conda_types::{
    MatchSpec, PackageName, PackageNameMatcher, ParseMatchSpecOptions, ParseStrictness, RepoDataRecord,
    Subdir,
};
use rattler_repodata_gateway::{
    ChannelConfig, Gateway, GatewayError, MultiSource, RepoData, Source, SourceConfig,
    fetch::{CacheAction, FetchRepoDataError},
};
use std::{collections::BTreeSet, error::Error, io, iter};
use tokio::time::{Instant, timeout_at};

/// At most so many versions are named.
const NAMED: usize = 12;

/// Channels that can be asked.
pub(super) struct Channels<'r> {
    request: &'r Request,
    gateway: Gateway,
    sources: Vec<Source>,
    plain: Vec<rattler_conda_types::Channel>,
}

impl<'r> Channels<'r> {
    pub(super) fn open(request: &'r Request) -> Result<Self, CondaError> {
        let mut config = ChannelConfig::default();
        if request.client.offline() {
            config.default = SourceConfig { cache_action: CacheAction::ForceCacheOnly, ..config.default };
        }
        // No shards are read from registries, and what they mirror may be out of reach.
        let urls = request.channels.iter().flat_map(Channel::plain);
        for url in urls.filter(|url| request.client.asks_registry(url)) {
            let whole = SourceConfig { sharded_enabled: false, ..config.default.clone() };
            config.per_channel.insert(url.expose().clone(), whole);
        }
        let gateway = Gateway::builder()
            .with_client(Through::of_channels(request.client.for_conda(), &request.channels))
            .with_channel_config(config)
            .with_cache_dir(&request.cache_dir)
            .finish();
        let (mut sources, mut plain) = (Vec::new(), Vec::new());
        for channel in &request.channels {
            let own: Vec<_> = channel
                .plain()
                .map(|url| rattler_conda_types::Channel::from_url(url.expose().clone()))
                .collect();
            plain.extend(own.iter().cloned());
            if let [one] = own.as_slice() {
                sources.push(Source::Channel(one.clone()));
            } else {
                let several = own.into_iter().map(Source::Channel).collect();
                let several = MultiSource::new(channel.name.as_str(), several);
                sources.push(several.map_err(CondaError::internal)?.into());
            }
        }
        Ok(Self { request, gateway, sources, plain })
    }

    /// The records of all packages that the specifications may need, in the order of the channels.
    pub(super) async fn records(
        &self,
        specs: &[MatchSpec],
        deadline: Instant,
    ) -> Result<Vec<RepoData>, CondaError> {
        let subdirs = [subdir(self.request.platform), Subdir::NoArch];
        let query = self.gateway.query(self.sources.clone(), subdirs, specs.to_vec()).recursive(true);
        let answer = timeout_at(deadline, async { query.await }).await.map_err(|_| self.timeout())?;
        Ok(answer.map_err(|error| self.failure(&error))?.repodata)
    }

    /// The records of some packages alone, for any of these platforms.
    pub(super) async fn of_names(
        &self,
        names: &[&str],
        subdirs: &[Subdir],
        deadline: Instant,
    ) -> Result<Vec<RepoDataRecord>, CondaError> {
        let specs = names.iter().filter_map(|name| MatchSpec::from_str(name, lenient()).ok());
        let specs: Vec<MatchSpec> = specs.collect();
        let query = self.gateway.query(self.sources.clone(), subdirs.to_vec(), specs).recursive(false);
        let answer = timeout_at(deadline, async { query.await }).await.map_err(|_| self.timeout())?;
        let found = answer.map_err(|error| self.failure(&error))?.repodata;
        Ok(found.iter().flat_map(RepoData::iter).cloned().collect())
    }

    /// The name in the channels that is nearest to one that they lack.
    pub(super) async fn nearest(&self, name: &str, deadline: Instant) -> Option<String> {
        let subdirs = [subdir(self.request.platform), Subdir::NoArch];
        let query = self.gateway.names(self.plain.clone(), subdirs);
        let names = timeout_at(deadline, async { query.await }).await.ok()?.ok()?;
        nearest(name, names.iter().map(PackageName::as_normalized)).map(str::to_owned)
    }

    fn timeout(&self) -> CondaError {
        CondaError::Timeout { limit: self.request.time_limit }
    }

    /// The failure that an error of the gateway describes, at the channel where it was asked.
    fn failure(&self, error: &GatewayError) -> CondaError {
        let (finding, url) = failure(error);
        let of = |channel: &&Channel| {
            let url = url.as_ref().map(|url| plain_url(url).to_string());
            url.is_some_and(|url| channel.plain().any(|own| url.starts_with(own.below("").expose().as_str())))
        };
        // Of a single channel, it is that one.
        let only = || self.request.channels.first().filter(|_| self.request.channels.len() == 1);
        let finding = match self.request.channels.iter().find(of).or_else(only) {
            Some(channel) => {
                // Which of its pages failed first is of no interest.
                let finding = channel.plain().take(1).fold(finding, |finding, url| finding.fact("url", url));
                at(finding.fact("channel", &channel.name), channel.span.as_ref(), "asked here")
            }
            None => finding,
        };
        CondaError::Transport { finding: Box::new(finding) }
    }
}

/// conda's name of a platform.
pub(super) fn subdir(platform: Platform) -> Subdir {
    match platform.arch {
        Arch::Amd64 => Subdir::Linux64,
        Arch::Arm64 => Subdir::LinuxAarch64,
    }
}

/// The same as text, such as `linux-64`.
pub fn subdir_name(platform: Platform) -> &'static str {
    subdir(platform).as_str()
}

/// How specifications are read.
pub(super) fn lenient() -> ParseMatchSpecOptions {
    ParseMatchSpecOptions::new(ParseStrictness::Lenient).with_exact_names_only(false)
}

/// The specifications of a request, as rattler reads them.
pub(super) fn parsed(request: &Request) -> Result<Vec<MatchSpec>, CondaError> {
    request.specs.iter().map(|asked| parse(asked, &request.channels)).collect()
}

/// One specification, of these channels.
pub(super) fn parse(asked: &Asked, channels: &[Channel]) -> Result<MatchSpec, CondaError> {
    let wrong = |reason: String| {
        let text = envwright_redact::Redactor::default().redact(&asked.text).into_owned();
        CondaError::Spec { text, reason, span: asked.span.clone() }
    };
    let (channel, rest) = match asked.text.split_once("::") {
        Some((channel, rest)) if !channel.contains('[') => (Some(channel.trim()), rest),
        _ => (None, asked.text.as_str()),
    };
    let mut spec = MatchSpec::from_str(rest, lenient()).map_err(|error| wrong(error.to_string()))?;
    if spec.url.is_some() {
        return Err(wrong("packages at an address of their own are not installed yet".to_owned()));
    }
    if !matches!(spec.name, PackageNameMatcher::Exact(_)) {
        return Err(wrong("a pattern is no name of a package".to_owned()));
    }
    if let Some(name) = channel {
        let found =
            channels.iter().find(|known| known.name == name || known.name.trim_end_matches('/') == name);
        let found = found.ok_or_else(|| wrong(format!("the channel `{name}` is not one of those listed")))?;
        let url = found.plain().next().ok_or_else(|| wrong("its channel has no address".to_owned()))?;
        let mut channel = rattler_conda_types::Channel::from_url(url.expose().clone());
        if found.urls.len() > 1 {
            channel.name = Some(found.name.clone());
        }
        spec.channel = Some(channel.into());
    }
    Ok(spec)
}

/// What went wrong, and at which address as far as that is known.
fn failure(error: &GatewayError) -> (Finding, Option<SafeUrl>) {
    let mut next: Option<&(dyn Error + 'static)> = match exchange(error) {
        Some(inner) => Some(inner),
        None => Some(error),
    };
    // One of a body lies below the HTTP library's own.
    let mut causes = iter::successors(next, |cause| (**cause).source());
    if let Some(error) = causes.find_map(|cause| cause.downcast_ref::<FetchError>()) {
        let finding = error.findings().pop().unwrap_or_else(|| Finding::new("net-io"));
        let url = finding.facts.get("url").and_then(|url| SafeUrl::parse(url).ok());
        return (of_channel(finding, status(error)), url);
    }
    let mut url = None;
    let mut of_system = None;
    while let Some(cause) = next {
        if let GatewayError::SubdirNotFoundError(missing) = error {
            url = url.or_else(|| Some(SafeUrl::from(missing.channel.base_url.url().as_ref().clone())));
        }
        if let Some(error) = cause.downcast_ref::<reqwest_middleware::reqwest::Error>() {
            url = url.or_else(|| error.url().map(|url| SafeUrl::from(url.clone())));
            let finding = match error.status() {
                Some(status) => {
                    let status = status.as_u16();
                    return (of_channel(about(status_problem(status), url.as_ref()), Some(status)), url);
                }
                None => about(Transport::of(error).problem(), url.as_ref()),
            };
            return (finding.fact("reason", error), url);
        }
        of_system = of_system.or_else(|| cause.downcast_ref::<io::Error>());
        next = cause.source();
    }
    if let GatewayError::SubdirNotFoundError(_) = error {
        return (of_channel(about("net-not-found", url.as_ref()), Some(404)), url);
    }
    match (error, of_system) {
        (
            GatewayError::CacheError(_)
            | GatewayError::FetchRepoDataError(FetchRepoDataError::NoCacheAvailable(_))
            | GatewayError::ShardedIndexNotCached(_)
            | GatewayError::ShardNotCached(_),
            _,
        ) => (Finding::new("offline-miss").fact("url", "the packages of a channel"), url),
        (_, Some(error)) if error.kind() != io::ErrorKind::InvalidData && error.raw_os_error().is_some() => {
            (refused("the packages of a channel", error), url)
        }
        _ => (about("conda-bad-channel", url.as_ref()).detail(innermost(error)), url),
    }
}

/// The error of an exchange of HTTP that an error shows as itself: it is no cause of it then.
fn exchange(error: &GatewayError) -> Option<&(dyn Error + 'static)> {
    use reqwest_middleware::Error as Wrapped;
    match error {
        GatewayError::ReqwestError(error) => Some(error),
        GatewayError::ReqwestMiddlewareError(error) => Some(error.as_ref()),
        GatewayError::FetchRepoDataError(FetchRepoDataError::HttpError(wrapped)) => match wrapped {
            Wrapped::Reqwest(error) => Some(error),
            Wrapped::Middleware(error) => Some(error.as_ref()),
        },
        _ => None,
    }
}

fn about(problem: &'static str, url: Option<&SafeUrl>) -> Finding {
    let finding = Finding::new(problem);
    let Some(url) = url.map(plain_url) else { return finding };
    let finding = finding.fact("url", &url);
    match url.host() {
        Some(host) => finding.fact("host", host),
        None => finding,
    }
}

/// A refusal is told as the channel's.
fn of_channel(finding: Finding, status: Option<u16>) -> Finding {
    let problem = match status {
        Some(401 | 403) => "conda-http-403",
        Some(404) => "conda-http-404",
        _ => return finding,
    };
    let mut told = Finding::new(problem);
    for name in ["url", "host"] {
        if let Some(value) = finding.facts.get(name) {
            told = told.fact(name, value);
        }
    }
    match status {
        Some(status) => told.fact("status", status),
        None => told,
    }
}

fn status(error: &FetchError) -> Option<u16> {
    match error.root() {
        FetchError::Status { status, .. } => Some(*status),
        _ => None,
    }
}

/// Versions of records, the highest first, each once; the rest counted.
pub(super) fn versions<'r>(records: impl IntoIterator<Item = &'r RepoDataRecord>) -> String {
    let all: BTreeSet<_> = records.into_iter().map(|record| &record.package_record.version).collect();
    let mut named: Vec<String> = all.iter().rev().take(NAMED).map(ToString::to_string).collect();
    if all.len() > NAMED {
        named.push(format!("{} more", all.len() - NAMED));
    }
    named.join(", ")
}

//! What conda's channels and the indexes of Python have of a package, both asked at once.

mod world;

use crate::{
    attempt::{self, failed},
    conda::{channel_names, folder},
    event::{Listener, Step},
    names::{GLIBC, PYTHON},
    pipeline::outside_a_build,
    record::Record,
    report::Failed,
    request::{Input, Request},
    settings::Settings,
    solve::index_urls,
    stop::Stop,
};
use envwright_definition::{Environment, Indexes};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, Finding};
use envwright_fetch::Client;
use envwright_lock::{
    Answer, Fitting,
    conda::{self, Asked, Channel, CondaError},
    pypi::{self, PypiError, Required},
};
use envwright_redact::Redactor;
use envwright_store::Home;
use envwright_target::Platform;
use std::path::PathBuf;
use world::Outcome;
pub use world::World;

/// What is looked for, and where.
#[derive(Debug, Clone)]
pub struct Search {
    /// A name, with a bound of versions where one is meant: `numpy`, `numpy>=1.26`, `numpy=1.26.*`,
    /// `conda-forge::numpy`.
    pub package: String,
    /// conda's channels, in the place of those of a definition or of the configuration.
    pub channels: Vec<String>,
    /// The definition whose channels and indexes are asked.
    pub definition: Option<Request>,
    /// What the packages have to run on.
    pub fitting: Fitting,
    /// Nothing may be asked of the network.
    pub offline: bool,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Searched {
    /// What was looked for, secrets masked.
    pub package: String,
    /// conda's channels.
    pub conda: World,
    /// The indexes of Python.
    pub pypi: World,
    /// Who could not be asked; that there is nothing, where there is nothing.
    pub diagnosis: Diagnosis,
}

/// Looks for a package in both worlds. One that does not answer, or cannot read the text, hides nothing of the other.
pub fn search(
    home: &Home,
    settings: &Settings,
    search: &Search,
    listener: &dyn Listener,
    stop: &Stop,
) -> Result<Searched, Failed> {
    let environment = match search.definition.as_ref().map(|request| attempt::read(request, settings)) {
        Some(Err(error)) => return Err(failed(None, &error, &error.redactor())),
        Some(Ok(environment)) => Some(environment),
        None => None,
    };
    let record = Record::unkept(listener);
    outside_a_build(home, stop, async || {
        let mut network = settings.network.clone();
        network.offline |= search.offline;
        let asking = Asking { home, settings, search, client: Client::new(network)? };
        let package = Redactor::default().redact(&search.package).into_owned();
        record.event(Step::Solve, "searching", &[("package", package.as_str().into())]);
        let (conda, pypi) =
            tokio::join!(asking.conda(environment.as_ref()), asking.pypi(environment.as_ref()));
        let secrets = environment.as_ref().map(attempt::secrets).unwrap_or_default();
        Ok(searched(package, conda, pypi, &Redactor::new(secrets)))
    })
}

/// Joins both. That one of them lacks the package is no failure where the other one has it; where one could not be
/// asked, it is not known to be missing.
fn searched(package: String, conda: World, pypi: World, redactor: &Redactor) -> Searched {
    let outcomes = [&conda.outcome, &pypi.outcome];
    let of = |part: fn(&Outcome) -> &[Finding]| -> Vec<Finding> {
        outcomes.iter().flat_map(|outcome| part(outcome)).cloned().collect()
    };
    let mut findings = of(|outcome| &outcome.failures);
    if findings.is_empty() && !outcomes.iter().any(|outcome| outcome.has_any) {
        findings = of(|outcome| outcome.missing.as_slice());
        if findings.is_empty() {
            findings = of(|outcome| &outcome.unread);
        }
    }
    let diagnosis = Diagnosis::redacted(findings, &Catalog::builtin(), redactor);
    Searched { package, conda, pypi, diagnosis }
}

/// What both need.
struct Asking<'a> {
    home: &'a Home,
    settings: &'a Settings,
    search: &'a Search,
    client: Client,
}

impl Asking<'_> {
    async fn conda(&self, environment: Option<&Environment>) -> World {
        let (channels, failures) = self.channels(environment);
        let mut world = World {
            places: channels.iter().map(|channel| channel.name.clone()).collect(),
            ..World::default()
        };
        let mut request = self.conda_request(channels);
        let answer = if request.channels.is_empty() {
            Ok(Answer::default())
        } else {
            conda::search(&request, &self.search.fitting).await
        };
        match answer {
            Ok(mut answer) => {
                answer.failures.extend(failures);
                world.take(answer);
            }
            Err(error @ CondaError::Spec { .. }) => {
                world.unread(&error);
                world.outcome.failures = failures;
            }
            Err(error) => world.take(Answer { failures: error.findings(), ..Answer::default() }),
        }
        if world.versions.is_empty() && world.outcome.unread.is_empty() {
            for channel in self.other_channels(&world.places) {
                let name = channel.name.clone();
                request.channels = vec![channel];
                let found = conda::search(&request, &self.search.fitting).await;
                if found.is_ok_and(|answer| answer.has_any()) {
                    world.elsewhere.push(name);
                }
            }
        }
        world
    }

    fn conda_request(&self, channels: Vec<Channel>) -> conda::Request {
        conda::Request {
            specs: vec![Asked { text: self.search.package.clone(), span: None }],
            channels,
            priority: self.settings.conda.priority,
            platform: self.platform(),
            glibc: None,
            cuda: None,
            preferences: Vec::new(),
            time_limit: self.settings.solve_limit,
            cache_dir: self.home.indexes().join("conda"),
            client: self.client.clone(),
        }
    }

    /// The channels that are asked, and what is wrong with others: the one that the package's text names, else those that
    /// were named, else the definition's, else the configured ones.
    fn channels(&self, environment: Option<&Environment>) -> (Vec<Channel>, Vec<Finding>) {
        let settings = &self.settings.conda;
        let names = match self.search.package.split_once("::") {
            Some((channel, _)) => vec![(channel.trim(), None)],
            None if self.search.channels.is_empty() => {
                channel_names(settings, environment.and_then(|environment| environment.conda.as_ref()))
            }
            None => self.search.channels.iter().map(|text| (text.as_str(), None)).collect(),
        };
        let (mut channels, mut failures) = (Vec::<Channel>::new(), Vec::new());
        for (text, span) in names {
            match settings.channels.resolve(text, &self.folder(), span) {
                Ok(Some(channel)) if !channels.iter().any(|known| known.name == channel.name) => {
                    channels.push(channel);
                }
                Ok(_) => {}
                Err(error) => failures.extend(error.findings()),
            }
        }
        (channels, failures)
    }

    /// The channels that the configuration names, and nobody asked for.
    fn other_channels(&self, asked: &[String]) -> Vec<Channel> {
        let settings = &self.settings.conda;
        let names = settings.default.iter().chain(settings.channels.custom.keys());
        let others = names.filter(|name| !asked.contains(name));
        others.filter_map(|name| settings.channels.resolve(name, &self.folder(), None).ok()?).collect()
    }

    fn folder(&self) -> PathBuf {
        let here = Input::Path(PathBuf::from("."));
        folder(self.search.definition.as_ref().map_or(&here, |request| &request.input))
    }

    async fn pypi(&self, environment: Option<&Environment>) -> World {
        let indexes = environment.map_or(&self.settings.indexes, |environment| &environment.indexes);
        let mut world = World { places: index_names(indexes), ..World::default() };
        let package = self.search.package.clone();
        let asked = Required { name: String::new(), text: package, hashes: Vec::new(), span: None };
        let request = pypi::Request {
            requirements: vec![asked],
            constraints: Vec::new(),
            indexes: index_urls(indexes),
            require_hashes: false,
            platform: self.platform(),
            python: PYTHON,
            glibc: Some(GLIBC),
            installed: Vec::new(),
            preferences: Vec::new(),
            time_limit: self.settings.solve_limit,
            cache_dir: self.home.indexes().join("pypi"),
            refresh: false,
            client: self.client.clone(),
        };
        match pypi::search(&request, &self.search.fitting).await {
            Ok(answer) => world.take(answer),
            Err(error @ PypiError::Requirement { .. }) => world.unread(&error),
            Err(error) => world.take(Answer { failures: error.findings(), ..Answer::default() }),
        }
        world
    }

    fn platform(&self) -> Platform {
        let named = self.search.fitting.platforms.first().copied();
        named.or_else(Platform::host).unwrap_or(Platform::AMD64)
    }
}

/// The addresses of indexes, in the order in which they are asked.
fn index_names(indexes: &Indexes) -> Vec<String> {
    let default = (!indexes.no_index).then(pypi::default_index);
    let main = indexes.index.clone().or(default);
    let all = indexes.extra.iter().chain(&main).filter(|_| !indexes.no_index);
    let names = all.map(|url| url.without_credentials().to_string());
    names.chain((!indexes.find_links.is_empty()).then(|| pypi::LINKS.to_owned())).collect()
}

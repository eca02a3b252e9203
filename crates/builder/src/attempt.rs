//! One attempt to make an image: definition → lock → segments → layers → image → outputs.

mod look;
mod materialize;
mod packages;
mod platforms;

use crate::{
    BuildError, absent, as_it_is, assemble,
    context::{Context, Purpose},
    done::{self, Done},
    event::Step,
    outputs,
    plan::Totals,
    push,
    record::{Record, Summary},
    report::{Failed, PlatformReport, Report, Seconds},
    request::{Input, Request, Upgrade},
    settings::Settings,
    solve::{self, Known},
    stop::Stop,
};
use envwright_definition::{Environment, Options};
use envwright_diagnosis::{Catalog, Diagnosis, Explain as _, Finding, masked, report};
use envwright_image::{Image, ImageError, ImageReference, Layout, assemble_index};
use envwright_lock::LockFiles;
use envwright_redact::{Redactor, Secret};
use envwright_store::{Digest, Home};
use envwright_target::Platform;
pub use platforms::Locked;
use platforms::Prepared;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Threads for work that mostly waits for the disk, besides those that keep a core busy.
const SHORT_TASKS: usize = 8;

/// How long threads whose work nobody waits for any more may take to tidy up.
pub(crate) const LAST_WORK: Duration = Duration::from_secs(1);

/// What one attempt is about.
pub(crate) struct Attempt<'a> {
    pub(crate) home: &'a Home,
    settings: &'a Settings,
    request: &'a Request,
    pub(crate) stop: &'a Stop,
    environment: Environment,
    definition: Digest,
    redactor: Redactor,
    /// Whether what is chosen is what the next choice for this definition's place stays near.
    keeps_last: bool,
    started: Instant,
}

impl<'a> Attempt<'a> {
    /// Reads the definition.
    pub(crate) fn read(
        home: &'a Home,
        settings: &'a Settings,
        request: &'a Request,
        stop: &'a Stop,
    ) -> Result<Self, Failed> {
        let opened = Self::open(home, settings, request, stop);
        opened.map_err(|error| failed(None, &error, &error.redactor()))
    }

    /// The same, with the error as it is.
    pub(crate) fn open(
        home: &'a Home,
        settings: &'a Settings,
        request: &'a Request,
        stop: &'a Stop,
    ) -> Result<Self, BuildError> {
        let started = Instant::now();
        let environment = read(request, settings)?.buildable()?;
        let redactor = Redactor::new(secrets(&environment));
        let definition = environment.hash();
        let keeps_last = true;
        Ok(Self { home, settings, request, stop, environment, definition, redactor, keeps_last, started })
    }

    /// What hides the definition's secrets.
    pub(crate) fn redactor(&self) -> Redactor {
        Redactor::new(secrets(&self.environment))
    }

    /// What the definition alone says, whether or not a build repeats it.
    pub(crate) fn of_definition(&self) -> impl Iterator<Item = &Finding> {
        self.environment.findings.iter().chain(&self.environment.remarks)
    }

    /// The failure that an error is, in the catalog's words.
    pub(crate) fn failed(&self, build: Option<&str>, error: &BuildError) -> Failed {
        failed(build, error, &self.redactor)
    }

    /// Runs to the end, or until stopping is asked for.
    pub(crate) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, BuildError>>,
    ) -> Result<T, BuildError> {
        // A thread for each download that opens its file and each package that is packed; those that rest go soon, so
        // that what the allocator keeps for them does not add up.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(self.request.threads() + SHORT_TASKS)
            .thread_keep_alive(Duration::from_secs(1))
            .enable_all()
            .build()?;
        let outcome = runtime.block_on(self.stop.or(work));
        if outcome.is_err() {
            // A thread may wait for a lock that another process holds for long.
            runtime.shutdown_timeout(LAST_WORK);
        }
        outcome
    }

    /// The platforms that are asked for: by the request, else by the definition, else the host's.
    pub(crate) fn platforms(&self) -> Result<Vec<Platform>, BuildError> {
        let named = [&self.request.platforms, &self.environment.platforms];
        let chosen = named.into_iter().find(|platforms| !platforms.is_empty()).cloned();
        let mut platforms = match chosen {
            Some(platforms) => platforms,
            None => vec![Platform::host().ok_or_else(|| BuildError::Unsupported {
                what: "images for this machine's architecture".to_owned(),
                instead: "Name a platform: --platform linux/amd64".to_owned(),
            })?],
        };
        platforms.sort_unstable();
        platforms.dedup();
        Ok(platforms)
    }

    /// Names of the image: the given ones, else one made of the definition's name or the name of its folder.
    fn names(&self) -> Vec<ImageReference> {
        if !self.request.tags.is_empty() {
            return self.request.tags.clone();
        }
        let folder = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let place = match &self.request.input {
            Input::Path(path) => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            Input::Text { folder, .. } => folder.join("-"),
        };
        let place = if place.is_dir() { folder(&place) } else { place.parent().and_then(folder) };
        let name = self.environment.name.clone().or(place).unwrap_or_else(|| "environment".to_owned());
        vec![ImageReference::suggested(&name, self.environment.version.as_deref())]
    }

    /// The finished image, where it is there; layers of its base may be where they can be had.
    fn finished(&self) -> Option<(Layout, Done)> {
        if self.request.upgrade != Upgrade::None || self.request.locked {
            return None;
        }
        let done = done::find(self.home, &self.done_key().ok()?)?;
        let layout = Layout::open(&self.home.images()).ok()?;
        layout.absent(&done.digest).is_ok().then_some((layout, done))
    }

    /// The outcome when everything is there already: no network, no solving, no packing, no record.
    pub(crate) fn nothing_to_do(&self, record: &Record<'_>) -> Option<Result<Report, BuildError>> {
        let (layout, mut done) = self.finished()?;
        if let Err(error) = self.block_on(self.complete(&layout, &done, record)) {
            return Some(Err(error));
        }
        done.warnings.splice(0..0, self.environment.findings.iter().cloned());
        Some(self.deliver(&layout, done, None))
    }

    /// Key of the finished image: everything that its bytes depend on, besides what a solve found.
    fn done_key(&self) -> Result<Digest, BuildError> {
        let files = solve::lock_files(&self.request.input);
        let beside = files.map(|files| files.path().to_owned());
        Ok(done::key(
            &self.environment,
            self.definition,
            &self.platforms()?,
            self.request,
            self.settings,
            beside.as_deref(),
        ))
    }

    /// Fetches the layers that outputs need.
    async fn complete(&self, layout: &Layout, done: &Done, record: &Record<'_>) -> Result<(), BuildError> {
        absent::fetch(self.settings, self.request, layout, &done.digest, record).await
    }

    /// Names the image, writes it where it was asked for, and reports.
    fn deliver(
        &self,
        layout: &Layout,
        done: Done,
        record: Option<&Record<'_>>,
    ) -> Result<Report, BuildError> {
        let names = self.names();
        for name in &names {
            layout.tag(name, &done.digest)?;
        }
        let mut written = Vec::new();
        for output in &self.request.outputs {
            let place = outputs::write(layout, &done, &names, output)?;
            if let Some(record) = record {
                record.event(Step::Output, "written", &[("place", place.as_str().into())]);
            }
            written.push(place);
        }
        let names = names.iter().map(ToString::to_string).collect();
        Ok(Report { outputs: written, ..self.report(done, names, record) })
    }

    /// What is said of an image that was there.
    fn report(&self, done: Done, names: Vec<String>, record: Option<&Record<'_>>) -> Report {
        let cached =
            done.platforms.iter().map(|platform| platform.debian + platform.conda + platform.pypi).sum();
        Report {
            build: record.and_then(|record| record.id().map(str::to_owned)),
            names,
            digest: done.digest,
            definition: self.definition,
            platforms: done.platforms,
            packages: Totals { cached, ..Totals::default() },
            outputs: Vec::new(),
            pushed: Vec::new(),
            reused: record.is_none(),
            as_it_is: false,
            seconds: Seconds { total: self.started.elapsed().as_secs_f64(), ..Seconds::default() },
            warnings: masked(done.warnings, &self.redactor),
        }
    }

    /// Pushes the image where that was asked for.
    pub(crate) fn pushed(&self, mut report: Report, record: &Record<'_>) -> Result<Report, BuildError> {
        if !self.request.push {
            return Ok(report);
        }
        let mut settings = self.settings.clone();
        settings.network.offline |= self.request.offline;
        let layout = Layout::open(&self.home.images())?;
        let (digest, names) = (report.digest, self.names());
        let pushing = push::to_registries(self.home, &settings, &layout, &digest, &names, record);
        let started = Instant::now();
        report.pushed = self.block_on(pushing)?;
        report.seconds.push = started.elapsed().as_secs_f64();
        report.seconds.total = self.started.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Makes the image, every step of it in the record.
    pub(crate) fn run(&self, record: &Record<'_>) -> Result<Report, BuildError> {
        let names: Vec<String> = self.names().iter().map(ToString::to_string).collect();
        record.event(Step::Build, "queued", &[("names", names.into())]);
        record.event(
            Step::Define,
            "defined",
            &[
                ("requirements", self.environment.requirements.len().into()),
                ("base", solve::base_name(&self.environment).into()),
                ("definition", self.definition.to_string().into()),
            ],
        );
        for (position, source) in self.environment.sources.iter().enumerate() {
            let name = source.name.rsplit(['/', '\\']).next().unwrap_or_default();
            let text = self.redactor.redact(&source.text);
            record.keep(&format!("definition/{position}-{name}"), text.as_bytes())?;
        }
        let context = Context::new(self.home, self.settings, self.request, record, self.stop)?;
        let context = context.to(Purpose::Build);
        match self.block_on(self.image(&context)) {
            // A segment that the disk did not keep as it was is only a cache: it is made again, once.
            Err(BuildError::Image(ImageError::Segment { key })) => {
                record.event(Step::Pack, "damaged", &[("segment", key.to_string().into())]);
                context.segments.set_aside(&key);
                self.block_on(self.image(&context))
            }
            outcome => outcome,
        }
    }

    async fn image(&self, context: &Context<'_>) -> Result<Report, BuildError> {
        if let Some(name) = as_it_is::image(&self.environment) {
            return self.as_it_is(context, name).await;
        }
        let layout = Arc::new(Layout::create(&self.home.images())?);
        let Prepared { locked, parts, packages, mut seconds } = self.prepare_all(context).await?;
        if let Some(folder) = context.record.folder() {
            LockFiles::of(folder).write(&locked.lock, &locked.indexes)?;
        }
        let mut warnings = locked.warnings;
        let started = Instant::now();
        context.record.event(Step::Layer, "layering", &[]);
        let mut images = Vec::new();
        let mut platforms = Vec::new();
        for parts in parts {
            let labels =
                assemble::labels(&self.environment, self.definition, &parts.lock, self.settings.epoch);
            let lock = parts.lock.clone();
            let made = assemble::image(context, &layout, &self.environment, labels, parts).await?;
            warnings.extend(made.warnings);
            platforms.push(PlatformReport::new(&made.image, &made.layers, &lock));
            images.push(made.image);
        }
        let digest = joined(&layout, &images)?;
        seconds.layer = started.elapsed().as_secs_f64();
        let done = Done { digest, platforms, warnings };
        done::keep(self.home, &self.done_key()?, &done)?;
        let done = Done {
            warnings: self.environment.findings.iter().cloned().chain(done.warnings).collect(),
            ..done
        };
        self.complete(&layout, &done, context.record).await?;
        let mut report = self.deliver(&layout, done, Some(context.record))?;
        report.packages = packages;
        report.seconds = Seconds { total: self.started.elapsed().as_secs_f64(), ..seconds };
        Ok(report)
    }

    async fn found(
        &self,
        context: &Context<'_>,
        name: &str,
        platform: Platform,
        known: &Known,
    ) -> Result<Image, BuildError> {
        let found = as_it_is::find(context, name, platform, known).await;
        found.map_err(|error| error.of_base(self.environment.base_span.as_ref()))
    }

    /// Finds the image that is used as it is.
    async fn as_it_is(&self, context: &Context<'_>, name: &str) -> Result<Report, BuildError> {
        let platforms = self.platforms()?;
        let known = Known::read(context, self.definition, &platforms)?;
        let mut images = Vec::new();
        let mut reports = Vec::new();
        for platform in platforms {
            let image = self.found(context, name, platform, &known).await?;
            reports.push(PlatformReport::new(&image, &[], &as_it_is::lock(name, image.digest)));
            images.push(image);
        }
        let layout = Layout::open(&self.home.images())?;
        let done = Done {
            digest: joined(&layout, &images)?,
            platforms: reports,
            warnings: self.environment.findings.clone(),
        };
        let mut report = if as_it_is::is_wanted(self.request) {
            self.complete(&layout, &done, context.record).await?;
            self.deliver(&layout, done, Some(context.record))?
        } else {
            self.report(done, vec![name.to_owned()], Some(context.record))
        };
        report.as_it_is = true;
        Ok(report)
    }

    /// Writes the outcome into the record.
    pub(crate) fn conclude(&self, record: &Record<'_>, outcome: &Result<Report, Failed>) {
        let mut summary = Summary::running(record.id().unwrap_or_default());
        summary.seconds = self.started.elapsed().as_secs_f64();
        match outcome {
            Ok(report) => {
                "done".clone_into(&mut summary.state);
                summary.image = report.names.first().cloned();
                summary.digest = Some(report.digest.to_string());
                record.event(Step::Build, "done", &[("digest", report.digest.to_string().into())]);
            }
            Err(failed) if failed.interrupted => {
                "interrupted".clone_into(&mut summary.state);
                record.event(Step::Build, "failed", &[("interrupted", true.into())]);
            }
            Err(failed) => {
                "failed".clone_into(&mut summary.state);
                summary.problem = failed.diagnosis.root().map(|root| root.finding.problem.to_string());
                record.log(&report::text(&failed.diagnosis, false, 110));
                record.event(Step::Build, "failed", &[("problem", summary.problem.clone().into())]);
            }
        }
        record.finish(&summary);
    }
}

/// The failure that an error is, in the catalog's words.
pub(crate) fn failed(build: Option<&str>, error: &BuildError, redactor: &Redactor) -> Failed {
    let diagnosis = Diagnosis::redacted(error.findings(), &Catalog::builtin(), redactor);
    Failed {
        build: build.map(str::to_owned),
        interrupted: matches!(error, BuildError::Interrupted),
        diagnosis,
    }
}

/// Reads the definition of a request, whether or not it can be built.
pub(crate) fn read(request: &Request, settings: &Settings) -> Result<Environment, BuildError> {
    let options = options(&request.extras, &request.groups, settings);
    of_input(&request.input, &Options { instead: request.instead.clone(), ..options })
}

/// Reads a definition with some extras and dependency groups of it, as `settings` have it, whether or not it can be
/// built.
pub fn read_input(
    input: &Input,
    extras: &[String],
    groups: &[String],
    settings: &Settings,
) -> Result<Environment, BuildError> {
    of_input(input, &options(extras, groups, settings))
}

fn options(extras: &[String], groups: &[String], settings: &Settings) -> Options {
    Options {
        extras: extras.to_owned(),
        groups: groups.to_owned(),
        index_defaults: settings.indexes.clone(),
        levels: settings.levels.clone(),
        instead: BTreeMap::new(),
    }
}

fn of_input(input: &Input, options: &Options) -> Result<Environment, BuildError> {
    Ok(match input {
        Input::Path(path) => envwright_definition::read(path, options)?,
        Input::Text { text, folder } => envwright_definition::read_text("<stdin>", text, folder, options)?,
    })
}

/// What must never be printed: passwords of the indexes, and what the definition has of them.
pub(crate) fn secrets(environment: &Environment) -> Vec<Secret> {
    let indexes = &environment.indexes;
    let urls = indexes.index.iter().chain(&indexes.extra);
    let of_indexes = urls.filter_map(|url| url.credentials().and_then(|(_, password)| password));
    of_indexes.chain(environment.secrets.iter().cloned()).collect()
}

/// One platform's manifest, or the index of several.
fn joined(layout: &Layout, images: &[Image]) -> Result<Digest, BuildError> {
    Ok(match images {
        [image] => image.digest,
        several => assemble_index(layout, several)?,
    })
}

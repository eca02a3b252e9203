//! For each platform: base, lock, packages.

use super::Attempt;
use crate::{
    BuildError, as_it_is,
    assemble::{self, Parts},
    bytecode, conda,
    context::{Context, Purpose},
    distributions, environment,
    event::Step,
    exact, hashes, headless,
    plan::{Plan, PlannedPackage, Totals},
    registry_base,
    report::Seconds,
    solve::{self, Known, Solved},
    space,
};
use envwright_definition::Base as BaseName;
use envwright_diagnosis::{Finding, Severity, masked};
use envwright_image::Base;
use envwright_lock::{Lock, PlatformLock, pypi};
use envwright_package::Rewrites;
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use envwright_target::{Platform, TargetFacts};
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// A lock, and what has to be said about it.
pub struct Locked {
    /// The lock.
    pub lock: Lock,
    /// Indexes that were asked.
    pub indexes: Vec<SafeUrl>,
    /// Warnings.
    pub warnings: Vec<Finding>,
    /// Whether no package had to be chosen anew.
    pub reused: bool,
    /// Links of each platform's base.
    rewrites: BTreeMap<Platform, Rewrites>,
}

/// Everything that images are made of.
pub(super) struct Prepared {
    pub(super) locked: Locked,
    pub(super) parts: Vec<Parts>,
    pub(super) packages: Totals,
    pub(super) seconds: Seconds,
}

/// What there is before wheels are chosen.
pub(super) enum Ground {
    /// A whole solution.
    Whole(Box<Solved>),
    /// The base alone, and the key of the solution to be.
    Base {
        lock: Box<PlatformLock>,
        /// The CUDA version that the base says it has.
        cuda: Option<String>,
        key: Digest,
    },
}

impl Attempt<'_> {
    /// Solves and prepares every platform: Debian packages come down while wheels are being chosen.
    pub(super) async fn prepare_all(&self, context: &Context<'_>) -> Result<Prepared, BuildError> {
        let started = Instant::now();
        let mut solve = 0.0;
        let platforms = self.platforms()?;
        let known = Known::read(context, self.definition, &platforms)?;
        let mut locked = self.empty_lock();
        let mut plan = Plan::default();
        let mut parts = Vec::new();
        for platform in platforms {
            let base = self.base(context, platform, &known).await?;
            let ground = self.ground(context, platform, &base, &known).await?;
            let rewrites = environment::rewrites(&self.environment, &base);
            let debs = self.deb_packages(ground.lock(), &rewrites);
            let mut planned = Plan::packages(context, &debs);
            space::check(context, &debs)?;
            if let Some(version) = ground.lock().python.filter(|_| self.environment.compile) {
                let debs = assemble::segments(context, &debs).await?;
                context.interpreters.offer(platform, version, &debs, bytecode::Place::System);
            }
            let solving = async {
                let solved = self.finish(context, platform, &base, ground, &known).await?;
                solve = started.elapsed().as_secs_f64();
                let mut packages = self.conda_packages(context, &solved.lock)?;
                packages.extend(self.wheel_packages(&solved.lock)?);
                planned.extend(Plan::packages(context, &packages));
                solved_event(context, platform, &solved, &planned);
                space::check(context, &packages)?;
                let segments =
                    assemble::segments(context, &packages).await.map_err(|error| self.located(error))?;
                Ok::<_, BuildError>((solved, segments))
            };
            let (mut segments, (solved, wheels)) =
                futures::future::try_join(assemble::segments(context, &debs), solving).await?;
            segments.extend(wheels);
            plan.add(platform, &solved.lock, planned);
            locked.add(platform, &solved);
            parts.push(Parts { platform, lock: solved.lock, base, segments });
        }
        known.keep(&locked.lock)?;
        plan.keep(context.record)?;
        let prepare = started.elapsed().as_secs_f64() - solve;
        let packages = plan.totals();
        Ok(Prepared { locked, parts, packages, seconds: Seconds { solve, prepare, ..Seconds::default() } })
    }

    /// Solves every platform.
    pub(crate) async fn lock_all(&self, context: &Context<'_>) -> Result<Locked, BuildError> {
        let platforms = self.platforms()?;
        let known = Known::read(context, self.definition, &platforms)?;
        let mut locked = self.empty_lock();
        locked.warnings.extend(self.environment.findings.iter().cloned());
        locked.lock.platforms.extend(known.others(self.definition, &platforms));
        for platform in platforms {
            if let Some(name) = as_it_is::image(&self.environment) {
                let image = self.found(context, name, platform, &known).await?;
                locked.lock.platforms.insert(platform, as_it_is::lock(name, image.digest));
                continue;
            }
            let base = self.base(context, platform, &known).await?;
            let ground = self.ground(context, platform, &base, &known).await?;
            let solved = self.finish(context, platform, &base, ground, &known).await?;
            locked.add(platform, &solved);
            locked.rewrites.insert(platform, environment::rewrites(&self.environment, &base));
        }
        if self.keeps_last && context.purpose != Purpose::Materialize {
            known.keep(&locked.lock)?;
        }
        locked.warnings = masked(locked.warnings, &self.redactor);
        Ok(locked)
    }

    /// What a build of a lock would do.
    pub(crate) fn plan(&self, context: &Context<'_>, locked: &Locked) -> Result<Plan, BuildError> {
        let mut plan = Plan { nothing_to_do: self.finished().is_some(), ..Plan::default() };
        for platform in self.platforms()? {
            let Some(lock) = locked.lock.platforms.get(&platform) else { continue };
            let rewrites = locked.rewrites.get(&platform).cloned().unwrap_or_default();
            let mut packages = self.deb_packages(lock, &rewrites);
            packages.extend(self.conda_packages(context, lock)?);
            packages.extend(self.wheel_packages(lock)?);
            plan.add(platform, lock, Plan::packages(context, &packages));
        }
        plan.warnings.clone_from(&locked.warnings);
        Ok(plan)
    }

    fn empty_lock(&self) -> Locked {
        let indexes = &self.environment.indexes;
        let main = match &indexes.index {
            Some(index) => Some(index.clone()),
            None => (!indexes.no_index).then(pypi::default_index),
        };
        Locked {
            lock: Lock { definition: self.definition, platforms: BTreeMap::new() },
            indexes: main.into_iter().chain(indexes.extra.iter().cloned()).collect(),
            warnings: Vec::new(),
            reused: true,
            rewrites: BTreeMap::new(),
        }
    }

    /// The base that packages are put on.
    pub(super) async fn base(
        &self,
        context: &Context<'_>,
        platform: Platform,
        known: &Known,
    ) -> Result<Arc<Base>, BuildError> {
        let base = self.opened(context, platform, known).await;
        base.map_err(|error| error.of_base(self.environment.base_span.as_ref()))
    }

    async fn opened(
        &self,
        context: &Context<'_>,
        platform: Platform,
        known: &Known,
    ) -> Result<Arc<Base>, BuildError> {
        let name = self.environment.base.clone();
        if let BaseName::Registry(image) = &name {
            return registry_base::open(context, image, platform, known).await;
        }
        let open = move || {
            Ok(match name {
                BaseName::OciLayout(folder) => Base::oci_layout(&folder, platform)?,
                BaseName::DockerArchive(file) => Base::docker_archive(&file, platform)?,
                _ => Base::scratch(platform),
            })
        };
        Ok(Arc::new(context.on_thread(open).await?))
    }

    /// What is known before wheels are chosen: all of it where a lock fits.
    pub(super) async fn ground(
        &self,
        context: &Context<'_>,
        platform: Platform,
        base: &Base,
        known: &Known,
    ) -> Result<Ground, BuildError> {
        let has_conda = conda::is_asked(&self.environment);
        let key = solve::key(context, self.definition, platform, base.digest(), has_conda);
        if let Some(solved) = known.exact(context, &key, self.definition, platform, base.digest()) {
            return Ok(Ground::Whole(Box::new(solved)));
        }
        if self.request.locked {
            return Err(known.is_of_another_base());
        }
        if let Some(lock) = solve::glibc_alone(context, &self.environment) {
            let key = solve::without_debian(&key);
            let kept = known.exact(context, &key, self.definition, platform, base.digest());
            return Ok(match kept {
                Some(solved) => Ground::Whole(Box::new(solved)),
                None => Ground::Base { lock: Box::new(lock), cuda: assemble::cuda(base), key },
            });
        }
        let lock = match &self.environment.base {
            BaseName::Bootstrap { suite } => {
                solve::debian(context, &self.environment, suite, platform, known).await
            }
            _ if self.environment.apt.is_empty() => solve::from_base(&self.environment, platform, base),
            _ => solve::added(context, &self.environment, platform, base, known).await,
        };
        let lock = lock.map_err(|error| error.of_base(self.environment.base_span.as_ref()))?;
        Ok(Ground::Base { lock: Box::new(lock), cuda: assemble::cuda(base), key })
    }

    /// The rest of what is on a platform's base: conda packages, then wheels that fit to what those bring.
    async fn finish(
        &self,
        context: &Context<'_>,
        platform: Platform,
        base: &Base,
        ground: Ground,
        known: &Known,
    ) -> Result<Solved, BuildError> {
        let mut solved = match ground {
            Ground::Whole(solved) => *solved,
            Ground::Base { lock, cuda, key } => {
                let lock = self.conda(context, platform, *lock, cuda, known).await?;
                // What packages bring is known once they are packed.
                self.offer_condas_python(context, platform, &lock).await?;
                let (mut solved, replaced) = self.wheels(context, platform, lock, known).await?;
                hashes::complete(context, &self.environment, &mut solved.lock.wheels).await?;
                solved.warnings.extend(replaced);
                solve::keep(context, &key, &solved)?;
                solved
            }
        };
        if context.purpose != Purpose::Materialize {
            solved.warnings.extend(self.on_base(platform, base, &solved.lock));
        }
        self.offer_condas_python(context, platform, &solved.lock).await?;
        Ok(solved)
    }

    /// What is to be said of packages on this base: those that nothing lets draw, and those that do not lie in the conda
    /// that it has.
    pub(super) fn on_base(&self, platform: Platform, base: &Base, lock: &PlatformLock) -> Vec<Finding> {
        let mut findings = headless::findings(&self.environment, platform, base.files(), lock);
        if let Some(path) = TargetFacts::condas(base.files()).first().filter(|_| !lock.conda.is_empty()) {
            let finding = Finding::new("base-has-conda").severity(Severity::Note);
            let finding = finding.fact("path", format!("/{path}"));
            let span = self.environment.base_span.iter();
            findings.push(span.fold(finding, |finding, span| finding.at(span, "this base")));
        }
        findings
    }

    /// Chooses conda packages, where the definition has some.
    pub(super) async fn conda(
        &self,
        context: &Context<'_>,
        platform: Platform,
        lock: PlatformLock,
        cuda: Option<String>,
        known: &Known,
    ) -> Result<PlatformLock, BuildError> {
        if let Some(locked) = self.environment.locked.as_ref().filter(|_| exact::is(&self.environment)) {
            return exact::fill(context, locked, platform, lock).await;
        }
        if !conda::is_asked(&self.environment) {
            return Ok(lock);
        }
        conda::solve(context, &self.environment, platform, lock, cuda, known).await
    }

    /// Chooses wheels that fit to what conda packages bring, and says which of those they take the place of.
    pub(super) async fn wheels(
        &self,
        context: &Context<'_>,
        platform: Platform,
        lock: PlatformLock,
        known: &Known,
    ) -> Result<(Solved, Vec<Finding>), BuildError> {
        let there = if self.environment.requirements.is_empty() || lock.conda.is_empty() {
            Vec::new()
        } else {
            let packages = self.conda_packages(context, &lock)?;
            distributions::look_into(context, &packages).await.map_err(|error| self.located(error))?
        };
        let installed = distributions::installed(&there);
        let solved = solve::wheels(context, &self.environment, platform, lock, &installed, known).await?;
        let replaced = distributions::replaced(&self.environment, &solved.lock, &there)?;
        Ok((solved, replaced))
    }
}

impl Ground {
    pub(super) fn lock(&self) -> &PlatformLock {
        match self {
            Self::Whole(solved) => &solved.lock,
            Self::Base { lock, .. } => lock,
        }
    }
}

impl Locked {
    fn add(&mut self, platform: Platform, solved: &Solved) {
        self.lock.platforms.insert(platform, solved.lock.clone());
        self.warnings.extend(solved.warnings.iter().cloned());
        self.reused &= solved.reused;
    }
}

fn solved_event(context: &Context<'_>, platform: Platform, solved: &Solved, planned: &[PlannedPackage]) {
    let totals = Totals::of(planned);
    context.record.event(
        Step::Solve,
        "solved",
        &[
            ("platform", platform.to_string().into()),
            ("debian", solved.lock.debs.len().into()),
            ("conda", solved.lock.conda.len().into()),
            ("pypi", solved.lock.wheels.len().into()),
            ("fetch", totals.fetch.into()),
            ("fetch_bytes", totals.fetch_bytes.into()),
            ("pack", totals.pack.into()),
            ("reused", solved.reused.into()),
        ],
    );
}

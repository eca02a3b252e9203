//! For each platform, what can fail before packages are fetched, in the steps that a build takes.

use super::{Attempt, platforms::Ground};
use crate::{
    BuildError, activation, as_it_is, bytecode,
    check::{Look, State},
    context::Context,
    distributions::Described,
    environment, hashes, names,
    plan::{PackageState, Plan, PlannedPackage},
    prepare::{self, Package},
    rootfs,
    settings::PostLink,
    solve::{self, Known, Solved},
    space,
};
use envwright_definition::Base as BaseName;
use envwright_image::{Base, Kind};
use envwright_lock::PlatformLock;
use envwright_store::Digest;
use envwright_target::Platform;
use std::collections::BTreeMap;

impl Attempt<'_> {
    /// The files of the definition.
    pub(crate) fn sources(&self) -> String {
        let names: Vec<&str> = self.environment.sources.iter().map(|source| source.name.as_str()).collect();
        names.join(", ")
    }

    /// Looks at every platform.
    pub(crate) async fn look(&self, context: &Context<'_>, platforms: &[Platform], look: &mut Look) {
        look.findings.extend(self.environment.findings.iter().chain(&self.environment.remarks).cloned());
        let known = Known::read(context, self.definition, platforms);
        let Some(known) = look.of("lock", "beside the definition".to_owned(), known) else { return };
        look.plan.nothing_to_do = self.finished().is_some();
        for platform in platforms {
            if let Some(name) = as_it_is::image(&self.environment) {
                let found = self.found(context, name, *platform, &known).await.map(drop);
                look.saw("base", format!("{name} for {platform}, used as it is"), found);
            } else {
                self.look_at(context, *platform, &known, look).await;
            }
        }
    }

    async fn look_at(&self, context: &Context<'_>, platform: Platform, known: &Known, look: &mut Look) {
        let named = format!("{} for {platform}", self.environment.base);
        let base = self.base(context, platform, known).await;
        let Some(base) = look.of("base", named.clone(), base) else {
            return self.look_at_names(context, platform, None, known, look).await;
        };
        let ground = match self.ground(context, platform, &base, known).await {
            Ok(ground) => ground,
            Err(error) if matches!(error.inner(), BuildError::LockStale { .. }) => {
                return look.fail("lock", "beside the definition".to_owned(), &error);
            }
            Err(error) => {
                let of_debian = matches!(error.inner(), BuildError::Debian(_) | BuildError::NoApt { .. });
                look.fail(if of_debian { "debian" } else { "base" }, named, &error);
                return self.look_at_names(context, platform, Some(&base), known, look).await;
            }
        };
        let found = ground.lock();
        look.add("base", State::Ok, format!("{named}{}", facts(found)));
        if !found.debs.is_empty() {
            look.add("debian", State::Ok, format!("{} for {platform}", packages(found.debs.len())));
        }
        for (what, outcome) in [("user", self.has_user(&base)), ("python", self.compiles(platform, found))] {
            look.of(what, named.clone(), outcome);
        }
        let Some(solved) = self.chosen(context, platform, ground, known, look).await else { return };
        if !solved.lock.conda.is_empty() {
            look.of("python", named.clone(), self.compiles(platform, &solved.lock));
        }
        if !solved.lock.wheels.is_empty() {
            look.add("pypi", State::Ok, format!("{} for {platform}", packages(solved.lock.wheels.len())));
        }
        look.findings.extend(solved.warnings.iter().cloned());
        look.findings.extend(self.on_base(platform, &base, &solved.lock));
        let packages = self.packages(context, &solved.lock, &base);
        let Some(packages) = look.of("files", format!("packages for {platform}"), packages) else { return };
        let scripts = refused_scripts(context, &packages).await;
        look.of("conda", format!("scripts of packages for {platform}"), scripts);
        let planned = Plan::packages(context, &packages);
        look.fetched += space::missing(context, &packages);
        look_at_hosts(context, &packages, &planned, look).await;
        look.plan.add(platform, &solved.lock, planned);
    }

    /// What can be said of the requirements where there is no ground for a solve.
    async fn look_at_names(
        &self,
        context: &Context<'_>,
        platform: Platform,
        base: Option<&Base>,
        known: &Known,
        look: &mut Look,
    ) {
        if self.environment.requirements.is_empty() {
            return;
        }
        let what = format!("packages for {platform}");
        let ground = base.and_then(|base| solve::from_base(&self.environment, platform, base).ok());
        if let Some(ground) = ground.filter(|ground| ground.python.is_some()) {
            let solved = solve::wheels(context, &self.environment, platform, ground, &[], known).await;
            return look.saw("pypi", what, solved.map(drop));
        }
        let problems = names::problems(context, &self.environment, platform, known).await;
        let state = if problems.is_empty() { State::Skipped } else { State::Failed };
        look.findings.extend(problems);
        look.add("pypi", state, format!("{what}: only names and indexes, as the base is not known"));
    }

    /// Chooses conda packages and wheels. A solution that is whole is kept, as a build keeps it.
    async fn chosen(
        &self,
        context: &Context<'_>,
        platform: Platform,
        ground: Ground,
        known: &Known,
        seen: &mut Look,
    ) -> Option<Solved> {
        let what = format!("packages for {platform}");
        let (lock, cuda, key) = match ground {
            Ground::Whole(solved) => {
                look_at_conda(platform, &solved.lock, seen);
                return Some(*solved);
            }
            Ground::Base { lock, cuda, key } => (*lock, cuda, key),
        };
        let lock = self.conda(context, platform, lock, cuda, known).await;
        let lock = seen.of("conda", what.clone(), lock)?;
        look_at_conda(platform, &lock, seen);
        let solved = self.wheels(context, platform, lock, known).await;
        let (mut solved, replaced) = seen.of("pypi", what.clone(), solved)?;
        solved.warnings.extend(replaced);
        if solved.lock.wheels.iter().all(|wheel| hashes::sha256(wheel).is_some()) {
            let kept = solve::keep(context, &key, &solved);
            seen.of("pypi", what, kept)?;
        }
        Some(solved)
    }

    /// All packages of a lock.
    fn packages(
        &self,
        context: &Context<'_>,
        lock: &PlatformLock,
        base: &Base,
    ) -> Result<Vec<Package>, BuildError> {
        let mut lock = lock.clone();
        for wheel in lock.wheels.iter_mut().filter(|wheel| hashes::sha256(wheel).is_none()) {
            // A build reads the file to learn its digest; until then nothing is known to be there of it.
            wheel.hashes.push(Digest::of(wheel.filename.as_bytes()).to_string());
        }
        let mut packages = self.deb_packages(&lock, &environment::rewrites(&self.environment, base));
        packages.extend(self.conda_packages(context, &lock)?);
        packages.extend(self.wheel_packages(&lock)?);
        Ok(packages)
    }

    /// Whether the base has the user that the image is to run as. What packages would add to it is not known.
    fn has_user(&self, base: &Base) -> Result<(), BuildError> {
        let is_whole =
            !matches!(self.environment.base, BaseName::Bootstrap { .. }) && self.environment.apt.is_empty();
        let Some(user) = self.environment.user.as_ref().filter(|_| is_whole) else { return Ok(()) };
        let text =
            |path: &str| String::from_utf8_lossy(&base.files().read(path).unwrap_or_default()).into_owned();
        Ok(rootfs::with_user(user, &text("etc/passwd"), &text("etc/group")).map(drop)?)
    }

    /// Whether byte code can be made, where it is asked for.
    fn compiles(&self, platform: Platform, lock: &PlatformLock) -> Result<(), BuildError> {
        match lock.python.filter(|_| self.environment.compile) {
            Some(version) => {
                let is_brought = !lock.debs.is_empty() || lock.conda_python().is_some();
                bytecode::possible(platform, version, is_brought)
            }
            None => Ok(()),
        }
    }
}

/// The scripts of conda packages that a build would refuse: each package is fetched for that, where any is refused.
async fn refused_scripts(context: &Context<'_>, packages: &[Package]) -> Result<(), BuildError> {
    if context.settings.conda.post_link != PostLink::Refuse {
        return Ok(());
    }
    let conda: Vec<&Package> = packages.iter().filter(|package| package.kind() == Kind::Conda).collect();
    let texts = conda.iter().map(|package| prepare::metadata(context, package));
    let texts = futures::future::try_join_all(texts).await?;
    let described = conda.iter().zip(&texts);
    let described = described.map(|(package, metadata)| Described { package: package.name(), metadata });
    activation::link_scripts(&described.collect::<Vec<_>>(), &context.settings.conda).map(drop)
}

fn look_at_conda(platform: Platform, lock: &PlatformLock, seen: &mut Look) {
    if !lock.conda.is_empty() {
        let python = lock.python.map(|(major, minor, micro)| format!(", Python {major}.{minor}.{micro}"));
        let about = format!("{} for {platform}{}", packages(lock.conda.len()), python.unwrap_or_default());
        seen.add("conda", State::Ok, about);
    }
}

fn packages(count: usize) -> String {
    format!("{count} package{}", if count == 1 { "" } else { "s" })
}

/// Sample: `, glibc 2.36, Python 3.11.2`.
fn facts(lock: &PlatformLock) -> String {
    let glibc = lock.glibc.map(|(major, minor)| format!(", glibc {major}.{minor}"));
    let python = lock.python.map(|(major, minor, micro)| format!(", Python {major}.{minor}.{micro}"));
    glibc.into_iter().chain(python).collect()
}

/// Asks each host for one of the files that are not here.
async fn look_at_hosts(
    context: &Context<'_>,
    packages: &[Package],
    planned: &[PlannedPackage],
    look: &mut Look,
) {
    let mut hosts: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for (package, planned) in packages.iter().zip(planned) {
        let url = package.url().filter(|_| planned.state == PackageState::Missing);
        if let Some(url) = url {
            hosts.entry(url.expose().origin().ascii_serialization()).or_default().push(package);
        }
    }
    for (host, packages) in hosts {
        if let Some(package) = packages.first().filter(|_| look.hosts.insert(host.clone())) {
            let reached = prepare::reach(context, package).await;
            look.saw("files", format!("{} at {host}", packages.len()), reached);
        }
    }
}

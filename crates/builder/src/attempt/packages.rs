//! The packages of a lock with what packing them needs.

use super::Attempt;
use crate::{
    BuildError, assemble, bytecode, conda,
    context::{Context, Purpose},
    hashes,
    prepare::Package,
};
use envwright_image::Kind;
use envwright_lock::{
    PlatformLock,
    conda::LockedConda,
    debian::{self, LockedDeb},
    pypi::{LockedWheel, WheelLocation},
};
use envwright_package::Rewrites;
use envwright_target::Platform;

impl Attempt<'_> {
    /// conda packages with what packing them needs.
    pub(super) fn conda_packages(
        &self,
        context: &Context<'_>,
        lock: &PlatformLock,
    ) -> Result<Vec<Package>, BuildError> {
        if lock.conda.is_empty() {
            return Ok(Vec::new());
        }
        let channels = conda::channels(context, &self.environment)?;
        Ok(conda::packages(&channels, lock, self.environment.compile))
    }

    /// Debian packages, each with where it is looked for when it has left its mirror.
    pub(super) fn deb_packages(&self, lock: &PlatformLock, rewrites: &Rewrites) -> Vec<Package> {
        let archive = self.settings.debian.as_ref().and_then(|debian| debian.snapshot.as_ref());
        let package = |deb: &LockedDeb| Package::Deb {
            deb: deb.clone(),
            snapshot: archive.and_then(|archive| debian::snapshot(archive, deb, &lock.base.releases)),
            rewrites: rewrites.clone(),
        };
        lock.debs.iter().map(package).collect()
    }

    /// Wheels with what packing them needs.
    pub(super) fn wheel_packages(&self, lock: &PlatformLock) -> Result<Vec<Package>, BuildError> {
        let (major, minor, _) = lock.python.unwrap_or_default();
        let compile = lock.python.filter(|_| self.environment.compile);
        let package = |wheel: &LockedWheel| {
            let unknown = || BuildError::NoHash { package: wheel.name.clone() };
            let url = match &wheel.location {
                WheelLocation::Url(url) => Some(hashes::with_credentials(url, &self.environment)),
                WheelLocation::Path(_) => None,
            };
            let sha256 = hashes::sha256(wheel).ok_or_else(unknown)?;
            Ok(Package::Wheel { wheel: wheel.clone(), sha256, python: (major, minor), compile, url })
        };
        lock.wheels.iter().map(package).collect()
    }

    /// Says where the user asked for the package whose file is another one.
    pub(super) fn located(&self, mut error: BuildError) -> BuildError {
        if let BuildError::Digest { package, span, kind, .. } = &mut error {
            let requirements = &self.environment.requirements;
            *span = match kind {
                Kind::Pypi => requirements.iter().find(|asked| asked.name.as_str() == *package),
                _ => None,
            }
            .and_then(|asked| asked.span.clone());
            if *kind == Kind::Conda {
                let spec = self.environment.conda.as_ref().and_then(|conda| conda.spec(package));
                *span = spec.map(|spec| spec.span.clone());
            }
        }
        error
    }

    /// Makes the Python of conda ready to make byte code, where some is wanted.
    pub(super) async fn offer_condas_python(
        &self,
        context: &Context<'_>,
        platform: Platform,
        lock: &PlatformLock,
    ) -> Result<(), BuildError> {
        let is_wanted = self.environment.compile && context.purpose != Purpose::Look;
        let Some(version) = lock.conda_python().and_then(LockedConda::python).filter(|_| is_wanted) else {
            return Ok(());
        };
        if context.interpreters.has(version) {
            return Ok(());
        }
        let needed = conda::closure(&lock.conda, "python");
        let packages = self.conda_packages(context, lock)?;
        let packages: Vec<Package> = packages
            .into_iter()
            // Those of pure Python may need it to be packed, and it runs without them.
            .filter(|package| needed.contains(package.name()) && package.compiled().is_none())
            .collect();
        let segments = assemble::segments(context, &packages).await.map_err(|error| self.located(error))?;
        context.interpreters.offer(platform, version, &segments, bytecode::Place::Environment);
        Ok(())
    }
}

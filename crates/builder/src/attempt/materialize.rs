//! The environment in a folder of this machine.

use super::Attempt;
use crate::{
    BuildError, activation,
    context::Context,
    environment,
    materialize::{Host, HostPython, Materialized, Owned, PlacedPackage, Placing, Prefix, narrowed, trees},
    prepare::Package,
};
use envwright_diagnosis::{Finding, masked};
use envwright_image::Kind;
use envwright_lock::PlatformLock;
use envwright_package::Tree;
use envwright_redact::Redactor;

impl<'a> Attempt<'a> {
    /// The same for one package alone, where one is named.
    pub(crate) fn only(&self, only: Option<&str>) -> Result<Attempt<'a>, BuildError> {
        let environment = match only {
            Some(only) => narrowed(self.environment.clone(), only)?,
            None => self.environment.clone(),
        };
        Ok(Attempt {
            definition: environment.hash(),
            redactor: Redactor::new(super::secrets(&environment)),
            environment,
            keeps_last: only.is_none(),
            ..*self
        })
    }

    /// Chooses packages as for an image, and lays them into a folder.
    pub(crate) async fn materialize(
        &self,
        context: &Context<'_>,
        prefix: Prefix,
    ) -> Result<Materialized, BuildError> {
        let host = Host::of(&self.environment)?;
        let locked = self.lock_all(context).await?;
        let lock = locked.lock.platforms.get(&host.platform());
        let lock =
            lock.filter(|lock| !lock.wheels.is_empty() || !lock.conda.is_empty()).ok_or_else(|| {
                let finding =
                    Finding::new("definition-empty").detail("It asks for no package of conda or PyPI.");
                BuildError::Refused { findings: vec![finding] }
            })?;
        host.check(lock)?;
        let of_host = lock.python.filter(|_| lock.conda.is_empty()).map(HostPython::find).transpose()?;
        let python = of_host.as_ref().map(|python| python.version).or(lock.python);
        let own = self.own_tree(lock, &prefix.below_root, of_host.as_ref());
        let mut packages = self.conda_packages(context, lock)?;
        packages.extend(self.wheel_packages(lock)?);
        let trees = trees::trees(context, &packages, &prefix.below_root).await;
        let trees = trees.map_err(|error| self.located(error))?;
        let owned = packages.iter().zip(trees);
        let owned = owned.map(|(package, tree)| Owned {
            kind: package.kind(),
            name: package.name().to_owned(),
            tree,
        });
        let placing = Placing::of(owned.chain([own]).collect(), lock, &prefix.below_root)?;
        let mut warnings = locked.warnings;
        warnings.extend(placing.findings());
        // Scripts of activation are there for conda's own tools.
        warnings.extend(activation::link_scripts(&placing.described(), &context.settings.conda)?);
        warnings.extend(Host::lacks(&self.environment));
        let files = placing.len();
        let links = placing.write(context, &prefix).await?;
        Ok(Materialized {
            prefix: prefix.publish()?,
            platform: host.platform(),
            is_conda: !lock.conda.is_empty(),
            python: python.map(|(major, minor, micro)| format!("{major}.{minor}.{micro}")),
            packages: packages.iter().map(placed).collect(),
            files,
            by: links.name(),
            variables: self.environment.env.keys().cloned().collect(),
            seconds: self.started.elapsed().as_secs_f64(),
            warnings: masked(warnings, &self.redactor),
        })
    }

    /// The files that belong to no package.
    fn own_tree(&self, lock: &PlatformLock, place: &str, python: Option<&HostPython>) -> Owned {
        let epoch = self.settings.epoch;
        let files = if let Some(python) = python {
            environment::virtual_environment(place, python.version, &python.program, epoch)
        } else {
            environment::conda_history(&self.environment, lock, place, "materialize", epoch)
        };
        Owned { kind: Kind::Environment, name: "environment".to_owned(), tree: Tree::of(files) }
    }
}

fn placed(package: &Package) -> PlacedPackage {
    let kind = if package.kind() == Kind::Conda { "conda" } else { "pypi" };
    PlacedPackage { kind, name: package.name().to_owned(), version: package.version().to_owned() }
}

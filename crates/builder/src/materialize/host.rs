//! Whether packages that were chosen for an image run on this machine.

use crate::{BuildError, bytecode};
use envwright_definition::Environment;
use envwright_diagnosis::{Finding, Severity};
use envwright_lock::{
    PlatformLock,
    conda::LockedConda,
    pypi::{LockedWheel, Target},
};
use envwright_target::{HostFiles, Platform, TargetFacts};

/// This machine, as packages see it.
pub(crate) struct Host {
    platform: Platform,
    glibc: Option<(u32, u32)>,
}

fn unfit(finding: Finding) -> BuildError {
    BuildError::Refused { findings: vec![finding] }
}

impl Host {
    /// The machine, where the definition is for such a one.
    pub(crate) fn of(environment: &Environment) -> Result<Self, BuildError> {
        let wanted = &environment.platforms;
        let platform = Platform::host().filter(|host| wanted.is_empty() || wanted.contains(host));
        let platform = platform.ok_or_else(|| {
            let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            let needed =
                if wanted.is_empty() { "linux/amd64, linux/arm64".to_owned() } else { wanted.join(", ") };
            let available = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
            unfit(Finding::new("host-does-not-fit").fact("needed", needed).fact("available", available))
        })?;
        let glibc = TargetFacts::glibc(platform, &HostFiles).map(|glibc| (glibc.major, glibc.minor));
        Ok(Self { platform, glibc })
    }

    pub(crate) fn platform(&self) -> Platform {
        self.platform
    }

    /// Whether it has a C library that is new enough for each package. Those that fit the target fit a machine that is no
    /// older.
    pub(crate) fn check(&self, lock: &PlatformLock) -> Result<(), BuildError> {
        if self.glibc >= lock.glibc {
            return Ok(());
        }
        let shown = |glibc: Option<(u32, u32)>| {
            glibc.map_or_else(|| "no glibc".to_owned(), |(major, minor)| format!("glibc {major}.{minor}"))
        };
        let target =
            Target { platform: self.platform, python: lock.python.unwrap_or_default(), glibc: self.glibc };
        let is_old = |wheel: &&LockedWheel| target.best(std::slice::from_ref(&wheel.filename)).is_none();
        let wheels = lock.wheels.iter().filter(is_old).map(|wheel| (&wheel.name, lock.glibc));
        let conda = lock.conda.iter().filter_map(|package| Some((&package.name, needed_glibc(package)?)));
        let conda =
            conda.filter(|(_, needed)| self.glibc < Some(*needed)).map(|(name, needed)| (name, Some(needed)));
        let finding = |(name, needed): (&String, Option<(u32, u32)>)| {
            Finding::new("host-does-not-fit")
                .fact("package", name)
                .fact("needed", shown(needed))
                .fact("available", shown(self.glibc))
        };
        let findings: Vec<Finding> = conda.chain(wheels).map(finding).collect();
        if findings.is_empty() { Ok(()) } else { Err(BuildError::Refused { findings }) }
    }

    /// The system packages of the definition that this machine lacks: nothing installs them here.
    pub(crate) fn lacks(environment: &Environment) -> Option<Finding> {
        let there = TargetFacts::dpkg(&HostFiles);
        let lacks = |name: &&str| !there.iter().any(|package| package.name == **name);
        let names = environment.apt.iter().map(|package| package.value.as_str());
        let names: Vec<&str> = names.filter(lacks).collect();
        (!names.is_empty()).then(|| {
            Finding::new("host-does-not-fit")
                .severity(Severity::Warning)
                .fact("needed", format!("the Debian packages {}", names.join(", ")))
                .detail("They are in an image of this definition, and are not installed here.")
        })
    }
}

/// A Python of this machine.
pub(crate) struct HostPython {
    /// Its program.
    pub(crate) program: String,
    /// Major, minor and micro version.
    pub(crate) version: (u8, u8, u8),
}

impl HostPython {
    /// One of the minor version that the base of the image has.
    pub(crate) fn find(wanted: (u8, u8, u8)) -> Result<Self, BuildError> {
        let (major, minor, _) = wanted;
        let found = bytecode::found(wanted, |(one, other, _)| (one, other) == (major, minor));
        let found =
            found.and_then(|(path, version)| Some(Self { program: path.to_str()?.to_owned(), version }));
        found.ok_or_else(|| {
            unfit(
                Finding::new("host-does-not-fit")
                    .fact("needed", format!("Python {major}.{minor}"))
                    .fact("available", "none of this version on PATH"),
            )
        })
    }
}

/// The least glibc of a package. Sample: `__glibc >=2.28,<3.0.a0`.
fn needed_glibc(package: &LockedConda) -> Option<(u32, u32)> {
    let depends = package.record.get("depends")?.as_array()?;
    let bound = depends.iter().find_map(|need| need.as_str()?.strip_prefix("__glibc"))?;
    let version = bound.split(',').find_map(|part| part.trim().strip_prefix(">="))?;
    let (major, minor) = version.trim().split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use envwright_diagnosis::Explain as _;
    use serde_json::json;

    fn lock(depends: &str, wheel: &str) -> PlatformLock {
        serde_json::from_value(json!({
            "base": { "name": "scratch" }, "python": [3, 11, 2], "glibc": [2, 36], "debs": [],
            "conda": [{
                "name": "c", "version": "1", "build": "0", "url": "https://channel.example/linux-64/c-1-0.conda",
                "sha256": format!("sha256:{}", "0".repeat(64)), "requested": true,
                "record": { "depends": [depends] },
            }],
            "wheels": [{
                "name": "w", "version": "1", "filename": wheel, "location": { "url": format!("https://x.example/{wheel}") },
                "index": null, "hashes": [], "size": null, "requires_dist": [], "requires_python": null,
                "requested": true, "direct_url": null,
            }],
        }))
        .unwrap()
    }

    #[test]
    fn an_older_machine_runs_what_needs_no_more_than_it_has() {
        let host = |glibc| Host { platform: Platform::AMD64, glibc };
        let new = lock("__glibc >=2.34,<3.0.a0", "w-1-cp311-cp311-manylinux_2_34_x86_64.whl");
        let old = lock("__glibc >=2.17,<3.0.a0", "w-1-cp311-cp311-manylinux_2_17_x86_64.whl");
        host(Some((2, 36))).check(&new).unwrap();
        host(Some((2, 31))).check(&old).unwrap();
        let findings = host(Some((2, 31))).check(&new).unwrap_err().findings();
        let facts = |at: usize, name: &str| findings[at].facts.get(name).unwrap().to_owned();
        assert_eq!(
            (findings.len(), facts(0, "package"), facts(0, "needed")),
            (2, "c".into(), "glibc 2.34".into())
        );
        assert_eq!((facts(1, "package"), facts(1, "available")), ("w".into(), "glibc 2.31".into()));
        host(None).check(&old).unwrap_err();
    }
}

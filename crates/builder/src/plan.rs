//! What a build has to do, before it does it.

use crate::{BuildError, context::Context, prepare::Package, record::Record};
use envwright_diagnosis::Finding;
use envwright_image::Kind;
use envwright_lock::PlatformLock;
use envwright_target::Platform;
use serde::Serialize;

/// The packages of a build, each with what there is of it already.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    /// Whether the image is there, whole.
    pub nothing_to_do: bool,
    /// Each platform's packages.
    pub platforms: Vec<PlatformPlan>,
    /// What should be known about the lock.
    #[serde(skip)]
    pub warnings: Vec<Finding>,
}

/// The packages of one platform.
#[derive(Debug, Clone, Serialize)]
pub struct PlatformPlan {
    /// The platform.
    pub platform: Platform,
    /// What the packages are put on.
    pub base: String,
    /// The image's Python, such as `3.11.2`.
    pub python: Option<String>,
    /// Sums over the packages.
    #[serde(flatten)]
    pub totals: Totals,
    /// Debian packages, then conda packages, then wheels, by name.
    pub packages: Vec<PlannedPackage>,
}

/// One package of a plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedPackage {
    /// `debian`, `conda` or `pypi`.
    pub kind: &'static str,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Size in bytes of the package's file, where the lock knows it.
    pub bytes: Option<u64>,
    /// What there is of it.
    pub state: PackageState,
}

/// What there is of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageState {
    /// Its segment: nothing is to be done.
    Packed,
    /// Its file: it is to be packed.
    Fetched,
    /// Nothing: it is to be fetched and packed.
    Missing,
}

/// Sums over packages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Packages whose segment is there.
    pub cached: usize,
    /// Packages to fetch.
    pub fetch: usize,
    /// Bytes to fetch, as far as the lock knows.
    pub fetch_bytes: u64,
    /// Packages to pack, the ones to fetch among them.
    pub pack: usize,
}

impl Totals {
    pub(crate) fn of(packages: &[PlannedPackage]) -> Self {
        let mut totals = Self::default();
        for package in packages {
            match package.state {
                PackageState::Packed => totals.cached += 1,
                PackageState::Fetched => totals.pack += 1,
                PackageState::Missing => {
                    totals.pack += 1;
                    totals.fetch += 1;
                    totals.fetch_bytes += package.bytes.unwrap_or_default();
                }
            }
        }
        totals
    }
}

impl Plan {
    /// Sums over all platforms.
    pub fn totals(&self) -> Totals {
        let all = self.platforms.iter().map(|platform| platform.totals);
        all.fold(Totals::default(), |sum, more| Totals {
            cached: sum.cached + more.cached,
            fetch: sum.fetch + more.fetch,
            fetch_bytes: sum.fetch_bytes + more.fetch_bytes,
            pack: sum.pack + more.pack,
        })
    }

    /// What there is of each package.
    pub(crate) fn packages(context: &Context<'_>, packages: &[Package]) -> Vec<PlannedPackage> {
        let folder = context.home.packages();
        let planned = |package: &Package| PlannedPackage {
            kind: match package.kind() {
                Kind::Debian => "debian",
                Kind::Conda => "conda",
                _ => "pypi",
            },
            name: package.name().to_owned(),
            version: package.version().to_owned(),
            bytes: package.size(),
            state: if context.segments.has(&package.key(context.request.compression)) {
                PackageState::Packed
            } else if package.file(&folder).exists() {
                PackageState::Fetched
            } else {
                PackageState::Missing
            },
        };
        packages.iter().map(planned).collect()
    }

    pub(crate) fn add(&mut self, platform: Platform, lock: &PlatformLock, packages: Vec<PlannedPackage>) {
        self.platforms.push(PlatformPlan {
            platform,
            base: lock.base.name.clone(),
            python: lock.python.map(|(major, minor, micro)| format!("{major}.{minor}.{micro}")),
            totals: Totals::of(&packages),
            packages,
        });
    }

    /// Writes it into a build's record.
    pub(crate) fn keep(&self, record: &Record<'_>) -> Result<(), BuildError> {
        record.keep("plan.json", &serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?)
    }
}

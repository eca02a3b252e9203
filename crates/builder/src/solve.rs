//! Definition and base to lock: the lock beside the definition, else a kept solution, else a new one.

use crate::{
    BuildError, conda,
    context::{Context, Purpose},
    error::Stale,
    event::Step,
    exact,
    request::{Input, Upgrade},
    settings,
};
use envwright_definition::{Base as BaseName, Environment, Indexes, LockedKind, python_allowed};
use envwright_diagnosis::Finding;
use envwright_image::Base;
use envwright_lock::{
    BaseLock, Lock, LockFiles, PlatformLock,
    debian::{self, DebianLock, Ground, Mirror, Wanted},
    pypi::{self, FindLinks, IndexUrls, Installed, Required},
};
use envwright_store::{Digest, canonical_json, write_atomic};
use envwright_target::{Platform, TargetFacts};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// What is known before a solve.
pub(crate) struct Known {
    /// The lock beside the definition, whatever definition it is of.
    beside: Option<Lock>,
    /// The last lock of this definition's place, to stay near.
    last: Option<Lock>,
    last_path: PathBuf,
    /// Where the lock beside the definition is, or would be.
    files: Option<LockFiles>,
}

fn is_stale(files: Option<&LockFiles>, reason: Stale) -> BuildError {
    let path = files.map_or_else(|| "envwright.lock".into(), |files| files.path().to_owned());
    let reason = if reason == Stale::Missing && path.exists() { Stale::Parted } else { reason };
    BuildError::LockStale { path, reason }
}

/// A kept solution, with what has to be said about it each time.
#[derive(Serialize, Deserialize)]
struct Kept {
    lock: PlatformLock,
    #[serde(default)]
    warnings: Vec<Finding>,
}

/// The solution for one platform.
pub(crate) struct Solved {
    pub(crate) lock: PlatformLock,
    pub(crate) warnings: Vec<Finding>,
    /// Whether nothing had to be solved.
    pub(crate) reused: bool,
}

impl Known {
    /// Reads the locks that there are. With `--locked` the one beside the definition must be of it.
    pub(crate) fn read(
        context: &Context<'_>,
        definition: Digest,
        platforms: &[Platform],
    ) -> Result<Self, BuildError> {
        let files = lock_files(&context.request.input);
        let beside = match &files {
            Some(files) => files.read()?,
            None => None,
        };
        let stale = stale(beside.as_ref(), definition, platforms);
        if let Some(reason) = stale.filter(|_| context.request.locked) {
            return Err(is_stale(files.as_ref(), reason));
        }
        let last_path =
            context.home.solves().join(format!("last-{}.json", place(&context.request.input).hex()));
        let last = fs_err::read(&last_path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        Ok(Self { beside, last, last_path, files })
    }

    /// The failure of a build that may only use the lock beside the definition, which is of another base.
    pub(crate) fn is_of_another_base(&self) -> BuildError {
        is_stale(self.files.as_ref(), Stale::Base)
    }

    /// The base that the lock beside the definition was made for, where it has this name.
    pub(crate) fn base_of(&self, name: &str, platform: Platform) -> Option<Digest> {
        let lock = self.beside.as_ref()?.platforms.get(&platform)?;
        lock.base.digest.filter(|_| lock.base.name == name)
    }

    /// The solution of exactly this definition on exactly this base that may be used as it is.
    pub(crate) fn exact(
        &self,
        context: &Context<'_>,
        key: &Digest,
        definition: Digest,
        platform: Platform,
        base: Option<Digest>,
    ) -> Option<Solved> {
        if context.request.upgrade != Upgrade::None {
            return None;
        }
        let beside = self.beside.as_ref().filter(|lock| lock.definition == definition);
        let fitting =
            beside.and_then(|lock| lock.platforms.get(&platform)).filter(|lock| lock.base.digest == base);
        if let Some(lock) = fitting {
            return Some(Solved { lock: lock.clone(), warnings: Vec::new(), reused: true });
        }
        if context.request.locked {
            return None;
        }
        let text = fs_err::read(kept_path(context, key)).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        Some(Solved { lock: kept.lock, warnings: kept.warnings, reused: true })
    }

    /// A solution to stay near: this definition's before it was changed.
    pub(crate) fn near(&self, platform: Platform) -> Option<&PlatformLock> {
        let mut locks = [&self.beside, &self.last].into_iter().flatten();
        locks.find_map(|lock| lock.platforms.get(&platform))
    }

    /// Platforms of the lock beside the definition that are not asked for now; they stay as they are.
    pub(crate) fn others(
        &self,
        definition: Digest,
        platforms: &[Platform],
    ) -> impl Iterator<Item = (Platform, PlatformLock)> {
        let beside = self.beside.iter().filter(move |lock| lock.definition == definition);
        let all = beside.flat_map(|lock| &lock.platforms);
        all.filter(|(platform, _)| !platforms.contains(platform))
            .map(|(platform, lock)| (*platform, lock.clone()))
    }

    /// Keeps the lock of this definition's place, to stay near the next time; platforms that it lacks stay as they
    /// were.
    pub(crate) fn keep(&self, lock: &Lock) -> Result<(), BuildError> {
        let mut lock = lock.clone();
        for (platform, last) in self.last.iter().flat_map(|last| &last.platforms) {
            lock.platforms.entry(*platform).or_insert_with(|| last.clone());
        }
        if self.last.as_ref() == Some(&lock) {
            return Ok(());
        }
        Ok(write_atomic(&self.last_path, &serde_json::to_vec(&lock).map_err(std::io::Error::from)?)?)
    }
}

/// Why a lock cannot be taken as it is for a definition and platforms.
fn stale(lock: Option<&Lock>, definition: Digest, platforms: &[Platform]) -> Option<Stale> {
    let Some(lock) = lock else { return Some(Stale::Missing) };
    if lock.definition != definition {
        return Some(Stale::Definition);
    }
    platforms.iter().find(|platform| !lock.platforms.contains_key(platform)).copied().map(Stale::Platform)
}

/// The lock files beside a definition; none for one that came by standard input.
pub(crate) fn lock_files(input: &Input) -> Option<LockFiles> {
    match input {
        Input::Path(path) if path.is_dir() => Some(LockFiles::of(path)),
        Input::Path(path) => Some(LockFiles::of(path.parent()?)),
        Input::Text { .. } => None,
    }
}

/// Digest of where the definition stands.
fn place(input: &Input) -> Digest {
    let path = match input {
        Input::Path(path) => path,
        Input::Text { folder, .. } => folder,
    };
    Digest::of(std::path::absolute(path).unwrap_or_else(|_| path.clone()).as_os_str().as_encoded_bytes())
}

/// Key of a solution: all that it depends on besides the time.
pub(crate) fn key(
    context: &Context<'_>,
    definition: Digest,
    platform: Platform,
    base: Option<Digest>,
    has_conda: bool,
) -> Digest {
    let indexes = &context.settings.indexes;
    let url = |url: &envwright_redact::SafeUrl| url.without_credentials().to_string();
    let mut value = json!({
        "version": envwright_lock::LOCK_VERSION,
        "definition": definition,
        "platform": platform,
        "base": base,
        "index": indexes.index.as_ref().map(url),
        "extra": indexes.extra.iter().map(url).collect::<Vec<_>>(),
    });
    if has_conda {
        value["conda"] = context.settings.conda.meaning();
    }
    Digest::of(&canonical_json(&value))
}

fn kept_path(context: &Context<'_>, key: &Digest) -> PathBuf {
    context.home.solves().join(format!("{}.json", key.hex()))
}

/// Keeps a solution under its key.
pub(crate) fn keep(context: &Context<'_>, key: &Digest, solved: &Solved) -> Result<(), BuildError> {
    let kept = Kept { lock: solved.lock.clone(), warnings: solved.warnings.clone() };
    Ok(write_atomic(&kept_path(context, key), &serde_json::to_vec(&kept).map_err(std::io::Error::from)?)?)
}

/// The Debian packages of a bootstrapped base: those of the last solution while the wish is the same.
pub(crate) async fn debian(
    context: &Context<'_>,
    environment: &Environment,
    suite: &str,
    platform: Platform,
    known: &Known,
) -> Result<PlatformLock, BuildError> {
    let name = base_name(environment);
    // conda brings its own.
    let include_python = !conda::is_asked(environment);
    let stays = |near: &&PlatformLock| {
        near.base.name == name
            && debian::python(&near.debs).is_some() == include_python
            && !moves(&context.request.upgrade, near)
    };
    if let Some(near) = known.near(platform).filter(stays) {
        return Ok(PlatformLock {
            python: debian::python(&near.debs),
            glibc: debian::glibc(&near.debs),
            debs: near.debs.clone(),
            ..PlatformLock::of_base(near.base.clone())
        });
    }
    let request = debian::Request {
        platform,
        suite: suite.to_owned(),
        packages: wanted(environment),
        ground: Ground::Nothing { include_python },
    };
    let mirrors = settings::debian_mirrors(context.settings, suite);
    let DebianLock { debs, releases, python, glibc } = lock(context, &mirrors, &request).await?;
    let base = BaseLock { name, digest: None, releases, apt: Vec::new() };
    Ok(PlatformLock { python, glibc, debs, ..PlatformLock::of_base(base) })
}

/// What conda packages need to know of a bootstrapped base where nothing of that is installed: its C library.
pub(crate) fn glibc_alone(context: &Context<'_>, environment: &Environment) -> Option<PlatformLock> {
    let BaseName::Bootstrap { suite } = &environment.base else { return None };
    let is_enough = context.purpose == Purpose::Materialize && conda::is_asked(environment);
    let glibc = debian::glibc_of_suite(suite).filter(|_| is_enough)?;
    let name = base_name(environment);
    let base = BaseLock { name, digest: None, releases: BTreeMap::new(), apt: Vec::new() };
    Some(PlatformLock { glibc: Some(glibc), ..PlatformLock::of_base(base) })
}

/// Key of a solution that lacks the Debian packages of its base.
pub(crate) fn without_debian(key: &Digest) -> Digest {
    Digest::of(&canonical_json(&json!({ "key": key, "debian": false })))
}

/// The system packages that are asked for.
fn wanted(environment: &Environment) -> Vec<Wanted> {
    let wanted = |package: &envwright_definition::Spanned<String>| Wanted {
        name: package.value.clone(),
        span: package.span.clone(),
    };
    environment.apt.iter().map(wanted).collect()
}

async fn lock(
    context: &Context<'_>,
    mirrors: &[Mirror],
    request: &debian::Request,
) -> Result<DebianLock, BuildError> {
    context.record.event(
        Step::Solve,
        "solving",
        &[("what", "debian".into()), ("platform", request.platform.to_string().into())],
    );
    Ok(debian::lock(&context.client, &context.home.indexes(), mirrors, request).await?)
}

/// The system packages that are added to a base of another's making, from its own sources: those of the last solution
/// while base and wish are the same.
pub(crate) async fn added(
    context: &Context<'_>,
    environment: &Environment,
    platform: Platform,
    base: &Base,
    known: &Known,
) -> Result<PlatformLock, BuildError> {
    const STATUS: &str = "var/lib/dpkg/status";
    let mut apt: Vec<String> = environment.apt.iter().map(|package| package.value.clone()).collect();
    apt.sort_unstable();
    apt.dedup();
    let base_lock =
        BaseLock { name: base_name(environment), digest: base.digest(), releases: BTreeMap::new(), apt };
    let stays = |near: &&PlatformLock| {
        BaseLock { releases: BTreeMap::new(), ..near.base.clone() } == base_lock
            && !moves(&context.request.upgrade, near)
    };
    let facts = TargetFacts::read(platform, base.files());
    let lock = if let Some(near) = known.near(platform).filter(stays) {
        DebianLock {
            debs: near.debs.clone(),
            releases: near.base.releases.clone(),
            python: debian::python(&near.debs),
            glibc: debian::glibc(&near.debs),
        }
    } else {
        let of_base = |reason| BuildError::NoApt {
            base: match &environment.base {
                BaseName::OciLayout(folder) => format!("oci:{}", folder.display()),
                BaseName::DockerArchive(file) => format!("docker-archive:{}", file.display()),
                _ => base_lock.name.clone(),
            },
            reason,
            span: environment.apt.first().and_then(|package| package.span.clone()),
        };
        let status = base.files().read(STATUS).filter(|bytes| !bytes.is_empty());
        let status = status.ok_or_else(|| of_base("it has no packages of dpkg"))?;
        let mut mirrors = debian::base_sources(base.files(), platform)?;
        let debian = facts.distribution.as_ref().filter(|distribution| distribution.id == "debian");
        if let Some(codename) = debian.and_then(|debian| debian.codename.as_deref())
            && mirrors.is_empty()
        {
            // A Debian without apt, such as a bootstrapped one.
            mirrors = settings::debian_mirrors(context.settings, codename);
        }
        if mirrors.is_empty() {
            return Err(of_base("its apt has no sources for this platform"));
        }
        let codename = facts.distribution.as_ref().and_then(|distribution| distribution.codename.clone());
        let request = debian::Request {
            platform,
            suite: codename.unwrap_or_else(|| "the sources of the base".to_owned()),
            packages: wanted(environment),
            ground: Ground::Installed { status: String::from_utf8_lossy(&status).into_owned() },
        };
        lock(context, &mirrors, &request).await?
    };
    let of_base = facts.pythons.iter().map(|python| python.version);
    let pythons: Vec<(u8, u8, u8)> = of_base.chain(lock.python).collect();
    Ok(PlatformLock {
        python: fitting_python(environment, &pythons)?,
        glibc: lock.glibc.or(facts.glibc.map(|glibc| (glibc.major, glibc.minor))),
        debs: lock.debs,
        ..PlatformLock::of_base(BaseLock { releases: lock.releases, ..base_lock })
    })
}

/// The first that the definition can use; none where it needs none.
fn fitting_python(
    environment: &Environment,
    pythons: &[(u8, u8, u8)],
) -> Result<Option<(u8, u8, u8)>, BuildError> {
    if conda::is_asked(environment) {
        return Ok(None);
    }
    let fitting = pythons.iter().copied().find(|version| fits(environment, *version));
    let asked = environment.python.is_some()
        || !environment.requirements.is_empty()
        || exact::has(environment, LockedKind::Pypi);
    if fitting.is_none() && asked {
        return Err(no_python(environment, pythons.iter().copied()));
    }
    Ok(fitting)
}

/// Whether Debian packages are to be chosen anew. A mirror has one version of each, so all move when one does.
fn moves(upgrade: &Upgrade, lock: &PlatformLock) -> bool {
    match upgrade {
        Upgrade::None => false,
        Upgrade::Packages(names) => lock.debs.iter().any(|deb| names.contains(&deb.name)),
        Upgrade::All => true,
    }
}

/// What a base that was not bootstrapped brings.
pub(crate) fn from_base(
    environment: &Environment,
    platform: Platform,
    base: &Base,
) -> Result<PlatformLock, BuildError> {
    let facts = TargetFacts::read(platform, base.files());
    let pythons: Vec<(u8, u8, u8)> = facts.pythons.iter().map(|python| python.version).collect();
    let base = BaseLock {
        name: base_name(environment),
        digest: base.digest(),
        releases: BTreeMap::new(),
        apt: Vec::new(),
    };
    Ok(PlatformLock {
        python: fitting_python(environment, &pythons)?,
        glibc: facts.glibc.map(|glibc| (glibc.major, glibc.minor)),
        ..PlatformLock::of_base(base)
    })
}

/// The base as the definition and the lock name it, with what else decides about its packages.
pub(crate) fn base_name(environment: &Environment) -> String {
    match &environment.base {
        BaseName::Bootstrap { suite } => {
            let mut apt: Vec<&str> = environment.apt.iter().map(|package| package.value.as_str()).collect();
            apt.sort_unstable();
            let mut name = format!("bootstrap:debian/{suite}");
            for package in apt {
                name.push('+');
                name.push_str(package);
            }
            name
        }
        BaseName::OciLayout(_) => "oci".to_owned(),
        BaseName::DockerArchive(_) => "docker-archive".to_owned(),
        BaseName::Registry(image) => image.clone(),
        BaseName::Scratch => "scratch".to_owned(),
    }
}

/// Whether a Python is one that the definition can use.
fn fits(environment: &Environment, version: (u8, u8, u8)) -> bool {
    let asked = environment.python.as_ref().is_none_or(|python| python.matches(version));
    let required = environment.requires_python.as_ref();
    asked && required.is_none_or(|required| python_allowed(&required.value, version).unwrap_or(true))
}

fn no_python(environment: &Environment, available: impl Iterator<Item = (u8, u8, u8)>) -> BuildError {
    let needed = environment.python.as_ref().map(|python| (python.text.clone(), python.span.clone()));
    let required =
        environment.requires_python.as_ref().map(|required| (required.value.clone(), required.span.clone()));
    let (needed, span) = needed.or(required).map_or((None, None), |(text, span)| (Some(text), span));
    BuildError::Python {
        needed,
        available: available.map(|(a, b, c)| format!("{a}.{b}.{c}")).collect(),
        span,
    }
}

/// Adds the wheels to what the base gives.
pub(crate) async fn wheels(
    context: &Context<'_>,
    environment: &Environment,
    platform: Platform,
    mut lock: PlatformLock,
    installed: &[Installed],
    known: &Known,
) -> Result<Solved, BuildError> {
    let python = match lock.python {
        Some(python) if fits(environment, python) => python,
        _ if environment.requirements.is_empty() && environment.python.is_none() => {
            return Ok(Solved { lock, warnings: Vec::new(), reused: false });
        }
        other => return Err(no_python(environment, other.into_iter())),
    };
    if environment.requirements.is_empty() {
        return Ok(Solved { lock, warnings: Vec::new(), reused: false });
    }
    context.record.event(
        Step::Solve,
        "solving",
        &[("what", "pypi".into()), ("platform", platform.to_string().into())],
    );
    let preferences = preferences(context, known.near(platform));
    let request = pypi::Request {
        requirements: environment.requirements.iter().map(required).collect(),
        constraints: environment.constraints.iter().map(required).collect(),
        indexes: index_urls(&environment.indexes),
        require_hashes: environment.require_hashes,
        platform,
        python,
        glibc: lock.glibc,
        installed: installed.to_vec(),
        preferences,
        time_limit: context
            .request
            .solve_limit
            .unwrap_or(context.settings.solve_limit)
            .max(Duration::from_millis(1)),
        cache_dir: context.home.indexes().join("pypi"),
        refresh: context.request.upgrade != Upgrade::None,
        client: context.client.clone(),
    };
    let solution = pypi::solve(&request).await?;
    lock.wheels = solution.wheels;
    Ok(Solved { lock, warnings: solution.warnings, reused: false })
}

/// Locked versions that a new solution should keep.
fn preferences(context: &Context<'_>, near: Option<&PlatformLock>) -> Vec<(String, String)> {
    let moves = |name: &str| match &context.request.upgrade {
        Upgrade::None => false,
        Upgrade::Packages(names) => names.iter().any(|wanted| wanted == name),
        Upgrade::All => true,
    };
    let wheels = near.map(|lock| lock.wheels.as_slice()).unwrap_or_default();
    let kept = wheels.iter().filter(|wheel| !moves(&wheel.name));
    kept.map(|wheel| (wheel.name.clone(), wheel.version.clone())).collect()
}

fn required(requirement: &envwright_definition::Requirement) -> Required {
    Required {
        name: requirement.name.to_string(),
        text: requirement.text.clone(),
        hashes: requirement.hashes.clone(),
        span: requirement.span.clone(),
    }
}

/// Where packages come from, as the solver takes it.
pub(crate) fn index_urls(indexes: &Indexes) -> IndexUrls {
    let find_links = indexes.find_links.iter().map(|place| match place {
        envwright_definition::FindLinks::Url(url) => FindLinks::Url(url.clone()),
        envwright_definition::FindLinks::Path(path) => FindLinks::Path(path.clone()),
    });
    IndexUrls {
        index: indexes.index.clone(),
        extra: indexes.extra.clone(),
        find_links: find_links.collect(),
        no_index: indexes.no_index,
        prerelease: indexes.prerelease,
    }
}

//! What stops a build. Every room's error already knows its problem; this only joins them.

use crate::{
    rootfs::RootfsError,
    space::{self, Shortage},
};
use envwright_definition::DefinitionError;
use envwright_diagnosis::{Explain, Finding, Span};
use envwright_fetch::FetchError;
use envwright_image::{ImageError, Kind, RegistryError};
use envwright_lock::{LockError, conda::CondaError, debian::DebianError, pypi::PypiError};
use envwright_package::PackageError;
use envwright_redact::{Redactor, SafeUrl};
use envwright_store::{StoreError, is_full};
use envwright_target::Platform;
use std::path::PathBuf;

/// Why a build did not end with an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The definition cannot be read as it stands.
    #[error("reading the definition")]
    Definition(#[from] DefinitionError),
    /// The user's configuration file is wrong.
    #[error("reading the configuration {path}: {reason}")]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong there.
        reason: String,
        /// Where in it.
        span: Option<Span>,
    },
    /// An environment variable has a value that means nothing.
    #[error("{name} is not {expected}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// No set of Debian packages fits.
    #[error("choosing Debian packages")]
    Debian(#[from] DebianError),
    /// No set of conda packages fits.
    #[error("choosing conda packages")]
    Conda(#[from] CondaError),
    /// No set of Python packages fits.
    #[error("choosing Python packages")]
    Pypi(#[from] PypiError),
    /// A lock file cannot be read or written.
    #[error("keeping the lock")]
    Lock(#[from] LockError),
    /// The lock beside the definition is not of this definition, and `--locked` was given.
    #[error("the lock {path} is not of this definition")]
    LockStale {
        /// The lock file.
        path: PathBuf,
        /// In which way.
        reason: Stale,
    },
    /// A download failed.
    #[error("downloading")]
    Fetch(#[from] FetchError),
    /// A package's file is not the one that the lock names.
    #[error("the file of {package} {version} is not the one that was locked")]
    Digest {
        /// Name of the package.
        package: String,
        /// Its version.
        version: String,
        /// Name of the file.
        file: String,
        /// Digest in the lock.
        expected: String,
        /// Digest of what came.
        got: String,
        /// What it is.
        kind: Kind,
        /// Where the package was asked for, where the user did.
        span: Option<Span>,
    },
    /// A locked Debian package is not on its mirror any more.
    #[error("{package} {version} is not on the mirror any more")]
    LeftMirror {
        /// Name of the package.
        package: String,
        /// Its version.
        version: String,
        /// Where it was.
        url: SafeUrl,
    },
    /// A package cannot be turned into a segment.
    #[error("packing")]
    Package(#[from] PackageError),
    /// Layers or image cannot be made.
    #[error("making the image")]
    Image(#[from] ImageError),
    /// An image did not come from its registry, or did not reach it.
    #[error("asking a registry")]
    Registry(#[from] RegistryError),
    /// The home cannot be read or written.
    #[error("keeping state")]
    Store(#[from] StoreError),
    /// A disk has no room for what is to be fetched.
    #[error("{} has no room", .0.path.display())]
    Space(Shortage),
    /// The base lacks a Python that the definition can use.
    #[error("no usable Python in the base")]
    Python {
        /// What was asked for, where something was.
        needed: Option<String>,
        /// What the base has.
        available: Vec<String>,
        /// Where it was asked for.
        span: Option<Span>,
    },
    /// `apt:` on a base that has no apt.
    #[error("system packages cannot be added to {base}: {reason}")]
    NoApt {
        /// The base.
        base: String,
        /// What it lacks.
        reason: &'static str,
        /// Where the first package was asked for.
        span: Option<Span>,
    },
    /// A wheel that neither index nor lock give a digest for.
    #[error("no digest of {package} is known")]
    NoHash {
        /// The package.
        package: String,
    },
    /// No Python that can make the image's byte code can be run here.
    #[error("no CPython {}.{}.{} can be run here", version.0, version.1, version.2)]
    NoCompiler {
        /// Major, minor and micro version of the image's Python.
        version: (u8, u8, u8),
    },
    /// The files that a bootstrapped base needs cannot be made.
    #[error("making the files of the base")]
    Rootfs(#[from] RootfsError),
    /// What the definition names, or its packages hold, is not built from.
    #[error("what the definition names cannot be built from")]
    Refused {
        /// Why, root causes first; never empty.
        findings: Vec<Finding>,
    },
    /// What this version cannot do.
    #[error("this version does not do {what} yet")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// What to do in its place.
        instead: String,
    },
    /// A container engine that was asked to load the image did not.
    #[error("{engine} did not load the image: {reason}")]
    Engine {
        /// `docker` or `podman`.
        engine: String,
        /// Its last words, or why it could not be started.
        reason: String,
    },
    /// `-o` names no place that images can be written to.
    #[error("`{0}` is no place that an image can be written to")]
    Output(String),
    /// No such build.
    #[error("no build `{0}`")]
    UnknownBuild(String),
    /// A file of this machine cannot be read or written.
    #[error("reading or writing a file")]
    Io(#[from] std::io::Error),
    /// An error of something that the definition asks for.
    #[error("{error}")]
    At {
        /// What went wrong.
        #[source]
        error: Box<Self>,
        /// Where the definition asks for it.
        span: Span,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// A worker thread ended without a result: a bug.
    #[error("a worker of envwright stopped: {0}")]
    Internal(String),
}

/// Why a lock is not of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// There is none.
    Missing,
    /// The two files of the lock were not written together.
    Parted,
    /// It is of another definition.
    Definition,
    /// It lacks a platform.
    Platform(Platform),
    /// It is of another base image.
    Base,
}

impl Explain for BuildError {
    fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Definition(error) => error.findings(),
            Self::Debian(error) => error.findings(),
            Self::Conda(error) => error.findings(),
            Self::Pypi(error) => error.findings(),
            Self::Lock(error) => error.findings(),
            Self::Fetch(error) => error.findings(),
            Self::Package(error) => error.findings(),
            Self::Image(error) => error.findings(),
            Self::Registry(error) => error.findings(),
            Self::Store(error) => error.findings(),
            Self::Rootfs(error) => error.findings(),
            Self::Refused { findings } => findings.clone(),
            Self::At { error, span } => {
                error.findings().into_iter().map(|finding| located(finding, span)).collect()
            }
            own => vec![own.own_finding()],
        }
    }
}

/// Problems of what a definition names as its base, which are mended where it does.
const OF_BASES: [&str; 7] = [
    "apt-no-release-file",
    "base-invalid",
    "base-without-apt",
    "image-name-invalid",
    "python-not-found",
    "registry-not-found",
    "registry-platform-mismatch",
];

/// With the place of the base, where there is none yet and the problem is one of the base.
fn located(finding: Finding, span: &Span) -> Finding {
    let of_base = OF_BASES.contains(&finding.problem.as_str());
    if of_base && finding.evidence.is_empty() { finding.at(span, "this base") } else { finding }
}

impl BuildError {
    /// What hides the secrets of the definition that it is about.
    pub fn redactor(&self) -> Redactor {
        match self {
            Self::Definition(error) => Redactor::new(error.secrets().iter().cloned()),
            _ => Redactor::default(),
        }
    }

    /// The same, of the base that the definition asks for at a place.
    pub(crate) fn of_base(self, span: Option<&Span>) -> Self {
        match (self, span) {
            (
                error @ (Self::Registry(_)
                | Self::Image(_)
                | Self::Debian(_)
                | Self::Python { .. }
                | Self::NoApt { .. }),
                Some(span),
            ) => Self::At { error: Box::new(error), span: span.clone() },
            (other, _) => other,
        }
    }

    /// The error itself, without its place.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::At { error, .. } => error.inner(),
            other => other,
        }
    }

    /// The finding of the variants that no other room owns.
    fn own_finding(&self) -> Finding {
        match self {
            Self::Configuration { path, reason, span } => {
                let finding = Finding::new("configuration-invalid")
                    .fact("file", path.display())
                    .fact("reason", reason)
                    .detail(capitalised(reason));
                span.iter().fold(finding, |finding, span| finding.at(span, "here"))
            }
            Self::Variable { name, value, expected } => Finding::new("configuration-invalid")
                .fact("file", name)
                .fact("got", value)
                .detail(format!("{name} is `{value}`, which is not {expected}.")),
            Self::LockStale { path, reason } => {
                let finding = Finding::new("lock-stale").fact("file", path.display());
                finding.detail(match reason {
                    Stale::Missing => {
                        format!("There is no {}, and `--locked` forbids making one.", path.display())
                    }
                    Stale::Parted => {
                        format!(
                            "The pixi.lock beside {} is not the one that was written with it.",
                            path.display()
                        )
                    }
                    Stale::Definition => "The definition was changed after the lock was made.".to_owned(),
                    Stale::Platform(platform) => format!("The lock has nothing for {platform}."),
                    Stale::Base => "The base is not the one that the lock was made for.".to_owned(),
                })
            }
            Self::Digest { package, version, file, expected, got, kind, span } => {
                let problem = match kind {
                    Kind::Debian => "apt-hash-mismatch",
                    Kind::Conda => "conda-checksum-mismatch",
                    _ => "pip-hash-mismatch",
                };
                let finding = Finding::new(problem)
                    .fact("package", package)
                    .fact("version", version)
                    .fact("file", file)
                    .fact("expected", expected)
                    .fact("got", got)
                    .detail(format!("{file} was to have {expected}; what came has {got}."))
                    .detail("It is another build of this file, or it was changed on the way.");
                span.iter().fold(finding, |finding, span| finding.at(span, "asked for here"))
            }
            Self::LeftMirror { package, version, url } => Finding::new("apt-not-found-404")
                .fact("package", package)
                .fact("version", version)
                .fact("url", url.without_credentials())
                .fact("status", 404),
            Self::Space(Shortage { path, needed, available }) => Finding::new("disk-full")
                .fact("path", path.display())
                .fact("needed", space::bytes(*needed))
                .fact("available", space::bytes(*available)),
            Self::Python { needed, available, span } => {
                python_finding(needed.as_deref(), available, span.as_ref())
            }
            Self::Unsupported { what, instead } => Finding::new("not-supported-yet")
                .fact("feature", what)
                .detail(format!("this version does not do {what} yet"))
                .remedy(instead),
            Self::NoApt { base, reason, span } => {
                let finding =
                    Finding::new("base-without-apt").fact("image", base).detail(capitalised(reason));
                span.iter().fold(finding, |finding, span| finding.at(span, "to be added to the base"))
            }
            Self::NoCompiler { version: (major, minor, micro) } => {
                Finding::new("python-bytecode").fact("version", format!("{major}.{minor}.{micro}"))
            }
            Self::NoHash { package } => Finding::new("pip-hash-missing").fact("package", package),
            Self::Engine { engine, reason } => {
                Finding::new("engine-not-running").fact("command", engine).detail(reason.clone())
            }
            Self::Output(output) => Finding::new("output-invalid").fact("path", output),
            Self::UnknownBuild(build) => Finding::new("build-not-found").fact("name", build),
            Self::Io(error) => io_finding(error),
            Self::Internal(what) => Finding::new("internal-error").detail(what.clone()),
            _ => Finding::new("internal-error").detail(self.to_string()),
        }
    }
}

/// A clause as a sentence.
fn capitalised(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let text: String = first.chain(letters).collect();
    text.trim_end_matches('.').to_owned() + "."
}

fn io_finding(error: &std::io::Error) -> Finding {
    let problem = if is_full(error) { "disk-full" } else { "store-io" };
    Finding::new(problem).detail(error.to_string())
}

fn python_finding(needed: Option<&str>, available: &[String], span: Option<&Span>) -> Finding {
    let has = if available.is_empty() { "none".to_owned() } else { available.join(", ") };
    let mut finding = Finding::new("python-not-found");
    if !available.is_empty() {
        finding = finding.fact("available", &has);
    }
    if let Some(needed) = needed {
        finding = finding.fact("needed", needed).fact("python", needed);
    }
    if let Some(span) = span {
        finding = finding.at(span, format!("the base has {has}"));
    }
    finding
}

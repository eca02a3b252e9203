//! One environment, whatever format it was written in.

use crate::{Conda, DefinitionError, Format, Instruction, Levels, Locked, MaskedText, PythonRequest};
use envwright_diagnosis::{Finding, Source, Span};
use envwright_redact::{SafeUrl, Secret};
use envwright_target::Platform;
use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

/// What the user wants, read from a definition in any format.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The format that the definition is written in.
    pub format: Format,
    /// Its name.
    pub name: Option<String>,
    /// Where it is named.
    pub name_span: Option<Span>,
    /// Its version, as written.
    pub version: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What the packages are put on.
    pub base: Base,
    /// Where it is named; none for the default.
    pub base_span: Option<Span>,
    /// Which Python is asked for.
    pub python: Option<PythonRequest>,
    /// What is to be installed from PyPI, in the order of the definition.
    pub requirements: Vec<Requirement>,
    /// What pip would build from source or fetch first, as pip's lines: version control, archives, folders, `-e`,
    /// requirements files at URLs.
    pub unbuilt: Vec<Spanned<MaskedText>>,
    /// Limits on versions that install nothing by themselves.
    pub constraints: Vec<Requirement>,
    /// Where wheels are looked for.
    pub indexes: Indexes,
    /// What is to be installed from conda channels; none where the definition has no part of conda's.
    pub conda: Option<Conda>,
    /// Exact packages, where the definition is a lock file.
    pub locked: Option<Locked>,
    /// What an image is built from, where the base is a Dockerfile.
    pub build: Option<BuildContext>,
    /// What only Azure ML looks at.
    pub azure: Azure,
    /// Debian packages to add to the base.
    pub apt: Vec<Spanned<String>>,
    /// Environment variables of the image.
    pub env: BTreeMap<String, String>,
    /// The user's own files.
    pub files: Vec<FileCopy>,
    /// User that the image runs as: `name`, `uid` or `uid:gid`.
    pub user: Option<String>,
    /// Folder that the image starts in.
    pub workdir: Option<String>,
    /// Command that the image starts.
    pub cmd: Option<Vec<String>>,
    /// Whether the image has the byte code of its Python packages.
    pub compile: bool,
    /// The user's own labels.
    pub tags: BTreeMap<String, String>,
    /// Whether every wheel must have a hash in the definition (pip's `--require-hashes`).
    pub require_hashes: bool,
    /// The project's `requires-python`.
    pub requires_python: Option<Spanned<String>>,
    /// Platforms to build for; empty means the host's.
    pub platforms: Vec<Platform>,
    /// The texts that were read, the definition itself first.
    pub sources: Vec<Arc<Source>>,
    /// Warnings and notes: nothing here stops a build.
    pub findings: Vec<Finding>,
    /// Worth knowing when the definition is checked; no build repeats it.
    pub remarks: Vec<Finding>,
    /// What is valid and cannot be built by this version: a build stops at it.
    pub unsupported: Vec<Finding>,
    /// Passwords and tokens of the definition that no pattern recognises: whoever shows the findings masks them.
    pub secrets: Vec<Secret>,
}

impl Environment {
    /// The environment, where this version can build all of it; else what it cannot, as findings.
    pub fn buildable(mut self) -> Result<Self, DefinitionError> {
        if self.unsupported.is_empty() {
            return Ok(self);
        }
        self.findings.append(&mut self.unsupported);
        Err(DefinitionError::with_secrets(self.findings, self.secrets))
    }
}

/// The folder that an image is built from with a Dockerfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildContext {
    /// The folder or URL, as written; none for the Dockerfile alone.
    pub path: Option<MaskedText>,
    /// The Dockerfile in it, as written; `Dockerfile` where none is named.
    pub dockerfile: Option<String>,
    /// The text of a Dockerfile that stands in the definition itself.
    pub inline: Option<MaskedText>,
    /// The Dockerfile's instructions, where it could be read.
    pub instructions: Vec<Instruction>,
    /// The lines at its head that tell Docker how to read it, such as `# syntax=docker/dockerfile:1`.
    pub directives: Vec<String>,
    /// Where it is named.
    pub span: Option<Span>,
}

/// What only Azure ML looks at; files of an image depend on `cuda` alone, which decides what conda chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Azure {
    /// The operating system (`os_type`), as written.
    pub os_type: Option<String>,
    /// How a model is served (`inference_config`).
    pub inference_config: Option<serde_json::Value>,
    /// Properties of the asset.
    pub properties: BTreeMap<String, String>,
    /// Whether the packages are those of the image itself (`userManagedDependencies`).
    pub user_managed: bool,
    /// The interpreter in the image (`interpreterPath`).
    pub interpreter: Option<String>,
    /// The pool of workers that builds it (`build_compute`).
    pub build_compute: Option<String>,
    /// The CUDA version that the image is for (`cuda`).
    pub cuda: Option<String>,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands; none for a default.
    pub span: Option<Span>,
}

/// What packages are put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// A minimal Debian made from a Debian mirror: `bootstrap:debian/<suite>`.
    Bootstrap {
        /// Debian's name of the release, such as `bookworm`.
        suite: String,
    },
    /// The image in an OCI image layout: `oci:<folder>`.
    OciLayout(PathBuf),
    /// The image in an archive as `docker save` makes it: `docker-archive:<file>`.
    DockerArchive(PathBuf),
    /// An image of a registry, as it is named there.
    Registry(String),
    /// Nothing at all: `scratch`.
    Scratch,
}

impl Default for Base {
    /// The Debian release that is used when a definition names no base.
    fn default() -> Self {
        Self::Bootstrap { suite: "bookworm".to_owned() }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bootstrap { suite } => write!(f, "bootstrap:debian/{suite}"),
            Self::OciLayout(folder) => write!(f, "oci:{}", folder.display()),
            Self::DockerArchive(file) => write!(f, "docker-archive:{}", file.display()),
            Self::Registry(image) => f.write_str(image),
            Self::Scratch => f.write_str("scratch"),
        }
    }
}

/// A package's name as the name normalisation specification (PEP 503) spells it: lower case, `-` between words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageName(String);

impl PackageName {
    /// Normalises a name; none if it is no valid name.
    pub fn parse(text: &str) -> Option<Self> {
        let name: uv_normalize::PackageName = text.parse().ok()?;
        Some(Self(name.as_str().to_owned()))
    }

    /// The normalised spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One requirement.
#[derive(Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Which package.
    pub name: PackageName,
    /// The whole requirement in canonical dependency specifier grammar (PEP 508). May hold a URL's credentials.
    pub text: String,
    /// Allowed hashes of its file, such as `sha256:…`; sorted.
    pub hashes: Vec<String>,
    /// Where it was written.
    pub span: Option<Span>,
}

impl fmt::Debug for Requirement {
    /// Without the credentials that a URL may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = envwright_redact::Redactor::default().redact(&self.text).into_owned();
        f.debug_struct("Requirement")
            .field("text", &text)
            .field("hashes", &self.hashes)
            .finish_non_exhaustive()
    }
}

/// Where wheels are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexes {
    /// The main index; none means the default one.
    pub index: Option<SafeUrl>,
    /// Further indexes, in order.
    pub extra: Vec<SafeUrl>,
    /// Pages and folders with wheels, in order.
    pub find_links: Vec<FindLinks>,
    /// Whether no index is asked, only `find_links`.
    pub no_index: bool,
    /// Whether pre-releases are allowed for every package.
    pub prerelease: bool,
}

/// A page or folder with wheels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindLinks {
    /// A page with links.
    Url(SafeUrl),
    /// A folder, or a page on disk; absolute.
    Path(PathBuf),
}

/// A file or folder of the user's that is copied into the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCopy {
    /// Absolute path on this machine.
    pub from: PathBuf,
    /// Absolute path in the image.
    pub to: String,
    /// Where it was written.
    pub span: Option<Span>,
}

/// What the caller adds to a definition.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Extras of a project to install.
    pub extras: Vec<String>,
    /// Dependency groups of a project to install.
    pub groups: Vec<String>,
    /// Indexes from pip's settings and environment variables; the definition's own go before.
    pub index_defaults: Indexes,
    /// How bad findings are, where the user says so.
    pub levels: Levels,
    /// Texts that are read in the place of what files have, by the names that these have as sources.
    pub instead: BTreeMap<String, String>,
}

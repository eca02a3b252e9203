//! What a build is asked to do.

use crate::BuildError;
use envwright_image::ImageReference;
use envwright_package::Compression;
use envwright_target::Platform;
use std::{
    collections::BTreeMap, fmt, num::NonZero, path::PathBuf, str::FromStr, thread::available_parallelism,
};

/// Where the definition is read from.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file, or a folder that holds one.
    Path(PathBuf),
    /// Text that came by standard input; relative paths in it start at `folder`.
    Text {
        /// The definition.
        text: String,
        /// Where its relative paths start.
        folder: PathBuf,
    },
}

/// Which locked versions may be left for newer ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// None: the lock is used while the definition is the same.
    #[default]
    None,
    /// These packages.
    Packages(Vec<String>),
    /// All of them.
    All,
}

/// Where the image goes besides envwright's own store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// An OCI image layout.
    OciLayout(PathBuf),
    /// A file that `docker load` reads.
    DockerArchive(PathBuf),
    /// The Docker daemon.
    Docker,
    /// podman's storage.
    Podman,
}

impl FromStr for Output {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        let (scheme, rest) = text.split_once(':').ok_or_else(|| BuildError::Output(text.to_owned()))?;
        match (scheme, rest) {
            ("oci", path) if !path.is_empty() => Ok(Self::OciLayout(path.into())),
            ("docker-archive", path) if !path.is_empty() => Ok(Self::DockerArchive(path.into())),
            ("docker" | "docker-daemon", "") => Ok(Self::Docker),
            ("podman", "") => Ok(Self::Podman),
            _ => Err(BuildError::Output(text.to_owned())),
        }
    }
}

impl fmt::Display for Output {
    /// As it is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OciLayout(folder) => write!(f, "oci:{}", folder.display()),
            Self::DockerArchive(file) => write!(f, "docker-archive:{}", file.display()),
            Self::Docker => f.write_str("docker:"),
            Self::Podman => f.write_str("podman:"),
        }
    }
}

/// Everything that a build is asked to do.
#[derive(Debug, Clone)]
pub struct Request {
    /// The definition.
    pub input: Input,
    /// Extras of a `pyproject.toml`.
    pub extras: Vec<String>,
    /// Dependency groups of a `pyproject.toml`.
    pub groups: Vec<String>,
    /// Platforms; the definition's, else the host's, where empty.
    pub platforms: Vec<Platform>,
    /// Names that the image gets; one made from the definition where empty.
    pub tags: Vec<ImageReference>,
    /// Where else it goes.
    pub outputs: Vec<Output>,
    /// Whether it is pushed to the registries that its names lead to.
    pub push: bool,
    /// How segments are compressed.
    pub compression: Compression,
    /// Nothing may be asked of the network.
    pub offline: bool,
    /// The lock beside the definition must be there and be of this definition.
    pub locked: bool,
    /// Which locked versions may move.
    pub upgrade: Upgrade,
    /// Threads that pack and write layers; all cores where `None`.
    pub threads: Option<usize>,
    /// Time limit of one solve; the configured one (600 seconds) where `None`.
    pub solve_limit: Option<std::time::Duration>,
    /// Texts that are read in the place of what files of the definition have, by the names that these have as sources.
    pub instead: BTreeMap<String, String>,
}

impl Request {
    /// Threads that pack and write layers.
    pub(crate) fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_as_they_are_documented() {
        assert_eq!("oci:out".parse::<Output>().unwrap(), Output::OciLayout("out".into()));
        assert_eq!(
            "docker-archive:a/b.tar".parse::<Output>().unwrap(),
            Output::DockerArchive("a/b.tar".into())
        );
        assert_eq!("docker:".parse::<Output>().unwrap(), Output::Docker);
        assert_eq!("podman:".parse::<Output>().unwrap(), Output::Podman);
        for bad in ["", "oci:", "docker:x", "tar:y", "oci"] {
            assert!(matches!(bad.parse::<Output>(), Err(BuildError::Output(_))), "{bad}");
        }
    }
}

//! Which definition a command is about, and what of it.

use crate::failure::Failure;
use clap::Args;
use envwright_builder::{BuildError, Input, Request, Upgrade};
use envwright_definition::PackageName;
use envwright_package::Compression;
use envwright_target::Platform;
use std::{
    collections::BTreeMap,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// The definition, and the parts of it that are meant.
#[derive(Debug, Args)]
pub(crate) struct DefinitionArguments {
    /// The definition, a folder that holds one, or `-` for standard input
    #[arg(value_name = "DEF", default_value = ".")]
    pub(crate) definition: PathBuf,
    /// Extra of a pyproject.toml to install; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) extra: Vec<String>,
    /// Dependency group of a pyproject.toml to install; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
}

/// For which platforms, and how long a solve may take.
#[derive(Debug, Args)]
pub(crate) struct TargetArguments {
    /// Platform, such as `linux/arm64`; repeated or with commas [default: the definition's, else this machine's]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    pub(crate) platform: Vec<Platform>,
    /// Seconds that choosing packages may take [default: 600]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) solve_limit: Option<u64>,
}

/// Which locked versions may move.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArguments {
    /// Choose all packages anew
    #[arg(long)]
    pub(crate) upgrade: bool,
    /// Choose this package anew and keep the others where possible; may be repeated. A Debian package moves all of them
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) upgrade_package: Vec<String>,
}

impl UpgradeArguments {
    pub(crate) fn upgrade(&self) -> Upgrade {
        if self.upgrade {
            return Upgrade::All;
        }
        // Python's names have many spellings, Debian's one.
        let normalised = |name: &String| PackageName::parse(name).map(|name| name.to_string());
        let spellings = |name: &String| [Some(name.clone()), normalised(name)].into_iter().flatten();
        match self.upgrade_package.as_slice() {
            [] => Upgrade::None,
            names => Upgrade::Packages(names.iter().flat_map(spellings).collect()),
        }
    }
}

impl DefinitionArguments {
    /// Where the definition is read from.
    pub(crate) fn input(&self) -> Result<Input, Failure> {
        if self.definition != Path::new("-") {
            return Ok(Input::Path(self.definition.clone()));
        }
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(BuildError::from)?;
        Ok(Input::Text { text, folder: PathBuf::from(".") })
    }

    /// A request for it, with nothing else asked for.
    pub(crate) fn request(&self, target: &TargetArguments, offline: bool) -> Result<Request, Failure> {
        Ok(Request {
            input: self.input()?,
            extras: self.extra.clone(),
            groups: self.group.clone(),
            platforms: target.platform.clone(),
            tags: Vec::new(),
            outputs: Vec::new(),
            push: false,
            compression: Compression::default(),
            offline,
            locked: false,
            upgrade: Upgrade::None,
            threads: None,
            instead: BTreeMap::new(),
            solve_limit: target.solve_limit.map(Duration::from_secs),
        })
    }
}

//! What the environment and `config.toml` say, read once at the edge.

use crate::{BuildError, indexes};
use envwright_definition::{Indexes, Level, Levels};
use envwright_diagnosis::{Catalog, Source, Span, nearest};
use envwright_fetch::Settings as NetworkSettings;
use envwright_image::{Registries, RegistryMirror};
use envwright_lock::{
    conda::{Channels, Priority},
    debian::{Keyring, Mirror},
};
use envwright_redact::SafeUrl;
use envwright_store::{Home, StoreError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

/// Settings of one run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Indexes that pip's and uv's variables or the configuration name.
    pub indexes: Indexes,
    /// How the network is used.
    pub network: NetworkSettings,
    /// Debian mirrors that the configuration names, in the place of the host's sources.
    pub debian: Option<DebianSettings>,
    /// How conda packages are chosen (`[conda]`).
    pub conda: CondaSettings,
    /// What is known of registries.
    pub registries: Registries,
    /// How bad findings of definitions are (`[check]`).
    pub levels: Levels,
    /// Time limit of one solve.
    pub solve_limit: Duration,
    /// `SOURCE_DATE_EPOCH`, else 0: seconds since 1970 for what envwright itself writes.
    pub epoch: u64,
}

/// `[debian]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebianSettings {
    /// Address of the archive.
    pub mirror: SafeUrl,
    /// Address of the security archive, where there is one.
    pub security_mirror: Option<SafeUrl>,
    /// Keys that sign them, binary or armored; those of the Debian archive where `None`.
    pub keyring: Option<PathBuf>,
    /// A snapshot archive, where locked packages are looked for that left the mirror: the folder that has
    /// `archive/debian/<time>/`.
    pub snapshot: Option<SafeUrl>,
}

/// `[conda]` of the configuration.
#[derive(Debug, Clone, Default)]
pub struct CondaSettings {
    /// What the names of channels stand for.
    pub channels: Channels,
    /// Channels of definitions that name none; conda's own `defaults` where empty.
    pub default: Vec<String>,
    /// How the order of channels counts.
    pub priority: Priority,
    /// What is done about packages that would run a script when they are linked.
    pub post_link: PostLink,
}

/// What is done about a package that would run a script when it is linked. No script is run in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostLink {
    /// It is installed, and what would have run is told.
    #[default]
    Warn,
    /// It is refused.
    Refuse,
    /// It is installed.
    Ignore,
}

impl CondaSettings {
    /// What of it decides about packages, for keys of solutions.
    pub(crate) fn meaning(&self) -> Value {
        let url = |url: &SafeUrl| url.without_credentials().to_string();
        let custom = self.channels.custom.iter().map(|(name, at)| (name, url(at)));
        json!({
            "alias": self.channels.alias.as_ref().map(url),
            "defaults": self.channels.defaults,
            "custom": custom.collect::<BTreeMap<_, _>>(),
            "channels": self.default,
            "priority": self.priority,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CondaSection {
    #[serde(default)]
    channels: Vec<String>,
    channel_alias: Option<SafeUrl>,
    #[serde(default)]
    default_channels: Vec<String>,
    #[serde(default)]
    custom_channels: BTreeMap<String, SafeUrl>,
    #[serde(default)]
    channel_priority: Priority,
    #[serde(default)]
    post_link: PostLink,
}

impl From<CondaSection> for CondaSettings {
    fn from(section: CondaSection) -> Self {
        Self {
            channels: Channels {
                alias: section.channel_alias,
                defaults: section.default_channels,
                custom: section.custom_channels,
            },
            default: section.channels,
            priority: section.channel_priority,
            post_link: section.post_link,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    /// Read by `fetch`, as the next two are.
    #[serde(default, rename = "network")]
    _network: toml::Table,
    #[serde(default, rename = "mirrors")]
    _mirrors: toml::Table,
    #[serde(default, rename = "stores")]
    _stores: toml::Table,
    #[serde(default)]
    pypi: PypiSection,
    #[serde(default)]
    conda: CondaSection,
    debian: Option<DebianSettings>,
    /// By host, with its port.
    #[serde(default)]
    registries: BTreeMap<String, RegistrySection>,
    #[serde(default)]
    solve: SolveSection,
    /// By the problem's id.
    #[serde(default)]
    check: BTreeMap<toml::Spanned<String>, Level>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PypiSection {
    index: Option<SafeUrl>,
    #[serde(default)]
    extra_index: Vec<SafeUrl>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistrySection {
    #[serde(default)]
    insecure: bool,
    #[serde(default)]
    mirrors: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SolveSection {
    limit: Option<u64>,
}

impl Settings {
    /// Reads `config.toml` of `home`, then the environment, which wins.
    pub fn load(home: &Home) -> Result<Self, BuildError> {
        let path = home.config();
        let text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(StoreError::io("read", &path)(error).into()),
        };
        let wrong = |error: toml::de::Error| {
            let source = Source::new(path.display().to_string(), text.as_str());
            let span = error.span().map(|range| Span::new(&source, range));
            BuildError::Configuration { path: path.clone(), reason: error.message().to_owned(), span }
        };
        let file: ConfigFile = toml::from_str(&text).map_err(wrong)?;
        let mut network = NetworkSettings::from_config(&text).map_err(wrong)?;
        let insecure = file.registries.iter().filter(|(_, section)| section.insecure);
        network.insecure = insecure.map(|(host, _)| host.clone()).collect();
        let levels = levels(file.check).map_err(|(range, reason)| {
            let source = Source::new(path.display().to_string(), text.as_str());
            BuildError::Configuration { path: path.clone(), reason, span: Some(Span::new(&source, range)) }
        })?;
        let mut indexes = indexes::configured();
        indexes.index = indexes.index.or(file.pypi.index);
        if indexes.extra.is_empty() {
            indexes.extra = file.pypi.extra_index;
        }
        Ok(Self {
            indexes,
            network,
            debian: file.debian,
            conda: file.conda.into(),
            registries: registries(file.registries)?,
            levels,
            solve_limit: Duration::from_secs(file.solve.limit.unwrap_or(600)),
            epoch: epoch()?,
        })
    }
}

/// Levels by problem; an id that no problem has is a slip of the pen.
fn levels(section: BTreeMap<toml::Spanned<String>, Level>) -> Result<Levels, (Range<usize>, String)> {
    let catalog = Catalog::builtin();
    let mut levels = Levels::default();
    for (id, level) in section {
        if catalog.get(id.get_ref()).is_none() {
            let ids = catalog.problems().map(|problem| problem.id.as_str());
            let meant = nearest(id.get_ref(), ids)
                .map_or_else(String::new, |near| format!("; the nearest is `{near}`"));
            return Err((id.span(), format!("there is no problem `{}`{meant}", id.get_ref())));
        }
        levels.0.insert(id.into_inner(), level);
    }
    Ok(levels)
}

fn registries(sections: BTreeMap<String, RegistrySection>) -> Result<Registries, BuildError> {
    let mut registries = Registries::default();
    for (host, section) in sections {
        let mirrors = section.mirrors.iter().map(|mirror| mirror.parse());
        let mirrors = mirrors.collect::<Result<Vec<RegistryMirror>, _>>()?;
        registries.mirrors.insert(host, mirrors);
    }
    Ok(registries)
}

/// `SOURCE_DATE_EPOCH` (reproducible-builds.org, its specification); 0 where it is not set.
fn epoch() -> Result<u64, BuildError> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) if !text.is_empty() => text.parse().map_err(|_| BuildError::Variable {
            name: "SOURCE_DATE_EPOCH",
            value: text,
            expected: "a number of seconds since 1970",
        }),
        _ => Ok(0),
    }
}

/// The mirrors of `suite`: the configured ones, else the host's.
pub(crate) fn debian_mirrors(settings: &Settings, suite: &str) -> Vec<Mirror> {
    match &settings.debian {
        Some(debian) => {
            let keyring = debian.keyring.clone().map_or(Keyring::Archive, Keyring::File);
            Mirror::configured(&debian.mirror, debian.security_mirror.as_ref(), suite, &keyring)
        }
        None => envwright_lock::debian::host_sources(Path::new("/"), suite),
    }
}

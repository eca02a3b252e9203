//! What the environment and `config.toml` say, read once at the edge.

use crate::BuildError;
use envwright_definition::Indexes;
use envwright_diagnosis::{Source, Span};
use envwright_fetch::Settings as NetworkSettings;
use envwright_lock::debian::Mirror;
use envwright_redact::SafeUrl;
use envwright_store::Home;
use serde::Deserialize;
use std::{path::Path, time::Duration};

/// Settings of one run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Indexes that pip's and uv's variables or the configuration name.
    pub indexes: Indexes,
    /// How the network is used.
    pub network: NetworkSettings,
    /// Debian mirrors that the configuration names, in the place of the host's sources.
    pub debian: Option<DebianSettings>,
    /// Time limit of one solve.
    pub solve_limit: Duration,
    /// `SOURCE_DATE_EPOCH`, else 0: seconds since 1970 for what envwright itself writes.
    pub epoch: u64,
}

/// `[debian]` of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebianSettings {
    /// Address of the archive.
    pub mirror: SafeUrl,
    /// Address of the security archive, where there is one.
    pub security_mirror: Option<SafeUrl>,
}

#[derive(Default, Deserialize)]
struct ConfigFile {
    #[serde(default)]
    pypi: PypiSection,
    debian: Option<DebianSettings>,
    #[serde(default)]
    solve: SolveSection,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PypiSection {
    index: Option<SafeUrl>,
    #[serde(default)]
    extra_index: Vec<SafeUrl>,
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
            Err(error) => return Err(error.into()),
        };
        let wrong = |error: toml::de::Error| {
            let source = Source::new(path.display().to_string(), text.as_str());
            let span = error.span().map(|range| Span::new(&source, range));
            BuildError::Configuration { path: path.clone(), reason: error.message().to_owned(), span }
        };
        let file: ConfigFile = toml::from_str(&text).map_err(wrong)?;
        let network = NetworkSettings::from_config(&text).map_err(wrong)?;
        let mut indexes = environment_indexes();
        indexes.index = indexes.index.or(file.pypi.index);
        if indexes.extra.is_empty() {
            indexes.extra = file.pypi.extra_index;
        }
        Ok(Self {
            indexes,
            network,
            debian: file.debian,
            solve_limit: Duration::from_secs(file.solve.limit.unwrap_or(600)),
            epoch: std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        })
    }
}

/// `PIP_INDEX_URL`, `PIP_EXTRA_INDEX_URL`, `UV_DEFAULT_INDEX`, `UV_INDEX_URL`, `UV_EXTRA_INDEX_URL`.
fn environment_indexes() -> Indexes {
    let urls = |names: &[&str]| -> Vec<SafeUrl> {
        let value = names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        value.unwrap_or_default().split_whitespace().filter_map(|url| SafeUrl::parse(url).ok()).collect()
    };
    Indexes {
        index: urls(&["UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"]).into_iter().next(),
        extra: urls(&["UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"]),
        ..Indexes::default()
    }
}

/// The mirrors of `suite`: the configured ones, else the host's.
pub(crate) fn debian_mirrors(settings: &Settings, suite: &str) -> Result<Vec<Mirror>, BuildError> {
    match &settings.debian {
        Some(debian) => Ok(Mirror::configured(&debian.mirror, debian.security_mirror.as_ref(), suite)),
        None => Ok(envwright_lock::debian::host_sources(Path::new("/"), suite)),
    }
}

//! How the network is used.

use crate::{Mirrors, Store, StoreKind};
use envwright_redact::SafeUrl;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

/// Settings of a [`Client`](crate::Client).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Nothing may be asked of the network; files of this machine may.
    pub offline: bool,
    /// How long a host is waited for, and how often it is tried.
    pub limits: Limits,
    /// The same for some hosts, by name or by name and port.
    pub hosts: BTreeMap<String, Limits>,
    /// Time before the first retry, where the server asks for none; about twice as long before each further one.
    pub retry_wait: Duration,
    /// The `netrc` file; `$NETRC`, else `~/.netrc`, where `None`.
    pub netrc: Option<PathBuf>,
    /// Other places of what is below some addresses.
    pub mirrors: Mirrors,
    /// Addresses that are stores of blobs.
    pub stores: Vec<Store>,
    /// Registries, by host or by host and port, that may be spoken to by plain HTTP, as may those of this machine.
    pub insecure: BTreeSet<String>,
}

/// How long a host is waited for, and how often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limits {
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time without a byte.
    pub read_timeout: Duration,
    /// How often a transient failure is tried again, per address.
    pub retries: u32,
    /// Bytes a second that must come of a download, taken over [`Limits::read_timeout`]; 0 for any.
    pub low_speed_limit: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_mins(1),
            retries: 4,
            low_speed_limit: 10,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            offline: false,
            limits: Limits::default(),
            hosts: BTreeMap::new(),
            retry_wait: Duration::from_millis(250),
            netrc: None,
            mirrors: Mirrors::default(),
            stores: Vec::new(),
            insecure: BTreeSet::new(),
        }
    }
}

#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    network: Network,
    #[serde(default)]
    mirrors: BTreeMap<SafeUrl, Vec<SafeUrl>>,
    #[serde(default)]
    stores: BTreeMap<SafeUrl, StoreSection>,
}

/// `[network]` of the configuration; times in seconds.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Network {
    offline: Option<bool>,
    connect_timeout: Option<u64>,
    read_timeout: Option<u64>,
    retries: Option<u32>,
    low_speed_limit: Option<u64>,
    netrc: Option<PathBuf>,
    #[serde(default)]
    hosts: BTreeMap<String, HostSection>,
}

/// `[network.hosts."HOST"]` of the configuration.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct HostSection {
    connect_timeout: Option<u64>,
    read_timeout: Option<u64>,
    retries: Option<u32>,
    low_speed_limit: Option<u64>,
}

/// `[stores."URL"]` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreSection {
    kind: StoreKind,
    region: Option<String>,
}

impl HostSection {
    fn over(&self, general: Limits) -> Limits {
        Limits {
            connect_timeout: self.connect_timeout.map_or(general.connect_timeout, Duration::from_secs),
            read_timeout: self.read_timeout.map_or(general.read_timeout, Duration::from_secs),
            retries: self.retries.unwrap_or(general.retries),
            low_speed_limit: self.low_speed_limit.unwrap_or(general.low_speed_limit),
        }
    }
}

impl Settings {
    /// Reads the tables `[network]`, `[mirrors]` and `[stores]` of a configuration; other tables are left to others.
    pub fn from_config(text: &str) -> Result<Self, toml::de::Error> {
        let File { network, mirrors, stores } = toml::from_str::<File>(text)?;
        let default = Self::default();
        let Network { offline, connect_timeout, read_timeout, retries, low_speed_limit, netrc, hosts } =
            network;
        let general = HostSection { connect_timeout, read_timeout, retries, low_speed_limit };
        let limits = general.over(default.limits);
        Ok(Self {
            offline: offline.unwrap_or(default.offline),
            limits,
            hosts: hosts.into_iter().map(|(host, section)| (host, section.over(limits))).collect(),
            netrc,
            mirrors: Mirrors::new(mirrors),
            stores: stores
                .into_iter()
                .map(|(of, section)| Store { of, kind: section.kind, region: section.region })
                .collect(),
            ..default
        })
    }

    /// The limits that hold for an address.
    pub fn limits_of(&self, url: &SafeUrl) -> Limits {
        let host = url.host().unwrap_or_default();
        let with_port = url.expose().port().map(|port| format!("{host}:{port}"));
        let named = with_port.and_then(|named| self.hosts.get(&named)).or_else(|| self.hosts.get(host));
        named.copied().unwrap_or(self.limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_tables_are_read_and_their_typos_are_told() {
        let settings =
            Settings::from_config("[debian]\nmirror = 1\n[network]\nretries = 0\nread-timeout = 5").unwrap();
        assert_eq!((settings.limits.retries, settings.limits.read_timeout), (0, Duration::from_secs(5)));
        assert_eq!(settings.limits.connect_timeout, Limits::default().connect_timeout);
        for (wrong, named) in [
            ("[network]\nretry = 0", "retry"),
            ("[network.hosts.\"a.example\"]\nretry = 0", "retry"),
            ("[stores.\"https://a.example\"]\nkind = \"ftp\"", "ftp"),
            ("[mirrors]\n\"a.example\" = []", "URL"),
        ] {
            let told = Settings::from_config(wrong).unwrap_err();
            assert!(told.message().contains(named), "{wrong}: {told}");
        }
    }

    #[test]
    fn a_host_has_limits_of_its_own_with_or_without_its_port() {
        let text = "[network]\nretries = 1\n[network.hosts.\"a.example\"]\nread-timeout = 5\n\
                    [network.hosts.\"b.example:8080\"]\nretries = 9\n";
        let settings = Settings::from_config(text).unwrap();
        let of = |url: &str| settings.limits_of(&SafeUrl::parse(url).unwrap());
        assert_eq!(of("https://a.example/x").read_timeout, Duration::from_secs(5));
        assert_eq!(of("https://a.example:444/x").retries, 1);
        assert_eq!(of("http://b.example:8080/").retries, 9);
        assert_eq!(of("http://b.example/"), settings.limits);
    }
}

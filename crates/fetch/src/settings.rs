//! How the network is used.

use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// Settings of a [`Client`](crate::Client).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Nothing may be asked of the network; files of this machine may.
    pub offline: bool,
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time without a byte.
    pub read_timeout: Duration,
    /// How often a transient failure is tried again, per address.
    pub retries: u32,
    /// Time before the first retry, where the server asks for none; twice as long before each further one.
    pub retry_wait: Duration,
    /// The `netrc` file; `$NETRC`, else `~/.netrc`, where `None`.
    pub netrc: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            offline: false,
            connect_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_mins(1),
            retries: 4,
            retry_wait: Duration::from_millis(250),
            netrc: None,
        }
    }
}

#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    network: Network,
}

/// `[network]` of the configuration; times in seconds.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Network {
    offline: Option<bool>,
    connect_timeout: Option<u64>,
    read_timeout: Option<u64>,
    retries: Option<u32>,
    netrc: Option<PathBuf>,
}

impl Settings {
    /// Reads the table `[network]` of a configuration; other tables are left to others.
    pub fn from_config(text: &str) -> Result<Self, toml::de::Error> {
        let Network { offline, connect_timeout, read_timeout, retries, netrc } =
            toml::from_str::<File>(text)?.network;
        let default = Self::default();
        Ok(Self {
            offline: offline.unwrap_or(default.offline),
            connect_timeout: connect_timeout.map_or(default.connect_timeout, Duration::from_secs),
            read_timeout: read_timeout.map_or(default.read_timeout, Duration::from_secs),
            retries: retries.unwrap_or(default.retries),
            retry_wait: default.retry_wait,
            netrc,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_table_is_read_and_its_typos_are_told() {
        let settings =
            Settings::from_config("[debian]\nmirror = 1\n[network]\nretries = 0\nread-timeout = 5").unwrap();
        assert_eq!((settings.retries, settings.read_timeout), (0, Duration::from_secs(5)));
        assert_eq!(settings.connect_timeout, Settings::default().connect_timeout);
        assert!(Settings::from_config("[network]\nretry = 0").unwrap_err().message().contains("retry"));
    }
}

//! What the indexes of the settings have of packages that a log says are missing.

use crate::{
    BuildError,
    names::{GLIBC, PYTHON},
    settings::Settings,
    solve::index_urls,
};
use envwright_diagnosis::{Asked, Had, LookUp};
use envwright_fetch::{Client, Limits};
use envwright_lock::pypi;
use envwright_store::Home;
use envwright_target::Platform;
use std::time::Duration;

/// A report waits for no index longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// The indexes that are configured here, and what of them a home has.
#[derive(Debug)]
pub struct OwnIndexes<'a> {
    home: &'a Home,
    settings: &'a Settings,
}

impl<'a> OwnIndexes<'a> {
    /// Those of the settings.
    pub fn new(home: &'a Home, settings: &'a Settings) -> Self {
        Self { home, settings }
    }

    fn ask(&self, asked: &[Asked]) -> Result<Vec<Option<Had>>, BuildError> {
        let mut network = self.settings.network.clone();
        network.limits =
            Limits { connect_timeout: PATIENCE, read_timeout: PATIENCE, retries: 0, ..network.limits };
        network.hosts.clear();
        let request = pypi::Request {
            installed: Vec::new(),
            requirements: Vec::new(),
            constraints: Vec::new(),
            indexes: index_urls(&self.settings.indexes),
            require_hashes: false,
            platform: Platform::host().unwrap_or(Platform::AMD64),
            python: PYTHON,
            glibc: Some(GLIBC),
            preferences: Vec::new(),
            time_limit: PATIENCE,
            cache_dir: self.home.indexes().join("pypi"),
            refresh: false,
            client: Client::new(network)?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(pypi::look_up(&request, asked))?)
    }
}

impl LookUp for OwnIndexes<'_> {
    /// Offline nothing is asked, not even what is kept.
    fn look_up(&self, asked: &[Asked]) -> Vec<Option<Had>> {
        if self.settings.network.offline {
            return asked.iter().map(|_| None).collect();
        }
        // A report says what the log shows, with or without an index.
        self.ask(asked).unwrap_or_else(|_| asked.iter().map(|_| None).collect())
    }
}

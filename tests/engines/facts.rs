//! What an image says of itself, held to its lock.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Runs in the image, and prints [`Facts`].
pub(crate) const INSIDE: &str = include_str!("inside.py");

/// One line of what [`INSIDE`] prints.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    ids: (u64, u64),
    /// What `pip list` names.
    pip: BTreeSet<(String, String)>,
    /// What `pip check` says.
    check: String,
    /// What `dpkg -l` names: state, name, version, architecture.
    debs: BTreeSet<(String, String, String, String)>,
    /// What `dpkg --audit` finds wrong.
    audit: String,
    /// The files that `dpkg --verify` finds changed.
    verify: String,
    /// What a TLS server told a client that knows its authority, and what became of one that does not.
    tls: (String, String),
    /// How many authorities Python trusts.
    authorities: usize,
}

impl Facts {
    /// Engines may say more before it.
    #[track_caller]
    pub(crate) fn read(printed: &str) -> Self {
        let line = printed.lines().rfind(|line| line.starts_with('{'));
        serde_json::from_str(line.unwrap_or_else(|| panic!("no facts in {printed}"))).unwrap()
    }

    #[track_caller]
    pub(crate) fn agree(&self, lock: &Value, user: (u64, u64)) {
        assert_eq!(self.ids, user);
        assert_eq!(self.names_of_pip(), wheels(lock));
        assert_eq!(self.check, "No broken requirements found.");
        assert_eq!(self.debs, debs(lock));
        assert_eq!((self.audit.as_str(), self.verify.as_str()), ("", ""));
        assert_eq!(
            (self.tls.0.as_str(), self.tls.1.as_str()),
            ("answer to name?", "CERTIFICATE_VERIFY_FAILED")
        );
        assert!(self.authorities > 100, "{}", self.authorities);
    }

    fn names_of_pip(&self) -> BTreeSet<(String, String)> {
        self.pip.iter().map(|(name, version)| (normalized(name), version.clone())).collect()
    }
}

fn wheels(lock: &Value) -> BTreeSet<(String, String)> {
    let wheels = lock["wheels"].as_array().unwrap();
    wheels.iter().map(|wheel| (text(wheel, "name"), text(wheel, "version"))).collect()
}

fn debs(lock: &Value) -> BTreeSet<(String, String, String, String)> {
    let row =
        |deb: &Value| ("ii".to_owned(), text(deb, "name"), text(deb, "version"), text(deb, "architecture"));
    lock["debs"].as_array().unwrap().iter().map(row).collect()
}

fn text(package: &Value, key: &str) -> String {
    package[key].as_str().unwrap().to_owned()
}

/// PEP 503, "Normalized Names".
fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

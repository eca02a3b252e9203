//! One package that was chosen.

use super::CondaError;
use envwright_redact::SafeUrl;
use envwright_store::Digest;
use rattler_conda_types::{RepoDataRecord, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::str::FromStr as _;

/// One conda package that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockedConda {
    /// Name of the package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its build, such as `py311h64a7726_0`.
    pub build: String,
    /// Where the file is, without credentials.
    #[serde(with = "crate::address")]
    pub url: SafeUrl,
    /// Digest of the file.
    pub sha256: Digest,
    /// Size in bytes, where the channel tells.
    pub size: Option<u64>,
    /// Whether a specification of the definition names it.
    pub requested: bool,
    /// Its record as the channel has it, with `fn`, `url` and `channel`.
    pub record: Value,
}

/// A package that was chosen and of which its channel tells no SHA-256: its file is to be read before it can be locked.
#[derive(Debug, Clone)]
pub struct Undigested {
    record: Box<RepoDataRecord>,
    requested: bool,
}

impl Undigested {
    pub(super) fn new(record: &RepoDataRecord, requested: bool) -> Self {
        Self { record: Box::new(record.clone()), requested }
    }

    /// Name of the package.
    pub fn name(&self) -> &str {
        self.record.package_record.name.as_normalized()
    }

    /// Its version.
    pub fn version(&self) -> String {
        self.record.package_record.version.to_string()
    }

    /// Where the file is, without credentials.
    pub fn url(&self) -> SafeUrl {
        SafeUrl::from(self.record.url.clone()).without_credentials()
    }

    /// Size in bytes, where the channel tells.
    pub fn size(&self) -> Option<u64> {
        self.record.package_record.size
    }

    /// MD5 in hexadecimal digits, where the channel tells: the file must have it.
    pub fn md5(&self) -> Option<String> {
        self.record.package_record.md5.map(hex::encode)
    }

    /// The package with the digest that its file has.
    ///
    /// # Errors
    /// [`CondaError::Internal`] where a lock file could not hold its record.
    pub fn digested(self, sha256: Digest) -> Result<LockedConda, CondaError> {
        let Self { mut record, requested } = self;
        record.package_record.sha256 =
            rattler_digest::parse_digest_from_hex::<rattler_digest::Sha256>(&sha256.hex());
        let locked = LockedConda::new(&record, requested);
        let settled = crate::pixi::settled(locked.into_iter().collect()).map_err(CondaError::internal)?;
        settled.into_iter().next().ok_or_else(|| CondaError::internal("a record has no digest"))
    }
}

impl LockedConda {
    pub(crate) fn new(record: &RepoDataRecord, requested: bool) -> Option<Self> {
        let package = &record.package_record;
        Some(Self {
            name: package.name.as_normalized().to_owned(),
            version: package.version.to_string(),
            build: package.build.to_string(),
            url: SafeUrl::from(record.url.clone()).without_credentials(),
            sha256: Digest::from_bytes(package.sha256?.into()),
            size: package.size,
            requested,
            // Every member serialises: maps have text keys.
            record: serde_json::to_value(record).unwrap_or_default(),
        })
    }

    /// A package that is known by its file alone; none where the name of that is not one of conda's (CEP 26). Its record
    /// says what the name says; all else is in the package.
    pub fn exact(url: &SafeUrl, sha256: Digest, size: Option<u64>) -> Option<Self> {
        let url = url.without_credentials();
        let file = url.file_name()?;
        let stem = file.strip_suffix(".conda").or_else(|| file.strip_suffix(".tar.bz2"))?;
        let (rest, build) = stem.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        let (folder, _) = url.expose().as_str().rsplit_once('/')?;
        let (channel, subdir) = folder.rsplit_once('/')?;
        let number = build.rsplit('_').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
        let record = json!({
            "name": name,
            "version": version,
            "build": build,
            "build_number": number,
            "subdir": subdir,
            "sha256": sha256.hex(),
            "fn": file,
            "url": url.expose().as_str(),
            "channel": format!("{channel}/"),
        });
        Some(Self {
            name: name.to_owned(),
            version: version.to_owned(),
            build: build.to_owned(),
            url: url.clone(),
            sha256,
            size,
            requested: true,
            record,
        })
    }

    /// MD5 in hexadecimal digits, where the channel tells.
    pub fn md5(&self) -> Option<&str> {
        self.record.get("md5").and_then(Value::as_str)
    }

    /// The record as rattler has it.
    pub(crate) fn record(&self) -> Option<RepoDataRecord> {
        serde_json::from_value(self.record.clone()).ok()
    }

    /// Whether its modules are linked for the Python of the environment (`noarch: python`), or may be: of a package that
    /// is known by its file alone only the platform is known.
    pub fn is_pure_python(&self) -> bool {
        let is_whole = self.record.get("depends").is_some();
        let subdir = self.record.get("subdir").and_then(Value::as_str);
        (!is_whole && subdir == Some("noarch"))
            || self.record.get("noarch").and_then(Value::as_str) == Some("python")
    }

    /// Whether it may hold modules of Python: it is Python's own package, or depends on it.
    pub fn may_hold_modules(&self) -> bool {
        let Some(depends) = self.record.get("depends") else { return true };
        let depends = depends.as_array();
        let names = depends.into_iter().flatten().filter_map(|text| text.as_str()?.split_whitespace().next());
        self.name == "python" || names.into_iter().any(|name| matches!(name, "python" | "python_abi"))
    }

    /// The version of Python that it is, for the package of that name.
    pub fn python(&self) -> Option<(u8, u8, u8)> {
        if self.name != "python" {
            return None;
        }
        let version = Version::from_str(&self.version).ok()?;
        let (major, minor) = version.as_major_minor()?;
        let micro = self.version.split('.').nth(2).and_then(|micro| micro.parse().ok()).unwrap_or(0);
        Some((u8::try_from(major).ok()?, u8::try_from(minor).ok()?, micro))
    }

    /// Where Python's package of the environment has its folder of packages, below the prefix (CEP 17).
    pub fn site_packages(&self) -> Option<String> {
        let (major, minor, _) = self.python()?;
        let named = self.record.get("python_site_packages_path").and_then(Value::as_str);
        Some(named.map_or_else(|| format!("lib/python{major}.{minor}/site-packages"), str::to_owned))
    }
}

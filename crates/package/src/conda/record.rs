//! `conda-meta/<name>-<version>-<build>.json`: what conda keeps of an installed package (conda, `models/records.py`).

use super::plan::Placeholder;
use envwright_store::{Digest, canonical_json};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One installed path.
pub(crate) struct Path {
    /// conda's word for what it is.
    pub(crate) kind: &'static str,
    /// As it is in the package.
    pub(crate) sha256: Option<Digest>,
    /// As it is in the environment.
    pub(crate) sha256_in_prefix: Option<Digest>,
    /// As it is in the package, in bytes.
    pub(crate) size: Option<u64>,
    pub(crate) placeholder: Option<Placeholder>,
}

impl Path {
    /// A file that the installer made.
    pub(crate) fn made(kind: &'static str, bytes: &[u8]) -> Self {
        let (sha256, size) = (Some(Digest::of(bytes)), Some(bytes.len() as u64));
        Self { kind, sha256, sha256_in_prefix: sha256, size, placeholder: None }
    }

    fn json(&self, path: &str) -> Value {
        let mut entry = json!({ "_path": path, "path_type": self.kind });
        let mut set = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                entry[key] = value;
            }
        };
        set("sha256", self.sha256.map(|digest| digest.hex().into()));
        set("sha256_in_prefix", self.sha256_in_prefix.map(|digest| digest.hex().into()));
        set("size_in_bytes", self.size.map(Value::from));
        if let Some(placeholder) = &self.placeholder {
            set("file_mode", Some(if placeholder.binary { "binary" } else { "text" }.into()));
            set("prefix_placeholder", Some(placeholder.text.clone().into()));
        }
        entry
    }
}

/// The name of the record, as of the package's file: `<name>-<version>-<build>`.
pub(crate) fn name(record: &Value) -> String {
    let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
    format!("{}-{}-{}", text("name"), text("version"), text("build"))
}

/// The record of a package with the paths that it has below the prefix. No place of the machine that made it is in it.
pub(crate) fn text(record: &Value, paths: &BTreeMap<String, Path>, version: u64) -> Vec<u8> {
    let mut record = record.clone();
    record["files"] = paths.keys().cloned().collect();
    let listed: Vec<Value> = paths.iter().map(|(path, entry)| entry.json(path)).collect();
    record["paths_data"] = json!({ "paths": listed, "paths_version": version });
    canonical_json(&record)
}

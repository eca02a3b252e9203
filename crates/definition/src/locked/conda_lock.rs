//! conda-lock's `conda-lock.yml`, version 1 of its format (`conda_lock.lockfile.v1.models`).

use super::{Location, Locked, LockedFile, LockedKind, LockedPackage};
use crate::{collect::Collected, yaml::node::Node};
use envwright_diagnosis::{Finding, Source, Span};
use std::sync::Arc;

/// Reads the packages of every platform.
pub(crate) fn read(source: &Arc<Source>, root: &Node, collected: &mut Collected) -> Locked {
    let mut locked = Locked::default();
    let span = |node: &Node| Span::new(source, node.range.clone());
    if let Some(version) = root.get("version").filter(|version| version.as_str() != Some("1")) {
        let finding =
            Finding::new("definition-lock-invalid").fact("reason", "its format has a newer version");
        collected.push(finding.at(&span(version), "this version is not known"));
    }
    let channels =
        root.get("metadata").and_then(|metadata| metadata.get("channels")).and_then(Node::as_sequence);
    for channel in channels.unwrap_or_default() {
        let url = channel.get("url").unwrap_or(channel).as_str();
        locked.channels.extend(url.map(str::to_owned));
    }
    for entry in root.get("package").and_then(Node::as_sequence).unwrap_or_default() {
        match package(entry) {
            Ok((platform, package)) => locked.set("default", Some(&platform)).packages.push(package),
            Err(missing) => {
                let finding = Finding::new("definition-key-missing").fact("key", missing);
                collected.push(finding.at(&span(entry), format!("no `{missing}` here")));
            }
        }
    }
    locked
}

fn package(entry: &Node) -> Result<(String, LockedPackage), &'static str> {
    let text = |key: &'static str| entry.get(key).and_then(Node::as_str);
    let name = text("name").ok_or("name")?;
    let kind = match text("manager").ok_or("manager")? {
        "pip" => LockedKind::Pypi,
        _ => LockedKind::Conda,
    };
    let url = text("url").ok_or("url")?;
    let platform = text("platform").ok_or("platform")?.to_owned();
    let mut package = LockedPackage::new(kind, name, text("version"));
    let hash = |key: &str| {
        entry.get("hash").and_then(|hash| hash.get(key)).and_then(Node::as_str).map(str::to_owned)
    };
    package.files.push(LockedFile {
        location: Location::parse(url),
        sha256: hash("sha256"),
        md5: hash("md5"),
        size: None,
    });
    let requires = entry.get("dependencies").and_then(Node::as_mapping).unwrap_or_default();
    package.requires = requires
        .iter()
        .filter_map(|(name, version)| {
            Some((name.as_str()?.to_owned(), version.as_str().unwrap_or_default().to_owned()))
        })
        .collect();
    package.requires.sort_unstable();
    package.category = text("category").filter(|category| *category != "main").map(str::to_owned);
    Ok((platform, package))
}

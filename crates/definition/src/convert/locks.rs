//! Lock files.

use super::{ConversionError, Lost};
use crate::{Environment, Format, Location, Locked, LockedFile, LockedKind, LockedPackage, LockedSet, hash};
use serde_yaml::{Mapping, Value};
use std::fmt::Write as _;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

pub(super) fn write(
    environment: &Environment,
    locked: &Locked,
    format: Format,
    lost: &mut Lost,
) -> Result<String, ConversionError> {
    match format {
        Format::Explicit => Ok(explicit(environment, one(locked, format)?, locked, lost)),
        Format::Pylock => pylock(environment, locked, lost),
        Format::CondaLock => Ok(conda_lock(locked, lost)),
        _ => Ok(pixi(locked, lost)),
    }
}

/// The one set of a lock file.
fn one(locked: &Locked, format: Format) -> Result<&LockedSet, ConversionError> {
    match locked.sets.as_slice() {
        [set] => Ok(set),
        _ => Err(ConversionError::Several(format)),
    }
}

/// Where a file is, without a login.
fn place(file: &LockedFile) -> String {
    match &file.location {
        Location::Url(url) => url.without_credentials().expose().to_string(),
        Location::Path(path) => path.clone(),
    }
}

fn explicit(environment: &Environment, set: &LockedSet, locked: &Locked, lost: &mut Lost) -> String {
    let mut text = String::new();
    if let Some(platform) = &set.platform {
        let _ = writeln!(text, "# platform: {platform}");
    }
    if !locked.channels.is_empty() {
        let _ = writeln!(text, "# channels: {}", locked.channels.join(" "));
    }
    text += "@EXPLICIT\n";
    for package in &set.packages {
        let Some(file) = package.files.first() else { continue };
        if package.kind == LockedKind::Pypi {
            let digest =
                file.sha256.as_ref().map(|digest| format!(" --hash=sha256:{digest}")).unwrap_or_default();
            let _ = writeln!(text, "# pip {} @ {}{digest}", package.name, place(file));
            continue;
        }
        let digest =
            file.md5.clone().or_else(|| file.sha256.as_ref().map(|digest| format!("sha256:{digest}")));
        lost.when(file.sha256.is_some() && file.md5.is_some(), "SHA-256 beside MD5");
        let _ = writeln!(
            text,
            "{}{}",
            place(file),
            digest.map(|digest| format!("#{digest}")).unwrap_or_default()
        );
    }
    for requirement in &environment.requirements {
        let _ = writeln!(text, "# pip {}", super::line(requirement));
    }
    for one in &environment.unbuilt {
        let _ = writeln!(text, "# pip {}", hash::without_login(one.value.expose()));
    }
    text
}

fn conda_lock(locked: &Locked, lost: &mut Lost) -> String {
    let sets = locked.sets.iter().filter(|set| set.environment == "default");
    lost.when(locked.sets.iter().any(|set| set.environment != "default"), "environments beside `default`");
    let mut packages: Vec<Value> = Vec::new();
    let mut platforms: Vec<String> = Vec::new();
    for set in sets {
        let platform = set.platform.as_deref().unwrap_or("linux-64");
        if !platforms.iter().any(|known| known == platform) {
            platforms.push(platform.to_owned());
        }
        packages.extend(set.packages.iter().map(|package| Value::from(conda_lock_entry(package, platform))));
    }
    let strings = |items: &[String]| {
        Value::from(items.iter().map(|item| Value::from(item.as_str())).collect::<Vec<_>>())
    };
    let channels: Vec<Value> = locked
        .channels
        .iter()
        .map(|channel| {
            let mut entry = Mapping::new();
            entry.insert("url".into(), hash::without_login(channel).into());
            entry.insert("used_env_vars".into(), Vec::<Value>::new().into());
            entry.into()
        })
        .collect();
    let mut metadata = Mapping::new();
    metadata.insert("content_hash".into(), Mapping::new().into());
    metadata.insert("channels".into(), channels.into());
    metadata.insert("platforms".into(), strings(&platforms));
    metadata.insert("sources".into(), Vec::<Value>::new().into());
    let mut file = Mapping::new();
    file.insert("version".into(), 1.into());
    file.insert("metadata".into(), metadata.into());
    file.insert("package".into(), packages.into());
    serde_yaml::to_string(&file).unwrap_or_default()
}

fn conda_lock_entry(package: &LockedPackage, platform: &str) -> Mapping {
    let mut entry = Mapping::new();
    let mut put = |key: &str, value: Value| entry.insert(key.into(), value);
    put("name", package.name.as_str().into());
    put("version", package.version.as_deref().unwrap_or_default().into());
    put("manager", if package.kind == LockedKind::Pypi { "pip" } else { "conda" }.into());
    put("platform", platform.into());
    let requires: Mapping = package
        .requires
        .iter()
        .map(|(name, version)| (Value::from(name.as_str()), Value::from(version.as_str())))
        .collect();
    put("dependencies", requires.into());
    if let Some(file) = package.files.first() {
        put("url", place(file).into());
        put("hash", digests(file).into());
    }
    let category = package.category.as_deref().unwrap_or("main");
    put("category", category.into());
    put("optional", (category != "main").into());
    entry
}

fn digests(file: &LockedFile) -> Mapping {
    let mut digests = Mapping::new();
    if let Some(digest) = &file.md5 {
        digests.insert("md5".into(), digest.as_str().into());
    }
    if let Some(digest) = &file.sha256 {
        digests.insert("sha256".into(), digest.as_str().into());
    }
    digests
}

/// Version 6 of pixi's format.
fn pixi(locked: &Locked, lost: &mut Lost) -> String {
    let mut environments = Mapping::new();
    let mut packages: Vec<(String, Value)> = Vec::new();
    for set in &locked.sets {
        let platform = set.platform.as_deref().unwrap_or("linux-64");
        let mut names = Vec::new();
        for package in &set.packages {
            lost.when(package.files.len() > 1, "more than one file of a package");
            lost.when(package.category.is_some(), "categories");
            lost.when(package.marker.is_some(), "environment markers");
            let Some(file) = package.files.first() else { continue };
            let url = place(file);
            let kind = if package.kind == LockedKind::Pypi { "pypi" } else { "conda" };
            let mut name = Mapping::new();
            name.insert(kind.into(), url.as_str().into());
            names.push(Value::from(name));
            if !packages.iter().any(|(known, _)| *known == url) {
                packages.push((url.clone(), pixi_entry(kind, &url, package, file).into()));
            }
        }
        let environment = environments.entry(set.environment.as_str().into()).or_insert_with(|| {
            let channel = |url: &String| {
                let mut entry = Mapping::new();
                entry.insert("url".into(), hash::without_login(url).into());
                Value::from(entry)
            };
            let mut environment = Mapping::new();
            environment
                .insert("channels".into(), locked.channels.iter().map(channel).collect::<Vec<_>>().into());
            environment.insert("packages".into(), Mapping::new().into());
            environment.into()
        });
        if let Some(platforms) = environment.get_mut("packages").and_then(Value::as_mapping_mut) {
            platforms.insert(platform.into(), names.into());
        }
    }
    packages.sort_by(|one, other| one.0.cmp(&other.0));
    let mut file = Mapping::new();
    file.insert("version".into(), 6.into());
    file.insert("environments".into(), environments.into());
    file.insert("packages".into(), packages.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>().into());
    serde_yaml::to_string(&file).unwrap_or_default()
}

fn pixi_entry(kind: &str, url: &str, package: &LockedPackage, file: &LockedFile) -> Mapping {
    let mut entry = Mapping::new();
    entry.insert(kind.into(), url.into());
    if kind == "pypi" {
        entry.insert("name".into(), package.name.as_str().into());
        if let Some(version) = &package.version {
            entry.insert("version".into(), version.as_str().into());
        }
    }
    if let Some(digest) = &file.sha256 {
        entry.insert("sha256".into(), digest.as_str().into());
    }
    if kind == "conda" {
        if let Some(digest) = &file.md5 {
            entry.insert("md5".into(), digest.as_str().into());
        }
        let depends = |(name, version): &(String, String)| format!("{name} {version}").trim_end().to_owned();
        let depends: Vec<Value> = package.requires.iter().map(depends).map(Value::from).collect();
        if !depends.is_empty() {
            entry.insert("depends".into(), depends.into());
        }
        if let Some(size) = file.size {
            entry.insert("size".into(), size.into());
        }
    }
    entry
}

fn pylock(environment: &Environment, locked: &Locked, lost: &mut Lost) -> Result<String, ConversionError> {
    let set = one(locked, Format::Pylock)?;
    let mut document = DocumentMut::new();
    document["lock-version"] = value("1.0");
    document["created-by"] = value("envwright");
    if let Some(python) = &environment.requires_python {
        document["requires-python"] = value(&python.value);
    }
    let mut tables = ArrayOfTables::new();
    for package in &set.packages {
        if package.kind == LockedKind::Conda {
            lost.say("conda's packages");
            continue;
        }
        let mut table = Table::new();
        table["name"] = value(&package.name);
        if let Some(version) = &package.version {
            table["version"] = value(version);
        }
        if let Some(marker) = &package.marker {
            table["marker"] = value(marker);
        }
        let (wheels, others): (Vec<&LockedFile>, Vec<&LockedFile>) =
            package.files.iter().partition(|file| place(file).to_lowercase().ends_with(".whl"));
        if !wheels.is_empty() {
            table["wheels"] = value(wheels.iter().map(|file| pylock_file(file)).collect::<Array>());
        }
        for file in others {
            table["sdist"] = value(pylock_file(file));
        }
        tables.push(table);
    }
    document["packages"] = Item::ArrayOfTables(tables);
    Ok(document.to_string())
}

fn pylock_file(file: &LockedFile) -> InlineTable {
    let mut table = InlineTable::new();
    let key = if matches!(file.location, Location::Url(_)) { "url" } else { "path" };
    table.insert(key, place(file).into());
    if let Some(size) = file.size.and_then(|size| i64::try_from(size).ok()) {
        table.insert("size", size.into());
    }
    let mut hashes = InlineTable::new();
    for (name, digest) in [("sha256", &file.sha256), ("md5", &file.md5)] {
        if let Some(digest) = digest {
            hashes.insert(name, digest.as_str().into());
        }
    }
    table.insert("hashes", hashes.into());
    table
}

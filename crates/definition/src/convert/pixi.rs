//! pixi's manifest.

use super::{Lost, conda::platforms};
use crate::{CondaSpec, Environment, Requirement, hash};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};
use uv_pep508::VersionOrUrl;

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    lost.of_azure(environment);
    lost.of_image(environment);
    lost.when(!environment.constraints.is_empty(), "constraints");
    let has_hash = environment.requirements.iter().any(|one| !one.hashes.is_empty());
    lost.when(has_hash || environment.require_hashes, "hashes");
    let indexes = &environment.indexes;
    lost.when(indexes.index.is_some() || !indexes.extra.is_empty(), "indexes");
    lost.when(!indexes.find_links.is_empty() || indexes.no_index || indexes.prerelease, "options of pip's");
    lost.when(!environment.unbuilt.is_empty(), "what pip builds from source");
    let mut tables = tables(environment, lost);
    for requirement in &environment.requirements {
        pypi(&mut tables, requirement, lost);
    }
    let mut document = DocumentMut::new();
    document.as_table_mut().extend(tables.into_iter().map(|(key, item)| (key.clone(), item)));
    document.to_string()
}

/// The tables without those of PyPI.
pub(super) fn tables(environment: &Environment, lost: &mut Lost) -> Table {
    let conda = environment.conda.clone().unwrap_or_default();
    let mut root = Table::new();
    root.set_implicit(true);
    let mut workspace = Table::new();
    workspace["name"] = value(environment.name.as_deref().unwrap_or("environment"));
    if let Some(version) = &environment.version {
        workspace["version"] = value(version);
    }
    if let Some(description) = &environment.description {
        workspace["description"] = value(description);
    }
    let channels: Array =
        conda.channels.iter().map(|channel| hash::without_login(channel.value.expose())).collect();
    workspace["channels"] = value(channels);
    workspace["platforms"] = value(platforms(environment).into_iter().collect::<Array>());
    root["workspace"] = Item::Table(workspace);
    for spec in &conda.specs {
        let path: Vec<&str> = match spec.selector {
            Some(selector) => vec!["target", selector, "dependencies"],
            None => vec!["dependencies"],
        };
        let table = at(&mut root, &path);
        lost.when(table.contains_key(&spec.name), "packages that are asked for twice");
        table[&spec.name] = dependency(spec);
    }
    let requires = environment.requires_python.as_ref().map(|python| python.value.clone());
    if let Some(python) = environment.python.as_ref().map(|python| python.text.clone()).or(requires) {
        let is_version = python.starts_with(|c: char| c.is_ascii_digit());
        let python = if is_version { format!("{}.*", python.trim_end_matches(".*")) } else { python };
        at(&mut root, &["dependencies"]).entry("python").or_insert(value(python));
    }
    for (name, variable) in &environment.env {
        at(&mut root, &["activation", "env"])[name] = value(variable);
    }
    root
}

fn at<'a>(root: &'a mut Table, path: &[&str]) -> &'a mut Table {
    let mut table = root;
    for (depth, name) in path.iter().enumerate() {
        let is_last = depth + 1 == path.len();
        let item = table.entry(name).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(!is_last);
            Item::Table(table)
        });
        if !item.is_table() {
            *item = Item::Table(Table::new());
        }
        let Some(next) = item.as_table_mut() else { unreachable!("it was made a table just now") };
        table = next;
    }
    table
}

/// A version, or a table where more is asked for.
fn dependency(spec: &CondaSpec) -> Item {
    let brackets = spec.brackets();
    let version = spec.version.as_deref().unwrap_or("*");
    if brackets.iter().all(|(key, _)| *key == "version") {
        return value(version);
    }
    let mut table = InlineTable::new();
    for (key, text) in brackets {
        table.insert(key, hash::without_login(&text).into());
    }
    value(table)
}

fn pypi(root: &mut Table, requirement: &Requirement, lost: &mut Lost) {
    let text = hash::without_login(&requirement.text);
    let Ok(parsed) = uv_pep508::Requirement::<url::Url>::parse(&text, "/") else { return };
    lost.when(parsed.marker.try_to_string().is_some(), "environment markers");
    let version = match &parsed.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(version)) => version.to_string().replace(' ', ""),
        _ => "*".to_owned(),
    };
    let url = match &parsed.version_or_url {
        Some(VersionOrUrl::Url(url)) => Some(url.to_string()),
        _ => None,
    };
    let table = at(root, &["pypi-dependencies"]);
    lost.when(table.contains_key(requirement.name.as_str()), "packages that are asked for twice");
    if parsed.extras.is_empty() && url.is_none() {
        table[requirement.name.as_str()] = value(version);
        return;
    }
    let mut inline = InlineTable::new();
    match url {
        Some(url) => inline.insert("url", url.into()),
        None => inline.insert("version", version.into()),
    };
    if !parsed.extras.is_empty() {
        let extras: Array = parsed.extras.iter().map(ToString::to_string).collect();
        inline.insert("extras", extras.into());
    }
    table[requirement.name.as_str()] = value(inline);
}

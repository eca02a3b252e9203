//! A project's `pyproject.toml`.

use super::{Lost, find_links, pixi};
use crate::{Environment, hash};
use toml_edit::{Array, DocumentMut, Item, Table, value};

pub(super) fn write(environment: &Environment, lost: &mut Lost) -> String {
    lost.of_azure(environment);
    lost.of_image(environment);
    lost.when(!environment.unbuilt.is_empty(), "what pip builds from source");
    let has_hash = environment.requirements.iter().any(|one| !one.hashes.is_empty());
    lost.when(has_hash || environment.require_hashes, "hashes");
    let mut document = DocumentMut::new();
    let mut project = Table::new();
    project["name"] = value(environment.name.as_deref().unwrap_or("environment"));
    project["version"] = value(environment.version.as_deref().unwrap_or("0"));
    if let Some(description) = &environment.description {
        project["description"] = value(description);
    }
    let requires = environment.requires_python.as_ref().map(|python| python.value.clone());
    let python = environment.python.as_ref().map(|python| specifier(&python.text));
    if let Some(python) = requires.or(python) {
        project["requires-python"] = value(python);
    }
    project["dependencies"] =
        strings(environment.requirements.iter().map(|one| hash::without_login(&one.text)));
    document["project"] = Item::Table(project);
    let uv = uv(environment);
    let has_pixi = environment.conda.is_some();
    lost.when(!has_pixi && !environment.env.is_empty(), "environment variables");
    lost.when(!has_pixi && !environment.platforms.is_empty(), "platforms");
    if !uv.is_empty() || has_pixi {
        let mut tool = Table::new();
        tool.set_implicit(true);
        if !uv.is_empty() {
            tool["uv"] = Item::Table(uv);
        }
        if has_pixi {
            tool["pixi"] = Item::Table(pixi::tables(environment, lost));
        }
        document["tool"] = Item::Table(tool);
    }
    document.to_string()
}

/// Sample: `3.11` becomes `==3.11.*`.
fn specifier(text: &str) -> String {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        format!("=={}.*", text.trim_end_matches(".*"))
    } else {
        text.to_owned()
    }
}

fn uv(environment: &Environment) -> Table {
    let indexes = &environment.indexes;
    let mut uv = Table::new();
    if let Some(index) = &indexes.index {
        uv["index-url"] = value(index.without_credentials().expose().as_str());
    }
    if !indexes.extra.is_empty() {
        let extra = indexes.extra.iter().map(|url| url.without_credentials().expose().to_string());
        uv["extra-index-url"] = strings(extra);
    }
    if !indexes.find_links.is_empty() {
        uv["find-links"] = strings(indexes.find_links.iter().map(find_links));
    }
    if indexes.no_index {
        uv["no-index"] = value(true);
    }
    if indexes.prerelease {
        uv["prerelease"] = value("allow");
    }
    if !environment.constraints.is_empty() {
        uv["constraint-dependencies"] =
            strings(environment.constraints.iter().map(|one| hash::without_login(&one.text)));
    }
    uv
}

/// A list with an item a line.
fn strings(items: impl Iterator<Item = String>) -> Item {
    let mut array: Array = items.collect();
    if !array.is_empty() {
        for item in array.iter_mut() {
            item.decor_mut().set_prefix("\n    ");
        }
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    value(array)
}

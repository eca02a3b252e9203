//! The settings of uv that say where packages come from: `[tool.uv]`.

use super::Reader;
use crate::{FindLinks, chars::Chars, requirement};
use envwright_redact::SafeUrl;
use toml_edit::{Item, TableLike, Value};

/// Reads indexes and constraints; warns of the settings that change the result and are not known here.
pub(super) fn read(reader: &mut Reader<'_>, tool: &dyn TableLike) {
    if let Some(item) = tool.get("index") {
        indexes(reader, item);
    }
    if let Some(item) = tool.get("index-url") {
        reader.collected.indexes.index =
            url(reader, "index-url", item).or(reader.collected.indexes.index.take());
    }
    for value in values(tool, "extra-index-url") {
        let extra = value_url(reader, "extra-index-url", value);
        reader.collected.indexes.extra.extend(extra);
    }
    for value in values(tool, "find-links") {
        find_links(reader, value);
    }
    for value in values(tool, "constraint-dependencies") {
        constraint(reader, value);
    }
    reader.collected.indexes.no_index |= tool.get("no-index").and_then(Item::as_bool).unwrap_or(false);
    reader.collected.indexes.prerelease |= tool.get("prerelease").and_then(Item::as_str) == Some("allow");
    for (key, feature) in [
        ("sources", "`tool.uv.sources`"),
        ("override-dependencies", "`tool.uv.override-dependencies`"),
        ("workspace", "`tool.uv.workspace`"),
    ] {
        if let Some(item) = tool.get(key) {
            reader.passed(feature, item);
        }
    }
}

/// `[[tool.uv.index]]`: the default one replaces PyPI, the others are asked as well.
fn indexes(reader: &mut Reader<'_>, item: &Item) {
    let mut tables: Vec<&dyn TableLike> = Vec::new();
    if let Some(array) = item.as_array_of_tables() {
        tables.extend(array.iter().map(|table| table as &dyn TableLike));
    } else if let Some(array) = item.as_array() {
        tables.extend(array.iter().filter_map(Value::as_inline_table).map(|table| table as &dyn TableLike));
    }
    for table in tables {
        let flag = |key: &str| table.get(key).and_then(Item::as_bool).unwrap_or(false);
        let Some(address) = table.get("url") else { continue };
        if flag("explicit") {
            reader.passed("an explicit index", address);
            continue;
        }
        let Some(url) = url(reader, "url", address) else { continue };
        if flag("default") {
            reader.collected.indexes.index = Some(url);
        } else {
            reader.collected.indexes.extra.push(url);
        }
    }
}

fn values<'a>(tool: &'a dyn TableLike, key: &str) -> impl Iterator<Item = &'a Value> {
    tool.get(key).and_then(Item::as_array).into_iter().flatten()
}

fn url(reader: &mut Reader<'_>, key: &str, item: &Item) -> Option<SafeUrl> {
    value_url(reader, key, item.as_value()?)
}

fn value_url(reader: &mut Reader<'_>, key: &str, value: &Value) -> Option<SafeUrl> {
    let span = reader.span(value.span());
    reader.collected.url(key, value.as_str().unwrap_or_default(), &span)
}

fn find_links(reader: &mut Reader<'_>, value: &Value) {
    let text = value.as_str().unwrap_or_default();
    if text.contains("://") {
        let url = value_url(reader, "find-links", value);
        reader.collected.indexes.find_links.extend(url.map(FindLinks::Url));
        return;
    }
    match std::path::absolute(reader.dir.join(text)) {
        Ok(path) if path.exists() => reader.collected.indexes.find_links.push(FindLinks::Path(path)),
        _ => {
            let span = reader.span(value.span());
            reader.collected.missing("definition-file-missing", text, &reader.dir.join(text), &span);
        }
    }
}

fn constraint(reader: &mut Reader<'_>, value: &Value) {
    let range = value.span().unwrap_or_default();
    let line = Chars::instead(reader.source, range, value.as_str().unwrap_or_default()).trim();
    let parsed = requirement::parse(&line, reader.dir, reader.collected);
    reader.collected.constraints.extend(parsed.map(|parsed| parsed.requirement));
}

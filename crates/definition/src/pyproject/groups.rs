//! Dependency groups (PEP 735).

use super::{Reader, normal};
use envwright_diagnosis::Finding;
use toml_edit::{Item, TableLike, Value};

/// Reads the groups that were asked for, with what they include.
pub(super) fn read(reader: &mut Reader<'_>, groups: Option<&Item>, wanted: &[String]) {
    let table = groups.and_then(Item::as_table_like);
    for name in wanted {
        group(reader, table, name, None, &mut Vec::new());
    }
}

/// Reads a group; `from` is the entry of another one that includes it.
fn group(
    reader: &mut Reader<'_>,
    table: Option<&dyn TableLike>,
    name: &str,
    from: Option<&Value>,
    open: &mut Vec<String>,
) {
    let found = table.and_then(|table| table.iter().find(|(key, _)| normal(key) == normal(name)));
    let Some((key, item)) = found else {
        let known: Vec<&str> = table.into_iter().flat_map(|table| table.iter().map(|(key, _)| key)).collect();
        let span = from.map(|entry| reader.span(entry.span()));
        return reader.unknown(name, "dependency group", &known, span.as_ref());
    };
    let span = reader.span(item.span());
    let Some(entries) = item.as_array() else {
        return reader.collected.invalid_value(key, "a list of requirements", &span);
    };
    if open.contains(&normal(name)) {
        return reader.collected.invalid_value(key, "a group that does not include itself", &span);
    }
    open.push(normal(name));
    for entry in entries {
        match included(entry) {
            Some(other) => group(reader, table, other, Some(entry), open),
            None => {
                reader.one(key, entry, None);
            }
        }
    }
    open.pop();
}

/// Sample: `{ include-group = "test" }`.
fn included(entry: &Value) -> Option<&str> {
    entry.as_inline_table()?.get("include-group")?.as_str()
}

impl Reader<'_> {
    /// Warns that something is read past.
    pub(super) fn passed(&mut self, feature: &str, item: &Item) {
        let span = self.span(item.span());
        let finding = Finding::new("not-supported-yet").severity(envwright_diagnosis::Severity::Warning);
        self.collected.push(finding.fact("feature", feature).at(&span, "left out"));
    }
}

//! The lock file of PEP 751: `pylock.toml` (<https://packaging.python.org/en/latest/specifications/pylock-toml/>).

use super::{Location, Locked, LockedFile, LockedKind, LockedPackage};
use crate::{PackageName, Spanned, collect::Collected, pyproject::Project};
use envwright_diagnosis::{Finding, Source, Span};
use std::sync::Arc;
use toml_edit::{Item, Table, TableLike, Value};

/// Reads the packages, and for which Python they are.
pub(crate) fn read(source: &Arc<Source>, root: &Table, collected: &mut Collected) -> (Locked, Project) {
    let mut locked = Locked::default();
    let span = |item: &Item| Span::new(source, item.span().unwrap_or_default());
    if let Some(version) = root.get("lock-version") {
        let is_known = version.as_str().is_some_and(|text| text == "1.0" || text.starts_with("1."));
        if !is_known {
            let finding =
                Finding::new("definition-lock-invalid").fact("reason", "its format has a newer version");
            collected.push(finding.at(&span(version), "this version is not known"));
        }
    }
    let requires = root.get("requires-python");
    let requires_python =
        requires.and_then(|item| Some(Spanned { value: item.as_str()?.to_owned(), span: Some(span(item)) }));
    let tables = root.get("packages").and_then(Item::as_array_of_tables);
    for table in tables.into_iter().flat_map(toml_edit::ArrayOfTables::iter) {
        let place = || Span::new(source, table.span().unwrap_or_default());
        let name = table.get("name").and_then(Item::as_str);
        let Some(name) = name.and_then(PackageName::parse) else {
            let finding = Finding::new("definition-key-missing").fact("key", "packages.name");
            collected.push(finding.at(&place(), "no `name` of a package here"));
            continue;
        };
        let package = package(&name, table);
        if package.files.is_empty() {
            let finding =
                Finding::new("definition-key-missing").fact("key", "packages.wheels").fact("package", &name);
            collected.push(finding.at(&place(), "no file here"));
        }
        locked.set("default", None).packages.push(package);
    }
    (locked, Project { requires_python, ..Project::default() })
}

fn package(name: &PackageName, table: &Table) -> LockedPackage {
    let text = |key: &str| table.get(key).and_then(Item::as_str);
    let mut package = LockedPackage::new(LockedKind::Pypi, name.as_str(), text("version"));
    package.marker = text("marker").map(str::to_owned);
    if let Some(item) = table.get("wheels") {
        let values = item.as_array().into_iter().flatten().filter_map(Value::as_inline_table);
        let tables = item.as_array_of_tables().into_iter().flat_map(toml_edit::ArrayOfTables::iter);
        package.files.extend(values.filter_map(|one| file(one)));
        package.files.extend(tables.filter_map(|one| file(one)));
    }
    for key in ["sdist", "archive", "vcs", "directory"] {
        package.files.extend(table.get(key).and_then(Item::as_table_like).and_then(file));
    }
    package
}

fn file(table: &dyn TableLike) -> Option<LockedFile> {
    let text = |key: &str| table.get(key).and_then(Item::as_str);
    let location = text("url").or_else(|| text("path"))?;
    let hash = |key: &str| {
        let hashes = table.get("hashes").and_then(Item::as_table_like);
        hashes.and_then(|hashes| hashes.get(key)?.as_str()).map(str::to_owned)
    };
    Some(LockedFile {
        location: Location::parse(location),
        sha256: hash("sha256"),
        md5: hash("md5"),
        size: table.get("size").and_then(Item::as_integer).and_then(|size| u64::try_from(size).ok()),
    })
}

//! pixi's manifest: `pixi.toml`, and the tables below `[tool.pixi]` of a `pyproject.toml`
//! (<https://pixi.sh/latest/reference/pixi_manifest/>).

use crate::{
    Conda, CondaSpec, MaskedText, Spanned, chars::Chars, collect::Collected, requirement, yaml::Described,
};
use envwright_diagnosis::{Source, Span};
use std::{ops::Range, path::Path, sync::Arc};
use toml_edit::{Item, Table, TableLike};

/// Whether a TOML is pixi's manifest.
pub(crate) fn is_pixi(root: &Table) -> bool {
    let has = |key: &str| root.contains_key(key);
    let in_project = |key: &str| root.get("project").is_some_and(|project| project.get(key).is_some());
    has("workspace") && !has("build-system")
        || in_project("channels")
        || in_project("platforms")
        || !has("project") && (has("pypi-dependencies") || has("feature"))
}

/// Reads the tables; paths in them are relative to `dir`.
pub(crate) fn read(
    source: &Arc<Source>,
    root: &dyn TableLike,
    dir: &Path,
    collected: &mut Collected,
    described: &mut Described,
) {
    let mut reader = Reader { source, dir, collected, conda: Conda::default() };
    let workspace =
        ["workspace", "project"].iter().find_map(|key| root.get(key).and_then(Item::as_table_like));
    if let Some(workspace) = workspace {
        let text = |key: &str| workspace.get(key).and_then(Item::as_str).map(str::to_owned);
        described.name = text("name").or(described.name.take());
        described.version = text("version").or(described.version.take());
        described.description = text("description").or(described.description.take());
        reader.conda.channels = reader.channels(workspace.get("channels"));
        reader.conda.platforms = reader.platforms(workspace.get("platforms"));
    }
    reader.tables(root, None);
    for (selector, table) in tables(root.get("target")) {
        reader.tables(table, platform(selector));
    }
    if let Some(environment) = root.get("activation").and_then(|activation| activation.get("env")) {
        for (name, value) in environment.as_table_like().into_iter().flat_map(|table| table.iter()) {
            described.env.insert(name.to_owned(), value.as_str().unwrap_or_default().to_owned());
        }
    }
    for (key, feature) in [("feature", "pixi's features"), ("package", "a package that pixi builds")] {
        if let Some(item) = root.get(key) {
            let span = Span::new(source, item.span().unwrap_or_default());
            reader.collected.unsupported(feature, &span);
        }
    }
    described.conda = Some(reader.conda);
}

fn tables(item: Option<&Item>) -> impl Iterator<Item = (&str, &dyn TableLike)> {
    let table = item.and_then(Item::as_table_like);
    table
        .into_iter()
        .flat_map(|table| table.iter())
        .filter_map(|(key, item)| Some((key, item.as_table_like()?)))
}

/// pixi's names of targets, as conda-lock's selectors name them.
fn platform(target: &str) -> Option<&'static str> {
    const KNOWN: [&str; 10] = [
        "linux",
        "linux-64",
        "linux-aarch64",
        "osx",
        "osx-64",
        "osx-arm64",
        "unix",
        "win",
        "win-64",
        "win-arm64",
    ];
    KNOWN.iter().find(|known| **known == target).copied()
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    collected: &'a mut Collected,
    conda: Conda,
}

impl Reader<'_> {
    fn span(&self, range: Option<Range<usize>>) -> Span {
        Span::new(self.source, range.unwrap_or_default())
    }

    /// Names, or tables with a `platform` and the virtual packages that it has.
    fn platforms(&mut self, item: Option<&Item>) -> Vec<Spanned<String>> {
        let mut platforms: Vec<Spanned<String>> = Vec::new();
        for value in item.and_then(Item::as_array).into_iter().flatten() {
            let span = self.span(value.span());
            let named = value.as_inline_table().and_then(|table| table.get("platform"));
            match value.as_str().or_else(|| named?.as_str()) {
                Some(name) if platforms.iter().any(|known| known.value == name) => {}
                Some(name) => platforms.push(Spanned { value: name.to_owned(), span: Some(span) }),
                None => self.collected.invalid_value("platforms", "names of platforms", &span),
            }
        }
        platforms
    }

    /// Names, or tables with a `channel` and a `priority`, the highest first.
    fn channels(&mut self, item: Option<&Item>) -> Vec<Spanned<MaskedText>> {
        let mut channels = Vec::new();
        for value in item.and_then(Item::as_array).into_iter().flatten() {
            let span = self.span(value.span());
            let table = value.as_inline_table();
            let name = value.as_str().or_else(|| table?.get("channel")?.as_str());
            let priority = table.and_then(|table| table.get("priority")?.as_integer()).unwrap_or_default();
            match name {
                Some(name) => {
                    if name.contains("://") {
                        self.collected.check_channel(name, &span);
                    }
                    channels.push((-priority, Spanned { value: name.into(), span: Some(span) }));
                }
                None => self.collected.invalid_value("channels", "names or URLs of channels", &span),
            }
        }
        channels.sort_by_key(|(priority, _)| *priority);
        channels.into_iter().map(|(_, channel)| channel).collect()
    }

    fn tables(&mut self, root: &dyn TableLike, selector: Option<&'static str>) {
        let members = |key: &str| root.get(key).and_then(Item::as_table_like);
        for (name, item) in members("dependencies").into_iter().flat_map(|table| table.iter()) {
            self.spec(name, item, selector);
        }
        let system = if selector.is_none() { members("system-requirements") } else { None };
        for (name, item) in system.into_iter().flat_map(|table| table.iter()) {
            let version = item.as_str().map(str::to_owned);
            let version = version.or_else(|| item.get("version")?.as_str().map(str::to_owned));
            let virtual_name = format!("__{}", if name == "libc" { "glibc" } else { name });
            let text =
                version.map_or_else(|| virtual_name.clone(), |version| format!("{virtual_name} >={version}"));
            let span = self.span(item.span());
            self.push_spec(&text, &span, selector);
        }
        for (name, item) in members("pypi-dependencies").into_iter().flat_map(|table| table.iter()) {
            self.requirement(name, item);
        }
    }

    fn spec(&mut self, name: &str, item: &Item, selector: Option<&'static str>) {
        let span = self.span(item.span());
        if let Some(version) = item.as_str() {
            let version = if version == "*" { "" } else { version };
            return self.push_spec(&constrained(name, version), &span, selector);
        }
        let Some(table) = item.as_table_like() else {
            return self.collected.invalid_value(name, "a version in quotes, or a table", &span);
        };
        let text = |key: &str| table.get(key).and_then(Item::as_str);
        if ["path", "git", "url"].iter().any(|key| table.contains_key(key)) && text("url").is_none() {
            return self.collected.unsupported("a conda package that is built from source", &span);
        }
        let mut brackets = Vec::new();
        for key in
            ["version", "build", "build-number", "file-name", "channel", "subdir", "md5", "sha256", "url"]
        {
            if let Some(value) = text(key) {
                let key = match key {
                    "build-number" => "build_number",
                    "file-name" => "fn",
                    key => key,
                };
                brackets.push(format!("{key}='{value}'"));
            }
        }
        let spec =
            if brackets.is_empty() { name.to_owned() } else { format!("{name}[{}]", brackets.join(",")) };
        self.push_spec(&spec, &span, selector);
    }

    fn push_spec(&mut self, text: &str, span: &Span, selector: Option<&'static str>) {
        match CondaSpec::parse(text, span) {
            Ok(mut spec) => {
                spec.selector = selector;
                self.conda.specs.push(spec);
            }
            Err(finding) => self.collected.push(finding),
        }
    }

    /// A requirement of PyPI: a version, or a table with `version`, `extras`, `url`, `git`, `path`, `index`.
    fn requirement(&mut self, name: &str, item: &Item) {
        let span = self.span(item.span());
        let range = span.range();
        let table = item.as_table_like();
        let text = |key: &str| table.and_then(|table| table.get(key)).and_then(Item::as_str);
        let extras: Vec<&str> = table
            .and_then(|table| table.get("extras"))
            .and_then(Item::as_array)
            .into_iter()
            .flatten()
            .filter_map(toml_edit::Value::as_str)
            .collect();
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        if item.as_str().is_none() && table.is_none() {
            return self.collected.invalid_value(name, "a version in quotes, or a table", &span);
        }
        let version = item.as_str().or_else(|| text("version")).unwrap_or("*");
        let version = if version == "*" { String::new() } else { specifier(version) };
        let line = if let Some(git) = text("git") {
            let reference = ["rev", "tag", "branch"].iter().find_map(|key| text(key));
            let reference = reference.map_or_else(String::new, |reference| format!("@{reference}"));
            format!("{name}{extras} @ git+{git}{reference}")
        } else if let Some(url) = text("url") {
            format!("{name}{extras} @ {url}")
        } else if let Some(path) = text("path") {
            let editable =
                table.and_then(|table| table.get("editable")).and_then(Item::as_bool) == Some(true);
            let line = if editable { format!("-e {path}") } else { path.to_owned() };
            return self.collected.unbuilt("a source build from a folder", line, &span);
        } else {
            format!("{name}{extras}{version}")
        };
        let chars = Chars::instead(self.source, range, &line);
        let parsed = requirement::parse(&chars, self.dir, self.collected);
        self.collected.requirements.extend(parsed.map(|parsed| parsed.requirement));
    }
}

/// Sample: `numpy` and `>=1.26` become `numpy >=1.26`.
fn constrained(name: &str, version: &str) -> String {
    if version.is_empty() { name.to_owned() } else { format!("{name} {version}") }
}

/// pixi takes a bare version as conda does: it and all that start with it.
fn specifier(version: &str) -> String {
    let version = version.trim();
    if version.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("=={}.*", version.trim_end_matches(".*"));
    }
    version.to_owned()
}

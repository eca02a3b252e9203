//! `pyproject.toml`: what a project says that it needs
//! (<https://packaging.python.org/en/latest/specifications/pyproject-toml/>).

mod groups;
mod uv;

use crate::{Options, Spanned, advice, chars::Chars, collect::Collected, requirement};
use envwright_diagnosis::{Finding, Source, Span, nearest};
use std::{collections::BTreeSet, ops::Range, path::Path, sync::Arc};
use toml_edit::{Document, Item, Table, TableLike, Value};

/// What the project's table says of itself.
#[derive(Debug, Default)]
pub(crate) struct Project {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) requires_python: Option<Spanned<String>>,
}

/// Reads the text of a TOML; says what is wrong with it.
pub(crate) fn parse<'a>(source: &'a Arc<Source>, collected: &mut Collected) -> Option<Document<&'a str>> {
    match Document::parse(source.text.as_str()) {
        Ok(document) => Some(document),
        Err(error) => {
            let span = Span::new(source, error.span().unwrap_or_default());
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            let at = span.range().start;
            let finding = Finding::new("definition-invalid-toml").at(&span, message);
            collected.push(advice::unclosed(finding, source, at));
            None
        }
    }
}

/// Reads a `pyproject.toml`; paths in it are relative to `dir`.
pub(crate) fn read(
    source: &Arc<Source>,
    root: &Table,
    dir: &Path,
    options: &Options,
    collected: &mut Collected,
) -> Project {
    let mut reader = Reader { source, dir, collected };
    let project = root.get("project").and_then(Item::as_table_like);
    let about = project.map(|project| reader.about(project)).unwrap_or_default();
    if let Some(project) = project {
        reader.dependencies(project, about.name.as_deref(), &options.extras);
    }
    if project.is_none() || !options.groups.is_empty() {
        groups::read(&mut reader, root.get("dependency-groups"), &options.groups);
    }
    if let Some(tool) = root.get("tool").and_then(|tool| tool.get("uv")).and_then(Item::as_table_like) {
        uv::read(&mut reader, tool);
    }
    let has_pixi = root.get("tool").is_some_and(|tool| tool.get("pixi").is_some());
    let other = ["poetry", "flit"].into_iter().find_map(|name| Some((name, root.get("tool")?.get(name)?)));
    if let (None, Some((name, table))) = (project, other) {
        let span = reader.span(table.span());
        return unsupported(&mut reader, name, &span);
    }
    if project.is_none() && options.groups.is_empty() && !has_pixi {
        let finding = Finding::new("definition-empty").at(&Span::new(source, 0..0), "no `[project]` table");
        reader.collected.push(finding);
    }
    about
}

/// Tools that had tables of their own before there was `[project]`.
fn unsupported(reader: &mut Reader<'_>, tool: &str, span: &Span) -> Project {
    reader.collected.unsupported(&format!("dependencies in a tool's own tables (`tool.{tool}`)"), span);
    Project::default()
}

/// Reads values and keeps their places.
struct Reader<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    collected: &'a mut Collected,
}

impl Reader<'_> {
    fn span(&self, range: Option<Range<usize>>) -> Span {
        Span::new(self.source, range.unwrap_or_default())
    }

    fn about(&mut self, project: &dyn TableLike) -> Project {
        let requires_python = self.string(project, "requires-python");
        if let Some(python) = &requires_python
            && crate::python_allowed(&python.value, (3, 0, 0)).is_none()
            && let Some(span) = &python.span
        {
            self.collected.invalid_value("requires-python", "version specifiers such as `>=3.10`", span);
        }
        Project {
            name: self.string(project, "name").map(|name| name.value),
            version: self.string(project, "version").map(|version| version.value),
            description: self.string(project, "description").map(|description| description.value),
            requires_python,
        }
    }

    fn string(&mut self, table: &dyn TableLike, key: &str) -> Option<Spanned<String>> {
        let item = table.get(key)?;
        let span = self.span(item.span());
        let Some(text) = item.as_str() else {
            self.collected.invalid_value(key, "a string", &span);
            return None;
        };
        Some(Spanned { value: text.to_owned(), span: Some(span) })
    }

    fn dependencies(&mut self, project: &dyn TableLike, name: Option<&str>, extras: &[String]) {
        for dynamic in project.get("dynamic").and_then(Item::as_array).into_iter().flatten() {
            let is_used = match dynamic.as_str() {
                Some("dependencies") => true,
                Some("optional-dependencies") => !extras.is_empty(),
                _ => false,
            };
            if is_used {
                let span = self.span(dynamic.span());
                self.collected.unsupported("dependencies that the project's build computes", &span);
            }
        }
        let wanted = self.list("dependencies", project.get("dependencies"), name);
        let optional = project.get("optional-dependencies").and_then(Item::as_table_like);
        let given = extras.iter().map(|extra| Spanned { value: extra.clone(), span: None });
        let mut open: Vec<Spanned<String>> = given.chain(wanted).collect();
        let mut done = BTreeSet::new();
        while let Some(extra) = open.pop() {
            if done.insert(normal(&extra.value)) {
                open.extend(self.extra(&extra, optional, name));
            }
        }
    }

    /// Reads one extra; returns the extras of the project itself that it asks for.
    fn extra(
        &mut self,
        asked: &Spanned<String>,
        optional: Option<&dyn TableLike>,
        name: Option<&str>,
    ) -> Vec<Spanned<String>> {
        let extra = asked.value.as_str();
        let found = optional.and_then(|table| table.iter().find(|(key, _)| normal(key) == normal(extra)));
        if let Some((key, item)) = found {
            return self.list(key, Some(item), name);
        }
        let known: Vec<&str> =
            optional.into_iter().flat_map(|table| table.iter().map(|(key, _)| key)).collect();
        self.unknown(extra, "extra", &known, asked.span.as_ref());
        Vec::new()
    }

    /// Something that the project lacks; `span` is where it asks for it, where the user does not.
    fn unknown(&mut self, key: &str, kind: &str, known: &[&str], span: Option<&Span>) {
        let finding = Finding::new("definition-unknown-key").fact("key", key);
        let finding = span.iter().fold(finding, |finding, span| finding.at(span, "asked for here"));
        let has = match known {
            [] => format!("It has no {kind} at all."),
            _ => format!("It has: {}.", known.join(", ")),
        };
        let finding = finding.detail(format!("The project has no {kind} `{key}`.")).detail(has);
        self.collected.push(match nearest(key, known.iter().copied()) {
            Some(meant) => finding.fact("nearest", meant),
            None => finding,
        });
    }

    /// Reads a list of requirements; returns the extras of the project itself that it asks for.
    fn list(&mut self, key: &str, item: Option<&Item>, name: Option<&str>) -> Vec<Spanned<String>> {
        let Some(item) = item else { return Vec::new() };
        let Some(array) = item.as_array() else {
            let span = self.span(item.span());
            self.collected.invalid_value(key, "a list of requirements", &span);
            return Vec::new();
        };
        array.iter().flat_map(|value| self.one(key, value, name)).collect()
    }

    fn one(&mut self, key: &str, value: &Value, name: Option<&str>) -> Vec<Spanned<String>> {
        let range = value.span().unwrap_or_default();
        let Some(text) = value.as_str() else {
            let span = self.span(Some(range));
            self.collected.invalid_value(key, "a requirement in quotes", &span);
            return Vec::new();
        };
        let line = Chars::instead(self.source, range, text).trim();
        let Some(parsed) = requirement::parse(&line, self.dir, self.collected) else { return Vec::new() };
        if name.is_some_and(|name| normal(name) == parsed.requirement.name.as_str()) {
            let span = line.span();
            return parsed
                .extras
                .into_iter()
                .map(|value| Spanned { value, span: Some(span.clone()) })
                .collect();
        }
        self.collected.requirements.push(parsed.requirement);
        Vec::new()
    }
}

/// Names of packages, extras and groups are compared so (PEP 503, 685, 735).
fn normal(name: &str) -> String {
    crate::PackageName::parse(name).map_or_else(|| name.to_owned(), |name| name.as_str().to_owned())
}

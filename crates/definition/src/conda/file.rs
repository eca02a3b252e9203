//! conda's `environment.yml`
//! (<https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html>), with what conda-lock
//! and `MLflow` add to it.

use super::{Conda, CondaSpec, selector};
use crate::{
    MaskedText, PythonRequest, Spanned, advice,
    chars::Chars,
    collect::Collected,
    placeholder, requirements,
    yaml::{Described, duplicate_keys, node::Node, unknown_key_fix},
};
use envwright_diagnosis::{Finding, Severity, Source, Span, nearest};
use envwright_redact::SafeUrl;
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Keys that conda reads, then those that others read in the same file.
const KEYS: [&str; 10] = [
    "name",
    "channels",
    "dependencies",
    "prefix",
    "variables",
    "platforms",
    "category",
    "pip-repositories",
    "python",
    "build_dependencies",
];

/// Whether a YAML is conda's: it has its telling keys and none of Azure ML's.
pub(crate) fn is_conda(root: &Node) -> bool {
    let has = |key: &str| root.get(key).is_some();
    let azure = ["image", "conda_file", "build", "docker", "$schema", "requirements", "apt"];
    (has("dependencies") || has("channels")) && !azure.into_iter().any(has)
}

/// Reads a conda environment; paths in it are relative to `dir`, the folder of the file `path`.
pub(crate) fn read(
    source: &Arc<Source>,
    root: &Node,
    dir: &Path,
    path: Option<&Path>,
    collected: &mut Collected,
    described: &mut Described,
) {
    let mut reader = Reader { source, dir, path, collected };
    let Some(members) = root.as_mapping() else {
        let span = reader.span(root);
        return reader.collected.push(
            Finding::new("definition-conda-invalid")
                .fact("reason", "it is no list of keys and values")
                .at(&span, "no `key: value` stands here"),
        );
    };
    duplicate_keys(source, members, reader.collected);
    let mut conda = Conda::default();
    let is_mlflow = root.get("build_dependencies").is_some() && root.get("channels").is_none();
    for (key, value) in members {
        let name = key.as_str().unwrap_or_default();
        match name {
            "name" => {
                described.name_span = Some(reader.span(value));
                described.name = reader.string(name, value).or(described.name.take());
            }
            "channels" => conda.channels = reader.channels(value),
            "dependencies" | "build_dependencies" if is_mlflow => reader.pip(value),
            "dependencies" => reader.dependencies(value, &mut conda),
            "prefix" => conda.prefix = reader.one(name, value),
            "variables" => described.env.extend(reader.variables(value)),
            "platforms" => conda.platforms = reader.strings(name, value),
            "python" if is_mlflow => described.python = reader.python(value),
            "category" | "pip-repositories" => {}
            _ => reader.unknown(key, value, root),
        }
    }
    if root.get("dependencies").is_none_or(Node::is_null) {
        let span = reader.span(&members.first().map_or(root, |(key, _)| key).clone());
        reader.collected.push(Finding::new("definition-conda-missing").at(&span, "no `dependencies` here"));
    }
    if !is_mlflow {
        described.conda = Some(conda);
    }
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    dir: &'a Path,
    path: Option<&'a Path>,
    collected: &'a mut Collected,
}

impl Reader<'_> {
    fn span(&self, node: &Node) -> Span {
        Span::new(self.source, node.range.clone())
    }

    fn invalid(&mut self, key: &str, expected: &str, value: &Node) {
        let span = self.span(value);
        self.collected.invalid_value(key, expected, &span);
    }

    /// conda reads past a key that it does not know, with a warning.
    fn unknown(&mut self, key: &Node, value: &Node, root: &Node) {
        let text = key.as_str().unwrap_or_default();
        let (span, value) = (self.span(key), self.span(value));
        let meant = advice::conda(text).or_else(|| nearest(text, KEYS));
        let finding = Finding::new("definition-unknown-key")
            .severity(Severity::Warning)
            .fact("key", span.text())
            .at(&span, "conda does not know it");
        let finding = match meant {
            Some(meant) => finding.fact("nearest", meant),
            None => finding,
        };
        if text == "pip" {
            let finding = finding.detail("A list of pip's belongs below `dependencies`.");
            return self.collected.push(finding.remedy("Move it below `dependencies`, as an item `- pip:`"));
        }
        let fix = unknown_key_fix(&span, &value, meant.filter(|meant| root.get(meant).is_none()));
        self.collected.push(Finding { fix, ..finding });
    }

    fn string(&mut self, key: &str, value: &Node) -> Option<String> {
        if value.as_str().is_none() && !value.is_null() {
            self.invalid(key, "a string", value);
        }
        value.as_str().map(str::to_owned)
    }

    fn one(&mut self, key: &str, value: &Node) -> Option<Spanned<String>> {
        let text = self.string(key, value)?;
        Some(Spanned { value: text, span: Some(self.span(value)) })
    }

    /// One string or several.
    fn strings(&mut self, key: &str, value: &Node) -> Vec<Spanned<String>> {
        if value.is_null() {
            return Vec::new();
        }
        let items = value.as_sequence().unwrap_or(std::slice::from_ref(value));
        let mut strings = Vec::new();
        for item in items {
            let Some(text) = item.as_str() else {
                self.invalid(key, "a list of strings", item);
                continue;
            };
            strings.push(Spanned { value: text.trim().to_owned(), span: Some(self.span(item)) });
        }
        strings
    }

    fn channels(&mut self, value: &Node) -> Vec<Spanned<MaskedText>> {
        let channels = self.strings("channels", value);
        for channel in &channels {
            let Some(span) = &channel.span else { continue };
            if let Some(finding) = placeholder::finding(&channel.value, span) {
                self.collected.push(finding);
            } else if channel.value.contains("://") {
                self.collected.check_channel(&channel.value, span);
            }
        }
        channels.into_iter().map(|one| Spanned { value: one.value.into(), span: one.span }).collect()
    }

    fn python(&mut self, value: &Node) -> Option<PythonRequest> {
        let text = value.as_str().unwrap_or_default().trim().to_owned();
        let request = PythonRequest { text, span: Some(self.span(value)) };
        if !request.is_valid() {
            self.invalid("python", "a version such as \"3.11\"", value);
            return None;
        }
        Some(request)
    }

    fn variables(&mut self, value: &Node) -> BTreeMap<String, String> {
        let Some(members) = value.as_mapping() else {
            if !value.is_null() {
                self.invalid("variables", "names with values, each as `name: value`", value);
            }
            return BTreeMap::new();
        };
        let mut variables = BTreeMap::new();
        for (name, value) in members {
            let text = name.as_str().unwrap_or_default();
            if text.is_empty() || text.contains(['=', '\0']) {
                self.invalid("variables", "names without `=`", name);
            } else if value.as_sequence().is_some() || value.as_mapping().is_some() {
                self.invalid(text, "a string", value);
            } else {
                variables.insert(text.to_owned(), value.as_str().unwrap_or_default().to_owned());
            }
        }
        variables
    }

    fn dependencies(&mut self, value: &Node, conda: &mut Conda) {
        let Some(items) = value.as_sequence() else {
            if !value.is_null() {
                self.invalid("dependencies", "a list of packages", value);
            }
            return;
        };
        for item in items {
            if let Some(text) = item.as_str() {
                conda.specs.extend(self.spec(text, item));
            } else if let Some(members) = item.as_mapping() {
                for (key, value) in members {
                    self.installer(key, value, conda);
                }
            } else {
                self.invalid("dependencies", "a package, or `pip:` with a list", item);
            }
        }
    }

    fn installer(&mut self, key: &Node, value: &Node, conda: &mut Conda) {
        if key.as_str() == Some("pip") {
            conda.pip_list = Some(self.span(key));
            return self.pip(value);
        }
        let name = key.as_str().unwrap_or_default();
        // Sample: `- numpy: 1.26`, where a colon stands for `=`.
        if let Some(version) = value.as_str().filter(|_| !name.is_empty() && !name.contains(' ')) {
            let span = self.span(key);
            return self.collected.push(
                Finding::new("definition-invalid-value")
                    .fact("key", "dependencies")
                    .fact("expected", "a package and its version in one string")
                    .at(&span, "a `:` stands behind the package")
                    .remedy(format!("Write `- {name}={version}`")),
            );
        }
        let span = self.span(key);
        let finding = Finding::new("definition-unknown-key").fact("key", span.text());
        let finding = finding.at(&span, "no installer of this name");
        self.collected.push(match nearest(name, ["pip"]) {
            Some(meant) => finding.fact("nearest", meant),
            None => finding,
        });
    }

    fn spec(&mut self, text: &str, item: &Node) -> Option<CondaSpec> {
        let span = self.span(item);
        if let Some(finding) = placeholder::finding(text, &span) {
            self.collected.push(finding);
            return None;
        }
        match CondaSpec::parse(text, &span) {
            Ok(mut spec) => {
                if let Some(url) = text.contains("://").then(|| SafeUrl::parse(text).ok()).flatten() {
                    self.collected.check_credentials(&url, &span);
                }
                self.collected.check_token(text, &span);
                spec.selector = self.selector(item);
                Some(spec)
            }
            Err(finding) => {
                self.collected.push(finding);
                None
            }
        }
    }

    /// The selector in a comment on the line of an item.
    fn selector(&self, item: &Node) -> Option<&'static str> {
        let rest = self.source.text.get(item.range.end..)?;
        selector::behind(rest.lines().next().unwrap_or_default())
    }

    /// pip's list: each item is a line of a requirements file, options and all.
    fn pip(&mut self, value: &Node) {
        if value.is_null() {
            return;
        }
        let Some(items) = value.as_sequence() else {
            return self.invalid("pip", "a list of requirements", value);
        };
        for item in items {
            let Some(text) = item.as_str() else {
                if !item.is_null() {
                    self.invalid("pip", "a requirement, as a string", item);
                }
                continue;
            };
            let chars = Chars::instead(self.source, item.range.clone(), text);
            requirements::Reader::new(self.collected).text(&chars, self.dir, self.path, false);
        }
    }
}

//! The values of the keys.

use super::{
    Key, Reader,
    node::{Kind, Node},
};
use crate::{FileCopy, PythonRequest, Spanned, chars::Chars, requirements};
use envwright_diagnosis::nearest;
use envwright_target::Platform;
use std::{collections::BTreeMap, path::PathBuf};

impl Reader<'_> {
    /// A scalar; numbers as written, where Azure ML does not read the definition.
    pub(super) fn string(&mut self, key: Key, value: &Node) -> Option<String> {
        if value.as_str().is_none() || self.is_azure && value.kind() != Kind::String {
            self.invalid(key.name(), "a string", value);
        }
        value.as_str().map(str::to_owned)
    }

    pub(super) fn strings_by_name(&mut self, key: Key, value: &Node) -> BTreeMap<String, String> {
        let Some(members) = value.as_mapping() else {
            self.invalid(key.name(), "names with values, each as `name: value`", value);
            return BTreeMap::new();
        };
        let mut strings = BTreeMap::new();
        for (name, value) in members {
            if self.is_azure && name.kind() != Kind::String {
                self.invalid(key.name(), "names that are strings", name);
            }
            match (name.as_str(), value.as_str()) {
                (Some(name), Some(value)) => {
                    strings.insert(name.to_owned(), value.to_owned());
                }
                (Some(name), None) if value.is_null() => {
                    strings.insert(name.to_owned(), String::new());
                }
                // Azure ML keeps whatever stands there.
                (Some(name), None) if self.is_azure => {
                    strings.insert(name.to_owned(), value.to_json().to_string());
                }
                _ => self.invalid(key.name(), "a string", value),
            }
        }
        strings
    }

    pub(super) fn variables(&mut self, value: &Node) -> BTreeMap<String, String> {
        for (name, _) in value.as_mapping().unwrap_or_default() {
            let text = name.as_str().unwrap_or_default();
            if text.is_empty() || text.contains(['=', '\0']) {
                self.invalid("env", "names without `=`", name);
            }
        }
        self.strings_by_name(Key::Env, value)
    }

    /// One string or several.
    fn list<'a>(&mut self, key: Key, value: &'a Node) -> Vec<(&'a Node, &'a str)> {
        let items = value.as_sequence().unwrap_or(std::slice::from_ref(value));
        let mut strings = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) => strings.push((item, text)),
                None => self.invalid(key.name(), "a list of strings", item),
            }
        }
        strings
    }

    /// A path of a requirements file, lines of one, or a list of such lines.
    pub(super) fn requirements(&mut self, value: &Node) {
        if let Some(text) = value.as_str().filter(|text| !text.contains('\n')) {
            let span = self.span(value);
            let path = self.dir.join(text);
            return requirements::Reader::new(self.collected).file(&path, text, &span, false);
        }
        for (item, text) in self.list(Key::Requirements, value) {
            let chars = Chars::instead(self.source, item.range.clone(), text);
            let mut reader = requirements::Reader::new(self.collected);
            reader.text(&chars, self.dir, self.path.as_deref(), false);
        }
    }

    /// Debian package names, as Debian policy 5.6.1 allows them, with an architecture or version perhaps.
    pub(super) fn packages(&mut self, value: &Node) -> Vec<Spanned<String>> {
        let mut packages = Vec::new();
        for (item, text) in self.list(Key::Apt, value) {
            let name = text.split([':', '=']).next().unwrap_or_default();
            let is_name = name.len() > 1
                && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
            if is_name && !text.contains(char::is_whitespace) {
                packages.push(Spanned { value: text.to_owned(), span: Some(self.span(item)) });
            } else {
                self.invalid("apt", "names of Debian packages, one each", item);
            }
        }
        packages
    }

    pub(super) fn python(&mut self, value: &Node) -> Option<PythonRequest> {
        if value.kind() == Kind::Float && value.as_str().is_some_and(|text| text.ends_with('0')) {
            self.unquoted("python", value);
        }
        let text = value.as_str().unwrap_or_default().trim().to_owned();
        let request = PythonRequest { text, span: Some(self.span(value)) };
        if !request.is_valid() {
            self.invalid("python", "a version such as \"3.11\", or a specifier such as \">=3.10\"", value);
            return None;
        }
        Some(request)
    }

    /// `name`, `uid`, `name:group` or `uid:gid`.
    pub(super) fn user(&mut self, value: &Node) -> Option<String> {
        let text = value.as_str().unwrap_or_default();
        let is_name = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        if text.split(':').count() > 2 || !text.split(':').all(is_name) {
            self.invalid("user", "`name`, `uid` or `uid:gid`", value);
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn workdir(&mut self, value: &Node) -> Option<String> {
        let text = value.as_str().unwrap_or_default();
        if !is_image_path(text) {
            self.invalid("workdir", "an absolute path in the image", value);
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn truth(&mut self, key: Key, value: &Node) -> bool {
        let text = value.as_str().unwrap_or_default();
        if !matches!(text, "true" | "false") {
            self.invalid(key.name(), "`true` or `false`", value);
        }
        text == "true"
    }

    /// A list is run as it is, a string by the shell.
    pub(super) fn command(&mut self, value: &Node) -> Vec<String> {
        if let Some(text) = value.as_str() {
            return vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()];
        }
        let words = self.list(Key::Cmd, value);
        words.into_iter().map(|(_, word)| word.to_owned()).collect()
    }

    pub(super) fn platforms(&mut self, value: &Node) -> Vec<Platform> {
        let mut platforms: Vec<Platform> = Vec::new();
        for (item, text) in self.list(Key::Platforms, value) {
            match text.parse() {
                Ok(platform) if platforms.contains(&platform) => {}
                Ok(platform) => platforms.push(platform),
                Err(_) => self.invalid("platforms", "`linux/amd64` or `linux/arm64`", item),
            }
        }
        platforms
    }

    /// `{from, to}`, `from:to`, or a list of these; a mapping without the key `from` is read as `from: to` pairs.
    pub(super) fn files(&mut self, value: &Node) -> Vec<FileCopy> {
        let items = value.as_sequence().unwrap_or(std::slice::from_ref(value));
        items.iter().flat_map(|item| self.copies(item)).collect()
    }

    fn copies(&mut self, item: &Node) -> Vec<FileCopy> {
        const FORMS: &str = "`{from: path, to: /path/in/image}` or `path:/path/in/image`";
        if let Some(text) = item.as_str() {
            let Some((from, to)) = text.rsplit_once(':') else {
                self.invalid("files", FORMS, item);
                return Vec::new();
            };
            return self.copy((from, item), (to, item)).into_iter().collect();
        }
        let Some(members) = item.as_mapping() else {
            self.invalid("files", FORMS, item);
            return Vec::new();
        };
        if item.get("from").is_none() && item.get("to").is_none() {
            let pairs = members.iter().map(|(from, to)| (from.as_str(), from, to.as_str(), to));
            return pairs
                .filter_map(|(from, node, to, target)| self.copy((from?, node), (to?, target)))
                .collect();
        }
        let named = |key: &str| item.get(key).and_then(|node| Some((node.as_str()?, node)));
        let (Some(from), Some(to)) = (named("from"), named("to")) else {
            self.invalid("files", FORMS, item);
            return Vec::new();
        };
        for (key, _) in members.iter().filter(|(key, _)| !matches!(key.as_str(), Some("from" | "to"))) {
            self.unknown(key, nearest(key.as_str().unwrap_or_default(), ["from", "to"]));
        }
        self.copy(from, to).into_iter().collect()
    }

    /// Each path with where it stands.
    fn copy(&mut self, (from, item): (&str, &Node), (to, target): (&str, &Node)) -> Option<FileCopy> {
        if !is_image_path(to) || to == "/" {
            self.invalid("files", "an absolute path in the image", target);
            return None;
        }
        let path = self.existing(from, item)?;
        // `to` that ends in `/` is a folder that the file goes into.
        let name = path.file_name().filter(|_| to.ends_with('/') && !path.is_dir());
        let to = name.map_or_else(
            || to.trim_end_matches('/').to_owned(),
            |name| format!("{to}{}", name.to_string_lossy()),
        );
        Some(FileCopy { from: path, to, span: Some(self.span(item)) })
    }

    /// The path of a base on disk.
    pub(super) fn base_path(&mut self, text: &str, value: &Node) -> Option<PathBuf> {
        self.existing(text, value)
    }

    fn existing(&mut self, text: &str, value: &Node) -> Option<PathBuf> {
        let path = std::path::absolute(self.dir.join(text)).ok();
        if let Some(path) = path.filter(|path| !text.is_empty() && fs_err::symlink_metadata(path).is_ok()) {
            return Some(path);
        }
        let span = self.span(value);
        self.collected.missing("definition-file-missing", text, &self.dir.join(text), &span);
        None
    }
}

/// Absolute, without `..`, which would depend on the links of the image.
fn is_image_path(text: &str) -> bool {
    text.starts_with('/') && !text.contains('\0') && text.split('/').all(|part| part != "..")
}
